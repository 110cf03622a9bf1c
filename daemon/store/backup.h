#pragma once

/*
 * Backup: a consistent copy of a directory, live or not
 *
 * The copy says that it is one: a daemon that starts on it opens an epoch that does not continue
 * (ledger_is_restored()), since revisions after the copy was made may have been seen already.
 */

#include <stdint.h>

#include "internal/err.h"

enum {
        BACKUP_OK,
        BACKUP_E_EXISTS, /* @to holds something already */
        BACKUP_E_NEWER,
        BACKUP_E_DAMAGED,
};

/*
 * Copies @directory into @to, which is made (0700) and on the disk when this returns. Not for a
 * process that has the ledger of @directory open: LMDB's locks would be lost. *ret_revision is the
 * last that the copy has. Returns 0, BACKUP_E_* or -errno; *ret_text is then a sentence.
 */
MUST_CHECK int ledger_backup(const char *directory, const char *to, uint64_t *ret_revision,
                             const char **ret_text);
