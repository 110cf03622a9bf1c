/*
 * What is put and withdrawn: what becomes an update, and in which order
 */

#include "outbox-fixture.h"

#include "lib/outbox-internal.h"

/* ------------------------------------------------------------------ putting */

static void test_report_that_is_not_allowed_changes_nothing(void **state)
{
        Update update = counts_of("w1", 200000);
        WireRefusal refusal = { 0 };
        Fixture fixture;

        setup(&fixture, 4);
        assert_int_equal(outbox_put(fixture.outbox, &update, 0, 0, &refusal), OUTBOX_E_INVALID);
        assert_int_equal(refusal.code, PLEK_REFUSED_FIELD);
        assert_int_equal(outbox_n_waiting(fixture.outbox), 0);
        assert_sends_nothing(&fixture);
        teardown(&fixture);
}

static void test_no_more_records_than_allowed(void **state)
{
        WireRefusal refusal = { 0 };
        Update update;
        Fixture fixture;
        char unit[16];

        setup(&fixture, 4);
        for (int i = 0; i < 1000; i++) {
                snprintf(unit, sizeof(unit), "w%d", i);
                put_counts(&fixture, unit, 1);
        }
        update = counts_of("more", 1);
        assert_int_equal(outbox_put(fixture.outbox, &update, 0, 0, &refusal), OUTBOX_E_FULL);
        put_counts(&fixture, "w5", 2); /* what is held may change */
        assert_int_equal(outbox_n_waiting(fixture.outbox), 1000);
        teardown(&fixture);
}

static void test_only_the_latest_of_a_record_is_sent(void **state)
{
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        put_counts(&fixture, "w1", 2);
        put_counts(&fixture, "w1", 3);
        assert_sends_counts(&fixture, 3);
        assert_sends_nothing(&fixture);
        teardown(&fixture);
}

static void test_seq_is_the_brokers_time_and_always_rises(void **state)
{
        uint64_t first;
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        put_counts(&fixture, "w2", 2);
        assert_int_equal(next(&fixture), 0);
        first = fixture.update.seq;
        assert_int_equal(first, EPOCH_US);
        assert_int_equal(fixture.update.instance, 7);
        assert_int_equal(fixture.update.sent_at_ms, EPOCH_US / 1000);
        assert_true(fixture.update.not_after_ms > fixture.update.sent_at_ms);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.seq, first + 1);

        outbox_raise(fixture.outbox, first + 5000);
        put_counts(&fixture, "w3", 3);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.seq, first + 5001);
        teardown(&fixture);
}

static void test_age_does_not_depend_on_when_it_is_sent(void **state)
{
        Update update = counts_of("w1", 1);
        WireRefusal refusal;
        Fixture fixture;

        setup(&fixture, 4);
        pass_ms(&fixture, 60000);
        assert_int_equal(outbox_put(fixture.outbox, &update, 20000, 60000, &refusal), 0);
        pass_ms(&fixture, 5000);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.sent_at_ms - fixture.update.observed_at_ms, 45000);
        teardown(&fixture);
}

static void test_a_report_from_the_future_is_of_now(void **state)
{
        Update update = counts_of("w1", 1);
        WireRefusal refusal;
        Fixture fixture;

        setup(&fixture, 4);
        assert_int_equal(outbox_put(fixture.outbox, &update, 99999, 0, &refusal), 0);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.sent_at_ms, fixture.update.observed_at_ms);
        teardown(&fixture);
}

static void test_doors_go_before_everything_else(void **state)
{
        Update door = door_of(PLEK_DOOR_STOP);
        Update card = {
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = "noord",
                .kind = UPDATE_CARD,
                .card = { .name = "Noord", .kind = "V6" },
        };
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        put(&fixture, &card);
        put(&fixture, &door);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.kind, UPDATE_DOOR);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.kind, UPDATE_CARD);
        assert_sends_counts(&fixture, 1);
        teardown(&fixture);
}

/* ------------------------------------------------------------------ withdrawing */

static void test_a_withdrawal_is_sent_until_it_is_receipted(void **state)
{
        RecordRef ref = ref_of("w1");
        WireRefusal refusal;
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        accept_all(&fixture);
        assert_true(outbox_holds(fixture.outbox, STATUS_ACTUAL, "noord", &ref));
        assert_int_equal(outbox_withdraw(fixture.outbox, STATUS_ACTUAL, "noord", &ref, 0, &refusal),
                         0);
        assert_false(outbox_holds(fixture.outbox, STATUS_ACTUAL, "noord", &ref));
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.kind, UPDATE_WITHDRAW);
        assert_string_equal(fixture.update.withdraw.unit, "w1");
        pass_ms(&fixture, outbox_due(fixture.outbox));
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.kind, UPDATE_WITHDRAW);
        answer(&fixture, fixture.update.seq, 44, 0);
        assert_int_equal(fixture.news.verdict, OUTBOX_ACCEPTED);
        assert_string_equal(fixture.news.ref.unit, "w1");
        outbox_state_all(fixture.outbox, fixture.time.now_ms);
        assert_sends_nothing(&fixture); /* nothing is left of it */
        teardown(&fixture);
}

