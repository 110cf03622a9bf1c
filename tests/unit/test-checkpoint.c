#include "checkpoint-fixture.h"

/* ------------------------------------------------------------------ there and back */

static void test_a_state_comes_back_whole(void **state)
{
        Suspension suspension = world_suspension(party, true);
        Update door = world_door(&world, party, "two", PLEK_DOOR_STOP);

        world_publish(&world, party, &door);
        report("one", 1, 10);
        report("one", 2, 20);
        report("two", 1, 30);
        world.now_ms += 1000;
        report("one", 1, 10); /* restated: since when it has been this is not in the envelope */
        affirm("one");
        withdraw("one", 2);
        world_suspend(&world, &suspension);
        suspension.suspended = false;
        world_suspend(&world, &suspension);
        world_open_epoch(&world, true);
        world_open_epoch(&world, false);

        save();
        assert_restores();
}

static void test_an_empty_state_comes_back_empty(void **state)
{
        CLEANUP(state_freep) State *restored = world_new_state(N_TOMBSTONES);

        assert_int_equal(row_store_restore(&rows, restored), 0);
        assert_int_equal(state_revision(restored), 0);
        assert_false(state_has_genesis(restored));
}

static void test_a_restored_state_goes_on_where_the_rows_end(void **state)
{
        CLEANUP(state_freep) State *restored = world_new_state(N_TOMBSTONES);
        CLEANUP(change_deinit) Change change = CHANGE_NULL;
        size_t n_saved;

        report("one", 1, 10);
        report("one", 2, 10);
        affirm("one");
        save();
        n_saved = world.n_ledger;
        report("one", 1, 11);
        withdraw("one", 2);
        affirm("one");

        assert_int_equal(row_store_restore(&rows, restored), 0);
        for (size_t i = n_saved; i < world.n_ledger; i++)
                assert_int_equal(state_apply(restored, &world.ledger[i], &change), 0);
        assert_null(states_differ(world.state, restored));
}

static void test_what_was_just_restored_need_not_be_written(void **state)
{
        CLEANUP(state_freep) State *restored = world_new_state(N_TOMBSTONES);

        report("one", 1, 10);
        affirm("one");
        withdraw("one", 1);
        save();
        assert_int_equal(row_store_restore(&rows, restored), 0);
        assert_int_equal(state_n_dirty(restored), 0);
}

/* ------------------------------------------------------------------ only what changed */

static void test_a_checkpoint_has_what_changed_and_no_more(void **state)
{
        CLEANUP(checkpoint_freep) Checkpoint *checkpoint = NULL;

        for (uint32_t care = 1; care <= 50; care++)
                report("one", care, 10);
        save();
        assert_int_equal(state_n_dirty(world.state), 0);
        assert_int_equal(save(), 1); /* the position alone */

        for (int32_t staffed = 0; staffed < 100; staffed++)
                report("one", 7, staffed);
        checkpoint = take();
        assert_int_equal(checkpoint->n_rows, 4);
        assert_int_equal(n_rows_of(checkpoint, CHECKPOINT_RECORDS, false), 1);
        assert_int_equal(n_rows_of(checkpoint, CHECKPOINT_TOPICS, false), 1);
        assert_int_equal(n_rows_of(checkpoint, CHECKPOINT_PARTIES, false), 1);
        assert_int_equal(n_rows_of(checkpoint, CHECKPOINT_META, false), 1);
        row_store_write(&rows, checkpoint);
        assert_restores();
}

static void test_all_that_an_affirm_renewed_is_written_and_the_affirm_once(void **state)
{
        CLEANUP(checkpoint_freep) Checkpoint *checkpoint = NULL;

        for (uint32_t care = 1; care <= 50; care++)
                report("one", care, 10);
        report("two", 1, 10);
        save();
        affirm("one");
        checkpoint = take();
        assert_int_equal(n_rows_of(checkpoint, CHECKPOINT_RECORDS, false), 50);
        assert_int_equal(n_rows_of(checkpoint, CHECKPOINT_AFFIRMS, false), 1);
        row_store_write(&rows, checkpoint);
        assert_restores();
}

static void test_an_affirm_goes_when_nothing_rests_on_it_any_more(void **state)
{
        report("one", 1, 10);
        report("one", 2, 10);
        affirm("one");
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_AFFIRMS), 1);
        report("one", 1, 11);
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_AFFIRMS), 1);
        report("one", 2, 11);
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_AFFIRMS), 0);
        assert_restores();
}

static void test_an_affirm_that_nothing_rested_on_for_long_has_no_row(void **state)
{
        report("one", 1, 10);
        for (unsigned i = 0; i < 10; i++)
                affirm("one");
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_AFFIRMS), 1);
}

/* A region in which everything is affirmed again and again. */
static void test_affirms_that_linger_never_outnumber_those_in_use_for_long(void **state)
{
        static const char *const locations[] = { "one", "two" };

        for (uint32_t care = 1; care <= 500; care++) {
                report(locations[care % 2], care, 10);
                affirm(locations[care % 2]);
                if (care % 10 == 0)
                        save();
                assert_true(row_store_count(&rows, CHECKPOINT_AFFIRMS) <= 2 * 2 + 64);
        }
        save();
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_AFFIRMS), 2);
        assert_restores();
}

static void test_a_record_that_came_and_went_leaves_no_row(void **state)
{
        save();
        report("one", 1, 10);
        withdraw("one", 1);
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_RECORDS), 0);
        assert_int_equal(row_store_count(&rows, CHECKPOINT_TOMBSTONES), 1);
        assert_restores();
}

