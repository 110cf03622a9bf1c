#pragma once

/*
 * OwnDoors: a party's doors of one location as the broker holds them, and which of them leads
 *
 * Gathered from what the broker tells, and told once all of it is there.
 */

#include "derived/door.h"
#include "plek/publisher.h"

enum { OWN_DOORS_MAX = 4096 }; /* of one location; of more it is not said what leads */

typedef struct OwnDoors OwnDoors;

/* @scope is copied. Returns 0 or -ENOMEM. */
MUST_CHECK int own_doors_new(OwnDoors **ret_doors, const PlekDoorScope *scope, PlekOwnDoorsFn func,
                             void *arg);
OwnDoors *own_doors_free(OwnDoors *doors);
DEFINE_FREEP(OwnDoors, own_doors_free);

/* What is no door of that location and status is passed over. Returns 0 or -ENOMEM. */
MUST_CHECK int own_doors_add(OwnDoors *doors, const Update *update, int64_t since_ms);
/* All is told again from the beginning. */
void own_doors_reset(OwnDoors *doors);
/* Calls who asked. Returns 0 or -ENOMEM. */
MUST_CHECK int own_doors_tell(const OwnDoors *doors, int64_t now_ms);
/* The same, where the broker did not say what it holds. */
void own_doors_fail(const OwnDoors *doors);
