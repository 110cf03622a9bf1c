#pragma once

/*
 * Between impact.c, which answers, impact-place.c, which says who takes patients at a time,
 * impact-part.c, which says who is then served by whom, and impact-whole.c, which joins the parts
 */

#include "derived/impact.h"
#include "derived/metric.h"

/* What an area is in a part. */
enum {
        IMPACT_AREA_OUT_OF_REACH = 1,
        IMPACT_AREA_MOVES = 2,
        IMPACT_AREA_NEWLY_BEYOND = 4,
};

/* Whether somebody who is not distrusted says that @place gives @care. */
bool impact_gives(const Place *place, uint32_t care);
/* Fills in the places of @answer, as they are when it begins. Returns 0 or -ENOMEM. */
MUST_CHECK int impact_show_places(ImpactAnswer *answer, const ImpactQuestion *question);
/* Whether @shown takes patients at @at_ms, or why not; its offerings are then those of that time.
 */
PlekImpactWhy impact_why(const ImpactPlace *shown, const ImpactQuestion *question,
                         const Metric *metric, int64_t at_ms);
/* When somebody may next take patients who did not, or the reverse, by what is announced;
 * INT64_MAX: never. */
int64_t impact_next_change_ms(const ImpactAnswer *answer, const ImpactQuestion *question,
                              int64_t at_ms);

/* Appends a part of those that take at @at_ms and makes it one with the last if nothing moves
 * otherwise. There is room for it. Returns 0 or -ENOMEM. */
MUST_CHECK int impact_add_part(ImpactAnswer *answer, const ImpactQuestion *question,
                               const Metric *metric, int64_t at_ms);
/* Loads and shares of the parts, and the whole: of a closure that ends each part by its time, and
 * of one without an end the first. Returns 0 or -ENOMEM. */
MUST_CHECK int impact_join(ImpactAnswer *answer, const ImpactQuestion *question);
