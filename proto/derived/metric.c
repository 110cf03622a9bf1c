#include "derived/metric.h"

#include <string.h>

#include "derived/geo.h"

/* One entry of a matrix, by "from\0to". */
struct MetricPair {
        UT_hash_handle hh;
        double minutes;
        size_t n_key;
        char key[];
};

/* A location that the matrix names. */
struct MetricName {
        UT_hash_handle hh;
        const char *location;
};

static size_t pair_key(char *key, size_t n_max, const char *from, const char *to)
{
        size_t n_from = strlen(from) + 1, n_to = strlen(to) + 1;

        if (n_from + n_to > n_max)
                return 0;
        memcpy(key, from, n_from);
        memcpy(key + n_from, to, n_to);
        return n_from + n_to;
}

void metric_deinit(Metric *metric)
{
        MetricName *named, *next_named;
        MetricPair *pair, *next;

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
        MetricName *named;

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

int metric_init(Metric *metric, const PlekTravel *travels, size_t n_travel)
{
        for (size_t i = 0; i < n_travel; i++) {
                const PlekTravel *travel = &travels[i];
                size_t n_key = strlen(travel->from) + strlen(travel->to) + 2;
                MetricPair *pair = calloc(1, sizeof(*pair) + n_key), *held;

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

double metric_distance(const Metric *metric, const PlekArea *area, const Place *place)
{
        char key[512];
        size_t n_key;
        MetricPair *pair;

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

bool metric_knows(const Metric *metric, const Place *place)
{
        MetricName *named;

        if (!metric->pairs)
                return place->card.has_position;
        HASH_FIND_STR(metric->named, place->location, named);
        return named != NULL;
}
