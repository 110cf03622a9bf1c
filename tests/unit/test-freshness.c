#include <string.h>

#include "cmocka-all.h"
#include "picture/freshness.h"

#define NOW 1700000000000

/* A record of @report, alone in its memory; received at NOW, observed 10 s before it was sent. */
static Record *record_of(UpdateKind report, uint32_t plan, uint32_t valid_for_s)
{
        RecordRef ref = {
                .report = report,
                .care = PLEK_CARE_ED,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .plan = plan,
                .method = "nedocs",
        };
        Record *record;
        RecordKey key;

        record_key_make(&key, STATUS_ACTUAL, "party", "location", &ref);
        record = calloc(1, sizeof(*record) + key.n_bytes);
        assert_non_null(record);
        record->report = report;
        record->valid_for_s = valid_for_s;
        record->received_at_ms = NOW;
        record->sent_at_ms = NOW - 500;
        record->observed_at_ms = NOW - 10500;
        record->n_key = key.n_bytes;
        memcpy(record->key, key.bytes, key.n_bytes);
        return record;
}

static void test_age_counts_from_the_observation_in_two_clocks(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, 0, 60);

        assert_int_equal(record_age_ms(record, NOW), 10000);
        assert_int_equal(record_age_ms(record, NOW + 5), 10005);
}

static void test_age_is_never_negative(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, 0, 60);

        assert_int_equal(record_age_ms(record, NOW - 10000), 0);
        assert_int_equal(record_age_ms(record, NOW - 99999), 0);
        assert_int_equal(record_freshness(record, NOW - 99999), FRESHNESS_FRESH);
}

static void test_an_affirm_makes_the_observation_new(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, 0, 60);
        Affirmation affirmation = { .received_at_ms = NOW + 300000, .sent_at_ms = NOW + 299000 };

        assert_int_equal(record_freshness(record, NOW + 300000), FRESHNESS_SILENT);
        record->affirmation = &affirmation;
        assert_int_equal(record_age_ms(record, NOW + 300000), 0);
        assert_int_equal(record_age_ms(record, NOW + 300007), 7);
        assert_int_equal(record_freshness(record, NOW + 360000), FRESHNESS_FRESH);
        assert_int_equal(record_freshness(record, NOW + 360001), FRESHNESS_STALE);
}

static void test_a_record_goes_stale_then_silent_just_past_its_times(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, 0, 60);
        int64_t true_at = NOW - 10000;

        assert_int_equal(record_freshness(record, true_at + 60000), FRESHNESS_FRESH);
        assert_int_equal(record_freshness(record, true_at + 60001), FRESHNESS_STALE);
        assert_int_equal(record_freshness(record, true_at + 180000), FRESHNESS_STALE);
        assert_int_equal(record_freshness(record, true_at + 180001), FRESHNESS_SILENT);
}

static void test_next_change_is_when_freshness_differs_and_not_before(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, 0, 60);
        int64_t at = NOW;
        unsigned n = 0;

        while (record_next_change_ms(record, at) != INT64_MAX) {
                int64_t next = record_next_change_ms(record, at);

                assert_true(next > at);
                assert_int_equal(record_freshness(record, next - 1), record_freshness(record, at));
                assert_int_not_equal(record_freshness(record, next), record_freshness(record, at));
                at = next;
                n++;
        }
        assert_int_equal(n, 2);
        assert_int_equal(record_freshness(record, at), FRESHNESS_SILENT);
}

static void test_who_does_not_say_gets_what_its_kind_is_agreed_to_hold(void **state)
{
        static const UpdateKind kinds[] = { UPDATE_COUNTS, UPDATE_DOOR, UPDATE_PRESSURE };

        for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
                CLEANUP(freep) Record *record = record_of(kinds[i], 0, 0);
                int64_t valid_for_ms = (int64_t)freshness_default_valid_for_s(kinds[i]) * 1000;
                int64_t true_at = NOW - 10000;

                assert_true(valid_for_ms > 0);
                assert_int_equal(record_freshness(record, true_at + valid_for_ms), FRESHNESS_FRESH);
                assert_int_equal(record_freshness(record, true_at + valid_for_ms + 1),
                                 FRESHNESS_STALE);
        }
        assert_true(freshness_default_valid_for_s(UPDATE_PRESSURE) <
                    freshness_default_valid_for_s(UPDATE_COUNTS));
        assert_true(freshness_default_valid_for_s(UPDATE_COUNTS) <
                    freshness_default_valid_for_s(UPDATE_DOOR));
}

static void test_a_card_and_a_plan_do_not_age(void **state)
{
        CLEANUP(freep) Record *card = record_of(UPDATE_CARD, 0, 0);
        CLEANUP(freep) Record *plan = record_of(UPDATE_DOOR, 3, 60);
        CLEANUP(freep) Record *door = record_of(UPDATE_DOOR, 0, 60);

        assert_int_equal(freshness_default_valid_for_s(UPDATE_CARD), 0);
        assert_int_equal(record_freshness(card, INT64_MAX), FRESHNESS_FRESH);
        assert_true(record_next_change_ms(card, NOW) == INT64_MAX);
        assert_int_equal(record_freshness(plan, INT64_MAX), FRESHNESS_FRESH);
        assert_true(record_next_change_ms(plan, NOW) == INT64_MAX);
        assert_int_equal(record_freshness(door, INT64_MAX), FRESHNESS_SILENT);
}

