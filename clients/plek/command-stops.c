/*
 * plek stops: number and duration of stops, per region
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "known-code.h"
#include "look.h"
#include "past-options.h"
#include "text.h"
#include "when.h"
#include "words.h"

typedef struct StopsOptions {
        Common common;
        PlekStopsQuestion question;
        bool by_location;
        int64_t now_ms;
} StopsOptions;

enum {
        OPTION_QUARTER = 0x100,
        OPTION_FROM,
        OPTION_TO,
        OPTION_REGION,
        OPTION_CARE,
        OPTION_BY,
        OPTION_NEIGHBOURS,
};

static void set_scheme(PlekStopsQuestion *question, const char *scheme, struct argp_state *state)
{
        if (scheme && question->scheme && strcmp(scheme, question->scheme) != 0)
                usage_error(state, "--by and --region name two schemes");
        question->scheme = scheme ? scheme : question->scheme;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        StopsOptions *o = state->input;
        PlekStopsQuestion *question = &o->question;
        unsigned long number;
        char *end;
        const char *scheme;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_QUARTER:
                past_quarter(state, argument, &question->from_ms, &question->to_ms);
                return 0;
        case OPTION_FROM:
                past_time(state, "--from", argument, o->now_ms, &question->from_ms);
                return 0;
        case OPTION_TO:
                past_time(state, "--to", argument, o->now_ms, &question->to_ms);
                return 0;
        case OPTION_REGION:
                region_parse(argument, &scheme, &question->region);
                set_scheme(question, scheme, state);
                return 0;
        case OPTION_CARE:
                question->care = known_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_BY:
                if (!strcmp(argument, "location"))
                        o->by_location = true;
                else
                        set_scheme(question, argument, state);
                return 0;
        case OPTION_NEIGHBOURS:
                number = strtoul(argument, &end, 10);
                if (*argument < '0' || *argument > '9' || *end || number < 1 ||
                    number > PLEK_NEIGHBOURS_MAX)
                        usage_error(state, "--neighbours is 1 to %d, not '%s'", PLEK_NEIGHBOURS_MAX,
                                    argument);
                question->rule.n_nearest = (unsigned)number;
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        case ARGP_KEY_END:
                if (!question->from_ms)
                        usage_error(state, "say when: --quarter 2026Q3, or --from and --to");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* Of @part in @whole; negative: there is nothing to have a share of. */
static double share(int64_t part, int64_t whole)
{
        return whole ? (double)part / (double)whole : -1;
}

static void say_json(const StopsOptions *o, const PlekStopsOf *of, const PlekStops *stops)
{
        int64_t late_ms = past_begins_late(o->question.from_ms, stops->kept_from_ms);
        json_t *object = json_pack(
                "{s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
                "region", of->region, "location", of->location, "from_ms",
                (json_int_t)o->question.from_ms, "to_ms", (json_int_t)o->question.to_ms,
                "locations", (json_int_t)of->n_locations, "stops", (json_int_t)of->n_begun,
                "stood_before", (json_int_t)of->n_stood, "still_on", (json_int_t)of->n_standing,
                "stopped_ms", (json_int_t)of->stopped_ms, "longest_ms", (json_int_t)of->longest_ms,
                "located_ms", (json_int_t)of->located_ms, "all_neighbours_stopped_ms",
                (json_int_t)of->all_stopped_ms, "partly_stops", (json_int_t)of->n_partly,
                "partly_ms", (json_int_t)of->partly_ms, "is_thinned", stops->is_thinned);

        json_object_update_new(object, json_pack("{s:I, s:I}", "distrusted_stops",
                                                 (json_int_t)of->n_distrusted, "distrusted_ms",
                                                 (json_int_t)of->distrusted_ms));
        if (late_ms)
                json_object_set_new(object, "kept_from_ms", json_integer(late_ms));
        print_json_line(object);
}

/* Whole hours, however many: a sum of days and a remark of days differ by a day. */
static void together_format(int64_t ms, char ret_text[DURATION_TEXT_BYTES])
{
        long long s = ms / 1000;

        if (s < 48 * 3600)
                duration_format(ms, ret_text);
        else
                snprintf(ret_text, DURATION_TEXT_BYTES, "%lld h %02lld", s / 3600, s / 60 % 60);
}

