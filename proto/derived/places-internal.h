#pragma once

/*
 * Between places.c, which finds what stands at a place, and place.c, which says what that is
 */

#include "derived/places.h"

typedef struct Item {
        const Record *record;
        Place *place; /* NULL: not known yet to be one */
} Item;

typedef struct Gathering {
        const Picture *picture;
        const Registry *registry;
        const PlacesScope *scope;
        Places *places;
        Item *items;
        size_t n_items;
        Arena *arena;
        const char *zone; /* whose clock was read last */
        int minute;       /* or -1: not known */
} Gathering;

static inline int64_t places_at_ms(const PlacesScope *scope)
{
        return scope->at_ms ? scope->at_ms : scope->now_ms;
}

/* Puts what a record says into its place, which has room for it. Returns 0 or -ENOMEM. */
MUST_CHECK int place_take(Gathering *g, const Item *item);
/* Puts a door or counts that were withdrawn there, likewise. */
void place_take_gone(Gathering *g, Place *place, const PlacesGone *gone, const char *party,
                     const RecordRef *ref);
/* When all of it is there: order, what holds, hours, names. Out of memory: keep.failed. */
void place_complete(Gathering *g, Place *place);
