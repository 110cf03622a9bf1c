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
#include "door-words.h"
#include "impact-json.h"
#include "known-code.h"
#include "look.h"
#include "place-json.h"
#include "text.h"
#include "when.h"
#include "words.h"
#include "zone.h"

enum { CARES_MAX = 64, MOVES_SHOWN = 30 };

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
                argp_error(state, "--load is N/h or N/d, as in 6/h, not '%s'", text);
        o->impact.load_per_hour = value;
}

static void beyond_parse(ImpactOptions *o, const char *text, struct argp_state *state)
{
        char *end;
        double value = strtod(text, &end);

        o->beyond_unit = !strcmp(end, "km") ? 'k' : !strcmp(end, "min") ? 'm' : 0;
        if (end == text || !o->beyond_unit || !(value > 0) || value > 1e5)
                argp_error(state, "--beyond is a distance or a time, as in 30km or 45min, not '%s'",
                           text);
        o->impact.beyond = o->beyond_unit == 'k' ? value * 1000 : value;
}

static int64_t time_parse(const char *text, int64_t now_ms, struct argp_state *state)
{
        int64_t ms = 0;

        if (when_parse(&ms, text, now_ms))
                argp_error(state,
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
                argp_error(state, "impact needs --close LOCATION");
        if (o->impact.to_ms != PLEK_NO_TIME && o->impact.to_ms <= from_ms)
                argp_error(state, "it opens again before it closes");
        if (o->beyond_unit == 'm' && !o->travel)
                argp_error(state, "--beyond in minutes needs --travel-times");
        if (o->beyond_unit == 'k' && o->travel)
                argp_error(state, "with --travel-times --beyond is in minutes, as in 45min");
        if (o->impact.load_per_hour >= 0 && !o->impact.care)
                argp_error(state, "--load is of one --care");
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
                        argp_error(state, "--status is ACTUAL, EXERCISE or TEST, not '%s'",
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

/* ------------------------------------------------------------------ for people */

static void add_distance(Text *text, const PlekImpact *impact, double distance)
{
        if (distance < 0)
                text_add(text, "?");
        else if (impact->by_travel_time)
                text_add(text, "%.0f min", distance);
        else
                text_add(text, "%.1f km", distance / 1000);
}

static void add_free(Text *text, const PlekImpactPlace *shown, Language language)
{
        char age[DURATION_TEXT_BYTES];

        if (!shown->n_units && !shown->n_units_unknown &&
            shown->counts_withdrawn_ms != PLEK_NO_TIME) {
                withdrawn_places_words(shown->counts_withdrawn_ms, language, text);
                return;
        }
        if (!shown->n_units) {
                text_add(text, "%s", word(language, "places: not said"));
                return;
        }
        duration_format(shown->oldest_ms, age);
        text_add(text, "%lld %s, %s%s", (long long)shown->free, word(language, "free"), age,
                 shown->has_stale ? " ~" : "");
        if (shown->n_units_unknown)
                text_add(text, ", %zu %s %s", shown->n_units_unknown, word(language, "units"),
                         word(language, "unknown"));
}

static void add_door(Text *text, const PlekImpactPlace *shown, Language language)
{
        char when[WHEN_TEXT_BYTES];
        const char *standing;

        if (shown->door_why)
                unknown_door_words(shown->door_why, shown->door_since_ms, language, text);
        else
                text_add(text, "%s", label(PLEK_CODES_DOOR_STATE, shown->door_state, language));
        standing = door_standing_words(shown->door_state, PLEK_DOOR_KNOWN, shown->door_standing,
                                       language);
        if (standing)
                text_add(text, " (%s)", standing);
        for (size_t i = 0; i < shown->n_door_exceptions; i++)
                text_add(text, "%s%s %s", i ? "," : " ", i ? "" : word(language, "except"),
                         label(PLEK_CODES_EXCEPTION, shown->door_exceptions[i], language));
        narrower_words(shown->door_narrower, shown->n_door_narrower, language, text);
        if (!shown->plan_state)
                return;
        when_format(shown->plan_starts_at_ms, when);
        text_add(text, ", %s %s: %s", word(language, "from"), when,
                 label(PLEK_CODES_DOOR_STATE, shown->plan_state, language));
}

static void say_receiver(const PlekImpact *impact, const PlekImpactPlace *shown, Language language)
{
        char line[TEXT_COLUMNS_MAX], part[160];
        Text text = { line, sizeof(line) }, piece = { part, sizeof(part) };

        *line = *part = '\0';
        text_add(&text, "  %5.1f %%  ", shown->share * 100);
        text_add_padded(&text, place_name(shown->place), 32);
        if (shown->load_per_hour >= 0)
                text_add(&piece, "+%.1f/h", shown->load_per_hour);
        if (shown->load_in_all >= 0)
                text_add(&piece, " (%.0f %s)", shown->load_in_all, word(language, "in all"));
        if (impact->has_load)
                text_add_padded(&text, part, 22);
        piece = (Text){ part, sizeof(part) };
        *part = '\0';
        add_free(&piece, shown, language);
        text_add_padded(&text, part, 20);
        if (shown->contact)
                text_add(&text, "%s %s  ", shown->contact->phone, shown->contact->function);
        add_door(&text, shown, language);
        puts(line);
}

static void say_others(const PlekImpact *impact, Language language)
{
        static const char *const words[] = {
                [PLEK_IMPACT_DOOR] = "closed, stop",
                [PLEK_IMPACT_NOT_OFFERED] = "does not give this care now",
                [PLEK_IMPACT_SHUT] = "outside its hours",
                [PLEK_IMPACT_DISTRUSTED] = "distrusted",
                [PLEK_IMPACT_WITHDRAWN] = "withdrawn",
                [PLEK_IMPACT_NOWHERE] = "nobody says where it is",
        };

        for (size_t i = 0; i < impact->n_places; i++) {
                const PlekImpactPlace *shown = &impact->places[i];

                char line[TEXT_COLUMNS_MAX];
                Text text = { line, sizeof(line) };

                if (shown->why <= PLEK_IMPACT_CLOSES)
                        continue;
                *line = '\0';
                text_add(&text, "  %s: %s (%s)", word(language, "takes nobody"),
                         place_name(shown->place), word(language, words[shown->why]));
                puts(line);
        }
}

static bool is_given_elsewhere(const PlekImpact *impact)
{
        for (size_t i = 0; i < impact->n_places; i++)
                if (impact->places[i].why != PLEK_IMPACT_CLOSES)
                        return true;
        return false;
}

static void say_moves(const PlekImpact *impact, const ImpactOptions *o)
{
        Language language = o->common.language;
        size_t n = o->all ? impact->n_moves : MIN(impact->n_moves, (size_t)MOVES_SHOWN);

        for (size_t i = 0; i < n; i++) {
                const PlekImpactMove *move = &impact->moves[i];
                char line[TEXT_COLUMNS_MAX];
                Text text = { line, sizeof(line) };

                *line = '\0';
                text_add(&text, "    %c ", move->is_beyond && !move->was_beyond ? '!' : ' ');
                text_add_padded(&text, move->area->name ? move->area->name : move->area->id, 28);
                add_distance(&text, impact, move->before);
                text_add(&text, " -> ");
                if (move->to) {
                        add_distance(&text, impact, move->after);
                        text_add(&text, "  %s", place_name(move->to->place));
                } else {
                        text_add(&text, "%s", word(language, "nowhere can be reached"));
                }
                puts(line);
        }
        if (n < impact->n_moves)
                printf("    ... %zu (--all)\n", impact->n_moves - n);
}

static void say_head(const PlekImpact *impact, const ImpactOptions *o, uint32_t care)
{
        Language language = o->common.language;
        char line[TEXT_COLUMNS_MAX], when[WHEN_TEXT_BYTES];
        Text text = { line, sizeof(line) };

        *line = '\0';
        for (size_t i = 0; i < impact->n_places; i++)
                if (impact->places[i].why == PLEK_IMPACT_CLOSES)
                        text_add(&text, "%s, %s %s", label(PLEK_CODES_CARE, care, language),
                                 place_name(impact->places[i].place),
                                 word(language, "if it closes"));
        when_format(impact->from_ms, when);
        text_add(&text, " %s %s", word(language, "from"), when);
        if (impact->to_ms != PLEK_NO_TIME) {
                when_format(impact->to_ms, when);
                text_add(&text, " %s %s", word(language, "until"), when);
        }
        text_add(&text, "%s", status_mark(o->impact.status, language));
        puts(line);
        printf("  %s; ", word(language, impact->by_travel_time ? "by the travel times given"
                                                               : "as the crow flies"));
        if (impact->own_points)
                printf("%s", word(language, "the places' own points are the areas"));
        else
                printf("%zu %s", impact->n_areas, word(language, "areas"));
        if (!impact->has_load)
                printf("; %s", word(language, "the load is not given"));
        else if (impact->load_is_of_flows)
                printf("; %.1f/h %s %d %s", impact->load_per_hour,
                       word(language, "by its own flows of"), PLEK_IMPACT_LOAD_DAYS,
                       word(language, "days"));
        if (impact->n_load_withheld)
                printf("; %s %zu %s", word(language, "and what"), impact->n_load_withheld,
                       word(language, impact->n_load_withheld == 1
                                              ? "report does not say how many"
                                              : "reports do not say how many"));
        putchar('\n');
}

static void say_impact(const PlekImpact *impact, const ImpactOptions *o, uint32_t care)
{
        Language language = o->common.language;

        say_head(impact, o, care);
        if (!impact->n_moves)
                printf("  %s\n", word(language, "no area is served by it"));
        for (size_t i = 0; i < impact->n_places && impact->places[i].n_areas; i++)
                say_receiver(impact, &impact->places[i], language);
        say_others(impact, language);
        if (!is_given_elsewhere(impact))
                printf("  %s\n", word(language, "nobody else gives it"));
        say_moves(impact, o);
        if (o->impact.beyond > 0)
                printf("  %s %g %s: %zu %s (%g)\n", word(language, "then beyond"),
                       impact->by_travel_time ? o->impact.beyond : o->impact.beyond / 1000,
                       impact->by_travel_time ? "min" : "km", impact->n_newly_beyond,
                       word(language, "areas"), impact->weight_newly_beyond);
        if (impact->n_out_of_reach)
                printf("  %s: %zu\n", word(language, "out of reach before, too"),
                       impact->n_out_of_reach);
}

/* ------------------------------------------------------------------ the command */

static int say_care(const PlekSubscriber *subscriber, const ImpactOptions *o, uint32_t care,
                    bool *ret_is_given)
{
        PlekImpactOptions asked = o->impact;
        PlekImpact *impact;
        int r;

        asked.care = care;
        r = plek_subscriber_impact(subscriber, &asked, &impact);
        *ret_is_given = r != PLEK_E_NOT_FOUND;
        if (r == PLEK_E_NOT_FOUND)
                return EXIT_DONE;
        if (r)
                return fail(EXIT_FILE, "%s.", plek_result_text(r));
        if (o->common.json)
                print_json_line(impact_to_json(impact, o->impact.status, o->impact.location, care));
        else
                say_impact(impact, o, care);
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
