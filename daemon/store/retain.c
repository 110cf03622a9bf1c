#include "store/retain.h"

#include "store/error.h"
#include "store/journal.h"
#include "store/keyframe.h"
#include "store/retain-private.h"
#include "store/rows.h"

/*
 * What is due, and putting it
 *
 * What was begun is finished first. Then age decides: what is older than the past that is kept
 * goes, and what is older than all that is kept in full is thinned. Then size: everything that may
 * be thinned is, and after that the oldest of what is left goes, a share at a time, as far as what
 * the live state needs.
 */

enum {
        STEPS_OF_PAST = 64, /* what is too old is cut in so many pieces of the past that is kept */
        SHARE_OF_SIZE = 16, /* of the journal, in one cut */
        SHARE_MIN = 256,    /* entries */
        ROOM_SHARE = 8,     /* of the limit: what is written until something has gone */
        ROW_COST_BYTES = 4096,
};

int retain_fold(int r)
{
        switch (r) {
        case STORE_E_NONE:
        case STORE_E_DAMAGED:
                return err_raise(-EBADMSG);
        default:
                return r > 0 ? err_raise(-EIO) : r;
        }
}

RetainStep *retain_free(RetainStep *step)
{
        if (!step)
                return NULL;
        checkpoint_free(step->rows);
        revisions_deinit(&step->revisions);
        free(step);
        return NULL;
}

RetainKind retain_kind(const RetainStep *step)
{
        return step->kind;
}

size_t retain_n_entries(const RetainStep *step)
{
        return step->revisions.n;
}

/* ------------------------------------------------------------------ where to cut */

static int read_standing(Ledger *ledger, RetainStanding *ret_standing)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        int r;

        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = meta_get_tail(&transaction, &ret_standing->tail);
        if (!r)
                r = meta_get_thinned(&transaction, &ret_standing->thinned);
        if (!r)
                r = meta_get_cut(&transaction, &ret_standing->cut);
        if (!r)
                r = meta_get_checkpoint(&transaction, &ret_standing->checkpoint);
        return retain_fold(r);
}

/* Of what is thinned the picture is kept at keyframes only: the last at @revision or before, or
 * else the first after it. */
static int to_keyframe(Ledger *ledger, const RetainStanding *standing, uint64_t *revision)
{
        uint64_t found;
        int r;

        r = keyframe_find(ledger->environment, *revision, &found);
        if (!r && found > standing->cut.revision) {
                *revision = found;
                return 0;
        }
        if (r && r != KEYFRAME_E_NOTHING)
                return r;
        *revision = standing->thinned.revision;
        return 0;
}

/* @revision, or the end of its commit, or a keyframe near it; RETAIN_E_NOTHING: there is no such.
 */
static int settle(Ledger *ledger, const RetainStanding *standing, uint64_t *revision)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        JournalRow row = { 0 };
        int r = 0;

        if (*revision <= standing->thinned.revision)
                return to_keyframe(ledger, standing, revision);
        *revision = MIN(*revision, standing->checkpoint);
        if (*revision > standing->cut.revision)
                r = transaction_read(&transaction, ledger->environment);
        for (; !r && *revision > standing->cut.revision; ++*revision) {
                r = journal_get(&transaction, *revision, &row);
                if (!r && row.ends_commit)
                        return 0;
        }
        return r ? retain_fold(r) : RETAIN_E_NOTHING;
}

static int cut_at(RetainStep *step, Ledger *ledger, const RetainPolicy *policy,
                  const RetainStanding *standing, uint64_t revision, int64_t now_ms)
{
        int r = settle(ledger, standing, &revision);

        if (r)
                return r;
        if (revision <= standing->cut.revision || revision > standing->checkpoint)
                return RETAIN_E_NOTHING;
        return cut_work_out(step, ledger, policy, standing, revision, now_ms);
}

static int cut_by_age(RetainStep *step, Ledger *ledger, const RetainPolicy *policy,
                      const RetainStanding *standing, int64_t now_ms)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        int64_t past_ms = MAX(policy->past_ms, RETAIN_PAST_MIN_MS);
        int64_t piece_ms = past_ms / STEPS_OF_PAST;
        int64_t end_ms = (now_ms - past_ms) / piece_ms * piece_ms;
        uint64_t revision;
        int r;

        if (!policy->past_ms || !policy->key || end_ms <= standing->cut.time_ms)
                return RETAIN_E_NOTHING;
        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = journal_at(&transaction, end_ms - 1, &revision);
        transaction_deinit(&transaction);
        if (r)
                return retain_fold(r);
        /* What is thinned is cut where a step ended: none later than the age. */
        if (revision <= standing->thinned.revision) {
                r = keyframe_find(ledger->environment, revision, &revision);
                if (r)
                        return r == KEYFRAME_E_NOTHING ? RETAIN_E_NOTHING : r;
        }
        if (revision <= standing->cut.revision)
                return RETAIN_E_NOTHING;
        return cut_at(step, ledger, policy, standing, revision, now_ms);
}

static int cut_by_size(RetainStep *step, Ledger *ledger, const RetainPolicy *policy,
                       const RetainStanding *standing, int64_t now_ms)
{
        uint64_t n = standing->tail.revision - standing->cut.revision;

        if (!policy->key)
                return RETAIN_E_NOTHING;
        return cut_at(step, ledger, policy, standing,
                      standing->cut.revision + MAX(n / SHARE_OF_SIZE, (uint64_t)SHARE_MIN), now_ms);
}

