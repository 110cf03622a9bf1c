#pragma once

/*
 * Pipeline: from the updates socket to a durable, published, receipted commit
 *
 *         socket -> rounds -> verifiers -> queue -> admission -> commit thread -> apply -> publish
 *
 * Batches form by themselves: while one is being committed, the next rounds are verified, and then
 * go together, up to a plan's size. One commit is in flight at a time, and a batch is admitted only
 * after the one before it was applied, so that admission sees everything that is ordered before.
 *
 * What changes who may speak (an enrolment, a suspension, an epoch) is an Order: a batch of its
 * own, in the same queue.
 *
 * Bounds: N_ROUNDS rounds (rounds.h), ORDERS_MAX orders.
 */

#include "broker/rounds.h"
#include "net/worker.h"
#include "store/ledger.h"
#include "store/retain.h"

typedef struct Broker Broker;
typedef struct Order Order;
typedef struct Pipeline Pipeline;

enum { ORDERS_MAX = 64 };

enum {
        ORDER_OK,
        ORDER_E_ANSWERED, /* nothing to append after all; the order has said so to whoever asked */
};

struct Order {
        Job job;
        /* Adds to the empty @plan what is to be appended. Called again after a conflict. */
        int (*plan)(Broker *broker, Order *order, Plan *plan);
        /* Applied at @revision; or refused, and nothing was written. */
        int (*done)(Broker *broker, Order *order, uint64_t revision, uint32_t refused);
        Order *(*free)(Order *order);
};

typedef struct Batch {
        bool in_flight;
        Round *rounds[N_ROUNDS];
        size_t n_rounds;
        Order *order;
        Plan *plan;
        Checkpoint *checkpoint;
        Checkpoint *archive; /* rows of the past, which may wait; NULL: none */
        RetainStep *retain;  /* the desk's; NULL: nothing to do */
        int retain_result;
        bool retain_has_more;
        Ledger *ledger;
        int64_t time_ms;
        int64_t submitted_ns; /* CLOCK_MONOTONIC */
        int64_t committed_in_us;
} Batch;

struct Pipeline {
        Broker *broker;
        Pool *pool;
        Worker *committer;
        ListLink free_rounds;
        ListLink queue; /* Jobs in the order in which they came */
        size_t n_unverified;
        size_t n_orders;
        Batch batch;
        int64_t checkpoint_at_ns;
        uint64_t n_progress; /* rounds verified, commits ended: a watchdog looks at it */
        bool is_paused;      /* the updates socket, for want of a round */
        bool is_stopping;    /* what is in flight is finished, and no more */
};

MUST_CHECK int pipeline_init(Pipeline *pipeline, Broker *broker);
void pipeline_deinit(Pipeline *pipeline);

/* A round to be filled, or NULL: all are taken, or enough wait to be verified. */
Round *pipeline_take_round(Pipeline *pipeline);
void pipeline_return_round(Pipeline *pipeline, Round *round);
/* @round has something. */
MUST_CHECK int pipeline_submit_round(Pipeline *pipeline, Round *round);

enum {
        PIPELINE_OK,
        PIPELINE_E_TOO_MANY,
};

/* Takes @order over. Returns 0, PIPELINE_E_TOO_MANY (still the caller's) or -errno. */
MUST_CHECK int pipeline_submit_order(Pipeline *pipeline, Order *order);

/* Each second: a checkpoint, if there is one to write and nothing to carry it; a look whether a
 * full disk has room again. */
MUST_CHECK int pipeline_tick(Pipeline *pipeline);
/* Takes nothing in any more, and starts no further commit. */
void pipeline_stop(Pipeline *pipeline);
/* A thread has something to do. */
bool pipeline_has_work(const Pipeline *pipeline);
/* Nothing is being committed. */
bool pipeline_is_idle(const Pipeline *pipeline);
/* At the end, when it is idle: all that the ledger has is put into rows. */
void pipeline_write_last_checkpoint(Pipeline *pipeline);
