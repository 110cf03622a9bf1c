/*
 * plek impact: what follows if a location closes
 *
 *         plek impact --close hap-duinstad --from "2026-11-28 08:00" --to "2026-11-29 08:00" \
 *                     --care GP_POST --load 6/h --areas postcodes.csv --beyond 30km
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "areas.h"
#include "impact-json.h"
#include "impact-text.h"
#include "known-code.h"
#include "look.h"
#include "sentences.h"
#include "text.h"
#include "when.h"
#include "zone.h"

enum { CARES_MAX = 64 };

typedef struct ImpactOptions {
        Common common;
        PlekImpactOptions impact;
        PlekSubscriberOptions subscriber;
        const char *areas, *travel;
        const char *to;   /* as it was typed: it counts from the beginning */
        char beyond_unit; /* k, m(inutes) or 0 */
        int64_t now_ms;
        bool all;
} ImpactOptions;

enum {
        OPTION_CLOSE = 0x100,
        OPTION_CARE,
        OPTION_FROM,
        OPTION_TO,
        OPTION_LOAD,
        OPTION_BEYOND,
        OPTION_AREAS,
        OPTION_TRAVEL,
        OPTION_STATUS,
        OPTION_ALL,
        OPTION_REGION,
};

static const struct argp_option options[] = {
        { "close", OPTION_CLOSE, "LOCATION", 0, "What closes: required", 1 },
        { "care", OPTION_CARE, "CARE", 0, "This care only; default: all that it gives", 1 },
        { "from", OPTION_FROM, "TIME", 0, "When it closes (now)", 1 },
        { "to", OPTION_TO, "TIME", 0, "When it opens again", 1 },
        { "load", OPTION_LOAD, "N/h|N/d", 0, "How many come there, of this care", 1 },
        { "beyond", OPTION_BEYOND, "KMkm|MINmin", 0, "Which areas end up further than this", 1 },
        { "areas", OPTION_AREAS, "FILE", 0,
          "CSV: id, name, lat, lon, weight; default: the places' own points", 1 },
        { "travel-times", OPTION_TRAVEL, "FILE", 0,
          "CSV: from (an area's id), to (a location), minutes; default: as the crow flies", 1 },
        { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0, "One at a time (ACTUAL)", 1 },
        { "region", OPTION_REGION, "[SCHEME:]ID", 0,
          "As if there were no other region, as in noordkust or rav:17", 1 },
        { "all", OPTION_ALL, NULL, 0, "Every area, not only the first thirty", 1 },
        { 0 },
};

static void load_parse(ImpactOptions *o, const char *text, struct argp_state *state)
{
        char *end;
        double value = strtod(text, &end);

        if (end != text && !strcmp(end, "/d"))
                value /= 24;
        else if (end == text || (*end && strcmp(end, "/h") != 0))
                value = -1;
        if (!(value >= 0) || value > 1e6)
                usage_error(state, "--load is N/h or N/d, as in 6/h, not '%s'", text);
        o->impact.load_per_hour = value;
}

static void beyond_parse(ImpactOptions *o, const char *text, struct argp_state *state)
{
        char *end;
        double value = strtod(text, &end);

        o->beyond_unit = !strcmp(end, "km") ? 'k' : !strcmp(end, "min") ? 'm' : 0;
        if (end == text || !o->beyond_unit || !(value > 0) || value > 1e5)
                usage_error(state,
                            "--beyond is a distance or a time, as in 30km or 45min, not '%s'",
                            text);
        o->impact.beyond = o->beyond_unit == 'k' ? value * 1000 : value;
}

static int64_t time_parse(const char *text, int64_t now_ms, struct argp_state *state)
{
        int64_t ms = 0;

        if (when_parse(&ms, text, now_ms))
                usage_error(state,
                            "'%s' is not a time; 18:00, 2h, fri 18:00 and 2026-12-24 18:00 are",
                            text);
        return ms;
}

/* "mon 08:00" of a closure from "sat 18:00" is the Monday after that Saturday, whatever today is.
 */
static void to_parse(ImpactOptions *o, struct argp_state *state)
{
        const int64_t from_ms = o->impact.from_ms == PLEK_NO_TIME ? o->now_ms : o->impact.from_ms;

        if (o->to)
                o->impact.to_ms = time_parse(o->to, from_ms, state);
}

