#include "derived/impact.h"

#include <string.h>

#include "derived/flows.h"
#include "derived/geo.h"

#define MS_AN_HOUR (3600.0 * 1000)

/* ------------------------------------------------------------------ how far */

/* One entry of a matrix, by "from\0to". */
typedef struct Pair {
        UT_hash_handle hh;
        double minutes;
        size_t n_key;
        char key[];
} Pair;

/* A location that the matrix names. */
typedef struct Named {
        UT_hash_handle hh;
        const char *location;
} Named;

typedef struct Metric {
        Pair *pairs; /* NULL: as the crow flies */
        Named *named;
} Metric;

static size_t pair_key(char *key, size_t n_max, const char *from, const char *to)
{
        size_t n_from = strlen(from) + 1, n_to = strlen(to) + 1;

        if (n_from + n_to > n_max)
                return 0;
        memcpy(key, from, n_from);
        memcpy(key + n_from, to, n_to);
        return n_from + n_to;
}

static void metric_deinit(Metric *metric)
{
        Named *named, *next_named;
        Pair *pair, *next;

        HASH_ITER (hh, metric->named, named, next_named) {
                HASH_DEL(metric->named, named);
                free(named);
        }
        HASH_ITER (hh, metric->pairs, pair, next) {
                HASH_DEL(metric->pairs, pair);
                free(pair);
        }
}

static int add_name(Metric *metric, const char *location)
{
        Named *named;

        HASH_FIND_STR(metric->named, location, named);
        if (named)
                return 0;
        named = calloc(1, sizeof(*named));
        if (!named)
                return err_raise(-ENOMEM);
        named->location = location;
        HASH_ADD_KEYPTR(hh, metric->named, location, strlen(location), named);
        if (!named->hh.tbl) {
                free(named);
                return err_raise(-ENOMEM);
        }
        return 0;
}

/* Of a pair that is named twice the first counts. */
static int metric_init(Metric *metric, const ImpactQuestion *question)
{
        for (size_t i = 0; i < question->n_travel; i++) {
                const PlekTravel *travel = &question->travel[i];
                size_t n_key = strlen(travel->from) + strlen(travel->to) + 2;
                Pair *pair = calloc(1, sizeof(*pair) + n_key), *held;

                if (!pair)
                        return err_raise(-ENOMEM);
                pair->n_key = pair_key(pair->key, n_key, travel->from, travel->to);
                pair->minutes = travel->minutes;
                HASH_FIND(hh, metric->pairs, pair->key, n_key, held);
                if (held) {
                        free(pair);
                        continue;
                }
                HASH_ADD_KEYPTR(hh, metric->pairs, pair->key, pair->n_key, pair);
                if (!pair->hh.tbl) {
                        free(pair);
                        return err_raise(-ENOMEM);
                }
                if (add_name(metric, travel->to))
                        return err_raise(-ENOMEM);
        }
        return 0;
}

/* Negative: it cannot be reached, or nobody knows. */
static double distance(const Metric *metric, const PlekArea *area, const Place *place)
{
        char key[512];
        size_t n_key;
        Pair *pair;

        if (!metric->pairs)
                return !place->card.has_position
                               ? -1
                               : geo_distance_m(area->latitude_e7 / 1e7, area->longitude_e7 / 1e7,
                                                place->card.latitude_e7 / 1e7,
                                                place->card.longitude_e7 / 1e7);

        n_key = pair_key(key, sizeof(key), area->id, place->location);
        HASH_FIND(hh, metric->pairs, key, n_key, pair);
        return pair ? pair->minutes : -1;
}

static bool is_named(const Metric *metric, const Place *place)
{
        Named *named;

        HASH_FIND_STR(metric->named, place->location, named);
        return named != NULL;
}

/* ------------------------------------------------------------------ places */

static bool has_counts(const Place *place)
{
        for (size_t i = 0; i < place->n_counts; i++)
                if (place->counts[i].trust != PARTY_DISTRUSTED)
                        return true;
        return false;
}

