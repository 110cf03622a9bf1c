#pragma once

/*
 * Flows: how many went from one link of the chain to the next, and what could not be taken
 *
 * Words on what happened go in, a matrix comes out. The last word on a record counts. A period
 * counts if it is whole within what is asked. Each patient once: of several parties' words on just
 * the same the later received counts; of theirs on parts that are not seen to be apart (which only
 * coordination centres have) what names less, of no unit before of one, then of no origin before of
 * one; and of periods of one flow that overlap (likewise) that which began first, the longest of
 * those. A step from one place to another is told by where they arrived, and by nobody else.
 *
 * Suppression. An answer for others than coordination centres is made of whole reports that they
 * may read and that are 0 or more than SMALL_COUNT_MAX each; no sum has anything else in it. So a
 * total holds nothing that its parts do not show, and there is no remainder to take, whatever else
 * was asked. A cell says whether something was left out, and not how much.
 *
 * Pure. Strings of the answer are those of the words.
 */

#include "picture/picture.h"
#include "picture/registry.h"

/* A flow or a refusal, as it was said or withdrawn. */
typedef struct FlowWord {
        bool is_refusal, is_withdrawn;
        uint64_t revision;
        Audience audience;
        const char *party, *region, *location;
        const char *unit;  /* or NULL */
        const char *other; /* or NULL */
        uint32_t care, from, to, reason;
        bool has_count;
        int32_t count;
        int64_t from_ms, until_ms; /* of a refusal, twice the same */
        uint8_t id[EVENT_ID_BYTES];
} FlowWord;

typedef struct FlowsQuestion {
        const char *region;   /* NULL: all */
        const char *location; /* NULL: all */
        uint32_t care;        /* 0: all */
        int64_t from_ms, to_ms;
        bool by_location;
        Audience audience; /* for whom the answer is */
} FlowsQuestion;

typedef struct FlowCell {
        const char *region;
        const char *from_location, *to_location; /* by location, or of refusals: to; else NULL */
        const char *unit;                        /* of refusals; or NULL */
        uint32_t care, from, to;                 /* of refusals: to is 0; from may be */
        uint32_t reason;                         /* of refusals; 0: not said */
        int64_t count;
        size_t n_reports;   /* that are in it */
        size_t n_withheld;  /* that have no number */
        bool is_suppressed; /* something was left out that is not for this audience */
        int64_t covered_ms; /* of the periods that @count is of, added up; not of refusals */
} FlowCell;

typedef struct Flows {
        FlowCell *cells; /* by region, care, from, to, then locations */
        size_t n_cells;
        FlowCell *refusals; /* by region, care, location, unit, reason, from */
        size_t n_refusals;
        size_t n_crossing;    /* reports that began before or ended after what is asked */
        size_t n_overlapping; /* reports on what another counts already */
        bool is_suppressed;
} Flows;

#define FLOWS_NULL ((Flows){ 0 })

/* Puts @words in another order. Returns 0 or -ENOMEM. */
MUST_CHECK int flows_make(Flows *ret_flows, FlowWord *words, size_t n_words,
                          const FlowsQuestion *question);
void flows_deinit(Flows *flows);

/* A list that grows; strings are borrowed. */
typedef struct FlowWords {
        FlowWord *words;
        size_t n_words, n_room;
} FlowWords;

#define FLOW_WORDS_NULL ((FlowWords){ 0 })
MUST_CHECK int flow_words_add(FlowWords *words, const FlowWord *word);
/* The flows that @picture holds with @status, of @location or (NULL) of all, those distrusted
 * apart. Returns 0 or -ENOMEM. */
MUST_CHECK int flow_words_gather(FlowWords *words, const Picture *picture, const Registry *registry,
                                 Status status, const char *location, int64_t now_ms);
void flow_words_deinit(FlowWords *words);

/* How many come in an hour. */
typedef struct FlowsLoad {
        double per_hour;   /* each flow's count by the time that it covers, added up; negative: no
                            * number is known */
        size_t n_withheld; /* reports that somebody came without saying how many: it was more */
} FlowsLoad;

FlowsLoad flows_load_of(const Flows *flows);

enum { FLOWS_LOAD_DAYS = 28 };
/* The same of @location and @care over the last FLOWS_LOAD_DAYS before @now_ms, from what @picture
 * holds: of all that its reader may read. Returns 0 or -ENOMEM. */
MUST_CHECK int flows_load(FlowsLoad *ret_load, const Picture *picture, const Registry *registry,
                          Status status, const char *location, uint32_t care, int64_t now_ms);
