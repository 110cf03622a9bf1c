#pragma once

/*
 * Readers: subscribers that check each block's signature and its link to the one before
 *
 * As PROTOCOL.md has them, one socket a lane; without a session, since here nothing is caught up
 * with: a gap or a wrong signature is counted and said.
 */

#include "common/sockets.h"
#include "wire/block.h"

typedef struct ReaderFigures {
        uint64_t n_blocks; /* beats apart */
        uint64_t n_beats;
        uint64_t n_entries;
        uint64_t n_block_bytes;
        uint64_t n_envelope_bytes; /* of what parties signed, in these */
        uint64_t n_frame_bytes;    /* of everything */
        uint64_t n_gaps;
        uint64_t n_bad;
} ReaderFigures;

typedef struct Reader {
        void *lanes[N_LANES];
        bool verifies; /* else: only counts frames */
        uint64_t position;
        ReaderFigures figures;
} Reader;

/* Told of each block that was checked, from within readers_run(). */
typedef void (*ReaderBlockFn)(void *arg, const Block *block, size_t n_frame, size_t n_envelopes);

typedef struct Readers {
        const BenchBroker *broker;
        Reader *readers;
        size_t n_readers;
        Crowd crowd;
        Arena *arena;
        ReaderBlockFn block;
        void *arg;
} Readers;

/* Subscribes each party to @region, on @coord or care, and waits until all are fed. The first
 * @n_verifying check what they get. */
void readers_start(Readers *readers, const BenchBroker *broker, const BenchParty *parties,
                   size_t n_parties, size_t n_verifying, bool coord);
void readers_stop(Readers *readers);
/* Takes what has come; waits for it, @timeout_ms at most. */
void readers_turn(Readers *readers, int timeout_ms);
/* Summed. */
ReaderFigures readers_figures(const Readers *readers);
