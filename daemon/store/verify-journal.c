#include <inttypes.h>
#include <string.h>

#include "internal/endian.h"
#include "store/error.h"
#include "store/verify-private.h"

/*
 * The journal, from its first entry to the last that was there when the looking began
 *
 * In short transactions: the directory may be live, and a long reader would make its file grow.
 */

enum {
        BATCH_ENTRIES = 4096,
        BATCH_BYTES = 16 * 1024 * 1024,
};

typedef struct Chain {
        uint64_t next; /* the revision that should come */
        uint8_t head[DIGEST_BYTES];
        bool head_known;
        bool ended; /* the last entry ended its commit */
} Chain;

/* Entries up to @revision are not there. */
static void look_miss(Look *look, const Chain *chain, uint64_t revision)
{
        look_found(look, VERIFY_TRUNCATED, chain->next,
                   revision > chain->next ? "entries %" PRIu64 " to %" PRIu64 " are missing"
                                          : "entry %" PRIu64 " is missing",
                   chain->next, revision);
        look_blind(look, chain->next);
}

/* To @revision. What was cut off is not missing. */
static void look_skip(Look *look, Chain *chain, uint64_t revision)
{
        if (revision > look->cut.revision) {
                chain->next = MAX(chain->next, look->cut.revision);
                look_miss(look, chain, revision - 1);
        }
        chain->head_known = false;
        chain->ended = true;
}

/* Nothing is known of it but its place. */
static void look_lose(Look *look, Chain *chain, uint64_t revision, const char *what)
{
        look_found(look, VERIFY_BIT_FLIPPED, revision, "entry %" PRIu64 ": %s", revision, what);
        look_blind(look, revision);
        chain->head_known = false;
        chain->ended = true;
}

static int look_at_row(Look *look, Chain *chain, const JournalRow *row)
{
        bool whole = journal_row_is_whole(row);

        if (!whole) {
                look_found(look, VERIFY_BIT_FLIPPED, row->revision,
                           "entry %" PRIu64 ": its bytes are not those of its digest",
                           row->revision);
                if (row->kind != ENTRY_UPDATE)
                        look_blind(look, row->revision);
        }
        if (chain->head_known && !journal_row_follows(row, chain->head))
                look_found(look, VERIFY_RE_SIGNED, row->revision,
                           "entry %" PRIu64 ": the chain was broken and made anew here",
                           row->revision);

        memcpy(chain->head, row->head, DIGEST_BYTES);
        chain->head_known = true;
        chain->ended = row->ends_commit;
        look->report->last_time_ms = row->time_ms;
        look->report->n_entries++;
        if (row->revision <= look->cut.revision)
                look_at_kept(look, row);
        return whole ? look_at_entry(look, row) : 0;
}

/* The state as it was when the checkpoint was written, to be compared; not if anything is wrong. */
static int look_keep_checkpoint(Look *look, uint64_t revision)
{
        if (revision != look->checkpoint_revision || look->report->n_findings ||
            state_revision(look->state) != revision)
                return 0;
        return state_checkpoint(look->state, &look->checkpoint);
}

/* One row; @damage: what parsing it gave. Returns 0, STORE_E_NONE (it was the last) or -errno. */
static int look_at_next(Look *look, Chain *chain, const JournalRow *row, int damage)
{
        int r;

        if (row->revision > look->tail.revision)
                return STORE_E_NONE;
        if (row->revision < chain->next) {
                look_lose(look, chain, chain->next, "its place in the journal is wrong");
                return STORE_E_NONE;
        }
        if (row->revision > chain->next)
                look_skip(look, chain, row->revision);
        chain->next = row->revision + 1;
        look->report->last_revision = row->revision;

        r = 0;
        if (damage)
                look_lose(look, chain, row->revision, "its row is damaged");
        else
                r = look_at_row(look, chain, row);
        if (!r)
                r = look_keep_checkpoint(look, row->revision);
        look->shared->n_done = row->revision;
        return r;
}

/* Rows that follow one another, up to one that may say who signs after it. */
typedef struct Run {
        JournalRow rows[SIGNATURES_AHEAD];
        int damages[SIGNATURES_AHEAD];
        size_t n_rows, n_bytes;
} Run;

