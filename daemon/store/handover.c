#include "store/handover.h"

static LedgerEntry *handover_at(Handover *handover, size_t i)
{
        return &handover->entries[(handover->first + i) % PLAN_ENTRIES_MAX];
}

static void handover_drop_first(Handover *handover)
{
        handover->first = (handover->first + 1) % PLAN_ENTRIES_MAX;
        handover->n_entries--;
}

void handover_clear(Handover *handover)
{
        while (handover->n_entries) {
                blob_unref(handover_at(handover, 0)->bytes);
                handover_drop_first(handover);
        }
}

void handover_deinit(Handover *handover)
{
        handover_clear(handover);
}

size_t handover_room(const Handover *handover)
{
        return PLAN_ENTRIES_MAX - handover->n_entries;
}

void handover_push(Handover *handover, const LedgerEntry *entry)
{
        assert(handover_room(handover));

        *handover_at(handover, handover->n_entries) = *entry;
        handover->n_entries++;
}

bool handover_pop(Handover *handover, uint64_t revision, LedgerEntry *ret_entry)
{
        while (handover->n_entries && handover_at(handover, 0)->revision < revision) {
                blob_unref(handover_at(handover, 0)->bytes);
                handover_drop_first(handover);
        }
        if (!handover->n_entries || handover_at(handover, 0)->revision != revision)
                return false;

        *ret_entry = *handover_at(handover, 0);
        handover_drop_first(handover);
        return true;
}
