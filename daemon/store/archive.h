#pragma once

/*
 * Archive: what is made behind the journal's end so that the past can be asked
 *
 * Any thread finds out what is due and makes its rows; the commit thread writes them. Both may be
 * left undone for long: then answers take longer.
 */

#include "store/ledger.h"

enum {
        ARCHIVE_OK,
        ARCHIVE_E_NOTHING, /* is due */
};

/* Returns 0, ARCHIVE_E_NOTHING, -EBADMSG (damaged) or -errno. */
MUST_CHECK int archive_make(Ledger *ledger, Checkpoint **ret_rows);
/* Commit thread. Returns as ledger_append(). */
MUST_CHECK int archive_put(Ledger *ledger, const Checkpoint *rows);
