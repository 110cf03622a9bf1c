#pragma once

/*
 * Alerts: what somebody should look at now, and that somebody has
 *
 * An acknowledgement says that a party has seen what a record of another party says. It is signed,
 * handed to the broker, and shown to everybody who may read that record; it ends by itself when the
 * record says something else.
 */

#include "plek/client.h"
#include "plek/doors.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ who has seen it */

enum { PLEK_ACKS_MAX = 64 }; /* of one record */

/* Strings are borrowed until the next call on the subscriber. */
typedef struct PlekAck {
        const char *by;       /* the party that has seen it */
        const char *by_name;  /* what people call it, from its enrolment; or NULL */
        const char *function; /* of whoever saw it, "regievoerder"; NULL: not said */
        int64_t at_ms;        /* when the broker accepted it */
        PlekEnrolled enrolled;
        PlekRecordKey of; /* the record that was seen */
} PlekAck;

/* Who has seen what @key names now, its party included. At most @n_max of PLEK_ACKS_MAX are
 * written; *ret_n says how many. Returns 0, PLEK_E_NOT_FOUND (there is no such record) or -ENOMEM.
 */
PLEK_PUBLIC int plek_subscriber_acks(PlekSubscriber *subscriber, const PlekRecordKey *key,
                                     PlekAck *ret_acks, size_t n_max, size_t *ret_n);

/*
 * Says that we have seen @record, as a subscriber at @epoch (plek_subscriber_position()) shows it.
 * @function is who saw it, at most 64 bytes, and no name of a person; NULL: not said.
 *
 * Returns as other questions. Refusals: STATEMENT (it says something else by now: look again),
 * NOT_FOUND (there is no such record, or it is not for us), FIELD (our own record, or not a door,
 * card or offering), QUOTA. Also PLEK_E_INVALID.
 */
PLEK_PUBLIC int plek_client_ack(PlekClient *client, const PlekRecord *record, uint64_t epoch,
                                const char *function, uint64_t *ret_revision, PlekFault *ret_fault);

/* Takes that back. */
PLEK_PUBLIC int plek_client_unack(PlekClient *client, const PlekRecord *record,
                                  PlekFault *ret_fault);

/* ------------------------------------------------------------------ alerts */

/*
 * PlekAlerts: what a desk must be told of, when, and for how long
 *
 * It looks at what leads for each scope of a subscriber's picture that the rules name, and calls
 * back when somebody must look. An alert is raised when what leads becomes, or says something else
 * in, one of the states that are watched; it is repeated until somebody acknowledges it or it ends,
 * and escalated if that takes too long. A scope that changes too often is told of once, and then
 * quiet until it is steady again. What is said of a wider scope raises one alert, there. Each plan
 * of such a state has an alert of its own until it begins: it is raised when it is announced or
 * says something else, and again when it is about to begin, and ends when it is called off.
 *
 * It belongs to its subscriber and thread. Call it from the subscriber's callbacks record, door and
 * ack, and plek_alerts_process() after each time that the subscriber was run:
 *
 *         plek_subscriber_run(subscriber, plek_alerts_timeout_ms(alerts));
 *         plek_alerts_process(alerts);
 *
 * It does not know whether the picture is fed: silence is only peace while
 * plek_subscriber_link_state() says LIVE, and whoever shows alerts must show that, too.
 */
typedef struct PlekAlerts PlekAlerts;

typedef enum PlekAlertSaying {
        PLEK_ALERT_RAISED = 1,
        PLEK_ALERT_REPEATED,
        PLEK_ALERT_ESCALATED,
        PLEK_ALERT_ACKNOWLEDGED, /* by somebody whose word counts */
        PLEK_ALERT_ENDED,        /* what leads now raises none: nobody need have lifted it */
        PLEK_ALERT_FLAPPING,     /* it changes too often, and is quiet from now on */
        PLEK_ALERT_STEADY,       /* no longer */
} PlekAlertSaying;

typedef enum PlekAlertCause {
        PLEK_ALERT_NONE,
        PLEK_ALERT_STATE,     /* a state that is watched */
        PLEK_ALERT_EXPIRED,   /* one whose end has passed: nobody has said what is now */
        PLEK_ALERT_ANNOUNCED, /* a plan of one */
        PLEK_ALERT_SOON,      /* the same, about to begin */
} PlekAlertCause;

/* How an alert has ended. */
typedef enum PlekAlertEnd {
        PLEK_ALERT_END_SAID,       /* what leads now was said, or began, and raises none */
        PLEK_ALERT_END_WITHDRAWN,  /* by its party, which says nothing instead */
        PLEK_ALERT_END_NOT_SHARED, /* with us: for others it holds */
        PLEK_ALERT_END_DISTRUSTED, /* its party's key was in other hands */
        PLEK_ALERT_END_ENROLMENT,  /* its party does not speak for the location any more */
        PLEK_ALERT_END_GONE,       /* it is not held any more, and why is not known */
} PlekAlertEnd;

