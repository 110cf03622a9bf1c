#include "lib/place.h"
#include "replica-fixture.h"

#define COUNTS "pic/oost/counts/"
#define STATUS "pic/oost/status/"

/* ------------------------------------------------------------------ withdrawals, audience */

static void withdraw(Voice *voice, const char *unit, uint64_t revision, uint64_t previous)
{
        WithdrawnRecord withdrawn = {
                .status = STATUS_ACTUAL,
                .party = "duin",
                .location = "noord",
                .ref = { .report = UPDATE_COUNTS,
                         .unit = unit,
                         .care = PLEK_CARE_WARD,
                         .patient_group = CODE_ABSENT,
                         .urgency = CODE_ABSENT },
                .cause = WITHDRAWN_BY_PARTY,
        };
        Entry entry = {
                .revision = revision,
                .changed_revision = revision,
                .received_at_ms = voice->time.broker_ms,
                .since_ms = voice->time.broker_ms,
                .withdrawn = &withdrawn,
        };

        assert_int_equal(take_frame(voice,
                                    block_of(voice, &(BlockOf){ .topic = COUNTS,
                                                                .entries = &entry,
                                                                .n_entries = 1,
                                                                .first = revision,
                                                                .last = revision,
                                                                .previous = previous }),
                                    LANE_COUNTS),
                         0);
}

static void assert_is_first_gone(const Voice *voice, const Withdrawn *withdrawn)
{
        PlacesMemory memory = place_memory(voice->replica);
        const void *cursor = NULL;
        PlacesGone gone;
        size_t n = 1;

        assert_true(memory.next(memory.arg, &cursor, &gone));
        assert_ptr_equal(gone.key, &withdrawn->key);
        assert_true(gone.at_ms == withdrawn->at_ms);
        assert_string_equal(gone.region, withdrawn->region);
        while (memory.next(memory.arg, &cursor, &gone))
                n++;
        assert_true(n > 1);
}

static void test_withdrawn_is_remembered_and_is_not_never_reported(void **state)
{
        const Withdrawn *withdrawn;
        Voice voice;
        char unit[8];

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        for (int i = 1; i <= 5; i++) {
                snprintf(unit, sizeof(unit), "w%d", i);
                assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, unit, i),
                                         i == 1 ? 0 : voice.revision),
                                 0);
        }
        for (int i = 1; i <= 4; i++) {
                snprintf(unit, sizeof(unit), "w%d", i);
                withdraw(&voice, unit, voice.revision + 1, voice.revision);
                voice.revision++;
        }
        assert_int_equal(n_records(&voice), 1);
        assert_int_equal(voice.n_withdrawn, 4);
        assert_int_equal(voice.cause, WITHDRAWN_BY_PARTY);
        /* Three are remembered; the first is forgotten, as if it had never been. */
        withdrawn = replica_next_withdrawn(voice.replica, NULL);
        assert_int_equal(withdrawn->revision, 9);
        assert_non_null(replica_find_withdrawn(voice.replica, &withdrawn->key));

        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w2", 2), voice.revision), 0);
        assert_int_equal(last_told(&voice)->change, PLEK_CHANGE_NEW);
        withdrawn = replica_next_withdrawn(voice.replica, NULL);
        assert_int_equal(withdrawn->revision, 10); /* w2 is there again */
        assert_is_first_gone(&voice, withdrawn);   /* as find and impact are told of it */
        voice_teardown(&voice);
}

static void test_a_withdrawal_of_before_does_not_end_what_is_newer(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        voice.revision = 9;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 2), 3), 0);
        /* A block that spans it: its withdrawal at 5 is older than the record's last change. */
        withdraw(&voice, "w1", 5, 3);
        assert_int_equal(n_records(&voice), 1);
        voice_teardown(&voice);
}

static void test_who_may_read_less_keeps_nothing(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice.revision = 2;
        hello(&voice, AUDIENCE_COORD);
        assert_int_equal(expect_ask(&voice, "reg/").audience, AUDIENCE_COORD);
        replica_session_lost(voice.replica, &voice.time);
        hello(&voice, AUDIENCE_CARE);
        answer_registry(&voice);
        answer_empty(&voice, STATUS);
        answer_empty(&voice, COUNTS);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        assert_int_equal(n_records(&voice), 1);

        hello(&voice, AUDIENCE_COORD); /* more: nothing is dropped, all is asked for anew */
        assert_int_equal(n_records(&voice), 1);
        assert_position(&voice, COUNTS, 0, 0);
        hello(&voice, AUDIENCE_CARE);
        assert_int_equal(n_records(&voice), 0);
        assert_int_equal(last_told(&voice)->change, PLEK_CHANGE_DROPPED);
        voice_teardown(&voice);
}

/* ------------------------------------------------------------------ epochs */

