#pragma once

/*
 * For tests of checkpoints: a world with one party, the rows that were written of it, and whether a
 * state comes back from them
 */

#include <string.h>

#include "../core-rows.h"
#include "../core-world.h"
#include "cmocka-all.h"

enum {
        N_TOMBSTONES = 4,
};

static World world;
static WorldParty *party; /* "a", which speaks for "one" in noord and "two" in zuid */
static RowStore rows;

static const LocationGrant grants[] = { { .location = "one", .region = "noord" },
                                        { .location = "two", .region = "zuid" } };

static inline void enrol(const LocationGrant *locations, size_t n_locations)
{
        Enrolment enrolment = world_enrolment(&world, party, locations, n_locations);

        world_enrol(&world, party, &enrolment);
}

static inline int setup(void **state)
{
        rows = (RowStore){ 0 };
        world_start(&world, N_TOMBSTONES);
        party = world_new_party(&world, "a");
        enrol(grants, N_ELEMENTS(grants));
        return 0;
}

static inline int teardown(void **state)
{
        row_store_deinit(&rows);
        world_deinit(&world);
        return 0;
}

static inline void report(const char *location, uint32_t care, int32_t staffed)
{
        Update update = world_counts(&world, party, location, care, staffed);

        world_publish(&world, party, &update);
}

static inline void affirm(const char *location)
{
        Update update = world_affirm(&world, party, location, LANE_COUNTS);

        world_publish(&world, party, &update);
}

static inline void withdraw(const char *location, uint32_t care)
{
        Update update = world_withdraw(&world, party, location, care);

        world_publish(&world, party, &update);
}

static inline Checkpoint *take(void)
{
        Checkpoint *checkpoint = NULL;

        assert_int_equal(state_checkpoint(world.state, &checkpoint), 0);
        assert_int_equal(checkpoint->revision, world.revision);
        assert_false(checkpoint_has_twins(checkpoint));
        return checkpoint;
}

/* Writes one, and returns how many rows it had. */
static inline size_t save(void)
{
        CLEANUP(checkpoint_freep) Checkpoint *checkpoint = take();

        row_store_write(&rows, checkpoint);
        return checkpoint->n_rows;
}

static inline size_t n_rows_of(const Checkpoint *checkpoint, CheckpointTable table, bool deletes)
{
        size_t n = 0;

        for (size_t i = 0; i < checkpoint->n_rows; i++)
                n += checkpoint->rows[i].table == table && !checkpoint->rows[i].value == deletes;
        return n;
}

static inline void assert_restores(void)
{
        CLEANUP(state_freep) State *restored = world_new_state(N_TOMBSTONES);
        const char *difference;

        assert_int_equal(row_store_restore(&rows, restored), 0);
        difference = states_differ(world.state, restored);
        if (difference)
                print_error("%s\n", difference);
        assert_null(difference);
}

#define TEST(_name) cmocka_unit_test_setup_teardown(_name, setup, teardown)
