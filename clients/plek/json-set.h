#pragma once

/*
 * Values of an object as scripts read them: what is not said has no key
 */

#include <jansson.h>

#include "plek/plek.h"

/* By its name on the wire; its number where it has none. */
void json_set_code(json_t *object, const char *key, PlekCodeList list, uint32_t code);
void json_set_string(json_t *object, const char *key, const char *value);
void json_set_time(json_t *object, const char *key, int64_t ms);
/* Whom to call; by the card of @party, or NULL. Nothing where there is no @phone. */
void json_set_contact(json_t *object, const char *function, const char *phone, const char *party);
/* Of another scheme than home regions; a new reference. */
json_t *regions_to_json(const PlekRegion *regions, size_t n_regions);
