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

bool alert_is_watched(const AlertRules *rules, uint32_t state)
{
        return state && state < 32 && rules->states & (1u << state);
}

static bool is_soon(const AlertRules *rules, const AlertView *view, int64_t now_ms)
{
        return view->is_plan && view->state && rules->soon_ms &&
               view->starts_at_ms - now_ms <= rules->soon_ms;
}

static AlertCause cause_of(const AlertRules *rules, const AlertView *view, bool soon)
{
        if (view->is_elsewhere || !alert_is_watched(rules, view->state))
                return ALERT_NONE;
        if (soon)
                return ALERT_SOON;
        if (view->is_plan)
                return rules->tell_announced ? ALERT_ANNOUNCED : ALERT_NONE;
        if (view->is_expired)
                return rules->tell_expired ? ALERT_EXPIRED : ALERT_NONE;
        return ALERT_STATE;
}

static bool is_another(const AlertView *a, const AlertView *b)
{
        return a->state != b->state || a->is_expired != b->is_expired ||
               a->since_ms != b->since_ms || a->is_elsewhere != b->is_elsewhere ||
               a->starts_at_ms != b->starts_at_ms;
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
static void look_at_change(Look *look, AlertCause before, bool is_old)
{
        AlertScope *scope = look->scope;
        bool was_active = scope->is_active;

        scope->is_active = false;
        if (!scope->cause) {
                if (before)
                        say(look, ALERT_ENDED, before);
        } else if (!look->view->is_seen && !is_old) {
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
        bool soon = is_soon(rules, view, now_ms);
        bool changed = is_first || is_another(&scope->view, view) || soon != scope->is_soon;
        AlertCause before = scope->cause;

        if (view->is_plan && view->state && view->starts_at_ms <= now_ms) {
                *scope = (AlertScope){ 0 }; /* it leads, or will in a moment */
                return 0;
        }
        scope->has_view = true;
        scope->view = *view;
        scope->is_soon = soon;
        scope->cause = cause_of(rules, view, soon);
        if (changed && !is_first)
                note_change(scope, now_ms);

        if (look_at_flapping(&look, changed && !is_first, &steady))
                return look.n_said;
        if (steady)
                look_at_change(&look, ALERT_NONE, false);
        else if (changed)
                look_at_change(&look, before, is_first && view->is_old && !soon);
        else
                look_at_time(&look, was_seen);
        return look.n_said;
}

/* When a plan is about to begin, or does. */
static int64_t turns_at_ms(const AlertScope *scope, const AlertRules *rules)
{
        const AlertView *view = &scope->view;

        if (!view->is_plan || !view->state)
                return INT64_MAX;
        if (rules->soon_ms && !scope->is_soon)
                return view->starts_at_ms - rules->soon_ms;
        return view->starts_at_ms;
}

int64_t alert_due_ms(const AlertScope *scope, const AlertRules *rules)
{
        int64_t due_ms = INT64_MAX;

        if (!scope->has_view)
                return due_ms;
        if (scope->is_flapping)
                return MIN(last_change_ms(scope) + rules->flap_steady_ms,
                           turns_at_ms(scope, rules));
        if (scope->is_active && rules->repeat_ms)
                due_ms = MIN(due_ms, scope->repeat_at_ms);
        if (scope->is_active && rules->escalate_ms && !scope->is_escalated)
                due_ms = MIN(due_ms, scope->raised_at_ms + rules->escalate_ms);
        return MIN(due_ms, turns_at_ms(scope, rules));
}
