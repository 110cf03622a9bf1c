#include "picture-fixture.h"

static void restore(Fixture *fixture, const char *name, const Update *update, uint64_t revision,
                    uint64_t changed)
{
        Topic parsed;
        PictureTopic *where;
        Entry entry = {
                .revision = revision,
                .changed_revision = changed,
                .received_at_ms = NOW + (int64_t)revision,
                .since_ms = NOW,
                .flags = ENTRY_MOVED,
        };

        assert_int_equal(topic_parse(&parsed, name, strlen(name)), 0);
        assert_int_equal(picture_need_topic(fixture->picture, &parsed, &where), 0);
        assert_int_equal(picture_restore(fixture->picture, where, update, fixture->envelope, &entry,
                                         NULL, NULL),
                         0);
}

static void test_a_restored_record_is_as_the_entry_says(void **state)
{
        Update update = counts_of("here", 1, 10, 'a');
        Record *record = NULL;
        PictureTopic *where;
        Affirmation *affirmation = NULL;
        Topic name = topic_of(STATUS_ACTUAL, "west", LANE_COUNTS);
        Entry entry = { 5, 9, NOW + 5, NOW + 2, ENTRY_OVERCROWDED, .rests_on = 9 }, back;
        Fixture fixture;

        setup(&fixture, 0);
        assert_int_equal(affirmation_new(&affirmation, 9, NOW + 9, NOW + 8, fixture.envelope), 0);
        assert_int_equal(picture_need_topic(fixture.picture, &name, &where), 0);
        for (int i = 0; i < 2; i++) /* twice: as often as one likes */
                assert_int_equal(picture_restore(fixture.picture, where, &update, fixture.envelope,
                                                 &entry, affirmation, &record),
                                 0);
        assert_int_equal(affirmation->n_references, 2);
        record_to_entry(record, &back);
        assert_int_equal(back.revision, 5);
        assert_int_equal(back.changed_revision, 9);
        assert_int_equal(back.received_at_ms, NOW + 5);
        assert_int_equal(back.since_ms, NOW + 2);
        assert_int_equal(back.flags, ENTRY_OVERCROWDED);
        assert_int_equal(back.rests_on, 9);
        assert_memory_equal(back.envelope, "envelope", 8);
        assert_int_equal(record->instance, update.instance);
        assert_int_equal(where->n_records, 1);
        assert_last(where, 0, 9, 9);

        affirmation_to_entry(affirmation, &back);
        assert_int_equal(back.revision, 9);
        assert_int_equal(back.received_at_ms, NOW + 9);
        affirmation_unref(affirmation);
        teardown(&fixture);
}

static void test_entries_out_of_order_fall_into_place(void **state)
{
        static const uint64_t revisions[] = { 5, 2, 9, 1, 7, 3, 8, 4, 6 };
        Update updates[10];
        Fixture fixture;

        setup(&fixture, 0);
        for (uint32_t i = 0; i < N_ELEMENTS(revisions); i++) {
                uint64_t revision = revisions[i];

                updates[revision] =
                        counts_of("here", (uint32_t)revision, revision, (char)('0' + revision));
                restore(&fixture, "pic/west/counts/", &updates[revision], revision, revision);
        }
        assert_order(topic(&fixture, "pic/west/counts/"), 0, "123456789");
        assert_order(topic(&fixture, "pic/west/counts/"), 6, "789");

        restore(&fixture, "pic/west/counts/", &updates[3], 3, 20);
        restore(&fixture, "pic/west/counts/", &updates[5], 5, 15);
        assert_order(topic(&fixture, "pic/west/counts/"), 0, "124678953");
        teardown(&fixture);
}

static void test_an_older_entry_does_not_replace_a_newer(void **state)
{
        Update newer = counts_of("here", 1, 10, 'n'), older = counts_of("here", 1, 9, 'o');
        Fixture fixture;

        setup(&fixture, 0);
        restore(&fixture, "pic/west/counts/", &newer, 8, 8);
        restore(&fixture, "pic/west/counts/", &older, 7, 7);
        assert_int_equal(held(&fixture, &newer)->content_digest[0], 'n');

        /* It has moved to another topic meanwhile: the old one's answer came late. */
        restore(&fixture, "pic/oost/counts/", &newer, 8, 12);
        restore(&fixture, "pic/west/counts/", &older, 8, 8);
        assert_order(topic(&fixture, "pic/oost/counts/"), 0, "n");
        assert_order(topic(&fixture, "pic/west/counts/"), 0, "");
        assert_int_equal(picture_n_records(fixture.picture), 1);
        teardown(&fixture);
}

