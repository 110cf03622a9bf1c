#pragma once

/*
 * Meta: what a directory says about itself
 *
 * In LMDB's root table beside the names of the others, since that page is written in every commit
 * anyway.
 *
 *         plek.schema      version, and who brought it there. This row keeps its form for ever
 *         plek.tail        the last entry: revision, time, head
 *         plek.checkpoint  how far the checkpoint's rows go
 *         plek.thinned     how far the journal has been thinned: revision, and the time it ended at
 */

#include "store/transaction.h"
#include "wire/envelope.h"

enum {
        SCHEMA_VERSION =
                2, /* 2: narrow, keyframes, postings; thinned rows and a cut in the journal */
};

typedef struct Tail {
        uint64_t revision; /* 0: an empty journal */
        int64_t time_ms;
        uint8_t head[DIGEST_BYTES];
} Tail;

/* Returns 0, STORE_E_NONE (nothing has been written), STORE_E_DAMAGED, STORE_E_NEWER or -errno. */
MUST_CHECK int meta_get_schema(Transaction *transaction, uint32_t *ret_version);
void meta_put_schema(Transaction *transaction);

typedef struct Thinned {
        uint64_t revision; /* 0: nothing was */
        int64_t time_ms;
} Thinned;

/* No row: an empty journal, or none written yet. Return 0, STORE_E_DAMAGED or -errno. */
MUST_CHECK int meta_get_tail(Transaction *transaction, Tail *ret_tail);
void meta_put_tail(Transaction *transaction, const Tail *tail);
MUST_CHECK int meta_get_checkpoint(Transaction *transaction, uint64_t *ret_revision);
MUST_CHECK int meta_get_thinned(Transaction *transaction, Thinned *ret_thinned);
void meta_put_thinned(Transaction *transaction, const Thinned *thinned);
void meta_put_checkpoint(Transaction *transaction, uint64_t revision);
