#include "picture-fixture.h"

/* ------------------------------------------------------------------ reports */

static void test_a_first_report_is_told_to_its_level_and_above(void **state)
{
        Update update = counts_of("here", PLEK_CARE_ICU_ADULT, 10, 'a');
        const Record *record;
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &update);
        assert_int_equal(fixture.change.n_items, 1);
        assert_item(&fixture.change.items[0], CHANGE_REPORT, AUDIENCE_CARE, AUDIENCE_COORD);
        assert_true(fixture.change.items[0].content_changed);
        record = held(&fixture, &update);
        assert_ptr_equal(fixture.change.items[0].record, record);
        assert_int_equal(record->revision, 1);
        assert_int_equal(record->changed_revision, 1);
        assert_int_equal(record->since_ms, NOW + 1);
        assert_int_equal(record->seq, 10);
        assert_ptr_equal(record->envelope, fixture.envelope);
        assert_null(record->affirmation);
        assert_last(topic(&fixture, "pic/west/counts/"), 0, 1, 1);
        assert_int_equal(picture_n_records(fixture.picture), 1);
        assert_int_equal(picture_find_group(fixture.picture, "party", "here")->n_records, 1);
        teardown(&fixture);
}

static void test_a_restatement_renews_age_and_keeps_since(void **state)
{
        Update update = counts_of("here", 1, 10, 'a');
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &update);
        update.seq = 11;
        report(&fixture, &update);
        assert_int_equal(fixture.change.n_items, 1);
        assert_false(fixture.change.items[0].content_changed);
        assert_int_equal(held(&fixture, &update)->since_ms, NOW + 1);
        assert_int_equal(held(&fixture, &update)->received_at_ms, NOW + 2);
        assert_int_equal(held(&fixture, &update)->seq, 11);

        update.content_digest[15]++;
        report(&fixture, &update);
        assert_true(fixture.change.items[0].content_changed);
        assert_int_equal(held(&fixture, &update)->since_ms, NOW + 3);
        assert_int_equal(picture_n_records(fixture.picture), 1);
        teardown(&fixture);
}

static void test_counts_that_contradict_each_other_are_flagged(void **state)
{
        Update update = counts_of("here", 1, 10, 'a');
        Fixture fixture;

        update.counts.present[COUNT_STAFFED] = update.counts.present[COUNT_OCCUPIED] = true;
        update.counts.value[COUNT_STAFFED] = 4;
        update.counts.value[COUNT_OCCUPIED] = 5;
        setup(&fixture, 10);
        report(&fixture, &update);
        assert_int_equal(held(&fixture, &update)->flags, ENTRY_OVERCROWDED);
        update.counts.value[COUNT_OCCUPIED] = 4;
        report(&fixture, &update);
        assert_int_equal(held(&fixture, &update)->flags, 0);
        teardown(&fixture);
}

static void test_a_narrower_audience_withdraws_from_those_who_lose_it(void **state)
{
        Update update = counts_of("here", 1, 10, 'a');
        Fixture fixture;

        setup(&fixture, 10);
        update.audience = AUDIENCE_OPEN;
        report(&fixture, &update);
        update.audience = AUDIENCE_COORD;
        report(&fixture, &update);
        assert_int_equal(fixture.change.n_items, 2);
        assert_item(&fixture.change.items[0], CHANGE_WITHDRAWN, AUDIENCE_OPEN, AUDIENCE_CARE);
        assert_int_equal(fixture.change.items[0].tombstone->cause, WITHDRAWN_AUDIENCE);
        assert_item(&fixture.change.items[1], CHANGE_REPORT, AUDIENCE_COORD, AUDIENCE_COORD);
        assert_true(fixture.change.items[1].content_changed); /* not a restatement */
        assert_int_equal(held(&fixture, &update)->since_ms, NOW + 2);
        assert_last(topic(&fixture, "pic/west/counts/"), 2, 2, 2);

        /* From now on it is no business of theirs. */
        report(&fixture, &update);
        assert_last(topic(&fixture, "pic/west/counts/"), 2, 2, 3);
        withdraw(&fixture, &update);
        assert_int_equal(fixture.change.n_items, 1);
        assert_item(&fixture.change.items[0], CHANGE_WITHDRAWN, AUDIENCE_COORD, AUDIENCE_COORD);
        assert_last(topic(&fixture, "pic/west/counts/"), 2, 2, 4);
        teardown(&fixture);
}

