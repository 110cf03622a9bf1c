#include <string.h>

#include "lib/alerts-internal.h"

/*
 * What is looked at, and how it is told
 */

/* ------------------------------------------------------------------ who has seen it */

/* Since when it is what it is by itself: a stop past its end, a plan that has begun. Who saw it
 * before saw something else. */
static int64_t turned_at_ms(const PlekLeadingDoor *door)
{
        const PlekDoor *said = &door->record.report.door;

        if (door->standing != PLEK_STANDS)
                return said->ends_at_ms;
        return said->plan ? said->starts_at_ms : PLEK_NO_TIME;
}

static int is_seen(PlekAlerts *alerts, const PlekRecordKey *key, int64_t turned_ms,
                   bool *ret_is_seen)
{
        PlekAck acks[PLEK_ACKS_MAX];
        size_t n_acks;
        int r;

        *ret_is_seen = false;
        r = plek_subscriber_acks(alerts->subscriber, key, acks, N_ELEMENTS(acks), &n_acks);
        if (r)
                return r == PLEK_E_NOT_FOUND ? 0 : r;
        for (size_t i = 0; i < n_acks; i++)
                if (acks[i].enrolled == PLEK_ENROLLED && alerts_count(alerts, acks[i].by) &&
                    (turned_ms == PLEK_NO_TIME || acks[i].at_ms >= turned_ms))
                        *ret_is_seen = true;
        return 0;
}

/* ------------------------------------------------------------------ what leads */

static bool is_said_of(const PlekDoorScope *scope, const PlekReport *report)
{
        const char *unit = report->unit ? report->unit : "";

        return !strcmp(scope->unit ? scope->unit : "", unit) && scope->care == report->door.care &&
               scope->patient_group == report->door.patient_group &&
               scope->urgency == report->door.urgency;
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
        };
}

/* What was said of the scope itself is remembered, for when it is not said any more. */
static int view_door(PlekAlerts *alerts, AlertOf *of, AlertView *ret_view)
{
        PlekLeadingDoor door;
        PlekRecordKey key;
        int64_t turned_ms;
        int r;

        r = plek_subscriber_leading_door(alerts->subscriber, &of->door, &door);
        if (r)
                return r;
        *ret_view = view_of(&door);
        if (!door.has_record)
                return 0;
        turned_ms = turned_at_ms(&door); /* before what was looked up is gone */
        plek_report_key(&door.record.report, &key);
        key.party = door.record.party;
        if (ret_view->is_elsewhere || !alert_is_watched(&alerts->rules, ret_view->state))
                return 0; /* nobody need have seen it */
        alert_of_said(of, &key);
        return is_seen(alerts, &of->said, turned_ms, &ret_view->is_seen);
}

/* ------------------------------------------------------------------ plans */

static bool is_held(const PlekRecord *record)
{
        return !record->withdrawn && record->enrolled != PLEK_DISTRUSTED;
}

static void take_plan(AlertOf *of, const PlekDoor *door)
{
        of->plan = (PlekAlertPlan){
                .key = of->said,
                .state = door->state,
                .starts_at_ms = door->starts_at_ms,
                .ends_at_ms = door->ends_at_ms,
                .n_exceptions = door->n_exceptions,
        };
        memcpy(of->plan.exceptions, door->exceptions,
               door->n_exceptions * sizeof(door->exceptions[0]));
}

static int view_plan(PlekAlerts *alerts, AlertOf *of, int64_t now_ms, AlertView *ret_view)
{
        int64_t soon_at_ms;
        PlekRecord record;
        int r;

        *ret_view = (AlertView){ .is_plan = true, .is_old = of->is_old, .since_ms = TIME_ABSENT };
        r = plek_subscriber_get(alerts->subscriber, &of->said, &record);
        if (r)
                return r == PLEK_E_NOT_FOUND ? 0 : r;
        if (!is_held(&record))
                return 0;
        ret_view->state = record.report.door.state;
        ret_view->since_ms = record.since_ms;
        ret_view->starts_at_ms = record.report.door.starts_at_ms;
        if (alert_is_watched(&alerts->rules, ret_view->state))
                take_plan(of, &record.report.door);
        /* Who saw the announcement has not seen that it begins. */
        soon_at_ms = ret_view->starts_at_ms - alerts->rules.soon_ms;
        return is_seen(alerts, &of->said,
                       alerts->rules.soon_ms && now_ms >= soon_at_ms ? soon_at_ms : PLEK_NO_TIME,
                       &ret_view->is_seen);
}

