/*
 * clients/formats: FHIR and CSV as others write them, and what is refused
 */

#include "formats-fixture.h"

/* ------------------------------------------------------------------ FHIR */

static void test_json_that_is_no_fhir_is_refused(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, fhir_read, "{\n\"a\": }");
        assert_int_equal(reading.result, FORMAT_E_DOCUMENT);
        assert_heard(&reading, "line 2: ");
        read_text(&reading, fhir_read, "{\"resourceType\": \"Patient\"}");
        assert_int_equal(reading.result, FORMAT_E_DOCUMENT);
        assert_heard(&reading, "neither a Bundle nor a MeasureReport");
}

static const FormatRecord *find_care(const Reading *reading, uint32_t care)
{
        for (size_t i = 0; i < reading->n; i++)
                if (reading->records[i].report.counts.care == care)
                        return &reading->records[i];
        fail();
        return NULL;
}

static void test_the_sample_of_saner_is_read(void **state)
{
        CLEANUP(reading_deinit) Reading reading;
        const FormatRecord *icu, *ventilators;

        read_sample(&reading, fhir_read, "saner/derived-MeasureReport-NJ-20200406.json");
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.n, 2);
        icu = find_care(&reading, PLEK_CARE_ICU_ADULT);
        ventilators = find_care(&reading, PLEK_CARE_VENTILATOR);
        assert_string_equal(said(icu, "location"), "34");
        assert_string_equal(said(icu, "observed_at"), "2020-04-06T05:00:00.000Z");
        assert_string_equal(said(icu, "staffed"), "2500");
        assert_string_equal(said(icu, "occupied"), "UNKNOWN"); /* absent is not zero */
        assert_string_equal(said(ventilators, "staffed"), "2250");
        assert_string_equal(said(ventilators, "occupied"), "1576");
        assert_heard(&reading, "population 'numTotBeds' is no number of one kind of care");
        assert_heard(&reading, "population 'numC19Died' is no number of one kind of care");
}

static void test_a_loinc_code_of_safr_is_a_count(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, fhir_read,
                  "{\"resourceType\": \"MeasureReport\", \"subject\": {\"reference\": "
                  "\"Location/a\"},"
                  "\"date\": \"2026-11-22\", \"group\": [{\"code\": {\"coding\": [{\"system\":"
                  "\"http://loinc.org\", \"code\": \"112574-9\"}]}, \"population\": [{\"count\":"
                  "3}]}, {\"code\": {\"coding\": [{\"system\": \"http://loinc.org\", \"code\":"
                  "\"112575-6\"}]}, \"population\": [{\"count\": -3}]}]}");
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.n, 1);
        assert_string_equal(said(&reading.records[0], "location"), "a");
        assert_string_equal(said(&reading.records[0], "care"), "ICU_ADULT");
        assert_string_equal(said(&reading.records[0], "available"), "3");
        assert_null(said(&reading.records[0], "occupied"));
        assert_heard(&reading, "occupied: the count of 112575-6 is none");
}

/* ------------------------------------------------------------------ CSV */

static void test_a_row_with_a_value_that_is_none_is_left_out_and_named(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, csv_table_read,
                  "status,report,location,care,staffed,colour\n"
                  "ACTUAL,counts,a,WARD,many,red\n"
                  "ACTUAL,counts,b/c,WARD,2,red\n"
                  "ACTUAL,beds,b,WARD,2,red\n"
                  ",counts,b,WARD,2,red\n"
                  "ACTUAL,door,b,WARD,2,red\n"
                  "ACTUAL,counts,b,WARD,2,red\n");
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.n, 1);
        assert_string_equal(said(&reading.records[0], "location"), "b");
        assert_heard(&reading, "-: column 'colour' is none of ours");
        assert_heard(&reading, "staffed: row 2: there is no such value as 'many'");
        assert_heard(&reading, "location: ");
        assert_heard(&reading, "report: row 4: there is no report 'beds'");
        assert_heard(&reading, "status: row 5: there is no status ''");
        assert_heard(&reading, "staffed: row 6: this report has no such field");
}

