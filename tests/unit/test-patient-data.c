/*
 * clients/plek/patient-data.c
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plek/patient-data.h"

enum { YEAR = 2026 };

static void test_a_number_that_passes_the_eleven_test_is_seen_wherever_it_stands(void **state)
{
        assert_true(patient_data_has_bsn("123456782"));
        assert_true(patient_data_has_bsn("mw Jansen, BSN 123456782"));
        assert_true(patient_data_has_bsn("bsn:1234.56.782, tot 18:00"));
        assert_true(patient_data_has_bsn("bel 088 000 0201, 111222333."));
}

static void test_other_numbers_are_none(void **state)
{
        static const char *const texts[] = { "",
                                             "123456789",
                                             "000000000",
                                             "1234567820",
                                             "0123456782",
                                             "12345678",
                                             "bel 0880000201",
                                             "088 000 0201",
                                             "beide CT's stuk tot 18:00",
                                             "1.2.3" };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                assert_false(patient_data_has_bsn(texts[i]));
}

static void test_a_date_of_years_ago_is_seen(void **state)
{
        assert_true(patient_data_has_birth_date("mw Jansen 12-3-1950", YEAR));
        assert_true(patient_data_has_birth_date("geb. 01/12/1999, valt", YEAR));
        assert_true(patient_data_has_birth_date("(12.03.1950)", YEAR));
        assert_true(patient_data_has_birth_date("1950-03-12", YEAR));
        assert_true(patient_data_has_birth_date("24-11-2026 of 3-1-2025", YEAR));
}

static void test_a_date_of_this_year_and_other_numbers_are_no_birth(void **state)
{
        static const char *const texts[] = { "",
                                             "sinds 22-11-2026",
                                             "tot 2026-12-24 18:00",
                                             "2027-01-02",
                                             "12-13-14",
                                             "32-12-1950",
                                             "1-2-1850",
                                             "12-3.1950",
                                             "0-3-1950",
                                             "12-3-19501",
                                             "1950-13-01",
                                             "088-000-0201",
                                             "12-3-",
                                             "12-3" };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                assert_false(patient_data_has_birth_date(texts[i], YEAR));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        test_a_number_that_passes_the_eleven_test_is_seen_wherever_it_stands),
                cmocka_unit_test(test_other_numbers_are_none),
                cmocka_unit_test(test_a_date_of_years_ago_is_seen),
                cmocka_unit_test(test_a_date_of_this_year_and_other_numbers_are_no_birth),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
