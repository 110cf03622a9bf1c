#include "derived/flows.h"

#include <string.h>

/*
 * Flows
 *
 * Three sorts. By record and revision, to find the last word on each; by flow and period, to count
 * nobody twice; and by cell, to add up.
 */

static int compare_texts(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) : !!a - !!b; /* none before any */
}

static int compare_numbers(int64_t a, int64_t b)
{
        return (a > b) - (a < b);
}

#define OR_NEXT(_order, _next) ((_order) ? (_order) : (_next))

/* ------------------------------------------------------------------ the last word on each */

/* What tells two records of one flow apart, but for the party. */
static int compare_parts(const FlowWord *a, const FlowWord *b)
{
        int order = compare_texts(a->unit, b->unit);

        order = OR_NEXT(order, compare_texts(a->other, b->other));
        return OR_NEXT(order, memcmp(a->id, b->id, sizeof(a->id)));
}

/* A flow: a place, a kind of care, two links. */
static int compare_flows(const FlowWord *a, const FlowWord *b)
{
        int order = a->is_refusal - b->is_refusal;

        order = OR_NEXT(order, strcmp(a->location, b->location));
        order = OR_NEXT(order, compare_numbers(a->care, b->care));
        if (order || a->is_refusal)
                return order;
        order = compare_numbers(a->from, b->from);
        return OR_NEXT(order, compare_numbers(a->to, b->to));
}

static int compare_records(const FlowWord *a, const FlowWord *b)
{
        int order = compare_flows(a, b);

        if (!a->is_refusal) {
                order = OR_NEXT(order, compare_numbers(a->from_ms, b->from_ms));
                order = OR_NEXT(order, compare_numbers(a->until_ms, b->until_ms));
        }
        if (order)
                return order;
        /* A refusal is known by its id alone, wherever in the location it was. */
        order = a->is_refusal ? memcmp(a->id, b->id, sizeof(a->id)) : compare_parts(a, b);
        return OR_NEXT(order, strcmp(a->party, b->party));
}

static int by_record(const void *a, const void *b)
{
        const FlowWord *x = a, *y = b;
        int order = compare_records(x, y);

        order = OR_NEXT(order, (x->revision > y->revision) - (x->revision < y->revision));
        return OR_NEXT(order,
                       y->is_withdrawn - x->is_withdrawn); /* of one revision it goes first */
}

static size_t keep_last(FlowWord *words, size_t n_words)
{
        size_t n = 0;

        if (n_words)
                qsort(words, n_words, sizeof(*words), by_record);
        for (size_t i = 0; i < n_words; i++) {
                bool is_last = i + 1 == n_words || compare_records(&words[i], &words[i + 1]);

                if (is_last && !words[i].is_withdrawn)
                        words[n++] = words[i];
        }
        return n;
}

/* ------------------------------------------------------------------ nobody twice */

static int by_period(const void *a, const void *b)
{
        const FlowWord *x = a, *y = b;
        int order = compare_flows(x, y);

        order = OR_NEXT(order, compare_numbers(x->from_ms, y->from_ms));
        order = OR_NEXT(order, compare_numbers(y->until_ms, x->until_ms));
        order = OR_NEXT(order, compare_parts(x, y));
        order = OR_NEXT(order, (x->revision < y->revision) - (x->revision > y->revision));
        return OR_NEXT(order, strcmp(x->party, y->party));
}

typedef struct Sweep {
        const FlowWord **counted; /* of the period that counts; there is room for all words */
        size_t n_counted;
        bool has_parties; /* they are of more than one */
        bool is_covered;  /* some part of its period has a number */
} Sweep;

typedef enum Turn {
        TURN_AGAIN,  /* somebody is in it who has been counted */
        TURN_PART,   /* another part of the period that counts */
        TURN_PERIOD, /* the next one */
} Turn;

static bool is_other(const char *a, const char *b)
{
        return a && b && strcmp(a, b) != 0;
}

/* One party's parts are apart, as it knows who is in which; those of two only if it is seen: nobody
 * arrives in two units, or from two places. */
static bool may_share(const FlowWord *a, const FlowWord *b)
{
        return strcmp(a->party, b->party) != 0 && !is_other(a->unit, b->unit) &&
               !is_other(a->other, b->other);
}

