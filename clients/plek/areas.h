#pragma once

/*
 * Areas and travel times from CSV files, for plek impact
 *
 *         id,name,lat,lon,weight          from,to,minutes
 *         1234,Duinstad,52.95,4.02,8100   1234,vuurtoren,14.5
 *
 * Columns are found by name; name may be missing, and weight may be called population.
 */

#include "plek/plek.h"

#include "command.h"

typedef struct Areas {
        PlekArea *areas;
        size_t n_areas;
} Areas;

typedef struct Travels {
        PlekTravel *travels;
        size_t n_travels;
} Travels;

#define AREAS_NULL   ((Areas){ 0 })
#define TRAVELS_NULL ((Travels){ 0 })

/* Each returns an Exit; what was wrong has been said, with file and line. */
MUST_CHECK int areas_read(Areas *ret_areas, const char *path);
MUST_CHECK int travels_read(Travels *ret_travels, const char *path);
void areas_deinit(Areas *areas);
void travels_deinit(Travels *travels);
