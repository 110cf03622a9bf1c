#include <stdlib.h>

/*
 * Taking a checkpoint with its nth allocation failing, for every n until it succeeds: it must say
 * -ENOMEM and have taken nothing. The checkpoint is compiled in here, with an allocator of ours.
 */

static size_t n_allocations_left = (size_t)-1;

static void *allocated(void *memory)
{
        if (n_allocations_left != (size_t)-1)
                n_allocations_left--;
        return memory;
}

static void *failing_malloc(size_t n_bytes)
{
        return n_allocations_left ? allocated(malloc(n_bytes)) : NULL;
}

static void *failing_calloc(size_t n, size_t n_bytes)
{
        return n_allocations_left ? allocated(calloc(n, n_bytes)) : NULL;
}

static void *failing_reallocarray(void *memory, size_t n, size_t n_bytes)
{
        return n_allocations_left ? allocated(reallocarray(memory, n, n_bytes)) : NULL;
}

#define malloc       failing_malloc
#define calloc       failing_calloc
#define reallocarray failing_reallocarray

#include "core/checkpoint-failed.c"
#include "core/checkpoint.c"
#include "core/dirty-kept.c"
#include "core/dirty.c"
#include "core/row.c"

#include "../core-rows.h"
#include "../core-world.h"
#include "cmocka-all.h"

static World world;
static WorldParty *party;
static RowStore rows;

static int setup(void **state)
{
        rows = (RowStore){ 0 };
        world_start(&world, 3);
        party = world_add_party(&world, "a", "loc", "noord");
        return 0;
}

static int teardown(void **state)
{
        row_store_deinit(&rows);
        world_deinit(&world);
        return 0;
}

/* A bit of everything that a checkpoint can hold. */
static void live(uint32_t first_care)
{
        Update update;

        for (uint32_t care = first_care; care < first_care + 6; care++) {
                update = world_counts(&world, party, "loc", care, 10);
                world_publish(&world, party, &update);
                update = world_affirm(&world, party, "loc", LANE_COUNTS);
                world_publish(&world, party, &update);
                if (care % 3 == 0)
                        continue;
                update = world_withdraw(&world, party, "loc", care);
                world_publish(&world, party, &update);
        }
        world_open_epoch(&world, true);
}

/* Fails until there is memory enough, then succeeds. Returns how often it failed. */
static size_t take_until_it_succeeds(Checkpoint **ret_checkpoint)
{
        uint64_t revision = state_revision(world.state);
        size_t n_allocations = 0;
        int r;

        for (;; n_allocations++) {
                n_allocations_left = n_allocations;
                r = state_checkpoint(world.state, ret_checkpoint);
                n_allocations_left = (size_t)-1;
                if (!r)
                        break;
                assert_int_equal(r, -ENOMEM);
                assert_int_equal(state_revision(world.state), revision);
                assert_true(state_n_dirty(world.state) > 0);
        }
        return n_allocations;
}

static void assert_restores(void)
{
        State *restored = world_new_state(3);

        assert_int_equal(row_store_restore(&rows, restored), 0);
        assert_null(states_differ(world.state, restored));
        state_free(restored);
}

static void test_a_checkpoint_without_memory_takes_nothing(void **state)
{
        Checkpoint *checkpoint = NULL;

        for (unsigned round = 0; round < 3; round++) {
                live(1 + round * 4);
                assert_true(take_until_it_succeeds(&checkpoint) > 20);
                assert_false(checkpoint_has_twins(checkpoint));
                row_store_write(&rows, checkpoint);
                checkpoint = checkpoint_free(checkpoint);
                assert_int_equal(state_n_dirty(world.state), 0);
                assert_restores();
        }
}

static void test_a_failed_checkpoint_without_memory_is_not_forgotten(void **state)
{
        Checkpoint *checkpoint = NULL;

        for (unsigned round = 0; round < 3; round++) {
                live(1 + round * 4);
                assert_int_equal(state_checkpoint(world.state, &checkpoint), 0);
                state_checkpoint_failed(world.state, checkpoint);
                assert_true(take_until_it_succeeds(&checkpoint) > 20);
                assert_false(checkpoint_has_twins(checkpoint));
                row_store_write(&rows, checkpoint);
                checkpoint = checkpoint_free(checkpoint);
                assert_restores();
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_checkpoint_without_memory_takes_nothing,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_failed_checkpoint_without_memory_is_not_forgotten, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
