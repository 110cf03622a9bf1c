#pragma once

#include <jansson.h>

#include "plek/plek.h"

/* A new reference. */
json_t *impact_to_json(const PlekImpact *impact, const char *location, uint32_t care);
extern const char *const impact_why_names[]; /* by PlekImpactWhy */