/* Returns 0, STORE_E_NONE (there are no more; those that it has are good) or -errno. */
static int run_read(Run *run, MDB_cursor *cursor, MDB_val *key, MDB_cursor_op *op)
{
        bool goes_on = true;
        int r;

        run->n_rows = run->n_bytes = 0;
        while (goes_on && run->n_rows < SIGNATURES_AHEAD && run->n_bytes < BATCH_BYTES) {
                JournalRow *row = &run->rows[run->n_rows];
                MDB_val value;

                r = store_error(mdb_cursor_get(cursor, key, &value, *op));
                if (r)
                        return r;
                *op = MDB_NEXT;
                *row = (JournalRow){ 0 };
                run->damages[run->n_rows] = journal_row_parse(row, key->mv_data, key->mv_size,
                                                              value.mv_data, value.mv_size);
                goes_on = !run->damages[run->n_rows++] && row->kind == ENTRY_UPDATE;
                run->n_bytes += value.mv_size;
        }
        return 0;
}

/* Judged one by one in their order, so that what is found does not depend on the threads. */
static int run_look(Run *run, Look *look, Chain *chain)
{
        size_t n_whole = run->n_rows;
        int r = 0;

        if (n_whole && run->damages[n_whole - 1])
                n_whole--;
        if (!look->blind)
                signatures_foresee(&look->signatures, run->rows, n_whole);
        for (size_t i = 0; !r && i < run->n_rows; i++)
                r = look_at_next(look, chain, &run->rows[i], run->damages[i]);
        return r;
}

static int look_at_batch(Look *look, Chain *chain)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        CLEANUP(freep) Run *run = calloc(1, sizeof(*run));
        uint8_t at[8];
        MDB_val key = { sizeof(at), at };
        MDB_cursor_op op = MDB_SET_RANGE;
        size_t n_rows = 0, n_bytes = 0;
        int r, end = 0;

        if (!run)
                return err_raise(-ENOMEM);

        be64_put(at, chain->next);
        r = transaction_read(&transaction, look->environment);
        if (!r)
                r = transaction_cursor(&transaction, look->environment->journal, &cursor);
        if (r)
                return r;

        while (!r && !end && n_rows < BATCH_ENTRIES && n_bytes < BATCH_BYTES) {
                end = run_read(run, cursor, &key, &op);
                r = run_look(run, look, chain);
                n_rows += run->n_rows;
                n_bytes += run->n_bytes;
        }
        return r ? r : end;
}

static int look_begin(Look *look)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        uint64_t last;
        int r;

        r = transaction_read(&transaction, look->environment);
        if (!r)
                r = journal_last(&transaction, &last);
        if (r)
                return r;

        r = meta_get_tail(&transaction, &look->tail);
        if (r == STORE_E_DAMAGED) {
                look_found(look, VERIFY_BIT_FLIPPED, 0,
                           "the row that says where the journal ends "
                           "is damaged");
                look->tail = (Tail){ .revision = last };
        } else if (r) {
                return r;
        } else if (last > look->tail.revision) {
                look_found(look, VERIFY_RE_SIGNED, last,
                           "the journal goes on to revision %" PRIu64
                           ", after its last commit's %" PRIu64,
                           last, look->tail.revision);
                look->tail.revision = last;
        }

        r = meta_get_checkpoint(&transaction, &look->checkpoint_revision);
        if (r == STORE_E_DAMAGED) {
                look_found(look, VERIFY_BIT_FLIPPED, 0,
                           "the row that says how far the checkpoint "
                           "goes is damaged");
                r = 0;
        }
        look->shared->n_all = look->tail.revision;
        return r ? r : look_begin_cut(look, &transaction);
}

static const uint8_t no_head[DIGEST_BYTES];

/* Where it ends, against where it should. */
static void look_at_end(Look *look, const Chain *chain)
{
        if (look->tail.revision >= chain->next)
                look_miss(look, chain, look->tail.revision);
        else if (!chain->ended)
                look_found(look, VERIFY_TRUNCATED, chain->next - 1,
                           "the journal ends within a commit");
        else if (memcmp(look->tail.head, no_head, DIGEST_BYTES) != 0 && chain->head_known &&
                 memcmp(look->tail.head, chain->head, DIGEST_BYTES) != 0)
                look_found(look, VERIFY_RE_SIGNED, chain->next - 1,
                           "the journal's last head is not the one of its last commit");
        else if (look->checkpoint_revision >= chain->next)
                look_found(look, VERIFY_TRUNCATED, look->checkpoint_revision,
                           "the checkpoint is of revision %" PRIu64 ", which the journal does not "
                           "have",
                           look->checkpoint_revision);
        memcpy(look->report->head, chain->head, DIGEST_BYTES);
}

int look_at_journal(Look *look)
{
        Chain chain = { .next = 1, .head_known = true, .ended = true };
        int r;

        r = look_begin(look);
        while (!r && chain.next <= look->tail.revision)
                r = look_at_batch(look, &chain);
        if (r && r != STORE_E_NONE)
                return r;

        look_at_end(look, &chain);
        look_end_cut(look);
        look_at_epochs(look);
        return 0;
}