static void test_what_comes_back_is_not_withdrawn(void **state)
{
        RecordRef ref = ref_of("w1");
        uint64_t withdrawal;
        WireRefusal refusal;
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        accept_all(&fixture);
        assert_int_equal(outbox_withdraw(fixture.outbox, STATUS_ACTUAL, "noord", &ref, 0, &refusal),
                         0);
        assert_int_equal(next(&fixture), 0);
        withdrawal = fixture.update.seq;
        put_counts(&fixture, "w1", 1);
        assert_sends_counts(&fixture, 1);
        answer(&fixture, withdrawal, 43, 0);
        assert_int_equal(fixture.news.verdict, OUTBOX_STRAY);
        assert_true(outbox_holds(fixture.outbox, STATUS_ACTUAL, "noord", &ref));
        teardown(&fixture);
}

static void test_a_withdrawal_of_what_is_unknown_is_sent_too(void **state)
{
        RecordRef ref = ref_of("old");
        WireRefusal refusal;
        Fixture fixture;

        setup(&fixture, 4);
        assert_int_equal(outbox_withdraw(fixture.outbox, STATUS_ACTUAL, "noord", &ref, 0, &refusal),
                         0);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.kind, UPDATE_WITHDRAW);
        teardown(&fixture);
}

/* ------------------------------------------------------------------ waiting */

/* So that all agents of a region do not come back in the same moment. */
static void test_waits_are_spread_by_a_quarter_and_differ_by_seed(void **state)
{
        enum { WAIT_MS = 10000, N_WAITS = 1000 };
        Outbox *outboxes[2];
        int64_t waits[2], least = INT64_MAX, most = 0;
        unsigned n_same = 0;

        for (uint32_t i = 0; i < 2; i++)
                assert_int_equal(outbox_new(&outboxes[i], &(OutboxOptions){ .instance = 7,
                                                                            .n_flights_max = 1,
                                                                            .n_items_max = 1,
                                                                            .seed = 1 + i }),
                                 0);
        for (unsigned n = 0; n < N_WAITS; n++) {
                for (unsigned i = 0; i < 2; i++) {
                        waits[i] = outbox_jitter(outboxes[i], WAIT_MS);
                        assert_in_range(waits[i], WAIT_MS * 3 / 4, WAIT_MS * 5 / 4);
                        least = MIN(least, waits[i]);
                        most = MAX(most, waits[i]);
                }
                n_same += waits[0] == waits[1];
        }
        assert_true(n_same < N_WAITS / 100);
        assert_true(least < WAIT_MS * 76 / 100 && most > WAIT_MS * 124 / 100);
        for (unsigned i = 0; i < 2; i++)
                outbox_free(outboxes[i]);
}

static Update offering_of(int64_t holds_from_ms)
{
        return (Update){
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = "noord",
                .kind = UPDATE_OFFERING,
                .offering = { .care = PLEK_CARE_ED,
                              .holds_from_ms = holds_from_ms,
                              .holds_until_ms = TIME_ABSENT },
        };
}

static void test_what_is_offered_may_say_since_when_it_holds(void **state)
{
        const int64_t begins_ms[] = { 0, EPOCH_US / 1000 - 1, EPOCH_US / 1000 + 60 * 1000 };
        Fixture fixture;

        setup(&fixture, 8);
        for (size_t i = 0; i < N_ELEMENTS(begins_ms); i++) {
                Update update = offering_of(begins_ms[i]);

                put(&fixture, &update);
                assert_int_equal(next(&fixture), 0);
                assert_int_equal(fixture.update.kind, UPDATE_OFFERING);
                assert_true(fixture.update.offering.holds_from_ms == begins_ms[i]);
                assert_true(fixture.update.sent_at_ms == EPOCH_US / 1000);
                assert_true(fixture.update.observed_at_ms == EPOCH_US / 1000);
                answer(&fixture, fixture.update.seq, 100 + i, 0);
                put(&fixture, &update); /* equal reports are equal bytes */
                assert_int_equal(outbox_n_waiting(fixture.outbox), 1);
                accept_all(&fixture);
        }
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_report_that_is_not_allowed_changes_nothing),
                cmocka_unit_test(test_no_more_records_than_allowed),
                cmocka_unit_test(test_only_the_latest_of_a_record_is_sent),
                cmocka_unit_test(test_seq_is_the_brokers_time_and_always_rises),
                cmocka_unit_test(test_age_does_not_depend_on_when_it_is_sent),
                cmocka_unit_test(test_a_report_from_the_future_is_of_now),
                cmocka_unit_test(test_doors_go_before_everything_else),
                cmocka_unit_test(test_a_withdrawal_is_sent_until_it_is_receipted),
                cmocka_unit_test(test_what_comes_back_is_not_withdrawn),
                cmocka_unit_test(test_a_withdrawal_of_what_is_unknown_is_sent_too),
                cmocka_unit_test(test_waits_are_spread_by_a_quarter_and_differ_by_seed),
                cmocka_unit_test(test_what_is_offered_may_say_since_when_it_holds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
