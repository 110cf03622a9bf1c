/*
 * plek totals: how much there is of each care in each region, and how much of that is old
 *
 * A sum never stands alone. Beside it: in how many units it was given, what is withheld or not
 * known, what is older than agreed, and what was left out so that nothing counts twice.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "known-code.h"
#include "look.h"
#include "row.h"
#include "sentences.h"
#include "text.h"
#include "words.h"

typedef struct TotalsOptions {
        Common common;
        PlekTotalsOptions of;
        PlekSubscriberOptions subscriber;
} TotalsOptions;

enum { OPTION_REGION = 0x100, OPTION_CARE, OPTION_BY, OPTION_STATUS };

static const struct argp_option options[] = {
        { "region", OPTION_REGION, "[SCHEME:]ID", 0,
          "This region only, as in noordkust, or rav:17 of another scheme", 1 },
        { "care", OPTION_CARE, "CARE", 0, "This care only", 1 },
        { "by", OPTION_BY, "SCHEME", 0,
          "By the regions of this scheme (rav, province, ...) instead of home regions", 1 },
        { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0, "One at a time (ACTUAL)", 1 },
        { 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
        TotalsOptions *o = state->input;
        const char *scheme;
        uint32_t status;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_REGION:
                region_parse(argument, &scheme, &o->of.region);
                if (scheme && o->of.scheme && strcmp(scheme, o->of.scheme) != 0)
                        usage_error(state, "--by and --region name two schemes");
                o->of.scheme = scheme ? scheme : o->of.scheme;
                return 0;
        case OPTION_CARE:
                o->of.care = known_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_BY:
                if (o->of.scheme && strcmp(argument, o->of.scheme) != 0)
                        usage_error(state, "--by and --region name two schemes");
                o->of.scheme = argument;
                return 0;
        case OPTION_STATUS:
                if (plek_code_parse(&status, PLEK_CODES_STATUS, argument))
                        usage_error(state, "--status is ACTUAL, EXERCISE or TEST, not '%s'",
                                    argument);
                o->of.status = (PlekStatus)status;
                o->subscriber.with_test = status == PLEK_STATUS_TEST;
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ JSON */

/* A number that nobody gives has no sum: absent is not zero. */
static json_t *total_to_json(const PlekTotal *total)
{
        json_t *object =
                json_pack("{s:I, s:I, s:I}", "units", (json_int_t)total->n_given, "withheld",
                          (json_int_t)total->n_withheld, "unknown", (json_int_t)total->n_unknown);

        if (!total->n_given)
                return object;
        json_object_set_new(object, "sum", json_integer(total->sum));
        json_object_set_new(object, "stale_units", json_integer((json_int_t)total->n_stale));
        json_object_set_new(object, "stale_sum", json_integer(total->sum_stale));
        json_object_set_new(object, "silent_units", json_integer((json_int_t)total->n_silent));
        json_object_set_new(object, "silent_sum", json_integer(total->sum_silent));
        return object;
}

static json_t *definitions_to_json(const PlekTotalsLine *line)
{
        json_t *names = json_array();

        for (size_t i = 0; i < MIN(line->n_definitions, (size_t)PLEK_TOTALS_DEFINITIONS); i++)
                json_array_append_new(names, *line->definitions[i]
                                                     ? json_string(line->definitions[i])
                                                     : json_null());
        return json_pack("{s:I, s:o}", "different", (json_int_t)line->n_definitions, "names",
                         names);
}

