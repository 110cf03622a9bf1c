#pragma once

/*
 * Narrow: records whose last word was for coordination centres only
 *
 * What was once said to everybody, and then no more, is not to be had from the past either: an old
 * entry is shown under the stricter of its audience then and its record's audience now. Of a record
 * that has gone since, "now" is the audience that it had last; so those are kept here for good.
 * Most records are for all, and cost nothing.
 */

#include "core/checkpoint.h"

enum {
        NARROW_DIGEST_BYTES = 16,
};

typedef struct NarrowKey {
        UT_hash_handle hh;
        ListLink dirty; /* linked while its row is not as it should be */
        bool is_wide;   /* its row is to go, and then this */
        uint16_t n_key;
        uint8_t key[];
} NarrowKey;

typedef struct Narrow {
        NarrowKey *keys;
        ListLink dirty;
        size_t n_dirty;
        Blob *digests; /* of narrow_digests(), until something changes */
} Narrow;

void narrow_init(Narrow *narrow);
void narrow_deinit(Narrow *narrow);

/* What was never said to more than these needs no key: each entry of it hides itself. */
static inline bool record_is_narrow(const Record *record)
{
        return record->audience == AUDIENCE_COORD &&
               (!record->event || record->flags & ENTRY_SAID_WIDER);
}

/* After a report on @record. Returns 0 or -ENOMEM. */
MUST_CHECK int narrow_note(Narrow *narrow, const Record *record);
/* From its row: it has one, unless @is_dirty. Returns 0 or -ENOMEM. */
MUST_CHECK int narrow_restore(Narrow *narrow, const uint8_t *key, size_t n_key, bool is_dirty);
/* Its row was not written after all. Returns 0 or -ENOMEM. */
MUST_CHECK int narrow_mark(Narrow *narrow, const uint8_t *key, size_t n_key);
/* What is dirty is in rows now. */
void narrow_take(Narrow *narrow);

/*
 * All of them, sorted, for another thread: NARROW_DIGEST_BYTES each, of the record's key. A
 * reference for the caller; the same blob until something changes. Returns 0 or -ENOMEM.
 */
MUST_CHECK int narrow_digests(Narrow *narrow, Blob **ret_digests);
bool narrow_holds(const Blob *digests, const uint8_t *key, size_t n_key);
/* The same, or it is an acknowledgement of one that is held: it would say that there was one. */
bool narrow_hides(const Blob *digests, const uint8_t *key, size_t n_key);
