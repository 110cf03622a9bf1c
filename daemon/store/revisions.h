#pragma once

/*
 * Revisions: a growing list of them
 */

#include "core/state.h"

typedef struct Revisions {
        uint64_t *revisions;
        size_t n, n_room;
} Revisions;

#define REVISIONS_NULL ((Revisions){ 0 })
void revisions_deinit(Revisions *list);

/* Returns 0 or -ENOMEM. */
MUST_CHECK int revisions_add(Revisions *list, uint64_t revision);
void revisions_sort(Revisions *list);
/* Of a sorted one. */
bool revisions_have(const Revisions *list, uint64_t revision);

/* What the picture of @state rests on, sorted: reports, and affirms. Returns 0 or -ENOMEM. */
MUST_CHECK int revisions_of_picture(Revisions *list, State *state);
