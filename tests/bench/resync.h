#pragma once

/*
 * What bench-resync is made of: a crew of subscribers, all objects of one process
 *
 * A program of its own, bench-resync.c, says what is measured.
 */

#include "common/load.h"
#include "wire/block.h"
#include "wire/query.h"

enum {
        N_PARTIES = 200,
        N_UNITS = 65, /* of each: 13,000 records */
        N_SUBSCRIBERS = 500,
        N_CONNECTIONS = 1 + N_LANES, /* of each */
        N_TOPICS = 3,
        CREDIT = 16,
        CHUNKS_MAX = 256,
        ARENA_BYTES = 64 * 1024 * 1024,
        SOCKETS_MAX = 16384,
        SYNC_MS = 120000,
        READY_A_TURN = 256,
};

extern const char *const topics[N_TOPICS];

typedef struct Position {
        bool is_known; /* from before */
        bool is_wanted, is_done;
        uint64_t revision;
        uint64_t request; /* 0: not asked */
        uint64_t transfer;
        uint32_t n_taken, n_credit;
} Position;

typedef struct Subscriber {
        const BenchParty *party;
        void *session, *session_monitor;
        void *lanes[N_LANES], *monitors[N_LANES];
        bool is_up[N_LANES];
        bool is_greeted, has_asked, is_in_sync;
        uint64_t epoch;
        uint64_t n_requests;
        Position positions[N_TOPICS];
} Subscriber;

/* Bytes that were checked for one of them. */
typedef struct Checked {
        uint8_t *bytes;
        size_t n_bytes;
} Checked;

/* The answer about a topic: all who ask the same are given the same. */
typedef struct Answered {
        Checked manifest;
        uint8_t digests[CHUNKS_MAX][DIGEST_BYTES];
        Checked chunks[CHUNKS_MAX];
        uint32_t n_chunks;
        uint64_t to, n_entries, n_entries_found;
        bool is_whole;
} Answered;

typedef struct Crew {
        BenchBroker *broker;
        void *zmq;
        Subscriber subscribers[N_SUBSCRIBERS];
        Crowd crowd;
        Arena *arena;
        size_t n_in_sync;
        Checked epoch, head;
        Answered answers[N_TOPICS];
        uint64_t epoch_number;
        uint64_t n_chunk_bytes;
        uint64_t n_lost; /* sessions that were cut, and begun anew */
} Crew;

/* ------------------------------------------------------------------ resync-check.c */

/* Verified, unless the very same bytes were. */
Envelope resync_open(Crew *crew, Checked *checked, Bytes bytes, EnvelopeKind kind);
/* @number: of the topic. */
void resync_check_manifest(Crew *crew, size_t number, Bytes bytes);
void resync_check_chunk(Crew *crew, Answered *answer, uint32_t index, Bytes body);
/* Before a run: nothing was checked, nobody is in sync. */
void resync_forget(Crew *crew);

/* ------------------------------------------------------------------ resync-subscriber.c */

/* What has come of any of its sockets. */
void subscriber_turn(Crew *crew, Subscriber *subscriber);

/* ------------------------------------------------------------------ resync-crew.c */

void crew_start(Crew *crew, const BenchParty *parties, bool with_state);
void crew_stop(Crew *crew);
/* Returns how long it took until the last was in sync. */
double crew_sync(Crew *crew);
