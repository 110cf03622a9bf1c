/*
 * What is affirmed while its source answers, and what never is
 */

#include "outbox-fixture.h"

/* Moves to when something is due, and expects an affirm. */
static void assert_affirms(Fixture *fixture)
{
        int64_t due = outbox_due(fixture->outbox);

        assert_true(due != INT64_MAX);
        if (due > fixture->time.now_ms)
                pass_ms(fixture, due - fixture->time.now_ms);
        assert_int_equal(next(fixture), 0);
        assert_int_equal(fixture->update.kind, UPDATE_AFFIRM);
}

static void answers(Fixture *fixture, const char *location, bool does)
{
        assert_int_equal(
                outbox_source_answers(fixture->outbox, location, does, fixture->time.now_ms), 0);
}

static void test_nothing_is_affirmed_while_the_source_is_silent(void **state)
{
        Fixture fixture;

        setup(&fixture, 4);
        put_counts(&fixture, "w1", 1);
        accept_all(&fixture);
        assert_int_equal(outbox_due(fixture.outbox), INT64_MAX);
        answers(&fixture, NULL, true);
        assert_true(outbox_due(fixture.outbox) < INT64_MAX);
        answers(&fixture, "noord", false);
        assert_int_equal(outbox_due(fixture.outbox), INT64_MAX);
        answers(&fixture, "zuid", true);
        assert_int_equal(outbox_due(fixture.outbox), INT64_MAX);
        answers(&fixture, NULL, true);
        assert_affirms(&fixture);
        teardown(&fixture);
}

static void test_affirms_come_before_half_of_what_is_valid(void **state)
{
        int64_t renewed_ms = 0;
        uint64_t seq;
        Update longer = counts_of("w2", 2);
        Fixture fixture;

        setup(&fixture, 4);
        longer.valid_for_s = 6000;
        answers(&fixture, NULL, true);
        put(&fixture, &longer);
        put_counts(&fixture, "w1", 1); /* 600 s */
        accept_all(&fixture);
        for (int i = 0; i < 20; i++) {
                seq = fixture.update.seq;
                assert_affirms(&fixture);
                assert_in_range(fixture.time.now_ms - renewed_ms, 150 * 1000, 300 * 1000);
                assert_string_equal(fixture.update.location, "noord");
                assert_int_equal(fixture.update.affirm.lane, LANE_COUNTS);
                assert_int_equal(fixture.update.affirm.n_apart_from, 0);
                assert_true(fixture.update.affirm.up_to_seq >= seq);
                assert_true(fixture.update.affirm.up_to_seq < fixture.update.seq);
                renewed_ms = fixture.time.now_ms;
                answer(&fixture, fixture.update.seq, 50, 0);
                assert_int_equal(fixture.news.verdict, OUTBOX_AFFIRMED);
        }
        teardown(&fixture);
}

static void test_an_affirm_excepts_what_the_broker_has_an_older_word_of(void **state)
{
        Fixture fixture;
        uint64_t last;

        setup(&fixture, 8);
        answers(&fixture, NULL, true);
        put_counts(&fixture, "w1", 1);
        put_counts(&fixture, "w2", 1);
        put_counts(&fixture, "w3", 1);
        put_counts(&fixture, "w4", 1);
        accept_all(&fixture);
        put_counts(&fixture, "w1", 2);
        assert_sends_counts(&fixture, 2); /* not answered */
        pass_ms(&fixture, 299 * 1000 - 2500);
        put_counts(&fixture, "w2", 2);
        assert_int_equal(next(&fixture), 0);
        while (fixture.update.kind != UPDATE_AFFIRM)
                assert_int_equal(next(&fixture), 0);

        assert_int_equal(fixture.update.affirm.n_apart_from, 2);
        assert_string_equal(fixture.update.affirm.apart_from[0].unit, "w1");
        assert_string_equal(fixture.update.affirm.apart_from[1].unit, "w2");
        last = fixture.update.seq;
        answer(&fixture, last, 60, 0);
        teardown(&fixture);
}

static void test_a_record_that_was_never_accepted_is_not_affirmed(void **state)
{
        Fixture fixture;

        setup(&fixture, 8);
        answers(&fixture, NULL, true);
        put_counts(&fixture, "w1", 1);
        assert_int_equal(next(&fixture), 0);
        answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_POLICY);
        assert_int_equal(outbox_due(fixture.outbox), INT64_MAX);
        teardown(&fixture);
}

