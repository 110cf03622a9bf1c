#pragma once

/*
 * Rounds: updates from the socket, and what is done to them at once
 *
 * A round is what the socket held when it was looked at. Its memory is bounded by
 * ROUND_ITEMS_MAX updates of ROUND_BYTES_MAX together, and an arena for each thread that may decode
 * some of it; there are N_ROUNDS of them and no more, so when all are taken messages stay in
 * ZeroMQ's queue, which has its own bound, and then in the agents'.
 */

#include "broker/verify.h"
#include "net/pool.h"

enum {
        ROUND_ITEMS_MAX = PLAN_ENTRIES_MAX,
        ROUND_BYTES_MAX = 512 * 1024, /* and the one message that went over */
        N_ROUNDS = 8,
        UNVERIFIED_ROUNDS_MAX = 2,
        INLINE_ITEMS_MAX = 4,
        /* Decoding takes less than 64 times what it reads; pages that were never touched cost
         * nothing. */
        ROUND_ARENA_BYTES = 64 * (ROUND_BYTES_MAX + ENVELOPE_UPDATE_MAX_BYTES),
};

/* Something that is ordered: a round, or a change to who may speak. */
typedef struct Job {
        ListLink link;
        bool is_round;
} Job;

typedef struct Round {
        Job job;
        PoolRound pool;
        Item items[ROUND_ITEMS_MAX];
        size_t n_items;
        size_t n_bytes;
        bool is_verified;
        struct Pipeline *pipeline; /* while the pool has it */
        size_t n_arenas;
        Arena *arenas[POOL_THREADS_MAX + 1]; /* by thread; the last is main's */
} Round;

MUST_CHECK int round_new(Round **ret_round, unsigned n_threads);
Round *round_free(Round *round);
DEFINE_FREEP(Round, round_free);
void round_reset(Round *round);
/* On main, all of it. */
void round_verify(Round *round);
/* A PoolFn. The thread's context is its number, as made by round_contexts(). */
void round_verify_item(void *item, void *context, void *arg);
PoolContexts round_contexts(unsigned *counter);
