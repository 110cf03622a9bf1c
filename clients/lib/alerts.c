#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derived/alert.h"
#include "internal/hash.h"
#include "internal/list.h"
#include "lib/heap.h"
#include "plek/plek.h"

/*
 * Alerts
 *
 * What the subscriber tells only marks a scope: it is looked at when the subscriber has finished,
 * since an acknowledgement that ends comes before the change that ended it.
 */

enum { ID_MAX = 256 }; /* of a scope: status, location, unit and three numbers */

static_assert((int)PLEK_ALERT_RAISED == (int)ALERT_RAISED &&
                      (int)PLEK_ALERT_STEADY == (int)ALERT_STEADY &&
                      (int)PLEK_ALERT_SOON == (int)ALERT_SOON,
              "sayings and causes");
static_assert(PLEK_DOOR_UNKNOWN == 0, "unknown");

typedef struct AlertOf {
        UT_hash_handle hh;
        ListLink marked; /* linked: to be looked at */
        HeapNode due;
        AlertScope scope;
        PlekDoorScope door; /* its strings are below */
        char location[72], unit[72], region[40];
        char id[];
} AlertOf;

struct PlekAlerts {
        PlekSubscriber *subscriber;
        PlekAlertFn func;
        void *arg;
        AlertRules rules;
        bool with_test;
        char *acknowledged_by;
        char **locations;
        size_t n_locations;
        PlekRegion *regions;
        size_t n_regions;
        uint32_t *cares;
        size_t n_cares;

        AlertOf *scopes; /* hash by id */
        ListLink marked;
        Heap due;
        size_t n_active;
        bool out_of_memory;
};

/* ------------------------------------------------------------------ its life */

static char **copy_list(const char *const *list, size_t n)
{
        char **copy = calloc(n + 1, sizeof(*copy));

        for (size_t i = 0; copy && i < n; i++) {
                copy[i] = strdup(list[i]);
                if (copy[i])
                        continue;
                while (i--)
                        free(copy[i]);
                free(copy);
                return NULL;
        }
        return copy;
}

static void free_list(char **list, size_t n)
{
        for (size_t i = 0; list && i < n; i++)
                free(list[i]);
        free(list);
}

static void free_regions(PlekRegion *regions, size_t n)
{
        for (size_t i = 0; regions && i < n; i++) {
                free((char *)regions[i].scheme);
                free((char *)regions[i].id);
        }
        free(regions);
}

static PlekRegion *copy_regions(const PlekRegion *regions, size_t n)
{
        PlekRegion *copy = calloc(n + 1, sizeof(*copy));

        for (size_t i = 0; copy && i < n; i++) {
                copy[i].scheme = regions[i].scheme ? strdup(regions[i].scheme) : NULL;
                copy[i].id = strdup(regions[i].id);
                if (copy[i].id && (copy[i].scheme || !regions[i].scheme))
                        continue;
                free_regions(copy, n);
                return NULL;
        }
        return copy;
}

DEFINE_FREEP(PlekAlerts, plek_alerts_free);

static int copy_rules(PlekAlerts *alerts, const PlekAlertRules *rules)
{
        alerts->rules = (AlertRules){
                .states = rules->states,
                .tell_expired = rules->tell_expired,
                .tell_announced = rules->tell_announced,
                .soon_ms = rules->soon_ms,
                .repeat_ms = rules->repeat_ms,
                .escalate_ms = rules->escalate_ms,
                .n_flaps = rules->n_flaps,
                .flap_window_ms = rules->flap_window_ms,
                .flap_steady_ms = rules->flap_steady_ms,
        };
        alerts->with_test = rules->with_test;
        alerts->locations = copy_list(rules->locations, rules->n_locations);
        alerts->regions = copy_regions(rules->regions, rules->n_regions);
        alerts->cares = calloc(rules->n_cares + 1, sizeof(*alerts->cares));
        if (!alerts->locations || !alerts->regions || !alerts->cares)
                return err_raise(-ENOMEM);
        alerts->n_locations = rules->n_locations;
        alerts->n_regions = rules->n_regions;
        alerts->n_cares = rules->n_cares;
        if (rules->n_cares)
                memcpy(alerts->cares, rules->cares, rules->n_cares * sizeof(*alerts->cares));
        if (rules->acknowledged_by) {
                alerts->acknowledged_by = strdup(rules->acknowledged_by);
                if (!alerts->acknowledged_by)
                        return err_raise(-ENOMEM);
        }
        return 0;
}

