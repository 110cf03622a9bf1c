#pragma once

/*
 * Find: where a patient who needs a kind of care can be taken now
 *
 * The rule. Left out is a place whose leading door is a stop, closed or not applicable and excepts
 * nothing that the patient is; that is said not to give the care, or to be outside its hours; of
 * which only what is distrusted is known, or which withdrew all that it said of this care; further
 * than was asked; and counts of a unit for which
 * another party's are shown. The others rank: *free*, with enough free places reported fresh, and a
 * door that is freshly stated to let the patient in; then *unconfirmed*, with enough free places
 * but a doubt about them or about the door (each PLEK_DOUBT_* is one); then *unknown*, of which
 * nobody says how many places are free, or so long ago that it says nothing; then *full*, with
 * fewer than are needed. Within each the nearest comes first, as the crow flies, and last those of
 * which no card says where they are. Equally near: more free places first; then by location, unit
 * and party. So the order is total, and any two readers with one picture have the same.
 *
 * Some care is told by its door rather than counted: ED, ED_CHILD, GP_POST, PSYCHIATRIC_CRISIS,
 * DIAGNOSTICS_* and CATH_LAB. Where nobody says there how many places are free, a door that lets
 * the patient in, and is not silent, ranks as enough free places; for more than one patient that is
 * a doubt. Free places that are said count there as everywhere: an open door with none is full.
 *
 * A stop is a signal and not a refusal: who is one of its exceptions is let in. A stop past its end
 * is not open: it is a doubt. Free places are those of one unit, by one party's report. Where units
 * of a location have fewer than are needed each, but enough together, and none of them ranks as
 * well by itself, they are one answer, which names them: those without a doubt first, then those
 * with more places, until there are enough. A report of the location as a whole stands for its
 * units, and is added to nothing.
 */

#include "plek/doors.h"
#include "plek/map.h"
#include "plek/subscriber.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum PlekFindRank {
        PLEK_FIND_FREE = 1,
        PLEK_FIND_UNCONFIRMED,
        PLEK_FIND_UNKNOWN,
        PLEK_FIND_FULL,
        PLEK_FIND_LEFT_OUT,
} PlekFindRank;

enum {
        PLEK_DOUBT_COUNTS_STALE = 1 << 0,   /* older than their sender said they would be */
        PLEK_DOUBT_COUNTS_SILENT = 1 << 1,  /* three times as old: they say nothing any more */
        PLEK_DOUBT_COUNTS_UNKNOWN = 1 << 2, /* nobody says how many places are free */
        PLEK_DOUBT_INCONSISTENT = 1 << 3,   /* the counts contradict themselves */
        PLEK_DOUBT_DOOR_UNKNOWN = 1 << 4,   /* nobody validly says that it is open */
        PLEK_DOUBT_DOOR_OLD = 1 << 5,       /* what leads there is stale or silent */
        PLEK_DOUBT_DOOR_EXPIRED = 1 << 6,   /* a stop past its end, which nobody ended */
        PLEK_DOUBT_DOOR_REOPENED = 1 << 7,  /* open since its end, unconfirmed */
        PLEK_DOUBT_NOT_ENROLLED = 1 << 8,   /* who says it is not enrolled any more */
        PLEK_DOUBT_DOOR_NARROWER = 1 << 9,  /* for some patients, not said which, it is stricter */
};

typedef enum PlekFindLeftOut {
        PLEK_LEFT_OUT_DOOR = 1,    /* stop, closed or not applicable, and excepts no such patient */
        PLEK_LEFT_OUT_NOT_OFFERED, /* it is said that this care is not given, or not yet or not now
                                    */
        PLEK_LEFT_OUT_SHUT,        /* outside its hours */
        PLEK_LEFT_OUT_DISTRUSTED,  /* its party's key was in other hands */
        PLEK_LEFT_OUT_DOUBLED,     /* another party's counts of this unit are shown */
        PLEK_LEFT_OUT_WITHDRAWN,   /* all that it said of this care it withdrew */
        PLEK_LEFT_OUT_TOO_FAR,     /* or nobody knows where it is, and a distance was asked */
} PlekFindLeftOut;

