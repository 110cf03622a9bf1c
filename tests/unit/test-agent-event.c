/*
 * clients/agent: row-event.c: flows, which are said once
 */

#include "agent-fixture.h"

#define STAYS                                                                                      \
        "[feed]\n"                                                                                 \
        "file = stays.csv\n"                                                                       \
        "time-zone = Europe/Amsterdam\n"                                                           \
        "suppressed = <5\n"                                                                        \
        "[report arrivals]\n"                                                                      \
        "kind = flow\n"                                                                            \
        "location = {to:places}\n"                                                                 \
        "from = {by:links}\n"                                                                      \
        "to = ED\n"                                                                                \
        "care = ED\n"                                                                              \
        "[values places]\n"                                                                        \
        "Duin = duin-ed\n"                                                                         \
        "[values links]\n"                                                                         \
        "car = AMBULANCE\n"                                                                        \
        "bike = HOME\n"                                                                            \
        "none = -\n"

#define STAYS_BY(_key) STAYS "[report arrivals]\n" _key

static void test_a_flow_is_of_a_day_in_the_zone_of_the_mapping(void **state)
{
        CLEANUP(reading_deinit) Reading reading;
        const PlekFlow *flow = &reading.report.flow;

        /* The night in which the clock goes back. */
        read_nth(&reading, STAYS_BY("day = {when}\ncount = {n}\n"),
                 "to,by,when,n\nDuin,car,2026-10-25 13:14,12\n", 0);
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.report.kind, PLEK_REPORT_FLOW);
        assert_string_equal(reading.report.location, "duin-ed");
        assert_int_equal(flow->from, PLEK_CHAIN_AMBULANCE);
        assert_int_equal(flow->to, PLEK_CHAIN_ED);
        assert_int_equal(flow->care, PLEK_CARE_ED);
        assert_true(flow->has_count && flow->count == 12);
        assert_true(flow->from_ms == 1792879200000); /* 2026-10-24T22:00Z */
        assert_true(flow->until_ms - flow->from_ms == 25 * 3600 * 1000);
        assert_int_equal(reading.report.valid_for_s, 0);
}

static void test_a_flow_is_of_a_month_or_between_two_times(void **state)
{
        CLEANUP(reading_deinit) Reading month, ends;

        read_nth(&month, STAYS_BY("month = {when}\n"), "to,by,when\nDuin,car,2026-02\n", 0);
        assert_int_equal(month.result, 0);
        assert_true(month.report.flow.until_ms - month.report.flow.from_ms ==
                    (int64_t)28 * 24 * 3600 * 1000);
        assert_true(month.report.flow.has_count && month.report.flow.count == 1);

        read_nth(&ends, STAYS_BY("begin = {a}\nend = {b}\n"),
                 "to,by,a,b\nDuin,car,2026-01-01 10:00,2026-01-01 12:00\n", 0);
        assert_int_equal(ends.result, 0);
        assert_true(ends.report.flow.until_ms - ends.report.flow.from_ms == 2 * 3600 * 1000);
}

static void assert_stay_wrong(const char *key, const char *csv, const char *fault)
{
        CLEANUP(reading_deinit) Reading reading;
        char text[1024];

        snprintf(text, sizeof(text), "%s[report arrivals]\n%s", STAYS, key);
        read_nth(&reading, text, csv, 0);
        assert_int_equal(reading.result, ROW_REPORT_E_WRONG);
        assert_string_equal(reading.fault, fault);
}

static void test_what_is_wrong_with_a_flow_is_named_by_line_and_column(void **state)
{
        assert_stay_wrong(
                "day = {when}\n", "to,by,when\nDuin,car,31.31.2026\n",
                "line 2, column when: '31.31.2026' is not a time, as in 2026-11-22 18:00");
        assert_stay_wrong("day = {when}\n", "to,by,when\nDuin,tank,2026-01-02\n",
                          "line 2, column by: [values links] does not know 'tank'");
        assert_stay_wrong("day = {when}\n", "to,by,when\nDuin,car,\n",
                          "line 2, column when: the day or month is not said");
        assert_stay_wrong("day = {when}\ncount = {n}\n", "to,by,when,n\nDuin,car,2026-01-02,-3\n",
                          "line 2, column n: -3 is not a whole number of 0 to 100000");
        assert_stay_wrong("begin = {a}\nend = {b}\n",
                          "to,by,a,b\nDuin,car,2026-01-01 12:00,2026-01-01 12:00\n",
                          "line 2, column b: the period ends before it begins");
}

static void test_a_flow_says_its_period_in_one_way(void **state)
{
        assert_mapping_wrong(STAYS, "says its period by begin and end, by day, or by month");
        assert_mapping_wrong(STAYS_BY("day = {a}\nmonth = {a}\n"), "says its period");
        assert_mapping_wrong(STAYS_BY("begin = {a}\n"), "says its period");
        assert_mapping_wrong(STAYS_BY("day = {a}\nlabel = {a}\n"), "'label' belongs to");
        assert_mapping_wrong(STAYS_BY("day = {a}\nat = {a}\n"), "'at' belongs to");
}

static void test_a_withheld_count_is_no_number(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, STAYS_BY("day = {when}\ncount = {n}\n"),
                 "to,by,when,n\nDuin,car,2026-01-02,<5\n", 0);
        assert_int_equal(reading.result, 0);
        assert_false(reading.report.flow.has_count);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_flow_is_of_a_day_in_the_zone_of_the_mapping),
                cmocka_unit_test(test_a_flow_is_of_a_month_or_between_two_times),
                cmocka_unit_test(test_what_is_wrong_with_a_flow_is_named_by_line_and_column),
                cmocka_unit_test(test_a_flow_says_its_period_in_one_way),
                cmocka_unit_test(test_a_withheld_count_is_no_number),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
