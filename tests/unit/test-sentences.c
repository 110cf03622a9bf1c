/*
 * clients/plek/sentences.c and its tables
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "plek/sentences.h"

#include <cmocka.h>

static const Sentence *const tables[] = { sentences_fail, sentences_usage, sentences_broker };

/* The conversions of a format, in order: "%s%zu". */
static void conversions(const char *format, char ret_text[64])
{
        size_t n = 0;

        for (const char *at = strchr(format, '%'); at; at = strchr(at, '%')) {
                size_t n_one = strcspn(at + 1, "sdugfc%") + 2;

                assert_true(n + n_one < 64);
                memcpy(ret_text + n, at, n_one);
                n += n_one;
                at += n_one;
        }
        ret_text[n] = '\0';
}

static void test_a_sentence_takes_the_same_in_both_languages(void **state)
{
        char english[64], dutch[64];

        for (size_t i = 0; i < N_ELEMENTS(tables); i++)
                for (const Sentence *one = tables[i]; one->english; one++) {
                        conversions(one->english, english);
                        conversions(one->dutch, dutch);
                        assert_string_equal(english, dutch);
                }
}

static void test_no_sentence_is_there_twice(void **state)
{
        for (size_t i = 0; i < N_ELEMENTS(tables); i++)
                for (const Sentence *one = tables[i]; one->english; one++)
                        for (const Sentence *next = one + 1; next->english; next++)
                                assert_string_not_equal(one->english, next->english);
}

static void test_every_refusal_has_a_sentence(void **state)
{
        uint32_t code;
        size_t n = 0;

        sentences_speak(LANGUAGE_NL);
        for (; (code = plek_code_nth(PLEK_CODES_REFUSAL, n)); n++)
                assert_non_null(refusal_sentence(code));
        assert_true(n > 20);
        assert_null(refusal_sentence(1000));
        sentences_speak(LANGUAGE_EN);
        assert_null(refusal_sentence(PLEK_REFUSED_LOCATION));
}

static void test_what_a_library_said_is_known_with_the_name_in_it(void **state)
{
        static const char whole[] =
                "the picture is not whole: the broker at tcp://a:7303 does not answer";

        assert_string_equal(spoken(whole), whole);
        sentences_speak(LANGUAGE_NL);
        assert_string_equal(spoken("the connection was lost"), "de verbinding is weg");
        assert_string_equal(spoken("no broker answers at tcp://a:7303"),
                            "geen broker antwoordt op tcp://a:7303");
        assert_string_equal(spoken("tcp://a:7302 refuses our key"),
                            "tcp://a:7302 weigert onze sleutel");
        assert_string_equal(spoken(whole),
                            "het beeld is niet heel: de broker op tcp://a:7303 antwoordt niet");
        /* What nobody translated stays as it was, and is no reason to say nothing. */
        assert_string_equal(spoken("something new"), "something new");
        assert_string_equal(sentence("%s is something new."), "%s is something new.");
        assert_string_equal(spoken(""), "");
        sentences_speak(LANGUAGE_EN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_sentence_takes_the_same_in_both_languages),
                cmocka_unit_test(test_no_sentence_is_there_twice),
                cmocka_unit_test(test_every_refusal_has_a_sentence),
                cmocka_unit_test(test_what_a_library_said_is_known_with_the_name_in_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
