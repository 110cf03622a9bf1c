#pragma once

/*
 * Leading doors and neighbours as JSON, under the names of plek/doors.h
 */

#include <jansson.h>

#include "plek/plek.h"

/* New references. */
json_t *leading_to_json(const PlekLeadingDoor *door);
/* Only what holds: state, standing, end, and who is excepted by all. */
json_t *lead_to_json(const PlekLeadingDoor *door);
json_t *exceptions_to_json(const uint32_t *exceptions, size_t n_exceptions);
json_t *neighbours_to_json(const PlekNeighbours *neighbours);
/* "narrower", if anybody fares worse than @object says. */
void narrower_set(json_t *object, const PlekNarrowerDoor *narrower, size_t n_narrower);
/* status, location, unit, care, ...: what it is about. */
json_t *scope_to_json(const PlekDoorScope *scope);

/* "WITHDRAWN", of an unknown door; NULL: it is known. */
const char *door_why_name(PlekDoorWhy why);
const char *door_part_name(PlekDoorPart part);
