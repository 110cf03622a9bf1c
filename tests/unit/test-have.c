/*
 * clients/formats: EDXL-HAVE as others write it, what is refused, and what of ours it can say
 */

#include "formats-fixture.h"

/* ------------------------------------------------------------------ reading */

#define HOSPITAL(_inside)                                                                          \
        "<HospitalStatus xmlns='urn:oasis:names:tc:emergency:EDXL:HAVE:1.0'><Hospital>"            \
        "<OrganizationInformation><OrganisationName><NameElement>Foo</NameElement>"                \
        "</OrganisationName></OrganizationInformation>" _inside                                    \
        "<LastUpdateTime>2026-11-22T18:00:00+01:00</LastUpdateTime></Hospital></HospitalStatus>"

#define BEDS(_inside)                                                                              \
        HOSPITAL("<HospitalBedCapacityStatus><BedCapacity>" _inside                                \
                 "</BedCapacity></HospitalBedCapacityStatus>")

static void test_what_is_no_xml_is_refused_with_the_line(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, have_read, "<HospitalStatus>\n<Hospital></HospitalStatus>");
        assert_int_equal(reading.result, FORMAT_E_DOCUMENT);
        assert_heard(&reading, "line 2: ");
}

static void test_a_document_with_a_dtd_is_refused(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, have_read,
                  "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" HOSPITAL("&a;"));
        assert_int_equal(reading.result, FORMAT_E_DOCUMENT);
        assert_heard(&reading, "it has a DTD, which is refused");
}

static void test_xml_of_another_kind_is_refused(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, have_read, "<html/>");
        assert_int_equal(reading.result, FORMAT_E_DOCUMENT);
        assert_heard(&reading, "there is no HospitalStatus in it");
}

static void test_a_count_that_is_none_is_noted_and_not_taken(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, have_read,
                  BEDS("<BedType>AdultICU</BedType><Capacity><AvailableCount>-1</AvailableCount>"
                       "<BaselineCount>12</BaselineCount></Capacity>"));
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.n, 2);
        assert_null(said(&reading.records[1], "available"));
        assert_string_equal(said(&reading.records[1], "staffed"), "12");
        assert_heard(&reading, "available: '-1' is no count");
}

static void test_an_element_that_we_do_not_read_is_named(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, have_read, HOSPITAL("<HospitalFacilityStatus/>"));
        assert_int_equal(reading.result, 0);
        assert_heard(&reading, "element 'HospitalFacilityStatus' is none of ours");
}

static void test_beds_and_traffic_become_counts_and_a_door(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, have_read,
                  HOSPITAL("<EmergencyDepartmentStatus><EMSTraffic>"
                           "<EMSTrafficStatus>Closed</EMSTrafficStatus>"
                           "<EMSTrafficReason>no staff</EMSTrafficReason></EMSTraffic>"
                           "</EmergencyDepartmentStatus><HospitalBedCapacityStatus><BedCapacity>"
                           "<BedType>Burn</BedType><Capacity>"
                           "<CapacityStatus>NotAvailable</CapacityStatus>"
                           "<AdditionalCapacityCount24Hr>3</AdditionalCapacityCount24Hr>"
                           "</Capacity></BedCapacity></HospitalBedCapacityStatus>"));
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.n, 3);
        assert_string_equal(said(&reading.records[0], "name"), "Foo");
        assert_string_equal(said(&reading.records[0], "location"), "Foo");
        assert_string_equal(said(&reading.records[0], "observed_at"), "2026-11-22T17:00:00.000Z");
        assert_string_equal(said(&reading.records[1], "care"), "ED");
        assert_string_equal(said(&reading.records[1], "state"), "STOP");
        assert_string_equal(said(&reading.records[1], "text"), "no staff");
        assert_string_equal(said(&reading.records[2], "care"), "BURN");
        assert_string_equal(said(&reading.records[2], "available"), "0");
        assert_string_equal(said(&reading.records[2], "surge_24h"), "3");
        assert_heard(&reading, "location: is made of 'Foo'");
        assert_heard(&reading, "kind: is not said; taken for V4");
}

