#pragma once

/*
 * Alert: when somebody must look at a door now, and until when they are reminded
 *
 * A scope raises an alert when what leads for it becomes one of the states that are watched, or
 * says something else in one. It is repeated until somebody has acknowledged it or it has ended,
 * and escalated if that takes too long, also if it is said in other words meanwhile. A scope that
 * changes more often than somebody can act on is told of once, as flapping, and is quiet until it
 * has been steady for a while; what it is then is told anew.
 *
 * A plan of such a state is a scope of its own, as long as it has not begun: told when it is
 * announced or says something else, told again when it is about to begin, and over when it is
 * called off. When it begins it is what leads, which is told where that is.
 *
 * Pure: what leads and the time are given, and the same at the same time changes nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/update.h"

enum {
        ALERT_CHANGES_MAX = 16, /* that are remembered: the highest n_flaps */
        ALERT_SAYINGS_MAX = 4,  /* of one look */
};

typedef struct AlertRules {
        uint32_t states; /* 1u << door state: those that raise one */
        bool tell_expired;
        bool tell_announced; /* a plan of such a state, when it is announced */
        int64_t soon_ms;     /* and so long before it begins; 0: not */
        int64_t repeat_ms;   /* 0: once */
        int64_t escalate_ms; /* 0: never */
        size_t n_flaps;      /* more changes than this within the window are too many; 0: any */
        int64_t flap_window_ms;
        int64_t flap_steady_ms;
} AlertRules;

/* What leads for a scope, or what a plan says. */
typedef struct AlertView {
        uint32_t state; /* or 0: unknown */
        bool is_expired;
        int64_t since_ms;  /* since when it says this; TIME_ABSENT: nobody says anything */
        bool is_elsewhere; /* it is said of a wider scope, which has an alert of its own */
        bool is_seen;      /* somebody whose word counts has acknowledged it */
        /* Of a plan, whose state is 0 once it is called off. */
        bool is_plan;
        bool is_old; /* it stood already when this reader came: announcing it is no news */
        int64_t starts_at_ms;
} AlertView;

typedef enum AlertCause {
        ALERT_NONE,
        ALERT_STATE,     /* a state that is watched */
        ALERT_EXPIRED,   /* one whose end has passed: nobody has said what is now */
        ALERT_ANNOUNCED, /* one to come */
        ALERT_SOON,      /* the same, about to begin */
} AlertCause;

typedef enum AlertSaying {
        ALERT_RAISED = 1,
        ALERT_REPEATED,
        ALERT_ESCALATED,
        ALERT_ACKNOWLEDGED,
        ALERT_ENDED,    /* what leads now raises none */
        ALERT_FLAPPING, /* and is quiet from now on */
        ALERT_STEADY,   /* no longer */
} AlertSaying;

typedef struct AlertSaid {
        AlertSaying saying;
        AlertCause cause; /* of ENDED: of the alert that has ended; FLAPPING, STEADY: NONE */
} AlertSaid;

/* All zero to begin. */
typedef struct AlertScope {
        bool has_view;
        AlertView view;
        bool is_active; /* raised, and neither acknowledged nor ended */
        bool is_escalated;
        bool is_flapping;
        bool is_soon;         /* the plan is about to begin */
        AlertCause cause;     /* of what leads now */
        int64_t raised_at_ms; /* since when nobody has seen it, whatever it says meanwhile */
        int64_t repeat_at_ms;
        int64_t changed_at_ms[ALERT_CHANGES_MAX]; /* a ring */
        size_t n_changes;
} AlertScope;

bool alert_is_watched(const AlertRules *rules, uint32_t state);
/* Looks at @view at @now_ms, which never goes back. Returns how many things are to be said. */
size_t alert_look(AlertScope *scope, const AlertRules *rules, const AlertView *view, int64_t now_ms,
                  AlertSaid ret_said[ALERT_SAYINGS_MAX]);
/* When to look again though nothing has changed; INT64_MAX: never. */
int64_t alert_due_ms(const AlertScope *scope, const AlertRules *rules);
