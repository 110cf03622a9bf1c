#pragma once

/*
 * Retention: what goes of the past, by its age and by the file's size
 *
 * Thinning: of what is old, the picture at each step of a resolution is kept. Of the numbers
 * between two steps (counts, pressure, and affirms) the bytes go, but for those that the picture at
 * the later step rests on; a keyframe is kept there. Doors, cards, offerings, withdrawals, and all
 * words on who is who are never thinned. Digests and heads stay, so that the chain still goes
 * through what is gone, and whoever kept an entry can still show that it was one.
 *
 * A cut: what is older than that is deleted, but for the words on who is who, and what the picture
 * at the cut rests on. A document of the broker's says what was left, and where the chain goes on.
 * A cut is marked in one transaction; then what it cut off is swept out.
 *
 * What goes is worked out by any thread, a step at a time, and put by the commit thread a little at
 * a time. A step may be left half done: it is then worked out again, and comes to the same.
 */

#include "store/ledger.h"

enum {
        RETAIN_ROWS = 1024, /* of one transaction */
};

/* Is never thinned, whatever the size. */
#define RETAIN_YOUNGEST_MS ((int64_t)24 * 3600 * 1000)
/* Is never cut for its age. */
#define RETAIN_PAST_MIN_MS ((int64_t)60 * 1000)

typedef struct RetainPolicy {
        int64_t full_ms;       /* everything is kept for this long; 0: for ever */
        int64_t resolution_ms; /* and then one in each of these */
        int64_t past_ms;       /* and for this long in all; 0: for ever */
        /* So that the file stays below this, more is thinned, and then cut; 0: as large as it
         * gets. */
        uint64_t n_bytes_max;

        /* Whose word a cut is. */
        const SecretKey *key;
        NetworkId network;
} RetainPolicy;

typedef enum RetainKind {
        RETAIN_THIN,
        RETAIN_CUT,
        RETAIN_SWEEP,
} RetainKind;

typedef struct RetainStep RetainStep;

enum {
        RETAIN_OK,
        RETAIN_E_NOTHING, /* is to go */
        RETAIN_E_OVER,    /* nothing is left that could go, and the file is still too large */
};

/* Returns 0, RETAIN_E_*, -EBADMSG (damaged) or -errno. */
MUST_CHECK int retain_make(RetainStep **ret_step, Ledger *ledger, const RetainPolicy *policy,
                           int64_t now_ms);
/* Commit thread. Puts some of it; *ret_more: there is more to be put. Returns as ledger_append().
 */
MUST_CHECK int retain_put(RetainStep *step, Ledger *ledger, bool *ret_more);
RetainStep *retain_free(RetainStep *step);
DEFINE_FREEP(RetainStep, retain_free);
RetainKind retain_kind(const RetainStep *step);
/* Entries that are thinned, or deleted. */
size_t retain_n_entries(const RetainStep *step);