static void next_epoch(Voice *voice, uint64_t number, bool continues, uint64_t revision)
{
        voice->epoch = (Epoch){
                .epoch = number,
                .opened_at_ms = voice->time.broker_ms,
                .continues = continues,
                .previous_epoch = voice->epoch.epoch,
                .previous_revision = revision,
                .cause = continues ? "start" : "rolled-back",
                .broker = *secret_key_public(voice->broker),
        };
}

static void test_a_restart_that_continues_costs_nothing(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        next_epoch(&voice, 2, true, 3);
        replica_epoch(voice.replica, &voice.epoch, &voice.time);
        assert_position(&voice, COUNTS, 2, 3);
        voice.revision = 4; /* the opening's own */
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 2), 3), 0);
        assert_int_equal(last_told(&voice)->occupied, 2);
        expect_no_ask(&voice);
        assert_int_equal(voice.n_alarms, 0);
        voice_teardown(&voice);
}

static void test_a_block_of_an_unknown_epoch_waits_for_its_opening(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        next_epoch(&voice, 2, true, 2);
        voice.revision = 3;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 2), 0);
        assert_int_equal(n_records(&voice), 0);
        assert_int_equal(beat(&voice, LANE_COUNTS, NULL, 0), 0);
        pass_ms(&voice, 0);
        assert_int_equal(n_records(&voice), 1);
        assert_position(&voice, COUNTS, 2, 4);
        expect_no_ask(&voice);
        voice_teardown(&voice);
}

static void test_an_opening_that_does_not_come_is_asked_around(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        next_epoch(&voice, 2, true, 2);
        voice.revision = 3;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 2), 0);
        assert_int_equal(expect_ask(&voice, COUNTS).revision, 2);
        assert_int_equal(
                answer(&voice,
                       &(AnswerOf){ .topic = COUNTS, .from = 2, .to = 3, .reg_revision = 2 }),
                0);
        assert_int_equal(n_records(&voice), 1);
        assert_position(&voice, COUNTS, 2, 4);
        voice_teardown(&voice);
}

static void test_a_frame_of_an_epoch_of_before_is_not_asked_about_for_ever(void **state)
{
        Voice voice;
        Epoch now;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        next_epoch(&voice, 2, true, 2);
        replica_epoch(voice.replica, &voice.epoch, &voice.time);
        now = voice.epoch;
        voice.epoch.epoch = 1;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 2), 0);
        voice.epoch = now;
        (void)expect_ask(&voice, COUNTS);
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = COUNTS, .from = 2, .to = 3 }), 0);
        expect_no_ask(&voice);
        assert_true(replica_is_in_sync(voice.replica));
        voice_teardown(&voice);
}

static void test_an_epoch_that_does_not_continue_drops_everything(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        next_epoch(&voice, 2, false, 0);
        replica_epoch(voice.replica, &voice.epoch, &voice.time);
        assert_int_equal(voice.alarm, PLEK_ALARM_ROLLED_BACK);
        assert_int_equal(n_records(&voice), 0);
        assert_int_equal(registry_n_parties(replica_registry(voice.replica)), 0);
        assert_int_equal(expect_ask(&voice, "reg/").revision, 0);
        voice_teardown(&voice);
}

static void test_nor_does_it_keep_what_has_lost_its_position(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        hello(&voice, AUDIENCE_COORD); /* we may read more: all is asked for anew, */
        replica_session_lost(voice.replica, &voice.time); /* and the broker is lost */
        assert_position(&voice, COUNTS, 0, 0);
        assert_int_equal(n_records(&voice), 1);

        next_epoch(&voice, 2, false, 0);
        hello(&voice, AUDIENCE_COORD);
        assert_int_equal(voice.alarm, PLEK_ALARM_ROLLED_BACK);
        assert_int_equal(n_records(&voice), 0);
        assert_int_equal(registry_n_parties(replica_registry(voice.replica)), 0);
        voice_teardown(&voice);
}

static void test_a_restart_that_lost_what_we_have_is_an_alarm(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        next_epoch(&voice, 2, true, 2); /* but we have 3 */
        replica_epoch(voice.replica, &voice.epoch, &voice.time);
        assert_int_equal(voice.alarm, PLEK_ALARM_ROLLED_BACK);
        assert_int_equal(n_records(&voice), 0);
        voice_teardown(&voice);
}

static void test_who_missed_an_epoch_asks_with_the_old_position(void **state)
{
        ReplicaAsk ask;
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        replica_session_lost(voice.replica, &voice.time);
        next_epoch(&voice, 2, true, 3);
        next_epoch(&voice, 3, true, 4);
        voice.revision = 5;
        hello(&voice, AUDIENCE_CARE);
        ask = expect_ask(&voice, "reg/");
        assert_int_equal(ask.epoch, 1);
        assert_int_equal(ask.revision, 2);
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = "reg/", .from = 2, .to = 5 }), 0);
        assert_int_equal(n_records(&voice), 1);
        assert_int_equal(voice.n_alarms, 0);
        (void)expect_ask(&voice, STATUS);
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = STATUS, .from = 2, .to = 5 }), 0);
        ask = expect_ask(&voice, COUNTS);
        assert_int_equal(ask.epoch, 1);
        assert_int_equal(ask.revision, 3);
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = COUNTS, .from = 3, .to = 5 }), 0);
        assert_position(&voice, COUNTS, 3, 5);
        assert_int_equal(n_records(&voice), 1);
        voice_teardown(&voice);
}

