/*
 * clients/plek/known-code.c
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plek/known-code.h"

static void test_a_word_that_people_use_is_asked_back(void **state)
{
        assert_int_equal(known_code_guess(PLEK_CODES_CARE, "SEH"), PLEK_CARE_ED);
        assert_int_equal(known_code_guess(PLEK_CODES_CARE, "ic"), PLEK_CARE_ICU_ADULT);
        assert_int_equal(known_code_guess(PLEK_CODES_CARE, "ICU"), PLEK_CARE_ICU_ADULT);
        assert_int_equal(known_code_guess(PLEK_CODES_CHAIN, "seh"), PLEK_CHAIN_ED);
}

static void test_a_slip_of_the_finger_is_asked_back(void **state)
{
        assert_int_equal(known_code_guess(PLEK_CODES_CARE, "ICU_ADLT"), PLEK_CARE_ICU_ADULT);
        assert_int_equal(known_code_guess(PLEK_CODES_CARE, "icu-adutl"), PLEK_CARE_ICU_ADULT);
        assert_int_equal(known_code_guess(PLEK_CODES_REASON, "ED_CROWDNG"),
                         PLEK_REASON_ED_CROWDING);
}

static void test_what_is_like_nothing_is_not_guessed(void **state)
{
        char long_word[200];

        memset(long_word, 'A', sizeof(long_word) - 1);
        long_word[sizeof(long_word) - 1] = '\0';
        assert_int_equal(known_code_guess(PLEK_CODES_CARE, ""), 0);
        assert_int_equal(known_code_guess(PLEK_CODES_CARE, "Q"), 0);
        assert_int_equal(known_code_guess(PLEK_CODES_CARE, "bedden"), 0);
        assert_int_equal(known_code_guess(PLEK_CODES_CARE, long_word), 0);
}

static void test_the_sentence_names_the_list(void **state)
{
        char text[KNOWN_CODE_TEXT_BYTES];

        known_code_sentence(PLEK_CODES_CARE, "care", "SEH", text);
        assert_string_equal(text,
                            "there is no care 'SEH': is ED meant? plek codes care lists them");
        known_code_sentence(PLEK_CODES_DOOR_STATE, "state", "ajar", text);
        assert_string_equal(text, "there is no state 'ajar'. plek codes door lists them");
        known_code_sentence(PLEK_CODES_CHAIN, "link", "bedden", text);
        assert_string_equal(text, "there is no link 'bedden'. plek codes link lists them");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_word_that_people_use_is_asked_back),
                cmocka_unit_test(test_a_slip_of_the_finger_is_asked_back),
                cmocka_unit_test(test_what_is_like_nothing_is_not_guessed),
                cmocka_unit_test(test_the_sentence_names_the_list),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
