#pragma once

/*
 * Totals: how much there is of a care in a region, and how much of that can be relied on
 *
 * A sum is over the records that give the number. What is withheld, unknown or not said is counted
 * beside it and is never a zero, and how much of the sum is older than its sender said it would be
 * stands next to it. Which records are in it:
 *
 * - One status at a time: an exercise is never added to what is real.
 * - Isolation rooms never: they are places of another kind too.
 * - Each place once. Of several parties that report the same unit and care of a location one
 *   counts: the fresher; among equally fresh ones who stated its content last; then the first by
 *   name. Its report counts whole, never a number of one with a number of another.
 * - A report of the location as a whole stands for its units, unless each of its units is fresher
 *   than it; then they count instead.
 * - What a party said while its key was compromised never.
 *
 * Kinds of care are never added up: some are parts of others.
 */

#include "plek/subscriber.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
        PLEK_TOTALS_REGION_BYTES = 33,
        PLEK_TOTALS_DEFINITION_BYTES = 33,
        PLEK_TOTALS_DEFINITIONS = 4,
};

/* One number over all places of a line. */
typedef struct PlekTotal {
        int64_t sum;
        size_t n_given;           /* places that give it: 0, and the sum says nothing */
        size_t n_withheld;        /* places that have it and keep it to themselves */
        size_t n_unknown;         /* places that say that they do not know it */
        size_t n_stale, n_silent; /* of those that give it */
        int64_t sum_stale, sum_silent;
} PlekTotal;

typedef struct PlekTotalsLine {
        char region[PLEK_TOTALS_REGION_BYTES]; /* "": all that was looked at, each place once */
        uint32_t care;
        size_t n_places;          /* units, or locations as a whole, that count */
        size_t n_locations;       /* that they are of */
        size_t n_stale, n_silent; /* of the places */
        size_t n_overcrowded, n_inconsistent;
        PlekTotal fields[PLEK_N_COUNT_FIELDS];
        PlekTotal free; /* as given, or computed: what plek_counts_available() says */
        size_t n_computed;
        int64_t sum_computed;
        /* Of the free: where what leads for that unit and care is a stop (also past its end),
         * closed or not applicable. They count: a stop is a signal, and has exceptions. */
        size_t n_shut;
        int64_t sum_shut;
        /* Reports of the line that do not count: of a place that counts by another party's, of what
         * the location as a whole stands for (or which its units do), and distrusted. */
        size_t n_doubled, n_covered, n_distrusted;
        /* Definitions of a bed that are mixed in it; "": not said. The first few by name. */
        size_t n_definitions;
        char definitions[PLEK_TOTALS_DEFINITIONS][PLEK_TOTALS_DEFINITION_BYTES];
} PlekTotalsLine;

typedef struct PlekTotals {
        PlekTotalsLine *lines; /* by region, then care; those over all regions first */
        size_t n_lines;
        size_t n_isolation; /* reports on isolation rooms, which are in no line */
} PlekTotals;

/* All zero: of what is ACTUAL, by home region, everything that is held. */
typedef struct PlekTotalsOptions {
        PlekStatus status;
        const char *scheme; /* regions of this scheme (rav, province, ...); NULL: home regions */
        const char *region; /* this one only; NULL: all */
        uint32_t care;      /* this one only; 0: all */
} PlekTotalsOptions;

/* Adds up what is held now; it uses what we may read and nothing else. The caller's to free.
 * @options may be NULL. Returns 0 or -ENOMEM. */
PLEK_PUBLIC int plek_subscriber_totals(const PlekSubscriber *subscriber,
                                       const PlekTotalsOptions *options, PlekTotals **ret_totals);
/* Returns NULL. */
PLEK_PUBLIC PlekTotals *plek_totals_free(PlekTotals *totals);

/* Whether places of @care are places of another kind too, and are in no total. Any thread. */
PLEK_PUBLIC bool plek_care_overlaps(uint32_t care);

#ifdef __cplusplus
}
#endif