int plek_alerts_new(PlekAlerts **ret_alerts, PlekSubscriber *subscriber,
                    const PlekAlertRules *rules, PlekAlertFn func, void *arg)
{
        CLEANUP(plek_alerts_freep) PlekAlerts *alerts = NULL;
        int r;

        if (rules->n_flaps >= ALERT_CHANGES_MAX)
                return err_raise(-EINVAL);
        alerts = calloc(1, sizeof(*alerts));
        if (!alerts)
                return err_raise(-ENOMEM);
        list_init(&alerts->marked);
        alerts->subscriber = subscriber;
        alerts->func = func;
        alerts->arg = arg;
        r = copy_rules(alerts, rules);
        if (r)
                return r;
        *ret_alerts = STEAL(alerts);
        return 0;
}

PlekAlerts *plek_alerts_free(PlekAlerts *alerts)
{
        AlertOf *of, *next;

        if (!alerts)
                return NULL;
        HASH_ITER (hh, alerts->scopes, of, next) {
                HASH_DEL(alerts->scopes, of);
                free(of);
        }
        heap_deinit(&alerts->due);
        free_list(alerts->locations, alerts->n_locations);
        free_regions(alerts->regions, alerts->n_regions);
        free(alerts->cares);
        free(alerts->acknowledged_by);
        free(alerts);
        return NULL;
}

/* ------------------------------------------------------------------ which */

static bool is_listed(char *const *list, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (!strcmp(list[i], name))
                        return true;
        return !n;
}

static bool has_care(const PlekAlerts *alerts, uint32_t care)
{
        for (size_t i = 0; i < alerts->n_cares; i++)
                if (alerts->cares[i] == care)
                        return true;
        return !alerts->n_cares || care == PLEK_ANY;
}

static bool is_in_region(const PlekAlerts *alerts, const char *location, const char *home)
{
        for (size_t i = 0; i < alerts->n_regions; i++) {
                const PlekRegion *region = &alerts->regions[i];

                if (region->scheme ? plek_subscriber_location_is_in(alerts->subscriber, location,
                                                                    region->scheme, region->id)
                                   : !strcmp(home, region->id))
                        return true;
        }
        return !alerts->n_regions;
}

static bool is_wanted(const PlekAlerts *alerts, const PlekDoorScope *scope, const char *region)
{
        return (scope->status != PLEK_STATUS_TEST || alerts->with_test) &&
               is_listed(alerts->locations, alerts->n_locations, scope->location) &&
               is_in_region(alerts, scope->location, region) && has_care(alerts, scope->care);
}

static size_t id_of(const PlekDoorScope *scope, char ret_id[ID_MAX])
{
        int n = snprintf(ret_id, ID_MAX, "%d/%s/%s/%u/%u/%u", scope->status, scope->location,
                         scope->unit ? scope->unit : "", scope->care, scope->patient_group,
                         scope->urgency);

        return MIN((size_t)n, (size_t)ID_MAX - 1);
}

static AlertOf *find(const PlekAlerts *alerts, const PlekDoorScope *scope)
{
        char id[ID_MAX];
        AlertOf *of;

        (void)id_of(scope, id);
        HASH_FIND_STR(alerts->scopes, id, of);
        return of;
}

static int need(PlekAlerts *alerts, const PlekDoorScope *scope, const char *region,
                AlertOf **ret_of)
{
        char id[ID_MAX];
        size_t n_id = id_of(scope, id);
        AlertOf *of;
        int r;

        r = heap_reserve(&alerts->due, HASH_COUNT(alerts->scopes) + 1);
        if (r)
                return r;
        of = calloc(1, sizeof(*of) + n_id + 1);
        if (!of)
                return err_raise(-ENOMEM);
        memcpy(of->id, id, n_id + 1);
        snprintf(of->location, sizeof(of->location), "%s", scope->location);
        snprintf(of->unit, sizeof(of->unit), "%s", scope->unit ? scope->unit : "");
        snprintf(of->region, sizeof(of->region), "%s", region);
        of->door = *scope;
        of->door.location = of->location;
        of->door.unit = scope->unit ? of->unit : NULL;
        HASH_ADD_STR(alerts->scopes, id, of);
        if (!of->hh.tbl) {
                free(of);
                return err_raise(-ENOMEM);
        }
        *ret_of = of;
        return 0;
}

