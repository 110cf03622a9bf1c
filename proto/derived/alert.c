#include "derived/alert.h"

#include "internal/cleanup.h"

typedef struct Look {
        AlertScope *scope;
        const AlertRules *rules;
        const AlertView *view;
        int64_t now_ms;
        AlertSaid *said;
        size_t n_said;
} Look;

static void say(Look *look, AlertSaying saying, AlertCause cause)
{
        assert(look->n_said < ALERT_SAYINGS_MAX);
        look->said[look->n_said++] = (AlertSaid){ saying, cause };
}

static bool is_watched(const AlertRules *rules, uint32_t state)
{
        return state && state < 32 && rules->states & (1u << state);
}

static AlertCause cause_of(const AlertRules *rules, const AlertView *view)
{
        if (view->is_elsewhere || !is_watched(rules, view->state))
                return ALERT_NONE;
        if (view->is_expired)
                return rules->tell_expired ? ALERT_EXPIRED : ALERT_NONE;
        return ALERT_STATE;
}

static bool is_another(const AlertView *a, const AlertView *b)
{
        return a->state != b->state || a->is_expired != b->is_expired ||
               a->since_ms != b->since_ms || a->is_elsewhere != b->is_elsewhere;
}

/* ------------------------------------------------------------------ flapping */

static int64_t last_change_ms(const AlertScope *scope)
{
        return scope->changed_at_ms[(scope->n_changes - 1) % ALERT_CHANGES_MAX];
}

static void note_change(AlertScope *scope, int64_t now_ms)
{
        scope->changed_at_ms[scope->n_changes++ % ALERT_CHANGES_MAX] = now_ms;
}

/* Whether the change before the last n_flaps ones is within the window, too. */
static bool changes_too_often(const AlertScope *scope, const AlertRules *rules, int64_t now_ms)
{
        size_t n_flaps = MIN(rules->n_flaps, (size_t)ALERT_CHANGES_MAX - 1);
        size_t nth = scope->n_changes - n_flaps - 1;

        if (!rules->n_flaps || scope->n_changes <= n_flaps)
                return false;
        return now_ms - scope->changed_at_ms[nth % ALERT_CHANGES_MAX] < rules->flap_window_ms;
}

/* ------------------------------------------------------------------ one alert */

/* Whoever says it anew, in other words, while nobody has seen it does not gain time by that. */
static void raise_alert(Look *look, bool was_active)
{
        AlertScope *scope = look->scope;

        scope->is_active = true;
        if (!was_active) {
                scope->is_escalated = false;
                scope->raised_at_ms = look->now_ms;
        }
        scope->repeat_at_ms = look->now_ms + look->rules->repeat_ms;
        say(look, ALERT_RAISED, scope->cause);
}

/* What leads says something else than before, or is heard of for the first time. */
static void look_at_change(Look *look, AlertCause before)
{
        AlertScope *scope = look->scope;
        bool was_active = scope->is_active;

        scope->is_active = false;
        if (!scope->cause) {
                if (before)
                        say(look, ALERT_ENDED, before);
        } else if (!look->view->is_seen) {
                raise_alert(look, was_active);
        }
}

static void look_at_time(Look *look, bool was_seen)
{
        const AlertRules *rules = look->rules;
        AlertScope *scope = look->scope;

        if (scope->is_active && look->view->is_seen) {
                scope->is_active = false;
                say(look, ALERT_ACKNOWLEDGED, scope->cause);
        } else if (!scope->is_active && scope->cause && was_seen && !look->view->is_seen) {
                raise_alert(look, false); /* it was taken back */
        }
        if (!scope->is_active)
                return;

        if (rules->escalate_ms && !scope->is_escalated &&
            look->now_ms - scope->raised_at_ms >= rules->escalate_ms) {
                scope->is_escalated = true;
                say(look, ALERT_ESCALATED, scope->cause);
        }
        if (rules->repeat_ms && look->now_ms >= scope->repeat_at_ms) {
                scope->repeat_at_ms = look->now_ms + rules->repeat_ms;
                say(look, ALERT_REPEATED, scope->cause);
        }
}