static bool is_told_already(const Sweep *sweep, const FlowWord *word)
{
        if (!sweep->has_parties && !strcmp(sweep->counted[0]->party, word->party))
                return false;
        for (size_t i = 0; i < sweep->n_counted; i++)
                if (may_share(sweep->counted[i], word))
                        return true;
        return false;
}

/* In order of by_period(). */
static Turn take_turn(Sweep *sweep, const FlowWord *word)
{
        const FlowWord *first = sweep->n_counted ? sweep->counted[0] : NULL;
        Turn turn = TURN_PERIOD;

        if (word->is_refusal)
                return TURN_PERIOD;
        if (first && compare_flows(first, word))
                first = NULL;
        if (first && first->from_ms == word->from_ms && first->until_ms == word->until_ms) {
                if (is_told_already(sweep, word))
                        return TURN_AGAIN;
                turn = TURN_PART;
        } else if (first && word->from_ms < first->until_ms) {
                return TURN_AGAIN;
        }
        if (turn == TURN_PERIOD) {
                sweep->n_counted = 0;
                sweep->has_parties = sweep->is_covered = false;
        }
        sweep->counted[sweep->n_counted++] = word;
        sweep->has_parties |= strcmp(sweep->counted[0]->party, word->party) != 0;
        return turn;
}

static void sweep_deinit(Sweep *sweep)
{
        free(sweep->counted);
        *sweep = (Sweep){ 0 };
}

/* How much more time there is a number of, now that @word counts. */
static int64_t cover(Sweep *sweep, const FlowWord *word)
{
        if (word->is_refusal || !word->has_count || sweep->is_covered)
                return 0;
        sweep->is_covered = true;
        return word->until_ms - word->from_ms;
}

/* ------------------------------------------------------------------ cells */

static int by_flow_cell(const void *a, const void *b)
{
        const FlowCell *x = a, *y = b;
        int order = strcmp(x->region, y->region);

        order = OR_NEXT(order, compare_numbers(x->care, y->care));
        order = OR_NEXT(order, compare_numbers(x->from, y->from));
        order = OR_NEXT(order, compare_numbers(x->to, y->to));
        order = OR_NEXT(order, compare_texts(x->from_location, y->from_location));
        return OR_NEXT(order, compare_texts(x->to_location, y->to_location));
}

static int by_refusal_cell(const void *a, const void *b)
{
        const FlowCell *x = a, *y = b;
        int order = strcmp(x->region, y->region);

        order = OR_NEXT(order, compare_numbers(x->care, y->care));
        order = OR_NEXT(order, compare_texts(x->to_location, y->to_location));
        order = OR_NEXT(order, compare_texts(x->unit, y->unit));
        order = OR_NEXT(order, compare_numbers(x->reason, y->reason));
        return OR_NEXT(order, compare_numbers(x->from, y->from));
}

static void place_cell(FlowCell *cell, const FlowWord *word, bool by_location)
{
        if (word->is_refusal || !by_location) {
                cell->to_location = word->is_refusal ? word->location : NULL;
        } else if (flow_leaves(word->to)) {
                cell->from_location = word->location;
        } else {
                cell->from_location = word->other;
                cell->to_location = word->location;
        }
}

static FlowCell cell_of(const FlowWord *word, const FlowsQuestion *question, bool is_suppressed,
                        int64_t covered_ms)
{
        FlowCell cell = {
                .region = word->region,
                .care = word->care,
                .from = word->from,
                .to = word->to,
                .unit = word->is_refusal ? word->unit : NULL,
                .reason = word->reason,
                .is_suppressed = is_suppressed,
        };

        place_cell(&cell, word, question->by_location);
        if (is_suppressed)
                return cell;
        cell.n_reports = 1;
        cell.n_withheld = !word->has_count;
        cell.count = word->has_count ? word->count : 0;
        cell.covered_ms = covered_ms;
        return cell;
}

static size_t add_up(FlowCell *cells, size_t n_cells, int (*compare)(const void *, const void *))
{
        size_t n = 0;

        if (n_cells)
                qsort(cells, n_cells, sizeof(*cells), compare);
        for (size_t i = 0; i < n_cells; i++) {
                FlowCell *cell = n ? &cells[n - 1] : NULL;

                if (!cell || compare(cell, &cells[i])) {
                        cells[n++] = cells[i];
                        continue;
                }
                cell->count += cells[i].count;
                cell->n_reports += cells[i].n_reports;
                cell->n_withheld += cells[i].n_withheld;
                cell->covered_ms += cells[i].covered_ms;
                cell->is_suppressed |= cells[i].is_suppressed;
        }
        return n;
}