#define CAPACITY(_inside)                                                                          \
        HOSPITAL("<EmergencyDepartmentStatus><EMSCapacity>" _inside                                \
                 "</EMSCapacity></EmergencyDepartmentStatus>")
#define TRIAGE(_value, _quantity)                                                                  \
        "<TriageCode><TriageCodeValue>" _value "</TriageCodeValue><TriageCountQuantity>" _quantity \
        "</TriageCountQuantity></TriageCode>"

static void test_triage_codes_of_another_list_are_not_taken_for_ours(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, have_read,
                  CAPACITY("<TriageCodeListURN>urn:x:cmas</TriageCodeListURN>" TRIAGE("Red", "3")));
        assert_int_equal(reading.n, 1);
        assert_heard(&reading, "TriageCodeListURN 'urn:x:cmas' is none of ours");
}

static void test_a_triage_code_or_quantity_that_is_none_is_noted_and_not_taken(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, have_read,
                  CAPACITY("<TriageRed>9</TriageRed>" TRIAGE("Blue", "4") TRIAGE("Red", "-1")
                                   TRIAGE("Green", "7")));
        assert_int_equal(reading.n, 2);
        assert_string_equal(said(&reading.records[1], "care"), "ED");
        assert_string_equal(said(&reading.records[1], "triage_green"), "7");
        assert_null(said(&reading.records[1], "triage_red"));
        assert_heard(&reading, "element 'TriageRed' is none of ours");
        assert_heard(&reading, "TriageCodeValue 'Blue' is none of ours");
        assert_heard(&reading, "triage_red: '-1' is no count");
}

static void test_sub_categories_are_kinds_of_care_or_units(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_text(&reading, have_read,
                  BEDS("<BedType>AdultICU</BedType>"
                       "<Capacity><CapacityStatus>VacantAvailable</CapacityStatus></Capacity>"
                       "<SubCategoryBedType>ECMO</SubCategoryBedType>"
                       "<Capacity><AvailableCount>1</AvailableCount></Capacity>"
                       "<SubCategoryBedType>Burns &amp; Surgery</SubCategoryBedType>"
                       "<Capacity><AvailableCount>2</AvailableCount></Capacity>"));
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.n, 3); /* the type itself has no number */
        assert_string_equal(said(&reading.records[1], "care"), "ECMO");
        assert_null(said(&reading.records[1], "unit"));
        assert_string_equal(said(&reading.records[2], "care"), "ICU_ADULT");
        assert_string_equal(said(&reading.records[2], "unit"), "Burns-Surgery");
        assert_string_equal(said(&reading.records[2], "label"), "Burns & Surgery");
}

static void test_the_sample_of_googles_resource_finder_is_read(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_sample(&reading, have_read, "have/sample_have.xml");
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.n, 1); /* it has no beds and no traffic status */
        assert_int_equal(reading.records[0].report.kind, PLEK_REPORT_CARD);
        assert_string_equal(said(&reading.records[0], "location"), "Foo-Hospital");
        assert_string_equal(said(&reading.records[0], "name"), "Foo Hospital");
        assert_string_equal(said(&reading.records[0], "latitude"), "45.2560000");
        assert_string_equal(said(&reading.records[0], "longitude"), "-71.9200000");
        assert_string_equal(said(&reading.records[0], "observed_at"), "2010-03-12T12:12:12.000Z");
}

static void test_an_entry_of_a_feed_has_its_own_subject_and_time(void **state)
{
        CLEANUP(reading_deinit) Reading reading;

        read_sample(&reading, have_read, "have/sample_feed.xml");
        assert_int_equal(reading.result, 0);
        assert_int_equal(reading.n, 1); /* two entries about one hospital */
        assert_string_equal(said(&reading.records[0], "location"), "paho.org-HealthC_ID-1115006");
        assert_string_equal(said(&reading.records[0], "observed_at"), "2010-03-01T01:02:03.000Z");
        assert_heard(&reading, "is said twice; the last one is taken");
        assert_heard(&reading, "element 'ServiceCoverageStatus' is none of ours");
}

