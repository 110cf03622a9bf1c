#include "broker/verify.h"

void item_verify(Item *item, Arena *arena)
{
        Candidate *candidate = &item->candidate;
        Update *update;
        int r;

        r = envelope_verify(&item->parsed, candidate->signer);
        if (r) {
                item->drop = DROP_SIGNATURE;
                return;
        }

        digest_of(candidate->digest, item->parsed.whole, item->parsed.n_whole);

        arena_limit(arena, ARENA_MESSAGE_BYTES);
        update = arena_alloc(arena, sizeof(*update));
        if (!update) {
                candidate->refusal = (WireRefusal){
                        .code = PLEK_REFUSED_RETRY,
                        .text = "the broker has no room to read this now; send it again",
                };
                return;
        }

        r = update_decode(update, &candidate->refusal, arena, item->parsed.body,
                          item->parsed.n_body);
        if (!r)
                candidate->refusal.code = 0;
        candidate->update = update;
}

void item_deinit(Item *item)
{
        item->envelope = blob_unref(item->envelope);
}
