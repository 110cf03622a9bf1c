#pragma once

/*
 * Transaction: a series of gets and puts that holds together
 *
 * It keeps its first failure and then does nothing, so that puts read as a plain series and the
 * commit returns what went wrong. What is read is valid until the next put or the end.
 */

#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "internal/err.h"

enum {
        TRANSACTION_KEY_MAX = 511, /* LMDB's */
};

typedef struct Environment Environment;

typedef struct Transaction {
        Environment *environment;
        MDB_txn *txn; /* NULL: none, or over */
        bool writes;
        int failure; /* LMDB's or an errno */
} Transaction;

#define TRANSACTION_NULL ((Transaction){ 0 })

typedef enum TransactionPut {
        TRANSACTION_REPLACE,
        TRANSACTION_APPEND, /* the key sorts after all that are there */
} TransactionPut;

/*
 * Each returns 0, a STORE_E_* or -errno. A reader excludes growth of the map while it lasts: keep
 * it short, and never wait for the writer in it.
 */
MUST_CHECK int transaction_read(Transaction *ret_transaction, Environment *environment);
MUST_CHECK int transaction_write(Transaction *ret_transaction, Environment *environment);
/* Over, whatever it returns. */
MUST_CHECK int transaction_commit(Transaction *transaction);
/* Aborts what was not committed. */
void transaction_deinit(Transaction *transaction);

/* Room for a value, to be filled in before the next call; NULL after a failure. */
void *transaction_reserve(Transaction *transaction, MDB_dbi dbi, const void *key, size_t n_key,
                          size_t n_value, TransactionPut how);
/* What is not there is deleted already. */
void transaction_delete(Transaction *transaction, MDB_dbi dbi, const void *key, size_t n_key);
/* The table's last key; returns its length, 0: the table is empty. */
size_t transaction_last_key(Transaction *transaction, MDB_dbi dbi,
                            uint8_t ret_key[TRANSACTION_KEY_MAX]);

MUST_CHECK int transaction_get(Transaction *transaction, MDB_dbi dbi, const void *key, size_t n_key,
                               const uint8_t **ret_value, size_t *ret_n_value);

static inline void cursor_closep(MDB_cursor **cursor)
{
        if (*cursor)
                mdb_cursor_close(*cursor);
}

/* For CLEANUP(cursor_closep), declared after the transaction: it must close first. */
MUST_CHECK int transaction_cursor(Transaction *transaction, MDB_dbi dbi, MDB_cursor **ret_cursor);