static void say_text(const PlekStopsOf *of, Language language)
{
        char line[TEXT_COLUMNS_MAX], cell[64], duration[DURATION_TEXT_BYTES];
        uint64_t n = of->n_begun + of->n_stood;
        Text text = { line, sizeof(line) };

        text_add_padded(&text, of->location ? of->location : of->region, 24);
        snprintf(cell, sizeof(cell), "%zu", of->n_locations);
        text_add_padded(&text, cell, 10);
        snprintf(cell, sizeof(cell), "%" PRIu64, of->n_begun);
        text_add_padded(&text, cell, 8);
        snprintf(cell, sizeof(cell), "%" PRIu64, of->n_stood);
        text_add_padded(&text, cell, 11);
        together_format(of->stopped_ms, duration);
        text_add_padded(&text, n ? duration : "-", 11);
        together_format(n ? of->stopped_ms / (int64_t)n : 0, duration);
        text_add_padded(&text, n ? duration : "-", 11);
        together_format(of->longest_ms, duration);
        text_add_padded(&text, n ? duration : "-", 11);
        if (of->located_ms)
                text_add(&text, "%.0f %%", 100 * share(of->all_stopped_ms, of->located_ms));
        else
                text_add(&text, "%s", n ? "?" : "-");
        if (of->n_standing)
                text_add(&text, "  · %s: %" PRIu64, word(language, "still on"), of->n_standing);
        if (of->n_partly) {
                together_format(of->partly_ms, duration);
                text_add(&text, "  · %s: %" PRIu64 ", %s", word(language, "for some patients only"),
                         of->n_partly, duration);
        }
        if (of->n_distrusted) {
                together_format(of->distrusted_ms, duration);
                text_add(&text, "  · %s: %" PRIu64 ", %s",
                         word(language, "of these by who is distrusted"), of->n_distrusted,
                         duration);
        }
        puts(line);
}

static void say_head(const StopsOptions *o, const PlekStops *stops)
{
        Language language = o->common.language;
        char line[TEXT_COLUMNS_MAX], from[WHEN_TEXT_BYTES], to[WHEN_TEXT_BYTES];
        Text text = { line, sizeof(line) };

        when_format(o->question.from_ms, from);
        when_format(o->question.to_ms, to);
        printf("%s - %s\n", from, to);
        past_say_begin(o->question.from_ms, stops->kept_from_ms, language);
        text_add_padded(&text, word(language, "region"), 24);
        text_add_padded(&text, word(language, "locations"), 10);
        text_add_padded(&text, word(language, "stops"), 8);
        text_add_padded(&text, word(language, "before"), 11);
        text_add_padded(&text, word(language, "together"), 11);
        text_add_padded(&text, word(language, "mean"), 11);
        text_add_padded(&text, word(language, "longest"), 11);
        text_add(&text, "%s", word(language, "all neighbours too"));
        puts(line);
}

static int say(const StopsOptions *o, const PlekStops *stops)
{
        const PlekStopsOf *all = o->by_location ? stops->locations : stops->regions;
        size_t n = o->by_location ? stops->n_locations : stops->n_regions;

        if (!o->common.json)
                say_head(o, stops);
        for (size_t i = 0; i < n; i++) {
                if (o->common.json)
                        say_json(o, &all[i], stops);
                else
                        say_text(&all[i], o->common.language);
        }
        if (stops->is_thinned && !o->common.json)
                puts(word(o->common.language, "of this time not every door is known"));
        return past_exit(stops->n_doubtful);
}

int command_stops(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "quarter", OPTION_QUARTER, "2026Q3|this|last", 0, "Of this quarter", 1 },
                { "from", OPTION_FROM, "TIME", 0, "From then on; or how long ago, as in 30d", 1 },
                { "to", OPTION_TO, "TIME", 0, "Before then (now)", 1 },
                { "region", OPTION_REGION, "[SCHEME:]ID", 0,
                  "This region only, as in noordkust, or rav:17 of another scheme", 1 },
                { "care", OPTION_CARE, "CARE", 0, "The doors of this care (ED)", 1 },
                { "by", OPTION_BY, "location|SCHEME", 0,
                  "A line a location, or by the regions of a scheme (rav, province, ...)", 1 },
                { "neighbours", OPTION_NEIGHBOURS, "N", 0, "How many nearest are neighbours (3)",
                  1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "Number and duration of stops per region, and the share of that time in "
                       "which every neighbour had stopped too.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        StopsOptions o = { .now_ms = wall_clock_ms() };
        PlekFault fault = { 0 };
        PlekStops stops;
        int r;

        common_init(&o.common);
        o.question.to_ms = o.now_ms;
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        o.question.to_ms = MIN(o.question.to_ms, o.now_ms); /* what goes on is cut there */

        o.common.control = NULL; /* a past is a reader's */
        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        r = plek_client_stops(client, &o.question, &stops, &fault);
        if (r)
                return fail_answer(r, &fault);
        if (!stops.n_regions)
                r = look_needs_known(&o.common, o.question.scheme, o.question.region, NULL);
        return r ? r : say(&o, &stops);
}
