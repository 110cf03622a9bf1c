/*
 * clients/agent: mapping.c, row-field.c, row-report.c; clients/plek: csv-file.c
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/row-field.h"
#include "agent/row-report.h"

/* What a row of @csv_text says by the mapping's first report; of its row number @n, from 0. */
typedef struct Reading {
        Mapping *mapping;
        CsvFile *csv;
        FILE *file;
        RowScratch scratch;
        char fault[ROW_FAULT_BYTES];
        PlekReport report;
        int result;
} Reading;

static void read_nth(Reading *ret, const char *mapping_text, const char *csv_text, unsigned n)
{
        char text[MAPPING_TEXT_BYTES] = "";
        CsvRow row;

        memset(ret, 0, sizeof(*ret));
        assert_int_equal(mapping_parse(&ret->mapping, mapping_text, "test.map", text), 0);
        ret->file = fmemopen((void *)csv_text, strlen(csv_text), "r");
        assert_non_null(ret->file);
        assert_int_equal(csv_file_new(&ret->csv, ret->file, ret->mapping->separator), 0);
        for (unsigned i = 0; i <= n; i++)
                assert_int_equal(csv_file_next(ret->csv, &row), 0);
        ret->result = row_report(&ret->report, ret->mapping, &ret->mapping->reports[0], ret->csv,
                                 &row, 1000, &ret->scratch, ret->fault);
}

static void reading_deinit(Reading *reading)
{
        csv_file_free(reading->csv);
        mapping_free(reading->mapping);
        fclose(reading->file);
}

#define BEDS                                                                                       \
        "[feed]\n"                                                                                 \
        "file = beds.csv\n"                                                                        \
        "missing = NA,n/a\n"                                                                       \
        "suppressed = -999999\n"                                                                   \
        "rounding = down\n"                                                                        \
        "definition = weekly-average\n"                                                            \
        "[report icu]\n"                                                                           \
        "kind = counts\n"                                                                          \
        "location = h-{id}\n"                                                                      \
        "unit = icu\n"                                                                             \
        "care = {group:care}\n"                                                                    \
        "staffed = {used} + {free}\n"                                                              \
        "occupied = {used}\n"                                                                      \
        "observed-at = {day}\n"                                                                    \
        "[values care]\n"                                                                          \
        "ADULT = ICU_ADULT\n"                                                                      \
        "OTHER = -\n"

#define HEADER "id,group,used,free,day\n"

static void test_a_bad_number_is_named_by_line_and_column(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, BEDS, HEADER "1,ADULT,7,2,2026-01-02\n2,ADULT,1x,2,2026-01-02\n", 1);
        assert_int_equal(reading.result, ROW_REPORT_E_WRONG);
        assert_string_equal(reading.fault, "line 3, column used: '1x' is not a number");
}

static void test_a_negative_number_is_not_a_count(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, BEDS, HEADER "1,ADULT,-1,2,2026-01-02\n", 0);
        assert_int_equal(reading.result, ROW_REPORT_E_WRONG);
        assert_string_equal(reading.fault, "line 2, column used: -1 is not 0 to 100000");
}

static void test_a_value_that_the_mapping_does_not_know_is_wrong(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, BEDS, HEADER "1,NOBODY,1,2,2026-01-02\n", 0);
        assert_int_equal(reading.result, ROW_REPORT_E_WRONG);
        assert_non_null(strstr(reading.fault, "does not know 'NOBODY'"));
}

static void test_a_value_mapped_to_a_dash_says_nothing(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, BEDS, HEADER "1,OTHER,1,2,2026-01-02\n", 0);
        assert_int_equal(reading.result, ROW_REPORT_E_NOTHING);
}

static void test_an_impossible_date_is_wrong(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, BEDS, HEADER "1,ADULT,1,2,yesterday\n", 0);
        assert_int_equal(reading.result, ROW_REPORT_E_WRONG);
        assert_non_null(strstr(reading.fault, "column day: 'yesterday' is not a time"));
}

static void test_a_decimal_is_refused_unless_the_mapping_rounds(void **state)
{
        static const char strict[] = "[feed]\nfile = f\n[report r]\nkind = counts\nlocation = a\n"
                                     "care = WARD\noccupied = {used}\n";
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, strict, "used\n3.7\n", 0);
        assert_int_equal(reading.result, ROW_REPORT_E_WRONG);
        assert_non_null(strstr(reading.fault, "rounding = down"));
}