/* Plans are told once each, by when they begin; those that stood at the first look are no news. */
static void look_at_plan(Look *look, bool is_first)
{
        const AlertRules *rules = look->rules;
        const AlertView *view = look->view;
        AlertScope *scope = look->scope;

        if (view->is_elsewhere || !is_watched(rules, view->plan_state))
                return;
        if (view->plan_starts_at_ms <= look->now_ms) {
                scope->soon_ms = view->plan_starts_at_ms; /* it leads, or will in a moment */
                return;
        }
        if (view->plan_starts_at_ms != scope->announced_ms) {
                scope->announced_ms = view->plan_starts_at_ms;
                if (rules->tell_announced && !is_first)
                        say(look, ALERT_RAISED, ALERT_ANNOUNCED);
        }
        if (rules->soon_ms && view->plan_starts_at_ms != scope->soon_ms &&
            view->plan_starts_at_ms - look->now_ms <= rules->soon_ms) {
                scope->soon_ms = view->plan_starts_at_ms;
                say(look, ALERT_RAISED, ALERT_SOON);
        }
}

/* Returns whether the scope is to be quiet. */
static bool look_at_flapping(Look *look, bool changed, bool *ret_became_steady)
{
        AlertScope *scope = look->scope;

        if (!scope->is_flapping && changed && changes_too_often(scope, look->rules, look->now_ms)) {
                scope->is_flapping = true;
                scope->is_active = false;
                say(look, ALERT_FLAPPING, ALERT_NONE);
        } else if (scope->is_flapping &&
                   look->now_ms - last_change_ms(scope) >= look->rules->flap_steady_ms) {
                scope->is_flapping = false;
                *ret_became_steady = true;
                say(look, ALERT_STEADY, ALERT_NONE);
        }
        return scope->is_flapping;
}

size_t alert_look(AlertScope *scope, const AlertRules *rules, const AlertView *view, int64_t now_ms,
                  AlertSaid ret_said[ALERT_SAYINGS_MAX])
{
        Look look = { scope, rules, view, now_ms, ret_said, 0 };
        bool is_first = !scope->has_view, was_seen = scope->view.is_seen, steady = false;
        bool changed = is_first || is_another(&scope->view, view);
        AlertCause before = scope->cause;

        scope->has_view = true;
        scope->view = *view;
        scope->cause = cause_of(rules, view);
        if (changed && !is_first)
                note_change(scope, now_ms);

        if (look_at_flapping(&look, changed && !is_first, &steady))
                return look.n_said;
        if (steady)
                look_at_change(&look, ALERT_NONE);
        else if (changed)
                look_at_change(&look, before);
        else
                look_at_time(&look, was_seen);
        look_at_plan(&look, is_first);
        return look.n_said;
}

int64_t alert_due_ms(const AlertScope *scope, const AlertRules *rules)
{
        const AlertView *view = &scope->view;
        int64_t due_ms = INT64_MAX;

        if (!scope->has_view)
                return due_ms;
        if (scope->is_flapping)
                return last_change_ms(scope) + rules->flap_steady_ms;
        if (scope->is_active && rules->repeat_ms)
                due_ms = MIN(due_ms, scope->repeat_at_ms);
        if (scope->is_active && rules->escalate_ms && !scope->is_escalated)
                due_ms = MIN(due_ms, scope->raised_at_ms + rules->escalate_ms);
        if (rules->soon_ms && !view->is_elsewhere && is_watched(rules, view->plan_state) &&
            view->plan_starts_at_ms != scope->soon_ms)
                due_ms = MIN(due_ms, view->plan_starts_at_ms - rules->soon_ms);
        return due_ms;
}