/* ------------------------------------------------------------------ the answer */

static bool is_asked(const FlowWord *word, const FlowsQuestion *question)
{
        return (!question->region || !strcmp(question->region, word->region)) &&
               (!question->location || !strcmp(question->location, word->location)) &&
               (!question->care || question->care == word->care);
}

typedef enum Within { OUTSIDE, CROSSING, INSIDE } Within;

static Within within(const FlowWord *word, const FlowsQuestion *question)
{
        if (word->is_refusal)
                return word->from_ms >= question->from_ms && word->from_ms < question->to_ms
                               ? INSIDE
                               : OUTSIDE;
        if (word->until_ms <= question->from_ms || word->from_ms >= question->to_ms)
                return OUTSIDE;
        return word->from_ms >= question->from_ms && word->until_ms <= question->to_ms ? INSIDE
                                                                                       : CROSSING;
}

/* A refusal is about a few, whatever it counts. */
static bool may_be_told(const FlowWord *word, const FlowsQuestion *question)
{
        if (question->audience == AUDIENCE_COORD)
                return true;
        return !word->is_refusal && word->audience <= question->audience &&
               !(word->has_count && count_is_small(word->count));
}

static void take(Flows *flows, Sweep *sweep, const FlowWord *word, const FlowsQuestion *question)
{
        bool is_told = may_be_told(word, question);
        FlowCell cell;

        switch (within(word, question)) {
        case OUTSIDE:
                return;
        case CROSSING:
                flows->n_crossing += is_told;
                return;
        case INSIDE:
                break;
        }
        /* What is not told does not stand in the way of what is. */
        if (is_told && take_turn(sweep, word) == TURN_AGAIN) {
                flows->n_overlapping++;
                return;
        }
        cell = cell_of(word, question, !is_told, is_told ? cover(sweep, word) : 0);
        flows->is_suppressed |= !is_told;
        if (word->is_refusal)
                flows->refusals[flows->n_refusals++] = cell;
        else
                flows->cells[flows->n_cells++] = cell;
}

int flows_make(Flows *ret_flows, FlowWord *words, size_t n_words, const FlowsQuestion *question)
{
        CLEANUP(flows_deinit) Flows flows = FLOWS_NULL;
        CLEANUP(sweep_deinit) Sweep sweep = { 0 };

        n_words = keep_last(words, n_words);
        flows.cells = calloc(n_words + 1, sizeof(*flows.cells));
        flows.refusals = calloc(n_words + 1, sizeof(*flows.refusals));
        sweep.counted = calloc(n_words + 1, sizeof(sweep.counted[0]));
        if (!flows.cells || !flows.refusals || !sweep.counted)
                return err_raise(-ENOMEM);

        if (n_words)
                qsort(words, n_words, sizeof(*words), by_period);
        for (size_t i = 0; i < n_words; i++)
                if (is_asked(&words[i], question))
                        take(&flows, &sweep, &words[i], question);
        flows.n_cells = add_up(flows.cells, flows.n_cells, by_flow_cell);
        flows.n_refusals = add_up(flows.refusals, flows.n_refusals, by_refusal_cell);
        *ret_flows = flows;
        flows = FLOWS_NULL;
        return 0;
}

void flows_deinit(Flows *flows)
{
        free(flows->cells);
        free(flows->refusals);
        *flows = FLOWS_NULL;
}

FlowsLoad flows_load_of(const Flows *flows)
{
        FlowsLoad load = { .per_hour = -1 };

        for (size_t i = 0; i < flows->n_cells; i++) {
                const FlowCell *cell = &flows->cells[i];

                if (flow_leaves(cell->to))
                        continue;
                load.n_withheld += cell->n_withheld;
                if (cell->covered_ms)
                        load.per_hour = MAX(load.per_hour, 0.0) +
                                        (double)cell->count * 3600e3 / (double)cell->covered_ms;
        }
        return load;
}
