#include <string.h>

#include "store/error.h"
#include "store/journal.h"
#include "store/keyframe.h"
#include "store/past.h"
#include "store/retain-private.h"

/*
 * A cut
 *
 * The chain's head at the cut is signed, and with it what is kept of before: a chain over those
 * entries alone. So whoever has the document can tell that nothing else was there that is claimed
 * to have been, and that nothing that should be there is gone. The entry at the cut itself is kept:
 * the chain goes on from its row.
 */

typedef struct KeptChain {
        const Revisions *kept;
        uint8_t head[DIGEST_BYTES];
        uint64_t n;
} KeptChain;

static int add_to_chain(const JournalRow *row, void *arg)
{
        KeptChain *chain = arg;

        if (row->kind == ENTRY_UPDATE && !revisions_have(chain->kept, row->revision))
                return 0;
        head_chain(chain->head, chain->head, row->revision, row->time_ms, (uint8_t)row->kind,
                   row->digest);
        chain->n++;
        return 0;
}

static int chain_kept(Ledger *ledger, State *state, Cut *cut)
{
        CLEANUP(revisions_deinit) Revisions kept = REVISIONS_NULL;
        KeptChain chain = { .kept = &kept };
        int r;

        r = revisions_of_picture(&kept, state);
        if (!r)
                r = retain_fold(journal_scan(ledger->environment, 1, cut->revision - 1,
                                             add_to_chain, &chain));
        memcpy(cut->kept, chain.head, DIGEST_BYTES);
        cut->n_kept = chain.n;
        return r;
}

/* One that is there is of this revision and no other: it may be named by more than this cut. */
static int keep_picture(RetainStep *step, Ledger *ledger, State *state, Cut *cut)
{
        uint64_t found = 0;
        int r;

        r = keyframe_find(ledger->environment, cut->revision, &found);
        if (r && r != KEYFRAME_E_NOTHING)
                return r;
        if (!r && found == cut->revision) {
                step->rows = calloc(1, sizeof(*step->rows));
                return step->rows
                               ? keyframe_digest(ledger->environment, cut->revision, cut->keyframe)
                               : err_raise(-ENOMEM);
        }
        r = keyframe_of(state, &step->rows);
        if (!r)
                keyframe_digest_of(step->rows, cut->keyframe);
        return r;
}

static int sign(RetainStep *step, const RetainPolicy *policy, const Cut *cut)
{
        CLEANUP(blob_unrefp) Blob *body = NULL, *envelope = NULL;
        int r;

        r = cut_encode(&body, cut);
        if (!r)
                r = envelope_sign(&envelope, ENVELOPE_CUT, &policy->network, policy->key,
                                  body->bytes, body->n_bytes);
        if (r)
                return err_fold(r);

        step->cut = (CutRow){ .revision = cut->revision,
                              .time_ms = cut->time_ms,
                              .n_envelope = envelope->n_bytes };
        memcpy(step->cut.envelope, envelope->bytes, envelope->n_bytes);
        return 0;
}

int cut_work_out(RetainStep *step, Ledger *ledger, const RetainPolicy *policy,
                 const RetainStanding *standing, uint64_t revision, int64_t now_ms)
{
        CLEANUP(past_freep) Past *past = NULL;
        Cut cut = { .revision = revision };
        State *state;
        int r;

        step->kind = RETAIN_CUT;
        r = past_open(&past, ledger, revision, revision, NULL);
        if (r)
                return retain_fold(r);
        state = past_state(past);
        cut.epoch = state_epoch(state);
        cut.time_ms = state_time_ms(state);
        cut.cut_at_ms = MAX(now_ms, cut.time_ms);
        memcpy(cut.head, state_head(state), DIGEST_BYTES);

        r = chain_kept(ledger, state, &cut);
        if (!r)
                r = keep_picture(step, ledger, state, &cut);
        if (!r)
                r = sign(step, policy, &cut);
        if (revision > standing->thinned.revision)
                step->after = (Thinned){ .revision = revision, .time_ms = cut.time_ms + 1 };
        return r;
}
