#include <string.h>

#include "store/error.h"
#include "store/journal.h"
#include "store/ledger-private.h"
#include "store/rows.h"

/*
 * Loading: the checkpoint's rows, table by table, in one pass of the file each
 *
 * Then the state must stand where the checkpoint says it does, and the journal must have the same
 * head there: a checkpoint and a journal that are not of one history are not put together.
 */

static const CheckpointTable load_order[] = {
        CHECKPOINT_META,   CHECKPOINT_REGISTRY, CHECKPOINT_TOPICS,     CHECKPOINT_AFFIRMS,
        CHECKPOINT_NARROW, CHECKPOINT_RECORDS,  CHECKPOINT_TOMBSTONES, CHECKPOINT_PARTIES,
};

static int load_row(const Row *row, void *arg)
{
        State *state = arg;

        return state_restore_row(state, row->table, row->key, row->n_key, row->value, row->n_value);
}

/* The state's answers as the store's. */
static int load_result(int r)
{
        switch (r) {
        case -EBADMSG:
                return STORE_E_DAMAGED;
        case -EPROTO:
                return STORE_E_NEWER;
        default:
                return r;
        }
}

static int load_tables(Transaction *transaction, State *state, const char **ret_text)
{
        for (size_t i = 0; i < N_ELEMENTS(load_order); i++) {
                Row row = { 0 };
                int r;

                r = load_result(rows_scan(transaction, load_order[i], load_row, state, &row));
                if (r == STORE_E_DAMAGED)
                        *ret_text = store_text("%s: a row of table %d is damaged. See how far it "
                                               "goes (plek verify), or restore a backup",
                                               transaction->environment->directory, load_order[i]);
                if (r == STORE_E_NEWER)
                        *ret_text = store_text("%s: a newer version of plekd has written to it. "
                                               "Install that version",
                                               transaction->environment->directory);
                if (r)
                        return r;
        }

        return load_result(state_restore_done(state));
}

/* Where next() goes on, and that the checkpoint and the journal meet there. */
static int load_position(Ledger *ledger, Transaction *transaction, uint64_t revision,
                         const uint8_t head[DIGEST_BYTES])
{
        JournalRow row;
        int r;

        r = journal_get(transaction, revision, &row);
        if (r)
                return r;
        if (memcmp(row.head, head, DIGEST_BYTES) != 0)
                return STORE_E_DAMAGED;

        ledger->next_revision = revision + 1;
        memcpy(ledger->next_head, row.head, DIGEST_BYTES);
        return 0;
}

int ledger_load(Ledger *ledger, State *state, const char **ret_text)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        const char *text;
        uint64_t revision;
        int r;

        text = store_text("%s: the checkpoint and the journal do not belong together. Restore a "
                          "backup",
                          ledger->environment->directory);
        r = transaction_read(&transaction, ledger->environment);
        if (!r)
                r = meta_get_checkpoint(&transaction, &revision);
        if (!r && !revision)
                return 0;
        if (!r)
                r = load_tables(&transaction, state, &text);
        if (!r && state_revision(state) != revision)
                r = STORE_E_DAMAGED;
        if (!r)
                r = load_position(ledger, &transaction, revision, state_head(state));
        if (r && ret_text)
                *ret_text = text;
        return ledger_fold(r);
}