static void test_a_forgotten_record_is_excepted_from_affirms_until_it_is_put_again(void **state)
{
        RecordRef ref = ref_of("w1");
        Fixture fixture;

        setup(&fixture, 8);
        assert_int_equal(outbox_forget(fixture.outbox, STATUS_ACTUAL, "noord", &ref),
                         OUTBOX_E_NOTHING);
        answers(&fixture, NULL, true);
        put_counts(&fixture, "w1", 1);
        put_counts(&fixture, "w2", 1);
        accept_all(&fixture);
        assert_int_equal(outbox_forget(fixture.outbox, STATUS_ACTUAL, "noord", &ref), 0);
        for (int i = 0; i < 2; i++) {
                assert_affirms(&fixture);
                assert_int_equal(fixture.update.affirm.n_apart_from, 1);
                assert_string_equal(fixture.update.affirm.apart_from[0].unit, "w1");
                answer(&fixture, fixture.update.seq, 60, 0);
        }
        assert_int_equal(outbox_n_waiting(fixture.outbox), 0);

        put_counts(&fixture, "w1", 1); /* as it was: said again, as nothing renewed it */
        assert_sends_counts(&fixture, 1);
        teardown(&fixture);
}

static void test_equal_reports_are_not_sent_while_affirmed(void **state)
{
        Fixture fixture;

        setup(&fixture, 8);
        put_counts(&fixture, "w1", 1);
        accept_all(&fixture);
        put_counts(&fixture, "w1", 1);
        assert_sends_counts(&fixture, 1); /* nobody else renews its age */
        answer(&fixture, fixture.update.seq, 9, 0);
        answers(&fixture, NULL, true);
        put_counts(&fixture, "w1", 1);
        assert_sends_nothing(&fixture);
        teardown(&fixture);
}

static void test_an_affirm_without_receipt_is_made_anew(void **state)
{
        uint64_t seq;
        Fixture fixture;

        setup(&fixture, 8);
        answers(&fixture, NULL, true);
        put_counts(&fixture, "w1", 1);
        accept_all(&fixture);
        assert_affirms(&fixture);
        seq = fixture.update.seq;
        assert_sends_nothing(&fixture);
        assert_affirms(&fixture);
        assert_true(fixture.update.seq > seq);
        answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_RETRY);
        assert_int_equal(fixture.news.verdict, OUTBOX_AFFIRMED);
        assert_sends_nothing(&fixture);
        assert_true(outbox_due(fixture.outbox) > fixture.time.now_ms + 3000);
        assert_affirms(&fixture);
        teardown(&fixture);
}

static void test_a_restatement_is_as_young_as_the_last_affirm(void **state)
{
        int64_t affirmed_ms;
        Fixture fixture;

        setup(&fixture, 8);
        answers(&fixture, NULL, true);
        put_counts(&fixture, "w1", 1);
        accept_all(&fixture);
        assert_affirms(&fixture);
        affirmed_ms = fixture.update.sent_at_ms;
        answer(&fixture, fixture.update.seq, 9, 0);
        pass_ms(&fixture, 10000);
        outbox_state_all(fixture.outbox, fixture.time.now_ms);
        assert_sends_counts(&fixture, 1);
        assert_int_equal(fixture.update.observed_at_ms, affirmed_ms);
        teardown(&fixture);
}

static void test_plans_and_cards_need_no_affirm(void **state)
{
        Update plan = door_of(PLEK_DOOR_CLOSED);
        Fixture fixture;

        setup(&fixture, 8);
        plan.door.plan = 1;
        plan.door.starts_at_ms = EPOCH_US / 1000 + 1000;
        plan.door.ends_at_ms = EPOCH_US / 1000 + 2000;
        answers(&fixture, NULL, true);
        put(&fixture, &plan);
        accept_all(&fixture);
        assert_int_equal(outbox_due(fixture.outbox), INT64_MAX);
        teardown(&fixture);
}