static void test_a_wider_audience_withdraws_from_nobody(void **state)
{
        Update update = counts_of("here", 1, 10, 'a');
        Fixture fixture;

        setup(&fixture, 10);
        update.audience = AUDIENCE_COORD;
        report(&fixture, &update);
        update.audience = AUDIENCE_CARE;
        report(&fixture, &update);
        assert_int_equal(fixture.change.n_items, 1);
        assert_item(&fixture.change.items[0], CHANGE_REPORT, AUDIENCE_CARE, AUDIENCE_COORD);
        assert_true(fixture.change.items[0].content_changed);
        assert_last(topic(&fixture, "pic/west/counts/"), 0, 2, 2);
        teardown(&fixture);
}

static void test_a_report_from_another_region_leaves_the_old_topic(void **state)
{
        Update update = door_of("here", 10, 'a');
        Fixture fixture;

        setup(&fixture, 10);
        report_in(&fixture, &update, "west");
        report_in(&fixture, &update, "oost");
        assert_int_equal(fixture.change.n_items, 2);
        assert_item(&fixture.change.items[0], CHANGE_WITHDRAWN, AUDIENCE_CARE, AUDIENCE_COORD);
        assert_int_equal(fixture.change.items[0].tombstone->cause, WITHDRAWN_REGION);
        assert_string_equal(fixture.change.items[0].topic->text, "pic/west/status/");
        assert_string_equal(fixture.change.items[1].topic->text, "pic/oost/status/");
        assert_true(fixture.change.items[1].content_changed);
        assert_order(topic(&fixture, "pic/west/status/"), 0, "");
        assert_order(topic(&fixture, "pic/oost/status/"), 0, "a");
        teardown(&fixture);
}

static void test_each_status_and_lane_has_its_topic(void **state)
{
        Update door = door_of("here", 10, 'a'), counts = counts_of("here", 1, 11, 'b');
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &door);
        report(&fixture, &counts);
        door.status = counts.status = STATUS_EXERCISE;
        report(&fixture, &door);
        door.status = STATUS_TEST;
        report(&fixture, &door);
        assert_int_equal(picture_n_records(fixture.picture), 4);
        assert_int_equal(topic(&fixture, "pic/west/status/")->n_records, 2);
        assert_int_equal(topic(&fixture, "pic/west/counts/")->n_records, 1);
        assert_int_equal(topic(&fixture, "test/west/status/")->n_records, 1);
        teardown(&fixture);
}

/* ------------------------------------------------------------------ affirms */

