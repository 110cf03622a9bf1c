#pragma once

/*
 * Load: agents that say what was signed beforehand, as fast as they hold receipts, or at a pace
 *
 * Each party has its two connections as PROTOCOL.md has them, and sends through ZeroMQ directly:
 * what libplek would cost here is not the broker's.
 */

#include "common/sockets.h"

typedef struct LoadAgent {
        const BenchParty *party;
        void *updates; /* XPUB */
        void *session; /* DEALER */
        uint64_t instance;
        uint64_t last_seq;
        Blob **signed_updates;
        size_t n_signed, n_sent, n_told;
} LoadAgent;

typedef struct Load {
        const BenchBroker *broker;
        LoadAgent *agents;
        size_t n_agents;
        Crowd crowd;
        struct Arena *arena;
        int64_t broker_offset_us; /* its time less CLOCK_REALTIME's */
        uint64_t n_accepted;
        uint64_t n_receipts;
} Load;

typedef struct LoadKind {
        bool is_affirm;
        unsigned n_units; /* reports: records of a party, stated in turn, far from one another */
        unsigned first;   /* from which one on */
} LoadKind;

/* Connects an agent for each of the parties, says hello, and waits for the subscriptions. */
void load_start(Load *load, const BenchBroker *broker, const BenchParty *parties, size_t n_parties);
void load_stop(Load *load);

/* Signs @n_each more updates for each agent, with two threads. Their body's size. */
size_t load_sign(Load *load, LoadKind kind, size_t n_each);
/* The size of the first one signed, whole. */
size_t load_envelope_bytes(const Load *load);

/*
 * Keeps @n_in_flight updates of each agent unreceipted until @until_ns, or until an agent has said
 * all that was signed. A refusal ends the benchmark. Returns whether there is more to say.
 */
bool load_run(Load *load, size_t n_in_flight, int64_t until_ns);
/* Sends the next of agent @i, whatever is in flight. */
void load_send(Load *load, size_t i);
/* Takes what receipts there are. */
void load_receive(Load *load, int timeout_ms);
/* Waits until nothing is in flight, and forgets what was signed and not said. */
void load_finish(Load *load);
