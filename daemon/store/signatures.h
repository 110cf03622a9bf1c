#pragma once

/*
 * Signatures: was each entry signed by who may have signed it, by the registry of its own moment?
 *
 * Entries are judged in order, from the first: what they say about who may sign is taken up as they
 * come.
 */

#include "picture/registry.h"
#include "store/journal.h"
#include "wire/arena.h"

typedef struct Signatures {
        Registry *registry;
        Arena *arena; /* of the entry at hand */
        NetworkId network;
        bool has_network;
        uint64_t n_verified;
} Signatures;

#define SIGNATURES_NULL ((Signatures){ 0 })

MUST_CHECK int signatures_init(Signatures *signatures);
void signatures_deinit(Signatures *signatures);

/*
 * The row must be whole. *ret_what is NULL, or says what is wrong with the entry (static); it has
 * then changed nothing. Returns 0 or -ENOMEM.
 */
MUST_CHECK int signatures_check(Signatures *signatures, const JournalRow *row,
                                const char **ret_what);

/* The entry's envelope, if it is one of this kind and network. */
bool signatures_envelope(const Signatures *signatures, const JournalRow *row, EnvelopeKind kind,
                         Envelope *ret_envelope);
