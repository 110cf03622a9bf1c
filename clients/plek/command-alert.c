/*
 * plek alert: what a desk must look at now, with a bell and programs, until somebody has seen it
 *
 * Nothing waits for anything here: a program that hangs, or a terminal that nobody reads, holds up
 * no alert. And silence is only peace while the picture is fed: when it is not, that is said as
 * loudly as a stop.
 */

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "alert-told.h"
#include "known-code.h"
#include "look.h"
#include "outlet.h"
#include "region-filter.h"
#include "sentences.h"
#include "when.h"
#include "words.h"

enum { LIST_MAX = 64, STEP_MS = 1000, BUSY_STEP_MS = 50 };

typedef struct AlertOptions {
        Common common;
        PlekSubscriberOptions subscriber;
        PlekAlertRules rules;
        RegionFilter regions;
        const char *locations[LIST_MAX];
        uint32_t cares[LIST_MAX];
        bool has_states;
        bool once;
        int64_t for_ms; /* 0: until it is ended */

        Told told;
        PlekAlerts *alerts;
        PlekLink link; /* as last told */
        bool link_told;
        int64_t link_repeat_ms; /* of the steady clock */
} AlertOptions;

enum {
        OPTION_LOCATION = 0x100,
        OPTION_REGION,
        OPTION_CARE,
        OPTION_STATE,
        OPTION_TEST,
        OPTION_REPEAT,
        OPTION_ESCALATE,
        OPTION_SOON,
        OPTION_FLAPS,
        OPTION_FLAP_WINDOW,
        OPTION_STEADY,
        OPTION_BY,
        OPTION_NO_BELL,
        OPTION_RUN,
        OPTION_ESCALATE_RUN,
        OPTION_RUN_TIMEOUT,
        OPTION_ONCE,
        OPTION_FOR,
};

static const struct argp_option options[] = {
        { NULL, 0, NULL, 0, "Which:", 1 },
        { "location", OPTION_LOCATION, "ID", 0, "This location only; repeat for more", 1 },
        REGION_OPTION(OPTION_REGION),
        { "care", OPTION_CARE, "CARE", 0, "Doors about this care only; repeat for more", 1 },
        { "state", OPTION_STATE, "STATE", 0,
          "Which states raise an alert; repeat for more (STOP and CLOSED)", 1 },
        { "soon", OPTION_SOON, "DURATION", 0, "How long before a plan begins (30min; 0s: not)", 1 },
        { "test", OPTION_TEST, NULL, 0, "Also what is marked TEST", 1 },
        { NULL, 0, NULL, 0, "How:", 2 },
        { "repeat", OPTION_REPEAT, "DURATION", 0, "Until acknowledged (1min; 0s: once)", 2 },
        { "escalate-after", OPTION_ESCALATE, "DURATION", 0,
          "If nobody has acknowledged it by then (5min; 0s: never)", 2 },
        { "acknowledged-by", OPTION_BY, "any|me|PARTY", 0, "Whose word counts (any)", 2 },
        { "no-bell", OPTION_NO_BELL, NULL, 0, "Without the terminal's bell", 2 },
        { "flaps", OPTION_FLAPS, "N", 0, "More changes than this are flapping (4; 0: never)", 2 },
        { "flap-window", OPTION_FLAP_WINDOW, "DURATION", 0, "Within this time (10min)", 2 },
        { "steady", OPTION_STEADY, "DURATION", 0, "Quiet until steady for so long (10min)", 2 },
        { "run", OPTION_RUN, "PROGRAM", 0,
          "Run it for each alert; its arguments come after --, what happened is in PLEK_ALERT_*",
          2 },
        { "escalate-run", OPTION_ESCALATE_RUN, "PROGRAM", 0, "Instead, when one escalates", 2 },
        { "run-timeout", OPTION_RUN_TIMEOUT, "DURATION", 0, "Kill it after so long (30s)", 2 },
        { NULL, 0, NULL, 0, "For scripts:", 3 },
        { "once", OPTION_ONCE, NULL, 0, "End after the first alert; 1 if none came with --for", 3 },
        { "for", OPTION_FOR, "DURATION", 0, "End after so long", 3 },
        { 0 },
};

static void add(struct argp_state *state, const char **list, size_t *n, const char *argument)
{
        if (*n == LIST_MAX)
                usage_error(state, "at most %d of them", LIST_MAX);
        list[(*n)++] = argument;
}

