#pragma once

/*
 * Region filter: --region ID of a home region, or --region SCHEME:ID, as often as one likes
 *
 * What a reader is subscribed to goes by home region: that names the topics. Where the locations of
 * another scheme's region have their home only the registry says, and it may change; so whoever
 * asks for one follows all that it may read, and looks at what each location's enrolment says.
 */

#include <argp.h>

#include "internal/err.h"
#include "plek/plek.h"

enum { REGION_FILTER_MAX = 64 };

typedef struct RegionFilter {
        PlekRegion wanted[REGION_FILTER_MAX]; /* scheme NULL: home */
        const char *homes[REGION_FILTER_MAX];
        size_t n;
        bool has_scheme;
} RegionFilter;

#define REGION_OPTION(_key)                                                                        \
        {                                                                                          \
                "region", _key, "[SCHEME:]ID", 0,                                                  \
                        "This region only, as in noordkust, or rav:17 of another scheme; repeat "  \
                        "for more",                                                                \
                        1                                                                          \
        }

/* In place; ends the program if it cannot be. */
void region_filter_add(RegionFilter *filter, char *argument, struct argp_state *state);
/* Has @options follow what is needed, and no more: who shows neighbours needs the doors of all
 * regions, and leaves out itself what is of others. It borrows from @filter. */
void region_filter_follow(const RegionFilter *filter, bool with_neighbours,
                          PlekSubscriberOptions *options);
/* Whether any of what is wanted is among these; if nothing is, all is. */
bool region_filter_has(const RegionFilter *filter, const char *home, const PlekRegion *regions,
                       size_t n_regions);
/* The same of a location, as anybody who speaks for it is enrolled. */
bool region_filter_has_location(const RegionFilter *filter, const PlekSubscriber *subscriber,
                                const char *location);
/* Says which of them there is not; returns an Exit. */
MUST_CHECK int region_filter_needs(const RegionFilter *filter, PlekSubscriber *subscriber);
