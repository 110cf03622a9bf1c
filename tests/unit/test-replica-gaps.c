#include "replica-fixture.h"

#define COUNTS "pic/oost/counts/"
#define STATUS "pic/oost/status/"

/* ------------------------------------------------------------------ gaps */

static void test_a_gap_is_asked_for_and_what_came_after_it_is_applied(void **state)
{
        CLEANUP(blob_unrefp) Blob *lost = NULL;
        ReplicaAsk ask;
        Voice voice;
        Entry entry;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        lost = counts_of(&voice, "w1", 1);
        entry = entry_of(&voice, lost, ++voice.revision);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w2", 2), 3), 0);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w3", 3), 4), 0);
        assert_int_equal(n_records(&voice), 0);
        assert_false(replica_is_in_sync(voice.replica));

        ask = expect_ask(&voice, COUNTS);
        assert_int_equal(ask.epoch, 1);
        assert_int_equal(ask.revision, 2);
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = COUNTS,
                                                     .from = 2,
                                                     .to = 3,
                                                     .entries = &entry,
                                                     .n_entries = 1,
                                                     .reg_revision = 2 }),
                         0);
        assert_int_equal(n_records(&voice), 3);
        assert_position(&voice, COUNTS, 1, 5);
        assert_true(replica_is_in_sync(voice.replica));
        expect_no_ask(&voice);
        voice_teardown(&voice);
}

static void test_a_gap_of_counts_does_not_hold_back_doors(void **state)
{
        Update door = {
                .kind = UPDATE_DOOR,
                .door = { .state = PLEK_DOOR_STOP,
                          .care = CODE_ABSENT,
                          .patient_group = CODE_ABSENT,
                          .urgency = CODE_ABSENT,
                          .starts_at_ms = TIME_ABSENT,
                          .ends_at_ms = TIME_ABSENT,
                          .review_at_ms = TIME_ABSENT,
                          .on_expiry = PLEK_ON_EXPIRY_KEEP },
        };
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        voice.revision++;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w2", 2), 3), 0);
        assert_int_equal(publish(&voice, STATUS, update_of(&voice, &door, voice.party), 0), 0);
        assert_int_equal(n_records(&voice), 1);
        voice_teardown(&voice);
}

static void test_a_beat_ahead_is_a_gap_only_if_the_next_one_still_is(void **state)
{
        TopicPosition topics[] = { { COUNTS, 3 } };
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        voice.revision = 3;
        assert_int_equal(beat(&voice, LANE_COUNTS, topics, 1), 0);
        assert_non_null(voice.beat);
        expect_no_ask(&voice);
        /* On the other lane it says nothing about this one's pipe. */
        assert_int_equal(beat(&voice, LANE_STATUS, topics, 1), 0);
        expect_no_ask(&voice);
        assert_int_equal(beat(&voice, LANE_COUNTS, topics, 1), 0);
        (void)expect_ask(&voice, COUNTS);
        voice_teardown(&voice);
}

static void test_a_beat_that_agrees_lifts_a_quiet_topic(void **state)
{
        TopicPosition topics[] = { { STATUS, 0 }, { COUNTS, 2 } };
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        voice.revision = 900;
        assert_int_equal(beat(&voice, LANE_STATUS, topics, 2), 0);
        assert_position(&voice, STATUS, 1, 900);
        assert_position(&voice, COUNTS, 1, 900);
        voice.revision = 900;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 2), 0);
        assert_int_equal(n_records(&voice), 1);
        expect_no_ask(&voice);
        voice_teardown(&voice);
}

static void test_a_topic_that_a_beat_names_first_is_subscribed_to_and_asked_for(void **state)
{
        TopicPosition topics[] = { { "pic/nieuw/counts/", 3 }, { "test/nieuw/counts/", 3 } };
        size_t n_topics;
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        n_topics = voice.n_topics;
        voice.revision = 3;
        assert_int_equal(beat(&voice, LANE_COUNTS, topics, 2), 0);
        assert_int_equal(voice.n_topics, n_topics + 1);
        (void)expect_ask(&voice, "pic/nieuw/counts/");
        voice_teardown(&voice);
}

static void test_blocks_that_rest_on_a_later_registry_wait_for_it(void **state)
{
        CLEANUP(blob_unrefp) Blob *enrolment = NULL;
        Update update = { .party = "other", .kind = UPDATE_COUNTS, .counts.care = PLEK_CARE_WARD };
        Voice voice;
        Blob *said;
        Entry entry;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        said = update_of(&voice, &update, voice.other);
        entry = entry_of(&voice, said, 4);
        assert_int_equal(take_frame(&voice,
                                    block_of(&voice, &(BlockOf){ .topic = COUNTS,
                                                                 .entries = &entry,
                                                                 .n_entries = 1,
                                                                 .first = 4,
                                                                 .last = 4,
                                                                 .reg_revision = 3 }),
                                    LANE_COUNTS),
                         0);
        blob_unref(said);
        assert_int_equal(n_records(&voice), 0);
        assert_int_equal(voice.n_alarms, 0);
        enrolment = enrolment_of(&voice, "other", voice.other, 1, ROLE_BIT(ROLE_AGENT));
        assert_int_equal(publish(&voice, "reg/", blob_ref(enrolment), 2), 0);
        assert_int_equal(n_records(&voice), 1);
        assert_int_equal(voice.n_alarms, 0);
        expect_no_ask(&voice); /* it came by itself */
        voice_teardown(&voice);
}