/* Set it with PLEK_ALERT_RULES_INIT first. What is listed is copied; nothing listed: all. */
typedef struct PlekAlertRules {
        const char *const *locations;
        size_t n_locations;
        const PlekRegion *regions; /* scheme NULL: a home region */
        size_t n_regions;
        const uint32_t *cares; /* PlekCare; a door for the whole of a location is about each */
        size_t n_cares;

        uint32_t states; /* PLEK_ALERT_STATE_BIT()s that raise one */
        bool tell_expired, tell_announced;
        bool with_test;      /* also what is marked TEST, if the subscriber has it */
        int64_t soon_ms;     /* before a plan begins; 0: not */
        int64_t repeat_ms;   /* 0: once */
        int64_t escalate_ms; /* 0: never */
        size_t n_flaps;      /* more changes than this within the window are too many; 0: any; 15 at
                                the most */
        int64_t flap_window_ms, flap_steady_ms;
        const char *acknowledged_by; /* whose word counts; NULL: anybody's */
} PlekAlertRules;

/* As acknowledged_by: the party of the subscriber, whoever that is. */
#define PLEK_ALERT_BY_US ""

#define PLEK_ALERT_STATE_BIT(_state) (1u << (_state))

/* Stops and closures; again each minute; two changes in a minute are no flapping, five are. */
#define PLEK_ALERT_RULES_INIT                                                                      \
        {                                                                                          \
                .states = PLEK_ALERT_STATE_BIT(PLEK_DOOR_STOP) |                                   \
                          PLEK_ALERT_STATE_BIT(PLEK_DOOR_CLOSED),                                  \
                .tell_expired = true, .tell_announced = true, .soon_ms = 30 * 60 * 1000,           \
                .repeat_ms = 60 * 1000, .escalate_ms = 5 * 60 * 1000, .n_flaps = 4,                \
                .flap_window_ms = 10 * 60 * 1000, .flap_steady_ms = 10 * 60 * 1000                 \
        }

/* What is announced, as it was last said. */
typedef struct PlekAlertPlan {
        PlekRecordKey key;                /* its record's */
        uint32_t state;                   /* PlekDoorState */
        int64_t starts_at_ms, ends_at_ms; /* the end may be PLEK_NO_TIME */
        uint32_t exceptions[PLEK_EXCEPTIONS_MAX];
        size_t n_exceptions;
} PlekAlertPlan;

/* Borrowed for the call, which may look up and iterate in the subscriber. */
typedef struct PlekAlert {
        PlekAlertSaying saying;
        PlekAlertCause cause;        /* of ENDED: of what has ended; of FLAPPING and STEADY: NONE */
        PlekAlertEnd end;            /* of ENDED */
        int64_t raised_at_ms;        /* or PLEK_NO_TIME: it is not */
        const PlekLeadingDoor *door; /* what leads now */
        const PlekAlertPlan *plan;   /* what the alert is about, if not what leads; or NULL */
} PlekAlert;

typedef void (*PlekAlertFn)(void *arg, const PlekAlert *alert);

/* @subscriber must outlive it. Returns 0, -EINVAL (n_flaps) or -ENOMEM. */
PLEK_PUBLIC int plek_alerts_new(PlekAlerts **ret_alerts, PlekSubscriber *subscriber,
                                const PlekAlertRules *rules, PlekAlertFn func, void *arg);
/* Returns NULL. */
PLEK_PUBLIC PlekAlerts *plek_alerts_free(PlekAlerts *alerts);

/* What the subscriber's callbacks were told. Nothing is called back yet. Each returns 0 or -ENOMEM,
 * after which plek_alerts_process() says so, too. */
PLEK_PUBLIC int plek_alerts_record(PlekAlerts *alerts, const PlekRecord *record);
PLEK_PUBLIC int plek_alerts_door(PlekAlerts *alerts, const PlekLeadingDoor *door);
PLEK_PUBLIC int plek_alerts_ack(PlekAlerts *alerts, const PlekAck *ack);

/* Looks at what has changed and at what is due. Returns 0 or -ENOMEM. */
PLEK_PUBLIC int plek_alerts_process(PlekAlerts *alerts);
/* For how long there is nothing to do, if nothing changes; -1: for ever. */
PLEK_PUBLIC int plek_alerts_timeout_ms(const PlekAlerts *alerts);

/* Alerts that are raised, and neither acknowledged nor ended. */
PLEK_PUBLIC size_t plek_alerts_n_active(const PlekAlerts *alerts);

#ifdef __cplusplus
}
#endif