static void test_an_affirm_renews_what_it_names_and_nothing_else(void **state)
{
        Update same = counts_of("here", 1, 10, 'a'), later = counts_of("here", 2, 21, 'b');
        Update twin = counts_of("here", 3, 11, 'c'), coord = counts_of("here", 4, 12, 'd');
        Update drill = counts_of("here", 5, 13, 'e'), apart = counts_of("here", 6, 14, 'f');
        Update door = door_of("here", 15, 'g'), there = counts_of("there", 1, 16, 'h');
        Update edge = counts_of("here", 7, 20, 'i'), all = affirm_of("here", LANE_COUNTS, 20);
        Update *updates[] = { &same, &later, &twin, &coord, &drill, &apart, &door, &there, &edge };
        RecordRef ref = update_record_ref(&apart);
        Fixture fixture;

        twin.instance = 2;
        coord.audience = AUDIENCE_COORD;
        drill.status = STATUS_EXERCISE;
        all.affirm.apart_from = &ref;
        all.affirm.n_apart_from = 1;

        setup(&fixture, 10);
        for (size_t i = 0; i < N_ELEMENTS(updates); i++)
                report(&fixture, updates[i]);
        affirm(&fixture, &all);

        assert_int_equal(fixture.change.n_items, 1);
        assert_item(&fixture.change.items[0], CHANGE_AFFIRM, AUDIENCE_CARE, AUDIENCE_COORD);
        assert_int_equal(fixture.change.items[0].n_renewed, 2);
        assert_ptr_equal(held(&fixture, &same)->affirmation, fixture.change.items[0].affirmation);
        assert_ptr_equal(held(&fixture, &edge)->affirmation, fixture.change.items[0].affirmation);
        for (size_t i = 1; i < N_ELEMENTS(updates) - 1; i++)
                assert_null(held(&fixture, updates[i])->affirmation);
        assert_int_equal(held(&fixture, &same)->revision, 1);
        assert_int_equal(held(&fixture, &same)->changed_revision, 10);
        assert_int_equal(held(&fixture, &same)->since_ms, NOW + 1);
        assert_order(topic(&fixture, "pic/west/counts/"), 0, "bcdefhai");
        assert_last(topic(&fixture, "pic/west/counts/"), 0, 10, 10);
        assert_last(topic(&fixture, "pic/west/status/"), 0, 7, 7);

        /* What was apart once is not for ever. */
        all.affirm.n_apart_from = 0;
        affirm(&fixture, &all);
        assert_int_equal(fixture.change.items[0].n_renewed, 3);
        teardown(&fixture);
}

static void test_an_affirm_that_renews_nothing_is_told_to_nobody(void **state)
{
        Update counts = counts_of("here", 1, 10, 'a'), none = affirm_of("here", LANE_COUNTS, 9);
        Update nowhere = affirm_of("nowhere", LANE_COUNTS, 99);
        Update status = affirm_of("here", LANE_STATUS, 99);
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &counts);
        affirm(&fixture, &none);
        assert_int_equal(fixture.change.n_items, 0);
        affirm(&fixture, &nowhere);
        assert_int_equal(fixture.change.n_items, 0);
        affirm(&fixture, &status);
        assert_int_equal(fixture.change.n_items, 0);
        assert_last(topic(&fixture, "pic/west/counts/"), 0, 1, 1);
        assert_int_equal(held(&fixture, &counts)->changed_revision, 1);
        teardown(&fixture);
}

static void test_a_report_replaces_the_affirmation(void **state)
{
        Update first = counts_of("here", 1, 10, 'a'), second = counts_of("here", 2, 11, 'b');
        Update all = affirm_of("here", LANE_COUNTS, 11);
        Blob *own = NULL, *shared;
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &first);
        report(&fixture, &second);
        assert_int_equal(blob_copy(&own, "affirm", 6), 0);
        shared = fixture.envelope;
        fixture.envelope = own;
        affirm(&fixture, &all);
        fixture.envelope = shared;
        assert_int_equal(own->n_references, 2); /* one affirmation for both */

        first.seq = 13;
        report(&fixture, &first);
        assert_null(held(&fixture, &first)->affirmation);
        assert_int_equal(own->n_references, 2);
        withdraw(&fixture, &second);
        assert_int_equal(own->n_references, 1);
        blob_unref(own);
        teardown(&fixture);
}

static void count_freed(Record *record, void *arg)
{
        *(unsigned *)arg += record->user != NULL;
}

static void test_whoever_hangs_something_on_a_record_is_told_of_its_end(void **state)
{
        Update a = counts_of("here", 1, 10, 'a'), b = counts_of("here", 2, 11, 'b');
        Update c = counts_of("here", 3, 12, 'c');
        unsigned n_freed = 0;
        Fixture fixture;

        setup(&fixture, 0);
        picture_on_record_free(fixture.picture, count_freed, &n_freed);
        report(&fixture, &a);
        report(&fixture, &b);
        report(&fixture, &c);
        held(&fixture, &a)->user = held(&fixture, &b)->user = held(&fixture, &c)->user = &n_freed;
        report(&fixture, &a);
        assert_int_equal(n_freed, 0);
        assert_ptr_equal(held(&fixture, &a)->user, &n_freed);
        withdraw(&fixture, &a);
        assert_int_equal(n_freed, 1);
        picture_drop(fixture.picture, held(&fixture, &b));
        assert_int_equal(n_freed, 2);
        teardown(&fixture);
        assert_int_equal(n_freed, 3);
}