/* ------------------------------------------------------------------ writing */

static char *write_all(const FormatRecord *records, size_t n, PlekStatus status, Heard *heard)
{
        const HaveOptions options = { .status = status, .sender = "meldkamer", .now_ms = 0 };
        const FormatNotes notes = { on_note, heard };
        size_t n_bytes;
        char *bytes;

        memset(heard, 0, sizeof(*heard));
        assert_int_equal(have_write(&bytes, &n_bytes, records, n, &options, &notes), 0);
        assert_int_equal(strlen(bytes), n_bytes);
        return bytes;
}

static char *write_one(const FormatRecord *record, PlekStatus status, Heard *heard)
{
        return write_all(record, 1, status, heard);
}

static FormatRecord a_stop(void)
{
        FormatRecord record = { .party = "duin", .leads_ed = true };

        field_report_init(&record.report, PLEK_REPORT_DOOR);
        record.report.location = "duinzicht";
        record.report.observed_at_ms = 1700000000000;
        record.report.door.state = PLEK_DOOR_STOP;
        record.report.door.care = PLEK_CARE_ED;
        record.report.door.exceptions[record.report.door.n_exceptions++] =
                PLEK_EXCEPTION_MULTITRAUMA;
        record.report.door.ends_at_ms = 1700003600000;
        return record;
}

static void test_a_stop_shows_its_exceptions_and_end_to_who_reads_only_have(void **state)
{
        FormatRecord record = a_stop();
        Heard heard;
        CLEANUP(freep) char *bytes = write_one(&record, PLEK_STATUS_ACTUAL, &heard);

        assert_non_null(strstr(bytes, "<have:EMSTrafficStatus>Closed<"));
        assert_non_null(
                strstr(bytes, ">STOP; until 2023-11-14T23:13:20.000Z; except MULTITRAUMA<"));
        assert_string_equal(heard.text, "");
}

static void test_an_expired_stop_stays_closed_and_says_so(void **state)
{
        FormatRecord record = a_stop();
        Heard heard;
        CLEANUP(freep) char *bytes = NULL;

        record.standing = PLEK_EXPIRED;
        bytes = write_one(&record, PLEK_STATUS_ACTUAL, &heard);
        assert_non_null(strstr(bytes, "<have:EMSTrafficStatus>Closed<"));
        assert_non_null(strstr(bytes, ">STOP (expired); "));
}

static FormatRecord an_ed(const char *unit, int32_t red)
{
        FormatRecord record = { .party = "duin" };

        field_report_init(&record.report, PLEK_REPORT_COUNTS);
        record.report.location = "duinzicht";
        record.report.unit = unit;
        record.report.observed_at_ms = 1700000000000;
        record.report.counts.care = PLEK_CARE_ED;
        record.report.counts.present[PLEK_COUNT_TRIAGE_RED] = true;
        record.report.counts.value[PLEK_COUNT_TRIAGE_RED] = red;
        return record;
}

static void test_what_an_ed_can_take_by_triage_is_its_capacity_and_is_read_back(void **state)
{
        FormatRecord records[] = { a_stop(), an_ed(NULL, 3) };
        PlekCounts *counts = &records[1].report.counts;
        CLEANUP(reading_deinit) Reading reading;
        CLEANUP(freep) char *bytes = NULL;
        Heard heard;

        counts->present[PLEK_COUNT_STAFFED] = counts->present[PLEK_COUNT_TRIAGE_BLACK] = true;
        counts->value[PLEK_COUNT_STAFFED] = 20;
        counts->missing[PLEK_COUNT_TRIAGE_YELLOW] = PLEK_MISSING_SUPPRESSED;
        bytes = write_all(records, N_ELEMENTS(records), PLEK_STATUS_ACTUAL, &heard);
        assert_string_equal(heard.text,
                            "triage_yellow: EDXL-HAVE cannot say why a number is absent\n");
        /* In the order of the schema: traffic, then capacity. */
        assert_true(strstr(bytes, "</have:EMSTraffic>") < strstr(bytes, "<have:EMSCapacity>"));
        assert_null(strstr(bytes, "Yellow"));

        read_text(&reading, have_read, bytes);
        assert_int_equal(reading.n, 2);
        assert_string_equal(said(&reading.records[1], "care"), "ED");
        assert_string_equal(said(&reading.records[1], "staffed"), "20");
        assert_string_equal(said(&reading.records[1], "triage_red"), "3");
        assert_string_equal(said(&reading.records[1], "triage_black"), "0");
        assert_null(said(&reading.records[1], "triage_yellow"));
        assert_string_equal(reading.heard.text, "");
}

