#include "replica-fixture.h"

/*
 * A broker that lies with what its parties did sign: an older word in the place of a newer one,
 * another time of receipt, another's affirm
 */

#define COUNTS "pic/oost/counts/"

static Blob *copy_of(const Blob *envelope)
{
        Blob *copy = NULL;

        assert_int_equal(blob_copy(&copy, envelope->bytes, envelope->n_bytes), 0);
        return copy;
}

static const Record *only_record(const Voice *voice)
{
        assert_int_equal(n_records(voice), 1);
        return picture_next(replica_picture(voice->replica), NULL);
}

/* ------------------------------------------------------------------ played again */

static void test_what_was_said_before_does_not_replace_what_was_said_since(void **state)
{
        CLEANUP(blob_unrefp) Blob *before = NULL;
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        before = counts_of(&voice, "w1", 1);
        assert_int_equal(publish(&voice, COUNTS, copy_of(before), 0), 0);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 9), 3), 0);
        assert_int_equal(voice.n_alarms, 0);

        assert_int_equal(publish(&voice, COUNTS, copy_of(before), 4), 0);
        assert_int_equal(voice.n_alarms, 1);
        assert_int_equal(voice.alarm, PLEK_ALARM_SIGNATURE);
        assert_int_equal(last_told(&voice)->occupied, 9);
        assert_int_equal(only_record(&voice)->revision, 4);
        voice_teardown(&voice);
}

/* Of the ward w1, as the next revision. */
static void withdraw(Voice *voice, WithdrawnCause cause)
{
        WithdrawnRecord withdrawn = {
                .status = STATUS_ACTUAL,
                .party = "duin",
                .location = "noord",
                .ref = { .report = UPDATE_COUNTS,
                         .unit = "w1",
                         .care = PLEK_CARE_WARD,
                         .patient_group = CODE_ABSENT,
                         .urgency = CODE_ABSENT },
                .cause = cause,
        };
        Entry entry = {
                .revision = ++voice->revision,
                .changed_revision = voice->revision,
                .received_at_ms = voice->time.broker_ms,
                .since_ms = voice->time.broker_ms,
                .withdrawn = &withdrawn,
        };

        assert_int_equal(take_frame(voice,
                                    block_of(voice, &(BlockOf){ .topic = COUNTS,
                                                                .entries = &entry,
                                                                .n_entries = 1,
                                                                .first = voice->revision,
                                                                .last = voice->revision,
                                                                .previous = voice->revision - 1 }),
                                    LANE_COUNTS),
                         0);
        assert_int_equal(n_records(voice), 0);
}

static void test_what_its_party_withdrew_does_not_come_back(void **state)
{
        CLEANUP(blob_unrefp) Blob *said = NULL;
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        said = counts_of(&voice, "w1", 1);
        assert_int_equal(publish(&voice, COUNTS, copy_of(said), 0), 0);
        withdraw(&voice, WITHDRAWN_BY_PARTY);
        assert_int_equal(publish(&voice, COUNTS, copy_of(said), voice.revision), 0);
        assert_int_equal(voice.n_alarms, 1);
        assert_int_equal(n_records(&voice), 0);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 2), voice.revision), 0);
        assert_int_equal(voice.n_alarms, 1);
        assert_int_equal(n_records(&voice), 1);
        voice_teardown(&voice);
}

static void test_what_left_for_another_cause_may_come_back_but_not_older(void **state)
{
        CLEANUP(blob_unrefp) Blob *before = NULL;
        CLEANUP(blob_unrefp) Blob *said = NULL;
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        before = counts_of(&voice, "w1", 1);
        said = counts_of(&voice, "w1", 2);
        assert_int_equal(publish(&voice, COUNTS, copy_of(said), 0), 0);
        withdraw(&voice, WITHDRAWN_ENROLMENT);
        assert_int_equal(publish(&voice, COUNTS, copy_of(before), voice.revision), 0);
        assert_int_equal(voice.n_alarms, 1);
        assert_int_equal(n_records(&voice), 0);
        assert_int_equal(publish(&voice, COUNTS, copy_of(said), voice.revision), 0);
        assert_int_equal(voice.n_alarms, 1);
        assert_int_equal(n_records(&voice), 1);
        voice_teardown(&voice);
}

/* ------------------------------------------------------------------ made younger */

static void test_what_is_played_again_later_is_no_younger_than_its_party_signed(void **state)
{
        Voice voice;
        Blob *said;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        said = counts_of(&voice, "w1", 1); /* good for a second, valid for a minute */
        pass_ms(&voice, 200 * 1000);
        assert_int_equal(publish(&voice, COUNTS, said, 0), 0);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_SILENT);
        assert_int_equal(record_age_ms(only_record(&voice), voice.time.broker_ms), 199 * 1000);
        assert_true(only_record(&voice)->since_ms <= only_record(&voice)->received_at_ms);
        voice_teardown(&voice);
}

