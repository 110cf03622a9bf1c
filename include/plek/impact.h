#pragma once

/*
 * Impact: what follows if a location closes
 *
 * The rule. Each area (a postcode, a town; who gives none has the places' own points instead) is
 * served by what is nearest to it of those that give the care and take patients at that time: the
 * leading door is none that keeps them out, it is not said that the care is not given, and it is
 * within its hours. Before, the location that closes is one of them, whatever its door is now;
 * after, it is not. The areas that it served move, each to what is next nearest to it, and of its
 * load each takes along its share of their weight. Equally near: the first by location. Who gives
 * no load has what the location itself said came there for the care in the last 28 days, by the
 * hour: for each flow its count by the time that it covers. The answer says so.
 *
 * Nearest is by the minutes of a travel-time matrix where one is given, and then by nothing else: a
 * pair that is not in it cannot be reached. Without one it is as the crow flies. The answer says
 * which.
 *
 * Who takes patients changes while it is closed: a neighbour has announced to close, or reopens. So
 * the closure is split wherever something then moves elsewhere, by doors (plans and expected ends)
 * and offerings, and each part has a verdict of its own. A share of the whole is the shares of the
 * parts, each by its time: who reopens halfway has half. A closure without an end cannot be
 * divided: the whole is then the first part, what holds when it begins. Hours are those when it
 * begins. Free places are those of now: nobody knows those of Saturday.
 */

#include "plek/doors.h"
#include "plek/map.h"
#include "plek/subscriber.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PlekArea {
        const char *id;   /* as the matrix names it */
        const char *name; /* or NULL */
        int32_t latitude_e7, longitude_e7;
        double weight; /* inhabitants, or whatever the load goes by; finite and not negative */
} PlekArea;

typedef struct PlekTravel {
        const char *from; /* an area's id */
        const char *to;   /* a location */
        double minutes;   /* finite and not negative */
} PlekTravel;

/* Set it with PLEK_IMPACT_INIT first. */
typedef struct PlekImpactOptions {
        PlekStatus status;      /* 0: ACTUAL */
        const char *location;   /* that closes; required */
        uint32_t care;          /* PlekCare; required */
        int64_t from_ms, to_ms; /* or PLEK_NO_TIME: from now, without an end */
        const PlekArea *areas;
        size_t n_areas; /* 0: the places' own points, each of weight 1 */
        const PlekTravel *travel;
        size_t n_travel;      /* 0: as the crow flies */
        double load_per_hour; /* of what closes; negative: what its own flows say */
        double beyond;        /* minutes with a matrix, else metres; 0: not asked */
        PlekClockFn clock;    /* for opening hours; NULL: they are not looked at */
        void *clock_arg;
        const char *scheme; /* of @region; NULL: its home region */
        const char *region; /* as if there were no other: what closes is in it; NULL: all */
} PlekImpactOptions;

enum { PLEK_IMPACT_LOAD_DAYS = 28 };

#define PLEK_IMPACT_INIT                                                                           \
        {                                                                                          \
                .from_ms = PLEK_NO_TIME, .to_ms = PLEK_NO_TIME, .load_per_hour = -1                \
        }

/* Why a place that gives the care takes nobody then. */
typedef enum PlekImpactWhy {
        PLEK_IMPACT_TAKES,
        PLEK_IMPACT_CLOSES, /* it is what closes */
        PLEK_IMPACT_DOOR,   /* stop, closed or not applicable */
        PLEK_IMPACT_NOT_OFFERED,
        PLEK_IMPACT_SHUT, /* outside its hours */
        PLEK_IMPACT_DISTRUSTED,
        PLEK_IMPACT_NOWHERE,   /* no card says where it is, and no matrix names it */
        PLEK_IMPACT_WITHDRAWN, /* all that it said of this care it withdrew */
} PlekImpactWhy;