static void test_triage_of_the_only_unit_of_an_ed_comes_back_to_it(void **state)
{
        FormatRecord record = an_ed("seh", 2);
        CLEANUP(reading_deinit) Reading reading;
        CLEANUP(freep) char *bytes = NULL;
        Heard heard;

        bytes = write_one(&record, PLEK_STATUS_ACTUAL, &heard);
        assert_string_equal(heard.text, "");
        read_text(&reading, have_read, bytes);
        assert_int_equal(reading.n, 1);
        assert_string_equal(said(&reading.records[0], "unit"), "seh");
        assert_string_equal(said(&reading.records[0], "triage_red"), "2");
}

static void test_triage_of_one_unit_among_several_is_not_said_of_the_whole(void **state)
{
        FormatRecord records[] = { an_ed("seh", 2), an_ed("acute-opname", 3) };
        CLEANUP(freep) char *bytes = NULL;
        Heard heard;

        bytes = write_all(records, N_ELEMENTS(records), PLEK_STATUS_ACTUAL, &heard);
        assert_null(strstr(bytes, "EMSCapacity"));
        assert_string_equal(heard.text, "triage_red: EDXL-HAVE has no place for it\n"
                                        "triage_red: EDXL-HAVE has no place for it\n");
}

static void test_what_reopened_unconfirmed_is_no_normal_traffic(void **state)
{
        FormatRecord record = a_stop();
        Heard heard;
        CLEANUP(freep) char *bytes = NULL;

        record.standing = PLEK_REOPENED;
        bytes = write_one(&record, PLEK_STATUS_ACTUAL, &heard);
        assert_non_null(strstr(bytes, "<have:EMSTrafficStatus>Advisory<"));
        assert_non_null(strstr(bytes, ">STOP (reopened, unconfirmed); "));
}

static void test_what_is_old_or_flagged_and_cannot_say_so_is_noted(void **state)
{
        const FhirOptions options = { .status = PLEK_STATUS_ACTUAL };
        FormatRecord record = a_stop();
        CLEANUP(freep) char *xml = NULL, *json = NULL;
        Heard heard;
        const FormatNotes notes = { on_note, &heard };
        size_t n;

        record.freshness = PLEK_SILENT;
        record.enrolled = PLEK_NO_LONGER_ENROLLED;
        xml = write_one(&record, PLEK_STATUS_ACTUAL, &heard);
        assert_string_equal(heard.text,
                            "freshness: is SILENT: EDXL-HAVE has no place for it\n"
                            "enrolled: is NO_LONGER_ENROLLED: EDXL-HAVE has no place for it\n");

        field_report_init(&record.report, PLEK_REPORT_COUNTS);
        record.report.location = "duinzicht";
        record.report.counts.care = PLEK_CARE_WARD;
        record.report.counts.present[PLEK_COUNT_OCCUPIED] = true;
        record.freshness = PLEK_STALE;
        record.enrolled = PLEK_ENROLLED;
        record.flags = PLEK_FLAG_OVERCROWDED | PLEK_FLAG_INCONSISTENT;
        memset(&heard, 0, sizeof(heard));
        assert_int_equal(fhir_write(&json, &n, &record, 1, &options, &notes), 0);
        assert_non_null(strstr(heard.text, "freshness: is STALE: a MeasureReport"));
        assert_non_null(strstr(heard.text, "flags: is OVERCROWDED, INCONSISTENT: a MeasureReport"));

        free(STEAL(json));
        record.freshness = PLEK_FRESH;
        record.flags = 0;
        memset(&heard, 0, sizeof(heard));
        assert_int_equal(fhir_write(&json, &n, &record, 1, &options, &notes), 0);
        assert_null(strstr(heard.text, "a MeasureReport has no place"));
}

