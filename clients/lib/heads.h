#pragma once

/*
 * Heads: what the broker has signed about its journal, as far as we saw it
 *
 * The last ones are remembered, so that a broker which says two things of one revision is caught,
 * and the newest is kept as evidence and shown at hello, so that one which was rolled back finds
 * out.
 */

#include "lib/identity.h"

typedef struct Heads Heads;

enum {
        HEADS_OK,
        HEADS_E_MALFORMED,    /* not a head, or of another network */
        HEADS_E_EQUIVOCATION, /* differs from one that we have, and both are signed */
};

typedef struct HeadSeen {
        Head head;
        Blob *envelope;
} HeadSeen;

/* @path: where the newest is kept over restarts, and read from now; NULL: nowhere. */
MUST_CHECK int heads_new(Heads **ret_heads, const char *path);
Heads *heads_free(Heads *heads);
DEFINE_FREEP(Heads, heads_free);

/*
 * Takes note of a head envelope that came in something that the broker signed; its own signature is
 * only checked when it matters. *ret_other is the earlier one, borrowed, on EQUIVOCATION.
 *
 * Returns 0, HEADS_E_MALFORMED, HEADS_E_EQUIVOCATION or -ENOMEM.
 */
MUST_CHECK int heads_see(Heads *heads, const PlekRegionCard *card, const uint8_t *envelope,
                         size_t n_envelope, const HeadSeen **ret_other);

/* The newest that one of the card's brokers signed; NULL: none. Borrowed. */
const HeadSeen *heads_newest(Heads *heads, const PlekRegionCard *card);
/* Stores it if it is newer than what is stored. Returns 0 or -errno. */
MUST_CHECK int heads_store(Heads *heads, const PlekRegionCard *card);
