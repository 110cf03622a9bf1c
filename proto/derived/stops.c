#include "derived/stops.h"

#include <stdlib.h>
#include <string.h>

#include "derived/stops-look.h"
#include "derived/stops-words.h"
#include "internal/hash.h"
#include "internal/list.h"

/*
 * A month has hundreds of words and six years have tens of thousands, so what a word costs must not
 * grow with what there is to know of a place. Only the places that a word or time touches are
 * looked at; when time is to touch each is in one dense array; and who a place's neighbours are is
 * worked out anew only when some place has moved, or got or lost its door.
 */

typedef struct StopsPlace {
        UT_hash_handle hh;
        StopsOf of;
        size_t at; /* among all */
        ListLink in_touched, in_stopped;
        bool has_position;
        double latitude, longitude;

        StopsWords words;

        bool has_door; /* for the care */
        uint32_t state;
        bool is_expired; /* a stop past its end, or closed past it */
        bool is_stopped;
        bool is_partly;  /* not stopped, but for some patients */
        bool is_resting; /* stopped, and would not be but for words that are distrusted */
        bool has_rested; /* it was, in this stop */
        int64_t since_ms, partly_since_ms;

        struct StopsPlace **near; /* its neighbours as of near_of */
        size_t n_near;
        uint64_t near_of; /* 0: never */
} StopsPlace;

struct Stops {
        const StopsQuestion *question;
        StopsPlace *places; /* by location */
        StopsPlace **all;
        int64_t *next_ms; /* of each of all: by time alone; INT64_MAX: never */
        size_t n_places, n_allocated;
        ListLink touched, stopped;  /* StopsPlace.in_... */
        NeighbourPlace *neighbours; /* room for all places */
        StopsPlace **neighbour_at;  /* whose each of these is */
        uint64_t map;               /* counts up when neighbours may be others */
        StopsOf *rows;
        size_t n_rows;
};

/* ------------------------------------------------------------------ what is said */

static int make_room(Stops *stops)
{
        size_t n = stops->n_allocated ? 2 * stops->n_allocated : 64;
        void *grown;

        if (stops->n_places < stops->n_allocated)
                return 0;
        grown = reallocarray(stops->all, n, sizeof(StopsPlace *));
        if (!grown)
                return err_raise(-ENOMEM);
        stops->all = grown;
        grown = reallocarray(stops->next_ms, n, sizeof(*stops->next_ms));
        if (!grown)
                return err_raise(-ENOMEM);
        stops->next_ms = grown;
        stops->n_allocated = n;
        return 0;
}

static StopsPlace *need_place(Stops *stops, const char *location)
{
        StopsPlace *place;

        HASH_FIND_STR(stops->places, location, place);
        if (place)
                return place;
        place = calloc(1, sizeof(*place));
        if (!place)
                return NULL;
        if (make_room(stops)) {
                free(place);
                return NULL;
        }
        place->of.location = location;
        list_init(&place->in_touched);
        list_init(&place->in_stopped);
        HASH_ADD_KEYPTR(hh, stops->places, location, strlen(location), place);
        if (!place->hh.tbl) {
                free(place);
                return NULL;
        }
        place->at = stops->n_places++;
        stops->all[place->at] = place;
        stops->next_ms[place->at] = INT64_MAX;
        return place;
}

static void touch(Stops *stops, StopsPlace *place)
{
        if (!list_is_linked(&place->in_touched))
                list_append(&stops->touched, &place->in_touched);
}

static int apply(Stops *stops, const StopsEvent *event)
{
        StopsPlace *place = need_place(stops, event->location);

        if (!place)
                return err_raise(-ENOMEM);
        if (event->region)
                place->of.region = event->region;
        touch(stops, place);
        if (!event->is_card)
                return stops_words_put(&place->words, event);
        stops->map++;
        place->has_position = !event->is_withdrawn && event->has_position;
        place->latitude = event->latitude;
        place->longitude = event->longitude;
        return 0;
}

/* ------------------------------------------------------------------ stops */

static void end_stop(StopsPlace *place, int64_t now_ms)
{
        place->is_stopped = false;
        place->of.longest_ms = MAX(place->of.longest_ms, now_ms - place->since_ms);
        list_unlink(&place->in_stopped);
}

static void begin_stop(Stops *stops, StopsPlace *place, int64_t now_ms, bool stood)
{
        place->is_stopped = true;
        place->has_rested = false;
        place->since_ms = now_ms;
        list_append(&stops->stopped, &place->in_stopped);
        if (stood)
                place->of.n_stood++;
        else
                place->of.n_begun++;
}

