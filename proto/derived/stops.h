#pragma once

/*
 * Stops: how many, how long, and for how much of that every neighbour had stopped too
 *
 * What was said of doors is gone through in the order in which it was received, and between two
 * words by what time alone does: plans that begin, stops that end. A location has a stop for a care
 * while the most lenient of its doors for that care (of its units, say) asks that patients are not
 * brought: STOP, and not past its end. CLOSED is no stop: nobody is there. A stop whose end has
 * passed is none any more for this count, neither its own nor a neighbour's, though no reader is
 * shown it as open. While there is none, but one for some patient groups or urgencies, it has
 * partly stopped: that is counted apart. What a party said while its key was in other hands counts,
 * since it was believed then, and how much rests on it is told apart.
 *
 * A stop counts where it begins. One that stood when the time began is told apart, its duration
 * taken from there; one that goes on is cut where the time ends.
 *
 * Pure. Costs, for each word, a glance at each location, a look at its own, and one at the
 * neighbours of each that has stopped.
 */

#include "derived/neighbours.h"
#include "wire/update.h"

/* Something that was said, or that left; of doors, or of a location's card. All is borrowed. */
typedef struct StopsEvent {
        int64_t at_ms; /* when it was received */
        const char *location;
        const char *region; /* of the location then; NULL: as before */
        bool is_card;
        bool has_position; /* a card's */
        double latitude, longitude;
        bool is_withdrawn;
        const Door *door; /* of a withdrawal, only its scope and plan */
        const char *party, *unit;
        int64_t since_ms;   /* when the door was stated */
        bool is_distrusted; /* its party's key was in other hands by then */
} StopsEvent;

typedef struct StopsQuestion {
        uint32_t care;
        int64_t from_ms, to_ms;
        NeighbourRule rule;
} StopsQuestion;

/* A location that had a door for the care at some time. */
typedef struct StopsOf {
        const char *location;
        const char *region; /* when the time ended; NULL: it is not known */
        uint64_t n_begun;
        uint64_t n_stood; /* when the time began: 0 or 1 */
        int64_t stopped_ms;
        int64_t longest_ms;
        bool is_standing;  /* it had stopped when the time ended */
        uint64_t n_partly; /* how often it came to be so, or was so when the time began */
        int64_t partly_ms;
        int64_t all_stopped_ms; /* of stopped_ms: every neighbour had stopped, too */
        bool has_neighbours;    /* it is known where it is */
        /* Of n_begun, n_stood and stopped_ms: what rests on words that are distrusted, without
         * which there would have been no stop (a stop may rest on them for a part of its time
         * only). */
        uint64_t n_distrusted;
        int64_t distrusted_ms;
} StopsOf;

typedef struct Stops Stops;

/* @events rise by at_ms; what stood before the time comes first. Returns 0 or -ENOMEM. */
MUST_CHECK int stops_count(Stops **ret_stops, const StopsEvent *events, size_t n_events,
                           const StopsQuestion *question);
Stops *stops_free(Stops *stops);
DEFINE_FREEP(Stops, stops_free);
/* By region, then location; strings are the events'. */
const StopsOf *stops_all(const Stops *stops, size_t *ret_n);
