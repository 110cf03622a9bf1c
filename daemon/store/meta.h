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
 *         plek.cut         where the kept past begins, how far what is before it has been swept
 * out, and the broker's word on it
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

typedef struct CutRow {
        uint64_t revision; /* 0: nothing was cut; this entry is kept */
        int64_t time_ms;   /* its own */
        uint64_t swept;    /* what went of the entries up to this one is gone; @revision: of all */
        size_t n_envelope;
        uint8_t envelope[ENVELOPE_CUT_MAX_BYTES];
} CutRow;

/* No row: an empty journal, or none written yet. Return 0, STORE_E_DAMAGED or -errno. */
MUST_CHECK int meta_get_tail(Transaction *transaction, Tail *ret_tail);
void meta_put_tail(Transaction *transaction, const Tail *tail);
MUST_CHECK int meta_get_checkpoint(Transaction *transaction, uint64_t *ret_revision);
MUST_CHECK int meta_get_thinned(Transaction *transaction, Thinned *ret_thinned);
void meta_put_thinned(Transaction *transaction, const Thinned *thinned);
MUST_CHECK int meta_get_cut(Transaction *transaction, CutRow *ret_cut);
void meta_put_cut(Transaction *transaction, const CutRow *cut);
void meta_put_checkpoint(Transaction *transaction, uint64_t revision);
