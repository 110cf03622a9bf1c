#include "derived/impact.h"

#include <string.h>

#include "derived/flows.h"
#include "derived/impact-internal.h"

#define MS_AN_HOUR (3600.0 * 1000)

/* ------------------------------------------------------------------ areas */

/* For want of areas: where the places are. */
static int take_own_points(ImpactAnswer *answer)
{
        answer->own_points =
                calloc(MAX(answer->places.n_places, (size_t)1), sizeof(*answer->own_points));
        if (!answer->own_points)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < answer->places.n_places; i++) {
                const Place *place = answer->places.places[i];

                answer->own_points[answer->n_areas++] = (PlekArea){
                        .id = place->location,
                        .name = place->has_card ? place->card.name : NULL,
                        .latitude_e7 = place->card.latitude_e7,
                        .longitude_e7 = place->card.longitude_e7,
                        .weight = 1,
                };
        }
        answer->areas = answer->own_points;
        return 0;
}

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
        ImpactPlace *best = NULL;

        *ret_distance = -1;
        for (size_t i = 0; i < answer->n_shown; i++) {
                ImpactPlace *shown = &answer->shown[i];
                double far;

                if (shown->why != PLEK_IMPACT_TAKES &&
                    !(before && shown->why == PLEK_IMPACT_CLOSES))
                        continue;
                far = metric_distance(metric, area, shown->place);
                if (far < 0 || (best && far >= *ret_distance))
                        continue;
                best = shown;
                *ret_distance = far;
        }
        return best;
}

static void move(ImpactAnswer *answer, const ImpactQuestion *question, const Metric *metric,
                 const PlekArea *area)
{
        double before, after;
        ImpactPlace *from = nearest(answer, metric, area, true, &before), *to;
        ImpactMove *moved = &answer->moves[answer->n_moves];

        if (!from)
                answer->n_out_of_reach++;
        if (!from || from->why != PLEK_IMPACT_CLOSES)
                return;

        to = nearest(answer, metric, area, false, &after);
        *moved = (ImpactMove){ .area = area, .to = to, .before = before, .after = after };
        if (question->beyond > 0) {
                moved->was_beyond = before > question->beyond;
                moved->is_beyond = !to || after > question->beyond;
        }
        answer->n_moves++;
        answer->weight += area->weight;
        if (moved->is_beyond && !moved->was_beyond) {
                answer->n_newly_beyond++;
                answer->weight_newly_beyond += area->weight;
        }
        if (!to)
                return;
        to->n_areas++;
        to->weight += area->weight;
        if (to->nearest < 0 || after < to->nearest)
                to->nearest = after;
}

/* Where nobody lives the areas count alike. */
static void share_out(ImpactAnswer *answer, const ImpactQuestion *question)
{
        bool has_end = question->to_ms != TIME_ABSENT;
        double hours = has_end ? (double)(question->to_ms - question->from_ms) / MS_AN_HOUR : -1;

        for (size_t i = 0; i < answer->n_shown; i++) {
                ImpactPlace *shown = &answer->shown[i];

                if (answer->weight > 0)
                        shown->share = shown->weight / answer->weight;
                else if (answer->n_moves)
                        shown->share = (double)shown->n_areas / (double)answer->n_moves;
                shown->load_per_hour = shown->load_in_all = -1;
                if (answer->load_per_hour < 0)
                        continue;
                shown->load_per_hour = shown->share * answer->load_per_hour;
                if (has_end)
                        shown->load_in_all = shown->load_per_hour * hours;
        }
}

/* ------------------------------------------------------------------ order */

/* What most moves to, then what can take, then by location. */
static int compare(const void *a, const void *b)
{
        const ImpactPlace *x = *(ImpactPlace *const *)a, *y = *(ImpactPlace *const *)b;
        int order = (x->share < y->share) - (x->share > y->share);

        if (!order)
                order = (x->n_areas < y->n_areas) - (x->n_areas > y->n_areas);
        if (!order)
                order = (int)x->why - (int)y->why;
        return order ? order : strcmp(x->place->location, y->place->location);
}

