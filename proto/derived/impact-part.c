/*
 * A part of a closure: who is served by whom while the same places take patients
 */

#include <string.h>

#include "derived/impact-internal.h"

/* Where a place's own point is not known no distance to it is, either. */
static bool has_point(const ImpactAnswer *answer, size_t i, const Metric *metric)
{
        return !answer->own_points || metric->pairs || answer->places.places[i]->card.has_position;
}

/* The nearest that takes patients, with or without what closes; NULL: none can be reached. Places
 * are in the order of their locations still, so the first of those equally near stays. */
static ImpactPlace *nearest(ImpactAnswer *answer, const Metric *metric, const PlekArea *area,
                            bool before, double *ret_distance)
{
        size_t part = answer->n_parts;
        ImpactPlace *best = NULL;

        *ret_distance = -1;
        for (size_t i = 0; i < answer->n_shown; i++) {
                ImpactPlace *shown = &answer->shown[i];
                double far;

                if (!shown->takes && !(before && shown->parts[part].why == PLEK_IMPACT_CLOSES))
                        continue;
                far = metric_distance(metric, area, shown->place);
                if (far < 0 || (best && far >= *ret_distance))
                        continue;
                best = shown;
                *ret_distance = far;
        }
        return best;
}

static uint8_t move(ImpactAnswer *answer, const ImpactQuestion *question, const Metric *metric,
                    const PlekArea *area, ImpactPart *part)
{
        double before, after;
        ImpactPlace *from = nearest(answer, metric, area, true, &before), *to;
        ImpactMove *moved = &part->moves[part->n_moves];
        ImpactTaken *taken;

        if (!from)
                return IMPACT_AREA_OUT_OF_REACH;
        if (from->parts[answer->n_parts].why != PLEK_IMPACT_CLOSES)
                return 0;

        to = nearest(answer, metric, area, false, &after);
        *moved = (ImpactMove){ .area = area, .to = to, .before = before, .after = after };
        if (question->beyond > 0) {
                moved->was_beyond = before > question->beyond;
                moved->is_beyond = !to || after > question->beyond;
        }
        part->n_moves++;
        if (to) {
                taken = &to->parts[answer->n_parts];
                taken->n_areas++;
                taken->weight += area->weight;
                if (taken->nearest < 0 || after < taken->nearest)
                        taken->nearest = after;
        }
        return IMPACT_AREA_MOVES |
               (moved->is_beyond && !moved->was_beyond ? IMPACT_AREA_NEWLY_BEYOND : 0);
}

static void move_all(ImpactAnswer *answer, const ImpactQuestion *question, const Metric *metric,
                     ImpactPart *part)
{
        for (size_t i = 0; i < answer->n_areas; i++) {
                const PlekArea *area = &answer->areas[i];

                part->areas[i] = has_point(answer, i, metric)
                                         ? move(answer, question, metric, area, part)
                                         : IMPACT_AREA_OUT_OF_REACH;
                part->n_out_of_reach += part->areas[i] == IMPACT_AREA_OUT_OF_REACH;
                if (part->areas[i] & IMPACT_AREA_MOVES)
                        part->weight += area->weight;
                if (part->areas[i] & IMPACT_AREA_NEWLY_BEYOND) {
                        part->n_newly_beyond++;
                        part->weight_newly_beyond += area->weight;
                }
        }
}

/* How many moves there are follows from what the areas are. */
static bool is_same(const ImpactAnswer *answer, const ImpactPart *a, const ImpactPart *b)
{
        if (memcmp(a->areas, b->areas, answer->n_areas) != 0)
                return false;
        for (size_t i = 0; i < a->n_moves; i++)
                if (a->moves[i].to != b->moves[i].to)
                        return false;
        return true;
}

/* Returns whether who takes patients is another than before. */
static bool look(ImpactAnswer *answer, const ImpactQuestion *question, const Metric *metric,
                 int64_t at_ms)
{
        bool is_other = !answer->n_parts;

        for (size_t i = 0; i < answer->n_shown; i++) {
                ImpactPlace *shown = &answer->shown[i];
                PlekImpactWhy why = impact_why(shown, question, metric, at_ms);

                if (!answer->n_parts)
                        shown->taken.why = why;
                is_other |= shown->takes != (why == PLEK_IMPACT_TAKES);
                shown->takes = why == PLEK_IMPACT_TAKES;
                shown->parts[answer->n_parts] = (ImpactTaken){ .why = why, .nearest = -1 };
        }
        return is_other;
}

/* Whoever takes patients at any time of a part takes them in it. */
static void take_along(ImpactAnswer *answer)
{
        for (size_t i = 0; i < answer->n_shown; i++)
                if (answer->shown[i].takes)
                        answer->shown[i].parts[answer->n_parts - 1].why = PLEK_IMPACT_TAKES;
}

static void part_deinit(ImpactPart *part)
{
        free(part->moves);
        free(part->areas);
        *part = (ImpactPart){ 0 };
}

int impact_add_part(ImpactAnswer *answer, const ImpactQuestion *question, const Metric *metric,
                    int64_t at_ms)
{
        CLEANUP(part_deinit) ImpactPart part = { .from_ms = at_ms, .to_ms = question->to_ms };
        size_t n_room = MAX(answer->n_areas, (size_t)1);
        ImpactPart *last = answer->n_parts ? &answer->parts[answer->n_parts - 1] : NULL;

        assert(answer->n_parts < IMPACT_PARTS_MAX);
        if (!look(answer, question, metric, at_ms))
                return 0;
        part.moves = calloc(n_room, sizeof(*part.moves));
        part.areas = calloc(n_room, sizeof(*part.areas));
        if (!part.moves || !part.areas)
                return err_raise(-ENOMEM);
        move_all(answer, question, metric, &part);
        if (last && is_same(answer, last, &part)) {
                take_along(answer);
                return 0;
        }
        if (last)
                last->to_ms = at_ms;
        answer->parts[answer->n_parts++] = part;
        part = (ImpactPart){ 0 };
        return 0;
}
