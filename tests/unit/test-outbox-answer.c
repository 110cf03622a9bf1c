/*
 * What becomes of an update: a receipt, a refusal, or nothing at all
 */

#include "outbox-fixture.h"

/* ------------------------------------------------------------------ receipts */

static void test_no_more_unreceipted_than_allowed(void **state)
{
        Fixture fixture;

        setup(&fixture, 2);
        put_counts(&fixture, "w1", 1);
        put_counts(&fixture, "w2", 2);
        put_counts(&fixture, "w3", 3);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(next(&fixture), 0);
        assert_sends_nothing(&fixture);
        answer(&fixture, EPOCH_US, 5, 0);
        assert_sends_counts(&fixture, 3);
        assert_int_equal(outbox_n_flights(fixture.outbox), 2);
        teardown(&fixture);
}

static void test_accepted_is_told_with_its_record_and_revision(void **state)
{
        Fixture fixture;

        setup(&fixture, 2);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(outbox_n_waiting(fixture.outbox), 1);
        answer(&fixture, fixture.update.seq, 42, 0);
        assert_int_equal(fixture.news.verdict, OUTBOX_ACCEPTED);
        assert_int_equal(fixture.news.revision, 42);
        assert_string_equal(fixture.news.location, "noord");
        assert_string_equal(fixture.news.ref.unit, "w1");
        assert_int_equal(fixture.news.ref.care, PLEK_CARE_WARD);
        assert_int_equal(outbox_n_waiting(fixture.outbox), 0);

        answer(&fixture, fixture.update.seq, 42, 0);
        assert_int_equal(fixture.news.verdict, OUTBOX_STRAY);
        teardown(&fixture);
}

static void test_unreceipted_is_said_again_under_a_new_seq(void **state)
{
        uint64_t first;
        Fixture fixture;

        setup(&fixture, 2);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        first = fixture.update.seq;
        assert_sends_nothing(&fixture);
        assert_true(outbox_due(fixture.outbox) <= 2500);
        pass_ms(&fixture, outbox_due(fixture.outbox));
        assert_sends_counts(&fixture, 1);
        assert_true(fixture.update.seq > first);
        assert_int_equal(outbox_n_lost(fixture.outbox), 1);
        answer(&fixture, first, 42, 0); /* late */
        assert_int_equal(fixture.news.verdict, OUTBOX_STRAY);
        answer(&fixture, fixture.update.seq, 43, 0);
        assert_int_equal(fixture.news.verdict, OUTBOX_ACCEPTED);
        assert_int_equal(outbox_n_lost(fixture.outbox), 0);
        teardown(&fixture);
}

static void test_each_try_waits_longer_up_to_a_minute(void **state)
{
        int64_t waited_ms = 0;
        Fixture fixture;

        setup(&fixture, 2);
        put_counts(&fixture, "w1", 1);
        for (int i = 0; i < 12; i++) {
                assert_int_equal(next(&fixture), 0);
                waited_ms = outbox_due(fixture.outbox) - fixture.time.now_ms;
                assert_in_range(waited_ms, MIN(1500 << i, 45000), MIN(2500 << i, 75000));
                pass_ms(&fixture, waited_ms);
        }
        teardown(&fixture);
}

static void test_what_changed_while_it_was_under_way_is_sent_at_once(void **state)
{
        uint64_t first;
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        first = fixture.update.seq;
        put_counts(&fixture, "w1", 2);
        assert_sends_counts(&fixture, 2);
        answer(&fixture, first, 42, 0);
        assert_int_equal(fixture.news.verdict, OUTBOX_STRAY);
        assert_int_equal(outbox_n_waiting(fixture.outbox), 1);
        answer(&fixture, fixture.update.seq, 43, 0);
        assert_int_equal(fixture.news.verdict, OUTBOX_ACCEPTED);
        assert_int_equal(outbox_n_waiting(fixture.outbox), 0);
        teardown(&fixture);
}

static void test_a_lost_session_makes_everything_unreceipted_ready(void **state)
{
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        put_counts(&fixture, "w2", 2);
        assert_int_equal(next(&fixture), 0);
        answer(&fixture, fixture.update.seq, 42, 0);
        assert_int_equal(next(&fixture), 0);
        outbox_disconnected(fixture.outbox, fixture.time.now_ms);
        assert_int_equal(outbox_n_flights(fixture.outbox), 0);
        assert_sends_counts(&fixture, 2);
        assert_sends_nothing(&fixture);
        teardown(&fixture);
}

