#pragma once

/*
 * Transfer: one answer to "what changed", a signed manifest and then chunks
 *
 * Each chunk is checked against the manifest's digests as it comes, in order. Pure.
 */

#include "lib/identity.h"
#include "wire/block.h"

enum {
        TRANSFER_CREDIT = 16, /* chunks that may be under way */
};

typedef struct Transfer {
        uint64_t id; /* 0: none */
        Blob *envelope;
        Arena *arena; /* what manifest points to */
        Manifest manifest;
        Head head;
        size_t n_chunks; /* so far */
        size_t n_granted;
} Transfer;

#define TRANSFER_NULL ((Transfer){ 0 })

enum {
        TRANSFER_OK,
        TRANSFER_E_UNTRUSTED, /* not signed by a broker of the card, or not what was signed */
};

/* Starts with the manifest's envelope; TRANSFER_CREDIT chunks were granted with the request.
 * Returns 0, TRANSFER_E_UNTRUSTED or -ENOMEM. */
MUST_CHECK int transfer_begin(Transfer *transfer, const PlekRegionCard *card, uint64_t id,
                              const uint8_t *envelope, size_t n_envelope);
/* The next chunk. Returns 0 or TRANSFER_E_UNTRUSTED. */
MUST_CHECK int transfer_chunk(Transfer *transfer, uint32_t index, const uint8_t *body,
                              size_t n_body);
bool transfer_is_done(const Transfer *transfer);
/* How many chunks more the broker may send; they count as granted. 0: not yet, or all are. */
uint32_t transfer_grant(Transfer *transfer);
void transfer_end(Transfer *transfer);
