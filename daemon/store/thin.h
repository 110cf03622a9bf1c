#pragma once

/*
 * Thinning: of the older past, what is kept is the picture at each step of a resolution
 *
 * Of the numbers between two steps (counts, pressure, and affirms) the bytes go, but for those that
 * the picture at the later step rests on; a keyframe is kept there. Doors, cards, offerings,
 * withdrawals, and all words on who is who are never thinned. Digests and heads stay, so that the
 * chain still goes through what is gone, and whoever kept an entry can still show that it was one.
 *
 * A step is worked out by any thread, and put by the commit thread a little at a time. It may be
 * left half done: it is then worked out again, and comes to the same.
 */

#include "store/ledger.h"

enum {
        THIN_ROWS = 1024, /* of one transaction */
};

#define THIN_YOUNGEST_MS ((int64_t)24 * 3600 * 1000) /* is never thinned, whatever the size */

typedef struct ThinPolicy {
        int64_t full_ms;       /* everything is kept for this long; 0: for ever */
        int64_t resolution_ms; /* and then one in each of these */
        uint64_t n_bytes_max;  /* past it, thinning begins earlier; 0: never */
} ThinPolicy;

typedef struct ThinStep ThinStep;

enum {
        THIN_OK,
        THIN_E_NOTHING, /* is old enough */
};

/* Returns 0, THIN_E_NOTHING, -EBADMSG (damaged) or -errno. */
MUST_CHECK int thin_make(ThinStep **ret_step, Ledger *ledger, const ThinPolicy *policy,
                         int64_t now_ms);
/* Commit thread. Puts some of it; *ret_more: there is more to be put. Returns as ledger_append().
 */
MUST_CHECK int thin_put(ThinStep *step, Ledger *ledger, bool *ret_more);
ThinStep *thin_free(ThinStep *step);
DEFINE_FREEP(ThinStep, thin_free);
size_t thin_n_rows(const ThinStep *step);
