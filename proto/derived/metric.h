#pragma once

/*
 * Metric: how far it is from an area to a place, by a travel-time matrix or as the crow flies
 *
 * Where there is a matrix nothing else says how far: a pair that is not in it cannot be reached.
 */

#include "derived/places.h"
#include "plek/impact.h"

typedef struct MetricPair MetricPair;
typedef struct MetricName MetricName;

typedef struct Metric {
        MetricPair *pairs; /* NULL: as the crow flies */
        MetricName *named;
} Metric;

#define METRIC_NULL ((Metric){ 0 })

/* Of a pair that is named twice the first counts; strings are borrowed. Returns 0 or -ENOMEM. */
MUST_CHECK int metric_init(Metric *metric, const PlekTravel *travel, size_t n_travel);
void metric_deinit(Metric *metric);

/* In minutes or metres. Negative: it cannot be reached, or nobody knows. */
double metric_distance(const Metric *metric, const PlekArea *area, const Place *place);
/* Whether it is said at all where @place is. */
bool metric_knows(const Metric *metric, const Place *place);
