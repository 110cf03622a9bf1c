#include "store/archive.h"

#include "store/error.h"
#include "store/keyframe.h"
#include "store/ledger-private.h"
#include "store/postings.h"
#include "store/rows.h"

enum { ROW_COST_BYTES = 4096 };

int archive_make(Ledger *ledger, Checkpoint **ret_rows)
{
        int r;

        r = postings_make(ledger->environment, ledger_last_revision(ledger), ret_rows);
        if (r == POSTINGS_E_NOTHING)
                r = keyframe_make(ledger->environment, false, ret_rows);
        return r == KEYFRAME_E_NOTHING ? ARCHIVE_E_NOTHING : r;
}

static int put(Environment *environment, const Checkpoint *rows)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        int r;

        r = transaction_write(&transaction, environment);
        if (!r)
                r = rows_put(&transaction, rows);
        return r ? r : transaction_commit(&transaction);
}

int archive_put(Ledger *ledger, const Checkpoint *rows)
{
        Environment *environment = ledger->environment;
        int r;

        if (!environment->writable)
                return LEDGER_E_FULL;
        do {
                r = put(environment, rows);
                if (r != STORE_E_GROW)
                        break;
                r = environment_grow(environment);
        } while (!r);
        return ledger_fold(
                r ? environment_judge(environment, r, rows->n_bytes + rows->n_rows * ROW_COST_BYTES)
                  : 0);
}
