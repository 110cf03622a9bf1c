#pragma once

/*
 * For tests of the outbox: one with a clock that the test moves, and a broker that the test plays
 */

#include <string.h>

#include "cmocka-all.h"
#include "lib/outbox.h"
#include "plek/codes.h"

/* The broker's clock starts here, ours at zero. */
#define EPOCH_US INT64_C(1767225600000000)

typedef struct Fixture {
        Outbox *outbox;
        Arena *arena;
        OutboxTime time;
        Update update; /* the last that was sent */
        OutboxNews news;
} Fixture;

static inline void setup(Fixture *fixture, size_t n_flights_max)
{
        *fixture = (Fixture){ .time.broker_us = EPOCH_US };
        assert_int_equal(arena_new(&fixture->arena, 4 * 1024 * 1024), 0);
        assert_int_equal(outbox_new(&fixture->outbox,
                                    &(OutboxOptions){
                                            .instance = 7,
                                            .n_flights_max = n_flights_max,
                                            .n_items_max = 1000,
                                            .seed = 12345,
                                    }),
                         0);
}

static inline void teardown(Fixture *fixture)
{
        outbox_free(fixture->outbox);
        arena_free(fixture->arena);
}

static inline void pass_ms(Fixture *fixture, int64_t ms)
{
        fixture->time.now_ms += ms;
        fixture->time.broker_us += ms * 1000;
}

static inline Update counts_of(const char *unit, int32_t occupied)
{
        Update update = {
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = "noord",
                .unit = unit,
                .valid_for_s = 600,
                .kind = UPDATE_COUNTS,
                .counts = { .care = PLEK_CARE_WARD },
        };

        update.counts.present[COUNT_OCCUPIED] = true;
        update.counts.value[COUNT_OCCUPIED] = occupied;
        return update;
}

static inline Update door_of(uint32_t door_state)
{
        return (Update){
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = "noord",
                .valid_for_s = 600,
                .kind = UPDATE_DOOR,
                .door = {
                        .state = door_state,
                        .care = CODE_ABSENT,
                        .patient_group = CODE_ABSENT,
                        .urgency = CODE_ABSENT,
                        .starts_at_ms = TIME_ABSENT,
                        .ends_at_ms = TIME_ABSENT,
                        .review_at_ms = TIME_ABSENT,
                        .on_expiry = PLEK_ON_EXPIRY_KEEP,
                },
        };
}

static inline RecordRef ref_of(const char *unit)
{
        return (RecordRef){
                .report = UPDATE_COUNTS,
                .unit = unit,
                .care = PLEK_CARE_WARD,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
        };
}

static inline void put(Fixture *fixture, const Update *update)
{
        WireRefusal refusal = { 0 };

        if (outbox_put(fixture->outbox, update, fixture->time.now_ms, fixture->time.now_ms,
                       &refusal))
                fail_msg("refused: %s: %s", refusal.field, refusal.text);
}

static inline void put_counts(Fixture *fixture, const char *unit, int32_t occupied)
{
        Update update = counts_of(unit, occupied);

        put(fixture, &update);
}

/* Sends the next one. */
static inline int next(Fixture *fixture)
{
        arena_reset(fixture->arena);
        return outbox_next(fixture->outbox, &fixture->time, fixture->arena, &fixture->update);
}

static inline void answer(Fixture *fixture, uint64_t seq, uint64_t revision, uint32_t code)
{
        outbox_outcome(fixture->outbox,
                       &(Outcome){ .seq = seq, .revision = revision, .refusal.code = code },
                       fixture->time.now_ms, &fixture->news);
}

static inline void accept_all(Fixture *fixture)
{
        uint64_t revision = 100;

        while (next(fixture) == 0)
                answer(fixture, fixture->update.seq, revision++, 0);
}

static inline void assert_sends_nothing(Fixture *fixture)
{
        assert_int_equal(next(fixture), OUTBOX_E_NOTHING);
}

static inline void assert_sends_counts(Fixture *fixture, int32_t occupied)
{
        assert_int_equal(next(fixture), 0);
        assert_int_equal(fixture->update.kind, UPDATE_COUNTS);
        assert_int_equal(fixture->update.counts.value[COUNT_OCCUPIED], occupied);
}
