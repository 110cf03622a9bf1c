#include <stdio.h>

#include "lib/place.h"
#include "lib/report.h"
#include "lib/subscriber-internal.h"
#include "wire/hours.h"

typedef struct Map {
        PlekMap shown;
        Places places;
} Map;

static Map *map_free(Map *map)
{
        if (map)
                places_deinit(&map->places);
        free(map);
        return NULL;
}
DEFINE_FREEP(Map, map_free);

int plek_subscriber_map(const PlekSubscriber *subscriber, const PlekMapOptions *options,
                        PlekMap **ret_map)
{
        static const PlekMapOptions defaults;
        CLEANUP(map_freep) Map *map = NULL;
        PlacesScope scope;
        int r;

        if (!options)
                options = &defaults;
        scope = (PlacesScope){
                .status = options->status ? (Status)options->status : STATUS_ACTUAL,
                .scheme = options->scheme,
                .region = options->region,
                .now_ms = subscriber_now_ms(subscriber, monotonic_us()),
                .clock = options->clock,
                .clock_arg = options->clock_arg,
                .care = options->care,
        };

        map = calloc(1, sizeof(*map));
        if (!map)
                return err_raise(-ENOMEM);
        r = places_make(&map->places, replica_picture(subscriber->replica),
                        replica_registry(subscriber->replica), &scope);
        if (r)
                return err_fold(r);
        map->shown = (PlekMap){
                .places = places_show(&map->places, &map->places.keep),
                .n_places = map->places.n_places,
                .now_ms = scope.now_ms,
        };
        if (map->places.keep.failed)
                return err_raise(-ENOMEM);
        *ret_map = &STEAL(map)->shown;
        return 0;
}

PlekMap *plek_map_free(PlekMap *map)
{
        map_free((Map *)map);
        return NULL;
}

int plek_hours_at(const char *hours, int minute, bool *ret_open, int *ret_changes_in_min,
                  PlekFault *ret_fault)
{
        const char *at, *why;
        char text[160];
        Hours parsed;

        if (hours_parse(&parsed, hours, &at, &why)) {
                (void)snprintf(text, sizeof(text), "hours cannot be read at character %zu: %s",
                               (size_t)(at - hours) + 1, why);
                fault_set(ret_fault, PLEK_REFUSED_FIELD, "hours", text);
                return PLEK_E_INVALID;
        }
        *ret_open = hours_are_open(&parsed, minute);
        *ret_changes_in_min = hours_until_change(&parsed, minute);
        return 0;
}