static void test_an_exercise_is_left_out_unless_the_document_is_one(void **state)
{
        FormatRecord record = a_stop();
        CLEANUP(freep) char *actual = NULL, *exercise = NULL;
        Heard heard;

        record.report.status = PLEK_STATUS_EXERCISE;
        actual = write_one(&record, PLEK_STATUS_ACTUAL, &heard);
        assert_null(strstr(actual, "duinzicht"));
        assert_string_equal(heard.text, "-: its status is not the document's\n");

        exercise = write_one(&record, PLEK_STATUS_EXERCISE, &heard);
        assert_non_null(strstr(exercise, "<distributionStatus>Exercise</distributionStatus>"));
        assert_non_null(strstr(exercise, "duinzicht"));
}

static void test_an_exercise_is_read_back_as_one(void **state)
{
        FormatRecord record = a_stop();
        const FhirOptions options = { .status = PLEK_STATUS_TEST };
        CLEANUP(freep) char *xml = NULL, *json = NULL;
        CLEANUP(reading_deinit) Reading have, fhir;
        Heard heard;
        size_t n;

        record.report.status = PLEK_STATUS_EXERCISE;
        xml = write_one(&record, PLEK_STATUS_EXERCISE, &heard);
        read_text(&have, have_read, xml);
        assert_int_equal(have.records[0].report.status, PLEK_STATUS_EXERCISE);

        field_report_init(&record.report, PLEK_REPORT_COUNTS);
        record.report.status = PLEK_STATUS_TEST;
        record.report.location = "duinzicht";
        record.report.counts.care = PLEK_CARE_WARD;
        record.report.counts.present[PLEK_COUNT_OCCUPIED] = true;
        assert_int_equal(fhir_write(&json, &n, &record, 1, &options, NULL), 0);
        assert_non_null(strstr(json, "HTEST"));
        read_text(&fhir, fhir_read, json);
        assert_int_equal(fhir.records[0].report.status, PLEK_STATUS_TEST);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_no_xml_is_refused_with_the_line),
                cmocka_unit_test(test_a_document_with_a_dtd_is_refused),
                cmocka_unit_test(test_xml_of_another_kind_is_refused),
                cmocka_unit_test(test_a_count_that_is_none_is_noted_and_not_taken),
                cmocka_unit_test(test_an_element_that_we_do_not_read_is_named),
                cmocka_unit_test(test_beds_and_traffic_become_counts_and_a_door),
                cmocka_unit_test(test_triage_codes_of_another_list_are_not_taken_for_ours),
                cmocka_unit_test(
                        test_a_triage_code_or_quantity_that_is_none_is_noted_and_not_taken),
                cmocka_unit_test(test_sub_categories_are_kinds_of_care_or_units),
                cmocka_unit_test(test_the_sample_of_googles_resource_finder_is_read),
                cmocka_unit_test(test_an_entry_of_a_feed_has_its_own_subject_and_time),
                cmocka_unit_test(test_a_stop_shows_its_exceptions_and_end_to_who_reads_only_have),
                cmocka_unit_test(test_an_expired_stop_stays_closed_and_says_so),
                cmocka_unit_test(
                        test_what_an_ed_can_take_by_triage_is_its_capacity_and_is_read_back),
                cmocka_unit_test(test_triage_of_the_only_unit_of_an_ed_comes_back_to_it),
                cmocka_unit_test(test_triage_of_one_unit_among_several_is_not_said_of_the_whole),
                cmocka_unit_test(test_what_reopened_unconfirmed_is_no_normal_traffic),
                cmocka_unit_test(test_what_is_old_or_flagged_and_cannot_say_so_is_noted),
                cmocka_unit_test(test_an_exercise_is_left_out_unless_the_document_is_one),
                cmocka_unit_test(test_an_exercise_is_read_back_as_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
