#pragma once

/*
 * Overdue: how many records of each region are older than agreed, for the metrics
 *
 * Whether a record is overdue depends on when it is looked at, so somebody has to look: a little
 * each second, party by party, so that a country's picture costs a broker a few milliseconds at a
 * time. Readers do not wait for this; they judge by themselves.
 */

#include "picture/registry.h"

typedef struct Broker Broker;

enum { OVERDUE_REGIONS_MAX = 32 }; /* label sets; those past it are counted as "other" */

typedef struct OverdueRegion {
        char region[REGION_MAX + 1];
        size_t n_overdue; /* records */
        size_t n_never;   /* locations of which nothing is held */
} OverdueRegion;

typedef struct OverdueCount {
        OverdueRegion regions[OVERDUE_REGIONS_MAX + 1];
        size_t n_regions;
} OverdueCount;

typedef struct Overdue {
        Broker *broker;
        Arena *arena;
        Party *at; /* the last that was looked at; NULL: none yet */
        bool is_looking;
        int64_t begun_at_ms;
        OverdueCount counting;
        OverdueCount counted; /* the last whole look */
} Overdue;

MUST_CHECK int overdue_init(Overdue *overdue, Broker *broker);
void overdue_deinit(Overdue *overdue);
/* Each second: goes on looking. */
void overdue_look(Overdue *overdue);
