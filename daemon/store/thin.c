#include <string.h>

#include "core/dirty.h"
#include "internal/endian.h"
#include "store/error.h"
#include "store/extract.h"
#include "store/journal.h"
#include "store/keyframe.h"
#include "store/past.h"
#include "store/retain-private.h"
#include "wire/arena.h"

/* ------------------------------------------------------------------ which step */

/* The next step that has entries. */
static int find_step(RetainStep *step, Ledger *ledger, int64_t resolution_ms, int64_t before_ms)
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
                return r == STORE_E_NONE ? RETAIN_E_NOTHING : retain_fold(r);

        end_ms = (row.time_ms / resolution_ms + 1) * resolution_ms;
        if (end_ms > before_ms)
                return RETAIN_E_NOTHING;
        step->after.time_ms = end_ms;
        r = journal_at(&transaction, end_ms - 1, &step->after.revision);
        return retain_fold(r);
}

/* ------------------------------------------------------------------ what is kept */

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

static int find_going(RetainStep *step, Ledger *ledger, const Revisions *kept)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        CLEANUP(freep) Extract *extract = calloc(1, sizeof(*extract));
        uint64_t next = step->before.revision + 1;
        int r;

        if (!extract)
                return err_raise(-ENOMEM);
        r = arena_new(&arena, ARENA_MESSAGE_BYTES);
        while (!r && next <= step->after.revision) {
                r = retain_fold(extract_range(extract, ledger->environment, next,
                                              step->after.revision, &next));
                for (size_t i = 0; !r && i < extract->n_entries; i++) {
                        const LedgerEntry *entry = &extract->entries[i];

                        if (may_go(entry, arena) && !revisions_have(kept, entry->revision))
                                r = revisions_add(&step->revisions, entry->revision);
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
        return r == STORE_E_NONE ? 0 : retain_fold(r);
}

static int make_rows(RetainStep *step, Ledger *ledger, State *state)
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

static int work_out(RetainStep *step, Ledger *ledger)
{
        CLEANUP(past_freep) Past *past = NULL;
        CLEANUP(revisions_deinit) Revisions kept = REVISIONS_NULL;
        int r;

        r = past_open(&past, ledger, step->after.revision, step->after.revision, NULL);
        if (r)
                return retain_fold(r);
        r = revisions_of_picture(&kept, past_state(past));
        if (!r)
                r = find_going(step, ledger, &kept);
        return r ? r : make_rows(step, ledger, past_state(past));
}

int thin_work_out(RetainStep *step, Ledger *ledger, int64_t resolution_ms, int64_t before_ms)
{
        int r;

        step->kind = RETAIN_THIN;
        r = find_step(step, ledger, resolution_ms, before_ms);
        return r ? r : work_out(step, ledger);
}
