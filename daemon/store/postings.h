#pragma once

/*
 * Postings: which entries of the journal are about what
 *
 * By segments of POSTINGS_SEGMENT entries, made behind the journal's end when a segment is full, so
 * that no commit waits for them and all is written in order. Entries after the last segment are
 * looked through one by one; and a directory that has no postings yet gets them in time.
 *
 * A row's key: first revision of the segment (8 bytes), tag (1), and for a location the hash of its
 * id (8). Its value: a version, and the revisions, each as the difference from the one before (the
 * first, from that before the segment) in groups of seven bits. The tag POSTING_SEGMENT has the
 * segment's last revision (8 bytes) instead.
 *
 * Two locations may share a hash: a posting says where to look, not what is there.
 */

#include "core/checkpoint.h"
#include "store/environment.h"

enum {
        POSTINGS_SEGMENT = 16384,
        POSTINGS_MAX = 4 * 1024 * 1024, /* of one question */
};

typedef enum PostingTag {
        POSTING_SEGMENT = 's',
        POSTING_REGISTRY = 'r', /* enrolments, cards, suspensions, and the first entry */
        POSTING_DOOR = 'd',     /* doors and location cards, and their withdrawals */
        POSTING_LOCATION = 'l',
        POSTING_EVENT = 'v', /* flows and refusals, and their withdrawals */
} PostingTag;

typedef struct Postings {
        uint64_t *revisions; /* rising, each once */
        size_t n, n_room;
        bool is_too_many;
} Postings;

#define POSTINGS_NULL ((Postings){ 0 })
void postings_deinit(Postings *postings);

/* 64 bits of it, the same in every process. */
uint64_t location_hash(const char *location);

enum {
        POSTINGS_OK,
        POSTINGS_E_NOTHING,  /* there is no full segment */
        POSTINGS_E_TOO_MANY, /* more than POSTINGS_MAX */
};

/* Rows of the next segment. Returns 0, POSTINGS_E_NOTHING, STORE_E_DAMAGED as -EBADMSG, or -errno.
 */
MUST_CHECK int postings_make(Environment *environment, uint64_t last_revision,
                             Checkpoint **ret_rows);
/*
 * The entries from @first to @last that @tag is of, with POSTING_LOCATION those about @location,
 * and those on which their reading rests. Returns 0, POSTINGS_E_TOO_MANY, -EBADMSG (damaged) or
 * -errno.
 */
MUST_CHECK int postings_find(Postings *ret_postings, Environment *environment, uint64_t first,
                             uint64_t last, PostingTag tag, const char *location);
