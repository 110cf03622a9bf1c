#include "derived/impact.h"

#include <string.h>

#include "derived/flows.h"
#include "derived/impact-internal.h"

enum { LOOKS_MAX = 256 };

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

static int take_areas(ImpactAnswer *answer, const ImpactQuestion *question)
{
        answer->areas = question->areas;
        answer->n_areas = question->n_areas;
        return answer->n_areas ? 0 : take_own_points(answer);
}

/* Of absurdly many changes the first are looked at. */
static int find_parts(ImpactAnswer *answer, const ImpactQuestion *question, const Metric *metric)
{
        int64_t at_ms = question->from_ms;
        int r = impact_add_part(answer, question, metric, at_ms);

        for (unsigned n_looks = 1; !r; n_looks++) {
                at_ms = impact_next_change_ms(answer, question, at_ms);
                if (at_ms == INT64_MAX ||
                    (question->to_ms != TIME_ABSENT && at_ms >= question->to_ms))
                        return 0;
                if (n_looks == LOOKS_MAX || answer->n_parts == IMPACT_PARTS_MAX) {
                        answer->has_more_parts = true;
                        return 0;
                }
                r = impact_add_part(answer, question, metric, at_ms);
        }
        return r;
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
                r = impact_show_places(&answer, question);
        if (!r)
                r = take_areas(&answer, question);
        if (!r)
                r = find_parts(&answer, question, &metric);
        if (!r)
                r = impact_join(&answer, question);
        if (r)
                return r;
        *ret_answer = answer;
        answer = IMPACT_ANSWER_NULL;
        return 0;
}

void impact_answer_deinit(ImpactAnswer *answer)
{
        for (size_t i = 0; i < answer->n_parts; i++) {
                free(answer->parts[i].moves);
                free(answer->parts[i].areas);
        }
        free(answer->taken);
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