static void test_absurd_times_do_not_wrap_round(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_COUNTS, 0, VALID_FOR_MAX_S);

        record->observed_at_ms = INT64_MIN + 1;
        assert_int_equal(record_freshness(record, NOW), FRESHNESS_SILENT);
        assert_int_equal(record_freshness(record, INT64_MAX), FRESHNESS_SILENT);
        record->observed_at_ms = record->sent_at_ms;
        record->received_at_ms = INT64_MAX;
        assert_int_equal(record_freshness(record, NOW), FRESHNESS_FRESH);
        assert_true(record_next_change_ms(record, NOW) == INT64_MAX);
}

static Door door_until(int64_t ends_at_ms, uint32_t on_expiry)
{
        return (Door){
                .state = PLEK_DOOR_STOP,
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = ends_at_ms,
                .review_at_ms = TIME_ABSENT,
                .on_expiry = on_expiry,
        };
}

static void test_a_door_stands_until_its_end_and_then_as_was_asked(void **state)
{
        Door keep = door_until(NOW, PLEK_ON_EXPIRY_KEEP);
        Door unknown = door_until(NOW, PLEK_ON_EXPIRY_TO_UNKNOWN);
        Door reopen = door_until(NOW, PLEK_ON_EXPIRY_REOPEN);
        Door newer = door_until(NOW, 77);

        assert_int_equal(door_standing(&keep, NOW - 1), DOOR_STANDS);
        assert_int_equal(door_standing(&keep, NOW), DOOR_EXPIRED);
        assert_int_equal(door_standing(&unknown, NOW - 1), DOOR_STANDS);
        assert_int_equal(door_standing(&unknown, NOW), DOOR_LAPSED);
        assert_int_equal(door_standing(&reopen, NOW - 1), DOOR_STANDS);
        assert_int_equal(door_standing(&reopen, NOW), DOOR_REOPENED);
        assert_int_equal(door_standing(&newer, NOW), DOOR_EXPIRED);
        assert_int_equal(door_next_change_ms(&keep, NOW - 50), NOW);
        assert_true(door_next_change_ms(&keep, NOW) == INT64_MAX);
}

static void test_a_door_without_an_end_stands_for_ever(void **state)
{
        Door door = door_until(TIME_ABSENT, PLEK_ON_EXPIRY_REOPEN);

        assert_int_equal(door_standing(&door, INT64_MAX), DOOR_STANDS);
        assert_true(door_next_change_ms(&door, NOW) == INT64_MAX);
}

static void test_a_plan_is_announced_stands_and_is_over(void **state)
{
        Door plan = door_until(NOW + 1000, PLEK_ON_EXPIRY_KEEP);

        plan.plan = 1;
        plan.starts_at_ms = NOW;
        assert_int_equal(door_standing(&plan, NOW - 1), DOOR_ANNOUNCED);
        assert_int_equal(door_next_change_ms(&plan, NOW - 1), NOW);
        assert_int_equal(door_standing(&plan, NOW), DOOR_STANDS);
        assert_int_equal(door_next_change_ms(&plan, NOW), NOW + 1000);
        assert_int_equal(door_standing(&plan, NOW + 1000), DOOR_OVER);
        assert_true(door_next_change_ms(&plan, NOW + 1000) == INT64_MAX);
}

static void test_an_offering_is_announced_stands_and_is_over_also_as_plan_0(void **state)
{
        CLEANUP(freep) Record *record = record_of(UPDATE_OFFERING, 0, 0);
        Offering offering = { .holds_from_ms = NOW, .holds_until_ms = NOW + 1000 };
        Offering always = { .holds_from_ms = TIME_ABSENT, .holds_until_ms = TIME_ABSENT };

        assert_int_equal(offering_standing(&offering, NOW - 1), DOOR_ANNOUNCED);
        assert_int_equal(offering_next_change_ms(&offering, NOW - 1), NOW);
        assert_int_equal(offering_standing(&offering, NOW), DOOR_STANDS);
        assert_int_equal(offering_next_change_ms(&offering, NOW), NOW + 1000);
        assert_int_equal(offering_standing(&offering, NOW + 1000), DOOR_OVER);
        assert_true(offering_next_change_ms(&offering, NOW + 1000) == INT64_MAX);
        assert_int_equal(offering_standing(&always, 0), DOOR_STANDS);
        assert_true(offering_next_change_ms(&always, 0) == INT64_MAX);

        assert_int_equal(freshness_default_valid_for_s(UPDATE_OFFERING), 0);
        assert_int_equal(record_freshness(record, INT64_MAX), FRESHNESS_FRESH);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_age_counts_from_the_observation_in_two_clocks),
                cmocka_unit_test(test_age_is_never_negative),
                cmocka_unit_test(test_an_affirm_makes_the_observation_new),
                cmocka_unit_test(test_a_record_goes_stale_then_silent_just_past_its_times),
                cmocka_unit_test(test_next_change_is_when_freshness_differs_and_not_before),
                cmocka_unit_test(test_who_does_not_say_gets_what_its_kind_is_agreed_to_hold),
                cmocka_unit_test(test_a_card_and_a_plan_do_not_age),
                cmocka_unit_test(test_absurd_times_do_not_wrap_round),
                cmocka_unit_test(test_a_door_stands_until_its_end_and_then_as_was_asked),
                cmocka_unit_test(test_a_door_without_an_end_stands_for_ever),
                cmocka_unit_test(test_a_plan_is_announced_stands_and_is_over),
                cmocka_unit_test(test_an_offering_is_announced_stands_and_is_over_also_as_plan_0),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
