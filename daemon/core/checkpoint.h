#pragma once

/*
 * Checkpoint: the state as rows, so that a start need not replay the whole ledger
 *
 * The ledger is the truth; rows lag behind it and say how far they go. A start loads the rows and
 * applies what the ledger has after them. Rows are collected while entries are applied, each key
 * once however often it changed, and the store writes them with a later commit. A row begins with a
 * version; keys sort. What a row means is known here, how it is kept only in the store.
 */

#include "core/state.h"

typedef enum CheckpointTable {
        CHECKPOINT_RECORDS = 1, /* record key -> topic, revision, envelope, ... */
        CHECKPOINT_AFFIRMS,     /* revision -> affirmation */
        CHECKPOINT_TOMBSTONES,  /* revision, number -> what left */
        CHECKPOINT_PARTIES,     /* party -> floor */
        CHECKPOINT_REGISTRY,    /* revision -> enrolment, card or suspension */
        CHECKPOINT_TOPICS,      /* topic -> last revisions by level */
        CHECKPOINT_META,        /* revision, time, head, epochs, genesis */
        CHECKPOINT_NARROW,      /* record key: its last word was for coordination centres only */
        CHECKPOINT_KEYFRAMES,   /* the past's (store/keyframe.h): of no state, never restored */
        CHECKPOINT_POSTINGS,    /* the past's (store/postings.h) */
        N_CHECKPOINT_TABLES,
} CheckpointTable;

typedef struct CheckpointRow {
        CheckpointTable table;
        Blob *key;
        Blob *value; /* NULL: delete */
} CheckpointRow;

typedef struct Checkpoint {
        uint64_t revision; /* the state that it brings the rows to */
        CheckpointRow *rows;
        size_t n_rows;
        size_t n_bytes;
        struct Checkpoint *next; /* the state's, of those that were handed back */
} Checkpoint;

Checkpoint *checkpoint_free(Checkpoint *checkpoint);
DEFINE_FREEP(Checkpoint, checkpoint_free);

/* How many rows would be written now. */
size_t state_n_dirty(const State *state);
/*
 * All that changed since the last one; no key twice. Deleting a row that is not there is no error:
 * what came and went between two checkpoints never had one. One at a time: it must have been
 * written (then free it), or handed back as failed, before the next is taken. Returns 0 or -ENOMEM
 * (nothing taken).
 */
MUST_CHECK int state_checkpoint(State *state, Checkpoint **ret_checkpoint);
/* Takes it over: its rows count as changed again. */
void state_checkpoint_failed(State *state, Checkpoint *checkpoint);

/* At start, into a new state: META first, then REGISTRY, TOPICS, AFFIRMS, the rest; each table in
 * the order of its keys. @key and @value are borrowed. Returns 0, -EBADMSG (damaged), -EPROTO
 * (written by a newer daemon) or -ENOMEM. */
MUST_CHECK int state_restore_row(State *state, CheckpointTable table, const uint8_t *key,
                                 size_t n_key, const uint8_t *value, size_t n_value);
/*
 * A record, or an affirmation, as of the state that the rows are of; what its row says but for the
 * envelope, of which it takes a reference. For a past state, whose rows are not kept: its envelopes
 * are in the journal. Return as above.
 */
typedef struct PastRecord {
        const char *topic;
        size_t n_topic;
        uint64_t revision, changed_revision;
        int64_t received_at_ms, since_ms;
        uint32_t flags;
        uint64_t rests_on;
} PastRecord;

MUST_CHECK int state_restore_record(State *state, const PastRecord *record, Blob *envelope);
MUST_CHECK int state_restore_affirm(State *state, uint64_t revision, int64_t received_at_ms,
                                    Blob *envelope);
/* All rows are in: checks that they fit together, and puts the records in their order. Returns 0,
 * -EBADMSG or -ENOMEM. */
MUST_CHECK int state_restore_done(State *state);
