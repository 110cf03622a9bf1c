#pragma once

#include <jansson.h>

#include "plek/plek.h"

/* A new reference. @status: what was asked about, 0: ACTUAL. */
json_t *impact_to_json(const PlekImpact *impact, PlekStatus status, const char *location,
                       uint32_t care);
extern const char *const impact_why_names[]; /* by PlekImpactWhy */
