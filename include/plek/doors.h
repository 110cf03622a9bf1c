#pragma once

/*
 * Doors: can a patient be brought there now, who says so, since when, and for how long?
 *
 * A location's doors are said by several parties, for the whole of it, a unit, a care, a patient
 * group or an urgency, for now and ahead. For a *scope* one of them leads:
 *
 *     A door is overruled by a narrower one that was stated later. Of those that are not overruled
 *     the strictest leads.
 *
 * From lenient to strict: OPEN, RESTRICTED, unknown, STOP, CLOSED, NOT_APPLICABLE. How old a report
 * is does not matter, so that a stale stop still leads; affirming a report is not stating it. A
 * plan counts from its start to its end: it is overruled by what is stated after its start, and
 * overrules what was stated before it was announced. Past its end a stop is an expired stop, or
 * unknown, or open and unconfirmed, as its sender wished; a door that was open until then is
 * unknown. Nobody stated any of that, so it overrules nothing. Only what this reader
 * may read takes part; exercises lead among exercises, and tests among tests.
 *
 * A stop is a signal and not a refusal: look at its exceptions, and at whether the neighbours have
 * stopped too.
 */

#include "plek/map.h"
#include "plek/subscriber.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The state of a door that nobody validly says anything of; never sent. */
#define PLEK_DOOR_UNKNOWN 0

/* What is asked about. Set it with PLEK_DOOR_SCOPE_INIT first. */
typedef struct PlekDoorScope {
        PlekStatus status;
        const char *location;
        const char *unit;                      /* NULL: not narrowed */
        uint32_t care, patient_group, urgency; /* or PLEK_ANY: not narrowed */
} PlekDoorScope;

#define PLEK_DOOR_SCOPE_INIT                                                                       \
        {                                                                                          \
                .status = PLEK_STATUS_ACTUAL, .care = PLEK_ANY, .patient_group = PLEK_ANY,         \
                .urgency = PLEK_ANY                                                                \
        }

/* Why a door is unknown. */
typedef enum PlekDoorWhy {
        PLEK_DOOR_KNOWN,          /* it is not */
        PLEK_DOOR_NEVER_REPORTED, /* nothing is held of it; what was withdrawn before we came to
                                   * read is not told from what was never there */
        PLEK_DOOR_HAS_EXPIRED,
        PLEK_DOOR_WAS_WITHDRAWN,
        PLEK_DOOR_IS_DISTRUSTED, /* whoever says something had a key in other hands */
        PLEK_DOOR_IS_NOT_SHARED, /* with us, any more */
} PlekDoorWhy;

enum { PLEK_NARROWER_MAX = 8 };

/* A stricter door for some of the patients only. */
typedef struct PlekNarrowerDoor {
        uint32_t patient_group, urgency; /* or PLEK_ANY */
        uint32_t state;                  /* PlekDoorState or PLEK_DOOR_UNKNOWN */
        PlekStanding standing;
} PlekNarrowerDoor;

typedef struct PlekLeadingDoor {
        PlekDoorScope scope;                /* as asked */
        const char *name;                   /* of the location, from its card; NULL: it has none */
        const char *phone_function, *phone; /* whom to call about this care; or NULL */
        const char
                *card_party; /* who says name and number: not always who says the door; or NULL */
        uint32_t state;      /* PlekDoorState or PLEK_DOOR_UNKNOWN */
        PlekDoorWhy why;
        PlekStanding standing; /* EXPIRED, LAPSED, REOPENED: past its end */
        int64_t since_ms;      /* when what leads was stated, began or ended; or PLEK_NO_TIME */
        int64_t ends_at_ms;    /* when that is expected to end; or PLEK_NO_TIME */
        /* Who can be brought all the same: excepted by everything that would keep them out. */
        uint32_t exceptions[PLEK_EXCEPTIONS_MAX];
        size_t n_exceptions;
        /* For whom something stricter leads: a door that is open, but not for ambulances. The
         * strictest first. */
        PlekNarrowerDoor narrower[PLEK_NARROWER_MAX];
        size_t n_narrower;

        bool has_record;
        PlekRecord record; /* what leads: who says so, why, how old it is */
        size_t n_others;   /* records that apply as well: plek_subscriber_next_door() */

        uint32_t plan_state; /* of the next door announced ahead; PLEK_DOOR_UNKNOWN: none is */
        int64_t plan_starts_at_ms, plan_ends_at_ms;

        int64_t changes_at_ms; /* by time alone, as far as is known now; or PLEK_NO_TIME */
        uint32_t changes_to;   /* the state then */
} PlekLeadingDoor;

/*
 * Which door leads for @scope now. A scope of which nothing is held is unknown, with why. @ret_door
 * points into the subscriber until the next call on it.
 *
 * Returns 0, -EINVAL (no location) or -ENOMEM.
 */
PLEK_PUBLIC int plek_subscriber_leading_door(PlekSubscriber *subscriber, const PlekDoorScope *scope,
                                             PlekLeadingDoor *ret_door);

