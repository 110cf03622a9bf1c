#pragma once

/*
 * PlekFlows: how many went from one link of the chain to the next, and what could not be taken
 *
 * Told from the signed words of the past, with what this reader may read. A report counts if its
 * whole period is in the time that is asked about; its last word counts, and nobody counts twice:
 * of several parties' words on parts that may share somebody one counts, what names less first.
 *
 * An answer for others than coordination centres has nothing in it but whole reports that they may
 * read and whose counts are 0 or more than 4. No total has anything in it that its parts do not
 * show, so none of them is to be had as a difference. That something was left out is said, and not
 * how much.
 */

#include "plek/history.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct PlekFlowsQuestion {
        PlekStatus status;    /* 0: ACTUAL */
        const char *scheme;   /* of the region (rav, province, ...); NULL: a home region */
        const char *region;   /* NULL: all */
        const char *location; /* NULL: all */
        uint32_t care;        /* PlekCare; 0: all */
        int64_t from_ms, to_ms;
        bool by_location;      /* else by link of the chain alone */
        PlekAudience audience; /* for whom the answer is; 0: us. Never for more than we may read */
} PlekFlowsQuestion;

/* One flow. Where they left the chain, to HOME or ELSEWHERE, the location is what they left. */
typedef struct PlekFlowCell {
        const char *region;
        uint32_t care;
        uint32_t from, to;                       /* PlekChain */
        const char *from_location, *to_location; /* by location; NULL: it is not said */
        int64_t count;
        size_t n_reports;   /* that are in it; 0: nothing is shown */
        size_t n_withheld;  /* of them without a number: there were more than @count says */
        bool is_suppressed; /* something was left out that is not for this audience */
} PlekFlowCell;

/* Requests of one kind that a unit could not take. */
typedef struct PlekRefusalCell {
        const char *region;
        uint32_t care;
        const char *location;
        const char *unit; /* or NULL */
        uint32_t reason;  /* PlekReason; 0: not said */
        uint32_t from;    /* PlekChain; 0: not said */
        int64_t count;
        bool is_suppressed;
} PlekRefusalCell;

typedef struct PlekFlows {
        const PlekFlowCell *cells; /* by region, care, from, to, then locations */
        size_t n_cells;
        const PlekRefusalCell *refusals; /* by region, care, location, unit, reason, from */
        size_t n_refusals;
        size_t n_crossing;    /* reports that began before or ended after the time: in no cell */
        size_t n_overlapping; /* reports on what another counts already: in no cell */
        bool is_suppressed;
        bool is_cut;          /* the past is kept from later on: there may have been more */
        int64_t kept_from_ms; /* as in PlekHistory */
        size_t n_doubtful;    /* as in PlekHistory */
        PlekAudience audience;
} PlekFlows;

/* Returns as plek_client_history(). */
PLEK_PUBLIC int plek_client_flows(PlekClient *client, const PlekFlowsQuestion *question,
                                  PlekFlows *ret_flows, PlekFault *ret_fault);

#ifdef __cplusplus
}
#endif
