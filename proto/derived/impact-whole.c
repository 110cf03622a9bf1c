/*
 * The whole of a closure, from its parts
 *
 * A share of the whole is the shares of the parts, each by its time. What can only be counted
 * (areas, who ends up too far) is of all that are in any part. Without an end there is nothing to
 * divide by, and the whole is what holds when it begins.
 */

#include <string.h>

#include "derived/impact-internal.h"

#define MS_AN_HOUR (3600.0 * 1000)

static double hours_of(int64_t from_ms, int64_t to_ms)
{
        return to_ms == TIME_ABSENT ? -1 : (double)(to_ms - from_ms) / MS_AN_HOUR;
}

/* Negative: not known. */
static void load(ImpactTaken *taken, double load_per_hour, double hours)
{
        taken->load_per_hour = load_per_hour < 0 ? -1 : taken->share * load_per_hour;
        taken->load_in_all = load_per_hour < 0 || hours < 0 ? -1 : taken->load_per_hour * hours;
}

/* Where nobody lives the areas count alike. */
static void share_out(ImpactAnswer *answer, size_t i)
{
        const ImpactPart *part = &answer->parts[i];

        for (size_t s = 0; s < answer->n_shown; s++) {
                ImpactTaken *taken = &answer->shown[s].parts[i];

                if (part->weight > 0)
                        taken->share = taken->weight / part->weight;
                else if (part->n_moves)
                        taken->share = (double)taken->n_areas / (double)part->n_moves;
                load(taken, answer->load_per_hour, hours_of(part->from_ms, part->to_ms));
        }
}

/* What an area moves to in any part it counts for once. */
static void count_area(ImpactAnswer *answer, const ImpactMove **moves, size_t n_moves, size_t i)
{
        const ImpactMove *move = moves[i];
        ImpactTaken *taken;

        if (!move || !move->to)
                return;
        taken = &answer->shown[move->to - answer->shown].taken;
        if (taken->nearest < 0 || move->after < taken->nearest)
                taken->nearest = move->after;
        for (size_t earlier = 0; earlier < i && earlier < n_moves; earlier++)
                if (moves[earlier] && moves[earlier]->to == move->to)
                        return;
        taken->n_areas++;
        taken->weight += move->area->weight;
}

static void count_areas(ImpactAnswer *answer, size_t n_parts)
{
        const ImpactMove *moves[IMPACT_PARTS_MAX];
        size_t at[IMPACT_PARTS_MAX] = { 0 };

        for (size_t a = 0; a < answer->n_areas; a++) {
                uint8_t is = 0;

                for (size_t i = 0; i < n_parts; i++) {
                        const ImpactPart *part = &answer->parts[i];

                        is |= part->areas[a];
                        moves[i] =
                                part->areas[a] & IMPACT_AREA_MOVES ? &part->moves[at[i]++] : NULL;
                }
                for (size_t i = 0; i < n_parts; i++)
                        count_area(answer, moves, n_parts, i);
                answer->n_out_of_reach += !!(is & IMPACT_AREA_OUT_OF_REACH);
                if (is & IMPACT_AREA_MOVES)
                        answer->weight += answer->areas[a].weight;
                if (is & IMPACT_AREA_NEWLY_BEYOND) {
                        answer->n_newly_beyond++;
                        answer->weight_newly_beyond += answer->areas[a].weight;
                }
        }
}

/* By time; who takes patients at any time takes them, if there is an end. */
static void join(ImpactAnswer *answer, ImpactPlace *shown, const ImpactQuestion *question,
                 size_t n_parts)
{
        double hours = hours_of(question->from_ms, question->to_ms);

        for (size_t i = 0; i < n_parts; i++) {
                const ImpactPart *part = &answer->parts[i];
                const ImpactTaken *taken = &shown->parts[i];

                if (taken->why == PLEK_IMPACT_TAKES && question->to_ms != TIME_ABSENT)
                        shown->taken.why = PLEK_IMPACT_TAKES;
                shown->taken.share +=
                        n_parts == 1 ? taken->share
                                     : taken->share * hours_of(part->from_ms, part->to_ms) / hours;
        }
        load(&shown->taken, answer->load_per_hour, hours);
}

/* ------------------------------------------------------------------ order */

/* What most moves to, then what can take, then by location. */
static int compare(const void *a, const void *b)
{
        const ImpactPlace *x = *(ImpactPlace *const *)a, *y = *(ImpactPlace *const *)b;
        int order = (x->taken.share < y->taken.share) - (x->taken.share > y->taken.share);

        if (!order)
                order = (x->taken.n_areas < y->taken.n_areas) -
                        (x->taken.n_areas > y->taken.n_areas);
        if (!order)
                order = (int)x->taken.why - (int)y->taken.why;
        return order ? order : strcmp(x->place->location, y->place->location);
}

/* Moves point into the array that is put in order. */
static void follow(ImpactPart *part, const ImpactPlace *shown, const ImpactPlace *sorted,
                   const size_t *to)
{
        for (size_t i = 0; i < part->n_moves; i++)
                if (part->moves[i].to)
                        part->moves[i].to = &sorted[to[part->moves[i].to - shown]];
}

static int put_in_order(ImpactAnswer *answer)
{
        size_t n_room = MAX(answer->n_shown, (size_t)1);
        CLEANUP(freep) ImpactPlace **order = calloc(n_room, sizeof(*order));
        CLEANUP(freep) ImpactPlace *sorted = calloc(n_room, sizeof(*sorted));
        CLEANUP(freep) size_t *to = calloc(n_room, sizeof(*to));

        if (!order || !sorted || !to)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < answer->n_shown; i++)
                order[i] = &answer->shown[i];
        if (answer->n_shown)
                qsort(order, answer->n_shown, sizeof(*order), compare);
        for (size_t i = 0; i < answer->n_shown; i++) {
                sorted[i] = *order[i];
                to[order[i] - answer->shown] = i;
        }
        for (size_t i = 0; i < answer->n_parts; i++)
                follow(&answer->parts[i], answer->shown, sorted, to);
        free(answer->shown);
        answer->shown = STEAL(sorted);
        return 0;
}

int impact_join(ImpactAnswer *answer, const ImpactQuestion *question)
{
        size_t n_parts = question->to_ms == TIME_ABSENT ? 1 : answer->n_parts;

        for (size_t i = 0; i < answer->n_parts; i++)
                share_out(answer, i);
        for (size_t i = 0; i < answer->n_shown; i++) {
                answer->shown[i].taken.nearest = -1;
                join(answer, &answer->shown[i], question, n_parts);
        }
        count_areas(answer, n_parts);
        return put_in_order(answer);
}