static int64_t duration(struct argp_state *state, const char *argument)
{
        int64_t ms;

        if (duration_parse(&ms, argument) || ms < 0 || ms > INT64_C(7) * 24 * 3600 * 1000)
                usage_error(state, "a duration is 0s to 7d, as in 30s or 5min, not '%s'", argument);
        return ms;
}

static void parse_state(AlertOptions *o, struct argp_state *state, const char *argument)
{
        uint32_t code = known_code(state, PLEK_CODES_DOOR_STATE, "state", argument);

        if (!o->has_states)
                o->rules.states = 0;
        o->has_states = true;
        o->rules.states |= PLEK_ALERT_STATE_BIT(code);
}

static void parse_care(AlertOptions *o, struct argp_state *state, const char *argument)
{
        if (o->rules.n_cares == LIST_MAX)
                usage_error(state, "at most %d of them", LIST_MAX);
        o->cares[o->rules.n_cares++] = known_code(state, PLEK_CODES_CARE, "care", argument);
}

static void parse_flaps(AlertOptions *o, struct argp_state *state, const char *argument)
{
        char *end;
        unsigned long n = strtoul(argument, &end, 10);

        if (*end || !*argument || n > 15)
                usage_error(state, "--flaps is 0 to 15, not '%s'", argument);
        o->rules.n_flaps = n;
}

static error_t parse_which(AlertOptions *o, int key, char *argument, struct argp_state *state)
{
        switch (key) {
        case OPTION_LOCATION:
                add(state, o->locations, &o->rules.n_locations, argument);
                return 0;
        case OPTION_REGION:
                region_filter_add(&o->regions, argument, state);
                return 0;
        case OPTION_CARE:
                parse_care(o, state, argument);
                return 0;
        case OPTION_STATE:
                parse_state(o, state, argument);
                return 0;
        case OPTION_SOON:
                o->rules.soon_ms = duration(state, argument);
                return 0;
        case OPTION_TEST:
                o->subscriber.with_test = o->rules.with_test = true;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static error_t parse_how(AlertOptions *o, int key, char *argument, struct argp_state *state)
{
        switch (key) {
        case OPTION_REPEAT:
                o->rules.repeat_ms = duration(state, argument);
                return 0;
        case OPTION_ESCALATE:
                o->rules.escalate_ms = duration(state, argument);
                return 0;
        case OPTION_BY:
                o->rules.acknowledged_by = !strcmp(argument, "any")  ? NULL
                                           : !strcmp(argument, "me") ? PLEK_ALERT_BY_US
                                                                     : argument;
                return 0;
        case OPTION_NO_BELL:
                o->told.has_bell = false;
                return 0;
        case OPTION_FLAPS:
                parse_flaps(o, state, argument);
                return 0;
        case OPTION_FLAP_WINDOW:
                o->rules.flap_window_ms = duration(state, argument);
                return 0;
        case OPTION_STEADY:
                o->rules.flap_steady_ms = duration(state, argument);
                return 0;
        case OPTION_RUN:
                o->told.program = argument;
                return 0;
        case OPTION_ESCALATE_RUN:
                o->told.escalate_program = argument;
                return 0;
        case OPTION_RUN_TIMEOUT:
                o->told.runner.timeout_ms = duration(state, argument);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        AlertOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_ONCE:
                o->once = true;
                return 0;
        case OPTION_FOR:
                o->for_ms = duration(state, argument);
                return 0;
        case ARGP_KEY_ARG:
                if (o->told.n_arguments == TOLD_ARGUMENTS_MAX)
                        usage_error(state, "at most %d arguments", TOLD_ARGUMENTS_MAX);
                o->told.arguments[o->told.n_arguments++] = argument;
                return 0;
        case ARGP_KEY_END:
                if (o->told.n_arguments && !o->told.program && !o->told.escalate_program)
                        usage_error(state, "arguments are a program's: say which with --run");
                return 0;
        default:
                if (parse_which(o, key, argument, state) == 0)
                        return 0;
                return parse_how(o, key, argument, state);
        }
}

static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[-- ARGUMENT...]",
        .doc = "What must be looked at now: stops and closures, announced, begun and expired, "
               "until "
               "somebody says plek ack. Repeats, escalates, and is quiet about what changes too "
               "often.",
        .children = children,
};

/* ------------------------------------------------------------------ running */

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
        ended = 1;
}

static void on_record(void *arg, const PlekRecord *record, PlekChange change)
{
        AlertOptions *o = arg;

        (void)!plek_alerts_record(o->alerts, record);
        (void)change;
}

static void on_door(void *arg, const PlekLeadingDoor *door)
{
        AlertOptions *o = arg;

        (void)!plek_alerts_door(o->alerts, door); /* process says it, too */
}

