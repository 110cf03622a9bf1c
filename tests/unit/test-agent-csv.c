/*
 * clients/agent: mapping.c, row-field.c, row-report.c; clients/plek: csv-file.c
 */

#include "agent-fixture.h"

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
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
