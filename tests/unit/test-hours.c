#include <string.h>

#include "cmocka-all.h"
#include "wire/hours.h"

enum { MON = 0, TUE = 1440, FRI = 4 * 1440, SAT = 5 * 1440, SUN = 6 * 1440 };

static int at(int day, int hour, int minute)
{
        return day + hour * 60 + minute;
}

static Hours hours_of(const char *text)
{
        const char *where, *why;
        Hours hours;

        if (hours_parse(&hours, text, &where, &why))
                fail_msg("'%s' at '%s': %s", text, where, why);
        return hours;
}

static void assert_unreadable(const char *text, size_t at_character, const char *word)
{
        const char *where = NULL, *why = NULL;
        Hours hours;

        assert_int_equal(hours_parse(&hours, text, &where, &why), HOURS_E_UNREADABLE);
        assert_int_equal(where - text, at_character);
        assert_non_null(strstr(why, word));
}

static void test_what_is_not_hours_is_refused_where_it_goes_wrong(void **state)
{
        char longer[HOURS_TEXT_MAX + 2];

        assert_unreadable("", 0, "days");
        assert_unreadable("ma-vr 08:00-17:00", 0, "days");
        assert_unreadable("Mo-Fr", 5, "time");
        assert_unreadable("Mo-Fr 8:00-17:00", 6, "time");
        assert_unreadable("Mo-Fr 08:00", 11, "FROM-TO");
        assert_unreadable("Mo-Fr 08:00-25:00", 14, "time");
        assert_unreadable("Mo-Fr 08:00-24:01", 17, "time");
        assert_unreadable("Mo-Fr 08:60-24:00", 11, "time");
        assert_unreadable("Mo 08:00-08:00", 14, "whole day");
        assert_unreadable("Mo 24:00-08:00", 14, "whole day");
        assert_unreadable("Mo 08:00-17:00 Tu 08:00-17:00", 15, ";");
        assert_unreadable("Mo 08:00-17:00;", 15, "days");
        assert_unreadable("Mo- 08:00-17:00", 4, "days");
        assert_unreadable("24/7; Mo 08:00-09:00", 0, "days");
        assert_unreadable("Mo-Su 00:00-00:30,01:00-01:30,02:00-02:30,03:00-03:30,04:00-04:30,"
                          "05:00-05:30,06:00-06:30,07:00-07:30,08:00-08:30,09:00-09:30,10:00-10:30,"
                          "11:00-11:30,12:00-12:30",
                          161, "84");

        memset(longer, ' ', sizeof(longer) - 1);
        longer[sizeof(longer) - 1] = '\0';
        assert_unreadable(longer, 0, "256");
}

static void test_a_span_begins_with_its_first_minute_and_ends_before_its_last(void **state)
{
        Hours hours = hours_of("Mo-Fr 08:00-12:00,13:00-17:00; Sa 09:00-12:00");

        assert_false(hours_are_open(&hours, at(MON, 7, 59)));
        assert_true(hours_are_open(&hours, at(MON, 8, 0)));
        assert_true(hours_are_open(&hours, at(MON, 11, 59)));
        assert_false(hours_are_open(&hours, at(MON, 12, 0)));
        assert_true(hours_are_open(&hours, at(FRI, 16, 59)));
        assert_false(hours_are_open(&hours, at(SAT, 8, 0)));
        assert_true(hours_are_open(&hours, at(SAT, 9, 0)));
        assert_false(hours_are_open(&hours, at(SUN, 10, 0)));
}

static void test_a_span_that_ends_before_it_begins_runs_into_the_next_day(void **state)
{
        Hours hours = hours_of("Mo-Fr 17:00-08:00; Sa,Su 00:00-24:00");

        assert_false(hours_are_open(&hours, at(MON, 16, 59)));
        assert_true(hours_are_open(&hours, at(MON, 17, 0)));
        assert_true(hours_are_open(&hours, at(TUE, 7, 59)));
        assert_false(hours_are_open(&hours, at(TUE, 8, 0)));
        assert_true(hours_are_open(&hours, at(SAT, 12, 0)));
        assert_true(hours_are_open(&hours, at(SUN, 23, 59)));
        assert_false(hours_are_open(&hours, at(MON, 0, 0)));
}

static void test_sunday_night_runs_into_monday(void **state)
{
        Hours hours = hours_of("Su 22:00-06:00");

        assert_true(hours_are_open(&hours, at(SUN, 23, 0)));
        assert_true(hours_are_open(&hours, at(MON, 5, 59)));
        assert_false(hours_are_open(&hours, at(MON, 6, 0)));
        assert_true(hours_are_open(&hours, at(SUN, 23, 0) + 3 * MINUTES_A_WEEK));
        assert_true(hours_are_open(&hours, -60));
}

static void test_days_go_round_the_week(void **state)
{
        Hours hours = hours_of("Sa-Mo 10:00-11:00");

        assert_true(hours_are_open(&hours, at(SUN, 10, 0)));
        assert_true(hours_are_open(&hours, at(MON, 10, 0)));
        assert_false(hours_are_open(&hours, at(TUE, 10, 0)));
}

static void test_24_7_never_changes(void **state)
{
        Hours hours = hours_of("24/7");

        for (int minute = 0; minute < MINUTES_A_WEEK; minute += 7)
                assert_true(hours_are_open(&hours, minute));
        assert_int_equal(hours_until_change(&hours, 0), -1);
        assert_int_equal(hours_until_change(&hours, 1234), -1);
}

/* Against looking at each next minute. */
static void test_the_next_change_is_the_first_minute_that_differs(void **state)
{
        static const char *const texts[] = {
                "Mo-Fr 08:00-17:00",
                "Mo-Fr 17:00-08:00; Sa,Su 00:00-24:00",
                "Su 22:00-06:00; Mo 06:00-07:00",
                "We 12:00-12:01",
                "Mo 08:00-12:00,11:00-17:00; Tu 00:00-24:00; We 00:00-01:00",
        };

        for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
                Hours hours = hours_of(texts[i]);

                for (int minute = 0; minute < MINUTES_A_WEEK; minute += 13) {
                        int wait = 1;

                        while (hours_are_open(&hours, minute + wait) ==
                               hours_are_open(&hours, minute))
                                wait++;
                        assert_int_equal(hours_until_change(&hours, minute), wait);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_not_hours_is_refused_where_it_goes_wrong),
                cmocka_unit_test(test_a_span_begins_with_its_first_minute_and_ends_before_its_last),
                cmocka_unit_test(test_a_span_that_ends_before_it_begins_runs_into_the_next_day),
                cmocka_unit_test(test_sunday_night_runs_into_monday),
                cmocka_unit_test(test_days_go_round_the_week),
                cmocka_unit_test(test_24_7_never_changes),
                cmocka_unit_test(test_the_next_change_is_the_first_minute_that_differs),
        };

        return cmocka_run_group_tests_name("hours", tests, NULL, NULL);
}
