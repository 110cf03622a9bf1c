/*
 * Alerts against a slow, obvious account: each look is judged from the whole list of looks before
 * it, with nothing remembered but what was seen and what was said
 */

#include <string.h>

#include "chance.h"
#include "derived/alert.h"
#include "plek/codes.h"

enum {
        N_ROUNDS = 400,
        N_LOOKS = 400,
        STEP_MAX_MS = 40,
};

typedef struct Seen {
        int64_t at_ms;
        AlertView view;
        AlertSaid said[ALERT_SAYINGS_MAX];
        size_t n_said;
        bool is_flapping;
} Seen;

typedef struct World {
        Chance chance;
        AlertRules rules;
        Seen looks[N_LOOKS];
        size_t n_looks;
} World;

/* ------------------------------------------------------------------ the slow, obvious account */

static bool is_soon_at(const World *world, size_t i)
{
        const Seen *look = &world->looks[i];

        return look->view.is_plan && look->view.state && world->rules.soon_ms &&
               look->view.starts_at_ms - look->at_ms <= world->rules.soon_ms;
}

static AlertCause cause_at(const World *world, size_t i)
{
        const AlertView *view = &world->looks[i].view;

        if (view->is_elsewhere || !view->state || !(world->rules.states & (1u << view->state)))
                return ALERT_NONE;
        if (is_soon_at(world, i))
                return ALERT_SOON;
        if (view->is_plan)
                return world->rules.tell_announced ? ALERT_ANNOUNCED : ALERT_NONE;
        if (!view->is_expired)
                return ALERT_STATE;
        return world->rules.tell_expired ? ALERT_EXPIRED : ALERT_NONE;
}

static bool changed_at(const World *world, size_t i)
{
        const AlertView *now = &world->looks[i].view, *before;

        if (!i)
                return false;
        before = &world->looks[i - 1].view;
        return now->state != before->state || now->is_expired != before->is_expired ||
               now->since_ms != before->since_ms || now->is_elsewhere != before->is_elsewhere ||
               now->starts_at_ms != before->starts_at_ms ||
               is_soon_at(world, i) != is_soon_at(world, i - 1);
}

static void expect(Seen *seen, AlertSaying saying, AlertCause cause)
{
        seen->said[seen->n_said++] = (AlertSaid){ saying, cause };
}

static bool said_at(const World *world, size_t i, AlertSaying saying)
{
        for (size_t s = 0; s < world->looks[i].n_said; s++)
                if (world->looks[i].said[s].saying == saying)
                        return true;
        return false;
}

static bool is_too_often(const World *world, size_t i)
{
        size_t n = 0;

        if (!world->rules.n_flaps || !changed_at(world, i))
                return false;
        for (size_t j = 0; j <= i; j++)
                n += changed_at(world, j) &&
                     world->looks[i].at_ms - world->looks[j].at_ms < world->rules.flap_window_ms;
        return n > world->rules.n_flaps;
}

static bool is_steady(const World *world, size_t i)
{
        for (size_t j = 0; j <= i; j++)
                if (changed_at(world, j) &&
                    world->looks[i].at_ms - world->looks[j].at_ms < world->rules.flap_steady_ms)
                        return false;
        return true;
}

/* The look at which the alert that is under way before look @i was raised; N_LOOKS: none is. */
static size_t raised_before(const World *world, size_t i)
{
        while (i--) {
                if (said_at(world, i, ALERT_RAISED))
                        return i;
                if (changed_at(world, i) || said_at(world, i, ALERT_ACKNOWLEDGED) ||
                    said_at(world, i, ALERT_FLAPPING) || said_at(world, i, ALERT_STEADY))
                        return N_LOOKS;
        }
        return N_LOOKS;
}

/* From the look on at which the alert was raised, in whatever words since. */
static size_t unseen_since(const World *world, size_t raised)
{
        size_t before = raised_before(world, raised);

        /* It was raised because it was said anew, and not after it had been taken back. */
        return before != N_LOOKS && changed_at(world, raised) ? unseen_since(world, before)
                                                              : raised;
}

static void remind(World *world, size_t i, size_t raised)
{
        size_t unseen = unseen_since(world, raised);
        Seen *now = &world->looks[i];
        int64_t reminded_ms = world->looks[raised].at_ms;
        bool is_escalated = false;

        for (size_t j = raised; j < i; j++)
                if (said_at(world, j, ALERT_REPEATED))
                        reminded_ms = world->looks[j].at_ms;
        for (size_t j = unseen; j < i; j++)
                is_escalated |= said_at(world, j, ALERT_ESCALATED);
        if (world->rules.escalate_ms && !is_escalated &&
            now->at_ms - world->looks[unseen].at_ms >= world->rules.escalate_ms)
                expect(now, ALERT_ESCALATED, cause_at(world, i));
        if (world->rules.repeat_ms && now->at_ms - reminded_ms >= world->rules.repeat_ms)
                expect(now, ALERT_REPEATED, cause_at(world, i));
}

