#include "door-watch.h"

#include <stdio.h>
#include <string.h>

#include "json-set.h"
#include "seen.h"
#include "words.h"

void door_watch_deinit(DoorWatch *watch)
{
        free(watch->told);
        *watch = (DoorWatch){ 0 };
}

static bool wants(const TableFilter *filter, const PlekDoorScope *scope)
{
        return (!filter->location || !strcmp(filter->location, scope->location)) &&
               (!filter->care || scope->care == filter->care || scope->care == PLEK_ANY);
}

bool door_watch_wants(const TableFilter *filter, PlekSubscriber *subscriber,
                      const PlekDoorScope *scope)
{
        return wants(filter, scope) &&
               region_filter_has_location(&filter->regions, subscriber, scope->location);
}

/* Nothing, where nobody says where the location is. */
static int set_one(json_t *object, PlekSubscriber *subscriber, const PlekDoorScope *scope,
                   const PlekNeighbourRule *rule)
{
        PlekNeighbours neighbours;
        int r;

        r = plek_subscriber_neighbours(subscriber, scope, rule, &neighbours);
        if (!r)
                json_object_set_new(object, "neighbours", neighbours_to_json(&neighbours));
        return r == PLEK_E_NOT_FOUND ? 0 : r;
}

int neighbours_set(json_t *object, PlekSubscriber *subscriber, const PlekLeadingDoor *door,
                   uint32_t care, const PlekNeighbourRule *rule)
{
        json_t *by_care = NULL;
        DoorAsks asks;
        int r = 0;

        door_asks(subscriber, door, care, &asks);
        for (size_t i = 0; !r && i < asks.n_scopes; i++) {
                const PlekDoorScope *scope = &asks.scopes[i];
                json_t *one;

                if (scope->care == door->scope.care)
                        return set_one(object, subscriber, scope, rule);
                if (!by_care) {
                        by_care = json_array();
                        json_object_set_new(object, "neighbours_by_care", by_care);
                }
                one = json_object();
                json_set_code(one, "care", PLEK_CODES_CARE, scope->care);
                json_array_append_new(by_care, one);
                r = set_one(one, subscriber, scope, rule);
        }
        return r;
}

int door_json_finish(json_t *object, PlekSubscriber *subscriber, const DoorOf *of,
                     const TableFilter *filter)
{
        PlekLeadingDoor door;
        bool leads;
        int r;

        r = plek_subscriber_leading_door(subscriber, &of->scope, &door);
        if (r)
                return r;
        leads = door.has_record && !strcmp(door.record.id, of->id);
        json_object_set_new(object, "leads", json_boolean(leads));
        json_object_set_new(object, "leading", lead_to_json(&door));
        if (!leads)
                return 0;
        r = seen_json(object, subscriber, &door.record);
        return r ? r : neighbours_set(object, subscriber, &door, filter->care, &filter->neighbours);
}

/* ------------------------------------------------------------------ events */

void door_watch_event(DoorWatch *watch, PlekSubscriber *subscriber, const TableFilter *filter,
                      const PlekLeadingDoor *door)
{
        json_t *object;

        watch->is_due = true;
        if (!door_watch_wants(filter, subscriber, &door->scope))
                return;
        object = leading_to_json(door);
        json_object_set_new(object, "event", json_string("door"));
        (void)!neighbours_set(object, subscriber, door, filter->care, &filter->neighbours);
        print_json_line(object);
}

static NeighboursTold *told_find(const DoorWatch *watch, const PlekDoorScope *scope)
{
        for (size_t i = 0; i < watch->n_told; i++)
                if (watch->told[i].status == scope->status && watch->told[i].care == scope->care &&
                    watch->told[i].patient_group == scope->patient_group &&
                    watch->told[i].urgency == scope->urgency &&
                    !strcmp(watch->told[i].location, scope->location))
                        return &watch->told[i];
        return NULL;
}

static void told_forget(DoorWatch *watch, const PlekDoorScope *scope)
{
        NeighboursTold *told = told_find(watch, scope);

        if (told)
                *told = watch->told[--watch->n_told];
}

/* The first time, the door's own event has just said it. */
static int told_change(DoorWatch *watch, const PlekDoorScope *scope,
                       const PlekNeighbours *neighbours, bool *ret_is_another)
{
        NeighboursTold *told = told_find(watch, scope);
        const char *next = neighbours->has_next ? neighbours->next.location : "";

        *ret_is_another =
                told && (told->all_stopped != neighbours->all_stopped || strcmp(told->next, next));
        if (!told) {
                told = reallocarray(watch->told, watch->n_told + 1, sizeof(*told));
                if (!told)
                        return err_raise(-ENOMEM);
                watch->told = told;
                told = &watch->told[watch->n_told++];
                *told = (NeighboursTold){
                        .status = scope->status,
                        .care = scope->care,
                        .patient_group = scope->patient_group,
                        .urgency = scope->urgency,
                };
                snprintf(told->location, sizeof(told->location), "%s", scope->location);
        }
        told->all_stopped = neighbours->all_stopped;
        snprintf(told->next, sizeof(told->next), "%s", next);
        return 0;
}

static int tell_neighbours(DoorWatch *watch, PlekSubscriber *subscriber, const PlekDoorScope *scope,
                           const TableFilter *filter)
{
        PlekNeighbours neighbours;
        PlekLeadingDoor door;
        bool is_another;
        json_t *object;
        int r;

        r = plek_subscriber_leading_door(subscriber, scope, &door);
        if (r)
                return r;
        if (!door_asks_for_neighbours(&door) ||
            !region_filter_has_location(&filter->regions, subscriber, scope->location)) {
                told_forget(watch, scope);
                return 0;
        }
        r = plek_subscriber_neighbours(subscriber, scope, &filter->neighbours, &neighbours);
        if (r)
                return r == PLEK_E_NOT_FOUND ? 0 : r;
        r = told_change(watch, scope, &neighbours, &is_another);
        if (r || !is_another)
                return r;
        object = scope_to_json(scope);
        json_object_set_new(object, "event", json_string("neighbours"));
        json_object_set_new(object, "neighbours", neighbours_to_json(&neighbours));
        print_json_line(object);
        return 0;
}

void door_watch_record(DoorWatch *watch, const PlekRecord *record, PlekChange change)
{
        watch->is_due |= record->report.kind == PLEK_REPORT_OFFERING ||
                         record->report.kind == PLEK_REPORT_CARD || change == PLEK_CHANGE_ENROLMENT;
}

int door_watch_neighbours(DoorWatch *watch, PlekSubscriber *subscriber, const TableFilter *filter)
{
        PlekCursor cursor = { 0 };
        PlekDoorScope scope;
        char location[72];
        int64_t minute = plek_subscriber_now_ms(subscriber) / (60 * 1000);
        int r = 0;

        if (!watch->is_due && minute == watch->minute)
                return 0;
        watch->is_due = false;
        watch->minute = minute;
        while (!r && !plek_subscriber_next_scope(subscriber, &cursor, &scope)) {
                if (!wants(filter, &scope) || scope.unit)
                        continue;
                snprintf(location, sizeof(location), "%s", scope.location);
                scope.location = location;
                r = tell_neighbours(watch, subscriber, &scope, filter);
        }
        return r;
}
