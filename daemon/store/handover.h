#pragma once

/*
 * Handover: entries on their way from the commit thread to main, without a detour by the disk
 *
 * Bounded: what finds no room is read from the journal instead. Not thread-safe; the ledger's lock
 * guards it.
 */

#include "core/plan.h"

typedef struct Handover {
        LedgerEntry entries[PLAN_ENTRIES_MAX];
        size_t first;
        size_t n_entries;
} Handover;

#define HANDOVER_NULL ((Handover){ 0 })

void handover_deinit(Handover *handover);
/* Drops everything. */
void handover_clear(Handover *handover);
size_t handover_room(const Handover *handover);
/* There must be room. Takes over the reference of the bytes. */
void handover_push(Handover *handover, const LedgerEntry *entry);
/* Takes out the entry of @revision, and drops what is older. False: it is not here. */
bool handover_pop(Handover *handover, uint64_t revision, LedgerEntry *ret_entry);