/* ------------------------------------------------------------------ telling */

/* What became of what raised it. */
static int end_of(PlekAlerts *alerts, const AlertOf *of, PlekAlertEnd *ret_end)
{
        PlekRecord record;
        int r;

        *ret_end = PLEK_ALERT_END_GONE;
        r = plek_subscriber_get(alerts->subscriber, &of->said, &record);
        if (r)
                return r == PLEK_E_NOT_FOUND ? 0 : r;
        if (!record.withdrawn)
                *ret_end = is_held(&record) ? PLEK_ALERT_END_SAID : PLEK_ALERT_END_DISTRUSTED;
        switch (record.withdrawn) {
        case PLEK_WITHDRAWN_BY_PARTY:
                *ret_end = PLEK_ALERT_END_WITHDRAWN;
                return 0;
        case PLEK_WITHDRAWN_AUDIENCE:
                *ret_end = PLEK_ALERT_END_NOT_SHARED;
                return 0;
        case PLEK_WITHDRAWN_ENROLMENT:
                *ret_end = PLEK_ALERT_END_ENROLMENT;
                return 0;
        default:
                return 0;
        }
}

/* Who is told may look things up, which ends what the door points to: each time it is had anew. */
static int tell(PlekAlerts *alerts, AlertOf *of, const AlertSaid *said, size_t n_said)
{
        PlekLeadingDoor door;
        int r = 0;

        for (size_t i = 0; !r && i < n_said; i++) {
                PlekAlertEnd end = PLEK_ALERT_END_SAID;

                if (said[i].saying == ALERT_ENDED)
                        r = end_of(alerts, of, &end);
                if (!r)
                        r = plek_subscriber_leading_door(alerts->subscriber, &of->door, &door);
                if (r)
                        break;
                alerts->func(alerts->arg,
                             &(PlekAlert){
                                     .saying = (PlekAlertSaying)said[i].saying,
                                     .cause = (PlekAlertCause)said[i].cause,
                                     .end = end,
                                     .raised_at_ms = of->scope.is_active ? of->scope.raised_at_ms
                                                                         : PLEK_NO_TIME,
                                     .door = &door,
                                     .plan = of->is_plan ? &of->plan : NULL,
                             });
        }
        return r;
}

/* A plan that has begun is of no more use. One that was called off is kept for a while: calling it
 * off and announcing it in turn is flapping, too. INT64_MAX: never. */
static int64_t forget_at_ms(const PlekAlerts *alerts, AlertOf *of, int64_t now_ms)
{
        if (!of->is_plan || of->scope.is_flapping)
                return INT64_MAX;
        if (!of->scope.has_view)
                return now_ms;
        if (of->scope.view.state) {
                of->called_off_ms = 0;
                return INT64_MAX;
        }
        if (!of->called_off_ms)
                of->called_off_ms = now_ms;
        return of->called_off_ms + alerts->rules.flap_window_ms;
}

int alerts_look(PlekAlerts *alerts, AlertOf *of, int64_t now_ms)
{
        AlertSaid said[ALERT_SAYINGS_MAX];
        int64_t due_ms, forget_ms;
        AlertView view;
        size_t n_said;
        int r;

        r = of->is_plan ? view_plan(alerts, of, now_ms, &view) : view_door(alerts, of, &view);
        if (r)
                return r;
        alerts->n_active -= of->scope.is_active;
        n_said = alert_look(&of->scope, &alerts->rules, &view, now_ms, said);
        alerts->n_active += of->scope.is_active;
        r = tell(alerts, of, said, n_said);

        forget_ms = forget_at_ms(alerts, of, now_ms);
        if (forget_ms <= now_ms) {
                alert_of_free(alerts, of);
                return r;
        }
        due_ms = MIN(alert_due_ms(&of->scope, &alerts->rules), forget_ms);
        if (due_ms == INT64_MAX)
                heap_remove(&alerts->due, &of->due);
        else
                heap_set(&alerts->due, &of->due, MAX(due_ms, now_ms + 1));
        return r;
}