static void end_partly(StopsPlace *place, int64_t now_ms)
{
        place->is_partly = false;
        place->of.partly_ms += now_ms - place->partly_since_ms;
}

static bool is_neighbour(const StopsPlace *place)
{
        return place->has_position && place->has_door && place->state != PLEK_DOOR_NOT_APPLICABLE;
}

static bool is_stop(const StopsLook *look)
{
        return look->has_door && look->state == PLEK_DOOR_STOP && look->stands;
}

/* Whether there would be none if who is distrusted had said nothing. */
static void look_without(Stops *stops, StopsPlace *place, int64_t now_ms)
{
        StopsLook look;
        size_t n_trusted;

        place->is_resting = false;
        if (!place->is_stopped || !place->words.n_distrusted)
                return;
        n_trusted = stops_words_trusted(&place->words);
        look = stops_look(place->words.words, n_trusted, stops->question->care, now_ms);
        stops->next_ms[place->at] = MIN(stops->next_ms[place->at], look.next_ms);
        place->is_resting = !is_stop(&look);
        place->of.n_distrusted += place->is_resting && !place->has_rested;
        place->has_rested |= place->is_resting;
}

static void look_again(Stops *stops, StopsPlace *place, int64_t now_ms, bool stood)
{
        StopsLook look =
                stops_look(place->words.words, place->words.n_words, stops->question->care, now_ms);
        bool was_neighbour = is_neighbour(place);
        bool is_stopped = is_stop(&look);
        bool is_partly = look.is_partly && !is_stopped;

        list_unlink(&place->in_touched);
        stops->next_ms[place->at] = look.next_ms;
        place->has_door = look.has_door;
        place->state = look.state;
        place->is_expired = door_is_stopped(look.state) && !look.stands;
        stops->map += is_neighbour(place) != was_neighbour;

        if (is_stopped && !place->is_stopped)
                begin_stop(stops, place, now_ms, stood);
        else if (!is_stopped && place->is_stopped)
                end_stop(place, now_ms);
        look_without(stops, place, now_ms);
        if (is_partly && !place->is_partly) {
                place->is_partly = true;
                place->partly_since_ms = now_ms;
                place->of.n_partly++;
        } else if (!is_partly && place->is_partly) {
                end_partly(place, now_ms);
        }
}

/* At those of which something was said, and at those to which time has done something. */
static void look_around(Stops *stops, int64_t now_ms, bool stood)
{
        for (size_t i = 0; i < stops->n_places; i++)
                if (stops->next_ms[i] <= now_ms)
                        touch(stops, stops->all[i]);
        while (!list_is_empty(&stops->touched))
                look_again(stops, list_entry(stops->touched.next, StopsPlace, in_touched), now_ms,
                           stood);
}

/* ------------------------------------------------------------------ neighbours */

static int gather_neighbours(Stops *stops, size_t *ret_n)
{
        void *grown;
        size_t n = 0;

        grown = reallocarray(stops->neighbours, stops->n_places, sizeof(*stops->neighbours));
        if (!grown)
                return err_raise(-ENOMEM);
        stops->neighbours = grown;
        grown = reallocarray(stops->neighbour_at, stops->n_places, sizeof(StopsPlace *));
        if (!grown)
                return err_raise(-ENOMEM);
        stops->neighbour_at = grown;
        for (size_t i = 0; i < stops->n_places; i++) {
                StopsPlace *place = stops->all[i];

                if (!is_neighbour(place))
                        continue;
                stops->neighbour_at[n] = place;
                stops->neighbours[n++] = (NeighbourPlace){
                        .location = place->of.location,
                        .latitude = place->latitude,
                        .longitude = place->longitude,
                        .state = place->state,
                };
        }
        *ret_n = n;
        return 0;
}

static int find_near(Stops *stops, StopsPlace *place)
{
        Neighbours found;
        StopsPlace **near;
        size_t n;
        int r;

        if (place->near_of == stops->map)
                return 0;
        r = gather_neighbours(stops, &n);
        if (r)
                return r;
        neighbours_find(stops->neighbours, n, place->of.location, place->latitude, place->longitude,
                        &stops->question->rule, &found);
        near = reallocarray(place->near, found.n_nearest + 1, sizeof(StopsPlace *));
        if (!near)
                return err_raise(-ENOMEM);
        place->near = near;
        place->n_near = found.n_nearest;
        place->near_of = stops->map;
        for (size_t i = 0; i < found.n_nearest; i++)
                near[i] = stops->neighbour_at[found.nearest[i].place - stops->neighbours];
        return 0;
}

