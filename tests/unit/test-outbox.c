#include "cmocka-all.h"

#include <string.h>

#include "lib/outbox.h"
#include "plek/codes.h"

/* The broker's clock starts here, ours at zero. */
#define EPOCH_US INT64_C(1767225600000000)

typedef struct Fixture {
        Outbox *outbox;
        Arena *arena;
        OutboxTime time;
        Update update; /* the last that was sent */
        OutboxNews news;
} Fixture;

static void setup(Fixture *fixture, size_t n_flights_max)
{
        *fixture = (Fixture){ .time.broker_us = EPOCH_US };
        assert_int_equal(arena_new(&fixture->arena, 4 * 1024 * 1024), 0);
        assert_int_equal(outbox_new(&fixture->outbox,
                                    &(OutboxOptions){
                                            .instance = 7,
                                            .n_flights_max = n_flights_max,
                                            .n_items_max = 1000,
                                            .seed = 12345,
                                    }),
                         0);
}

static void teardown(Fixture *fixture)
{
        outbox_free(fixture->outbox);
        arena_free(fixture->arena);
}

static void pass_ms(Fixture *fixture, int64_t ms)
{
        fixture->time.now_ms += ms;
        fixture->time.broker_us += ms * 1000;
}

static Update counts_of(const char *unit, int32_t occupied)
{
        Update update = {
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = "noord",
                .unit = unit,
                .valid_for_s = 600,
                .kind = UPDATE_COUNTS,
                .counts = { .care = PLEK_CARE_WARD },
        };

        update.counts.present[COUNT_OCCUPIED] = true;
        update.counts.value[COUNT_OCCUPIED] = occupied;
        return update;
}

static Update door_of(uint32_t door_state)
{
        return (Update){
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = "noord",
                .valid_for_s = 600,
                .kind = UPDATE_DOOR,
                .door = {
                        .state = door_state,
                        .care = CODE_ABSENT,
                        .patient_group = CODE_ABSENT,
                        .urgency = CODE_ABSENT,
                        .starts_at_ms = TIME_ABSENT,
                        .ends_at_ms = TIME_ABSENT,
                        .review_at_ms = TIME_ABSENT,
                        .on_expiry = PLEK_ON_EXPIRY_KEEP,
                },
        };
}

static void put(Fixture *fixture, const Update *update)
{
        WireRefusal refusal = { 0 };

        if (outbox_put(fixture->outbox, update, fixture->time.now_ms, fixture->time.now_ms,
                       &refusal))
                fail_msg("refused: %s: %s", refusal.field, refusal.text);
}

static void put_counts(Fixture *fixture, const char *unit, int32_t occupied)
{
        Update update = counts_of(unit, occupied);

        put(fixture, &update);
}

/* Sends the next one. */
static int next(Fixture *fixture)
{
        arena_reset(fixture->arena);
        return outbox_next(fixture->outbox, &fixture->time, fixture->arena, &fixture->update);
}

static void answer(Fixture *fixture, uint64_t seq, uint64_t revision, uint32_t code)
{
        outbox_outcome(fixture->outbox,
                       &(Outcome){ .seq = seq, .revision = revision, .refusal.code = code },
                       fixture->time.now_ms, &fixture->news);
}

static void accept_all(Fixture *fixture)
{
        uint64_t revision = 100;

        while (next(fixture) == 0)
                answer(fixture, fixture->update.seq, revision++, 0);
}

static void assert_sends_nothing(Fixture *fixture)
{
        assert_int_equal(next(fixture), OUTBOX_E_NOTHING);
}

static void assert_sends_counts(Fixture *fixture, int32_t occupied)
{
        assert_int_equal(next(fixture), 0);
        assert_int_equal(fixture->update.kind, UPDATE_COUNTS);
        assert_int_equal(fixture->update.counts.value[COUNT_OCCUPIED], occupied);
}

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

/* ------------------------------------------------------------------ withdrawing */

static RecordRef ref_of(const char *unit)
{
        return (RecordRef){
                .report = UPDATE_COUNTS,
                .unit = unit,
                .care = PLEK_CARE_WARD,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
        };
}

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

/* ------------------------------------------------------------------ affirming */

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
                cmocka_unit_test(test_a_withdrawal_is_sent_until_it_is_receipted),
                cmocka_unit_test(test_what_comes_back_is_not_withdrawn),
                cmocka_unit_test(test_a_withdrawal_of_what_is_unknown_is_sent_too),
                cmocka_unit_test(test_nothing_is_affirmed_while_the_source_is_silent),
                cmocka_unit_test(test_affirms_come_before_half_of_what_is_valid),
                cmocka_unit_test(test_an_affirm_excepts_what_the_broker_has_an_older_word_of),
                cmocka_unit_test(test_a_record_that_was_never_accepted_is_not_affirmed),
                cmocka_unit_test(test_a_forgotten_record_is_excepted_from_affirms_until_it_is_put_again),
                cmocka_unit_test(test_equal_reports_are_not_sent_while_affirmed),
                cmocka_unit_test(test_an_affirm_without_receipt_is_made_anew),
                cmocka_unit_test(test_a_restatement_is_as_young_as_the_last_affirm),
                cmocka_unit_test(test_plans_and_cards_need_no_affirm),
                cmocka_unit_test(test_too_many_exceptions_are_stated_one_by_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
