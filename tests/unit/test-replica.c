#include "replica-fixture.h"

#define COUNTS "pic/oost/counts/"
#define STATUS "pic/oost/status/"

/* ------------------------------------------------------------------ the first time */

static void test_the_registry_is_asked_for_before_anything_else(void **state)
{
        ReplicaAsk ask;
        Voice voice;

        voice_setup(&voice, NULL);
        assert_false(replica_next_ask(voice.replica, &voice.time, &ask));
        voice.revision = 2;
        hello(&voice, AUDIENCE_CARE);
        ask = expect_ask(&voice, "reg/");
        assert_int_equal(ask.revision, 0);
        assert_int_equal(ask.audience, AUDIENCE_CARE);
        expect_no_ask(&voice);
        assert_false(replica_is_in_sync(voice.replica));
        voice_teardown(&voice);
}

static void test_a_whole_answer_is_the_picture(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_position(&voice, "reg/", 1, 2);
        assert_position(&voice, COUNTS, 1, 2);
        assert_int_equal(registry_n_parties(replica_registry(voice.replica)), 1);
        expect_no_ask(&voice);
        voice_teardown(&voice);
}

static void test_only_regions_that_are_wanted_are_subscribed_to(void **state)
{
        const char *const regions[] = { "west" };
        ReplicaOptions options = { .regions = regions, .n_regions = 1 };
        const char *topic = NULL;
        size_t n_topics = 0;
        Voice voice;
        Lane lane;

        voice_setup(&voice, &options);
        voice.revision = 2;
        hello(&voice, AUDIENCE_CARE);
        answer_registry(&voice);
        while ((topic = replica_next_topic(voice.replica, topic, &lane))) {
                assert_null(strstr(topic, "oost"));
                n_topics++;
        }
        assert_int_equal(n_topics, 3);
        voice_teardown(&voice);
}

static void test_regions_of_the_registry_are_subscribed_to_before_they_say_anything(void **state)
{
        ReplicaOptions options = { .with_test = true };
        Voice voice;

        voice_setup(&voice, &options);
        voice.revision = 2;
        hello(&voice, AUDIENCE_CARE);
        assert_int_equal(voice.n_topics, 3);
        answer_registry(&voice);
        assert_int_equal(voice.n_topics, 1 + 2 * 4); /* status, counts; real, test */
        voice_teardown(&voice);
}

/* ------------------------------------------------------------------ blocks */

static void test_a_block_that_follows_is_applied(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 5), 0), 0);
        assert_int_equal(n_records(&voice), 1);
        assert_int_equal(last_told(&voice)->change, PLEK_CHANGE_NEW);
        assert_int_equal(last_told(&voice)->occupied, 5);
        assert_position(&voice, COUNTS, 1, 3);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 6), 3), 0);
        assert_int_equal(last_told(&voice)->change, PLEK_CHANGE_CONTENT);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 6), 4), 0);
        assert_int_equal(last_told(&voice)->change, PLEK_CHANGE_RENEWED);
        assert_int_equal(n_records(&voice), 1);
        expect_no_ask(&voice);
        voice_teardown(&voice);
}

static void test_a_block_of_before_is_ignored(void **state)
{
        Voice voice;
        Blob *update;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 5), 0), 0);
        update = counts_of(&voice, "w1", 9);
        voice.revision = 2; /* said again as revision 3 */
        voice.n_told = 0;
        /* The same head must be the same, so that this is not an equivocation. */
        assert_int_equal(publish(&voice, COUNTS, update, 0), 0);
        assert_int_equal(voice.n_told, 0);
        assert_position(&voice, COUNTS, 1, 3);
        voice_teardown(&voice);
}

static void test_a_frame_that_the_broker_did_not_sign_is_refused(void **state)
{
        Voice voice;
        Blob *update;
        Entry entry;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        update = counts_of(&voice, "w1", 5);
        entry = entry_of(&voice, update, 3);
        assert_int_equal(take_frame(&voice,
                                    block_of(&voice, &(BlockOf){ .topic = COUNTS,
                                                                 .entries = &entry,
                                                                 .n_entries = 1,
                                                                 .first = 3,
                                                                 .last = 3,
                                                                 .key = voice.other }),
                                    LANE_COUNTS),
                         REPLICA_E_REFUSED);
        blob_unref(update);
        assert_int_equal(voice.n_alarms, 1);
        assert_int_equal(voice.alarm, PLEK_ALARM_BROKER);
        assert_int_equal(n_records(&voice), 0);
        assert_position(&voice, COUNTS, 1, 2);
        voice_teardown(&voice);
}