/* Moves point into the array that is put in order. */
static int put_in_order(ImpactAnswer *answer)
{
        CLEANUP(freep)
        ImpactPlace **order = calloc(MAX(answer->n_shown, (size_t)1), sizeof(*order));
        CLEANUP(freep)
        ImpactPlace *sorted = calloc(MAX(answer->n_shown, (size_t)1), sizeof(*sorted));
        CLEANUP(freep) size_t *to = calloc(MAX(answer->n_shown, (size_t)1), sizeof(*to));

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
        for (size_t i = 0; i < answer->n_moves; i++)
                if (answer->moves[i].to)
                        answer->moves[i].to = &sorted[to[answer->moves[i].to - answer->shown]];
        free(answer->shown);
        answer->shown = STEAL(sorted);
        return 0;
}

/* ------------------------------------------------------------------ the whole */

static int find_moves(ImpactAnswer *answer, const ImpactQuestion *question, const Metric *metric)
{
        int r;

        answer->areas = question->areas;
        answer->n_areas = question->n_areas;
        if (!answer->n_areas) {
                r = take_own_points(answer);
                if (r)
                        return r;
        }
        answer->moves = calloc(MAX(answer->n_areas, (size_t)1), sizeof(*answer->moves));
        if (!answer->moves)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < answer->n_areas; i++)
                if (has_point(answer, i, metric))
                        move(answer, question, metric, &answer->areas[i]);
                else
                        answer->n_out_of_reach++;
        share_out(answer, question);
        return put_in_order(answer);
}

/* As given, or what comes there by its own word. */
static int find_load(ImpactAnswer *answer, const ImpactQuestion *question, const Picture *picture,
                     const Registry *registry)
{
        FlowsLoad load;
        int r;

        answer->load_per_hour = question->load_per_hour;
        if (answer->load_per_hour >= 0)
                return 0;
        r = flows_load(&load, picture, registry, question->status, question->location,
                       question->care, question->now_ms);
        if (r)
                return r;
        answer->load_per_hour = load.per_hour;
        answer->load_is_of_flows = load.per_hour >= 0;
        answer->n_load_withheld = load.n_withheld;
        return 0;
}

int impact_make(ImpactAnswer *ret_answer, const Picture *picture, const Registry *registry,
                const ImpactQuestion *question)
{
        CLEANUP(impact_answer_deinit) ImpactAnswer answer = IMPACT_ANSWER_NULL;
        CLEANUP(metric_deinit) Metric metric = METRIC_NULL;
        const PlacesScope scope = {
                .status = question->status,
                .care = question->care,
                .scheme = question->scheme,
                .region = question->region,
                .now_ms = question->now_ms,
                .at_ms = question->from_ms,
                .clock = question->clock,
                .clock_arg = question->clock_arg,
                .memory = question->memory,
        };
        const Place *closes;
        int r;

        r = places_make(&answer.places, picture, registry, &scope);
        if (!r)
                r = metric_init(&metric, question->travel, question->n_travel);
        if (r)
                return r;
        closes = places_find(&answer.places, question->location);
        if (!closes || !impact_gives(closes, question->care))
                return IMPACT_E_NOT_GIVEN;
        r = find_load(&answer, question, picture, registry);
        if (!r)
                r = impact_show_places(&answer, question, &metric);
        if (!r)
                r = find_moves(&answer, question, &metric);
        if (r)
                return r;
        *ret_answer = answer;
        answer = IMPACT_ANSWER_NULL;
        return 0;
}

void impact_answer_deinit(ImpactAnswer *answer)
{
        free(answer->moves);
        free(answer->shown);
        free(answer->own_points);
        places_deinit(&answer->places);
        *answer = IMPACT_ANSWER_NULL;
}

static int compare_codes(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return (x > y) - (x < y);
}

size_t impact_cares(const Picture *picture, Status status, const char *location,
                    uint32_t *ret_cares, size_t n_max)
{
        const Record *record = NULL;
        size_t n = 0;

        while ((record = picture_next(picture, record))) {
                uint32_t care = record_care(record);
                const char *party, *at;
                RecordRef ref;
                size_t i = 0;

                if (record->status != status || care == CODE_ABSENT)
                        continue;
                record_describe(record, &party, &at, &ref);
                if (strcmp(at, location) != 0)
                        continue;
                while (i < n && ret_cares[i] != care)
                        i++;
                if (i == n && n < n_max)
                        ret_cares[n++] = care;
        }
        if (n)
                qsort(ret_cares, n, sizeof(*ret_cares), compare_codes);
        return n;
}
