#pragma once

/*
 * Seen: the records that a file spoke of, so that one which is gone is noticed, and one that was
 * not touched is not said again
 */

#include <uthash.h>

#include "plek/plek.h"

#include "internal/err.h"

enum {
        SEEN_DIGEST_BYTES = 16,
        /* Of a location, a unit, a method; what is longer than a record's own bounds is refused by
         * the publisher. */
        SEEN_NAME_MAX = 256,
};

typedef struct SeenRecord {
        UT_hash_handle hh;
        unsigned long reading;             /* in which it was there last; 0: in none that counts */
        int64_t observed_at_ms;            /* what it said of itself then */
        uint8_t digest[SEEN_DIGEST_BYTES]; /* of the row that said so */
        PlekRecordKey key;                 /* strings are in text */
        size_t n_text;
        char text[]; /* location, unit, method, each with its NUL, then the rest of the key */
} SeenRecord;

typedef struct Seen {
        SeenRecord *records;
        unsigned long reading; /* the number of this one */
} Seen;

/* Whether its names are short enough to be noted. */
bool seen_fits(const PlekRecordKey *key);
void seen_deinit(Seen *seen);

/* The record of @key, from now on one of this reading. Its names are at most SEEN_NAME_MAX bytes.
 * *ret_again: it was one of it already. Returns 0 or -ENOMEM. */
MUST_CHECK int seen_note(Seen *seen, const PlekRecordKey *key, SeenRecord **ret_record,
                         bool *ret_again);

/* What becomes of a record that is no longer in the file. */
typedef enum SeenAbsent {
        SEEN_SILENT,
        SEEN_SILENT_FOR_NOW, /* a row is wrong, and may be its row: a later reading decides */
        SEEN_WITHDRAW,
} SeenAbsent;

/* Tells @publisher (NULL: nobody). Returns 0 or -errno. */
MUST_CHECK int seen_drop_absent(Seen *seen, PlekPublisher *publisher, SeenAbsent how);
