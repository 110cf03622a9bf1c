#include "derived/stops.h"

#include <stdlib.h>
#include <string.h>

#include "derived/door.h"
#include "internal/hash.h"

typedef struct StopsPlace {
        UT_hash_handle hh;
        StopsOf of;
        bool has_position;
        double latitude, longitude;

        DoorWord *words; /* each with a door of its own */
        size_t n_words;

        bool is_touched;
        bool has_door; /* for the care */
        uint32_t state;
        bool is_stopped;
        int64_t since_ms;
        int64_t next_ms; /* by time alone; INT64_MAX: never */
} StopsPlace;

struct Stops {
        const StopsQuestion *question;
        StopsPlace *places;
        size_t n_stopped;
        NeighbourPlace *neighbours; /* room for all places */
        StopsOf *rows;
        size_t n_rows;
};

/* ------------------------------------------------------------------ words */

static StopsPlace *need_place(Stops *stops, const char *location)
{
        StopsPlace *place;

        HASH_FIND_STR(stops->places, location, place);
        if (place)
                return place;
        place = calloc(1, sizeof(*place));
        if (!place)
                return NULL;
        place->of.location = location;
        place->next_ms = INT64_MAX;
        HASH_ADD_KEYPTR(hh, stops->places, location, strlen(location), place);
        if (!place->hh.tbl) {
                free(place);
                return NULL;
        }
        return place;
}