static void test_walking_meets_everything_once(void **state)
{
        Update updates[] = { counts_of("here", 1, 10, 'a'), counts_of("here", 2, 11, 'b'),
                             door_of("there", 12, 'c') };
        const PictureTopic *where = NULL;
        const Record *record = NULL;
        unsigned n = 0;
        Fixture fixture;

        setup(&fixture, 0);
        assert_null(picture_next(fixture.picture, NULL));
        for (size_t i = 0; i < N_ELEMENTS(updates); i++)
                report(&fixture, &updates[i]);
        while ((record = picture_next(fixture.picture, record)))
                assert_int_equal(record->content_digest[0], 'a' + n++);
        assert_int_equal(n, 3);
        while ((where = picture_next_topic(fixture.picture, where)))
                n += (unsigned)where->n_records;
        assert_int_equal(n, 6);
        teardown(&fixture);
}

static bool is_foreseen(const Fixture *fixture, const Update *update, const char *region)
{
        const PictureTopic *topic;
        Entry entry;

        return picture_foresee(fixture->picture, update, fixture->envelope, fixture->revision + 1,
                               NOW, region, &topic, &entry);
}

static void test_what_a_plain_report_will_be_is_foreseen(void **state)
{
        Update update = counts_of("here", 1, 10, 'a'), door = door_of("here", 11, 'b');
        Fixture fixture;

        setup(&fixture, 10);
        assert_false(is_foreseen(&fixture, &update, "west")); /* its topic is not there yet */
        report(&fixture, &update);
        assert_true(is_foreseen(&fixture, &update, "west"));
        update.counts.care = 2;
        assert_true(is_foreseen(&fixture, &update, "west"));
        assert_false(is_foreseen(&fixture, &door, "west"));
        assert_int_equal(picture_n_records(fixture.picture), 1);
        teardown(&fixture);
}

static void test_what_takes_something_from_somebody_is_not_foreseen(void **state)
{
        Update update = counts_of("here", 1, 10, 'a'), other = counts_of("there", 1, 11, 'a');
        Update affirmed = affirm_of("here", LANE_COUNTS, 10);
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &update);
        report_in(&fixture, &other, "east");
        assert_false(is_foreseen(&fixture, &update, "east"));
        assert_false(is_foreseen(&fixture, &affirmed, "west"));
        update.audience = AUDIENCE_COORD;
        assert_false(is_foreseen(&fixture, &update, "west"));
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_first_report_is_told_to_its_level_and_above),
                cmocka_unit_test(test_a_restatement_renews_age_and_keeps_since),
                cmocka_unit_test(test_counts_that_contradict_each_other_are_flagged),
                cmocka_unit_test(test_a_narrower_audience_withdraws_from_those_who_lose_it),
                cmocka_unit_test(test_a_wider_audience_withdraws_from_nobody),
                cmocka_unit_test(test_a_report_from_another_region_leaves_the_old_topic),
                cmocka_unit_test(test_each_status_and_lane_has_its_topic),
                cmocka_unit_test(test_an_affirm_renews_what_it_names_and_nothing_else),
                cmocka_unit_test(test_an_affirm_that_renews_nothing_is_told_to_nobody),
                cmocka_unit_test(test_a_report_replaces_the_affirmation),
                cmocka_unit_test(test_whoever_hangs_something_on_a_record_is_told_of_its_end),
                cmocka_unit_test(test_walking_meets_everything_once),
                cmocka_unit_test(test_what_a_plain_report_will_be_is_foreseen),
                cmocka_unit_test(test_what_takes_something_from_somebody_is_not_foreseen),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
