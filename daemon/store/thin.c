#include "store/thin.h"

#include <string.h>

#include "core/dirty.h"
#include "internal/endian.h"
#include "store/error.h"
#include "store/extract.h"
#include "store/journal.h"
#include "store/keyframe.h"
#include "store/ledger-private.h"
#include "store/past.h"
#include "store/rows.h"
#include "wire/arena.h"

struct ThinStep {
        Thinned before, after;
        Checkpoint *rows; /* the keyframe of the step; those in between go */
        bool rows_are_put;
        uint64_t *revisions; /* whose bytes go */
        size_t n, n_room, n_put;
};

static int fold(int r)
{
        switch (r) {
        case STORE_E_NONE:
        case STORE_E_DAMAGED:
                return err_raise(-EBADMSG);
        default:
                return r > 0 ? err_raise(-EIO) : r;
        }
}

ThinStep *thin_free(ThinStep *step)
{
        if (!step)
                return NULL;
        checkpoint_free(step->rows);
        free(step->revisions);
        free(step);
        return NULL;
}

size_t thin_n_rows(const ThinStep *step)
{
        return step->n;
}

/* ------------------------------------------------------------------ which step */

/* The time before which entries may be thinned. */
static int64_t oldest_kept_ms(Ledger *ledger, const ThinPolicy *policy, int64_t now_ms)
{
        LedgerStats stats;

        if (policy->n_bytes_max) {
                ledger_stats(ledger, &stats);
                if (stats.used_bytes > policy->n_bytes_max)
                        return now_ms - THIN_YOUNGEST_MS;
        }
        return policy->full_ms ? now_ms - MAX(policy->full_ms, THIN_YOUNGEST_MS) : INT64_MIN;
}

/* The next step that has entries. */
static int find_step(ThinStep *step, Ledger *ledger, const ThinPolicy *policy, int64_t before_ms)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        JournalRow row;
        int64_t end_ms;
        int r;

        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = meta_get_thinned(&transaction, &step->before);
        if (!r)
                r = journal_get(&transaction, step->before.revision + 1, &row);
        if (r)
                return r == STORE_E_NONE ? THIN_E_NOTHING : fold(r);

        end_ms = (row.time_ms / policy->resolution_ms + 1) * policy->resolution_ms;
        if (end_ms > before_ms)
                return THIN_E_NOTHING;
        step->after.time_ms = end_ms;
        r = journal_at(&transaction, end_ms - 1, &step->after.revision);
        return fold(r);
}

/* ------------------------------------------------------------------ what is kept */

static int add(ThinStep *step, uint64_t revision)
{
        size_t n_room = step->n_room ? 2 * step->n_room : 1024;
        uint64_t *grown;

        if (step->n == step->n_room) {
                grown = reallocarray(step->revisions, n_room, sizeof(*grown));
                if (!grown)
                        return err_raise(-ENOMEM);
                step->revisions = grown;
                step->n_room = n_room;
        }
        step->revisions[step->n++] = revision;
        return 0;
}

static int by_number(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

/* What the picture at the end of the step rests on, sorted. */
static int find_kept(State *state, uint64_t **ret_kept, size_t *ret_n)
{
        const Picture *picture = state_picture(state);
        uint64_t *kept;
        size_t n = 0;

        kept = calloc(2 * picture_n_records(picture) + 1, sizeof(*kept));
        if (!kept)
                return err_raise(-ENOMEM);
        for (const Record *record = picture_next(picture, NULL); record;
             record = picture_next(picture, record)) {
                kept[n++] = record->revision;
                if (record->affirmation)
                        kept[n++] = record->affirmation->revision;
        }
        if (n)
                qsort(kept, n, sizeof(*kept), by_number);
        *ret_kept = kept;
        *ret_n = n;
        return 0;
}

/* Numbers, and that they still hold. What cannot be read is not touched. */
static bool may_go(const LedgerEntry *entry, Arena *arena)
{
        WireRefusal refusal;
        Envelope envelope;
        Update update;

        if (entry->kind != ENTRY_UPDATE || !entry->bytes)
                return false;
        arena_reset(arena);
        if (envelope_parse(&envelope, entry->bytes->bytes, entry->bytes->n_bytes) ||
            update_decode(&update, &refusal, arena, envelope.body, envelope.n_body))
                return false;
        return update.kind == UPDATE_COUNTS || update.kind == UPDATE_PRESSURE ||
               update.kind == UPDATE_AFFIRM;
}

static int find_going(ThinStep *step, Ledger *ledger, const uint64_t *kept, size_t n_kept)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        CLEANUP(freep) Extract *extract = calloc(1, sizeof(*extract));
        uint64_t next = step->before.revision + 1;
        int r;

        if (!extract)
                return err_raise(-ENOMEM);
        r = arena_new(&arena, ARENA_MESSAGE_BYTES);
        while (!r && next <= step->after.revision) {
                r = fold(extract_range(extract, ledger->environment, next, step->after.revision,
                                       &next));
                for (size_t i = 0; !r && i < extract->n_entries; i++) {
                        const LedgerEntry *entry = &extract->entries[i];

                        if (may_go(entry, arena) &&
                            !bsearch(&entry->revision, kept, n_kept, sizeof(*kept), by_number))
                                r = add(step, entry->revision);
                }
        }
        extract_clear(extract);
        return r;
}

