#include <inttypes.h>
#include <string.h>

#include "core/row.h"
#include "store/error.h"
#include "store/rows.h"
#include "store/verify-private.h"

/*
 * The checkpoint's rows: their checksums, and whether they are what the journal amounts to
 *
 * A checksum is found anew by whoever changes a row. So tables are compared with the state that the
 * entries gave; of some of them only what does not depend on a setting (how many withdrawals are
 * remembered).
 */

static const char *const table_names[N_CHECKPOINT_TABLES] = {
        [CHECKPOINT_RECORDS] = "records",
        [CHECKPOINT_AFFIRMS] = "affirms",
        [CHECKPOINT_TOMBSTONES] = "tombstones",
        [CHECKPOINT_PARTIES] = "parties",
        [CHECKPOINT_REGISTRY] = "registry",
        [CHECKPOINT_TOPICS] = "topics",
        [CHECKPOINT_META] = "meta",
        [CHECKPOINT_NARROW] = "narrow",
        [CHECKPOINT_KEYFRAMES] = "keyframes",
        [CHECKPOINT_POSTINGS] = "postings",
};

static const CheckpointTable compared[] = {
        CHECKPOINT_RECORDS,
        CHECKPOINT_PARTIES,
        CHECKPOINT_REGISTRY,
};

/* And these follow from them but for what lingers or was forgotten. */
static const CheckpointTable followed[] = {
        CHECKPOINT_AFFIRMS,
        CHECKPOINT_TOMBSTONES,
        CHECKPOINT_TOPICS,
};

static int look_at_table(Look *look, Transaction *transaction, CheckpointTable table)
{
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        MDB_val key, value;
        int r;

        r = transaction_cursor(transaction, look->environment->tables[table], &cursor);
        if (r)
                return r;

        while (!(r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT)))) {
                look->report->n_rows++;
                if (!row_is_sealed((uint8_t)table, key.mv_data, key.mv_size, value.mv_data,
                                   value.mv_size))
                        look_found(look, VERIFY_BIT_FLIPPED, 0,
                                   "row %" PRIu64 " of the checkpoint, in table %s, is damaged",
                                   look->report->n_rows, table_names[table]);
        }
        return r == STORE_E_NONE ? 0 : r;
}

/* Entries are not all there, or not their bytes. */
static bool is_lossy(const Look *look)
{
        return look->report->n_thinned || look->cut.revision;
}

/*
 * Where entries were thinned or cut off, nobody can tell any more since when a record has said the
 * same, or what a party said last: only what it says, and who signed it.
 */
static bool is_as_expected(const Look *look, CheckpointTable table, const Blob *expected,
                           const uint8_t *value, size_t n_value)
{
        RecordRow was, is;

        if (n_value == expected->n_bytes && !memcmp(value, expected->bytes, n_value))
                return true;
        if (!is_lossy(look))
                return false;
        if (table == CHECKPOINT_PARTIES)
                return true;
        return table == CHECKPOINT_RECORDS &&
               !row_to_record(&was, expected->bytes, expected->n_bytes) &&
               !row_to_record(&is, value, n_value) && was.revision == is.revision &&
               was.received_at_ms == is.received_at_ms && was.n_topic == is.n_topic &&
               !memcmp(was.topic, is.topic, is.n_topic) && was.n_envelope == is.n_envelope &&
               !memcmp(was.envelope, is.envelope, is.n_envelope);
}

/* How many rows of @table the state has, all of which are in the file as they should be. */
static int look_compare_table(Look *look, Transaction *transaction, CheckpointTable table,
                              size_t *ret_n_rows, bool *ret_same)
{
        MDB_dbi dbi = look->environment->tables[table];
        const Checkpoint *checkpoint = look->checkpoint;
        const uint8_t *value;
        size_t n_value;
        int r;

        *ret_n_rows = 0;
        *ret_same = true;
        for (size_t i = 0; i < checkpoint->n_rows; i++) {
                const CheckpointRow *row = &checkpoint->rows[i];

                if (row->table != table || !row->value)
                        continue;
                ++*ret_n_rows;
                r = transaction_get(transaction, dbi, row->key->bytes, row->key->n_bytes, &value,
                                    &n_value);
                if (r && r != STORE_E_NONE)
                        return r;
                if (r || !is_as_expected(look, table, row->value, value + ROW_CHECKSUM_BYTES,
                                         n_value - ROW_CHECKSUM_BYTES))
                        *ret_same = false;
        }
        return 0;
}

static int look_compare(Look *look, Transaction *transaction)
{
        for (size_t i = 0; i < N_ELEMENTS(compared); i++) {
                size_t n_rows;
                MDB_stat stat;
                bool same;
                int r;

                r = look_compare_table(look, transaction, compared[i], &n_rows, &same);
                if (!r)
                        r = store_error(mdb_stat(transaction->txn,
                                                 look->environment->tables[compared[i]], &stat));
                if (r)
                        return r;
                /* Of a party all of whose words were numbers, and thinned, nothing is left here. */
                if (is_lossy(look) && compared[i] == CHECKPOINT_PARTIES)
                        n_rows = MAX(n_rows, stat.ms_entries);
                if (!same || stat.ms_entries != n_rows)
                        look_found(look, VERIFY_RE_SIGNED, look->checkpoint_revision,
                                   "the checkpoint's table %s is not what the journal amounts to",
                                   table_names[compared[i]]);
        }

        return 0;
}

static int look_follow(Look *look, Transaction *transaction)
{
        for (size_t i = 0; i < N_ELEMENTS(followed); i++) {
                bool same;
                int r = look_at_followers(look, transaction, is_lossy(look), followed[i], &same);

                if (r)
                        return r;
                if (!same)
                        look_found(look, VERIFY_RE_SIGNED, look->checkpoint_revision,
                                   "the checkpoint's table %s is not what the journal amounts to",
                                   table_names[followed[i]]);
        }
        return 0;
}

int look_at_rows(Look *look)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        uint64_t revision = 0;
        int r;

        r = transaction_read(&transaction, look->environment);
        if (r)
                return r;

        for (CheckpointTable table = 1; table < look->environment->tables_end; table++) {
                r = look_at_table(look, &transaction, table);
                if (r)
                        return r;
        }

        /* On a live directory a newer checkpoint may have come in between. */
        r = meta_get_checkpoint(&transaction, &revision);
        if (r && r != STORE_E_DAMAGED)
                return r;
        if (r || !look->checkpoint || revision != look->checkpoint_revision ||
            look->report->n_findings)
                return 0;
        r = look_compare(look, &transaction);
        if (!r)
                r = look_follow(look, &transaction);
        look->report->checkpoint_compared = !r;
        return r;
}