static void test_a_time_of_receipt_that_has_not_come_does_not_stop_the_clock(void **state)
{
        CLEANUP(blob_unrefp) Blob *said = NULL;
        Entry entry;
        Voice voice;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        said = counts_of(&voice, "w1", 1);
        entry = entry_of(&voice, said, ++voice.revision);
        entry.received_at_ms = entry.since_ms = NOW_MS + INT64_C(365) * 86400 * 1000;
        assert_int_equal(take_frame(&voice,
                                    block_of(&voice, &(BlockOf){ .topic = COUNTS,
                                                                 .entries = &entry,
                                                                 .n_entries = 1,
                                                                 .first = 3,
                                                                 .last = 3,
                                                                 .reg_revision = 2 }),
                                    LANE_COUNTS),
                         0);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_FRESH);
        pass_ms(&voice, 62 * 1000);
        assert_int_equal(last_told(&voice)->freshness, FRESHNESS_STALE);
        voice_teardown(&voice);
}

static void test_an_affirm_that_is_played_again_renews_no_longer_than_it_was_good(void **state)
{
        Voice voice;
        Blob *affirm;

        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_int_equal(publish(&voice, COUNTS, counts_of(&voice, "w1", 1), 0), 0);
        affirm = affirm_of(&voice);
        pass_ms(&voice, 200 * 1000);
        assert_int_equal(publish(&voice, COUNTS, affirm, 3), 0);
        assert_int_equal(record_age_ms(only_record(&voice), voice.time.broker_ms), 199 * 1000);
        voice_teardown(&voice);
}

/* ------------------------------------------------------------------ another's affirm */

/* The counts of w1, which an answer lets rest on @affirm, 50 s later. Returns their age. */
static int64_t age_resting_on(Voice *voice, Update *affirm)
{
        CLEANUP(blob_unrefp) Blob *update = counts_of(voice, "w1", 1);
        CLEANUP(blob_unrefp) Blob *signed_affirm = NULL;
        Entry entry = entry_of(voice, update, 3), rests_on;

        affirm->kind = UPDATE_AFFIRM;
        pass_ms(voice, 50000);
        signed_affirm = update_of(voice, affirm, voice->party);
        rests_on = entry_of(voice, signed_affirm, 4);
        entry.rests_on = entry.changed_revision = 4;
        voice->revision = 4;
        assert_int_equal(publish(voice, COUNTS, counts_of(voice, "w2", 2), 4), 0);
        (void)expect_ask(voice, COUNTS);
        assert_int_equal(answer(voice, &(AnswerOf){ .topic = COUNTS,
                                                    .from = 2,
                                                    .to = 4,
                                                    .entries = &entry,
                                                    .n_entries = 1,
                                                    .affirms = &rests_on,
                                                    .n_affirms = 1,
                                                    .reg_revision = 2 }),
                         0);
        for (Record *record = picture_next(replica_picture(voice->replica), NULL); record;
             record = picture_next(replica_picture(voice->replica), record))
                if (record->revision == 3)
                        return record_age_ms(record, voice->time.broker_ms);
        fail_msg("it is not there");
        return 0;
}

static void test_a_record_rests_on_no_affirm_that_says_nothing_of_it(void **state)
{
        static const RecordRef w1 = { .report = UPDATE_COUNTS,
                                      .unit = "w1",
                                      .care = PLEK_CARE_WARD };
        Update lies[] = {
                { .affirm = { .lane = LANE_COUNTS, .up_to_seq = 0 } },
                { .affirm = { .lane = LANE_STATUS, .up_to_seq = 1 } },
                { .location = "zuid", .affirm = { .lane = LANE_COUNTS, .up_to_seq = 1 } },
                { .status = STATUS_EXERCISE, .affirm = { .lane = LANE_COUNTS, .up_to_seq = 1 } },
                { .audience = AUDIENCE_COORD, .affirm = { .lane = LANE_COUNTS, .up_to_seq = 1 } },
                { .affirm = { LANE_COUNTS, 1, .apart_from = (RecordRef *)&w1, .n_apart_from = 1 } },
        };
        Update truth = { .affirm = { .lane = LANE_COUNTS, .up_to_seq = 1 } };
        Voice voice;

        for (size_t i = 0; i < N_ELEMENTS(lies); i++) {
                voice_setup(&voice, NULL);
                voice_sync(&voice);
                assert_in_range(age_resting_on(&voice, &lies[i]), 50000, 52000);
                assert_int_equal(voice.n_alarms, 1);
                voice_teardown(&voice);
        }
        voice_setup(&voice, NULL);
        voice_sync(&voice);
        assert_in_range(age_resting_on(&voice, &truth), 0, 2000);
        assert_int_equal(voice.n_alarms, 0);
        voice_teardown(&voice);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_said_before_does_not_replace_what_was_said_since),
                cmocka_unit_test(test_what_its_party_withdrew_does_not_come_back),
                cmocka_unit_test(test_what_left_for_another_cause_may_come_back_but_not_older),
                cmocka_unit_test(
                        test_what_is_played_again_later_is_no_younger_than_its_party_signed),
                cmocka_unit_test(test_a_time_of_receipt_that_has_not_come_does_not_stop_the_clock),
                cmocka_unit_test(
                        test_an_affirm_that_is_played_again_renews_no_longer_than_it_was_good),
                cmocka_unit_test(test_a_record_rests_on_no_affirm_that_says_nothing_of_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