static void test_what_a_nedocs_is_made_of_is_sent_as_far_as_the_row_has_it(void **state)
{
        static const char ed[] = "[feed]\nfile = f\n[report r]\nkind = pressure\nlocation = a\n"
                                 "method = nedocs\npatients = {in}\ned_beds = 24\n"
                                 "ventilated = {vent}\nlast_door_to_bed_h = {wait}\n";
        CLEANUP(reading_deinit) Reading reading;
        const PlekPressure *pressure;

        read_nth(&reading, ed, "in,vent,wait\n31,,0.5\n", 0);
        assert_int_equal(reading.result, 0);
        pressure = &reading.report.pressure;
        assert_false(pressure->has_score);
        assert_int_equal(pressure->n_inputs, 3);
        assert_string_equal(pressure->inputs[0].name, "patients");
        assert_true(pressure->inputs[0].value == 31);
        assert_string_equal(pressure->inputs[1].name, "ed_beds");
        assert_string_equal(pressure->inputs[2].name, "last_door_to_bed_h");
        assert_true(pressure->inputs[2].value == 0.5);
}

static void test_a_row_becomes_a_report(void **state)
{
        CLEANUP(reading_deinit) Reading reading;
        const PlekCounts *counts = &reading.report.counts;

        read_nth(&reading, BEDS, HEADER "12,ADULT,7.9,2.5,2026-01-02\n", 0);
        assert_int_equal(reading.result, 0);
        assert_string_equal(reading.report.location, "h-12");
        assert_string_equal(reading.report.unit, "icu");
        assert_string_equal(reading.report.definition, "weekly-average");
        assert_int_equal(counts->care, PLEK_CARE_ICU_ADULT);
        assert_int_equal(counts->value[PLEK_COUNT_OCCUPIED], 7); /* rounded down */
        assert_int_equal(counts->value[PLEK_COUNT_STAFFED], 10); /* the sum is, not its parts */
        assert_false(counts->present[PLEK_COUNT_PHYSICAL]);
}

static void test_a_suppressed_number_is_absent_and_says_why(void **state)
{
        CLEANUP(reading_deinit) Reading reading;
        const PlekCounts *counts = &reading.report.counts;

        read_nth(&reading, BEDS, HEADER "12,ADULT,-999999.0,2,2026-01-02\n", 0);
        assert_int_equal(reading.result, 0);
        assert_false(counts->present[PLEK_COUNT_OCCUPIED]);
        assert_int_equal(counts->missing[PLEK_COUNT_OCCUPIED], PLEK_MISSING_SUPPRESSED);
        assert_false(counts->present[PLEK_COUNT_STAFFED]); /* a part is not the sum */
        assert_int_equal(counts->missing[PLEK_COUNT_STAFFED], PLEK_MISSING_SUPPRESSED);
}

static void test_an_empty_number_is_absent_and_zero_is_not(void **state)
{
        CLEANUP(reading_deinit) Reading reading;
        const PlekCounts *counts = &reading.report.counts;

        read_nth(&reading, BEDS, HEADER "12,ADULT,NA,0,2026-01-02\n13,ADULT,0,,2026-01-02\n", 1);
        assert_int_equal(reading.result, 0);
        assert_true(counts->present[PLEK_COUNT_OCCUPIED]);
        assert_int_equal(counts->value[PLEK_COUNT_OCCUPIED], 0);
        assert_int_equal(counts->missing[PLEK_COUNT_STAFFED], PLEK_MISSING_NOT_ASKED);
}

static void test_a_date_is_in_the_zone_of_the_mapping(void **state)
{
        static const char zoned[] = "[feed]\nfile = f\ntime-zone = CET-1CEST,M3.5.0,M10.5.0/3\n"
                                    "[report r]\nkind = counts\nlocation = a\ncare = WARD\n"
                                    "observed-at = {day}\n";
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, zoned, "day\n2026-07-01 00:00\n", 0);
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.report.observed_at_ms,
                         1782856800000); /* 22:00 UTC the day before */
}

static void test_a_door_is_mapped_with_its_exceptions(void **state)
{
        static const char doors[] = "[feed]\nfile = f\nseparator = semicolon\n[report r]\n"
                                    "kind = door\nlocation = a\ncare = ED\nstate = {s:s}\n"
                                    "exceptions = {x}\nends-at = {end}\n"
                                    "[values s]\nrood = STOP\ngroen = OPEN\n";
        CLEANUP(reading_deinit) Reading reading;
        const PlekDoor *door = &reading.report.door;

        read_nth(&reading, doors, "s;x;end\nrood;STEMI, child;2026-07-01T12:00:00Z\n", 0);
        assert_int_equal(reading.result, 0);
        assert_int_equal(door->state, PLEK_DOOR_STOP);
        assert_int_equal(door->n_exceptions, 2);
        assert_int_equal(door->exceptions[1], PLEK_EXCEPTION_CHILD);
        assert_int_equal(door->ends_at_ms, 1782907200000);
        assert_int_equal(door->urgency, PLEK_ANY);
}

