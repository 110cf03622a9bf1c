#pragma once

/*
 * PlekStops: number and duration of stops in a time, as the national statistics give them
 *
 * Told from the signed words of the doors' history, with what this reader may read. A location has
 * a stop for a care while the most lenient of its doors for that care asks that patients are not
 * brought (STOP), from when the broker received it until it is lifted, withdrawn or past its
 * expected end. CLOSED is no stop, nor is a neighbour's that is past its end one. A location
 * without a door for the care has no stop of it, for a stop of the whole does not say what it gave.
 * While a location has no stop but for some patient groups or urgencies, that is told apart. A stop
 * counts in the time in which it begins; one that stood when the time began is told apart, and its
 * duration counts from there. What a party said while its key was in other hands counts, since it
 * was believed then, and how much of the figures rests on it is told apart.
 */

#include "plek/doors.h"
#include "plek/history.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PlekStopsQuestion {
        uint32_t care; /* PlekCare; 0: ED */
        int64_t from_ms, to_ms;
        PlekNeighbourRule rule; /* which locations are neighbours */
        /* By the regions of this scheme (rav, province, ...); NULL: home regions. A location counts
         * in each region of it that it belongs to, and in none if it belongs to none. */
        const char *scheme;
        const char *region; /* this one only; NULL: all */
} PlekStopsQuestion;

typedef struct PlekStopsOf {
        const char *region;
        const char *location;   /* NULL: all of the region */
        size_t n_locations;     /* with a door for the care; of a location, 1 */
        uint64_t n_begun;       /* stops that began */
        uint64_t n_stood;       /* stops that stood when the time began */
        int64_t stopped_ms;     /* all of them together */
        uint64_t n_standing;    /* of both: those that went on when the time ended */
        int64_t longest_ms;     /* of one, within the time */
        int64_t located_ms;     /* of stopped_ms: where it is known where the location is */
        int64_t all_stopped_ms; /* of located_ms: every neighbour had stopped too, or was closed */
        uint64_t n_partly;      /* stops for some patient groups or urgencies only */
        int64_t partly_ms;
        /* Of n_begun and n_stood, and of stopped_ms: what rests on what a party said while its key
         * was in other hands, as is known now: without that there would have been no stop. */
        uint64_t n_distrusted;
        int64_t distrusted_ms;
} PlekStopsOf;

typedef struct PlekStops {
        const PlekStopsOf *regions;
        size_t n_regions;
        const PlekStopsOf *locations; /* by region */
        size_t n_locations;
        size_t n_doubtful; /* as in PlekHistory */
        bool is_thinned;
        int64_t kept_from_ms; /* as in PlekHistory */
} PlekStops;

/* Returns as plek_client_history(). */
PLEK_PUBLIC int plek_client_stops(PlekClient *client, const PlekStopsQuestion *question,
                                  PlekStops *ret_stops, PlekFault *ret_fault);

#ifdef __cplusplus
}
#endif
