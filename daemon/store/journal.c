#include "store/journal.h"

#include <string.h>

#include "internal/endian.h"
#include "store/environment.h"
#include "store/error.h"
#include "store/rows.h"

enum {
        JOURNAL_ROW_VERSION = 1,
        FLAG_ENDS_COMMIT = 1,
        FLAG_THINNED = 2,

        N_KEY = 8,
        OFFSET_VERSION = ROW_CHECKSUM_BYTES,
        OFFSET_KIND = OFFSET_VERSION + 1,
        OFFSET_FLAGS = OFFSET_KIND + 1,
        OFFSET_TIME = OFFSET_FLAGS + 2,
        OFFSET_DIGEST = OFFSET_TIME + 8,
        OFFSET_HEAD = OFFSET_DIGEST + DIGEST_BYTES,
        OFFSET_BYTES = OFFSET_HEAD + DIGEST_BYTES,
};

static void put(Transaction *transaction, const JournalRow *row, TransactionPut how)
{
        uint8_t key[N_KEY];
        uint8_t *value;

        be64_put(key, row->revision);
        value = transaction_reserve(transaction, transaction->environment->journal, key,
                                    sizeof(key), OFFSET_BYTES + row->n_bytes, how);
        if (!value)
                return;

        value[OFFSET_VERSION] = JOURNAL_ROW_VERSION;
        value[OFFSET_KIND] = (uint8_t)row->kind;
        value[OFFSET_FLAGS] =
                (row->ends_commit ? FLAG_ENDS_COMMIT : 0) | (row->is_thinned ? FLAG_THINNED : 0);
        value[OFFSET_FLAGS + 1] = 0;
        be64_put(value + OFFSET_TIME, (uint64_t)row->time_ms);
        memcpy(value + OFFSET_DIGEST, row->digest, DIGEST_BYTES);
        memcpy(value + OFFSET_HEAD, row->head, DIGEST_BYTES);
        row_seal(ROW_TAG_JOURNAL, key, sizeof(key), value, OFFSET_BYTES);
        if (row->n_bytes)
                memcpy(value + OFFSET_BYTES, row->bytes, row->n_bytes);
}

void journal_put(Transaction *transaction, const JournalRow *row)
{
        put(transaction, row, TRANSACTION_APPEND);
}

void journal_thin(Transaction *transaction, const JournalRow *row)
{
        JournalRow thin = *row;

        thin.is_thinned = true;
        thin.bytes = NULL;
        thin.n_bytes = 0;
        put(transaction, &thin, TRANSACTION_REPLACE);
}

void journal_delete(Transaction *transaction, uint64_t revision)
{
        uint8_t key[N_KEY];

        be64_put(key, revision);
        transaction_delete(transaction, transaction->environment->journal, key, sizeof(key));
}

int journal_row_parse(JournalRow *ret_row, const void *key, size_t n_key, const void *value,
                      size_t n_value)
{
        const uint8_t *bytes = value;

        ret_row->revision = n_key == N_KEY ? be64_get(key) : 0;
        if (!ret_row->revision || n_value < OFFSET_BYTES)
                return STORE_E_DAMAGED;
        if (!row_is_sealed(ROW_TAG_JOURNAL, key, n_key, bytes, OFFSET_BYTES))
                return STORE_E_DAMAGED;
        if (bytes[OFFSET_VERSION] != JOURNAL_ROW_VERSION)
                return STORE_E_DAMAGED;

        ret_row->kind = bytes[OFFSET_KIND];
        ret_row->ends_commit = bytes[OFFSET_FLAGS] & FLAG_ENDS_COMMIT;
        ret_row->is_thinned = bytes[OFFSET_FLAGS] & FLAG_THINNED;
        if (ret_row->is_thinned && n_value != OFFSET_BYTES)
                return STORE_E_DAMAGED;
        ret_row->time_ms = (int64_t)be64_get(bytes + OFFSET_TIME);
        memcpy(ret_row->digest, bytes + OFFSET_DIGEST, DIGEST_BYTES);
        memcpy(ret_row->head, bytes + OFFSET_HEAD, DIGEST_BYTES);
        ret_row->bytes = bytes + OFFSET_BYTES;
        ret_row->n_bytes = n_value - OFFSET_BYTES;
        return 0;
}