static json_t *line_to_json(const PlekTotalsLine *line, PlekStatus status)
{
        const char *care = plek_code_name(PLEK_CODES_CARE, line->care);
        json_t *object = json_object();

        json_object_set_new(object, "status",
                            json_string(plek_code_name(PLEK_CODES_STATUS, status)));
        if (*line->region)
                json_object_set_new(object, "region", json_string(line->region));
        json_object_set_new(object, "care", care ? json_string(care) : json_integer(line->care));
        json_object_update_new(
                object,
                json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "units", (json_int_t)line->n_places,
                          "locations", (json_int_t)line->n_locations, "stale_units",
                          (json_int_t)line->n_stale, "silent_units", (json_int_t)line->n_silent,
                          "overcrowded_units", (json_int_t)line->n_overcrowded,
                          "inconsistent_units", (json_int_t)line->n_inconsistent));
        json_object_set_new(object, "free", total_to_json(&line->free));
        json_object_set_new(object, "free_computed",
                            json_pack("{s:I, s:I}", "units", (json_int_t)line->n_computed, "sum",
                                      (json_int_t)line->sum_computed));
        json_object_set_new(object, "free_behind_shut_doors",
                            json_pack("{s:I, s:I}", "units", (json_int_t)line->n_shut, "sum",
                                      (json_int_t)line->sum_shut));
        for (uint32_t field = 0; field < PLEK_N_COUNT_FIELDS; field++) {
                const char *name = plek_code_name(PLEK_CODES_COUNT_FIELD, field);

                if (name)
                        json_object_set_new(object, name, total_to_json(&line->fields[field]));
        }
        json_object_set_new(object, "left_out",
                            json_pack("{s:I, s:I, s:I}", "doubled", (json_int_t)line->n_doubled,
                                      "covered", (json_int_t)line->n_covered, "distrusted",
                                      (json_int_t)line->n_distrusted));
        json_object_set_new(object, "definitions", definitions_to_json(line));
        return object;
}

/* ------------------------------------------------------------------ text */

/* What a line shows; the first is what people look for. */
enum { N_SHOWN = 3 };

static void shown_of(const PlekTotalsLine *line, const PlekTotal *ret_shown[N_SHOWN])
{
        ret_shown[0] = &line->free;
        ret_shown[1] = &line->fields[PLEK_COUNT_STAFFED];
        ret_shown[2] = &line->fields[PLEK_COUNT_OCCUPIED];
}

static const char *const shown_names[N_SHOWN] = { "free", "staffed", "occupied" };

/* The same signs as in the picture: of the free places, unless another number is older. */
static char sign_of(const PlekTotalsLine *line)
{
        const PlekTotal *shown[N_SHOWN];
        bool is_old = false, is_silent = false;

        shown_of(line, shown);
        for (size_t i = 0; i < N_SHOWN; i++) {
                is_old |= shown[i]->n_stale || shown[i]->n_silent;
                is_silent |= shown[i]->n_given && shown[i]->n_silent == shown[i]->n_given;
        }
        if (is_silent)
                return '?';
        if (is_old)
                return '~';
        return !line->free.n_given ? '-' : line->free.sum ? ' ' : '0';
}

static void add_number(Text *text, const PlekTotal *total, const PlekTotalsLine *line,
                       const char *name, Language language)
{
        if (!total->n_given) {
                text_add(text, "- %s", word(language, name));
                return;
        }
        text_add(text, "%" PRId64 " %s", total->sum, word(language, name));
        if (total->n_given < line->n_places)
                text_add(text, " (%s %zu %s %zu)", word(language, "in"), total->n_given,
                         word(language, "of"), line->n_places);
}

static void add_remark(Text *text, size_t n, const char *what, Language language)
{
        if (n)
                text_add(text, " · %zu %s", n, word(language, what));
}

static void add_definitions(Text *text, const PlekTotalsLine *line, Language language)
{
        size_t n_named = MIN(line->n_definitions, (size_t)PLEK_TOTALS_DEFINITIONS);

        if (line->n_definitions < 2)
                return;
        text_add(text, " · %s:", word(language, "mixed definitions"));
        for (size_t i = 0; i < n_named; i++)
                text_add(text, "%s %s", i ? "," : "",
                         *line->definitions[i] ? line->definitions[i] : word(language, "not said"));
        if (n_named < line->n_definitions)
                text_add(text, ", ...");
}

/* How much of a number is old, and how much of that is of who is silent. */
static void add_old(Text *text, const PlekTotal *total, const char *name, Language language)
{
        if (!total->n_stale && !total->n_silent)
                return;
        text_add(text, " · %" PRId64 " %s %" PRId64 " %s %s", total->sum_stale + total->sum_silent,
                 word(language, "of"), total->sum, word(language, name),
                 word(language, "older than agreed"));
        if (total->n_silent)
                text_add(text, " (%s: %" PRId64 ")", word(language, "silent"), total->sum_silent);
}

