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
#include "wire/proof.h"

enum { SIGNATURES_AHEAD = 256 };

typedef struct Signatures {
        Registry *registry;
        Arena *arena; /* of the entry at hand */
        NetworkId network;
        bool has_network;
        uint64_t n_verified;

        Proof *proofs; /* foreseen */
        size_t n_proofs, at_proof;
} Signatures;

#define SIGNATURES_NULL ((Signatures){ 0 })

MUST_CHECK int signatures_init(Signatures *signatures);
void signatures_deinit(Signatures *signatures);

/*
 * The rows that are checked next, in that order, SIGNATURES_AHEAD at most: their signatures are
 * checked now, by several threads. Who may sign changes with a row that is no update, so that must
 * be the last of them. It finds nothing: a row is judged when its turn comes. What the rows point
 * to must stay until then.
 */
void signatures_foresee(Signatures *signatures, const JournalRow *rows, size_t n_rows);

/*
 * The row must be whole. *ret_what is NULL, or says what is wrong with the entry (static); it has
 * then changed nothing. Returns 0 or -ENOMEM.
 */
MUST_CHECK int signatures_check(Signatures *signatures, const JournalRow *row,
                                const char **ret_what);

/* The entry's envelope, if it is one of this kind and network. */
bool signatures_envelope(const Signatures *signatures, const JournalRow *row, EnvelopeKind kind,
                         Envelope *ret_envelope);
