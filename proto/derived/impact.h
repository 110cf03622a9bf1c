#pragma once

/*
 * Impact: what follows if a location closes; the rule is in plek/impact.h
 *
 * Pure. The answer owns what it points to, and outlives the picture, but not the areas.
 */

#include "derived/places.h"
#include "plek/impact.h"

typedef struct ImpactQuestion {
        Status status;
        const char *location;
        uint32_t care;
        const char *scheme, *region; /* as if there were no other; NULL: all; scheme NULL: home */
        int64_t now_ms, from_ms, to_ms; /* to: or TIME_ABSENT */
        const PlekArea *areas;
        size_t n_areas;
        const PlekTravel *travel;
        size_t n_travel;
        double load_per_hour; /* negative: what its own flows say */
        double beyond;        /* 0: not asked */
        PlaceClockFn clock;
        void *clock_arg;
        PlacesMemory memory; /* of what was withdrawn */
} ImpactQuestion;

/* What moves to one place. */
typedef struct ImpactTaken {
        PlekImpactWhy why;
        size_t n_areas;
        double weight, share, load_per_hour, load_in_all, nearest;
} ImpactTaken;

enum { IMPACT_PARTS_MAX = PLEK_IMPACT_PARTS_MAX };

typedef struct ImpactPlace {
        Place *place;
        ImpactTaken taken;  /* of the whole */
        ImpactTaken *parts; /* the answer's n_parts */
        bool takes;         /* while it is worked out: at the time that is looked at */
        int64_t free, oldest_ms;
        size_t n_units, n_units_unknown;
        bool has_stale;
        DoorLead lead;
        DoorNarrower narrower[DOOR_NARROWER_MAX]; /* for whom something stricter does */
        size_t n_narrower;
        const DoorWord *plan; /* that begins within the period; or NULL */
} ImpactPlace;

typedef struct ImpactMove {
        const PlekArea *area;
        const ImpactPlace *to;
        double before, after;
        bool was_beyond, is_beyond;
} ImpactMove;

/* A time in which the same moves to the same. */
typedef struct ImpactPart {
        int64_t from_ms, to_ms; /* to: or TIME_ABSENT */
        ImpactMove *moves;
        size_t n_moves;
        uint8_t *areas; /* IMPACT_AREA_* of each */
        size_t n_out_of_reach, n_newly_beyond;
        double weight, weight_newly_beyond;
} ImpactPart;

typedef struct ImpactAnswer {
        Places places;
        PlekArea *own_points; /* or NULL */
        const PlekArea *areas;
        size_t n_areas;
        ImpactPlace *shown; /* in order */
        size_t n_shown;
        ImpactTaken *taken; /* of the places' parts */
        ImpactPart parts[IMPACT_PARTS_MAX];
        size_t n_parts;
        bool has_more_parts; /* the last one was not split any more */
        size_t n_out_of_reach, n_newly_beyond;
        double weight, weight_newly_beyond;
        double load_per_hour; /* of what closes; negative: not known */
        bool load_is_of_flows;
        size_t n_load_withheld; /* its own reports of arrivals without a number */
} ImpactAnswer;

#define IMPACT_ANSWER_NULL ((ImpactAnswer){ 0 })

enum {
        IMPACT_OK,
        IMPACT_E_NOT_GIVEN, /* nobody says that the location gives this care */
};

/* Returns 0, IMPACT_E_NOT_GIVEN or -ENOMEM. */
MUST_CHECK int impact_make(ImpactAnswer *ret_answer, const Picture *picture,
                           const Registry *registry, const ImpactQuestion *question);
void impact_answer_deinit(ImpactAnswer *answer);

/* Which care anything is said of at @location, in order; at most @n_max. Returns how many. */
size_t impact_cares(const Picture *picture, Status status, const char *location,
                    uint32_t *ret_cares, size_t n_max);
