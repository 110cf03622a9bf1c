#pragma once

/*
 * Between impact.c, which says what moves where, and impact-place.c, which says who takes it
 */

#include "derived/impact.h"
#include "derived/metric.h"

/* Whether somebody who is not distrusted says that @place gives @care. */
bool impact_gives(const Place *place, uint32_t care);
/* Fills in the places of @answer. Returns 0 or -ENOMEM. */
MUST_CHECK int impact_show_places(ImpactAnswer *answer, const ImpactQuestion *question,
                                  const Metric *metric);