/* ------------------------------------------------------------------ keyframes */

/* Those in between rest on what goes. */
static int add_deletions(RowList *list, Ledger *ledger, uint64_t first, uint64_t last)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        MDB_dbi dbi = ledger->environment->tables[CHECKPOINT_KEYFRAMES];
        MDB_cursor_op op = MDB_SET_RANGE;
        uint8_t bytes[12] = { 0 };
        MDB_val key = { sizeof(bytes), bytes }, value;
        Blob *copy;
        int r;

        be64_put(bytes, first);
        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = transaction_cursor(&transaction, dbi, &cursor);
        for (; !r; op = MDB_NEXT) {
                r = store_error(mdb_cursor_get(cursor, &key, &value, op));
                if (r || key.mv_size != sizeof(bytes) || be64_get(key.mv_data) >= last)
                        break;
                r = blob_copy(&copy, key.mv_data, key.mv_size);
                if (!r)
                        r = row_list_add(list, CHECKPOINT_KEYFRAMES, copy, NULL);
        }
        return r == STORE_E_NONE ? 0 : fold(r);
}

static int make_rows(ThinStep *step, Ledger *ledger, State *state)
{
        CLEANUP(row_list_deinit) RowList list = { 0 };
        int r;

        r = keyframe_of(state, &step->rows);
        if (!r)
                r = add_deletions(&list, ledger, step->before.revision + 1, step->after.revision);
        for (size_t i = 0; !r && i < step->rows->n_rows; i++)
                r = row_list_add(&list, step->rows->rows[i].table,
                                 blob_ref(step->rows->rows[i].key),
                                 blob_ref(step->rows->rows[i].value));
        if (r)
                return r;
        for (size_t i = 0; i < step->rows->n_rows; i++) {
                blob_unref(step->rows->rows[i].key);
                blob_unref(step->rows->rows[i].value);
        }
        free(step->rows->rows);
        step->rows->rows = list.rows;
        step->rows->n_rows = list.n_rows;
        list = (RowList){ 0 };
        return 0;
}

static int work_out(ThinStep *step, Ledger *ledger)
{
        CLEANUP(past_freep) Past *past = NULL;
        CLEANUP(freep) uint64_t *kept = NULL;
        size_t n_kept;
        int r;

        r = past_open(&past, ledger, step->after.revision, step->after.revision, NULL);
        if (r)
                return fold(r);
        r = find_kept(past_state(past), &kept, &n_kept);
        if (!r)
                r = find_going(step, ledger, kept, n_kept);
        return r ? r : make_rows(step, ledger, past_state(past));
}

int thin_make(ThinStep **ret_step, Ledger *ledger, const ThinPolicy *policy, int64_t now_ms)
{
        CLEANUP(thin_freep) ThinStep *step = NULL;
        int64_t before_ms = oldest_kept_ms(ledger, policy, now_ms);
        int r;

        if (before_ms == INT64_MIN)
                return THIN_E_NOTHING;
        step = calloc(1, sizeof(*step));
        if (!step)
                return err_raise(-ENOMEM);
        r = find_step(step, ledger, policy, before_ms);
        if (!r)
                r = work_out(step, ledger);
        if (r)
                return r;
        *ret_step = STEAL(step);
        return 0;
}

/* ------------------------------------------------------------------ putting */

static void thin_row(Transaction *transaction, uint64_t revision)
{
        JournalRow row;

        if (!journal_get(transaction, revision, &row) && !row.is_thinned)
                journal_thin(transaction, &row);
}

static int put(ThinStep *step, Environment *environment, size_t n)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        int r;

        r = transaction_write(&transaction, environment);
        if (!r && !step->rows_are_put)
                r = rows_put(&transaction, step->rows);
        if (r)
                return r;
        for (size_t i = step->n_put; i < n; i++)
                thin_row(&transaction, step->revisions[i]);
        if (n == step->n)
                meta_put_thinned(&transaction, &step->after);
        return transaction_commit(&transaction);
}

int thin_put(ThinStep *step, Ledger *ledger, bool *ret_more)
{
        Environment *environment = ledger->environment;
        /* The keyframe first, by itself. */
        size_t n = step->rows_are_put ? MIN(step->n, step->n_put + THIN_ROWS) : 0;
        int r;

        if (!environment->writable)
                return LEDGER_E_FULL;
        do {
                r = put(step, environment, n);
                if (r != STORE_E_GROW)
                        break;
                r = environment_grow(environment);
        } while (!r);
        if (r)
                return ledger_fold(environment_judge(environment, r, step->rows->n_bytes));

        step->rows_are_put = true;
        step->n_put = n;
        *ret_more = n < step->n;
        return 0;
}