static void test_a_whole_answer_drops_what_it_does_not_list(void **state)
{
        Update a = counts_of("here", 1, 10, 'a'), b = counts_of("here", 2, 11, 'b');
        Update c = counts_of("here", 3, 12, 'c'), d = counts_of("here", 4, 13, 'd');
        Update door = door_of("here", 14, 'e');
        PictureTopic *where;
        Fixture fixture;

        setup(&fixture, 0);
        restore(&fixture, "pic/west/counts/", &a, 3, 3);
        restore(&fixture, "pic/west/counts/", &b, 4, 4);
        restore(&fixture, "pic/west/counts/", &c, 5, 5);
        restore(&fixture, "pic/west/status/", &door, 6, 6);
        where = picture_find_topic(fixture.picture, "pic/west/counts/");
        picture_whole_begin(where);
        restore(&fixture, "pic/west/counts/", &a, 3, 3);
        restore(&fixture, "pic/west/counts/", &d, 4, 4);
        restore(&fixture, "pic/west/counts/", &c, 2, 2); /* stale, but listed */
        picture_whole_end(fixture.picture, where);
        assert_order(where, 0, "adc");
        assert_non_null(held(&fixture, &door));

        picture_drop_topic(fixture.picture, where);
        assert_order(where, 0, "");
        assert_int_equal(picture_n_records(fixture.picture), 1);
        teardown(&fixture);
}

static void test_a_withdrawal_ends_only_what_was_there_before_it(void **state)
{
        Update update = counts_of("here", 1, 10, 'a');
        const PictureTopic *west, *oost;
        RecordKey key = key_of(&update);
        Fixture fixture;

        setup(&fixture, 0);
        restore(&fixture, "pic/oost/counts/", &update, 3, 3);
        restore(&fixture, "pic/west/counts/", &update, 3, 5);
        west = topic(&fixture, "pic/west/counts/");
        oost = topic(&fixture, "pic/oost/counts/");
        assert_null(picture_find_withdrawn(fixture.picture, oost, &key, 5));
        assert_null(picture_find_withdrawn(fixture.picture, west, &key, 4));
        assert_ptr_equal(picture_find_withdrawn(fixture.picture, west, &key, 6),
                         held(&fixture, &update));
        teardown(&fixture);
}

static void test_a_restored_tombstone_is_there_once_and_in_order(void **state)
{
        static const uint64_t revisions[] = { 7, 3, 5, 3, 7 };
        Topic name = topic_of(STATUS_ACTUAL, "west", LANE_COUNTS);
        Update update = counts_of("here", 1, 10, 'a');
        RecordKey key = key_of(&update);
        const Tombstone *tombstone;
        PictureTopic *where;
        Fixture fixture;

        setup(&fixture, 10);
        assert_int_equal(picture_need_topic(fixture.picture, &name, &where), 0);
        for (size_t i = 0; i < N_ELEMENTS(revisions); i++)
                assert_int_equal(picture_restore_tombstone(fixture.picture, where, &key,
                                                           revisions[i], NOW, AUDIENCE_CARE,
                                                           AUDIENCE_CARE, WITHDRAWN_AUDIENCE),
                                 0);
        tombstone = picture_tombstones_since(where, 0);
        for (uint64_t revision = 3; revision <= 7; revision += 2) {
                assert_int_equal(tombstone->revision, revision);
                tombstone = list_entry(tombstone->in_topic.next, Tombstone, in_topic);
        }
        assert_ptr_equal(&tombstone->in_topic, &where->tombstones);
        assert_last(where, 0, 7, 0);
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_restored_record_is_as_the_entry_says),
                cmocka_unit_test(test_entries_out_of_order_fall_into_place),
                cmocka_unit_test(test_an_older_entry_does_not_replace_a_newer),
                cmocka_unit_test(test_a_whole_answer_drops_what_it_does_not_list),
                cmocka_unit_test(test_a_withdrawal_ends_only_what_was_there_before_it),
                cmocka_unit_test(test_a_restored_tombstone_is_there_once_and_in_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
