#pragma once

/*
 * PlekHistory: what was said of a location, or of all doors, between two times
 *
 * Each moment is somebody's signed word, checked against the enrolment that was in force when the
 * broker took it. It has two times that are not the same: when it was true (observed), by which it
 * is asked for, and when the broker had it (received), by which the picture knew it. A report that
 * arrived more than seven days after it was observed, longer than any may hold, was never current
 * and is not part of a history.
 *
 * Shown is what we may read under the stricter of then and now: what has since been kept for
 * coordination centres is for them in its past, too.
 *
 * With it, if asked for, who has seen what, and when: acknowledgements, shown to whom what they are
 * of is.
 */

#include "plek/client.h"
#include "plek/subscriber.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum PlekMomentKind {
        PLEK_MOMENT_STOOD,     /* said before; it stood when the time asked about began */
        PLEK_MOMENT_SAID,      /* something new */
        PLEK_MOMENT_RESTATED,  /* the same again; only if asked for */
        PLEK_MOMENT_MOVED,     /* its location came to another region */
        PLEK_MOMENT_WITHDRAWN, /* by its party or by the broker; withdrawn says why */
} PlekMomentKind;

/* What somebody has seen. Which record it is, its moment's report says. */
typedef struct PlekMomentSeen {
        const char *party;      /* whose record; NULL: the moment is no acknowledgement */
        const char *party_name; /* or NULL */
        uint64_t revision;      /* which statement: that one, or the last before it; 0: withdrawn */
        const char *function;   /* of whoever saw it; NULL: not said */
} PlekMomentSeen;

typedef struct PlekMoment {
        PlekMomentKind kind;
        const char *party;
        const char *party_name; /* or NULL */
        const char *region;     /* of the location then; NULL: it is not known any more */
        PlekReport report;      /* of a withdrawal, only what the record's key says; of an
                                 * acknowledgement, only what that of the record seen says */
        PlekMomentSeen seen;
        uint64_t revision;
        int64_t observed_at_ms; /* of a withdrawal and an acknowledgement, as received */
        int64_t received_at_ms;
        int64_t since_ms;        /* since when the same was said, by when it was received */
        PlekWithdrawn withdrawn; /* 0: it was not */
        uint32_t flags;          /* PLEK_FLAG_* */
        bool available_known;    /* counts: free places, as given or computed */
        bool available_computed;
        int32_t available;
        bool is_distrusted;        /* its party's key was in other hands when it was received */
        const PlekRegion *regions; /* the others that the location belonged to then */
        size_t n_regions;
} PlekMoment;

typedef struct PlekHistoryQuestion {
        const char *location; /* NULL: of all locations, doors and cards, or flows and refusals */
        const char *unit;     /* NULL: all */
        uint32_t care;        /* PlekCare; 0: all */
        uint32_t reports;     /* PLEK_REPORT_SET()s; 0: all that may be asked */
        int64_t from_ms, to_ms;
        bool with_restated; /* also what says the same again */
        bool with_seen;     /* of a location: also acknowledgements of any of its records */
} PlekHistoryQuestion;

/* For PlekHistoryQuestion.reports. */
#define PLEK_REPORT_SET(_kind) (1u << ((_kind)-PLEK_REPORT_COUNTS))

typedef struct PlekHistory {
        const PlekMoment *moments; /* in the order in which the broker took them */
        size_t n_moments;
        size_t n_doubtful; /* left out, since their signatures do not hold: the broker is at fault
                            */
        bool is_thinned;   /* of this time not everything is kept any more */
        /* Before this nothing was kept, or is any more: of a time that begins earlier that part is
         * not told. 0: the broker does not say. */
        int64_t kept_from_ms;
        bool is_known; /* somebody speaks for that location, or did; of all: yes */
} PlekHistory;

/* Returns as the other questions of plek/client.h; also PLEK_E_INVALID. */
PLEK_PUBLIC int plek_client_history(PlekClient *client, const PlekHistoryQuestion *question,
                                    PlekHistory *ret_history, PlekFault *ret_fault);

#ifdef __cplusplus
}
#endif