static bool is_text_equal(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

static DoorWord *find_word(StopsPlace *place, const StopsEvent *event)
{
        for (size_t i = 0; i < place->n_words; i++) {
                DoorWord *word = &place->words[i];

                if (word->door->plan == event->door->plan &&
                    word->door->care == event->door->care &&
                    word->door->patient_group == event->door->patient_group &&
                    word->door->urgency == event->door->urgency &&
                    is_text_equal(word->unit, event->unit) && !strcmp(word->party, event->party))
                        return word;
        }
        return NULL;
}

static void take_away(StopsPlace *place, DoorWord *word)
{
        free((Door *)word->door);
        *word = place->words[--place->n_words];
}

static int put_word(StopsPlace *place, const StopsEvent *event)
{
        DoorWord *word = find_word(place, event);
        DoorWord *grown;
        Door *door;

        if (event->is_withdrawn) {
                if (word)
                        take_away(place, word);
                return 0;
        }
        if (!word) {
                grown = reallocarray(place->words, place->n_words + 1, sizeof(*grown));
                if (!grown)
                        return err_raise(-ENOMEM);
                place->words = grown;
                door = malloc(sizeof(*door));
                if (!door)
                        return err_raise(-ENOMEM);
                word = &grown[place->n_words++];
        } else {
                door = (Door *)word->door;
        }
        *door = *event->door;
        *word = (DoorWord){
                .door = door,
                .unit = event->unit,
                .party = event->party,
                .since_ms = event->since_ms,
                .withdrawn_ms = TIME_ABSENT,
        };
        return 0;
}

static int apply(Stops *stops, const StopsEvent *event)
{
        StopsPlace *place = need_place(stops, event->location);

        if (!place)
                return err_raise(-ENOMEM);
        if (event->region)
                place->of.region = event->region;
        place->is_touched = true;
        if (!event->is_card)
                return put_word(place, event);
        place->has_position = !event->is_withdrawn && event->has_position;
        place->latitude = event->latitude;
        place->longitude = event->longitude;
        return 0;
}

/* ------------------------------------------------------------------ what leads */

/* One of a place's doors for the care: that of a unit, or of all of it. */
static bool is_first_of_its_unit(const StopsPlace *place, size_t n, uint32_t care)
{
        if (place->words[n].door->care != care)
                return false;
        for (size_t i = 0; i < n; i++)
                if (place->words[i].door->care == care &&
                    is_text_equal(place->words[i].unit, place->words[n].unit))
                        return false;
        return true;
}

/* Its state is that of the most lenient of its doors. */
static void look(StopsPlace *place, uint32_t care, int64_t now_ms, bool *ret_is_stopped)
{
        DoorLead lead, next;
        bool is_stopped = false;

        place->has_door = false;
        place->next_ms = INT64_MAX;
        for (size_t i = 0; i < place->n_words; i++) {
                DoorQuestion question = {
                        .scope = { .unit = place->words[i].unit,
                                   .care = care,
                                   .patient_group = CODE_ABSENT,
                                   .urgency = CODE_ABSENT },
                };

                if (!is_first_of_its_unit(place, i, care))
                        continue;
                door_lead(place->words, place->n_words, &question, now_ms, &lead);
                place->next_ms = MIN(place->next_ms, door_next_lead(place->words, place->n_words,
                                                                    &question, now_ms, &next));
                if (!place->has_door || door_strictness(lead.state) < door_strictness(place->state))
                        is_stopped = false;
                else if (lead.state != place->state)
                        continue;
                place->has_door = true;
                place->state = lead.state;
                /* Of several that have a stop, one that is not past its end is enough. */
                is_stopped |= lead.state == PLEK_DOOR_STOP && lead.standing == DOOR_STANDS;
        }
        *ret_is_stopped = is_stopped;
}

static void end_stop(Stops *stops, StopsPlace *place, int64_t now_ms)
{
        place->is_stopped = false;
        place->of.longest_ms = MAX(place->of.longest_ms, now_ms - place->since_ms);
        stops->n_stopped--;
}

static void begin_stop(Stops *stops, StopsPlace *place, int64_t now_ms, bool stood)
{
        place->is_stopped = true;
        place->since_ms = now_ms;
        stops->n_stopped++;
        if (stood)
                place->of.n_stood++;
        else
                place->of.n_begun++;
}

/* Those about which something was said, or time has done something. */
static void look_again(Stops *stops, int64_t now_ms, bool stood)
{
        bool is_stopped;

        for (StopsPlace *place = stops->places; place; place = place->hh.next) {
                if (!place->is_touched && place->next_ms > now_ms)
                        continue;
                place->is_touched = false;
                look(place, stops->question->care, now_ms, &is_stopped);
                if (is_stopped && !place->is_stopped)
                        begin_stop(stops, place, now_ms, stood);
                else if (!is_stopped && place->is_stopped)
                        end_stop(stops, place, now_ms);
        }
}

/* ------------------------------------------------------------------ time */

static int gather_neighbours(Stops *stops, size_t *ret_n)
{
        NeighbourPlace *grown;
        size_t n = 0;

        grown = reallocarray(stops->neighbours, HASH_COUNT(stops->places), sizeof(*grown));
        if (!grown)
                return err_raise(-ENOMEM);
        stops->neighbours = grown;
        for (const StopsPlace *place = stops->places; place; place = place->hh.next)
                if (place->has_position && place->has_door)
                        grown[n++] = (NeighbourPlace){
                                .location = place->of.location,
                                .latitude = place->latitude,
                                .longitude = place->longitude,
                                .state = place->state,
                        };
        *ret_n = n;
        return 0;
}

/* Nothing changes until @spent_ms have passed. */
static int spend(Stops *stops, int64_t spent_ms)
{
        Neighbours neighbours;
        size_t n;
        int r;

        if (!stops->n_stopped || !spent_ms)
                return 0;
        r = gather_neighbours(stops, &n);
        if (r)
                return r;
        for (StopsPlace *place = stops->places; place; place = place->hh.next) {
                if (!place->is_stopped)
                        continue;
                place->of.stopped_ms += spent_ms;
                if (!place->has_position)
                        continue;
                place->of.has_neighbours = true;
                neighbours_find(stops->neighbours, n, place->of.location, place->latitude,
                                place->longitude, &stops->question->rule, &neighbours);
                if (neighbours.all_stopped)
                        place->of.all_stopped_ms += spent_ms;
        }
        return 0;
}

static int64_t next_by_time(const Stops *stops)
{
        int64_t next_ms = INT64_MAX;

        for (const StopsPlace *place = stops->places; place; place = place->hh.next)
                next_ms = MIN(next_ms, place->next_ms);
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
        look_again(stops, now_ms, true);

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
                look_again(stops, now_ms, false);
        }
        for (StopsPlace *place = stops->places; place; place = place->hh.next)
                if (place->is_stopped)
                        end_stop(stops, place, now_ms);
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
                if (place->has_door || place->of.n_begun || place->of.n_stood)
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
                while (place->n_words)
                        take_away(place, &place->words[0]);
                free(place->words);
                free(place);
        }
        free(stops->neighbours);
        free(stops->rows);
        free(stops);
        return NULL;
}

const StopsOf *stops_all(const Stops *stops, size_t *ret_n)
{
        *ret_n = stops->n_rows;
        return stops->rows;
}
