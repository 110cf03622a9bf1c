#pragma once

/*
 * Who has answered a call, and what they said: rules on records alone
 *
 * What is asked for are the counts of the cares that the call names, of its status. A location that
 * has no such counts is asked for its doors that hold now. A report received since the call answers
 * it, also one that says the same again, unless it was old already when it came; an affirm does
 * not, since it says that a source was there and not that it was asked.
 *
 * Only what the caller may read counts, so that a call tells nobody of what is not for them.
 */

#include "picture/picture.h"
#include "wire/call.h"

/* What is looked at, and how: a call, from when on a report answers it, for whose eyes. */
typedef struct CallScope {
        const Call *call;
        int64_t since_ms;
        Audience audience;
        uint64_t after; /* ... that is of a later revision; 0: any */
} CallScope;

typedef struct CallTally {
        uint32_t n_records;  /* that were asked for */
        uint32_t n_answered; /* reported since */
        int64_t last_ms;     /* received_at of the newest of those, or TIME_ABSENT */
} CallTally;

/* One party at one location. */
typedef struct CallPlace {
        const char *party;
        const char *location;
} CallPlace;

/* Whether whoever said @group (NULL: nothing is held) is asked: all are where the call names no
 * care; else those that say something about such care: counts, a door, or that they give it; and
 * those that say nothing of any care, of which nobody knows that they do not. */
bool call_concerns(const CallScope *scope, const RecordGroup *group);

CallTally call_tally(const CallScope *scope, const RecordGroup *group);
/* Whoever holds nothing that was asked for has answered with its first report of it. */
bool call_is_answered(const CallTally *tally);

/*
 * Free places by triage colour: the sum of what was reported since the call, each place (location,
 * unit, care) once. Of several parties' reports of one place the one received last counts, of those
 * received together that of the first party by name; a report of the location as a whole stands for
 * its units. ISOLATION kinds overlap others and are left out. Of each sum it is told how many are
 * behind a shut door: where what leads for that place and care at @now_ms, of what those asked say
 * and the caller may read, is a stop (also past its end), closed or not applicable. @place_at()
 * gives each place that was asked, @n_places of them. @arena is used up. Returns 0 or -ENOMEM.
 */
MUST_CHECK int call_triage(CallTriage *ret_triage, const CallScope *scope, const Picture *picture,
                           CallPlace (*place_at)(const void *arg, size_t index), const void *arg,
                           size_t n_places, int64_t now_ms, Arena *arena);
