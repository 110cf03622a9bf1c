#pragma once

/*
 * What the kinds of steps share
 */

#include "store/ledger-private.h"
#include "store/meta.h"
#include "store/retain.h"
#include "store/revisions.h"

struct RetainStep {
        RetainKind kind;
        Thinned before, after; /* of a thinning; a cut may bring @after along */
        CutRow cut;            /* of a cut or a sweep: what it says when all is put */
        Checkpoint *rows;      /* put with the first transaction; of a sweep, to be deleted */
        size_t n_rows_put;
        Revisions revisions; /* whose bytes go, or which go */
        size_t n_put;
};

/* How far things are. */
typedef struct RetainStanding {
        Tail tail;
        Thinned thinned;
        CutRow cut;
        uint64_t checkpoint; /* what comes after it a start needs */
} RetainStanding;

/* Each fills in the new @step. Returns 0, RETAIN_E_NOTHING, -EBADMSG or -errno. */
MUST_CHECK int thin_work_out(RetainStep *step, Ledger *ledger, int64_t resolution_ms,
                             int64_t before_ms);
/* At @revision, the last of its commit. */
MUST_CHECK int cut_work_out(RetainStep *step, Ledger *ledger, const RetainPolicy *policy,
                            const RetainStanding *standing, uint64_t revision, int64_t now_ms);
MUST_CHECK int sweep_work_out(RetainStep *step, Ledger *ledger, const CutRow *cut);

/* The store's codes as -errno. */
int retain_fold(int r);
