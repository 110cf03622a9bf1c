#include "picture/events.h"

#include <string.h>

#include "internal/endian.h"

/*
 * Events
 *
 * Buckets of a day each, so that neither coming nor leaving needs a search. A period that ended
 * more than EVENTS_LATE_MAX_MS ago is not admitted, and none in the future: so those that are held are of
 * fewer days than there are buckets, and a bucket is a day. Should it be two, since nothing
 * happened for months, each event is asked for its own.
 */

#define DAY_MS ((int64_t)24 * 3600 * 1000)

enum {
        CELL_KEY_MAX = 1 + 3 * 4 + LOCATION_MAX + 1,
};

static int64_t day_of(int64_t time_ms)
{
        return time_ms / DAY_MS;
}

void events_init(Events *events)
{
        *events = (Events){ 0 };
        for (size_t i = 0; i < EVENT_BUCKETS; i++)
                list_init(&events->buckets[i]);
}

void events_deinit(Events *events)
{
        assert(!events->cells && !events->n_events);
}

/* ------------------------------------------------------------------ cells */

/* status, care, from, to, location and a zero byte */
static size_t cell_key(uint8_t key[CELL_KEY_MAX], const EventPlace *place)
{
        size_t n_location = strlen(place->location) + 1;

        if (n_location > LOCATION_MAX + 1)
                return 0;
        key[0] = (uint8_t)place->status;
        be32_put(key + 1, place->care);
        be32_put(key + 5, place->link_from);
        be32_put(key + 9, place->link_to);
        memcpy(key + 13, place->location, n_location);
        return 13 + n_location;
}

EventCell *events_find_cell(const Events *events, const EventPlace *place)
{
        uint8_t key[CELL_KEY_MAX];
        size_t n_key = cell_key(key, place);
        EventCell *cell;

        HASH_FIND(hh, events->cells, key, n_key, cell);
        return cell;
}

static int need_cell(Events *events, const EventPlace *place, EventCell **ret_cell)
{
        EventCell *cell = events_find_cell(events, place);
        uint8_t key[CELL_KEY_MAX];

        if (!cell) {
                cell = calloc(1, sizeof(*cell) + CELL_KEY_MAX);
                if (!cell)
                        return err_raise(-ENOMEM);
                cell->n_key = (uint16_t)cell_key(key, place);
                memcpy(cell->key, key, cell->n_key);
                list_init(&cell->events);
                HASH_ADD_KEYPTR(hh, events->cells, cell->key, cell->n_key, cell);
                if (!cell->hh.tbl) {
                        free(cell);
                        return err_raise(-ENOMEM);
                }
        }
        *ret_cell = cell;
        return 0;
}

static void release_cell(Events *events, EventCell *cell)
{
        if (!list_is_empty(&cell->events))
                return;
        HASH_DEL(events->cells, cell);
        free(cell);
}

/* ------------------------------------------------------------------ events */

int events_add(Events *events, Record *record, const char *location)
{
        RecordKey key = { .n_bytes = record->n_key };
        const char *party, *same_location;
        RecordEvent *event;
        RecordRef ref;
        Status status;
        int r;

        memcpy(key.bytes, record->key, record->n_key);
        r = record_key_parse(&key, &status, &party, &same_location, &ref);
        assert(r == 0 && strcmp(location, same_location) == 0);
        if (!report_is_event(ref.report))
                return 0;

        event = calloc(1, sizeof(*event));
        if (!event)
                return err_raise(-ENOMEM);
        event->record = record;
        if (ref.report == UPDATE_FLOW) {
                r = need_cell(
                        events,
                        &(EventPlace){ status, location, ref.care, ref.link_from, ref.link_to },
                        &event->cell);
                if (r) {
                        free(event);
                        return r;
                }
                list_append(&event->cell->events, &event->in_cell);
        }
        record->event = event;
        events->n_events++;
        return 0;
}

void events_fill(Events *events, RecordEvent *event, const Update *update)
{
        if (update->kind == UPDATE_FLOW) {
                event->from_ms = update->flow.from_ms;
                event->until_ms = update->flow.until_ms;
                event->has_count = update->flow.has_count;
                event->count = update->flow.count;
        } else {
                event->from_ms = event->until_ms = update->care_refusal.at_ms;
                event->has_count = true;
                event->count = update->care_refusal.count;
        }
        list_unlink(&event->in_bucket);
        list_append(&events->buckets[day_of(event->until_ms) % EVENT_BUCKETS], &event->in_bucket);
}

void events_drop(Events *events, RecordEvent *event)
{
        if (!event)
                return;
        list_unlink(&event->in_bucket);
        list_unlink(&event->in_cell);
        if (event->cell)
                release_cell(events, event->cell);
        events->n_events--;
        free(event);
}

static Record *over_in(const ListLink *bucket, int64_t last_day)
{
        list_for_each (link, bucket) {
                const RecordEvent *event = list_entry(link, RecordEvent, in_bucket);

                if (day_of(event->until_ms) <= last_day)
                        return event->record;
        }
        return NULL;
}

Record *events_next_over(Events *events, int64_t now_ms)
{
        int64_t last_day = day_of(now_ms) - EVENT_DAYS - 1;
        int64_t day = MAX(events->swept_day + 1, last_day - EVENT_BUCKETS + 1);
        Record *record;

        for (; day <= last_day; day++) {
                record = over_in(&events->buckets[day % EVENT_BUCKETS], last_day);
                if (record)
                        return record;
                events->swept_day = day;
        }
        return NULL;
}