static void test_two_heads_of_one_revision_are_an_equivocation(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        voice.revision = 2;
        voice.head[31] = 1; /* another history, signed as well */
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 2), 0), 0);
        assert_int_equal(voice.n_alarms, 1);
        assert_int_equal(voice.alarm, PLEK_ALARM_EQUIVOCATION);
        voice_teardown(&voice);
}

/* ------------------------------------------------------------------ time */

static void test_freshness_by_time_alone_is_told_once_for_each_step(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        voice.n_told = 0;
        assert_int_equal(replica_due(voice.replica, &voice.time) - voice.time.now_ms, 60001);
        pass_ms(&voice, 60000);
        assert_int_equal(voice.n_told, 0);
        pass_ms(&voice, 1);
        assert_int_equal(voice.n_told, 1);
        assert_int_equal(last_told(&voice)->change, PLEK_CHANGE_TIME);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_STALE);
        pass_ms(&voice, 119999);
        assert_int_equal(voice.n_told, 1);
        pass_ms(&voice, 1);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_SILENT);
        assert_int_equal(voice.n_told, 2);
        assert_int_equal(replica_due(voice.replica, &voice.time), INT64_MAX);
        voice_teardown(&voice);
}

static void test_an_affirm_renews_and_makes_fresh_again(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        pass_ms(&voice, 50000);
        assert_int_equal(publish(&voice, COUNTS, affirm_of(&voice), 3), 0);
        assert_int_equal(last_told(&voice)->change, PLEK_CHANGE_RENEWED);
        voice.n_told = 0;
        pass_ms(&voice, 59000);
        assert_int_equal(voice.n_told, 0);
        pass_ms(&voice, 200000);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_SILENT);
        assert_int_equal(publish(&voice, COUNTS, affirm_of(&voice), 4), 0);
        assert_int_equal(last_told(&voice)->change, PLEK_CHANGE_TIME);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_FRESH);
        pass_ms(&voice, 60001);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_STALE);
        voice_teardown(&voice);
}

static void test_a_record_in_an_answer_has_the_age_of_the_affirm_it_rests_on(void **state)
{
        CLEANUP(blob_unrefp) Blob *update = NULL;
        CLEANUP(blob_unrefp) Blob *affirm = NULL;
        Entry entry, rests_on;
        Record *record;
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        update = counts_of(&voice, "w1", 1);
        entry = entry_of(&voice, update, 3);
        pass_ms(&voice, 50000);
        affirm = affirm_of(&voice);
        rests_on = entry_of(&voice, affirm, 4);
        entry.rests_on = entry.changed_revision = 4;
        voice.revision = 4;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w2", 2), 4), 0);
        (void)expect_ask(&voice, COUNTS);
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = COUNTS,
                                                     .from = 2,
                                                     .to = 4,
                                                     .entries = &entry,
                                                     .n_entries = 1,
                                                     .affirms = &rests_on,
                                                     .n_affirms = 1,
                                                     .reg_revision = 2 }),
                         0);
        assert_int_equal(n_records(&voice), 2);
        record = picture_next(replica_picture(voice.replica), NULL);
        assert_non_null(record->affirmation);
        assert_true(record_age_ms(record, voice.time.broker_ms) < 2000);
        voice_teardown(&voice);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_withdrawn_is_remembered_and_is_not_never_reported),
                cmocka_unit_test(test_a_withdrawal_of_before_does_not_end_what_is_newer),
                cmocka_unit_test(test_who_may_read_less_keeps_nothing),
                cmocka_unit_test(test_a_restart_that_continues_costs_nothing),
                cmocka_unit_test(test_a_block_of_an_unknown_epoch_waits_for_its_opening),
                cmocka_unit_test(test_an_opening_that_does_not_come_is_asked_around),
                cmocka_unit_test(test_a_frame_of_an_epoch_of_before_is_not_asked_about_for_ever),
                cmocka_unit_test(test_an_epoch_that_does_not_continue_drops_everything),
                cmocka_unit_test(test_nor_does_it_keep_what_has_lost_its_position),
                cmocka_unit_test(test_a_restart_that_lost_what_we_have_is_an_alarm),
                cmocka_unit_test(test_who_missed_an_epoch_asks_with_the_old_position),
                cmocka_unit_test(test_two_heads_of_one_revision_are_an_equivocation),
                cmocka_unit_test(test_freshness_by_time_alone_is_told_once_for_each_step),
                cmocka_unit_test(test_an_affirm_renews_and_makes_fresh_again),
                cmocka_unit_test(test_a_record_in_an_answer_has_the_age_of_the_affirm_it_rests_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