static void test_a_new_history_is_told_everything(void **state)
{
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        accept_all(&fixture);
        assert_int_equal(outbox_n_waiting(fixture.outbox), 0);
        outbox_state_all(fixture.outbox, fixture.time.now_ms);
        assert_sends_counts(&fixture, 1);
        teardown(&fixture);
}

static void test_what_could_not_be_sent_is_not_a_try(void **state)
{
        uint64_t seq;
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        seq = fixture.update.seq;
        outbox_unsent(fixture.outbox, seq, fixture.time.now_ms);
        outbox_unsent(fixture.outbox, seq, fixture.time.now_ms);
        assert_int_equal(outbox_n_flights(fixture.outbox), 0);
        assert_sends_counts(&fixture, 1);
        assert_in_range(outbox_due(fixture.outbox), 1500, 2500);
        teardown(&fixture);
}

/* ------------------------------------------------------------------ refusals */

static void test_a_wrong_record_is_not_said_again(void **state)
{
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_LOCATION);
        assert_int_equal(fixture.news.verdict, OUTBOX_REFUSED);
        assert_int_equal(outbox_n_waiting(fixture.outbox), 0);
        assert_int_equal(outbox_n_refused(fixture.outbox), 1);
        assert_int_equal(outbox_due(fixture.outbox), INT64_MAX);
        pass_ms(&fixture, 3600 * 1000);
        put_counts(&fixture, "w1", 1); /* the same */
        assert_sends_nothing(&fixture);

        outbox_retry(fixture.outbox, false);
        assert_sends_nothing(&fixture);
        outbox_retry(fixture.outbox, true); /* a new enrolment */
        assert_sends_counts(&fixture, 1);
        answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_LOCATION);
        put_counts(&fixture, "w1", 2);
        assert_sends_counts(&fixture, 2);
        teardown(&fixture);
}

static void test_an_unknown_code_is_like_policy(void **state)
{
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        answer(&fixture, fixture.update.seq, 0, 4711);
        assert_int_equal(fixture.news.verdict, OUTBOX_REFUSED);
        teardown(&fixture);
}

static void test_replay_is_said_again_above_the_floor(void **state)
{
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        outbox_raise(fixture.outbox, EPOCH_US + 77);
        answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_REPLAY);
        assert_int_equal(fixture.news.verdict, OUTBOX_AGAIN);
        assert_sends_counts(&fixture, 1);
        assert_int_equal(fixture.update.seq, EPOCH_US + 78);
        teardown(&fixture);
}

static void test_a_broker_that_cannot_write_is_not_pressed(void **state)
{
        int64_t due;
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_RETRY);
        assert_int_equal(fixture.news.verdict, OUTBOX_AGAIN);
        assert_sends_nothing(&fixture);
        due = outbox_due(fixture.outbox);
        assert_in_range(due, 3000, 7000);
        pass_ms(&fixture, due);
        assert_sends_counts(&fixture, 1);
        assert_int_equal(outbox_n_waiting(fixture.outbox), 1);
        teardown(&fixture);
}

static void test_clocks_that_differ_are_asked_for(void **state)
{
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_SEQ_AHEAD);
        assert_true(fixture.news.ask_clock);
        assert_int_equal(fixture.news.verdict, OUTBOX_AGAIN);
        assert_sends_nothing(&fixture);
        teardown(&fixture);
}

static void test_a_party_that_is_barred_tries_seldom(void **state)
{
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_SUSPENDED);
        assert_true(fixture.news.is_barred);
        assert_int_equal(fixture.news.verdict, OUTBOX_AGAIN);
        assert_true(outbox_due(fixture.outbox) >= 45000);
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_more_unreceipted_than_allowed),
                cmocka_unit_test(test_accepted_is_told_with_its_record_and_revision),
                cmocka_unit_test(test_unreceipted_is_said_again_under_a_new_seq),
                cmocka_unit_test(test_each_try_waits_longer_up_to_a_minute),
                cmocka_unit_test(test_what_changed_while_it_was_under_way_is_sent_at_once),
                cmocka_unit_test(test_a_lost_session_makes_everything_unreceipted_ready),
                cmocka_unit_test(test_a_new_history_is_told_everything),
                cmocka_unit_test(test_what_could_not_be_sent_is_not_a_try),
                cmocka_unit_test(test_a_wrong_record_is_not_said_again),
                cmocka_unit_test(test_an_unknown_code_is_like_policy),
                cmocka_unit_test(test_replay_is_said_again_above_the_floor),
                cmocka_unit_test(test_a_broker_that_cannot_write_is_not_pressed),
                cmocka_unit_test(test_clocks_that_differ_are_asked_for),
                cmocka_unit_test(test_a_party_that_is_barred_tries_seldom),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
