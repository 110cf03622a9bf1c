#include "store/extract.h"

#include <string.h>

#include "store/error.h"
#include "store/journal.h"

void extract_clear(Extract *extract)
{
        for (size_t i = 0; i < extract->n_entries; i++)
                blob_unref(extract->entries[i].bytes);
        extract->n_entries = 0;
}

static int take(Extract *extract, const JournalRow *row)
{
        LedgerEntry *entry = &extract->entries[extract->n_entries];

        *entry = (LedgerEntry){
                .revision = row->revision,
                .time_ms = row->time_ms,
                .kind = row->kind,
                .ends_commit = row->ends_commit,
        };
        memcpy(entry->digest, row->digest, DIGEST_BYTES);
        memcpy(entry->head, row->head, DIGEST_BYTES);
        if (!row->is_thinned) {
                int r = blob_copy(&entry->bytes, row->bytes, row->n_bytes);

                if (r)
                        return r;
        }
        extract->n_entries++;
        return 0;
}

/* One more, unless it is full. */
static int add(Extract *extract, Transaction *transaction, uint64_t revision, size_t *n_bytes)
{
        JournalRow row;
        int r;

        r = journal_get(transaction, revision, &row);
        if (r)
                return r == STORE_E_NONE ? 0 : r;
        *n_bytes += row.n_bytes;
        return take(extract, &row);
}

static bool has_room(const Extract *extract, size_t n_bytes)
{
        return extract->n_entries < EXTRACT_ENTRIES && n_bytes < EXTRACT_BYTES;
}

int extract_read(Extract *extract, Environment *environment, const uint64_t *revisions, size_t n,
                 size_t *ret_n)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        size_t n_bytes = 0, done = 0;
        int r;

        extract_clear(extract);
        r = transaction_read(&transaction, environment);
        for (; !r && done < n && has_room(extract, n_bytes); done++)
                r = add(extract, &transaction, revisions[done], &n_bytes);
        *ret_n = done;
        return r;
}

int extract_range(Extract *extract, Environment *environment, uint64_t first, uint64_t last,
                  uint64_t *ret_next)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        uint64_t revision = first;
        size_t n_bytes = 0;
        int r;

        extract_clear(extract);
        r = transaction_read(&transaction, environment);
        for (; !r && revision <= last && revision - first < 4 * EXTRACT_ENTRIES &&
               has_room(extract, n_bytes);
             revision++)
                r = add(extract, &transaction, revision, &n_bytes);
        *ret_next = revision;
        return r;
}
