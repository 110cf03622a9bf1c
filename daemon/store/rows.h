#pragma once

/*
 * Rows: checkpoint tables, each row with a checksum
 *
 * LMDB has no checksums: two hundred flipped bits, and a full scan succeeds. Every row therefore
 * begins with eight bytes of SipHash over its table, key and value, which finds accidents, a row
 * under another's key included. It finds no intent: against that there are the signatures and the
 * chain.
 */

#include "core/checkpoint.h"
#include "store/transaction.h"

enum {
        ROW_CHECKSUM_BYTES = 8,
};

/* What a row's checksum takes for its table; journal and meta rows have one, too. */
enum {
        ROW_TAG_JOURNAL = 0,
        ROW_TAG_META = 255,
};

/* Of a row whose value is @value: its first eight bytes are where the checksum goes, @n_value
 * counts them. */
void row_seal(uint8_t tag, const void *key, size_t n_key, uint8_t *value, size_t n_value);
bool row_is_sealed(uint8_t tag, const void *key, size_t n_key, const uint8_t *value,
                   size_t n_value);

/* Adds the rows of @checkpoint to @transaction, which keeps the first failure. Returns 0 or
 * -ENOMEM. */
MUST_CHECK int rows_put(Transaction *transaction, const Checkpoint *checkpoint);

typedef struct Row {
        CheckpointTable table;
        const uint8_t *key;
        size_t n_key;
        const uint8_t *value;
        size_t n_value;
} Row;

/*
 * Hands every row of @table to @func, in the order of the file's keys, until that returns anything
 * but 0. Returns what it returned, 0, STORE_E_DAMAGED (*ret_row is the one, if it is a row) or
 * -errno.
 */
MUST_CHECK int rows_scan(Transaction *transaction, CheckpointTable table,
                         int (*func)(const Row *row, void *arg), void *arg, Row *ret_row);
