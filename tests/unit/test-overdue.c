#include <string.h>

#include "cmocka-all.h"
#include "derived/overdue.h"

#define NOW 1700000000000

static const AgreedInterval rules[] = {
        { UPDATE_PRESSURE, "", 0, 60 },
        { UPDATE_COUNTS, "V6", 0, 300 },
        { UPDATE_COUNTS, "R5", 0, 21600 },
        { UPDATE_COUNTS, "", PLEK_CARE_GP_POST, 900 },
        { UPDATE_COUNTS, "V6", PLEK_CARE_GP_POST, 600 },
        { UPDATE_COUNTS, "V6", 0, 7 }, /* too late: the first of two counts */
        { 99, "", 0, 1 },              /* of a newer broker */
};

/* Observed and received at NOW. */
static Record *record_of(UpdateKind report, Status status, uint32_t care, uint32_t plan)
{
        RecordRef ref = {
                .report = report,
                .care = care,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .plan = plan,
                .method = "nedocs",
        };
        Record *record;
        RecordKey key;

        record_key_make(&key, status, "party", "location", &ref);
        record = calloc(1, sizeof(*record) + key.n_bytes);
        assert_non_null(record);
        record->status = status;
        record->report = report;
        record->valid_for_s = VALID_FOR_MAX_S;
        record->received_at_ms = record->sent_at_ms = record->observed_at_ms = NOW;
        record->n_key = key.n_bytes;
        memcpy(record->key, key.bytes, key.n_bytes);
        return record;
}

static uint32_t agreed(UpdateKind report, Status status, uint32_t care, const char *kind)
{
        CLEANUP(freep) Record *record = record_of(report, status, care, 0);

        return agreed_interval_s(rules, N_ELEMENTS(rules), record, kind);
}

static void test_care_goes_before_the_kind_of_location(void **state)
{
        assert_int_equal(agreed(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_WARD, "V6"), 300);
        assert_int_equal(agreed(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_WARD, "R5"), 21600);
        assert_int_equal(agreed(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_GP_POST, "R5"), 900);
        assert_int_equal(agreed(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_GP_POST, NULL), 900);
        assert_int_equal(agreed(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_GP_POST, "V6"), 600);
        assert_int_equal(agreed(UPDATE_PRESSURE, STATUS_ACTUAL, CODE_ABSENT, "V6"), 60);
}

static void test_where_nothing_is_agreed_nobody_is_overdue(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_WARD, 0);

        assert_int_equal(agreed(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_WARD, "G5"), 0);
        assert_int_equal(agreed(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_WARD, NULL), 0);
        assert_int_equal(agreed(UPDATE_DOOR, STATUS_ACTUAL, PLEK_CARE_ED, "V6"), 0);
        assert_int_equal(agreed_interval_s(NULL, 0, record, "V6"), 0);
        assert_int_equal(record_overdue_ms(record, 0, NOW + 1000000000), 0);
        assert_true(record_overdue_at_ms(record, 0, NOW) == INT64_MAX);
}

static void test_an_exercise_and_a_test_owe_nothing(void **state)
{
        assert_int_equal(agreed(UPDATE_COUNTS, STATUS_EXERCISE, PLEK_CARE_WARD, "V6"), 0);
        assert_int_equal(agreed(UPDATE_COUNTS, STATUS_TEST, PLEK_CARE_WARD, "V6"), 0);
}

static void test_a_card_and_a_plan_owe_nothing(void **state)
{
        static const AgreedInterval all[] = { { UPDATE_DOOR, "", 0, 60 },
                                              { UPDATE_CARD, "", 0, 60 } };
        CLEANUP(freep) Record *card = record_of(UPDATE_CARD, STATUS_ACTUAL, CODE_ABSENT, 0);
        CLEANUP(freep) Record *plan = record_of(UPDATE_DOOR, STATUS_ACTUAL, PLEK_CARE_ED, 3);
        CLEANUP(freep) Record *door = record_of(UPDATE_DOOR, STATUS_ACTUAL, PLEK_CARE_ED, 0);

        assert_int_equal(agreed_interval_s(all, 2, card, "V6"), 0);
        assert_int_equal(agreed_interval_s(all, 2, plan, "V6"), 0);
        assert_int_equal(agreed_interval_s(all, 2, door, "V6"), 60);
}

static void test_it_is_overdue_past_the_interval_and_a_tolerance(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_ED, 0);

        assert_int_equal(record_overdue_ms(record, 60, NOW + 90000), 0); /* half of it */
        assert_int_equal(record_overdue_ms(record, 60, NOW + 90001), 30001);
        assert_int_equal(record_overdue_ms(record, 300, NOW + 360000), 0); /* a minute */
        assert_int_equal(record_overdue_ms(record, 300, NOW + 360001), 60001);
        assert_int_equal(record_overdue_ms(record, 21600, NOW + 21660001), 60001);
        /* Though its sender said that it would hold for a week. */
        assert_int_equal(record_freshness(record, NOW + 21660001), FRESHNESS_FRESH);
}

static void test_when_it_will_be_is_when_it_is_and_not_before(void **state)
{
        static const uint32_t intervals[] = { 1, 60, 300, 21600, AGREED_INTERVAL_MAX_S };
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_ED, 0);

        for (size_t i = 0; i < N_ELEMENTS(intervals); i++) {
                int64_t at_ms = record_overdue_at_ms(record, intervals[i], NOW + 5);

                assert_int_equal(record_overdue_ms(record, intervals[i], at_ms - 1), 0);
                assert_true(record_overdue_ms(record, intervals[i], at_ms) > 0);
                assert_true(record_overdue_at_ms(record, intervals[i], at_ms) == INT64_MAX);
        }
}

static void test_an_affirm_is_a_report(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, STATUS_ACTUAL, PLEK_CARE_ED, 0);
        Affirmation affirmation = { .received_at_ms = NOW + 400000, .sent_at_ms = NOW + 400000 };

        assert_true(record_overdue_ms(record, 300, NOW + 400000) > 0);
        record->affirmation = &affirmation;
        assert_int_equal(record_overdue_ms(record, 300, NOW + 400000), 0);
        assert_int_equal(record_overdue_at_ms(record, 300, NOW + 400000), NOW + 760001);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_care_goes_before_the_kind_of_location),
                cmocka_unit_test(test_where_nothing_is_agreed_nobody_is_overdue),
                cmocka_unit_test(test_an_exercise_and_a_test_owe_nothing),
                cmocka_unit_test(test_a_card_and_a_plan_owe_nothing),
                cmocka_unit_test(test_it_is_overdue_past_the_interval_and_a_tolerance),
                cmocka_unit_test(test_when_it_will_be_is_when_it_is_and_not_before),
                cmocka_unit_test(test_an_affirm_is_a_report),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
