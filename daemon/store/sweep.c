#include <string.h>

#include "core/dirty.h"
#include "internal/endian.h"
#include "store/error.h"
#include "store/journal.h"
#include "store/keyframe.h"
#include "store/retain-private.h"

/*
 * Sweeping out what was cut off
 *
 * Which entries are kept is read from the keyframe at the cut, so that it can be found out again
 * after a start. Entries go first, from the beginning; keyframes and postings of before the cut
 * last.
 */

enum {
        SWEEP_ENTRIES = 65536, /* of one step */
        SWEEP_ROWS = 16384,
        STOPPED = 1000, /* beside the store's codes */
};

typedef struct Sweep {
        RetainStep *step;
        Revisions kept;
} Sweep;

static int take(const JournalRow *row, void *arg)
{
        Sweep *sweep = arg;
        RetainStep *step = sweep->step;

        if (step->revisions.n == SWEEP_ENTRIES)
                return STOPPED;
        step->cut.swept = row->revision;
        if (row->kind != ENTRY_UPDATE || revisions_have(&sweep->kept, row->revision))
                return 0;
        return revisions_add(&step->revisions, row->revision);
}

/* STOPPED: there are more. */
static int take_entries(RetainStep *step, Ledger *ledger)
{
        Sweep sweep = { .step = step };
        int r;

        r = keyframe_entries(ledger->environment, step->cut.revision, &sweep.kept);
        if (!r)
                r = journal_scan(ledger->environment, step->cut.swept + 1, step->cut.revision - 1,
                                 take, &sweep);
        revisions_deinit(&sweep.kept);
        return r;
}

/* Of rows whose keys begin with a revision, those before @end. */
static int take_rows(RowList *list, Transaction *transaction, CheckpointTable table, uint64_t end)
{
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        MDB_val key, value;
        Blob *copy;
        int r;

        r = transaction_cursor(transaction, transaction->environment->tables[table], &cursor);
        while (!r && list->n_rows < SWEEP_ROWS) {
                r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
                if (r || key.mv_size < 8 || be64_get(key.mv_data) >= end)
                        return r == STORE_E_NONE ? 0 : r;
                r = blob_copy(&copy, key.mv_data, key.mv_size);
                if (!r)
                        r = row_list_add(list, table, copy, NULL);
        }
        return r ? r : STOPPED;
}

/* Where the segment that has the entry after the cut begins, or the last one: it says how far
 * segments go. */
static int postings_begin(Transaction *transaction, uint64_t revision, uint64_t *ret_begin)
{
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        uint8_t bytes[8];
        MDB_val key = { sizeof(bytes), bytes }, value;
        int r;

        *ret_begin = 0;
        be64_put(bytes, revision + 2);
        r = transaction_cursor(transaction, transaction->environment->tables[CHECKPOINT_POSTINGS],
                               &cursor);
        if (r)
                return r;
        r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
        r = store_error(mdb_cursor_get(cursor, &key, &value, r ? MDB_LAST : MDB_PREV));
        if (r)
                return r == STORE_E_NONE ? 0 : r;
        *ret_begin = key.mv_size < 8 ? 0 : be64_get(key.mv_data);
        return 0;
}

static int take_past(RetainStep *step, Ledger *ledger)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CLEANUP(row_list_deinit) RowList list = { 0 };
        uint64_t begin;
        int r;

        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = take_rows(&list, &transaction, CHECKPOINT_KEYFRAMES, step->cut.revision);
        if (!r)
                r = postings_begin(&transaction, step->cut.revision, &begin);
        if (!r)
                r = take_rows(&list, &transaction, CHECKPOINT_POSTINGS, begin);
        step->rows->rows = STEAL(list.rows);
        step->rows->n_rows = list.n_rows;
        list.n_rows = 0;
        return r;
}

int sweep_work_out(RetainStep *step, Ledger *ledger, const CutRow *cut)
{
        int r;

        step->kind = RETAIN_SWEEP;
        step->cut = *cut;
        step->rows = calloc(1, sizeof(*step->rows));
        if (!step->rows)
                return err_raise(-ENOMEM);
        r = take_entries(step, ledger);
        if (!r) {
                step->cut.swept = step->cut.revision - 1;
                r = take_past(step, ledger);
        }
        if (r == STOPPED)
                return 0;
        if (r)
                return retain_fold(r);
        step->cut.swept = step->cut.revision;
        return 0;
}
