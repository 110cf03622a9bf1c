/*
 * Documents of the authority and the broker: what decodes can be encoded, and decodes again
 */

#include <assert.h>
#include <sodium.h>

#include "wire/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static Arena *arena;

static void try_enrolment(const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        Enrolment enrolment, again;
        const char *text = NULL;

        if (enrolment_decode(&enrolment, &text, arena, bytes, n_bytes)) {
                assert(text);
                return;
        }
        assert(!enrolment_encode(&body, &enrolment));
        assert(!enrolment_decode(&again, NULL, arena, body->bytes, body->n_bytes));
        assert(again.roles == enrolment.roles && again.n_locations == enrolment.n_locations);
        assert(again.serial == enrolment.serial && again.n_keys == enrolment.n_keys);
}

static void try_card(const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        const char *text = NULL;
        RegionCard card;

        if (region_card_decode(&card, &text, arena, bytes, n_bytes))
                assert(text);
        else
                assert(!region_card_encode(&body, &card));
}

static void try_own(const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(blob_unrefp) Blob *genesis_body = NULL, *suspension_body = NULL;
        CLEANUP(blob_unrefp) Blob *epoch_body = NULL, *head_body = NULL, *cut_body = NULL;
        Suspension suspension;
        Genesis genesis;
        Epoch epoch;
        Head head;
        Cut cut;

        if (!genesis_decode(&genesis, arena, bytes, n_bytes))
                assert(!genesis_encode(&genesis_body, &genesis));
        if (!suspension_decode(&suspension, arena, bytes, n_bytes))
                assert(!suspension_encode(&suspension_body, &suspension));
        if (!epoch_decode(&epoch, arena, bytes, n_bytes))
                assert(!epoch_encode(&epoch_body, &epoch));
        if (!head_decode(&head, arena, bytes, n_bytes))
                assert(!head_encode(&head_body, &head));
        if (!cut_decode(&cut, arena, bytes, n_bytes))
                assert(!cut_encode(&cut_body, &cut));
}

static void try_call(const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        WireRefusal refusal;
        Call call, again;

        if (call_decode(&call, &refusal, arena, bytes, n_bytes)) {
                assert(refusal.code && refusal.text);
                return;
        }
        assert(!call_encode(&body, &call));
        assert(!call_decode(&again, &refusal, arena, body->bytes, body->n_bytes));
        assert(again.n_cares == call.n_cares && again.until_ms == call.until_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
        if (sodium_init() < 0 || (!arena && arena_new(&arena, 16 * 1024 * 1024)))
                return 0;
        arena_reset(arena);
        try_enrolment(bytes, n_bytes);
        try_card(bytes, n_bytes);
        try_own(bytes, n_bytes);
        try_call(bytes, n_bytes);
        return 0;
}