static void assert_label_is_written(const char *label, const char *written)
{
        FormatRecord record = { .party = "p" };
        CLEANUP(reading_deinit) Reading reading = { 0 };
        char *bytes, expected[128];
        size_t n_bytes;

        field_report_init(&record.report, PLEK_REPORT_DOOR);
        record.report.status = PLEK_STATUS_ACTUAL;
        record.report.location = "a";
        record.report.label = label;
        record.report.door.care = PLEK_CARE_ED;
        record.report.door.state = PLEK_DOOR_OPEN;
        assert_int_equal(csv_table_write(&bytes, &n_bytes, &record, 1, NULL), 0);
        snprintf(expected, sizeof(expected), ",%s,", written);
        if (!strstr(bytes, expected))
                fail_msg("%s is not in %s", expected, bytes);
        read_as(&reading, csv_table_read, bytes, n_bytes);
        free(bytes);
        assert_int_equal(reading.n, 1);
        assert_string_equal(said(&reading.records[0], "label"), label);
}

static void test_what_a_spreadsheet_would_run_is_written_as_text_and_read_back(void **state)
{
        assert_label_is_written("=HYPERLINK(\"http://x\",\"SEH\")",
                                "\"'=HYPERLINK(\"\"http://x\"\",\"\"SEH\"\")\"");
        assert_label_is_written("@SUM(A1)", "\"'@SUM(A1)\"");
        assert_label_is_written("-2+cmd|' /C calc'!A0", "\"'-2+cmd|' /C calc'!A0\"");
        assert_label_is_written("'=1+A1", "\"''=1+A1\"");
        assert_label_is_written("+31 (0)20 123 45 67", "\"+31 (0)20 123 45 67\"");
        assert_label_is_written("-4", "-4");
        assert_label_is_written("'s Gravenhage", "\"'s Gravenhage\"");
        assert_label_is_written("A=B", "\"A=B\"");
}

static void test_csv_that_ends_within_quotes_is_refused(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, csv_table_read, "status,report,location\nACTUAL,card,\"a\n");
        assert_int_equal(reading.result, FORMAT_E_DOCUMENT);
        assert_heard(&reading, "it ends within quotes");
        read_text(&reading, csv_table_read, "");
        assert_int_equal(reading.result, FORMAT_E_DOCUMENT);
        assert_heard(&reading, "it has no header");
        read_text(&reading, csv_table_read, "a,a\n");
        assert_int_equal(reading.result, FORMAT_E_DOCUMENT);
        assert_heard(&reading, "two columns are a");
}

/* ------------------------------------------------------------------ times */

static void test_times_are_read_with_any_offset(void **state)
{
        int64_t ms;

        assert_int_equal(format_time_parse(&ms, "2026-11-22T18:00:00.5Z"), 0);
        assert_int_equal(ms % 60000, 500);
        assert_int_equal(format_time_parse(&ms, "1970-01-01T02:00:00+0130"), 0);
        assert_int_equal(ms, 30 * 60 * 1000);
        assert_int_equal(format_time_parse(&ms, "1970-01-02"), 0);
        assert_int_equal(ms, 86400000);
        assert_int_equal(format_time_parse(&ms, "1970-01-01T00:00:00+01:00"), -EINVAL);
        assert_int_equal(format_time_parse(&ms, "2026-11-22T18:00:00+1"), -EINVAL);
        assert_int_equal(format_time_parse(&ms, "2026-11-22T18:00:00 CET"), -EINVAL);
        assert_int_equal(format_time_parse(&ms, "yesterday"), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_json_that_is_no_fhir_is_refused),
                cmocka_unit_test(test_the_sample_of_saner_is_read),
                cmocka_unit_test(test_a_loinc_code_of_safr_is_a_count),
                cmocka_unit_test(test_a_row_with_a_value_that_is_none_is_left_out_and_named),
                cmocka_unit_test(
                        test_what_a_spreadsheet_would_run_is_written_as_text_and_read_back),
                cmocka_unit_test(test_csv_that_ends_within_quotes_is_refused),
                cmocka_unit_test(test_times_are_read_with_any_offset),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