typedef struct PlekImpactPlace {
        const PlekPlace *place;
        const PlekContact *contact; /* whom to call about this care; or NULL */
        PlekImpactWhy why;          /* TAKES: at any time of it; else why not when it begins */

        /* What moves here. */
        size_t n_areas;       /* at any time of it */
        double weight, share; /* of these areas; and of all that moves, by time: 0 to 1 */
        double load_per_hour; /* on average; negative: not known */
        double load_in_all;   /* negative: not known, or without an end */
        double nearest;       /* of the areas that move here; negative: none does */

        /* Its units' free places now, added up: of those that say it, not silent, not distrusted.
         */
        int64_t free;
        size_t n_units, n_units_unknown; /* that say it, and that do not */
        int64_t oldest_ms;               /* age of the oldest of these; -1: there is none */
        bool has_stale;
        int64_t counts_withdrawn_ms; /* some of this care, last; or PLEK_NO_TIME */

        uint32_t door_state;   /* PlekDoorState when it begins; 0: unknown */
        PlekDoorWhy door_why;  /* it is unknown */
        int64_t door_since_ms; /* or PLEK_NO_TIME */
        PlekStanding door_standing;
        uint32_t door_exceptions[PLEK_EXCEPTIONS_MAX];
        size_t n_door_exceptions;
        PlekNarrowerDoor door_narrower[PLEK_NARROWER_MAX]; /* for whom something stricter leads */
        size_t n_door_narrower;
        int64_t door_ends_at_ms; /* or PLEK_NO_TIME */
        uint32_t plan_state;     /* of a door announced to begin meanwhile; 0: none is */
        int64_t plan_starts_at_ms, plan_ends_at_ms; /* or PLEK_NO_TIME */
} PlekImpactPlace;

/* An area that the location served. */
typedef struct PlekImpactMove {
        const PlekArea *area;
        const PlekImpactPlace *to;  /* NULL: nowhere is left that can be reached */
        double before, after;       /* minutes or metres; after negative: nowhere */
        bool was_beyond, is_beyond; /* @beyond; nowhere is beyond */
} PlekImpactMove;

/* What moves to one place in a part; as of the whole. */
typedef struct PlekImpactShare {
        PlekImpactWhy why;
        size_t n_areas;
        double weight, share, load_per_hour, load_in_all, nearest;
} PlekImpactShare;

/* A time in which the same moves to the same. */
typedef struct PlekImpactPart {
        int64_t from_ms, to_ms;        /* to: PLEK_NO_TIME of the last, if it has no end */
        const PlekImpactShare *shares; /* of each place, in the order of the whole's */
        const PlekImpactMove *moves;   /* in the order of the areas */
        size_t n_moves;
        size_t n_out_of_reach, n_newly_beyond;
        double weight, weight_newly_beyond;
} PlekImpactPart;

enum { PLEK_IMPACT_PARTS_MAX = 64 };

typedef struct PlekImpact {
        const PlekImpactPlace
                *places; /* what most moves to first; then by location; the others last */
        size_t n_places;
        const PlekImpactPart *parts; /* one after the other; at least one */
        size_t n_parts;
        bool has_more_parts;         /* too many: the last one goes on as it began */
        const PlekImpactMove *moves; /* of the first part */
        size_t n_moves;
        size_t n_areas;        /* all that were looked at */
        size_t n_out_of_reach; /* areas from which nothing could be reached at some time, not by
                                * what closes, either */
        double weight;         /* of the areas that move at any time */
        size_t n_newly_beyond; /* areas that were not, and are at some time then */
        double weight_newly_beyond;
        bool by_travel_time;    /* else as the crow flies */
        bool own_points;        /* for want of areas */
        bool has_load;          /* it was given, or its own flows say it */
        bool load_is_of_flows;  /* of the last PLEK_IMPACT_LOAD_DAYS, as far as we may read them */
        double load_per_hour;   /* of what closes; negative: not known */
        size_t n_load_withheld; /* its own reports of arrivals without a number: it was more */
        int64_t from_ms, to_ms; /* or PLEK_NO_TIME */
        int64_t now_ms;         /* the broker's time for which it holds */
} PlekImpact;

/*
 * It uses what we may read and nothing else. The answer is the caller's to free, and does not
 * depend on the subscriber or the options any more.
 *
 * Returns 0, PLEK_E_NOT_FOUND (nobody says that the location gives this care), -EINVAL (no location
 * or care, a period that ends before it begins, a number that is none) or -ENOMEM.
 */
PLEK_PUBLIC int plek_subscriber_impact(const PlekSubscriber *subscriber,
                                       const PlekImpactOptions *options, PlekImpact **ret_impact);
/* Returns NULL. */
PLEK_PUBLIC PlekImpact *plek_impact_free(PlekImpact *impact);

/* Of which care anything is said at @location (an offering, counts, a door), in order; at most
 * @n_max. Returns how many. */
PLEK_PUBLIC size_t plek_subscriber_cares(const PlekSubscriber *subscriber, PlekStatus status,
                                         const char *location, uint32_t *ret_cares, size_t n_max);

#ifdef __cplusplus
}
#endif
