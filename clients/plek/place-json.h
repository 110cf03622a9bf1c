#pragma once

/*
 * Places of the care map as JSON, under the names of plek.proto
 */

#include <jansson.h>

#include "plek/plek.h"

/* Each a new reference. */
json_t *place_to_json(const PlekPlace *place);
json_t *offer_to_json(const PlekOffer *offer);
/* What people call it: the card's name, or else its id. */
const char *place_name(const PlekPlace *place);
/* "OPEN", "SHUT"; NULL: not known. */
const char *opening_name(PlekOpening opening);
