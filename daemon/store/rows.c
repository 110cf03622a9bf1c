#include "store/rows.h"

#include <sodium.h>

#include "store/environment.h"
#include "store/error.h"

/*
 * The key of the value's hash is itself a hash of where the row stands, since libsodium's SipHash
 * takes its input in one piece.
 */
static void row_checksum(uint8_t tag, const void *key, size_t n_key, const uint8_t *value,
                         size_t n_value, uint8_t ret_checksum[ROW_CHECKSUM_BYTES])
{
        uint8_t place_key[crypto_shorthash_KEYBYTES] = "plek.store.row";
        uint8_t value_key[crypto_shorthash_KEYBYTES] = "plek.row";

        place_key[15] = tag;
        crypto_shorthash(value_key + 8, key, n_key, place_key);
        crypto_shorthash(ret_checksum, value, n_value, value_key);
}

void row_seal(uint8_t tag, const void *key, size_t n_key, uint8_t *value, size_t n_value)
{
        row_checksum(tag, key, n_key, value + ROW_CHECKSUM_BYTES, n_value - ROW_CHECKSUM_BYTES,
                     value);
}

bool row_is_sealed(uint8_t tag, const void *key, size_t n_key, const uint8_t *value, size_t n_value)
{
        uint8_t checksum[ROW_CHECKSUM_BYTES];

        if (n_value < ROW_CHECKSUM_BYTES)
                return false;

        row_checksum(tag, key, n_key, value + ROW_CHECKSUM_BYTES, n_value - ROW_CHECKSUM_BYTES,
                     checksum);
        return memcmp(checksum, value, sizeof(checksum)) == 0;
}

/* LMDB's own order. */
static int bytes_compare(const void *a, size_t n_a, const void *b, size_t n_b)
{
        int r = memcmp(a, b, MIN(n_a, n_b));

        return r ? r : (n_a > n_b) - (n_a < n_b);
}

static int row_compare(const void *a, const void *b)
{
        const CheckpointRow *x = *(const CheckpointRow *const *)a;
        const CheckpointRow *y = *(const CheckpointRow *const *)b;

        if (x->table != y->table)
                return x->table < y->table ? -1 : 1;
        return bytes_compare(x->key->bytes, x->key->n_bytes, y->key->bytes, y->key->n_bytes);
}

static void row_put(Transaction *transaction, const CheckpointRow *row, TransactionPut how)
{
        MDB_dbi dbi = transaction->environment->tables[row->table];
        size_t n_value = ROW_CHECKSUM_BYTES + row->value->n_bytes;
        uint8_t *value;

        value = transaction_reserve(transaction, dbi, row->key->bytes, row->key->n_bytes, n_value,
                                    how);
        if (!value)
                return;

        memcpy(value + ROW_CHECKSUM_BYTES, row->value->bytes, row->value->n_bytes);
        row_seal((uint8_t)row->table, row->key->bytes, row->key->n_bytes, value, n_value);
}

static int rows_sort(const Checkpoint *checkpoint, const CheckpointRow ***ret_sorted)
{
        const CheckpointRow **sorted;

        sorted = malloc(checkpoint->n_rows * sizeof(*sorted));
        if (!sorted)
                return err_raise(-ENOMEM);

        for (size_t i = 0; i < checkpoint->n_rows; i++)
                sorted[i] = &checkpoint->rows[i];
        qsort(sorted, checkpoint->n_rows, sizeof(*sorted), row_compare);

        *ret_sorted = sorted;
        return 0;
}

/*
 * Sorted, so that rows of one page are written together; what comes after a table's last key is
 * appended, which fills pages whole. The first checkpoint and everything keyed by revision does.
 */
int rows_put(Transaction *transaction, const Checkpoint *checkpoint)
{
        CLEANUP(freep) const CheckpointRow **sorted = NULL;
        uint8_t last[TRANSACTION_KEY_MAX];
        size_t n_last = 0;
        int r;

        if (!checkpoint->n_rows)
                return 0;

        r = rows_sort(checkpoint, &sorted);
        if (r)
                return err_fold(r);

        for (size_t i = 0; i < checkpoint->n_rows; i++) {
                const CheckpointRow *row = sorted[i];
                const Blob *key = row->key;
                MDB_dbi dbi = transaction->environment->tables[row->table];

                if (i == 0 || row->table != sorted[i - 1]->table)
                        n_last = transaction_last_key(transaction, dbi, last);

                if (!row->value)
                        transaction_delete(transaction, dbi, key->bytes, key->n_bytes);
                else if (bytes_compare(key->bytes, key->n_bytes, last, n_last) > 0)
                        row_put(transaction, row, TRANSACTION_APPEND);
                else
                        row_put(transaction, row, TRANSACTION_REPLACE);
        }

        return 0;
}

int rows_scan(Transaction *transaction, CheckpointTable table,
              int (*func)(const Row *row, void *arg), void *arg, Row *ret_row)
{
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        MDB_val key, value;
        int r;

        if (table >= transaction->environment->tables_end)
                return 0; /* it is of an older version, and only read */
        r = transaction_cursor(transaction, transaction->environment->tables[table], &cursor);
        if (r)
                return r;

        while (!(r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT)))) {
                Row row = { .table = table, .key = key.mv_data, .n_key = key.mv_size };

                if (!row_is_sealed((uint8_t)table, key.mv_data, key.mv_size, value.mv_data,
                                   value.mv_size)) {
                        *ret_row = row;
                        return STORE_E_DAMAGED;
                }
                row.value = (const uint8_t *)value.mv_data + ROW_CHECKSUM_BYTES;
                row.n_value = value.mv_size - ROW_CHECKSUM_BYTES;
                r = func(&row, arg);
                if (r)
                        return r;
        }

        return r == STORE_E_NONE ? 0 : r;
}
