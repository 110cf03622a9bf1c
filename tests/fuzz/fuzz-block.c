/*
 * Blocks, chunks and manifests: what decodes can be put together again, entry by entry
 */

#include <assert.h>
#include <sodium.h>

#include "wire/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static Arena *arena;

static void check_rebuilt(const Entry *entries, size_t n_entries, const Entry *affirms,
                          size_t n_affirms)
{
        CLEANUP(block_builder_freep) BlockBuilder *builder = NULL;
        CLEANUP(blob_unrefp) Blob *body = NULL;
        ChunkBody chunk;

        assert(!block_builder_new(&builder, BLOCK_FRAME_MAX));
        for (size_t i = 0; i < n_affirms; i++)
                if (block_builder_add_affirm(builder, &affirms[i]))
                        return;
        for (size_t i = 0; i < n_entries; i++)
                if (block_builder_add(builder, &entries[i]))
                        return;

        assert(!block_builder_chunk(builder, &body));
        assert(!chunk_body_decode(&chunk, arena, body->bytes, body->n_bytes));
        assert(chunk.n_entries == n_entries && chunk.n_affirms <= n_affirms);
        for (size_t i = 0; i < n_entries; i++) {
                assert(chunk.entries[i].revision == entries[i].revision);
                assert(chunk.entries[i].changed_revision == entries[i].changed_revision);
                assert(chunk.entries[i].since_ms == entries[i].since_ms);
                assert(chunk.entries[i].n_envelope == entries[i].n_envelope);
                assert(!chunk.entries[i].withdrawn == !entries[i].withdrawn);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        Manifest manifest, again;
        ChunkBody chunk;
        Block block;

        if (sodium_init() < 0 || (!arena && arena_new(&arena, 16 * 1024 * 1024)))
                return 0;
        arena_reset(arena);
        if (!block_decode(&block, arena, bytes, n_bytes)) {
                assert(!block.beat || !block.n_entries);
                check_rebuilt(block.entries, block.n_entries, block.affirms, block.n_affirms);
        }
        if (!chunk_body_decode(&chunk, arena, bytes, n_bytes))
                check_rebuilt(chunk.entries, chunk.n_entries, chunk.affirms, chunk.n_affirms);
        if (!manifest_decode(&manifest, arena, bytes, n_bytes)) {
                assert(!manifest_encode(&body, &manifest));
                assert(!manifest_decode(&again, arena, body->bytes, body->n_bytes));
                assert(again.n_digests == manifest.n_digests);
        }
        return 0;
}
