#include "picture-fixture.h"

/* ------------------------------------------------------------------ withdrawals */

static void test_a_withdrawal_leaves_a_tombstone_and_nothing_else(void **state)
{
        Update update = counts_of("here", 1, 10, 'a');
        const Tombstone *tombstone;
        WithdrawnRecord withdrawn;
        Fixture fixture;
        Entry entry;

        setup(&fixture, 10);
        report(&fixture, &update);
        withdraw(&fixture, &update);
        assert_int_equal(fixture.change.n_items, 1);
        assert_item(&fixture.change.items[0], CHANGE_WITHDRAWN, AUDIENCE_CARE, AUDIENCE_COORD);
        assert_null(held(&fixture, &update));
        assert_null(picture_find_group(fixture.picture, "party", "here"));
        assert_int_equal(picture_n_records(fixture.picture), 0);

        tombstone = picture_tombstones_since(topic(&fixture, "pic/west/counts/"), 1);
        assert_ptr_equal(tombstone, fixture.change.items[0].tombstone);
        tombstone_to_entry(tombstone, &withdrawn, &entry);
        assert_int_equal(entry.revision, 2);
        assert_int_equal(entry.changed_revision, 2);
        assert_int_equal(entry.received_at_ms, NOW + 2);
        assert_null(entry.envelope);
        assert_ptr_equal(entry.withdrawn, &withdrawn);
        assert_string_equal(withdrawn.party, "party");
        assert_string_equal(withdrawn.location, "here");
        assert_int_equal(withdrawn.ref.report, UPDATE_COUNTS);
        assert_int_equal(withdrawn.cause, WITHDRAWN_BY_PARTY);
        assert_null(picture_tombstones_since(topic(&fixture, "pic/west/counts/"), 2));
        teardown(&fixture);
}

static void test_withdrawing_what_is_not_there_is_done_already(void **state)
{
        Update update = counts_of("here", 1, 10, 'a'), other = counts_of("here", 2, 10, 'a');
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &update);
        withdraw(&fixture, &other);
        assert_int_equal(fixture.change.n_items, 0);
        other = update;
        other.party = "another";
        withdraw(&fixture, &other);
        assert_int_equal(fixture.change.n_items, 0);
        other = update;
        other.status = STATUS_EXERCISE;
        withdraw(&fixture, &other);
        assert_int_equal(fixture.change.n_items, 0);
        assert_non_null(held(&fixture, &update));
        assert_last(topic(&fixture, "pic/west/counts/"), 0, 1, 1);
        teardown(&fixture);
}

static void test_too_many_tombstones_are_forgotten_and_said_to_be(void **state)
{
        Update updates[] = { counts_of("here", 1, 10, 'a'), counts_of("here", 2, 11, 'b'),
                             counts_of("here", 3, 12, 'c'), door_of("here", 13, 'd') };
        const PictureTopic *counts, *status;
        Fixture fixture;

        setup(&fixture, 2);
        for (size_t i = 0; i < N_ELEMENTS(updates); i++)
                report(&fixture, &updates[i]);
        for (size_t i = 0; i < N_ELEMENTS(updates); i++)
                withdraw(&fixture, &updates[i]);
        report(&fixture, &updates[0]);

        counts = topic(&fixture, "pic/west/counts/");
        status = topic(&fixture, "pic/west/status/");
        assert_int_equal(counts->forgotten, 6);
        assert_false(picture_remembers(counts, 5));
        assert_true(picture_remembers(counts, 6));
        assert_true(picture_remembers(status, 0));
        assert_int_equal(picture_tombstones_since(counts, 6)->revision, 7);
        assert_int_equal(picture_tombstones_since(status, 0)->revision, 8);
        teardown(&fixture);
}

static void note_forgotten(const Tombstone *tombstone, void *arg)
{
        *(uint64_t *)arg = tombstone->revision;
}

static void test_what_a_change_hands_out_is_good_until_the_next(void **state)
{
        Update update = counts_of("here", 1, 10, 'a');
        uint64_t forgotten = 0;
        Fixture fixture;

        setup(&fixture, 0);
        picture_on_forget(fixture.picture, note_forgotten, &forgotten);
        report(&fixture, &update);
        withdraw(&fixture, &update);
        assert_int_equal(forgotten, 0);
        assert_int_equal(fixture.change.items[0].tombstone->revision, 2);
        report(&fixture, &update);
        assert_int_equal(forgotten, 2);
        assert_null(picture_tombstones_since(topic(&fixture, "pic/west/counts/"), 0));
        teardown(&fixture);
}

/* ------------------------------------------------------------------ enrolments */

