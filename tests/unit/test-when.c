/*
 * clients/plek/when.c
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "plek/when.h"

/* 2026-11-22 23:30 in Amsterdam, an hour ahead of UTC in winter. */
static const int64_t NOW_MS = 1795386600LL * 1000;
enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static void assert_when(const char *text, int64_t expected_ms)
{
        int64_t ms = 0;

        assert_int_equal(when_parse(&ms, text, NOW_MS), 0);
        assert_int_equal(ms, expected_ms);
}

static void test_what_is_not_a_time_is_refused(void **state)
{
        static const char *const texts[] = { "",
                                             "tomorrow",
                                             "tomorrow 25:00",
                                             "yesterday 2:0:0:0",
                                             "morgenvroeg",
                                             "25:00",
                                             "12:60",
                                             "12:3x",
                                             "2026-13-01",
                                             "2027-02-30",
                                             "2026-11-31 10:00",
                                             "2027-03-28 02:30",
                                             "+2",
                                             "+h",
                                             "-",
                                             "2026-11-22 18:00 maybe",
                                             "fri",
                                             "fri 24:00",
                                             "fr 18:00",
                                             "2" };
        int64_t ms = 42;

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                assert_int_equal(when_parse(&ms, texts[i], NOW_MS), -EINVAL);
        assert_int_equal(ms, 42);
}

static void test_what_is_not_a_duration_is_refused(void **state)
{
        static const char *const texts[] = {
                "", "h", "-1h", "1", "1  x", "1x", "9223372036854775807h", "99999999999999999999s"
        };
        int64_t ms = 42;

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                assert_int_equal(duration_parse(&ms, texts[i]), -EINVAL);
}

static void test_a_clock_time_is_the_next_one(void **state)
{
        assert_when("23:45", NOW_MS + 15 * MINUTE_MS);
        assert_when("06:00", NOW_MS + 6 * HOUR_MS + 30 * MINUTE_MS);
        assert_when("23:30", NOW_MS + 24 * HOUR_MS); /* not now, but tomorrow */
}

/* NOW is on a Sunday. */
static void test_a_day_of_the_week_is_the_next_one_in_either_language(void **state)
{
        assert_when("fri 18:00", NOW_MS + (5 * 24 - 5) * HOUR_MS - 30 * MINUTE_MS);
        assert_when("Vr 18:00", NOW_MS + (5 * 24 - 5) * HOUR_MS - 30 * MINUTE_MS);
        assert_when("sun 23:45", NOW_MS + 15 * MINUTE_MS);
        assert_when("zo 23:30", NOW_MS + 7 * 24 * HOUR_MS);
        assert_when("mon 08:00", NOW_MS + 8 * HOUR_MS + 30 * MINUTE_MS);
}

static void test_yesterday_and_tomorrow_are_days_here(void **state)
{
        assert_when("yesterday", NOW_MS - 47 * HOUR_MS - 30 * MINUTE_MS);
        assert_when("gisteren 20:00", NOW_MS - 27 * HOUR_MS - 30 * MINUTE_MS);
        assert_when("Today 23:00", NOW_MS - 30 * MINUTE_MS);
        assert_when("morgen 08:00", NOW_MS + 8 * HOUR_MS + 30 * MINUTE_MS);
        assert_when("tomorrow 00:00", NOW_MS + 30 * MINUTE_MS);
        assert_when("nu", NOW_MS);
}

/* Also from December into January, and with the change of clocks in between. */
static void test_a_quarter_is_named_or_this_or_the_last_one(void **state)
{
        static const int64_t january_ms = 1798761600LL * 1000; /* 2027-01-01, UTC */
        int64_t from_ms, to_ms, other_ms;

        assert_int_equal(quarter_parse(&from_ms, &to_ms, "2026q4", NOW_MS), 0);
        assert_int_equal(from_ms, 1790805600LL * 1000); /* 1 October, summer */
        assert_int_equal(to_ms, january_ms - HOUR_MS);
        assert_int_equal(quarter_parse(&other_ms, &to_ms, "this", NOW_MS), 0);
        assert_int_equal(other_ms, from_ms);
        assert_int_equal(quarter_parse(&other_ms, &to_ms, "last", january_ms), 0);
        assert_int_equal(other_ms, from_ms);
        assert_int_equal(quarter_parse(&other_ms, &to_ms, "vorig", NOW_MS), 0);
        assert_int_equal(to_ms, from_ms);
        assert_int_equal(quarter_parse(&from_ms, &to_ms, "2026Q5", NOW_MS), -EINVAL);
        assert_int_equal(quarter_parse(&from_ms, &to_ms, "lastly", NOW_MS), -EINVAL);
}

static void assert_past(const char *text, int64_t now_ms, int64_t expected_ms)
{
        int64_t ms = 0;

        assert_int_equal(when_parse_past(&ms, text, now_ms), 0);
        assert_int_equal(ms, expected_ms);
}

static void test_a_day_of_the_past_is_the_last_one(void **state)
{
        assert_past("fri 18:00", NOW_MS, NOW_MS - (2 * 24 + 5) * HOUR_MS - 30 * MINUTE_MS);
        assert_past("sun 23:30", NOW_MS, NOW_MS);
        assert_past("sun 23:31", NOW_MS, NOW_MS - 7 * 24 * HOUR_MS + MINUTE_MS);
}

