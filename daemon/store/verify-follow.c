#include <string.h>

#include "core/row.h"
#include "internal/endian.h"
#include "store/error.h"
#include "store/rows.h"
#include "store/verify-private.h"

/*
 * Rows that follow from the entries but for a part: what lingers, and how many withdrawals are
 * remembered, is the daemon's own business. The rest is the journal's.
 *
 * An affirm's row is its entry again. Withdrawals that are remembered are the last that there were.
 * A topic's row says when it last changed, for whom.
 */

typedef struct Follow {
        Look *look;
        Transaction *transaction;
        bool is_other; /* than the journal gives */
        uint8_t first[ROW_TOMBSTONE_KEY_BYTES];
        size_t n_rows;
} Follow;

static bool is_affirm_of(const AffirmRow *affirm, const JournalRow *row)
{
        uint8_t digest[DIGEST_BYTES];

        digest_of(digest, affirm->envelope, affirm->n_envelope);
        return row->kind == ENTRY_UPDATE && affirm->received_at_ms == row->time_ms &&
               !memcmp(digest, row->digest, sizeof(digest));
}

/* Of one that was cut off nobody can tell. */
static int follow_affirm(const Row *row, void *arg)
{
        Follow *follow = arg;
        uint64_t revision = row->n_key == 8 ? be64_get(row->key) : 0;
        JournalRow entry;
        AffirmRow affirm;
        int r;

        r = journal_get(follow->transaction, revision, &entry);
        if (r == STORE_E_NONE && revision && revision < follow->look->cut.revision)
                return 0;
        if (r && r != STORE_E_NONE)
                return r;
        if (r || row_to_affirm(&affirm, row->value, row->n_value) || !is_affirm_of(&affirm, &entry))
                follow->is_other = true;
        return 0;
}

static int count_tombstone(const Row *row, void *arg)
{
        Follow *follow = arg;

        if (!follow->n_rows++ && row->n_key == sizeof(follow->first))
                memcpy(follow->first, row->key, row->n_key);
        return 0;
}

/* Of the journal's rows of @table those that the file should have. */
static bool is_expected(const Follow *follow, CheckpointTable table, const CheckpointRow *row)
{
        if (row->table != table || !row->value)
                return false;
        return table != CHECKPOINT_TOMBSTONES ||
               (follow->n_rows &&
                memcmp(row->key->bytes, follow->first, sizeof(follow->first)) >= 0);
}

static bool is_same(CheckpointTable table, const Blob *expected, const uint8_t *value,
                    size_t n_value)
{
        TopicRow was, is;

        if (table == CHECKPOINT_TOPICS)
                return !row_to_topic(&was, expected->bytes, expected->n_bytes) &&
                       !row_to_topic(&is, value, n_value) &&
                       !memcmp(was.last, is.last, sizeof(was.last));
        return n_value == expected->n_bytes && !memcmp(value, expected->bytes, n_value);
}

static int follow_rows(Follow *follow, CheckpointTable table)
{
        const Checkpoint *checkpoint = follow->look->checkpoint;
        MDB_dbi dbi = follow->look->environment->tables[table];
        const uint8_t *value;
        size_t n_value, n_rows = 0;
        MDB_stat stat;
        int r;

        for (size_t i = 0; i < checkpoint->n_rows; i++) {
                const CheckpointRow *row = &checkpoint->rows[i];

                if (!is_expected(follow, table, row))
                        continue;
                n_rows++;
                r = transaction_get(follow->transaction, dbi, row->key->bytes, row->key->n_bytes,
                                    &value, &n_value);
                if (r && r != STORE_E_NONE)
                        return r;
                if (r || !is_same(table, row->value, value + ROW_CHECKSUM_BYTES,
                                  n_value - ROW_CHECKSUM_BYTES))
                        follow->is_other = true;
        }
        r = store_error(mdb_stat(follow->transaction->txn, dbi, &stat));
        follow->is_other |= !r && stat.ms_entries != n_rows;
        return r;
}

static int follow_table(Follow *follow, CheckpointTable table)
{
        Row damaged;
        int r = 0;

        follow->is_other = false;
        follow->n_rows = 0;
        if (table == CHECKPOINT_AFFIRMS)
                return rows_scan(follow->transaction, table, follow_affirm, follow, &damaged);
        if (table == CHECKPOINT_TOMBSTONES)
                r = rows_scan(follow->transaction, table, count_tombstone, follow, &damaged);
        return r ? r : follow_rows(follow, table);
}

int look_at_followers(Look *look, Transaction *transaction, bool is_lossy, CheckpointTable table,
                      bool *ret_same)
{
        Follow follow = { .look = look, .transaction = transaction };
        int r = 0;

        if (table == CHECKPOINT_AFFIRMS || !is_lossy)
                r = follow_table(&follow, table);
        *ret_same = !follow.is_other;
        return r;
}