/* Set it with PLEK_FIND_INIT first. */
typedef struct PlekFindOptions {
        PlekStatus status;                        /* 0: ACTUAL */
        uint32_t care;                            /* PlekCare; required */
        int32_t latitude_e7, longitude_e7;        /* near what, WGS 84 */
        int32_t need;                             /* free places at one location; at least 1 */
        uint32_t patient_group, urgency;          /* of the patient, or PLEK_ANY */
        uint32_t exceptions[PLEK_EXCEPTIONS_MAX]; /* what the patient is: MULTITRAUMA, ... */
        size_t n_exceptions;
        double within_m;    /* 0: however far */
        const char *scheme; /* of @region; NULL: its home region */
        const char *region; /* NULL: all */
        PlekClockFn clock;  /* for opening hours; NULL: they are not looked at */
        void *clock_arg;
} PlekFindOptions;

#define PLEK_FIND_INIT                                                                             \
        {                                                                                          \
                .need = 1, .patient_group = PLEK_ANY, .urgency = PLEK_ANY                          \
        }

/* One of several units that have enough places together. */
typedef struct PlekFoundUnit {
        const char *party, *unit, *label; /* label: or NULL */
        int32_t free;
        PlekFreshness freshness;
        int64_t age_ms;
} PlekFoundUnit;

typedef struct PlekFound {
        PlekFindRank rank;
        bool by_door;        /* it ranks by what its door says; its counts do not say it */
        PlekFindLeftOut why; /* if LEFT_OUT */
        uint32_t doubts;     /* PLEK_DOUBT_* */
        double distance_m;   /* negative: no card says where it is */
        const PlekPlace *place;
        /* Whom to call: about this care, else about all, else the card's first; NULL: no card. */
        const PlekContact *contact;

        /* The counts of one unit; those of what reports none are not there. Of several units that
         * have enough together: their places added up, the oldest's age, and of what they do not
         * agree in nothing. */
        const PlekFoundUnit *units;
        size_t n_units; /* 0: of one, or none */
        bool has_counts;
        int64_t counts_withdrawn_ms; /* if it has none: when they were; or PLEK_NO_TIME */
        const char *party, *unit, *label, *definition; /* or NULL */
        bool free_known, free_computed;
        int32_t free;
        PlekFreshness freshness;
        int64_t age_ms, since_ms;
        uint32_t source; /* PlekSource, or 0 */
        uint32_t flags;  /* PLEK_FLAG_* */

        /* The door that leads there for this patient. */
        uint32_t door_state;                           /* PlekDoorState; 0: unknown */
        PlekDoorWhy door_why;                          /* it is unknown */
        PlekStanding door_standing;                    /* EXPIRED, REOPENED, ...: past its end */
        uint32_t door_exceptions[PLEK_EXCEPTIONS_MAX]; /* who is let in all the same */
        size_t n_door_exceptions;
        PlekNarrowerDoor door_narrower[PLEK_NARROWER_MAX]; /* for whom something stricter leads */
        size_t n_door_narrower;
        uint32_t exception;                     /* by which this patient is let in; 0: needs none */
        const char *door_party, *door_text;     /* or NULL */
        uint32_t door_reason, door_source;      /* or 0 */
        int64_t door_since_ms, door_ends_at_ms; /* or PLEK_NO_TIME */
        PlekFreshness door_freshness;
        int64_t door_age_ms; /* of what leads; -1: nothing does */

        /* The next door announced ahead there for this patient. It does not change the rank: what
         * holds now does. */
        uint32_t plan_state;                           /* PlekDoorState; 0: none is announced */
        int64_t plan_starts_at_ms, plan_ends_at_ms;    /* or PLEK_NO_TIME */
        uint32_t plan_exceptions[PLEK_EXCEPTIONS_MAX]; /* who is let in all the same */
        size_t n_plan_exceptions;
} PlekFound;

typedef struct PlekFindAnswer {
        PlekFound *found; /* in order; those left out come last */
        size_t n_found;
        size_t n_left_out; /* of these */
        int64_t now_ms;    /* the broker's time for which it holds */
} PlekFindAnswer;

/*
 * Ranks what is held now; it uses what we may read and nothing else. The answer is the caller's to
 * free, and does not depend on the subscriber any more.
 *
 * Returns 0, -EINVAL (no care, a need below 1, no such point on Earth) or -ENOMEM.
 */
PLEK_PUBLIC int plek_subscriber_find(const PlekSubscriber *subscriber,
                                     const PlekFindOptions *options, PlekFindAnswer **ret_answer);
/* Returns NULL. */
PLEK_PUBLIC PlekFindAnswer *plek_find_answer_free(PlekFindAnswer *answer);

#ifdef __cplusplus
}
#endif