/* A neighbour's stop whose end has passed is none, as one's own is none. */
static bool have_all_stopped(const StopsPlace *place)
{
        for (size_t i = 0; i < place->n_near; i++)
                if (!door_is_stopped(place->near[i]->state) || place->near[i]->is_expired)
                        return false;
        return place->n_near;
}

/* Nothing changes until @spent_ms have passed. */
static int spend(Stops *stops, int64_t spent_ms)
{
        int r;

        if (!spent_ms)
                return 0;
        list_for_each (link, &stops->stopped) {
                StopsPlace *place = list_entry(link, StopsPlace, in_stopped);

                place->of.stopped_ms += spent_ms;
                place->of.distrusted_ms += place->is_resting ? spent_ms : 0;
                if (!place->has_position)
                        continue;
                place->of.has_neighbours = true;
                r = find_near(stops, place);
                if (r)
                        return r;
                if (have_all_stopped(place))
                        place->of.all_stopped_ms += spent_ms;
        }
        return 0;
}

/* ------------------------------------------------------------------ time */

static int64_t next_by_time(const Stops *stops)
{
        int64_t next_ms = INT64_MAX;

        for (size_t i = 0; i < stops->n_places; i++)
                next_ms = MIN(next_ms, stops->next_ms[i]);
        return next_ms;
}

static int go_through(Stops *stops, const StopsEvent *events, size_t n_events)
{
        const StopsQuestion *question = stops->question;
        int64_t now_ms = question->from_ms, next_ms;
        size_t at = 0;
        int r = 0;

        for (; !r && at < n_events && events[at].at_ms <= now_ms; at++)
                r = apply(stops, &events[at]);
        look_around(stops, now_ms, true);

        while (!r && now_ms < question->to_ms) {
                next_ms = MIN(next_by_time(stops), question->to_ms);
                if (at < n_events)
                        next_ms = MIN(next_ms, events[at].at_ms);
                next_ms = MAX(next_ms, now_ms);
                r = spend(stops, next_ms - now_ms);
                now_ms = next_ms;
                if (now_ms == question->to_ms)
                        break;
                for (; !r && at < n_events && events[at].at_ms <= now_ms; at++)
                        r = apply(stops, &events[at]);
                look_around(stops, now_ms, false);
        }
        for (size_t i = 0; i < stops->n_places; i++) {
                stops->all[i]->of.is_standing = stops->all[i]->is_stopped;
                if (stops->all[i]->is_stopped)
                        end_stop(stops->all[i], now_ms);
                if (stops->all[i]->is_partly)
                        end_partly(stops->all[i], now_ms);
        }
        return r;
}

/* ------------------------------------------------------------------ the answer */

static int compare(const void *a, const void *b)
{
        const StopsOf *x = a, *y = b;
        int order = strcmp(x->region ? x->region : "", y->region ? y->region : "");

        return order ? order : strcmp(x->location, y->location);
}

/* Those that have, or had, a door for the care. */
static int make_rows(Stops *stops)
{
        stops->rows = calloc(HASH_COUNT(stops->places) + 1, sizeof(*stops->rows));
        if (!stops->rows)
                return err_raise(-ENOMEM);
        for (const StopsPlace *place = stops->places; place; place = place->hh.next)
                if (place->has_door || place->of.n_begun || place->of.n_stood || place->of.n_partly)
                        stops->rows[stops->n_rows++] = place->of;
        if (stops->n_rows)
                qsort(stops->rows, stops->n_rows, sizeof(*stops->rows), compare);
        return 0;
}

int stops_count(Stops **ret_stops, const StopsEvent *events, size_t n_events,
                const StopsQuestion *question)
{
        CLEANUP(stops_freep) Stops *stops = NULL;
        int r;

        stops = calloc(1, sizeof(*stops));
        if (!stops)
                return err_raise(-ENOMEM);
        stops->question = question;
        stops->map = 1;
        list_init(&stops->touched);
        list_init(&stops->stopped);
        r = go_through(stops, events, n_events);
        if (!r)
                r = make_rows(stops);
        if (r)
                return r;
        *ret_stops = STEAL(stops);
        return 0;
}

Stops *stops_free(Stops *stops)
{
        StopsPlace *place, *next;

        if (!stops)
                return NULL;
        HASH_ITER (hh, stops->places, place, next) {
                HASH_DEL(stops->places, place);
                stops_words_deinit(&place->words);
                free(place->near);
                free(place);
        }
        free(stops->all);
        free(stops->next_ms);
        free(stops->neighbours);
        free(stops->neighbour_at);
        free(stops->rows);
        free(stops);
        return NULL;
}

const StopsOf *stops_all(const Stops *stops, size_t *ret_n)
{
        *ret_n = stops->n_rows;
        return stops->rows;
}
