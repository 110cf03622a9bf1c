/*
 * plek call: all agents of a region are asked to report now
 *
 * Ends when all have answered or the time is over, and says by its exit status which.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call-table.h"
#include "known-code.h"
#include "look.h"
#include "peer.h"
#include "when.h"

typedef struct CallArguments {
        Common common;
        PlekCallOptions call;
        uint32_t cares[PLEK_CALL_CARES_MAX];
        const char *locations[PLEK_CALL_LOCATIONS_MAX];
        CallTable table;
        bool is_complete;
} CallArguments;

enum {
        OPTION_REGION = 0x100,
        OPTION_LOCATION,
        OPTION_CARE,
        OPTION_WITHIN,
        OPTION_TRIAGE,
        OPTION_TEXT,
        OPTION_EXERCISE
};

static void add_care(CallArguments *o, const char *argument, struct argp_state *state)
{
        if (o->call.n_cares == PLEK_CALL_CARES_MAX)
                usage_error(state, "a call names at most %d kinds of care", PLEK_CALL_CARES_MAX);
        o->cares[o->call.n_cares++] = known_code(state, PLEK_CODES_CARE, "care", argument);
}

static void add_location(CallArguments *o, char *argument, struct argp_state *state)
{
        if (o->call.n_locations == PLEK_CALL_LOCATIONS_MAX)
                usage_error(state, "a call names at most %d locations", PLEK_CALL_LOCATIONS_MAX);
        o->locations[o->call.n_locations++] = argument;
}

static void take_within(CallArguments *o, const char *argument, struct argp_state *state)
{
        if (duration_parse(&o->call.within_ms, argument) || o->call.within_ms < 1 ||
            o->call.within_ms > PLEK_CALL_LONGEST_MS)
                usage_error(state, "'%s' is no time of at most an hour, such as 10m", argument);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        CallArguments *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_REGION:
                o->call.region = argument;
                return 0;
        case OPTION_LOCATION:
                add_location(o, argument, state);
                return 0;
        case OPTION_CARE:
                add_care(o, argument, state);
                return 0;
        case OPTION_WITHIN:
                take_within(o, argument, state);
                return 0;
        case OPTION_TRIAGE:
                o->call.wants_triage = true;
                return 0;
        case OPTION_TEXT:
                o->call.text = argument;
                return 0;
        case OPTION_EXERCISE:
                o->call.status = PLEK_STATUS_EXERCISE;
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        case ARGP_KEY_END:
                if (!o->call.region == !o->call.n_locations)
                        usage_error(state, "either --region or --location says whose agents are "
                                           "called on");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static bool on_progress(void *arg, const PlekCallProgress *call)
{
        CallArguments *o = arg;

        o->is_complete = call->n_lines && call->n_answered == call->n_lines;
        if (o->common.json)
                call_json(call);
        else
                call_table_show(&o->table, call);
        return true;
}

/* A call goes to a home region: that names who answers it. Returns an Exit. */
static int needs_home(CallArguments *o)
{
        const char *scheme, *region;
        char *text, homes[512];
        int r;

        if (!o->call.region || !strchr(o->call.region, ':'))
                return EXIT_DONE;
        text = strdupa(o->call.region);
        region_parse(text, &scheme, &region);
        r = look_home_regions(&o->common, scheme, region, homes, sizeof(homes));
        if (r)
                return r;
        if (!*homes)
                return fail(EXIT_REFUSED,
                            "there is no region '%s': nobody speaks for a location in it.",
                            o->call.region);
        return fail(EXIT_REFUSED,
                    "a call goes to a home region, and '%s' is none. Its locations are of: %s.",
                    o->call.region, homes);
}

/* Which of the locations is the one that nobody speaks for. Returns an Exit: the last word on it.
 */
static int refused(const CallArguments *o, int result, const PlekFault *fault)
{
        int r = EXIT_DONE;

        for (size_t i = 0; !r && fault->code == PLEK_REFUSED_NOT_FOUND && i < o->call.n_locations;
             i++)
                r = look_needs_known(&o->common, NULL, NULL, o->locations[i]);
        return r ? r : fail_answer(result, fault);
}

int command_call(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "region", OPTION_REGION, "REGION", 0, "Whose agents are called on", 1 },
                { "location", OPTION_LOCATION, "ID", 0,
                  "Only this location, of any region; may be given again", 1 },
                { "care", OPTION_CARE, "CARE", 0, "Only this kind of care; may be given again", 1 },
                { "within", OPTION_WITHIN, "TIME", 0, "The deadline, at most 1h (10m)", 1 },
                { "triage", OPTION_TRIAGE, NULL, 0, "Add up free places by triage colour", 1 },
                { "text", OPTION_TEXT, "TEXT", 0, "Why, for people; no patient data", 1 },
                { "exercise", OPTION_EXERCISE, NULL, 0,
                  "An exercise: reports of an exercise answer it", 1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "--region REGION|--location ID...",
                .doc = "Asks all agents of a region, or of some locations, to report now, and "
                       "shows who has answered, who "
                       "has not and whom to telephone, until all have or the time is over.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        CallArguments o = { .call = { .within_ms = 10 * 60 * 1000 } };
        PlekFault fault = { 0 };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        o.common.control = NULL; /* a call is signed: the operator's socket has no key */
        o.call.cares = o.cares;
        o.call.locations = o.locations;
        o.table.language = o.common.language;
        o.table.is_terminal = isatty(STDOUT_FILENO);

        r = needs_home(&o);
        if (r)
                return r;
        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        r = plek_client_call(client, &o.call, on_progress, &o, &fault);
        if (r)
                return refused(&o, r, &fault);
        return o.is_complete ? EXIT_DONE : EXIT_UNANSWERED;
}
