#include "store/transaction.h"

#include <string.h>

#include "store/environment.h"
#include "store/error.h"

static int transaction_begin(Transaction *ret_transaction, Environment *environment, bool writes)
{
        MDB_txn *txn;
        int rc;

        rc = mdb_txn_begin(environment->env, NULL, writes ? 0 : MDB_RDONLY, &txn);
        if (rc == MDB_MAP_RESIZED) {
                /* Another process has let the map grow: take its size. */
                rc = mdb_env_set_mapsize(environment->env, 0);
                if (!rc)
                        rc = mdb_txn_begin(environment->env, NULL, writes ? 0 : MDB_RDONLY, &txn);
        }
        if (rc)
                return store_error(rc);

        *ret_transaction = (Transaction){
                .environment = environment,
                .txn = txn,
                .writes = writes,
        };
        return 0;
}

int transaction_read(Transaction *ret_transaction, Environment *environment)
{
        int r;

        pthread_rwlock_rdlock(&environment->reading);
        r = transaction_begin(ret_transaction, environment, false);
        if (r)
                pthread_rwlock_unlock(&environment->reading);
        return r;
}

int transaction_write(Transaction *ret_transaction, Environment *environment)
{
        return transaction_begin(ret_transaction, environment, true);
}

void transaction_deinit(Transaction *transaction)
{
        if (!transaction->txn)
                return;

        mdb_txn_abort(STEAL(transaction->txn));
        if (!transaction->writes)
                pthread_rwlock_unlock(&transaction->environment->reading);
}

int transaction_commit(Transaction *transaction)
{
        int failure = transaction->failure;

        if (failure) {
                transaction_deinit(transaction);
                return store_error(failure);
        }

        failure = mdb_txn_commit(STEAL(transaction->txn));
        if (!transaction->writes)
                pthread_rwlock_unlock(&transaction->environment->reading);
        return store_error(failure);
}

void *transaction_reserve(Transaction *transaction, MDB_dbi dbi, const void *key, size_t n_key,
                          size_t n_value, TransactionPut how)
{
        MDB_val k = { n_key, (void *)key };
        MDB_val v = { n_value, NULL };
        unsigned flags = MDB_RESERVE | (how == TRANSACTION_APPEND ? MDB_APPEND : 0);

        if (!transaction->failure)
                transaction->failure = mdb_put(transaction->txn, dbi, &k, &v, flags);
        return transaction->failure ? NULL : v.mv_data;
}

void transaction_delete(Transaction *transaction, MDB_dbi dbi, const void *key, size_t n_key)
{
        MDB_val k = { n_key, (void *)key };
        int rc;

        if (transaction->failure)
                return;

        rc = mdb_del(transaction->txn, dbi, &k, NULL);
        if (rc != MDB_NOTFOUND)
                transaction->failure = rc;
}

size_t transaction_last_key(Transaction *transaction, MDB_dbi dbi,
                            uint8_t ret_key[TRANSACTION_KEY_MAX])
{
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        MDB_val key, value;
        int rc;

        if (transaction->failure)
                return 0;

        rc = mdb_cursor_open(transaction->txn, dbi, &cursor);
        if (!rc)
                rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
        if (rc == MDB_NOTFOUND)
                return 0;
        if (rc) {
                transaction->failure = rc;
                return 0;
        }

        memcpy(ret_key, key.mv_data, key.mv_size);
        return key.mv_size;
}

int transaction_get(Transaction *transaction, MDB_dbi dbi, const void *key, size_t n_key,
                    const uint8_t **ret_value, size_t *ret_n_value)
{
        MDB_val k = { n_key, (void *)key };
        MDB_val v;
        int rc;

        rc = transaction->failure;
        if (!rc)
                rc = mdb_get(transaction->txn, dbi, &k, &v);
        if (rc)
                return store_error(rc);

        *ret_value = v.mv_data;
        *ret_n_value = v.mv_size;
        return 0;
}

int transaction_cursor(Transaction *transaction, MDB_dbi dbi, MDB_cursor **ret_cursor)
{
        return store_error(mdb_cursor_open(transaction->txn, dbi, ret_cursor));
}
