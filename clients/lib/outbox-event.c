#include "lib/outbox-internal.h"

#include <string.h>

#include "plek/codes.h"

/*
 * What happened, on its way: it does not age, and is let go of when no broker takes it any more
 */

bool body_is_same(const Blob *a, const Blob *b)
{
        return a && a->n_bytes == b->n_bytes && !memcmp(a->bytes, b->bytes, a->n_bytes);
}

/* A flow is said anew when it is counted again. A refusal is one that happened; another one under
 * its id would take the place of the first, unless the first is not taken anyway. */
bool event_is_other(const OutboxItem *item, const Blob *body, UpdateKind report,
                    WireRefusal *ret_refusal)
{
        if (report != UPDATE_REFUSAL || !item->body || item->is_withdrawal ||
            item->state == ITEM_REFUSED || item->state == ITEM_FORGOTTEN ||
            body_is_same(item->body, body))
                return false;
        *ret_refusal = (WireRefusal){
                PLEK_REFUSED_FIELD, "refusal.id",
                "this id stands for another refusal already; each has one of its own"
        };
        return true;
}

/* The broker takes them no more, and has nothing of them that it could lose. */
void outbox_sweep_events(Outbox *outbox, int64_t over_ms)
{
        OutboxItem *item, *next;

        outbox->last_over_ms = MAX(outbox->last_over_ms, over_ms);
        if (outbox->last_over_ms - outbox->swept_ms < SWEEP_STEP_MS)
                return;
        outbox->swept_ms = outbox->last_over_ms;
        HASH_ITER (hh, outbox->items, item, next) {
                if (item->is_event && item->over_ms < outbox->last_over_ms - EVENTS_LATE_MAX_MS &&
                    (item->state == ITEM_CLEAN || item->state == ITEM_REFUSED))
                        item_free(outbox, item);
        }
}

int64_t event_over_ms(const Update *update)
{
        return update->kind == UPDATE_FLOW      ? update->flow.until_ms
               : update->kind == UPDATE_REFUSAL ? update->care_refusal.at_ms
                                                : 0;
}