/* ------------------------------------------------------------------ files */

static void assert_mapping_wrong(const char *mapping_text, const char *part)
{
        char text[MAPPING_TEXT_BYTES] = "";
        Mapping *mapping = NULL;

        assert_int_equal(mapping_parse(&mapping, mapping_text, "test.map", text), MAPPING_E_WRONG);
        assert_null(mapping);
        if (!strstr(text, part))
                fail_msg("'%s' does not say '%s'", text, part);
}

#define OFFERS                                                                                     \
        "[feed]\nfile = f\n[report r]\nkind = offering\nlocation = {id}\n"                         \
        "care = {care}\nlevel = {level}\nhours = {hours}\n"

static void test_an_offering_is_mapped_with_its_level_and_hours(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, OFFERS, "id,care,level,hours\nduin,ED,2,\"Mo-Fr 08:00-17:00\"\n", 0);
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.report.kind, PLEK_REPORT_OFFERING);
        assert_int_equal(reading.report.offering.care, PLEK_CARE_ED);
        assert_string_equal(reading.report.offering.level, "2");
        assert_string_equal(reading.report.offering.hours, "Mo-Fr 08:00-17:00");
        assert_true(reading.report.offering.holds_from_ms == PLEK_NO_TIME);
}

static void test_an_offering_without_a_level_or_hours_says_none(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, OFFERS, "id,care,level,hours\nduin,ED,,\n", 0);
        assert_int_equal(reading.result, 0);
        assert_null(reading.report.offering.level);
        assert_null(reading.report.offering.hours);
}

static void test_an_offering_of_no_care_is_wrong(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_nth(&reading, OFFERS, "id,care,level,hours\nduin,,2,\n", 0);
        assert_int_equal(reading.result, ROW_REPORT_E_WRONG);
        assert_non_null(strstr(reading.fault, "the care is not said"));
}

static void test_a_mapping_says_what_is_wrong_with_it(void **state)
{
        assert_mapping_wrong("", "does not say its file");
        assert_mapping_wrong("[feed]\nfile = f\n", "there is no [report NAME]");
        assert_mapping_wrong("[feed]\nfile = f\ncolour = red\n", "has no 'colour' (line 3)");
        assert_mapping_wrong("[feed]\nfile = f\nvalid-for = 5\n", "valid-for is a duration");
        assert_mapping_wrong("[food]\nx = y\n", "there is no section [food]");
        assert_mapping_wrong("[feed]\nfile = f\n[report r]\nkind = counts\nlocation = a\n",
                             "does not say its care");
        assert_mapping_wrong("[feed]\nfile = f\n[report r]\nkind = door\nlocation = a\n"
                             "state = OPEN\nstaffed = {x}\n",
                             "is not of kind counts");
        assert_mapping_wrong("[feed]\nfile = f\n[report r]\nkind = counts\nlocation = a\n"
                             "care = {x:y}\n",
                             "there is no [values y]");
        assert_mapping_wrong("[feed]\nfile = f\n[report r]\nkind = counts\nlocation = {a\n"
                             "care = WARD\n",
                             "lacks a }");
}

static CsvFile *open_csv(const char *text, FILE **ret_file, int expected)
{
        CsvFile *csv = NULL;

        *ret_file = fmemopen((void *)text, strlen(text), "r");
        assert_non_null(*ret_file);
        assert_int_equal(csv_file_new(&csv, *ret_file, ','), expected);
        return csv;
}

static void test_a_header_names_each_column_once(void **state)
{
        FILE *file;

        assert_null(open_csv("a,b,a\n", &file, CSV_FILE_E_HEADER));
        fclose(file);
}

static void test_lines_are_counted_through_quotes_and_empty_lines(void **state)
{
        FILE *file;
        CsvFile *csv = open_csv("\xef\xbb\xbf"
                                "a,b\n1,\"x\ny\"\n\n2,z\n3,4,5\n6\n",
                                &file, 0);
        CsvRow row;

        assert_string_equal(csv_file_column(csv, 0), "a"); /* without the byte order mark */
        assert_int_equal(csv_file_next(csv, &row), 0);
        assert_int_equal(row.line, 2);
        assert_string_equal(row.fields[1], "x\ny");
        assert_int_equal(csv_file_next(csv, &row), 0);
        assert_int_equal(row.line, 5);
        assert_int_equal(csv_file_next(csv, &row), CSV_FILE_E_FIELDS);
        assert_int_equal(row.line, 6);
        assert_int_equal(row.n_fields, 3);
        assert_int_equal(csv_file_next(csv, &row), CSV_FILE_E_FIELDS);
        assert_int_equal(row.line, 7);
        assert_int_equal(row.n_fields, 1);
        assert_int_equal(csv_file_next(csv, &row), CSV_FILE_E_END);
        csv_file_free(csv);
        fclose(file);
}