static bool gives(const Place *place, uint32_t care)
{
        bool is_said, has_door, is_offered = place_offers(place, care, &is_said);

        return is_said ? is_offered : place_has_door(place, care, &has_door) || has_counts(place);
}

static PlekImpactWhy why_not_given(const Place *place, uint32_t care)
{
        bool has_door;

        (void)place_has_door(place, care, &has_door);
        if (place->n_offers)
                return PLEK_IMPACT_NOT_OFFERED;
        return place->n_counts || has_door ? PLEK_IMPACT_DISTRUSTED : PLEK_IMPACT_WITHDRAWN;
}

static PlekImpactWhy why_not(const ImpactPlace *shown, const ImpactQuestion *question,
                             const Metric *metric)
{
        const Place *place = shown->place;

        if (!strcmp(place->location, question->location))
                return PLEK_IMPACT_CLOSES;
        if (!gives(place, question->care))
                return why_not_given(place, question->care);
        if (place_opening(place, question->care) == PLACE_IS_SHUT)
                return PLEK_IMPACT_SHUT;
        if (door_is_stopped(shown->lead.state) && shown->lead.standing != DOOR_EXPIRED)
                return PLEK_IMPACT_DOOR;
        if (metric->pairs ? !is_named(metric, place) : !place->card.has_position)
                return PLEK_IMPACT_NOWHERE;
        return PLEK_IMPACT_TAKES;
}

/* The location as a whole, where it reports, stands for its units. */
static void add_free(ImpactPlace *shown)
{
        const Place *place = shown->place;

        shown->oldest_ms = -1;
        for (size_t i = 0; i < place->n_counts; i++) {
                const PlaceCounts *counts = &place->counts[i];

                if (counts->is_doubled || counts->trust == PARTY_DISTRUSTED)
                        continue;
                if (!counts->free_known || counts->freshness == FRESHNESS_SILENT) {
                        shown->n_units_unknown++;
                        continue;
                }
                shown->n_units++;
                shown->free += counts->free;
                shown->oldest_ms = MAX(shown->oldest_ms, counts->age_ms);
                shown->has_stale |= counts->freshness != FRESHNESS_FRESH;
                if (!counts->unit)
                        return; /* units come after the whole */
        }
}

static void look_at_door(ImpactPlace *shown, const ImpactQuestion *question)
{
        const DoorQuestion asked = {
                .scope = { NULL, question->care, CODE_ABSENT, CODE_ABSENT },
        };
        const DoorWord *plan;

        door_lead(shown->place->words, shown->place->n_words, &asked, question->from_ms,
                  &shown->lead);
        shown->n_narrower = door_narrower(shown->place->words, shown->place->n_words, &asked,
                                          question->from_ms, &shown->lead, shown->narrower);
        plan = shown->lead.plan;
        if (plan && (question->to_ms == TIME_ABSENT || plan->door->starts_at_ms < question->to_ms))
                shown->plan = plan;
}

static int show_places(ImpactAnswer *answer, const ImpactQuestion *question, const Metric *metric)
{
        answer->shown = calloc(MAX(answer->places.n_places, (size_t)1), sizeof(*answer->shown));
        if (!answer->shown)
                return err_raise(-ENOMEM);

        for (size_t i = 0; i < answer->places.n_places; i++) {
                ImpactPlace *shown = &answer->shown[answer->n_shown++];

                *shown = (ImpactPlace){ .place = answer->places.places[i], .nearest = -1 };
                look_at_door(shown, question);
                add_free(shown);
                shown->why = why_not(shown, question, metric);
        }
        return 0;
}

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
                far = distance(metric, area, shown->place);
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
        CLEANUP(metric_deinit) Metric metric = { 0 };
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
                r = metric_init(&metric, question);
        if (r)
                return r;
        closes = places_find(&answer.places, question->location);
        if (!closes || !gives(closes, question->care))
                return IMPACT_E_NOT_GIVEN;
        r = find_load(&answer, question, picture, registry);
        if (!r)
                r = show_places(&answer, question, &metric);
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