static void test_the_registry_is_asked_for_if_it_does_not_come(void **state)
{
        Voice voice;
        Blob *said;
        Entry entry;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        said = counts_of(&voice, "w1", 1);
        entry = entry_of(&voice, said, 4);
        assert_int_equal(take_frame(&voice,
                                    block_of(&voice, &(BlockOf){ .topic = COUNTS,
                                                                 .entries = &entry,
                                                                 .n_entries = 1,
                                                                 .first = 4,
                                                                 .last = 4,
                                                                 .reg_revision = 3 }),
                                    LANE_COUNTS),
                         0);
        blob_unref(said);
        assert_int_equal(expect_ask(&voice, "reg/").revision, 2);
        voice.revision = 4;
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = "reg/", .from = 2, .to = 4 }), 0);
        assert_int_equal(n_records(&voice), 1);
        voice_teardown(&voice);
}

/* ------------------------------------------------------------------ answers */

static void test_a_whole_answer_drops_what_it_does_not_list(void **state)
{
        CLEANUP(blob_unrefp) Blob *kept = NULL;
        Voice voice;
        Entry entry;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        kept = counts_of(&voice, "w1", 1);
        assert_int_equal(publish(&voice, COUNTS, blob_ref(kept), 0), 0);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w2", 2), 3), 0);
        voice.revision = 10;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w3", 3), 10), 0);
        (void)expect_ask(&voice, COUNTS);
        entry = entry_of(&voice, kept, 3);
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = COUNTS,
                                                     .to = 10,
                                                     .whole = true,
                                                     .entries = &entry,
                                                     .n_entries = 1,
                                                     .reg_revision = 2 }),
                         0);
        assert_int_equal(n_records(&voice), 2); /* w1, and w3 that was held */
        assert_int_equal(voice.n_withdrawn, 0);
        assert_position(&voice, COUNTS, 1, 11);
        voice_teardown(&voice);
}

static void test_an_answer_that_is_not_what_was_signed_is_asked_for_again(void **state)
{
        CLEANUP(blob_unrefp) Blob *update = NULL;
        Voice voice;
        Entry entry;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        voice.revision = 3;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w2", 2), 3), 0);
        (void)expect_ask(&voice, COUNTS);
        update = counts_of(&voice, "w1", 1);
        entry = entry_of(&voice, update, 3);
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = COUNTS,
                                                     .from = 2,
                                                     .to = 3,
                                                     .entries = &entry,
                                                     .n_entries = 1,
                                                     .reg_revision = 2,
                                                     .spoil = true }),
                         REPLICA_E_REFUSED);
        assert_int_equal(voice.alarm, PLEK_ALARM_BROKER);
        assert_int_equal(n_records(&voice), 0);
        assert_position(&voice, COUNTS, 1, 2);
        (void)expect_ask(&voice, COUNTS);
        voice_teardown(&voice);
}

static void test_an_answer_for_another_audience_is_not_taken(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice.revision = 2;
        hello(&voice, AUDIENCE_CARE);
        (void)expect_ask(&voice, "reg/");
        assert_int_equal(answer(&voice, &(AnswerOf){ .topic = "reg/",
                                                     .to = 2,
                                                     .whole = true,
                                                     .audience = AUDIENCE_COORD }),
                         REPLICA_E_REFUSED);
        assert_int_equal(voice.alarm, PLEK_ALARM_BROKER);
        voice_teardown(&voice);
}

static void test_an_answer_that_does_not_come_is_asked_for_again_more_and_more_slowly(void **state)
{
        ReplicaAsk ask;
        Voice voice;

        voice_setup(&voice, NULL);
        voice.revision = 2;
        hello(&voice, AUDIENCE_CARE);
        (void)expect_ask(&voice, "reg/");
        for (int i = 0; i < 4; i++) {
                pass_ms(&voice, 15000);
                assert_false(replica_next_ask(voice.replica, &voice.time, &ask));
                pass_ms(&voice, (1000 << i) - 1);
                assert_false(replica_next_ask(voice.replica, &voice.time, &ask));
                pass_ms(&voice, 1);
                assert_true(replica_next_ask(voice.replica, &voice.time, &ask));
                replica_asked(voice.replica, ask.topic, ++voice.request, &voice.time);
        }
        voice_teardown(&voice);
}

static void test_a_lost_session_asks_again_when_it_is_back(void **state)
{
        ReplicaAsk ask;
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        voice.revision = 3;
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w2", 2), 3), 0);
        (void)expect_ask(&voice, COUNTS);
        replica_session_lost(voice.replica, &voice.time);
        assert_false(replica_next_ask(voice.replica, &voice.time, &ask));
        hello(&voice, AUDIENCE_CARE);
        (void)expect_ask(&voice, COUNTS);
        (void)expect_ask(&voice, STATUS); /* the hello says that it is ahead, too */
        voice_teardown(&voice);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_gap_is_asked_for_and_what_came_after_it_is_applied),
                cmocka_unit_test(test_a_gap_of_counts_does_not_hold_back_doors),
                cmocka_unit_test(test_a_beat_ahead_is_a_gap_only_if_the_next_one_still_is),
                cmocka_unit_test(test_a_beat_that_agrees_lifts_a_quiet_topic),
                cmocka_unit_test(
                        test_a_topic_that_a_beat_names_first_is_subscribed_to_and_asked_for),
                cmocka_unit_test(test_blocks_that_rest_on_a_later_registry_wait_for_it),
                cmocka_unit_test(test_the_registry_is_asked_for_if_it_does_not_come),
                cmocka_unit_test(test_a_whole_answer_drops_what_it_does_not_list),
                cmocka_unit_test(test_an_answer_that_is_not_what_was_signed_is_asked_for_again),
                cmocka_unit_test(test_an_answer_for_another_audience_is_not_taken),
                cmocka_unit_test(
                        test_an_answer_that_does_not_come_is_asked_for_again_more_and_more_slowly),
                cmocka_unit_test(test_a_lost_session_asks_again_when_it_is_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