/* Reads to the end; returns what the last row was. */
static int last_row_of(const char *text)
{
        FILE *file;
        CsvFile *csv = open_csv(text, &file, 0);
        int r, last = -1;
        CsvRow row;

        while ((r = csv_file_next(csv, &row)) != CSV_FILE_E_END)
                last = r;
        csv_file_free(csv);
        fclose(file);
        return last;
}

static void test_a_file_that_ends_within_a_row_says_so(void **state)
{
        assert_int_equal(last_row_of("a,b\n1,2\n3"), CSV_FILE_E_CUT);
        assert_int_equal(last_row_of("a,b\n1,2\n3,\"4"), CSV_FILE_E_CUT);
        assert_int_equal(last_row_of("a,b\n1,2\n\"3,4\n5,6\n"), CSV_FILE_E_CUT);
        assert_int_equal(last_row_of("a,b\n1,2\n3,4"), 0); /* only its newline is missing */
        assert_int_equal(last_row_of("a,b\n1,2\n3,\"4\""), 0);
        assert_int_equal(last_row_of("a,b\n1,2\n3\n"), CSV_FILE_E_FIELDS); /* short, but whole */
}

static void test_columns_that_templates_name_are_gone_through_once_each(void **state)
{
        CLEANUP(mapping_freep) Mapping *mapping = NULL;
        char text[MAPPING_TEXT_BYTES], names[128] = "";
        RowColumns columns;

        assert_int_equal(mapping_parse(&mapping, BEDS, "test.map", text), 0);
        columns = (RowColumns){ .mapped = &mapping->reports[0] };
        while (row_columns_next(&columns)) {
                strcat(names, columns.name);
                strcat(names, " ");
        }
        assert_string_equal(names, "id group day used free used ");
        assert_false(row_columns_next(&columns));
}

/* ------------------------------------------------------------------ what happened */

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
                cmocka_unit_test(test_a_bad_number_is_named_by_line_and_column),
                cmocka_unit_test(test_a_negative_number_is_not_a_count),
                cmocka_unit_test(test_a_value_that_the_mapping_does_not_know_is_wrong),
                cmocka_unit_test(test_a_value_mapped_to_a_dash_says_nothing),
                cmocka_unit_test(test_an_impossible_date_is_wrong),
                cmocka_unit_test(test_a_decimal_is_refused_unless_the_mapping_rounds),
                cmocka_unit_test(test_what_a_nedocs_is_made_of_is_sent_as_far_as_the_row_has_it),
                cmocka_unit_test(test_a_row_becomes_a_report),
                cmocka_unit_test(test_a_suppressed_number_is_absent_and_says_why),
                cmocka_unit_test(test_an_empty_number_is_absent_and_zero_is_not),
                cmocka_unit_test(test_a_date_is_in_the_zone_of_the_mapping),
                cmocka_unit_test(test_a_door_is_mapped_with_its_exceptions),
                cmocka_unit_test(test_an_offering_is_mapped_with_its_level_and_hours),
                cmocka_unit_test(test_an_offering_without_a_level_or_hours_says_none),
                cmocka_unit_test(test_an_offering_of_no_care_is_wrong),
                cmocka_unit_test(test_a_mapping_says_what_is_wrong_with_it),
                cmocka_unit_test(test_a_header_names_each_column_once),
                cmocka_unit_test(test_lines_are_counted_through_quotes_and_empty_lines),
                cmocka_unit_test(test_a_file_that_ends_within_a_row_says_so),
                cmocka_unit_test(test_columns_that_templates_name_are_gone_through_once_each),
                cmocka_unit_test(test_a_flow_is_of_a_day_in_the_zone_of_the_mapping),
                cmocka_unit_test(test_a_flow_is_of_a_month_or_between_two_times),
                cmocka_unit_test(test_what_is_wrong_with_a_flow_is_named_by_line_and_column),
                cmocka_unit_test(test_a_flow_says_its_period_in_one_way),
                cmocka_unit_test(test_a_withheld_count_is_no_number),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
