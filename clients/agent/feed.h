#pragma once

/*
 * Feed: one file and its mapping, kept with the broker
 *
 * What the file says is put into a publisher each time that the file changes; while the file is
 * rewritten as often as the mapping says, what did not change is affirmed. A file that is no longer
 * written to is a source that does not answer: its records go stale at every reader. Where rows say
 * themselves when they were observed, they are believed, and nothing is affirmed.
 *
 * A file that is half-written does not answer either: it is left alone until whoever writes it
 * closes or renames it, or has not touched it for a while.
 */

#include "mapping.h"

typedef struct Feed Feed;

typedef struct FeedCounts {
        unsigned long n_rows;
        unsigned long n_reports;
        unsigned long n_bad;      /* rows or reports that were wrong */
        unsigned long n_to_come;  /* flows whose period is not over */
        unsigned long n_too_old;  /* flows and refusals that no broker takes any more */
        unsigned long n_readings; /* since the start */
} FeedCounts;

/* Called for each fault, as "line 14, column occupied: ...". */
typedef void (*FeedFaultFn)(void *arg, const char *text);

enum {
        FEED_OK,
        FEED_E_FILE, /* the file as a whole cannot be read; feed_trouble() says why */
};

typedef enum FeedLook {
        FEED_LOOK_AGAIN,   /* it may have changed, and may be half-written */
        FEED_LOOK_WRITTEN, /* whoever wrote it has closed or renamed it: read it */
} FeedLook;

/* @mapping and @publisher stay the caller's; @publisher NULL: only checks. */
MUST_CHECK int feed_new(Feed **ret_feed, const Mapping *mapping, PlekPublisher *publisher,
                        FeedFaultFn on_fault, void *arg);
Feed *feed_free(Feed *feed);
DEFINE_FREEP(Feed, feed_free);

/* Reads the file if it has changed since the last time. What was wrong with single rows has been
 * said; they do not stop the others. Returns 0, FEED_E_FILE or -errno. */
MUST_CHECK int feed_read(Feed *feed, FeedLook look, int64_t now_ms);

/* Reads it once from top to bottom, waiting for the receipts before a record is replaced: for
 * series in which a later row is a later time. Returns as feed_read(), or PLEK_E_TIMEOUT. */
MUST_CHECK int feed_replay(Feed *feed, int64_t now_ms, int timeout_ms);

/* Why the file as a whole could not be read; "" if it could. */
const char *feed_trouble(const Feed *feed);

/* Whether the file was written recently enough, at @now_ms of this host's clock; tells the
 * publisher. */
bool feed_answers(Feed *feed, int64_t now_ms);

/* It is being written, as far as we know. */
bool feed_is_torn(const Feed *feed);

const FeedCounts *feed_counts(const Feed *feed); /* of the last reading */
