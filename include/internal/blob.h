#pragma once

/*
 * Blob: bytes that are shared and never change
 *
 * An envelope is received once, and from then on it is the same bytes that are verified, written
 * to the journal, held in the picture and published. Each of those holds a reference; the count is
 * atomic because the verifiers and the committer hold theirs on their own threads.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "internal/err.h"

typedef struct Blob Blob;

struct Blob {
        _Atomic uint32_t n_references;
        uint32_t n_bytes;
        uint8_t bytes[];
};

/* A blob of @n_bytes to be filled in by its only holder. Returns 0, -ENOMEM or -E2BIG. */
MUST_CHECK static inline int blob_new(Blob **ret_blob, size_t n_bytes)
{
        Blob *blob;

        if (n_bytes > UINT32_MAX / 2)
                return err_raise(-E2BIG);

        blob = malloc(sizeof(*blob) + n_bytes);
        if (!blob)
                return err_raise(-ENOMEM);

        atomic_init(&blob->n_references, 1);
        blob->n_bytes = (uint32_t)n_bytes;
        *ret_blob = blob;
        return 0;
}

MUST_CHECK static inline int blob_copy(Blob **ret_blob, const void *bytes, size_t n_bytes)
{
        int r;

        r = blob_new(ret_blob, n_bytes);
        if (!r && n_bytes)
                memcpy((*ret_blob)->bytes, bytes, n_bytes);
        return r;
}

static inline Blob *blob_ref(Blob *blob)
{
        if (blob)
                atomic_fetch_add_explicit(&blob->n_references, 1, memory_order_relaxed);
        return blob;
}

static inline Blob *blob_unref(Blob *blob)
{
        if (blob && atomic_fetch_sub_explicit(&blob->n_references, 1, memory_order_acq_rel) == 1)
                free(blob);
        return NULL;
}

static inline void blob_unrefp(Blob **blob)
{
        blob_unref(*blob);
}