static void test_a_frame_on_the_wrong_lane_is_refused(void **state)
{
        Voice voice;
        Blob *update;
        Entry entry;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        update = counts_of(&voice, "w1", 5);
        entry = entry_of(&voice, update, 3);
        assert_int_equal(take_frame(&voice,
                                    block_of(&voice, &(BlockOf){ .topic = COUNTS,
                                                                 .entries = &entry,
                                                                 .n_entries = 1,
                                                                 .first = 3,
                                                                 .last = 3 }),
                                    LANE_STATUS),
                         REPLICA_E_REFUSED);
        blob_unref(update);
        assert_int_equal(n_records(&voice), 0);
        voice_teardown(&voice);
}

static void test_garbage_is_refused(void **state)
{
        uint8_t garbage[] = "pic/oost/counts/\0PLEK and so on";
        const Beat *beat;
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(replica_frame(voice.replica, LANE_COUNTS, garbage, sizeof(garbage),
                                       &voice.time, &beat),
                         REPLICA_E_REFUSED);
        assert_int_equal(replica_frame(voice.replica, LANE_COUNTS, garbage, 0, &voice.time, &beat),
                         REPLICA_E_REFUSED);
        assert_null(beat);
        voice_teardown(&voice);
}

/* ------------------------------------------------------------------ who is believed */

/* What is published as revision 3 leaves nothing in the picture, and moves the position. */
static void assert_doubted(Voice *voice, const char *topic, Blob *envelope)
{
        assert_int_equal(publish(voice, topic, envelope, 0), 0);
        assert_int_equal(voice->n_alarms, 1);
        assert_int_equal(voice->alarm, PLEK_ALARM_SIGNATURE);
        assert_int_equal(n_records(voice), 0);
        assert_position(voice, topic, 1, 3);
}

static void test_a_record_that_nobody_enrolled_signed_is_not_believed(void **state)
{
        Update update = { .kind = UPDATE_COUNTS, .counts.care = PLEK_CARE_WARD };
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_doubted(&voice, COUNTS, update_of(&voice, &update, voice.other));
        voice_teardown(&voice);
}

static void test_a_changed_record_is_not_believed(void **state)
{
        Voice voice;
        Blob *update;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        update = counts_of(&voice, "w1", 5);
        update->bytes[update->n_bytes - 1] ^= 1;
        assert_doubted(&voice, COUNTS, update);
        voice_teardown(&voice);
}

static void test_a_record_in_the_name_of_another_is_not_believed(void **state)
{
        Update update = { .party = "other", .kind = UPDATE_COUNTS, .counts.care = PLEK_CARE_WARD };
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_doubted(&voice, COUNTS, update_of(&voice, &update, voice.party));
        voice_teardown(&voice);
}

static void test_a_record_of_a_location_that_is_not_its_partys_is_not_believed(void **state)
{
        Update update = { .location = "elders",
                          .kind = UPDATE_COUNTS,
                          .counts.care = PLEK_CARE_WARD };
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_doubted(&voice, COUNTS, update_of(&voice, &update, voice.party));
        voice_teardown(&voice);
}

static void test_a_record_on_a_topic_of_another_lane_is_not_believed(void **state)
{
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_doubted(&voice, STATUS, counts_of(&voice, "w1", 5));
        voice_teardown(&voice);
}

static void test_an_enrolment_that_the_authority_did_not_sign_is_not_believed(void **state)
{
        Voice voice;
        Blob *enrolment;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        enrolment = enrolment_of(&voice, "other", voice.other, 1, ROLE_BIT(ROLE_AGENT));
        enrolment->bytes[ENVELOPE_HEADER_BYTES] ^= 1;
        assert_int_equal(publish(&voice, "reg/", enrolment, 2), 0);
        assert_int_equal(voice.alarm, PLEK_ALARM_SIGNATURE);
        assert_int_equal(registry_n_parties(replica_registry(voice.replica)), 1);
        voice_teardown(&voice);
}

