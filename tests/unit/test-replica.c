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

static void test_of_the_past_no_topic_waits_for_a_subscription(void **state)
{
        static const char *const topics[] = { STATUS, COUNTS, "pic/west/status/",
                                              "pic/west/counts/" };
        ReplicaOptions options = { .at_ms = NOW_MS - 1000 };
        ReplicaAsk ask;
        Voice voice;

        voice_setup(&voice, &options);
        voice.at_ms = options.at_ms;
        voice.revision = 2;
        hello(&voice, AUDIENCE_CARE);
        answer_registry(&voice);
        for (size_t i = 0; i < N_ELEMENTS(topics); i++) {
                assert_true(replica_next_ask(voice.replica, &voice.time, &ask));
                assert_string_equal(ask.topic, topics[i]);
                assert_true(ask.at_ms == options.at_ms);
                replica_asked(voice.replica, ask.topic, ++voice.request, &voice.time);
        }
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

static void test_of_other_regions_the_doors_are_subscribed_to_if_neighbours_are_wanted(void **state)
{
        const char *const regions[] = { "west" };
        ReplicaOptions options = { .regions = regions, .n_regions = 1, .all_doors = true };
        size_t n_status = 0, n_counts = 0;
        const char *topic = NULL;
        Voice voice;
        Lane lane;

        voice_setup(&voice, &options);
        assert_true(replica_has_all_doors(voice.replica));
        voice.revision = 2;
        hello(&voice, AUDIENCE_CARE);
        answer_registry(&voice);
        while ((topic = replica_next_topic(voice.replica, topic, &lane))) {
                n_status += strstr(topic, "oost") && lane == LANE_STATUS;
                n_counts += strstr(topic, "oost") && lane == LANE_COUNTS;
        }
        assert_true(n_status > 0);
        assert_int_equal(n_counts, 0);
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

static void test_of_many_records_only_the_changed_ones_are_not_believed(void **state)
{
        enum { N_MANY = 200, EVERY = 7 };
        Blob *updates[N_MANY];
        Entry entries[N_MANY];
        size_t n_changed = 0;
        Voice voice;

        voice_setup(&voice, NULL);
        voice.revision = 2;
        hello(&voice, AUDIENCE_CARE);
        answer_registry(&voice);
        answer_empty(&voice, STATUS);
        (void)expect_ask(&voice, COUNTS);
        for (size_t i = 0; i < N_MANY; i++) {
                char unit[16];

                snprintf(unit, sizeof(unit), "w%zu", i);
                updates[i] = counts_of(&voice, unit, 5);
                if (i % EVERY == 0) {
                        updates[i]->bytes[updates[i]->n_bytes - 1] ^= 1;
                        n_changed++;
                }
                entries[i] = entry_of(&voice, updates[i], 3 + i);
        }
        voice.revision = 2 + N_MANY;
        assert_int_equal(answer(&voice,
                                &(AnswerOf){
                                        .topic = COUNTS,
                                        .to = voice.revision,
                                        .whole = true,
                                        .entries = entries,
                                        .n_entries = N_MANY,
                                        .reg_revision = 2,
                                }),
                         0);
        assert_int_equal(n_records(&voice), N_MANY - n_changed);
        assert_int_equal(voice.n_alarms, n_changed);
        assert_int_equal(voice.alarm, PLEK_ALARM_SIGNATURE);
        for (size_t i = 0; i < N_MANY; i++)
                blob_unref(updates[i]);
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_registry_is_asked_for_before_anything_else),
                cmocka_unit_test(test_of_the_past_no_topic_waits_for_a_subscription),
                cmocka_unit_test(test_a_whole_answer_is_the_picture),
                cmocka_unit_test(test_only_regions_that_are_wanted_are_subscribed_to),
                cmocka_unit_test(
                        test_of_other_regions_the_doors_are_subscribed_to_if_neighbours_are_wanted),
                cmocka_unit_test(
                        test_regions_of_the_registry_are_subscribed_to_before_they_say_anything),
                cmocka_unit_test(test_a_block_that_follows_is_applied),
                cmocka_unit_test(test_a_block_of_before_is_ignored),
                cmocka_unit_test(test_a_frame_that_the_broker_did_not_sign_is_refused),
                cmocka_unit_test(test_a_frame_on_the_wrong_lane_is_refused),
                cmocka_unit_test(test_garbage_is_refused),
                cmocka_unit_test(test_a_record_that_nobody_enrolled_signed_is_not_believed),
                cmocka_unit_test(test_a_changed_record_is_not_believed),
                cmocka_unit_test(test_of_many_records_only_the_changed_ones_are_not_believed),
                cmocka_unit_test(test_a_record_in_the_name_of_another_is_not_believed),
                cmocka_unit_test(
                        test_a_record_of_a_location_that_is_not_its_partys_is_not_believed),
                cmocka_unit_test(test_a_record_on_a_topic_of_another_lane_is_not_believed),
                cmocka_unit_test(test_an_enrolment_that_the_authority_did_not_sign_is_not_believed),
                cmocka_unit_test(test_what_was_said_before_a_revocation_is_still_believed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
