#pragma once

/*
 * Neighbours: who is next nearest for what a location gives, and have they all stopped too?
 *
 * Each place is a location that has a door for the care in question, and what that door is now. A
 * place is a neighbour if it is among the n nearest, or within a distance. They have all stopped
 * when there is one at least and each asks that patients are not brought, or is
 * outside its hours; of a door that is unknown
 * nobody asks that, and a place that has no such door after all (NOT_APPLICABLE) is none. A stop
 * past its end is not open, but nobody's any more: it is counted apart. Next is the nearest that
 * takes patients and of which that is sure; only where there is none such, the nearest that may.
 *
 * Pure. Distances are as the crow flies.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        NEIGHBOURS_DEFAULT = 3,
        NEIGHBOURS_MAX = 64,
};

typedef struct NeighbourPlace {
        const char *location;
        double latitude, longitude; /* degrees */
        uint32_t state;             /* PlekDoorState or DOOR_UNKNOWN: what leads there */
        bool is_expired;            /* a stop past its end */
        bool is_shut;               /* outside its hours: whatever its door says, nobody is there */
        bool is_doubtful;           /* that it is open: nobody confirmed it, or not lately, or
                                       nobody who is enrolled still; or it
                                       is not for some */
} NeighbourPlace;

typedef struct NeighbourRule {
        size_t n_nearest; /* 0: NEIGHBOURS_DEFAULT; at most NEIGHBOURS_MAX */
        double within_m;  /* 0: however far; with it, all within are neighbours, up to n_nearest or,
                             where that is 0, NEIGHBOURS_MAX */
} NeighbourRule;

typedef struct Neighbour {
        const NeighbourPlace *place;
        double distance_m;
} Neighbour;

typedef struct Neighbours {
        Neighbour nearest[NEIGHBOURS_MAX]; /* nearest first; equally far, by location */
        size_t n_nearest;
        size_t n_stopped, n_expired; /* of these; whose stop is past its end is not in the former */
        size_t n_shut;               /* of those that say neither */
        bool all_stopped;            /* one of the three */
        Neighbour next; /* the nearest of all, neighbour or not, that has not stopped and is not
                           unknown, surely if any is sure; place NULL: none */
} Neighbours;

/* Of what is at (@latitude, @longitude); a place called @location is itself, and left out. */
void neighbours_find(const NeighbourPlace *places, size_t n_places, const char *location,
                     double latitude, double longitude, const NeighbourRule *rule,
                     Neighbours *ret_neighbours);
