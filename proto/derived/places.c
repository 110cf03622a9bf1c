#include <string.h>

#include "derived/places-internal.h"

/*
 * The whole picture is walked once, and only keys are looked at: which records can matter at all,
 * and which locations say something of the care that is asked about. What stands at those is then
 * decoded, and nothing else. Of what was withdrawn only keys are left.
 */

/* ------------------------------------------------------------------ finding places */

static Place *find(const Places *places, const char *location)
{
        Place *place;

        HASH_FIND_STR(places->by_location, location, place);
        return place;
}

const Place *places_find(const Places *places, const char *location)
{
        return find(places, location);
}

static int need(Gathering *g, const char *location, Place **ret_place)
{
        Places *places = g->places;
        Place *place = find(places, location);

        if (!place) {
                place = keep_alloc(&places->keep, 1, sizeof(*place));
                if (!place)
                        return err_raise(-ENOMEM);
                place->location = keep_text(&places->keep, location);
                place->changes_in_min = -1;
                place->counts_gone_ms = TIME_ABSENT;
                if (!place->location)
                        return err_raise(-ENOMEM);
                HASH_ADD_KEYPTR(hh, places->by_location, place->location, strlen(place->location),
                                place);
                if (!place->hh.tbl)
                        return err_raise(-ENOMEM);
        }
        *ret_place = place;
        return 0;
}

/* Whether a record matters to the scope; *ret_says: and makes its location one that gives the care,
 * or is said not to. */
static bool matters(const PlacesScope *scope, const Record *record, bool *ret_says)
{
        uint32_t care;

        *ret_says = false;
        if (record->event)
                return false;
        if (record->status != scope->status)
                return record->report == UPDATE_CARD && record->status == STATUS_ACTUAL;
        if (record->report == UPDATE_PRESSURE)
                return false;
        if (!scope->care) {
                *ret_says = true;
                return record->report == UPDATE_CARD || record->report == UPDATE_OFFERING;
        }
        care = record_care(record);
        *ret_says = care == scope->care;
        return *ret_says || (care == CODE_ABSENT &&
                             (record->report == UPDATE_CARD || record->report == UPDATE_DOOR));
}

static const char *location_of(const Record *record)
{
        const char *party, *location;
        RecordRef ref;

        record_describe(record, &party, &location, &ref);
        return location;
}

static int gather_records(Gathering *g, const Picture *picture)
{
        const Record *record = NULL;
        bool says;

        g->items = calloc(MAX(picture_n_records(picture), (size_t)1), sizeof(*g->items));
        if (!g->items)
                return err_raise(-ENOMEM);

        while ((record = picture_next(picture, record))) {
                Item *item = &g->items[g->n_items];
                int r;

                if (!matters(g->scope, record, &says))
                        continue;
                item->record = record;
                g->n_items++;
                if (!says)
                        continue;
                r = need(g, location_of(record), &item->place);
                if (r)
                        return r;
        }
        return 0;
}

/* ------------------------------------------------------------------ what was withdrawn */

typedef struct Gone {
        PlacesGone gone;
        const char *party, *location;
        RecordRef ref;
} Gone;

/* The next that matters to the scope, and did not come back. */
static bool next_gone(const Gathering *g, const void **cursor, Gone *ret)
{
        const PlacesMemory *memory = &g->scope->memory;
        Status status;

        while (memory->next && g->scope->care && memory->next(memory->arg, cursor, &ret->gone)) {
                if (record_key_parse(ret->gone.key, &status, &ret->party, &ret->location,
                                     &ret->ref) ||
                    status != g->scope->status || picture_find(g->picture, ret->gone.key))
                        continue;
                if (ret->ref.report == UPDATE_DOOR && ret->ref.care == CODE_ABSENT)
                        return true;
                if ((ret->ref.report == UPDATE_DOOR || ret->ref.report == UPDATE_COUNTS) &&
                    ret->ref.care == g->scope->care)
                        return true;
        }
        return false;
}

/* Who withdrew all that it said of the care is no place of which nothing was ever said. */
static int gather_gone(Gathering *g)
{
        const void *cursor = NULL;
        Gone gone;

        while (next_gone(g, &cursor, &gone)) {
                Place *place;
                int r;

                if (gone.ref.care == CODE_ABSENT)
                        continue;
                r = need(g, gone.location, &place);
                if (r)
                        return r;
        }
        return 0;
}

static void count_gone(Gathering *g)
{
        const void *cursor = NULL;
        Gone gone;

        while (next_gone(g, &cursor, &gone)) {
                Place *place = find(g->places, gone.location);

                if (!place)
                        continue;
                place->n_words += gone.ref.report == UPDATE_DOOR;
                if (place->party)
                        continue;
                place->party = gone.party;
                place->region = gone.gone.region;
        }
}

