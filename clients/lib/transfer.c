#include "lib/transfer.h"

#include <string.h>

enum {
        /* A manifest of 4 MiB has 120,000 digests; 13,000 records need 40. */
        MANIFEST_ARENA_BYTES = 16 * 1024 * 1024,
        MANIFEST_ARENA_SMALL_BYTES = 64 * 1024,
        MANIFEST_SMALL_BYTES = 8 * 1024,
};

int transfer_begin(Transfer *transfer, const PlekRegionCard *card, uint64_t id,
                   const uint8_t *bytes, size_t n_bytes)
{
        Envelope envelope, head;
        int r;

        transfer_end(transfer);
        if (envelope_parse(&envelope, bytes, n_bytes) || envelope.kind != ENVELOPE_MANIFEST ||
            !region_card_signed_by_broker(card, &envelope))
                return TRANSFER_E_UNTRUSTED;

        r = blob_copy(&transfer->envelope, bytes, n_bytes);
        if (r)
                return r;
        r = arena_new(&transfer->arena, n_bytes <= MANIFEST_SMALL_BYTES ? MANIFEST_ARENA_SMALL_BYTES
                                                                        : MANIFEST_ARENA_BYTES);
        if (r)
                return r;
        if (manifest_decode(&transfer->manifest, transfer->arena, envelope.body, envelope.n_body) ||
            envelope_parse(&head, transfer->manifest.head, transfer->manifest.n_head) ||
            head.kind != ENVELOPE_HEAD ||
            head_decode(&transfer->head, transfer->arena, head.body, head.n_body))
                return TRANSFER_E_UNTRUSTED;

        transfer->id = id;
        transfer->n_granted = TRANSFER_CREDIT;
        return 0;
}

int transfer_chunk(Transfer *transfer, uint32_t index, const uint8_t *body, size_t n_body)
{
        uint8_t digest[DIGEST_BYTES];

        if (index != transfer->n_chunks || index >= transfer->manifest.n_digests)
                return TRANSFER_E_UNTRUSTED;
        digest_of(digest, body, n_body);
        if (memcmp(digest, transfer->manifest.digests[index], DIGEST_BYTES))
                return TRANSFER_E_UNTRUSTED;

        transfer->n_chunks++;
        return 0;
}

bool transfer_is_done(const Transfer *transfer)
{
        return transfer->n_chunks == transfer->manifest.n_digests;
}

uint32_t transfer_grant(Transfer *transfer)
{
        size_t n_due = transfer->n_chunks + TRANSFER_CREDIT;

        if (transfer->n_granted >= transfer->manifest.n_digests ||
            n_due < transfer->n_granted + TRANSFER_CREDIT / 2)
                return 0;
        n_due -= transfer->n_granted;
        transfer->n_granted += n_due;
        return (uint32_t)n_due;
}

void transfer_end(Transfer *transfer)
{
        blob_unref(transfer->envelope);
        arena_free(transfer->arena);
        *transfer = TRANSFER_NULL;
}
