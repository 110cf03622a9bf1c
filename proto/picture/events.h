#pragma once

/*
 * Events: records that say what happened in a period, and not what is
 *
 * They do not age and are not affirmed. Each leaves by itself, EVENT_DAYS after the (UTC) day in
 * which its period ended, in the broker and at every reader alike: nobody is told, and the journal
 * keeps it. By then a report of that period is refused as too late, so that one that has left
 * never comes back, and so is every period that overlaps it.
 *
 * Flows of one cell (a place, a kind of care, and two links of the chain) are found together: what
 * some of them were said to whom decides what may be said of the others (core/admission-event.c).
 */

#include "picture/record.h"

enum {
        /* While a report is taken, all that its period could overlap is held: it may end
         * EVENTS_LATE_MAX_MS ago and have begun FLOW_MAX_MS before; and a day for clocks. */
        EVENT_DAYS = 68,
        EVENT_BUCKETS = 128,
};

/* What a cell's key is made of. */
typedef struct EventPlace {
        Status status;
        const char *location;
        uint32_t care, link_from, link_to;
} EventPlace;

typedef struct EventCell {
        UT_hash_handle hh;
        ListLink events; /* RecordEvent.in_cell */
        uint16_t n_key;
        uint8_t key[]; /* canonical bytes of its EventPlace */
} EventCell;

struct RecordEvent {
        ListLink in_bucket;
        ListLink in_cell;
        EventCell *cell; /* of a flow; NULL: of a refusal */
        Record *record;
        int64_t from_ms, until_ms; /* of a refusal, twice the same */
        bool has_count;
        int32_t count;
};

/* A picture's own. */
typedef struct Events {
        EventCell *cells;
        ListLink buckets[EVENT_BUCKETS]; /* by the day in which a period ended */
        int64_t swept_day;               /* all until then were looked through */
        size_t n_events;
} Events;

void events_init(Events *events);
void events_deinit(Events *events); /* when no record is left */

/* For a new record of @location, whose key says what it is about; @record->event is set if it is an
 * event. Returns 0 or -ENOMEM. */
MUST_CHECK int events_add(Events *events, Record *record, const char *location);
/* What its report says, now. */
void events_fill(Events *events, RecordEvent *event, const Update *update);
void events_drop(Events *events, RecordEvent *event);

/* One whose time has come by @now_ms, or NULL. The caller drops its record, and asks again. */
Record *events_next_over(Events *events, int64_t now_ms);
/* NULL: nothing is held of it. */
EventCell *events_find_cell(const Events *events, const EventPlace *place);
