#pragma once

/*
 * Pool: one function over an array, by several threads
 *
 * The array keeps its order, which is the order of arrival and so, for each party, that of its
 * updates; the threads claim chunks of it and write their answers into the items. A round is
 * finished when all of its items are, and rounds are reported in the order in which they were
 * submitted, with one wake-up for all that are ready.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "internal/err.h"
#include "internal/list.h"
#include "net/loop.h"

typedef struct Pool Pool;
typedef struct PoolRound PoolRound;

enum {
        POOL_CHUNK = 8,
        POOL_THREADS_MAX = 64,
};

/* @context is the thread's own (an arena, say). Called in a pool's thread. */
typedef void (*PoolFn)(void *item, void *context, void *arg);

/* Embedded in what it is a round of; must stay where it is until @done was called. */
struct PoolRound {
        ListLink link;
        void *items;
        size_t n_items;
        size_t item_size;
        PoolFn fn;
        LoopFn done; /* in the loop's thread */
        void *arg;   /* of both */

        /* the pool's */
        _Atomic size_t n_claimed;
        unsigned n_threads; /* at work on it */
        bool is_finished;
};

#define POOL_ROUND_NULL ((PoolRound){})

/* How each thread's context is made and freed; all NULL: none. */
typedef struct PoolContexts {
        int (*make)(void **ret_context, void *arg);
        void (*free)(void *context);
        void *arg;
} PoolContexts;

/* Threads are named "@name-0" and so on (together at most 15 characters), and take no signals. */
MUST_CHECK int pool_new(Pool **ret_pool, Loop *loop, const char *name, unsigned n_threads,
                        const PoolContexts *contexts);
/* Waits for rounds in progress; those not reported yet are not any more. */
Pool *pool_free(Pool *pool);
DEFINE_FREEP(Pool, pool_free);

/* Cannot fail; @round's fields from @items to @arg are the caller's to set. */
void pool_run(Pool *pool, PoolRound *round);
/* Rounds submitted and not reported. */
size_t pool_n_outstanding(const Pool *pool);