static void mark(PlekAlerts *alerts, AlertOf *of)
{
        if (!list_is_linked(&of->marked))
                list_append(&alerts->marked, &of->marked);
}

/* A scope that nobody has said anything of yet is no news. */
int plek_alerts_door(PlekAlerts *alerts, const PlekLeadingDoor *door)
{
        AlertOf *of = find(alerts, &door->scope);
        int r;

        if (!of) {
                if (!door->has_record || !is_wanted(alerts, &door->scope, door->record.region))
                        return 0;
                r = need(alerts, &door->scope, door->record.region, &of);
                if (r) {
                        alerts->out_of_memory = true;
                        return r;
                }
        }
        mark(alerts, of);
        return 0;
}

static bool counts(const PlekAlerts *alerts, const char *by)
{
        const char *whose = alerts->acknowledged_by;

        if (!whose)
                return true;
        if (!strcmp(whose, PLEK_ALERT_BY_US))
                whose = plek_subscriber_party(alerts->subscriber);
        return whose && !strcmp(whose, by);
}

int plek_alerts_ack(PlekAlerts *alerts, const PlekAck *ack)
{
        AlertOf *of, *next;

        if (!counts(alerts, ack->by))
                return 0;
        HASH_ITER (hh, alerts->scopes, of, next) {
                if (of->door.status == ack->of.status && !strcmp(of->location, ack->of.location))
                        mark(alerts, of);
        }
        return 0;
}

/* ------------------------------------------------------------------ looking */

/* Since when it is what it is by itself: a stop past its end, a plan that has begun. Who saw it
 * before saw something else. */
static int64_t turned_at_ms(const PlekLeadingDoor *door)
{
        const PlekDoor *said = &door->record.report.door;

        if (door->standing != PLEK_STANDS)
                return said->ends_at_ms;
        return said->plan ? said->starts_at_ms : PLEK_NO_TIME;
}

static int is_seen(PlekAlerts *alerts, const PlekLeadingDoor *door, bool *ret_is_seen)
{
        PlekAck acks[PLEK_ACKS_MAX];
        PlekRecordKey key;
        int64_t turned_ms;
        size_t n_acks;
        int r;

        *ret_is_seen = false;
        if (!door->has_record)
                return 0;
        turned_ms = turned_at_ms(door); /* before what was looked up is gone */
        plek_report_key(&door->record.report, &key);
        key.party = door->record.party;
        r = plek_subscriber_acks(alerts->subscriber, &key, acks, N_ELEMENTS(acks), &n_acks);
        if (r)
                return r == PLEK_E_NOT_FOUND ? 0 : r;
        for (size_t i = 0; i < n_acks; i++)
                if (acks[i].enrolled == PLEK_ENROLLED && counts(alerts, acks[i].by) &&
                    (turned_ms == PLEK_NO_TIME || acks[i].at_ms >= turned_ms))
                        *ret_is_seen = true;
        return 0;
}

static bool is_said_of(const PlekDoorScope *scope, const PlekReport *report)
{
        const char *unit = report->unit ? report->unit : "";

        return !strcmp(scope->unit ? scope->unit : "", unit) && scope->care == report->door.care &&
               scope->patient_group == report->door.patient_group &&
               scope->urgency == report->door.urgency;
}

/* What is announced for a wider scope is told there. */
static int has_own_plan(PlekAlerts *alerts, AlertOf *of, int64_t starts_at_ms, bool *ret_has)
{
        PlekCursor cursor = { 0 };
        PlekRecord record;
        PlekDoorPart part;
        int r;

        *ret_has = false;
        while (!(r = plek_subscriber_next_door(alerts->subscriber, &of->door, &cursor, &record,
                                               &part)))
                *ret_has |= part == PLEK_DOOR_AHEAD && is_said_of(&of->door, &record.report) &&
                            record.report.door.starts_at_ms == starts_at_ms;
        return r == PLEK_E_END ? 0 : r;
}

