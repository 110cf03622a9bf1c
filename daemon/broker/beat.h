#pragma once

/*
 * Beat: once a second on each socket and lane, that the broker is there, where topics stand, and
 * whether updates are taken
 *
 * It needs no disk and waits for nothing.
 */

#include "wire/block.h"

typedef struct Broker Broker;

typedef struct Beats {
        Broker *broker;
        BlockBuilder *builder;
        uint64_t n;
        TopicPosition *positions; /* reused */
        size_t n_allocated;
} Beats;

enum { BEAT_PRESENCES_MAX = 512 }; /* further ones wait for the next beat */

MUST_CHECK int beats_init(Beats *beats, Broker *broker);
void beats_deinit(Beats *beats);
MUST_CHECK int beats_send(Beats *beats);

/* The topics that readers of @level have something on, of @lane (0: both), reg/ included. Borrowed
 * until the next call. Returns 0 or -ENOMEM. */
MUST_CHECK int beats_positions(Beats *beats, Audience level, Lane lane, size_t *ret_n);
