#pragma once

/*
 * State's inside, for the files of this folder that share it: applying and the checkpoint
 */

#include "core/dirty.h"
#include "core/narrow.h"
#include "core/runs.h"
#include "core/state.h"
#include "wire/arena.h"

typedef struct PendingRecord PendingRecord;

struct State {
        Registry *registry;
        Picture *picture;
        Arena *arena; /* of the entry that is being applied */

        uint64_t revision;
        int64_t time_ms;
        uint8_t head[DIGEST_BYTES];

        Blob *genesis_bytes; /* NULL: the ledger is empty */
        Genesis genesis;
        char network_name[REGION_MAX + 1];

        Blob *epoch_envelope;
        EpochSpan *epochs;
        size_t n_epochs;
        uint64_t epoch_floor; /* in microseconds, of the last epoch that did not continue */
        bool epoch_unconfirmed;

        PartyState *parties;

        Dirty dirty;
        Narrow narrow;
        DoorRuns runs;

        PendingRecord *pending; /* only while rows are restored: records, not in order yet */
        size_t n_pending, n_pending_room;
};

/* The parts of state_apply() that are about the ledger itself. Each returns 0, -EBADMSG or
 * -ENOMEM. */
MUST_CHECK int state_apply_genesis(State *state, const LedgerEntry *entry);
MUST_CHECK int state_apply_epoch(State *state, const LedgerEntry *entry);
MUST_CHECK int state_apply_confirm(State *state, const LedgerEntry *entry);
MUST_CHECK int state_set_genesis(State *state, Blob *bytes);
/* *ret_dropped: the first revision of the span that fell out, or 0. */
MUST_CHECK int state_push_epoch(State *state, const EpochSpan *span, uint64_t *ret_dropped);

/* Makes it if there is none. */
MUST_CHECK int state_need_party(State *state, const char *party, PartyState **ret_party);

/* Forgets rows that were not restored to the end. */
void state_restore_deinit(State *state);
