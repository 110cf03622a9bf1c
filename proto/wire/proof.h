#pragma once

/*
 * Proofs: many signatures at once, by several threads
 *
 * Where thousands of entries are judged after the fact, nothing costs as much as their signatures.
 * Whether one holds depends on its bytes and a key alone, so the threads decide nothing else: which
 * key it has to be, and what follows from the answer, is found entry by entry, in order.
 */

#include "wire/envelope.h"

enum {
        PROOF_THREADS_MAX = 8,
};

typedef struct Proof {
        Envelope envelope;
        const uint8_t *key; /* KEY_BYTES, borrowed; NULL: there is nothing to check */
        int result;         /* envelope_verify()'s */
} Proof;

/*
 * Checks all of them: with as many threads as there are processors for us, the caller's among them,
 * and fewer where there is little to share or no thread to be had. They take no signals, and have
 * ended when it returns.
 */
void proofs_check(Proof *proofs, size_t n_proofs);

/* Whether @sign_key signed @envelope: as @proof has it, if it is about these very bytes and this
 * key; else, or if it is NULL, it is checked now. Returns as envelope_verify(). */
MUST_CHECK int proof_verify(const Proof *proof, const Envelope *envelope,
                            const uint8_t sign_key[KEY_BYTES]);