static const char *move_here_drop_there(const char *location, void *arg)
{
        if (strcmp(location, "here") == 0)
                return "oost";
        return strcmp(location, "there") == 0 ? NULL : "west";
}

static void test_an_enrolment_moves_and_withdraws(void **state)
{
        Update here = counts_of("here", 1, 10, 'a'), there = door_of("there", 11, 'b');
        Update stays = counts_of("stays", 1, 12, 'c'), coord = counts_of("here", 2, 13, 'd');
        Update other = door_of("there", 14, 'e'), all = affirm_of("here", LANE_COUNTS, 13);
        const Record *moved;
        Fixture fixture;

        coord.audience = AUDIENCE_COORD;
        other.party = "another";
        setup(&fixture, 10);
        report(&fixture, &here);
        report(&fixture, &there);
        report(&fixture, &stays);
        report(&fixture, &coord);
        report(&fixture, &other);
        affirm(&fixture, &all);
        regrant(&fixture, move_here_drop_there);

        moved = held(&fixture, &here);
        assert_string_equal(moved->topic->text, "pic/oost/counts/");
        assert_int_equal(moved->revision, 1);
        assert_int_equal(moved->changed_revision, 7);
        assert_int_equal(moved->flags, ENTRY_MOVED);
        assert_int_equal(moved->since_ms, NOW + 1);
        assert_int_equal(moved->affirmation->revision, 6);
        assert_null(held(&fixture, &there));
        assert_string_equal(held(&fixture, &stays)->topic->text, "pic/west/counts/");
        assert_non_null(held(&fixture, &other));
        assert_int_equal(fixture.change.n_items, 5);
        for (size_t i = 0; i < 5; i++) {
                const ChangeItem *item = &fixture.change.items[i];

                assert_int_equal(item->revision, 7);
                if (item->kind == CHANGE_MOVED)
                        assert_string_equal(item->topic->text, "pic/oost/counts/");
                else
                        assert_int_equal(item->tombstone->cause,
                                         strcmp(item->topic->text, "pic/west/status/") == 0
                                                 ? WITHDRAWN_ENROLMENT
                                                 : WITHDRAWN_REGION);
        }
        assert_last(topic(&fixture, "pic/oost/counts/"), 0, 7, 7);
        assert_last(topic(&fixture, "pic/west/counts/"), 0, 7, 7);
        assert_last(topic(&fixture, "pic/west/status/"), 0, 7, 7);

        /* A new report is not one that was moved. */
        report_in(&fixture, &here, "oost");
        assert_int_equal(held(&fixture, &here)->flags, 0);
        assert_false(fixture.change.items[0].content_changed);
        teardown(&fixture);
}

static void test_moving_a_coordinators_record_tells_only_them(void **state)
{
        Update coord = counts_of("here", 2, 13, 'd'), care = counts_of("stays", 1, 12, 'c');
        Fixture fixture;

        coord.audience = AUDIENCE_COORD;
        setup(&fixture, 10);
        report(&fixture, &care);
        report(&fixture, &coord);
        regrant(&fixture, move_here_drop_there);
        assert_last(topic(&fixture, "pic/west/counts/"), 0, 1, 3);
        assert_last(topic(&fixture, "pic/oost/counts/"), 0, 0, 3);
        teardown(&fixture);
}

static const char *drop_all(const char *location, void *arg)
{
        return NULL;
}

static void test_an_enrolment_that_lists_nothing_withdraws_everything(void **state)
{
        Update here = counts_of("here", 1, 10, 'a'), there = door_of("there", 11, 'b');
        Update more = counts_of("here", 2, 12, 'c');
        Fixture fixture;

        setup(&fixture, 10);
        report(&fixture, &here);
        report(&fixture, &there);
        report(&fixture, &more);
        regrant(&fixture, drop_all);
        assert_int_equal(fixture.change.n_items, 3);
        assert_int_equal(picture_n_records(fixture.picture), 0);
        regrant(&fixture, drop_all);
        assert_int_equal(fixture.change.n_items, 0);
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_withdrawal_leaves_a_tombstone_and_nothing_else),
                cmocka_unit_test(test_withdrawing_what_is_not_there_is_done_already),
                cmocka_unit_test(test_too_many_tombstones_are_forgotten_and_said_to_be),
                cmocka_unit_test(test_what_a_change_hands_out_is_good_until_the_next),
                cmocka_unit_test(test_an_enrolment_moves_and_withdraws),
                cmocka_unit_test(test_moving_a_coordinators_record_tells_only_them),
                cmocka_unit_test(test_an_enrolment_that_lists_nothing_withdraws_everything),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