/*
 * The same for a patient who is one of the exceptions (PlekException): a door that excepts them is
 * open for them. Returns PlekDoorState or PLEK_DOOR_UNKNOWN.
 */
PLEK_PUBLIC uint32_t plek_subscriber_door_for(PlekSubscriber *subscriber,
                                              const PlekDoorScope *scope, uint32_t exception);

/* What a record of a door is to a scope. */
typedef enum PlekDoorPart {
        PLEK_DOOR_LEADS = 1,
        PLEK_DOOR_HOLDS,     /* as well, but something stricter leads */
        PLEK_DOOR_OVERRULED, /* by a narrower one stated later */
        PLEK_DOOR_AHEAD,     /* a plan that has not started */
        PLEK_DOOR_PAST,      /* a plan that has ended */
        PLEK_DOOR_DISCARDED, /* distrusted: it does not count */
} PlekDoorPart;

/* Every record that applies to @scope, in no order; withdrawn ones apart. Zero *@cursor to begin;
 * processing ends the iteration. Returns 0, PLEK_E_END or -ENOMEM. */
PLEK_PUBLIC int plek_subscriber_next_door(PlekSubscriber *subscriber, const PlekDoorScope *scope,
                                          PlekCursor *cursor, PlekRecord *ret_record,
                                          PlekDoorPart *ret_part);

/* Every scope of which a door is held, in no order: those whose leading doors are the picture.
 * Strings are borrowed until the next call. Returns 0 or PLEK_E_END. */
PLEK_PUBLIC int plek_subscriber_next_scope(PlekSubscriber *subscriber, PlekCursor *cursor,
                                           PlekDoorScope *ret_scope);

/* ------------------------------------------------------------------ neighbours */

enum { PLEK_NEIGHBOURS_MAX = 64 };

/* Which locations are neighbours. All zero is the default: the three nearest. */
typedef struct PlekNeighbourRule {
        unsigned n_nearest; /* 0: three, or with within_m all up to PLEK_NEIGHBOURS_MAX */
        double within_m;    /* as the crow flies; 0: however far */
        PlekClockFn clock;  /* for opening hours; NULL: these are not known */
        void *clock_arg;
} PlekNeighbourRule;

/* Strings are borrowed until the next call. */
typedef struct PlekNeighbour {
        const char *location;
        const char *name;                   /* from its card; NULL: it has none */
        const char *phone_function, *phone; /* whom to call about this care; or NULL */
        double distance_m;
        uint32_t state;          /* that leads there: PlekDoorState or PLEK_DOOR_UNKNOWN */
        PlekDoorWhy why;         /* it is unknown */
        PlekStanding standing;   /* EXPIRED, REOPENED, ...: past its end */
        PlekFreshness freshness; /* of what leads; NEVER: nothing does */
        int64_t age_ms;          /* of what leads; -1: nothing does */
        int64_t since_ms;        /* or PLEK_NO_TIME */
        PlekEnrolled enrolled;   /* who says what leads; who is not any more may be wrong */
        PlekOpening opening;     /* by the hours of what it offers, or else its card's */
        uint32_t exceptions[PLEK_EXCEPTIONS_MAX];
        size_t n_exceptions;
        PlekNarrowerDoor narrower[PLEK_NARROWER_MAX]; /* for whom something stricter leads there */
        size_t n_narrower;
} PlekNeighbour;

typedef struct PlekNeighbours {
        PlekNeighbour nearest[PLEK_NEIGHBOURS_MAX]; /* nearest first */
        size_t n_nearest;
        size_t n_stopped; /* of these: have a stop or are closed; but for */
        size_t n_expired; /* those whose stop is past its end, which nobody ended */
        size_t n_shut;    /* of the others: are outside their hours, whatever their doors say */
        bool all_stopped; /* there is one at least, and each is one of these */
        bool is_partial;  /* other regions are not followed (PlekSubscriberOptions.all_doors): there
                             may be nearer ones, so that all_stopped is never said */
        bool has_next;
        /* The nearest of all, neighbour or not, that is open or restricted and not outside its
         * hours, by a fresh statement of who is enrolled, and for everybody; if there is none such,
         * by one that is old, past its end and unconfirmed, or not for some. */
        PlekNeighbour next;
        /* Where the scope names no care: other places that say so of their cares only, and were not
         * looked at. */
        size_t n_not_compared;
} PlekNeighbours;

/*
 * The locations next nearest to @scope's for its care: those with a card that says where they are
 * and a door for the same care, of which nobody says that it is not offered there; where the scope
 * names none, those of the same kind with a door for the whole of it. What leads there is asked for
 * the scope's group and urgency; its unit is not looked at. @rule may be NULL.
 *
 * Returns 0, PLEK_E_NOT_FOUND (no card says where the location is), -EINVAL or -ENOMEM.
 */
PLEK_PUBLIC int plek_subscriber_neighbours(PlekSubscriber *subscriber, const PlekDoorScope *scope,
                                           const PlekNeighbourRule *rule,
                                           PlekNeighbours *ret_neighbours);

#ifdef __cplusplus
}
#endif
