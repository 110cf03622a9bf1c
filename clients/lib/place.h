#pragma once

/*
 * Between places of proto/derived/ and those of the public headers
 */

#include "derived/places.h"
#include "lib/replica.h"
#include "plek/map.h"

/* What the public ones point to is in @keep. Out of memory: keep->failed. */
void place_show(const Place *place, Keep *keep, PlekPlace *ret_place);
/* Of the contacts in @shown, which is @place, the one for @care; or NULL. */
const PlekContact *place_show_contact(const Place *place, const PlekPlace *shown, uint32_t care);
/* What @replica remembers as withdrawn. */
PlacesMemory place_memory(const Replica *replica);
/* One for each of @places, in order; NULL: out of memory. */
PlekPlace *places_show(const Places *places, Keep *keep);
