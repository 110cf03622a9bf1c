/*
 * The query session: what decodes can be encoded, and decodes again as the same kind
 */

#include <assert.h>
#include <sodium.h>

#include "wire/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static Arena *arena;

static void try_request(const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        Request request, again;

        if (request_decode(&request, arena, bytes, n_bytes) || !request.kind)
                return;
        assert(!request_encode(&blob, &request));
        assert(!request_decode(&again, arena, blob->bytes, blob->n_bytes));
        assert(again.id == request.id && again.kind == request.kind);
}

static void try_reply(const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        Reply reply, again;

        if (reply_decode(&reply, arena, bytes, n_bytes) || !reply.kind)
                return;
        assert(!reply_encode(&blob, &reply));
        assert(!reply_decode(&again, arena, blob->bytes, blob->n_bytes));
        assert(again.id == reply.id && again.kind == reply.kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
        if (sodium_init() < 0 || (!arena && arena_new(&arena, 16 * 1024 * 1024)))
                return 0;
        arena_reset(arena);
        try_request(bytes, n_bytes);
        try_reply(bytes, n_bytes);
        return 0;
}
