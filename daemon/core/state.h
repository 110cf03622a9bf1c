#pragma once

/*
 * State: what the ledger's entries, applied in order, amount to
 *
 * (state, entry) -> (state, change). It does no I/O, reads no clock and logs nothing: the entry
 * brings its time. The daemon applies only what ledger_next() hands back, and applying cannot fail:
 * what admission let through fits, and an entry that does not decode is a broken ledger, which ends
 * the daemon.
 */

#include "core/runs.h"
#include "picture/picture.h"
#include "picture/registry.h"

typedef struct State State;

/* What the ledger hands back. Borrowed for the call. */
typedef struct LedgerEntry {
        uint64_t revision;
        int64_t time_ms;
        EntryKind kind;
        Blob *bytes;
        uint8_t digest[DIGEST_BYTES];
        uint8_t head[DIGEST_BYTES]; /* of the chain, after this entry */
        bool ends_commit;
} LedgerEntry;

/* An epoch that leads to the present one. */
typedef struct EpochSpan {
        uint64_t epoch;
        uint64_t first_revision; /* its opening's */
        int64_t opened_at_ms;
        bool continues; /* the one before it */
} EpochSpan;

enum {
        EPOCH_SPANS_MAX =
                4096, /* the latest that are known; a head of an older one proves nothing */
};

/* What is remembered of a party that has published, over all its keys, for good. */
typedef struct PartyState {
        uint64_t floor;               /* its last accepted seq */
        uint64_t revision;            /* of that update */
        uint8_t digest[DIGEST_BYTES]; /* of its envelope: a byte-for-byte repeat is answered again
                                       */
        size_t n_records;
        bool dirty; /* for the checkpoint */
        UT_hash_handle hh;
        char party[PARTY_MAX + 1];
} PartyState;

typedef struct StateOptions {
        size_t n_tombstones;
} StateOptions;

MUST_CHECK int state_new(State **ret_state, const StateOptions *options);
State *state_free(State *state);
DEFINE_FREEP(State, state_free);

/* @change is reset first. Returns 0, -EBADMSG (not an entry that this daemon could have written)
 * or -ENOMEM; both are the end. */
MUST_CHECK int state_apply(State *state, const LedgerEntry *entry, Change *change);

/* An entry whose bytes are not held any more: only its place is taken note of. Returns 0 or
 * -EBADMSG. */
MUST_CHECK int state_pass(State *state, uint64_t revision, int64_t time_ms,
                          const uint8_t head[DIGEST_BYTES]);

/* Whose last word was for coordination centres only (core/narrow.h); a reference for the caller.
 * Returns 0 or -ENOMEM. */
MUST_CHECK int state_narrow(State *state, Blob **ret_digests);

uint64_t state_revision(const State *state);
int64_t state_time_ms(const State *state);
const uint8_t *state_head(const State *state);
uint64_t state_epoch(const State *state);
/* The EPOCH envelope in force, or NULL before the first. */
Blob *state_epoch_envelope(const State *state);
/* The spans, oldest first, that lead to the present one. */
const EpochSpan *state_epochs(const State *state, size_t *ret_n);
/* Whether the last epoch that did not continue still waits for the operator's word. */
bool state_epoch_is_unconfirmed(const State *state);
bool state_has_genesis(const State *state);
const Genesis *state_genesis(const State *state);

Registry *state_registry(const State *state);
Picture *state_picture(const State *state);
/* How long doors have been what they are, as far as this process saw it. */
const DoorRuns *state_runs(const State *state);
/* NULL: has never published. */
PartyState *state_party(const State *state, const char *party);
/* seq must be above this: the party's own floor, or the start of an epoch that did not continue. */
uint64_t state_floor(const State *state, const char *party);
