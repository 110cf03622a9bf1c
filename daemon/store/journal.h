#pragma once

/*
 * Journal: every entry by its revision
 *
 * A row: checksum (8 bytes), version, kind, flags, zero, time (8), digest of the entry (32), head
 * of the chain after it (32), the entry's bytes. The checksum covers what stands before the bytes,
 * the digest covers them. Of a thinned row the bytes are gone: the chain still goes through it, and
 * whoever kept them can still show that they were the entry.
 */

#include "core/state.h"
#include "store/transaction.h"

typedef struct JournalRow {
        uint64_t revision;
        int64_t time_ms;
        EntryKind kind;
        bool ends_commit;
        bool is_thinned; /* no bytes */
        uint8_t digest[DIGEST_BYTES];
        uint8_t head[DIGEST_BYTES];
        const uint8_t *bytes;
        size_t n_bytes;
} JournalRow;

/* The revision must be the next one. */
void journal_put(Transaction *transaction, const JournalRow *row);

/* Its bytes go. */
void journal_thin(Transaction *transaction, const JournalRow *row);

/* It is no more. */
void journal_delete(Transaction *transaction, uint64_t revision);

/*
 * Reads a row as it lies in the file and checks its form and checksum; the bytes are not looked at.
 * Returns 0 or STORE_E_DAMAGED (*ret_row->revision is set if the key is one).
 */
MUST_CHECK int journal_row_parse(JournalRow *ret_row, const void *key, size_t n_key,
                                 const void *value, size_t n_value);
/* Whether the digest is of the bytes; of a thinned row nothing says that it is not. */
bool journal_row_is_whole(const JournalRow *row);
/* Whether the head follows from @previous. */
bool journal_row_follows(const JournalRow *row, const uint8_t previous[DIGEST_BYTES]);

/*
 * Hands the rows from @first to @last that are there to @func, until that returns anything but 0;
 * in transactions of a moment, so that a row is good for the call. Returns what it returned, 0,
 * STORE_E_DAMAGED or -errno.
 */
typedef int (*JournalFunc)(const JournalRow *row, void *arg);
MUST_CHECK int journal_scan(Environment *environment, uint64_t first, uint64_t last,
                            JournalFunc func, void *arg);
/* The first row at @revision or after it. Returns as journal_get(). */
MUST_CHECK int journal_seek(MDB_cursor *cursor, uint64_t revision, JournalRow *ret_row);
/* Returns 0, STORE_E_NONE, STORE_E_DAMAGED or -errno. */
MUST_CHECK int journal_get(Transaction *transaction, uint64_t revision, JournalRow *ret_row);
/*
 * The last entry that was received at @time_ms or before; 0: none. Times never go back, so that
 * this takes some twenty gets. Returns 0, STORE_E_DAMAGED or -errno.
 */
MUST_CHECK int journal_at(Transaction *transaction, int64_t time_ms, uint64_t *ret_revision);
/* The last row's revision, 0 if there is none, whatever meta says. */
MUST_CHECK int journal_last(Transaction *transaction, uint64_t *ret_revision);
