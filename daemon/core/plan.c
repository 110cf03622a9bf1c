/*
 * Plan
 *
 * All its memory is in it, so that planning cannot fail for want of any: a batch is at most
 * PLAN_ENTRIES_MAX candidates, and each has at most one entry, one outcome, one party. The parties
 * are found by open addressing in a table that is at most a quarter full.
 */

#include <stdlib.h>

#include "core/plan.h"

int plan_new(Plan **ret_plan)
{
        CLEANUP(plan_freep) Plan *plan = NULL;

        plan = calloc(1, sizeof(*plan));
        if (!plan)
                return err_raise(-ENOMEM);

        *ret_plan = STEAL(plan);
        return 0;
}

Plan *plan_free(Plan *plan)
{
        if (plan) {
                plan_reset(plan, 0);
                free(plan);
        }
        return NULL;
}

void plan_reset(Plan *plan, uint64_t revision)
{
        for (size_t i = 0; i < plan->n_entries; i++)
                plan->entries[i].bytes = blob_unref(plan->entries[i].bytes);
        for (size_t i = 0; i < plan->n_floors; i++)
                plan->floor_slots[plan->floors[i].slot] = 0;

        plan->base_revision = revision;
        plan->n_entries = 0;
        plan->n_outcomes = 0;
        plan->n_floors = 0;
        plan->n_flows = 0;
        plan->n_refusals = 0;
}

bool plan_is_full(const Plan *plan)
{
        return plan->n_entries == PLAN_ENTRIES_MAX || plan->n_outcomes == PLAN_ENTRIES_MAX;
}

int plan_add(Plan *plan, EntryKind kind, Blob *bytes)
{
        uint8_t digest[DIGEST_BYTES];

        digest_of(digest, bytes->bytes, bytes->n_bytes);
        return plan_add_digested(plan, kind, bytes, digest);
}

int plan_add_digested(Plan *plan, EntryKind kind, Blob *bytes, const uint8_t digest[DIGEST_BYTES])
{
        PlanEntry *entry;

        if (plan->n_entries == PLAN_ENTRIES_MAX)
                return err_raise(-ENOBUFS);

        entry = &plan->entries[plan->n_entries++];
        entry->kind = kind;
        entry->bytes = blob_ref(bytes);
        memcpy(entry->digest, digest, DIGEST_BYTES);
        return 0;
}

/* The slot that has @party, or the free one where it would go. */
static uint16_t plan_floor_slot(const Plan *plan, const char *party)
{
        uint64_t hash =
                14695981039346656037u; /* FNV-1a: ids are short, and the authority's choice */
        uint16_t slot;

        for (const char *c = party; *c; c++)
                hash = (hash ^ (uint8_t)*c) * 1099511628211u;

        slot = (uint16_t)((hash ^ hash >> 32) & (PLAN_FLOOR_SLOTS - 1));
        while (plan->floor_slots[slot] &&
               strcmp(plan->floors[plan->floor_slots[slot] - 1].party, party))
                slot = (uint16_t)((slot + 1) & (PLAN_FLOOR_SLOTS - 1));
        return slot;
}

PlanFloor *plan_find_floor(Plan *plan, const char *party)
{
        uint16_t index = plan->floor_slots[plan_floor_slot(plan, party)];

        return index ? &plan->floors[index - 1] : NULL;
}

PlanFloor *plan_need_floor(Plan *plan, const char *party)
{
        uint16_t slot = plan_floor_slot(plan, party);
        PlanFloor *floor;

        if (plan->floor_slots[slot])
                return &plan->floors[plan->floor_slots[slot] - 1];

        assert(plan->n_floors < PLAN_ENTRIES_MAX && strlen(party) <= PARTY_MAX);
        floor = &plan->floors[plan->n_floors++];
        *floor = (PlanFloor){ .slot = slot, .entry = SIZE_MAX };
        strcpy(floor->party, party);
        plan->floor_slots[slot] = (uint16_t)plan->n_floors;
        return floor;
}
