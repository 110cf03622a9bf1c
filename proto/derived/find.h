#pragma once

/*
 * Find: where a patient who needs a kind of care can be taken now
 *
 * The rule by which places rank is in plek/find.h. Each unit's counts are a candidate; so is, with
 * nothing known of free places, a location that gives the care or has a door for it and reports no
 * counts of it. Units that only have enough together are one candidate.
 *
 * Pure. The answer owns what it points to, and outlives the picture.
 */

#include "derived/places.h"
#include "plek/find.h"

typedef struct FindQuestion {
        Status status;
        uint32_t care;
        double latitude, longitude;          /* degrees */
        int32_t need;                        /* places */
        uint32_t patient_group, urgency;     /* or CODE_ABSENT */
        uint32_t exceptions[EXCEPTIONS_MAX]; /* what the patient is, as doors except it */
        size_t n_exceptions;
        double within_m; /* 0: however far */
        const char *scheme, *region;
        int64_t now_ms;
        PlaceClockFn clock;
        void *clock_arg;
        PlacesMemory memory; /* of what was withdrawn */
} FindQuestion;

typedef struct Found {
        const Place *place;
        const PlaceCounts *counts; /* NULL: none are reported; of several units: added up */
        const PlaceCounts **units; /* whose places these are together */
        size_t n_units;            /* 0: of one, or none */
        DoorLead lead;
        const PlaceDoor *door;                    /* that leads; NULL: none does */
        DoorNarrower narrower[DOOR_NARROWER_MAX]; /* for whom something stricter does */
        size_t n_narrower;
        uint32_t exception; /* of the patient's, by which a stop lets them in; 0: none is needed */
        double distance_m;  /* negative: no card says where it is */
        PlekFindRank rank;
        bool by_door;        /* it ranks by what its door says: its counts do not say it */
        uint32_t doubts;     /* PLEK_DOUBT_* */
        PlekFindLeftOut why; /* of what was left out */
} Found;

typedef struct FindAnswer {
        Places places;
        Found *found; /* those of rank LEFT_OUT come last */
        size_t n_found;
        size_t n_left_out; /* of these */
} FindAnswer;

#define FIND_ANSWER_NULL ((FindAnswer){ 0 })

/* Returns 0 or -ENOMEM. */
MUST_CHECK int find_places(FindAnswer *ret_answer, const Picture *picture, const Registry *registry,
                           const FindQuestion *question);
void find_answer_deinit(FindAnswer *answer);
