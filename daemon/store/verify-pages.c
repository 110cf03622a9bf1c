#include "store/pages.h"
#include "store/verify-private.h"

enum { TRIES_MAX = 16 };

static void on_fault(void *arg, const char *text)
{
        look_found(arg, VERIFY_BIT_FLIPPED, 0, "%s", text);
}

/* A reader keeps its pages from being written to, as long as there is one. */
static int look_while_reading(Look *look)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        int r;

        r = transaction_read(&transaction, look->environment);
        return r ? r : pages_check(look->directory, mdb_txn_id(transaction.txn), on_fault, look);
}

int look_at_pages(Look *look)
{
        int r = PAGES_E_GONE;

        if (!look->environment)
                r = pages_check(look->directory, 0, on_fault, look);
        for (unsigned i = 0; r == PAGES_E_GONE && i < TRIES_MAX; i++)
                r = look_while_reading(look);

        /* A file that is not all there, the journal's own look tells; of one that is written to
         * faster than this can follow, the trees were read at least. */
        return r == PAGES_E_ABSENT || r == PAGES_E_GONE ? 0 : r;
}