/* ------------------------------------------------------------------ what is due */

static uint64_t used_bytes(Ledger *ledger)
{
        EnvironmentSize size;

        environment_measure(ledger->environment, &size);
        return size.used_bytes;
}

static int make_room(RetainStep *step, Ledger *ledger, const RetainPolicy *policy,
                     const RetainStanding *standing, int64_t now_ms)
{
        uint64_t used = policy->n_bytes_max ? used_bytes(ledger) : 0;
        int r;

        if (used <= policy->n_bytes_max - policy->n_bytes_max / ROOM_SHARE)
                return RETAIN_E_NOTHING;
        r = thin_work_out(step, ledger, policy->resolution_ms, now_ms - RETAIN_YOUNGEST_MS);
        if (r == RETAIN_E_NOTHING)
                r = cut_by_size(step, ledger, policy, standing, now_ms);
        return r == RETAIN_E_NOTHING && used > policy->n_bytes_max ? RETAIN_E_OVER : r;
}

int retain_make(RetainStep **ret_step, Ledger *ledger, const RetainPolicy *policy, int64_t now_ms)
{
        CLEANUP(retain_freep) RetainStep *step = NULL;
        RetainStanding standing;
        int r;

        step = calloc(1, sizeof(*step));
        if (!step)
                return err_raise(-ENOMEM);
        r = read_standing(ledger, &standing);
        if (r)
                return r;
        if (standing.cut.swept < standing.cut.revision)
                r = sweep_work_out(step, ledger, &standing.cut);
        else
                r = cut_by_age(step, ledger, policy, &standing, now_ms);
        if (r == RETAIN_E_NOTHING && policy->full_ms)
                r = thin_work_out(step, ledger, policy->resolution_ms,
                                  now_ms - MAX(policy->full_ms, RETAIN_YOUNGEST_MS));
        if (r == RETAIN_E_NOTHING)
                r = make_room(step, ledger, policy, &standing, now_ms);
        if (r)
                return r;
        *ret_step = STEAL(step);
        return 0;
}

/* ------------------------------------------------------------------ putting */

/* How far the next transaction goes. */
typedef struct Part {
        size_t n_rows, n_revisions;
        bool is_last;
} Part;

/* Of a thinning, and of a cut, all rows at once, and first; a sweep deletes a few at a time. */
static Part next_part(const RetainStep *step)
{
        Part part = { .n_rows = step->rows->n_rows, .n_revisions = step->n_put };

        if (step->kind == RETAIN_SWEEP) {
                part.n_revisions = MIN(step->revisions.n, step->n_put + RETAIN_ROWS);
                part.n_rows = step->n_rows_put;
                if (part.n_revisions == step->n_put)
                        part.n_rows = MIN(step->rows->n_rows, step->n_rows_put + RETAIN_ROWS);
        } else if (step->n_rows_put) {
                part.n_revisions = MIN(step->revisions.n, step->n_put + RETAIN_ROWS);
        }
        part.is_last = part.n_rows == step->rows->n_rows && part.n_revisions == step->revisions.n;
        return part;
}

static void put_revision(Transaction *transaction, RetainKind kind, uint64_t revision)
{
        JournalRow row;

        if (kind == RETAIN_SWEEP)
                journal_delete(transaction, revision);
        else if (!journal_get(transaction, revision, &row) && !row.is_thinned)
                journal_thin(transaction, &row);
}

static int put(RetainStep *step, Ledger *ledger, const Part *part)
{
        static const char *const before[] = { "before-thin", "before-cut", "before-sweep" };
        static const char *const after[] = { "after-thin", "after-cut", "after-sweep" };
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        Checkpoint rows = { .n_rows = part->n_rows - step->n_rows_put };
        int r;

        if (rows.n_rows)
                rows.rows = step->rows->rows + step->n_rows_put;
        r = transaction_write(&transaction, ledger->environment);
        if (!r)
                r = rows_put(&transaction, &rows);
        if (r)
                return r;
        for (size_t i = step->n_put; i < part->n_revisions; i++)
                put_revision(&transaction, step->kind, step->revisions.revisions[i]);
        if (part->is_last && step->after.revision)
                meta_put_thinned(&transaction, &step->after);
        if (part->is_last && step->kind != RETAIN_THIN)
                meta_put_cut(&transaction, &step->cut);

        ledger_pass(ledger, before[step->kind]);
        r = transaction_commit(&transaction);
        if (!r)
                ledger_pass(ledger, after[step->kind]);
        return r;
}

int retain_put(RetainStep *step, Ledger *ledger, bool *ret_more)
{
        Environment *environment = ledger->environment;
        Part part = next_part(step);
        int r;

        if (!environment->writable)
                return LEDGER_E_FULL;
        do {
                r = put(step, ledger, &part);
                if (r != STORE_E_GROW)
                        break;
                r = environment_grow(environment);
        } while (!r);
        if (r)
                return ledger_fold(environment_judge(
                        environment, r, step->rows->n_bytes + RETAIN_ROWS * ROW_COST_BYTES));

        step->n_rows_put = part.n_rows;
        step->n_put = part.n_revisions;
        *ret_more = !part.is_last;
        return 0;
}