bool journal_row_is_whole(const JournalRow *row)
{
        uint8_t digest[DIGEST_BYTES];

        if (row->is_thinned)
                return true;
        digest_of(digest, row->bytes, row->n_bytes);
        return memcmp(digest, row->digest, sizeof(digest)) == 0;
}

bool journal_row_follows(const JournalRow *row, const uint8_t previous[DIGEST_BYTES])
{
        uint8_t head[DIGEST_BYTES];

        head_chain(head, previous, row->revision, row->time_ms, (uint8_t)row->kind, row->digest);
        return memcmp(head, row->head, sizeof(head)) == 0;
}

int journal_get(Transaction *transaction, uint64_t revision, JournalRow *ret_row)
{
        const uint8_t *value;
        size_t n_value;
        uint8_t key[N_KEY];
        int r;

        be64_put(key, revision);
        r = transaction_get(transaction, transaction->environment->journal, key, sizeof(key),
                            &value, &n_value);
        if (r)
                return r;
        return journal_row_parse(ret_row, key, sizeof(key), value, n_value);
}

int journal_seek(MDB_cursor *cursor, uint64_t revision, JournalRow *ret_row)
{
        uint8_t bytes[N_KEY];
        MDB_val key = { sizeof(bytes), bytes }, value;
        int r;

        be64_put(bytes, revision);
        r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
        return r ? r
                 : journal_row_parse(ret_row, key.mv_data, key.mv_size, value.mv_data,
                                     value.mv_size);
}

enum { SCAN_ROWS = 4096 };

/* Some rows from *@next on. STORE_E_NONE: there are no more. */
static int scan_some(Environment *environment, uint64_t *next, uint64_t last, JournalFunc func,
                     void *arg)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        MDB_val key, value;
        JournalRow row;
        int r;

        r = transaction_read(&transaction, environment);
        if (!r)
                r = transaction_cursor(&transaction, environment->journal, &cursor);
        if (!r)
                r = journal_seek(cursor, *next, &row);
        for (size_t i = 0; !r && i < SCAN_ROWS; i++) {
                if (row.revision > last)
                        return STORE_E_NONE;
                r = func(&row, arg);
                if (r)
                        return r;
                *next = row.revision + 1;
                r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
                if (!r)
                        r = journal_row_parse(&row, key.mv_data, key.mv_size, value.mv_data,
                                              value.mv_size);
        }
        return r;
}

int journal_scan(Environment *environment, uint64_t first, uint64_t last, JournalFunc func,
                 void *arg)
{
        uint64_t next = first;
        int r;

        do
                r = scan_some(environment, &next, last, func, arg);
        while (!r);
        return r == STORE_E_NONE ? 0 : r;
}

/* Some rows of before a cut may be left, so that revisions have gaps there; times rise all the
 * same. */
int journal_at(Transaction *transaction, int64_t time_ms, uint64_t *ret_revision)
{
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        uint64_t low = 1, high, found = 0;
        JournalRow row;
        int r;

        r = journal_last(transaction, &high);
        if (!r)
                r = transaction_cursor(transaction, transaction->environment->journal, &cursor);
        while (!r && low <= high) {
                uint64_t middle = low + (high - low) / 2;

                r = journal_seek(cursor, middle, &row);
                if (r == STORE_E_NONE || (!r && (row.revision > high || row.time_ms > time_ms))) {
                        high = middle - 1;
                        r = 0;
                } else if (!r) {
                        found = row.revision;
                        low = row.revision + 1;
                }
        }
        *ret_revision = found;
        return r;
}

int journal_last(Transaction *transaction, uint64_t *ret_revision)
{
        uint8_t key[TRANSACTION_KEY_MAX];
        size_t n_key;

        n_key = transaction_last_key(transaction, transaction->environment->journal, key);
        if (transaction->failure)
                return store_error(transaction->failure);
        if (n_key && n_key != N_KEY)
                return STORE_E_DAMAGED;

        *ret_revision = n_key ? be64_get(key) : 0;
        return 0;
}
