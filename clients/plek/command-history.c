/*
 * plek history: what was said of a location, and when
 */

#include <stdio.h>
#include <string.h>

#include "history-seen.h"
#include "known-code.h"
#include "past-options.h"
#include "look.h"
#include "peer.h"
#include "row.h"
#include "text.h"
#include "when.h"
#include "words.h"

typedef struct HistoryOptions {
        Common common;
        PlekHistoryQuestion question;
        int64_t now_ms;
} HistoryOptions;

enum { OPTION_UNIT = 0x100, OPTION_CARE, OPTION_FROM, OPTION_TO, OPTION_DOORS, OPTION_ALL };

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static error_t parse(int key, char *argument, struct argp_state *state)
{
        HistoryOptions *o = state->input;
        PlekHistoryQuestion *question = &o->question;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_UNIT:
                question->unit = argument;
                return 0;
        case OPTION_CARE:
                question->care = known_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_FROM:
                past_time(state, "--from", argument, o->now_ms, &question->from_ms);
                return 0;
        case OPTION_TO:
                past_time(state, "--to", argument, o->now_ms, &question->to_ms);
                return 0;
        case OPTION_DOORS:
                question->reports = PLEK_REPORT_SET(PLEK_REPORT_DOOR);
                return 0;
        case OPTION_ALL:
                question->with_restated = true;
                return 0;
        case ARGP_KEY_ARG:
                if (question->location)
                        argp_usage(state);
                question->location = argument;
                return 0;
        case ARGP_KEY_END:
                if (!question->location)
                        argp_usage(state);
                question->with_seen = !question->reports;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* As far as a moment is a record. */
static PlekRecord as_record(const PlekMoment *moment)
{
        return (PlekRecord){
                .party = moment->party,
                .party_name = moment->party_name,
                .region = moment->region,
                .regions = moment->regions,
                .n_regions = moment->n_regions,
                .report = moment->report,
                .revision = moment->revision,
                .received_at_ms = moment->received_at_ms,
                .sent_at_ms = PLEK_NO_TIME,
                .since_ms = PLEK_NO_TIME,
                .freshness = moment->kind == PLEK_MOMENT_WITHDRAWN ? PLEK_WITHDRAWN : PLEK_FRESH,
                .withdrawn = moment->withdrawn,
                .flags = moment->flags,
                .available_known = moment->available_known,
                .available_computed = moment->available_computed,
                .available = moment->available,
                .enrolled = moment->is_distrusted ? PLEK_DISTRUSTED : PLEK_ENROLLED,
        };
}

static int by_observed(const void *a, const void *b)
{
        const PlekMoment *x = *(const PlekMoment *const *)a, *y = *(const PlekMoment *const *)b;

        if (x->observed_at_ms != y->observed_at_ms)
                return x->observed_at_ms < y->observed_at_ms ? -1 : 1;
        return x->revision < y->revision ? -1 : x->revision > y->revision;
}

/* ------------------------------------------------------------------ telling */

static const char *const kind_names[] = {
        [PLEK_MOMENT_STOOD] = "STOOD",         [PLEK_MOMENT_SAID] = "SAID",
        [PLEK_MOMENT_RESTATED] = "RESTATED",   [PLEK_MOMENT_MOVED] = "MOVED",
        [PLEK_MOMENT_WITHDRAWN] = "WITHDRAWN",
};

static void say_json(const PlekMoment *moment)
{
        PlekRecord record = as_record(moment);
        json_t *object = moment->seen.party ? seen_moment_to_json(moment) : record_to_json(&record);

        json_object_del(object, "freshness");
        json_object_del(object, "age_ms");
        json_object_del(object, "enrolled"); /* of then it is not told, but for this: */
        if (moment->is_distrusted)
                json_object_set_new(object, "enrolled",
                                    json_string(enrolled_name(PLEK_DISTRUSTED)));
        json_object_set_new(object, "kind", json_string(kind_names[moment->kind]));
        json_object_set_new(object, "observed_at_ms", json_integer(moment->observed_at_ms));
        json_object_set_new(object, "received_at_ms", json_integer(moment->received_at_ms));
        json_object_set_new(object, "revision", json_integer((json_int_t)moment->revision));
        print_json_line(object);
}

static void say_answer(const HistoryOptions *o, const PlekHistory *history)
{
        int64_t late_ms = past_begins_late(o->question.from_ms, history->kept_from_ms);
        json_t *answer = json_pack("{s:s, s:b}", "is", "answer", "thinned", history->is_thinned);

        if (late_ms)
                json_object_set_new(answer, "kept_from_ms", json_integer(late_ms));
        print_json_line(answer);
}

/* "seen: stop · staff · since 14:02" */
static void seen_words(const PlekHistory *history, const PlekMoment *moment, Language language,
                       Text *text)
{
        const PlekMoment *statement = seen_statement(history, moment);
        char about[TEXT_COLUMNS_MAX], value[TEXT_COLUMNS_MAX];
        PlekRecord record;

        text_add(text, "%s: ", word(language, "seen"));
        if (moment->kind == PLEK_MOMENT_WITHDRAWN) {
                text_add(text, "%s", word(language, "taken back"));
        } else if (statement) {
                record = as_record(statement);
                row_say(&record, language, about, sizeof(about), value, sizeof(value));
                text_add(text, "%s", value);
        } else {
                text_add(text, "%s", label(PLEK_CODES_REPORT, moment->report.kind, language));
        }
}

/* The line of what was seen says why it is over. */
static bool has_ended_with_it(const PlekMoment *moment)
{
        return moment->seen.party && moment->withdrawn == PLEK_WITHDRAWN_ENDED;
}

/* Who says so, and in which function: of a door who authorised it. */
static void who_words(const PlekMoment *moment, Text *text)
{
        const char *function = moment->seen.function;

        if (moment->report.kind == PLEK_REPORT_DOOR && !moment->seen.party &&
            moment->kind != PLEK_MOMENT_WITHDRAWN)
                function = moment->report.door.authorised_by;
        text_add(text, "%s", moment->party_name ? moment->party_name : moment->party);
        if (function)
                text_add(text, " (%s)", function);
}

static void say_text(const PlekHistory *history, const PlekMoment *moment, Language language)
{
        static const char *const kinds[] = {
                [PLEK_MOMENT_STOOD] = "stood",       [PLEK_MOMENT_SAID] = "",
                [PLEK_MOMENT_RESTATED] = "the same", [PLEK_MOMENT_MOVED] = "moved to region",
                [PLEK_MOMENT_WITHDRAWN] = "",
        };
        char about[128], value[400], observed[WHEN_TEXT_BYTES], received[WHEN_TEXT_BYTES];
        char line[TEXT_COLUMNS_MAX];
        PlekRecord record = as_record(moment);
        Text text = { line, sizeof(line) };

        row_say(&record, language, about, sizeof(about), value, sizeof(value));
        if (moment->seen.party)
                seen_words(history, moment, language, &(Text){ value, sizeof(value) });
        when_format(moment->observed_at_ms, observed);
        when_format(moment->received_at_ms, received);
        text_add_padded(&text, observed, 18);
        text_add_padded(&text, received, 18);
        text_add_padded(&text, about, 24);
        text_add_padded(&text, value, 40);
        who_words(moment, &text);
        if (*kinds[moment->kind])
                text_add(&text, "  %s", word(language, kinds[moment->kind]));
        if (moment->kind == PLEK_MOMENT_MOVED && moment->region)
                text_add(&text, " %s", moment->region);
        text_add(&text, "%s", status_mark(moment->report.status, language));
        puts(line);
}

static void say_head(const HistoryOptions *o, const PlekHistory *history)
{
        Language language = o->common.language;
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        text_add_padded(&text, word(language, "observed"), 18);
        text_add_padded(&text, word(language, "received"), 18);
        text_add(&text, "%s", o->question.location);
        puts(line);
        past_say_begin(o->question.from_ms, history->kept_from_ms, language);
        if (history->is_thinned)
                puts(word(language, "of this time not every number is kept any more"));
        if (!history->n_moments)
                puts(word(language, "nothing was said"));
}

static int say(const HistoryOptions *o, const PlekHistory *history)
{
        CLEANUP(freep) const PlekMoment **moments = NULL;

        moments = calloc(history->n_moments + 1, sizeof(*moments));
        if (!moments)
                return fail(EXIT_FILE, "out of memory.");
        for (size_t i = 0; i < history->n_moments; i++)
                moments[i] = &history->moments[i];
        if (history->n_moments)
                qsort(moments, history->n_moments, sizeof(*moments), by_observed);

        if (!o->common.json)
                say_head(o, history);
        for (size_t i = 0; i < history->n_moments; i++) {
                if (o->common.json)
                        say_json(moments[i]);
                else if (!has_ended_with_it(moments[i]))
                        say_text(history, moments[i], o->common.language);
        }
        if (o->common.json)
                say_answer(o, history);
        return past_exit(history->n_doubtful);
}

int command_history(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "unit", OPTION_UNIT, "ID", 0, "This unit only", 1 },
                { "care", OPTION_CARE, "CARE", 0, "This care only", 1 },
                { "from", OPTION_FROM, "TIME", 0, "Observed from then on (7d ago)", 1 },
                { "to", OPTION_TO, "TIME", 0, "Observed before then (now)", 1 },
                { "doors", OPTION_DOORS, NULL, 0,
                  "Doors only: who changed what, and not who has seen it", 1 },
                { "all", OPTION_ALL, NULL, 0, "Also what says the same again", 1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "LOCATION",
                .doc = "What was said of LOCATION, by when it was true; beside it when the broker "
                       "received it, and who said it; and who has seen what (plek ack). A TIME is "
                       "03:12 (the last one), 2026-11-01, "
                       "'2026-11-01 03:12' or how long ago, as in 30d.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        HistoryOptions o = { .now_ms = wall_clock_ms() };
        PlekFault fault = { 0 };
        PlekHistory history;
        int r;

        common_init(&o.common);
        o.question.from_ms = o.now_ms - 7 * DAY_MS;
        o.question.to_ms = o.now_ms + DAY_MS;
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        o.common.control = NULL; /* a past is a reader's */
        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        r = plek_client_history(client, &o.question, &history, &fault);
        if (r)
                return fail_answer(r, &fault);
        if (!history.is_known)
                return fail(EXIT_REFUSED, "there is no location '%s': nobody ever spoke for one.",
                            o.question.location);
        if (!history.n_moments && o.question.unit)
                r = look_needs_unit(&o.common, o.question.location, o.question.unit);
        return r ? r : say(&o, &history);
}