static void add_remarks(Text *text, const PlekTotalsLine *line, Language language)
{
        const PlekTotal *shown[N_SHOWN];

        shown_of(line, shown);
        text_add(text, "%zu %s", line->n_places, word(language, "units"));
        for (size_t i = 0; i < N_SHOWN; i++)
                add_old(text, shown[i], shown_names[i], language);
        if (line->n_shut)
                text_add(text, " · %" PRId64 " %s %s", line->sum_shut, word(language, "free"),
                         word(language, "behind a stop or a closed door"));
        add_remark(text, line->free.n_withheld, "withheld", language);
        add_remark(text, line->free.n_unknown, "unknown", language);
        add_remark(text, line->n_overcrowded, "overcrowded", language);
        add_remark(text, line->n_inconsistent, "contradict themselves", language);
        add_remark(text, line->n_doubled, "reported by another party too", language);
        add_remark(text, line->n_covered, "reported in whole and in part", language);
        add_remark(text, line->n_distrusted, "distrusted", language);
        add_definitions(text, line, language);
}

static void print_line(const PlekTotalsLine *line, Language language)
{
        char whole[ROW_TEXT_BYTES], numbers[256];
        const PlekTotal *shown[N_SHOWN];
        Text text = { whole, sizeof(whole) }, part = { numbers, sizeof(numbers) };

        shown_of(line, shown);
        for (size_t i = 0; i < N_SHOWN; i++) {
                text_add(&part, "%s", i ? " · " : "");
                add_number(&part, shown[i], line, shown_names[i], language);
        }

        text_add(&text, "  %c ", sign_of(line));
        text_add_padded(&text, label(PLEK_CODES_CARE, line->care, language), 28);
        text_add_padded(&text, numbers, 46);
        add_remarks(&text, line, language);
        puts(whole);
}

/* Lines over all regions come first; a person looks for their sum at the end. */
static void print_text(const PlekTotals *totals, const TotalsOptions *o)
{
        const Language language = o->common.language;
        size_t n_all = 0;

        while (n_all < totals->n_lines && !*totals->lines[n_all].region)
                n_all++;
        if (o->of.status && o->of.status != PLEK_STATUS_ACTUAL)
                printf("[%s]\n",
                       word(language, o->of.status == PLEK_STATUS_TEST ? "test" : "exercise"));
        for (size_t i = n_all; i < totals->n_lines; i++) {
                if (i == n_all || strcmp(totals->lines[i].region, totals->lines[i - 1].region) != 0)
                        puts(totals->lines[i].region);
                print_line(&totals->lines[i], language);
        }
        if (n_all && !o->of.region) {
                puts(word(language, "all regions"));
                for (size_t i = 0; i < n_all; i++)
                        print_line(&totals->lines[i], language);
        }
        if (!totals->n_lines)
                puts(word(language, "no report"));
        if (totals->n_isolation)
                printf("%zu %s\n", totals->n_isolation,
                       word(language, "reports on isolation rooms, which overlap other places"));
}

/* ------------------------------------------------------------------ the command */

static int show(PlekSubscriber *subscriber, const TotalsOptions *o)
{
        PlekStatus status = o->of.status ? o->of.status : PLEK_STATUS_ACTUAL;
        char head[ROW_TEXT_BYTES];
        PlekTotals *totals = NULL;
        TableStyle style;
        int r;

        r = plek_subscriber_totals(subscriber, &o->of, &totals);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        look_warn(subscriber, &o->common);
        if (o->common.json) {
                for (size_t i = 0; i < totals->n_lines; i++)
                        print_json_line(line_to_json(&totals->lines[i], status));
        } else {
                table_head(head, sizeof(head), &style, subscriber, o->common.language);
                puts(head);
                print_text(totals, o);
        }
        plek_totals_free(totals);
        return EXIT_DONE;
}

int command_totals(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "How much there is of each care in each region, each place once, with how "
                       "much of it is withheld, unknown or older than agreed.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        TotalsOptions o = { 0 };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        if (plek_care_overlaps(o.of.care))
                return fail(EXIT_USAGE,
                            "isolation rooms are places of another kind too, and are in "
                            "no total. plek get --care shows them.");
        if (o.of.region && !o.of.scheme) {
                o.subscriber.regions = &o.of.region;
                o.subscriber.n_regions = 1;
        }

        r = look_open(&peer, &subscriber, &o.common, &o.subscriber, NULL, NULL);
        if (!r)
                r = look_ready(&peer, subscriber, &o.common);
        if (!r)
                r = look_needs_region(subscriber, o.of.scheme, o.of.region);
        return r ? r : show(subscriber, &o);
}
