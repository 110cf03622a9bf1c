#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alerts-internal.h"

/*
 * Alerts
 *
 * What the subscriber tells only marks a scope: it is looked at when the subscriber has finished,
 * since an acknowledgement that ends comes before the change that ended it.
 */

enum { ID_MAX = 384 }; /* status, location, unit, three numbers; of a plan its party and number */

static_assert((int)PLEK_ALERT_RAISED == (int)ALERT_RAISED &&
                      (int)PLEK_ALERT_STEADY == (int)ALERT_STEADY &&
                      (int)PLEK_ALERT_SOON == (int)ALERT_SOON,
              "sayings and causes");
static_assert(PLEK_DOOR_UNKNOWN == 0, "unknown");

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
                alert_of_free(alerts, of);
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

/* @plan: the key of the plan that it is about; NULL: what leads. */
static size_t id_of(const PlekDoorScope *scope, const PlekRecordKey *plan, char ret_id[ID_MAX])
{
        int n = snprintf(ret_id, ID_MAX, "%d/%s/%s/%u/%u/%u", scope->status, scope->location,
                         scope->unit ? scope->unit : "", scope->care, scope->patient_group,
                         scope->urgency);

        if (plan)
                n += snprintf(ret_id + n, ID_MAX - (size_t)n, "/%s/%u", plan->party, plan->plan);
        return MIN((size_t)n, (size_t)ID_MAX - 1);
}

static AlertOf *find(const PlekAlerts *alerts, const PlekDoorScope *scope,
                     const PlekRecordKey *plan)
{
        char id[ID_MAX];
        AlertOf *of;

        (void)id_of(scope, plan, id);
        HASH_FIND_STR(alerts->scopes, id, of);
        return of;
}

static int need(PlekAlerts *alerts, const PlekDoorScope *scope, const PlekRecordKey *plan,
                const char *region, AlertOf **ret_of)
{
        char id[ID_MAX];
        size_t n_id = id_of(scope, plan, id);
        AlertOf *of;

        if (heap_reserve(&alerts->due, HASH_COUNT(alerts->scopes) + 1)) {
                alerts->out_of_memory = true;
                return err_raise(-ENOMEM);
        }
        of = calloc(1, sizeof(*of) + n_id + 1);
        if (!of) {
                alerts->out_of_memory = true;
                return err_raise(-ENOMEM);
        }
        memcpy(of->id, id, n_id + 1);
        snprintf(of->location, sizeof(of->location), "%s", scope->location);
        snprintf(of->unit, sizeof(of->unit), "%s", scope->unit ? scope->unit : "");
        snprintf(of->region, sizeof(of->region), "%s", region);
        of->door = *scope;
        of->door.location = of->location;
        of->door.unit = scope->unit ? of->unit : NULL;
        of->is_old = !alerts->is_underway;
        HASH_ADD_STR(alerts->scopes, id, of);
        if (!of->hh.tbl) {
                free(of);
                alerts->out_of_memory = true;
                return err_raise(-ENOMEM);
        }
        *ret_of = of;
        return 0;
}

/* @key is of this scope. */
void alert_of_said(AlertOf *of, const PlekRecordKey *key)
{
        snprintf(of->party, sizeof(of->party), "%s", key->party);
        of->said = *key;
        of->said.party = of->party;
        of->said.location = of->location;
        of->said.unit = of->door.unit;
}

AlertOf *alert_of_free(PlekAlerts *alerts, AlertOf *of)
{
        alerts->n_active -= of->scope.is_active;
        list_unlink(&of->marked);
        heap_remove(&alerts->due, &of->due);
        HASH_DEL(alerts->scopes, of);
        free(of);
        return NULL;
}

void alerts_mark(PlekAlerts *alerts, AlertOf *of)
{
        if (!list_is_linked(&of->marked))
                list_append(&alerts->marked, &of->marked);
}

/* A scope that nobody has said anything of yet is no news. */
int plek_alerts_door(PlekAlerts *alerts, const PlekLeadingDoor *door)
{
        AlertOf *of = find(alerts, &door->scope, NULL);
        int r;

        if (!of) {
                if (!door->has_record || !is_wanted(alerts, &door->scope, door->record.region))
                        return 0;
                r = need(alerts, &door->scope, NULL, door->record.region, &of);
                if (r)
                        return r;
        }
        alerts_mark(alerts, of);
        return 0;
}

/* Plans alone: what leads is told of as a door. One that has begun, or was called off before we
 * heard of it, is no news. */
int plek_alerts_record(PlekAlerts *alerts, const PlekRecord *record)
{
        const PlekReport *report = &record->report;
        PlekRecordKey key;
        PlekDoorScope scope;
        AlertOf *of;
        int r;

        if (report->kind != PLEK_REPORT_DOOR || !report->door.plan)
                return 0;
        plek_report_key(report, &key);
        key.party = record->party;
        scope = (PlekDoorScope){
                report->status,    report->location,           report->unit,
                report->door.care, report->door.patient_group, report->door.urgency
        };
        of = find(alerts, &scope, &key);
        if (!of) {
                if (record->withdrawn || record->standing != PLEK_ANNOUNCED ||
                    !is_wanted(alerts, &scope, record->region))
                        return 0;
                r = need(alerts, &scope, &key, record->region, &of);
                if (r)
                        return r;
                of->is_plan = true;
                alert_of_said(of, &key);
        }
        alerts_mark(alerts, of);
        return 0;
}

bool alerts_count(const PlekAlerts *alerts, const char *by)
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

        if (!alerts_count(alerts, ack->by))
                return 0;
        HASH_ITER (hh, alerts->scopes, of, next) {
                if (of->door.status == ack->of.status && !strcmp(of->location, ack->of.location))
                        alerts_mark(alerts, of);
        }
        return 0;
}

/* ------------------------------------------------------------------ looking */

int plek_alerts_process(PlekAlerts *alerts)
{
        int64_t now_ms = plek_subscriber_now_ms(alerts->subscriber);
        int r = alerts->out_of_memory ? err_raise(-ENOMEM) : 0;
        PlekLinkState link;

        while (!r && heap_due(&alerts->due) <= now_ms) {
                AlertOf *of = heap_entry(heap_first(&alerts->due), AlertOf, due);

                heap_remove(&alerts->due, &of->due);
                alerts_mark(alerts, of);
        }
        while (!r && !list_is_empty(&alerts->marked)) {
                AlertOf *of = list_entry(alerts->marked.next, AlertOf, marked);

                list_unlink(&of->marked);
                r = alerts_look(alerts, of, now_ms);
        }
        plek_subscriber_link_state(alerts->subscriber, &link);
        alerts->is_underway |= link.in_sync;
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
