#pragma once

/*
 * PlekCallProgress: a coordinator asks all agents of a region to report now
 *
 * What is asked for are the counts of the region's locations, of the cares that are named, or of
 * all; of a location that has none, its doors. Each report that the broker accepts from then on is
 * an answer, also one that says the same again. Reports are in the picture like any other: a call
 * only shows who has sent them.
 *
 * A call is on a region, or on locations that are named, of any region: an agent of before that
 * knows none of these, and a broker of before refuses such a call.
 *
 * Our key's party must have the role of a coordinator. Each agent checks that by itself, so a
 * broker alone makes nobody report.
 */

#include "plek/client.h"
#include "plek/publisher.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
        PLEK_CALL_LONGEST_MS = 3600 * 1000,
        PLEK_TRIAGE_COLOURS = 4, /* red, yellow, green, black */
};

typedef struct PlekCallOptions {
        const char *region;           /* home region; NULL: locations are named */
        const char *const *locations; /* NULL: all of the region */
        size_t n_locations;           /* at most PLEK_CALL_LOCATIONS_MAX */
        PlekStatus status;     /* 0: ACTUAL; or EXERCISE, which reports of an exercise answer */
        const uint32_t *cares; /* PlekCare; NULL: all */
        size_t n_cares;
        int64_t within_ms; /* the deadline; at most PLEK_CALL_LONGEST_MS */
        bool wants_triage; /* free places by triage colour */
        const char *text;  /* what agents show; at most 280 bytes, no patient data; or NULL */
} PlekCallOptions;

typedef enum PlekCallState {
        PLEK_CALL_ASKED = 1,   /* its agent is connected and was told */
        PLEK_CALL_ANSWERED,    /* all that was asked for was reported since the call */
        PLEK_CALL_UNREACHABLE, /* no agent of it is connected: telephone */
        PLEK_CALL_BARRED,      /* suspended, or its enrolment is over, so that nothing of it is
                                * taken: telephone */
} PlekCallState;

/* One party at one location. */
typedef struct PlekCallLine {
        const char *party;
        const char *location;
        const char *name;  /* of the location; NULL: it has no card that we may read */
        const char *phone; /* by the rule of plek/doors.h; NULL: none is known */
        PlekCallState state;
        uint32_t n_records;  /* that it holds of what was asked for */
        uint32_t n_answered; /* reported since the call */
        int64_t since_ms;    /* answered, or lost, then; or PLEK_NO_TIME */
} PlekCallLine;

/* How a call stands. */
typedef struct PlekCallProgress {
        int64_t asked_at_ms, until_ms; /* the broker's time */
        int64_t now_ms;
        const PlekCallLine *lines; /* by party, then by location */
        size_t n_lines;
        size_t n_answered, n_unreachable, n_barred;
        bool is_final;   /* all have answered, or the deadline has passed */
        bool is_cut_off; /* the broker cannot be reached now: as it was last known */
        bool has_triage; /* what follows was asked for */
        size_t n_places; /* that said anything of triage */
        bool triage_is_known[PLEK_TRIAGE_COLOURS]; /* absent is not zero */
        int64_t triage[PLEK_TRIAGE_COLOURS];       /* the sum of what was reported since */
        /* Of these, behind a door that leads for them and is a stop, closed or not applicable. */
        int64_t triage_shut[PLEK_TRIAGE_COLOURS];
} PlekCallProgress;

/* @call is borrowed. False: enough; agents are not told. Must not use the client. */
typedef bool (*PlekCallFn)(void *arg, const PlekCallProgress *call);

/*
 * Makes a call and waits until it is over, telling @fn how it stands at first and whenever that
 * changes. Goes on by itself over a lost connection or a broker that was started anew: it is the
 * same call, and whoever has answered is not asked again.
 *
 * Returns 0 (it is over: the last that @fn was told is final; or @fn has had enough),
 * PLEK_E_INVALID
 * (*ret_fault says what of @options), PLEK_E_REFUSED, PLEK_E_TIMEOUT (the broker was not reached),
 * -EINVAL (@client is a guest or on the control socket), -ENOMEM or -errno.
 */
PLEK_PUBLIC int plek_client_call(PlekClient *client, const PlekCallOptions *options, PlekCallFn fn,
                                 void *arg, PlekFault *ret_fault);

#ifdef __cplusplus
}
#endif