/* Clocks went back from 03:00 to 02:00 at 01:00 UTC on 25 October. */
static void test_the_hour_that_is_there_twice_is_the_nearest_and_names_its_zone(void **state)
{
        const int64_t back_ms = 1792890000LL * 1000;
        char text[WHEN_TEXT_BYTES];
        int64_t ms;

        assert_past("02:30", back_ms + 45 * MINUTE_MS, back_ms + 30 * MINUTE_MS);
        assert_past("02:30", back_ms + 15 * MINUTE_MS, back_ms - 30 * MINUTE_MS);
        assert_int_equal(when_parse(&ms, "02:30", back_ms - 45 * MINUTE_MS), 0);
        assert_int_equal(ms, back_ms - 30 * MINUTE_MS);
        assert_int_equal(when_parse(&ms, "02:30", back_ms - 15 * MINUTE_MS), 0);
        assert_int_equal(ms, back_ms + 30 * MINUTE_MS);

        when_format(back_ms - 30 * MINUTE_MS, text);
        assert_string_equal(text, "2026-10-25 02:30 CEST");
        when_format(back_ms + 30 * MINUTE_MS, text);
        assert_string_equal(text, "2026-10-25 02:30 CET");
        when_format(back_ms + 60 * MINUTE_MS, text);
        assert_string_equal(text, "2026-10-25 03:00");
        when_format(back_ms - 61 * MINUTE_MS, text);
        assert_string_equal(text, "2026-10-25 01:59");
}

static void test_a_time_to_come_is_shown_as_short_as_it_can_be(void **state)
{
        const int64_t now_ms = wall_clock_ms();
        char text[WHEN_TEXT_BYTES];

        when_format_soon(now_ms + 3 * 24 * HOUR_MS, LANGUAGE_EN, text);
        assert_int_equal(strlen(text), strlen("Fri 18:00"));
        when_format_soon(now_ms + 3 * 24 * HOUR_MS, LANGUAGE_NL, text);
        assert_int_equal(strlen(text), strlen("vr 18:00"));
        when_format_soon(now_ms + 8 * 24 * HOUR_MS, LANGUAGE_NL, text);
        assert_int_equal(strlen(text), strlen("2026-11-22 18:00"));
        when_format_soon(now_ms - 3 * 24 * HOUR_MS, LANGUAGE_NL, text);
        assert_int_equal(strlen(text), strlen("2026-11-22 18:00"));
}

static void test_a_time_may_be_relative(void **state)
{
        assert_when("2h", NOW_MS + 2 * HOUR_MS);
        assert_when("now", NOW_MS);
        assert_when("+2h", NOW_MS + 2 * HOUR_MS);
        assert_when("-15min", NOW_MS - 15 * MINUTE_MS);
}

static void test_a_date_is_local_unless_it_says_z(void **state)
{
        assert_when("2026-11-22 23:30", NOW_MS);
        assert_when("2026-11-22T22:30:00Z", NOW_MS);
        assert_when("2026-11-22", NOW_MS - 23 * HOUR_MS - 30 * MINUTE_MS);
}

static void test_a_day_is_as_long_as_clocks_here_make_it(void **state)
{
        static const struct {
                const char *text;
                int hours;
        } rows[] = {
                { "2026-10-25", 25 },           { "2027-03-28", 23 },
                { "2026-10-25 12:00", 24 },     { "2026-10-24 12:00", 25 },
                { "2026-11-22", 24 },           { "2026-10-25T00:00:00Z", 24 },
                { "2027-03-28T00:00:00Z", 24 },
        };
        int64_t ms;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_int_equal(when_parse(&ms, rows[i].text, NOW_MS), 0);
                assert_int_equal(when_day_after(ms, rows[i].text), ms + rows[i].hours * HOUR_MS);
        }
}

static void test_a_duration_shows_what_matters_at_its_size(void **state)
{
        static const struct {
                int64_t ms;
                const char *text;
        } rows[] = {
                { -5, "0 s" },
                { 119999, "119 s" },
                { 4 * MINUTE_MS, "4 min" },
                { 3 * HOUR_MS + 5 * MINUTE_MS, "3 h 05" },
                { 60 * HOUR_MS, "2 d" },
        };
        char text[DURATION_TEXT_BYTES];

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                duration_format(rows[i].ms, text);
                assert_string_equal(text, rows[i].text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_not_a_time_is_refused),
                cmocka_unit_test(test_what_is_not_a_duration_is_refused),
                cmocka_unit_test(test_a_clock_time_is_the_next_one),
                cmocka_unit_test(test_a_day_of_the_week_is_the_next_one_in_either_language),
                cmocka_unit_test(test_yesterday_and_tomorrow_are_days_here),
                cmocka_unit_test(test_a_quarter_is_named_or_this_or_the_last_one),
                cmocka_unit_test(test_a_day_of_the_past_is_the_last_one),
                cmocka_unit_test(
                        test_the_hour_that_is_there_twice_is_the_nearest_and_names_its_zone),
                cmocka_unit_test(test_a_time_to_come_is_shown_as_short_as_it_can_be),
                cmocka_unit_test(test_a_time_may_be_relative),
                cmocka_unit_test(test_a_date_is_local_unless_it_says_z),
                cmocka_unit_test(test_a_day_is_as_long_as_clocks_here_make_it),
                cmocka_unit_test(test_a_duration_shows_what_matters_at_its_size),
        };

        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1); /* Amsterdam, without tzdata */
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
