#pragma once

/*
 * Keyframes: what the picture was at some revisions, so that the past need not be told from its
 * beginning
 *
 * A keyframe names, for each record, the entries of the journal that made it what it was: its
 * report, and the affirm that it rested on. It is read off the checkpoint's rows in one transaction
 * and costs no commit anything but a row now and then. The picture at any revision is then the
 * keyframe before it and the entries since, applied as they were applied then.
 *
 * A row's key: revision (8 bytes), part (4). Its value: a version; part 0 has the checkpoint's META
 * rows (each: length of the key, 2 bytes, and of the value, 4; key; value); the others a table of
 * topics (count, 2 bytes; each: length, 1, and the topic), then KEYFRAME_RECORD_BYTES a record: the
 * location's hash (8), revision (8), changed (8), since (8), rests on (8), flags (4), topic (2),
 * report (1).
 */

#include "core/checkpoint.h"
#include "store/environment.h"
#include "store/revisions.h"

enum {
        KEYFRAME_ENTRIES = 8192, /* at the least between two; and twice the records */
        KEYFRAME_RECORD_BYTES = 47,
        KEYFRAME_PART_RECORDS = 1024,
};

enum {
        KEYFRAME_OK,
        KEYFRAME_E_NOTHING, /* none is due; or there is none */
};

/* Rows of a keyframe at the checkpoint's revision, if one is due there; @always: if there is none.
 * Returns 0, KEYFRAME_E_NOTHING, -EBADMSG (damaged) or -errno. */
MUST_CHECK int keyframe_make(Environment *environment, bool always, Checkpoint **ret_rows);
/* The same of @state, as of its revision: one that is not the live one. */
MUST_CHECK int keyframe_of(State *state, Checkpoint **ret_rows);

/* The newest keyframe at @revision or before; KEYFRAME_E_NOTHING: there is none. */
MUST_CHECK int keyframe_find(Environment *environment, uint64_t revision, uint64_t *ret_revision);
/* BLAKE2b-256 over the parts of the one at @revision, each its length (8 bytes) and its bytes; or
 * over @rows, which keyframe_of() made. Returns 0, -EBADMSG or -errno. */
MUST_CHECK int keyframe_digest(Environment *environment, uint64_t revision,
                               uint8_t ret_digest[DIGEST_BYTES]);
void keyframe_digest_of(const Checkpoint *rows, uint8_t ret_digest[DIGEST_BYTES]);
/* The entries that it names, sorted. Returns 0, -EBADMSG or -errno. */
MUST_CHECK int keyframe_entries(Environment *environment, uint64_t revision, Revisions *list);

typedef struct KeyframeFilter {
        bool has_location;
        uint64_t location; /* its hash */
        bool doors_only;   /* and location cards */
        bool events_only;
} KeyframeFilter;

/*
 * The newest keyframe at @revision or before, into the new state @state; then state_restore_done()
 * is the caller's. *ret_revision: which; at KEYFRAME_E_NOTHING @state is untouched. Returns 0,
 * KEYFRAME_E_NOTHING, -EBADMSG (damaged, or what it names was cut off meanwhile) or -errno.
 */
MUST_CHECK int keyframe_restore(Environment *environment, uint64_t revision,
                                const KeyframeFilter *filter, State *state, uint64_t *ret_revision);