static void check(const ImpactOptions *o, struct argp_state *state)
{
        int64_t from_ms = o->impact.from_ms == PLEK_NO_TIME ? o->now_ms : o->impact.from_ms;

        if (!o->impact.location)
                usage_error(state, "impact needs --close LOCATION");
        if (o->impact.to_ms != PLEK_NO_TIME && o->impact.to_ms <= from_ms)
                usage_error(state, "it opens again before it closes");
        if (o->beyond_unit == 'm' && !o->travel)
                usage_error(state, "--beyond in minutes needs --travel-times");
        if (o->beyond_unit == 'k' && o->travel)
                usage_error(state, "with --travel-times --beyond is in minutes, as in 45min");
        if (o->impact.load_per_hour >= 0 && !o->impact.care)
                usage_error(state, "--load is of one --care");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        ImpactOptions *o = state->input;
        uint32_t status;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_CLOSE:
                o->impact.location = argument;
                return 0;
        case OPTION_CARE:
                o->impact.care = known_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_FROM:
                o->impact.from_ms = time_parse(argument, o->now_ms, state);
                return 0;
        case OPTION_TO:
                o->to = argument;
                return 0;
        case OPTION_LOAD:
                load_parse(o, argument, state);
                return 0;
        case OPTION_BEYOND:
                beyond_parse(o, argument, state);
                return 0;
        case OPTION_AREAS:
                o->areas = argument;
                return 0;
        case OPTION_TRAVEL:
                o->travel = argument;
                return 0;
        case OPTION_STATUS:
                if (plek_code_parse(&status, PLEK_CODES_STATUS, argument))
                        usage_error(state, "--status is ACTUAL, EXERCISE or TEST, not '%s'",
                                    argument);
                o->impact.status = (PlekStatus)status;
                o->subscriber.with_test = status == PLEK_STATUS_TEST;
                return 0;
        case OPTION_REGION:
                region_parse(argument, &o->impact.scheme, &o->impact.region);
                return 0;
        case OPTION_ALL:
                o->all = true;
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        case ARGP_KEY_END:
                to_parse(o, state);
                check(o, state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ the command */

static int say_care(const PlekSubscriber *subscriber, const ImpactOptions *o, uint32_t care,
                    bool *ret_is_given)
{
        const ImpactView view = {
                .language = o->common.language,
                .status = o->impact.status,
                .beyond = o->impact.beyond,
                .all = o->all,
        };
        PlekImpactOptions asked = o->impact;
        PlekImpact *impact;
        int r;

        asked.care = care;
        r = plek_subscriber_impact(subscriber, &asked, &impact);
        *ret_is_given = r != PLEK_E_NOT_FOUND;
        if (r == PLEK_E_NOT_FOUND)
                return EXIT_DONE;
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        if (o->common.json)
                print_json_line(impact_to_json(impact, o->impact.status, o->impact.location, care));
        else
                impact_say(impact, &view, care);
        plek_impact_free(impact);
        return EXIT_DONE;
}

static int say_cares(const PlekSubscriber *subscriber, const ImpactOptions *o)
{
        uint32_t cares[CARES_MAX] = { o->impact.care };
        size_t n_cares = 1;
        bool any = false, is_given;
        int r = EXIT_DONE;

        if (!o->impact.care)
                n_cares = plek_subscriber_cares(subscriber, o->impact.status, o->impact.location,
                                                cares, CARES_MAX);
        for (size_t i = 0; !r && i < n_cares; i++) {
                r = say_care(subscriber, o, cares[i], &is_given);
                any |= is_given;
        }
        if (r || any)
                return r;
        return fail(EXIT_REFUSED, "nobody says that %s gives %s. plek map shows who does.",
                    o->impact.location,
                    o->impact.care ? label(PLEK_CODES_CARE, o->impact.care, LANGUAGE_EN)
                                   : "any care");
}

static int look(ImpactOptions *o)
{
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        int r;

        r = look_open(&peer, &subscriber, &o->common, &o->subscriber, NULL, NULL);
        if (!r)
                r = look_ready(&peer, subscriber, &o->common);
        if (r)
                return r;
        r = look_needs_location(subscriber, o->impact.location);
        if (r)
                return r;
        look_warn(subscriber, &o->common);
        return say_cares(subscriber, o);
}

int command_impact(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "What follows if a location closes: who is next nearest for whom, with what "
                       "free places and doors, how much load moves where, and which areas end up "
                       "too far.",
                .children = children,
        };
        CLEANUP(areas_deinit) Areas areas = AREAS_NULL;
        CLEANUP(travels_deinit) Travels travels = TRAVELS_NULL;
        ImpactOptions o = { .impact = PLEK_IMPACT_INIT, .now_ms = wall_clock_ms() };
        int r = EXIT_DONE;

        o.impact.clock = zone_minute;
        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        if (o.areas)
                r = areas_read(&areas, o.areas);
        if (!r && o.travel)
                r = travels_read(&travels, o.travel);
        if (r)
                return r;
        o.impact.areas = areas.areas;
        o.impact.n_areas = areas.n_areas;
        o.impact.travel = travels.travels;
        o.impact.n_travel = travels.n_travels;
        return look(&o);
}
