#pragma once

/*
 * Extract: copies of journal rows, taken in transactions of a moment
 *
 * Whoever reads much of the journal works on copies: a transaction that stays open keeps the writer
 * from growing the map, and the file from using its free pages again.
 */

#include "core/state.h"
#include "store/environment.h"

enum {
        EXTRACT_ENTRIES = 512,
        EXTRACT_BYTES = 1024 * 1024, /* or one entry */
};

typedef struct Extract {
        LedgerEntry entries[EXTRACT_ENTRIES]; /* bytes NULL: thinned */
        size_t n_entries;
} Extract;

void extract_clear(Extract *extract);

/*
 * The first of the @n entries at @revisions (rising), as many as fit; *ret_n of the revisions are
 * done with. One that is not there is left out: it was cut off. Returns 0, STORE_E_DAMAGED or
 * -errno.
 */
MUST_CHECK int extract_read(Extract *extract, Environment *environment, const uint64_t *revisions,
                            size_t n, size_t *ret_n);
/* The same of all from @first to @last; *ret_next is where to go on. */
MUST_CHECK int extract_range(Extract *extract, Environment *environment, uint64_t first,
                             uint64_t last, uint64_t *ret_next);