static void test_too_many_exceptions_are_stated_one_by_one(void **state)
{
        size_t n_counts = 0, n_affirms = 0;
        char unit[16];
        Fixture fixture;

        setup(&fixture, 600);
        answers(&fixture, NULL, true);
        for (int i = 0; i < 300; i++) {
                snprintf(unit, sizeof(unit), "w%d", i);
                put_counts(&fixture, unit, 1);
        }
        accept_all(&fixture);
        for (int i = 0; i < 290; i++) {
                snprintf(unit, sizeof(unit), "w%d", i);
                put_counts(&fixture, unit, 2);
        }
        while (next(&fixture) == 0)
                answer(&fixture, fixture.update.seq, 0, PLEK_REFUSED_POLICY);
        pass_ms(&fixture, outbox_due(fixture.outbox) - fixture.time.now_ms);
        while (next(&fixture) == 0) {
                n_counts += fixture.update.kind == UPDATE_COUNTS;
                n_affirms += fixture.update.kind == UPDATE_AFFIRM;
                answer(&fixture, fixture.update.seq, 1000, 0);
        }
        assert_int_equal(n_counts, 10);
        assert_int_equal(n_affirms, 0);
        teardown(&fixture);
}

static size_t again(Fixture *fixture, Status status, uint32_t care)
{
        return outbox_state_again(
                fixture->outbox,
                &(Call){ .status = status, .cares = { care }, .n_cares = care != 0 });
}

static void test_a_call_is_answered_with_reports_where_the_source_answers(void **state)
{
        Fixture fixture;
        Update door = door_of(PLEK_DOOR_OPEN), exercise = counts_of("w2", 2);

        setup(&fixture, 4);
        exercise.status = STATUS_EXERCISE;
        put(&fixture, &door);
        put(&fixture, &exercise);
        put_counts(&fixture, "w1", 1);
        accept_all(&fixture);
        assert_int_equal(again(&fixture, STATUS_ACTUAL, 0), 0); /* it does not answer */

        answers(&fixture, NULL, true);
        assert_int_equal(again(&fixture, STATUS_ACTUAL, 0), 2);
        assert_int_equal(again(&fixture, STATUS_ACTUAL, 0), 0); /* they are on their way */
        accept_all(&fixture);
        assert_int_equal(again(&fixture, STATUS_EXERCISE, PLEK_CARE_WARD), 1);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.kind, UPDATE_COUNTS);
        assert_int_equal(fixture.update.status, STATUS_EXERCISE);
        accept_all(&fixture);
        /* The door is the whole location's, and so is about that care, too. */
        assert_int_equal(again(&fixture, STATUS_ACTUAL, PLEK_CARE_ED), 1);
        assert_int_equal(next(&fixture), 0);
        assert_int_equal(fixture.update.kind, UPDATE_DOOR);
        teardown(&fixture);
}

static void test_a_call_on_locations_is_answered_of_those_alone(void **state)
{
        Update other = counts_of("w2", 2);
        Call call = { .status = STATUS_ACTUAL, .region = "", .n_locations = 2 };
        Fixture fixture;

        setup(&fixture, 4);
        other.location = "zuid";
        put_counts(&fixture, "w1", 1);
        put(&fixture, &other);
        accept_all(&fixture);
        answers(&fixture, NULL, true);
        call.locations[0] = "elders";
        call.locations[1] = "zuid";
        assert_int_equal(outbox_state_again(fixture.outbox, &call), 1);
        assert_int_equal(next(&fixture), 0);
        assert_string_equal(fixture.update.location, "zuid");
        call.n_locations = 1;
        assert_int_equal(outbox_state_again(fixture.outbox, &call), 0);
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_affirmed_while_the_source_is_silent),
                cmocka_unit_test(test_affirms_come_before_half_of_what_is_valid),
                cmocka_unit_test(test_an_affirm_excepts_what_the_broker_has_an_older_word_of),
                cmocka_unit_test(test_a_record_that_was_never_accepted_is_not_affirmed),
                cmocka_unit_test(
                        test_a_forgotten_record_is_excepted_from_affirms_until_it_is_put_again),
                cmocka_unit_test(test_equal_reports_are_not_sent_while_affirmed),
                cmocka_unit_test(test_an_affirm_without_receipt_is_made_anew),
                cmocka_unit_test(test_a_restatement_is_as_young_as_the_last_affirm),
                cmocka_unit_test(test_plans_and_cards_need_no_affirm),
                cmocka_unit_test(test_too_many_exceptions_are_stated_one_by_one),
                cmocka_unit_test(test_a_call_is_answered_with_reports_where_the_source_answers),
                cmocka_unit_test(test_a_call_on_locations_is_answered_of_those_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
