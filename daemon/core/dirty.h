#pragma once

/*
 * Dirty: what has changed since the last checkpoint
 *
 * Noted while entries are applied, and costs what changed, not what is held. A record that changed
 * carries its place among the changed ones in record->user.
 */

#include "core/checkpoint.h"

typedef struct RowList {
        CheckpointRow *rows;
        size_t n_rows;
        size_t n_room;
} RowList;

/* Takes over both blobs, also when it fails. Returns 0 or -ENOMEM. */
MUST_CHECK int row_list_add(RowList *list, CheckpointTable table, Blob *key, Blob *value);
void row_list_deinit(RowList *list);

/* All of META's rows, as of now. Returns 0 or -ENOMEM. */
MUST_CHECK int state_meta_rows(const State *state, RowList *list);

/* A record's row that must go. */
typedef struct GoneRecord {
        UT_hash_handle hh;
        RecordKey key;
} GoneRecord;

enum {
        DIRTY_RECENT_TOPICS = 64,
};

typedef struct DirtyTopic {
        UT_hash_handle hh;
        PictureTopic *topic;
} DirtyTopic;

/* An affirmation that has a row, or will have one. Holds a reference: when it is the only one, no
 * record rests on it any more. */
typedef struct KeptAffirm {
        UT_hash_handle hh;
        uint64_t revision;
        Affirmation *affirmation;
        ListLink fresh; /* linked while it has no row yet */
} KeptAffirm;

/* A tombstone's row, in the picture's own order. */
typedef struct KeptTombstone {
        uint64_t revision;
        uint32_t number;
        Blob *value; /* NULL: it is written */
} KeptTombstone;

typedef struct Dirty {
        Record **records; /* NULL: gone since */
        size_t n_records, n_records_room;
        GoneRecord *gone;

        PartyState **parties;
        size_t n_parties, n_parties_room;

        DirtyTopic *topics;
        const PictureTopic *recent[DIRTY_RECENT_TOPICS]; /* some of them, by address */

        KeptAffirm *affirms;
        KeptAffirm *sweep; /* where the last sweep ended; NULL: at the first */
        ListLink fresh;
        size_t n_fresh;

        KeptTombstone *tombstones; /* a ring, oldest at @first */
        size_t first, n_tombstones, n_tombstones_room;
        size_t n_unwritten;

        RowList ready;  /* rows that will not change any more */
        size_t n_spans; /* the latest epochs that have no row yet */
        bool genesis, epoch;

        Checkpoint *failed; /* handed back: their rows count as changed */
        size_t n_failed;
        bool out_of_memory; /* in a call that could not say so */
} Dirty;

void dirty_init(Dirty *dirty, State *state);
void dirty_deinit(Dirty *dirty);

/* What @entry has changed. Returns 0 or -ENOMEM. */
MUST_CHECK int dirty_note(State *state, const LedgerEntry *entry, const Change *change);

/* Marks what is in checkpoints that were handed back, and frees them. Returns 0 or -ENOMEM. */
MUST_CHECK int dirty_mark_failed(State *state);

MUST_CHECK int dirty_add_record(Dirty *dirty, Record *record);
MUST_CHECK int dirty_add_gone(Dirty *dirty, const uint8_t *key, size_t n_key);
MUST_CHECK int dirty_add_party(Dirty *dirty, PartyState *party);
MUST_CHECK int dirty_add_topic(Dirty *dirty, PictureTopic *topic);
/* An EPOCH span was pushed; @dropped is the first revision of the one that fell out, or 0. */
MUST_CHECK int dirty_add_span(Dirty *dirty, uint64_t dropped);

KeptAffirm *dirty_find_affirm(Dirty *dirty, uint64_t revision);
/* Takes a reference. */
MUST_CHECK int dirty_keep_affirm(Dirty *dirty, Affirmation *affirmation, bool written);
/* It has no row after all. */
void dirty_unwrite_affirm(Dirty *dirty, KeptAffirm *affirm);
/* Lets go of those that no record rests on: of a few, in turn, so that at all times at most as many
 * linger as are in use. */
MUST_CHECK int dirty_sweep_affirms(Dirty *dirty);

KeptTombstone *dirty_tombstone(Dirty *dirty, size_t index);
/* By binary search; NULL: it was forgotten. */
KeptTombstone *dirty_find_tombstone(Dirty *dirty, uint64_t revision, uint32_t number);
/* Takes over @value; NULL: it is written. */
MUST_CHECK int dirty_keep_tombstone(Dirty *dirty, uint64_t revision, uint32_t number, Blob *value);
/* The oldest one, which is of @revision. */
MUST_CHECK int dirty_forget_tombstone(Dirty *dirty, uint64_t revision);