static void on_ack(void *arg, const PlekAck *ack, bool has_ended)
{
        AlertOptions *o = arg;

        (void)!plek_alerts_ack(o->alerts, ack);
        (void)has_ended;
}

static void on_alert(void *arg, const PlekAlert *alert)
{
        AlertOptions *o = arg;

        told_alert(&o->told, alert);
}

DEFINE_FREEP(PlekAlerts, plek_alerts_free);

/* Said when it changes, and again for as long as it is not well. */
static void look_at_link(AlertOptions *o, PlekSubscriber *subscriber)
{
        int64_t now_ms = steady_clock_ms();
        PlekLinkState link;
        bool is_well, is_due;

        plek_subscriber_link_state(subscriber, &link);
        is_well = link.link == PLEK_LINK_LIVE;
        is_due = !is_well && o->rules.repeat_ms && now_ms >= o->link_repeat_ms;
        if (o->link_told && link.link == o->link && !is_due)
                return;
        if (o->link_told || !is_well || o->common.json)
                told_link(&o->told, &link, o->link_told ? link.link == o->link : is_well);
        o->link_told = true;
        o->link = link.link;
        o->link_repeat_ms = now_ms + o->rules.repeat_ms;
}

static int step_ms(const AlertOptions *o, int64_t until_ms)
{
        int64_t ms = runner_is_busy(&o->told.runner) ? BUSY_STEP_MS : STEP_MS;
        int due_ms = plek_alerts_timeout_ms(o->alerts);

        if (due_ms >= 0)
                ms = MIN(ms, (int64_t)due_ms);
        return (int)MAX(MIN(ms, until_ms - steady_clock_ms()), (int64_t)0);
}

static int run(AlertOptions *o, PlekSubscriber *subscriber)
{
        int64_t until_ms = o->for_ms ? steady_clock_ms() + o->for_ms : INT64_MAX;
        int r = 0;

        while (!r && !ended && !ferror(stdout) && steady_clock_ms() < until_ms &&
               !(o->once && o->told.n_alerts)) {
                look_at_link(o, subscriber);
                r = plek_alerts_process(o->alerts);
                if (!r)
                        r = plek_subscriber_run(subscriber, step_ms(o, until_ms));
                runner_look(&o->told.runner, steady_clock_ms());
        }
        return r;
}

/* What is under way when we end may end by itself. */
static void wait_for_programs(AlertOptions *o, PlekSubscriber *subscriber)
{
        while (!ended && runner_is_busy(&o->told.runner) &&
               !plek_subscriber_run(subscriber, BUSY_STEP_MS))
                runner_look(&o->told.runner, steady_clock_ms());
        runner_deinit(&o->told.runner);
}

static int watch_for_alerts(AlertOptions *o)
{
        static const PlekSubscriberCallbacks callbacks = { .record = on_record,
                                                           .door = on_door,
                                                           .ack = on_ack };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        CLEANUP(plek_alerts_freep) PlekAlerts *alerts = NULL;
        int r;

        r = look_open(&peer, &subscriber, &o->common, &o->subscriber, &callbacks, o);
        if (r)
                return r;
        o->told.subscriber = subscriber;
        r = plek_alerts_new(&alerts, subscriber, &o->rules, on_alert, o);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        o->alerts = alerts;
        r = look_ready(&peer, subscriber, &o->common);
        if (!r)
                r = region_filter_needs(&o->regions, subscriber);
        for (size_t i = 0; !r && i < o->rules.n_locations; i++)
                r = look_needs_location(subscriber, o->locations[i]);
        if (r)
                return r;
        r = run(o, subscriber);
        wait_for_programs(o, subscriber);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        if (o->once && !o->told.n_alerts)
                return fail(EXIT_REFUSED, "there was no alert.");
        return EXIT_DONE;
}

int command_alert(int argc, char **argv)
{
        AlertOptions o = { .rules = PLEK_ALERT_RULES_INIT,
                           .told = { .has_bell = true, .runner.timeout_ms = 30 * 1000 } };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        o.rules.locations = o.locations;
        o.rules.regions = o.regions.wanted;
        o.rules.n_regions = o.regions.n;
        o.rules.cares = o.cares;
        region_filter_follow(&o.regions, true, &o.subscriber);
        o.told.common = &o.common;
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
        r = outlets_open(o.common.json);
        if (r)
                return fail(EXIT_FILE, "%s.", strerror(-r));
        r = watch_for_alerts(&o);
        outlets_finish();
        return r;
}