static void test_what_was_said_before_a_revocation_is_still_believed(void **state)
{
        CLEANUP(blob_unrefp) Blob *update = NULL;
        Voice voice;
        Entry entry;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 5), 0), 0);
        assert_int_equal(
                publish(&voice, "reg/", enrolment_of(&voice, "duin", voice.party, 2, 0), 2), 0);
        assert_int_equal(last_told(&voice)->change, PLEK_CHANGE_ENROLMENT);
        assert_int_equal(n_records(&voice), 1);

        /* A reader who comes now sees the record at 3, when the party was enrolled. */
        update = counts_of(&voice, "w2", 6);
        entry = entry_of(&voice, update, 3);
        assert_int_equal(take_frame(&voice,
                                    block_of(&voice, &(BlockOf){ .topic = COUNTS,
                                                                 .entries = &entry,
                                                                 .n_entries = 1,
                                                                 .first = 5,
                                                                 .last = 5,
                                                                 .previous = 3,
                                                                 .reg_revision = 4 }),
                                    LANE_COUNTS),
                         0);
        assert_int_equal(voice.n_alarms, 0);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w3", 7), 5), 0);
        voice_teardown(&voice);
}

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
                cmocka_unit_test(test_the_registry_is_asked_for_before_anything_else),
                cmocka_unit_test(test_a_whole_answer_is_the_picture),
                cmocka_unit_test(test_only_regions_that_are_wanted_are_subscribed_to),
                cmocka_unit_test(
                        test_regions_of_the_registry_are_subscribed_to_before_they_say_anything),
                cmocka_unit_test(test_a_block_that_follows_is_applied),
                cmocka_unit_test(test_a_block_of_before_is_ignored),
                cmocka_unit_test(test_a_frame_that_the_broker_did_not_sign_is_refused),
                cmocka_unit_test(test_a_frame_on_the_wrong_lane_is_refused),
                cmocka_unit_test(test_garbage_is_refused),
                cmocka_unit_test(test_a_record_that_nobody_enrolled_signed_is_not_believed),
                cmocka_unit_test(test_a_changed_record_is_not_believed),
                cmocka_unit_test(test_a_record_in_the_name_of_another_is_not_believed),
                cmocka_unit_test(
                        test_a_record_of_a_location_that_is_not_its_partys_is_not_believed),
                cmocka_unit_test(test_a_record_on_a_topic_of_another_lane_is_not_believed),
                cmocka_unit_test(test_an_enrolment_that_the_authority_did_not_sign_is_not_believed),
                cmocka_unit_test(test_what_was_said_before_a_revocation_is_still_believed),
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
                cmocka_unit_test(test_withdrawn_is_remembered_and_is_not_never_reported),
                cmocka_unit_test(test_a_withdrawal_of_before_does_not_end_what_is_newer),
                cmocka_unit_test(test_who_may_read_less_keeps_nothing),
                cmocka_unit_test(test_a_restart_that_continues_costs_nothing),
                cmocka_unit_test(test_a_block_of_an_unknown_epoch_waits_for_its_opening),
                cmocka_unit_test(test_an_opening_that_does_not_come_is_asked_around),
                cmocka_unit_test(test_a_frame_of_an_epoch_of_before_is_not_asked_about_for_ever),
                cmocka_unit_test(test_an_epoch_that_does_not_continue_drops_everything),
                cmocka_unit_test(test_a_restart_that_lost_what_we_have_is_an_alarm),
                cmocka_unit_test(test_who_missed_an_epoch_asks_with_the_old_position),
                cmocka_unit_test(test_two_heads_of_one_revision_are_an_equivocation),
                cmocka_unit_test(test_freshness_by_time_alone_is_told_once_for_each_step),
                cmocka_unit_test(test_an_affirm_renews_and_makes_fresh_again),
                cmocka_unit_test(test_a_record_in_an_answer_has_the_age_of_the_affirm_it_rests_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