static void expect_alert(World *world, size_t i, bool became_steady)
{
        AlertCause cause = cause_at(world, i), before = i ? cause_at(world, i - 1) : ALERT_NONE;
        bool was_seen = i && world->looks[i - 1].view.is_seen;
        Seen *now = &world->looks[i];
        size_t raised;

        if (!i || changed_at(world, i) || became_steady) {
                if (cause && !now->view.is_seen && (i || !now->view.is_old || cause == ALERT_SOON))
                        expect(now, ALERT_RAISED, cause);
                else if (!cause && before && !became_steady)
                        expect(now, ALERT_ENDED, before);
                return;
        }
        raised = raised_before(world, i);
        if (raised != N_LOOKS && now->view.is_seen)
                expect(now, ALERT_ACKNOWLEDGED, cause);
        else if (raised != N_LOOKS)
                remind(world, i, raised);
        else if (cause && was_seen && !now->view.is_seen)
                expect(now, ALERT_RAISED, cause);
}

static void account(World *world, size_t i)
{
        bool was_flapping = i && world->looks[i - 1].is_flapping, became_steady = false;
        Seen *now = &world->looks[i];

        now->n_said = 0;
        now->is_flapping = was_flapping;
        if (!was_flapping && is_too_often(world, i)) {
                now->is_flapping = true;
                expect(now, ALERT_FLAPPING, ALERT_NONE);
        } else if (was_flapping && is_steady(world, i)) {
                now->is_flapping = false;
                became_steady = true;
                expect(now, ALERT_STEADY, ALERT_NONE);
        }
        if (now->is_flapping)
                return;
        expect_alert(world, i, became_steady);
}

/* ------------------------------------------------------------------ what happens */

static void choose_rules(World *world)
{
        Chance *chance = &world->chance;

        world->rules = (AlertRules){
                .states = 1u << PLEK_DOOR_STOP | 1u << PLEK_DOOR_CLOSED,
                .tell_expired = chance_below(chance, 2),
                .tell_announced = chance_below(chance, 2),
                .soon_ms = chance_below(chance, 2) * 200,
                .repeat_ms = chance_below(chance, 3) * 70,
                .escalate_ms = chance_below(chance, 3) * 150,
                .n_flaps = chance_below(chance, 4),
                .flap_window_ms = 300,
                .flap_steady_ms = 200,
        };
}

static void happen(Chance *chance, AlertView *view, int64_t now_ms)
{
        switch (chance_below(chance, 12)) {
        case 0:
                view->state = chance_below(chance, PLEK_DOOR_CLOSED + 1);
                view->since_ms = now_ms;
                view->is_expired = view->is_seen = false;
                break;
        case 1:
                view->is_expired = !view->is_expired;
                break;
        case 2:
        case 3:
                view->is_seen = !view->is_seen;
                break;
        case 4:
                view->is_elsewhere = !view->is_plan && !chance_below(chance, 4);
                break;
        case 5:
                if (view->is_plan)
                        view->starts_at_ms = now_ms + 1 + (int64_t)chance_below(chance, 600);
                break;
        default:
                break; /* time passes */
        }
}

static void compare(const World *world, const AlertSaid *said, size_t n_said)
{
        const Seen *now = &world->looks[world->n_looks - 1];

        assert(n_said == now->n_said);
        for (size_t s = 0; s < n_said; s++) {
                assert(said[s].saying == now->said[s].saying);
                assert(said[s].cause == now->said[s].cause);
        }
}

/* A look between two others that are due finds nothing to say: nobody has to poll. */
static void is_quiet_until_due(const AlertScope *scope, const World *world)
{
        int64_t due_ms = alert_due_ms(scope, &world->rules);
        AlertSaid said[ALERT_SAYINGS_MAX];
        AlertScope copy = *scope;

        if (due_ms == INT64_MAX)
                due_ms = world->looks[world->n_looks - 1].at_ms + 100000;
        if (scope->view.is_plan && scope->view.state)
                due_ms = MIN(due_ms, scope->view.starts_at_ms); /* what leads then is another's */
        if (due_ms - 1 > world->looks[world->n_looks - 1].at_ms)
                assert(!alert_look(&copy, &world->rules, &scope->view, due_ms - 1, said));
}

static void live(World *world)
{
        AlertView view = { .since_ms = TIME_ABSENT };
        AlertScope scope = { 0 };
        int64_t now_ms = 1000;

        choose_rules(world);
        view.is_plan = chance_below(&world->chance, 2);
        view.is_old = chance_below(&world->chance, 2);
        for (world->n_looks = 0; world->n_looks < N_LOOKS;) {
                AlertSaid said[ALERT_SAYINGS_MAX];
                size_t n_said;

                happen(&world->chance, &view, now_ms);
                if (view.is_plan && view.starts_at_ms <= now_ms)
                        view.starts_at_ms = now_ms + 1 + (int64_t)chance_below(&world->chance, 600);
                world->looks[world->n_looks] = (Seen){ .at_ms = now_ms, .view = view };
                account(world, world->n_looks++);
                n_said = alert_look(&scope, &world->rules, &view, now_ms, said);
                compare(world, said, n_said);
                is_quiet_until_due(&scope, world);
                now_ms += (int64_t)chance_below(&world->chance, STEP_MAX_MS);
        }
}

int main(int argc, char **argv)
{
        static World world;

        world.chance = chance_new(argc, argv);
        for (unsigned round = 0; round < N_ROUNDS; round++)
                live(&world);
        printf("%d rounds of %d looks\n", N_ROUNDS, N_LOOKS);
        return 0;
}