static AlertView view_of(const PlekLeadingDoor *door)
{
        return (AlertView){
                /* What became open by itself was a stop that nobody has lifted. */
                .state = door->standing == PLEK_STANDS || !door->has_record
                                 ? door->state
                                 : door->record.report.door.state,
                .is_expired = door->has_record && door->standing != PLEK_STANDS,
                .since_ms = door->since_ms == PLEK_NO_TIME ? TIME_ABSENT : door->since_ms,
                .is_elsewhere = door->has_record && !is_said_of(&door->scope, &door->record.report),
                .plan_state = door->plan_state,
                .plan_starts_at_ms = door->plan_starts_at_ms,
        };
}

/* Who is told may look things up, which ends what @door points to: for the next it is had again. */
static int tell(PlekAlerts *alerts, AlertOf *of, PlekLeadingDoor *door, const AlertSaid *said,
                size_t n_said)
{
        int r = 0;

        for (size_t i = 0; !r && i < n_said; i++) {
                if (i)
                        r = plek_subscriber_leading_door(alerts->subscriber, &of->door, door);
                if (r)
                        break;
                alerts->func(alerts->arg,
                             &(PlekAlert){
                                     .saying = (PlekAlertSaying)said[i].saying,
                                     .cause = (PlekAlertCause)said[i].cause,
                                     .raised_at_ms = of->scope.is_active ? of->scope.raised_at_ms
                                                                         : PLEK_NO_TIME,
                                     .door = door,
                             });
        }
        return r;
}

static int look(PlekAlerts *alerts, AlertOf *of, int64_t now_ms)
{
        AlertSaid said[ALERT_SAYINGS_MAX];
        PlekLeadingDoor door;
        bool has_own = false;
        AlertView view;
        int64_t due_ms;
        size_t n_said;
        int r;

        r = plek_subscriber_leading_door(alerts->subscriber, &of->door, &door);
        if (r)
                return r;
        view = view_of(&door);
        r = is_seen(alerts, &door, &view.is_seen);
        if (!r && view.plan_state)
                r = has_own_plan(alerts, of, view.plan_starts_at_ms, &has_own);
        if (!has_own)
                view.plan_state = 0;
        if (!r) /* these were looked up where the door was */
                r = plek_subscriber_leading_door(alerts->subscriber, &of->door, &door);
        if (r)
                return r;

        alerts->n_active -= of->scope.is_active;
        n_said = alert_look(&of->scope, &alerts->rules, &view, now_ms, said);
        alerts->n_active += of->scope.is_active;
        due_ms = alert_due_ms(&of->scope, &alerts->rules);
        if (due_ms == INT64_MAX)
                heap_remove(&alerts->due, &of->due);
        else
                heap_set(&alerts->due, &of->due, MAX(due_ms, now_ms + 1));

        return tell(alerts, of, &door, said, n_said);
}

int plek_alerts_process(PlekAlerts *alerts)
{
        int64_t now_ms = plek_subscriber_now_ms(alerts->subscriber);
        int r = alerts->out_of_memory ? err_raise(-ENOMEM) : 0;

        while (!r && heap_due(&alerts->due) <= now_ms) {
                AlertOf *of = heap_entry(heap_first(&alerts->due), AlertOf, due);

                heap_remove(&alerts->due, &of->due);
                mark(alerts, of);
        }
        while (!r && !list_is_empty(&alerts->marked)) {
                AlertOf *of = list_entry(alerts->marked.next, AlertOf, marked);

                list_unlink(&of->marked);
                r = look(alerts, of, now_ms);
        }
        return r;
}

int plek_alerts_timeout_ms(const PlekAlerts *alerts)
{
        int64_t now_ms = plek_subscriber_now_ms(alerts->subscriber);
        int64_t due_ms = heap_due(&alerts->due);

        if (!list_is_empty(&alerts->marked))
                return 0;
        if (due_ms == INT64_MAX)
                return -1;
        return (int)MIN(MAX(due_ms - now_ms, (int64_t)0), (int64_t)INT32_MAX);
}

size_t plek_alerts_n_active(const PlekAlerts *alerts)
{
        return alerts->n_active;
}
