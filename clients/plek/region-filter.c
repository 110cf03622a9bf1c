#include "region-filter.h"

#include <string.h>

#include "internal/err.h"
#include "look.h"

void region_filter_add(RegionFilter *filter, char *argument, struct argp_state *state)
{
        PlekRegion *wanted = &filter->wanted[filter->n];

        if (filter->n == REGION_FILTER_MAX)
                usage_error(state, "at most %d regions", REGION_FILTER_MAX);
        region_parse(argument, &wanted->scheme, &wanted->id);
        if (!*wanted->id || (wanted->scheme && !*wanted->scheme))
                usage_error(state, "--region is ID or SCHEME:ID, as in noordkust or rav:17");
        filter->homes[filter->n++] = wanted->id;
        filter->has_scheme |= wanted->scheme != NULL;
}

void region_filter_follow(const RegionFilter *filter, bool with_neighbours,
                          PlekSubscriberOptions *options)
{
        bool is_all = filter->has_scheme || !filter->n;

        options->regions = is_all ? NULL : filter->homes;
        options->n_regions = is_all ? 0 : filter->n;
        options->all_doors = with_neighbours;
}

bool region_filter_has(const RegionFilter *filter, const char *home, const PlekRegion *regions,
                       size_t n_regions)
{
        for (size_t i = 0; i < filter->n; i++) {
                const PlekRegion *wanted = &filter->wanted[i];

                if (wanted->scheme
                            ? plek_regions_have(regions, n_regions, wanted->scheme, wanted->id)
                            : home && !strcmp(home, wanted->id))
                        return true;
        }
        return !filter->n;
}

bool region_filter_has_location(const RegionFilter *filter, const PlekSubscriber *subscriber,
                                const char *location)
{
        for (size_t i = 0; i < filter->n; i++)
                if (plek_subscriber_location_is_in(subscriber, location, filter->wanted[i].scheme,
                                                   filter->wanted[i].id))
                        return true;
        return !filter->n;
}

int region_filter_needs(const RegionFilter *filter, PlekSubscriber *subscriber)
{
        int r = EXIT_DONE;

        for (size_t i = 0; !r && i < filter->n; i++)
                r = look_needs_region(subscriber, filter->wanted[i].scheme, filter->wanted[i].id);
        return r;
}