static int take_gone(Gathering *g)
{
        const void *cursor = NULL;
        Gone gone;

        while (next_gone(g, &cursor, &gone)) {
                Place *place = find(g->places, gone.location);

                if (place)
                        place_take_gone(g, place, &gone.gone, gone.party, &gone.ref);
        }
        return g->places->keep.failed ? err_raise(-ENOMEM) : 0;
}

/* ------------------------------------------------------------------ what stands there */

/* On the map stands also who never said anything. */
static int gather_silent(Gathering *g)
{
        for (Party *party = registry_next(g->registry, NULL); party;
             party = registry_next(g->registry, party)) {
                const Enrolment *enrolment = party->newest ? party->newest->enrolment : NULL;

                if (!enrolment || !party_has_role(party, ROLE_AGENT))
                        continue;
                for (size_t i = 0; i < enrolment->n_locations; i++) {
                        const LocationGrant *grant = &enrolment->locations[i];
                        Place *place;
                        int r;

                        r = need(g, grant->location, &place);
                        if (r)
                                return r;
                        if (place->party && strcmp(place->party, party->id) <= 0)
                                continue;
                        place->party = party->id;
                        place->region = grant->region;
                }
        }
        return 0;
}

/* Of each place: how many of what, and whose. Its arrays get the room that they need. */
static int count_items(Gathering *g)
{
        Keep *keep = &g->places->keep;

        for (size_t i = 0; i < g->n_items; i++) {
                Item *item = &g->items[i];
                const char *party, *location;
                RecordRef ref;

                record_describe(item->record, &party, &location, &ref);
                if (!item->place)
                        item->place = find(g->places, location);
                if (!item->place)
                        continue;
                item->place->n_offers += item->record->report == UPDATE_OFFERING;
                item->place->n_counts += item->record->report == UPDATE_COUNTS;
                item->place->n_words += item->record->report == UPDATE_DOOR;
                if (!item->place->party || strcmp(party, item->place->party) < 0) {
                        item->place->party = party;
                        item->place->region = item->record->topic->topic.region;
                }
        }

        count_gone(g);

        for (Place *place = g->places->by_location; place; place = place->hh.next) {
                place->offers = keep_alloc(keep, place->n_offers, sizeof(*place->offers));
                place->counts = keep_alloc(keep, place->n_counts, sizeof(*place->counts));
                place->words = keep_alloc(keep, place->n_words, sizeof(*place->words));
                place->doors = keep_alloc(keep, place->n_words, sizeof(*place->doors));
                place->n_offers = place->n_counts = place->n_words = 0; /* until each is filled */
        }
        return keep->failed ? err_raise(-ENOMEM) : 0;
}

static int take_items(Gathering *g)
{
        int r = 0;

        for (size_t i = 0; !r && i < g->n_items; i++)
                if (g->items[i].place)
                        r = place_take(g, &g->items[i]);
        return r;
}

/* ------------------------------------------------------------------ when all is there */

static int compare_places(const void *a, const void *b)
{
        return strcmp((*(Place *const *)a)->location, (*(Place *const *)b)->location);
}

static int complete_all(Gathering *g)
{
        Places *places = g->places;
        Place *place, *next;

        places->places =
                keep_alloc(&places->keep, HASH_COUNT(places->by_location), sizeof(*places->places));
        if (!places->places)
                return err_raise(-ENOMEM);
        HASH_ITER (hh, places->by_location, place, next) {
                place_complete(g, place);
                if (places->keep.failed)
                        return err_raise(-ENOMEM);
                if (g->scope->region && !place_is_in(place, g->scope->scheme, g->scope->region))
                        HASH_DEL(places->by_location, place);
                else
                        places->places[places->n_places++] = place;
        }
        if (places->n_places)
                qsort(places->places, places->n_places, sizeof(*places->places), compare_places);
        return 0;
}

/* ------------------------------------------------------------------ the whole */

static void gathering_deinit(Gathering *g)
{
        free(g->items);
        arena_free(g->arena);
}

int places_make(Places *ret_places, const Picture *picture, const Registry *registry,
                const PlacesScope *scope)
{
        CLEANUP(places_deinit) Places places = PLACES_NULL;
        CLEANUP(gathering_deinit)
        Gathering g = { .picture = picture,
                        .registry = registry,
                        .scope = scope,
                        .places = &places,
                        .minute = -1 };
        int r;

        r = arena_new(&g.arena, ARENA_MESSAGE_BYTES);
        if (!r)
                r = gather_records(&g, picture);
        if (!r)
                r = gather_gone(&g);
        if (!r && !scope->care)
                r = gather_silent(&g);
        if (!r)
                r = count_items(&g);
        if (!r)
                r = take_items(&g);
        if (!r)
                r = take_gone(&g);
        if (!r)
                r = complete_all(&g);
        if (r)
                return r;
        *ret_places = places;
        places = PLACES_NULL;
        return 0;
}

void places_deinit(Places *places)
{
        HASH_CLEAR(hh, places->by_location);
        keep_deinit(&places->keep);
        *places = PLACES_NULL;
}