static void test_a_record_that_went_and_came_back_is_there(void **state)
{
        report("one", 1, 10);
        save();
        withdraw("one", 1);
        report("one", 1, 11);
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_RECORDS), 1);
        assert_restores();

        withdraw("one", 1);
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_RECORDS), 0);
        assert_restores();
}

static void test_a_location_that_moves_takes_its_rows_along(void **state)
{
        const LocationGrant moved = { .location = "one", .region = "oost" };

        report("one", 1, 10);
        report("two", 1, 10);
        save();
        enrol(&moved, 1); /* and "two" is no longer listed */
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_RECORDS), 1);
        assert_restores();
}

static void test_a_narrower_audience_leaves_the_record_and_a_tombstone(void **state)
{
        Update update;

        report("one", 1, 10);
        save();
        update = world_counts(&world, party, "one", 1, 10);
        update.audience = AUDIENCE_COORD;
        world_publish(&world, party, &update);
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_RECORDS), 1);
        assert_int_equal(row_store_count(&rows, CHECKPOINT_TOMBSTONES), 1);
        assert_restores();
}

static void test_a_tombstone_that_is_forgotten_has_no_row(void **state)
{
        for (uint32_t care = 1; care <= 3 * N_TOMBSTONES; care++) {
                report(care % 2 ? "one" : "two", care, 10);
                withdraw(care % 2 ? "one" : "two", care);
                if (care % 3 == 0)
                        save();
        }
        report("one", 1, 10);
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_TOMBSTONES), N_TOMBSTONES);
        assert_restores();
}

static void test_only_the_latest_epochs_have_rows(void **state)
{
        for (size_t i = 0; i < EPOCH_SPANS_MAX + 10; i++) {
                world_open_epoch(&world, true);
                if (i % 1000 == 0)
                        save();
        }
        save();
        /* position, genesis, epoch */
        assert_int_equal(row_store_count(&rows, CHECKPOINT_META), EPOCH_SPANS_MAX + 3);
        assert_restores();
}

/* ------------------------------------------------------------------ a checkpoint that failed */

static void test_what_was_not_written_is_written_next_time(void **state)
{
        report("one", 1, 10);
        report("one", 2, 10);
        report("two", 1, 10);
        affirm("one");
        withdraw("one", 2);
        state_checkpoint_failed(world.state, take());
        assert_true(state_n_dirty(world.state) > 0);
        state_checkpoint_failed(world.state, take());
        save();
        assert_restores();
}

static void test_what_failed_and_changed_since_is_written_as_it_is_now(void **state)
{
        report("one", 1, 10);
        report("one", 2, 10);
        report("two", 1, 10);
        save();
        report("one", 1, 11);
        withdraw("two", 1);
        affirm("one");
        state_checkpoint_failed(world.state, take());
        report("one", 1, 12);
        withdraw("one", 2);
        report("two", 1, 13);
        save();
        assert_restores();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_RECORDS), 2);
}

static void test_deletes_that_failed_are_made_again(void **state)
{
        report("one", 1, 10);
        affirm("one");
        save();
        withdraw("one", 1);
        for (uint32_t care = 2; care < 2 + 2 * N_TOMBSTONES; care++) {
                report("one", care, 10);
                withdraw("one", care);
        }
        state_checkpoint_failed(world.state, take());
        world_open_epoch(&world, true);
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_RECORDS), 0);
        assert_int_equal(row_store_count(&rows, CHECKPOINT_AFFIRMS), 0);
        assert_restores();
}

static void test_a_tombstone_forgotten_after_a_failure_has_no_row(void **state)
{
        report("one", 1, 10);
        withdraw("one", 1);
        state_checkpoint_failed(world.state, take());
        for (uint32_t care = 2; care < 3 + 2 * N_TOMBSTONES; care++) {
                report("one", care, 10);
                withdraw("one", care);
        }
        report("one", 1, 10);
        save();
        assert_int_equal(row_store_count(&rows, CHECKPOINT_TOMBSTONES), N_TOMBSTONES);
        assert_restores();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_state_comes_back_whole),
                TEST(test_an_empty_state_comes_back_empty),
                TEST(test_a_restored_state_goes_on_where_the_rows_end),
                TEST(test_what_was_just_restored_need_not_be_written),
                TEST(test_a_checkpoint_has_what_changed_and_no_more),
                TEST(test_all_that_an_affirm_renewed_is_written_and_the_affirm_once),
                TEST(test_an_affirm_goes_when_nothing_rests_on_it_any_more),
                TEST(test_an_affirm_that_nothing_rested_on_for_long_has_no_row),
                TEST(test_affirms_that_linger_never_outnumber_those_in_use_for_long),
                TEST(test_a_record_that_came_and_went_leaves_no_row),
                TEST(test_a_record_that_went_and_came_back_is_there),
                TEST(test_a_location_that_moves_takes_its_rows_along),
                TEST(test_a_narrower_audience_leaves_the_record_and_a_tombstone),
                TEST(test_a_tombstone_that_is_forgotten_has_no_row),
                TEST(test_only_the_latest_epochs_have_rows),
                TEST(test_what_was_not_written_is_written_next_time),
                TEST(test_what_failed_and_changed_since_is_written_as_it_is_now),
                TEST(test_deletes_that_failed_are_made_again),
                TEST(test_a_tombstone_forgotten_after_a_failure_has_no_row),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
