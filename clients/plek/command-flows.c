/*
 * plek flows: who went where along the chain, and what could not be taken
 *
 * A matrix for each region and care: from what, down; to what, across. A total is that of what is
 * shown, and says so where something was left out.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json-set.h"
#include "known-code.h"
#include "past-options.h"
#include "look.h"
#include "peer.h"
#include "text.h"
#include "when.h"
#include "words.h"

enum {
        COLUMNS_MAX = 12, /* of a matrix on a line; further links follow in another */
        FROM_COLUMNS = 26,
        CELL_COLUMNS = 13,
};

typedef struct FlowsOptions {
        Common common;
        PlekFlowsQuestion question;
        int64_t now_ms;
} FlowsOptions;

enum {
        OPTION_QUARTER = 0x100,
        OPTION_FROM,
        OPTION_TO,
        OPTION_REGION,
        OPTION_LOCATION,
        OPTION_CARE,
        OPTION_BY,
        OPTION_STATUS,
        OPTION_AUDIENCE,
};

static uint32_t code(struct argp_state *state, PlekCodeList list, const char *what,
                     const char *name)
{
        return known_code(state, list, what, name);
}

static void by_parse(PlekFlowsQuestion *question, const char *argument, struct argp_state *state)
{
        if (strcmp(argument, "link") && strcmp(argument, "location"))
                usage_error(state, "--by is link or location, not '%s'", argument);
        question->by_location = !strcmp(argument, "location");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        FlowsOptions *o = state->input;
        PlekFlowsQuestion *question = &o->question;

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
                region_parse(argument, &question->scheme, &question->region);
                if (!*question->region || (question->scheme && !*question->scheme))
                        usage_error(state, "--region is ID or SCHEME:ID, not '%s'", argument);
                return 0;
        case OPTION_LOCATION:
                question->location = argument;
                return 0;
        case OPTION_CARE:
                question->care = code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_BY:
                by_parse(question, argument, state);
                return 0;
        case OPTION_STATUS:
                question->status = code(state, PLEK_CODES_STATUS, "status", argument);
                return 0;
        case OPTION_AUDIENCE:
                question->audience = code(state, PLEK_CODES_AUDIENCE, "audience", argument);
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

static const char *link_label(uint32_t link, Language language, char room[16])
{
        const char *name = label(PLEK_CODES_CHAIN, link, language);

        if (name)
                return name;
        snprintf(room, 16, "%" PRIu32, link);
        return room;
}

/* ------------------------------------------------------------------ JSON */

static void set_link(json_t *object, const char *name, uint32_t link)
{
        if (link)
                json_set_code(object, name, PLEK_CODES_CHAIN, link);
}

static json_t *begin_json(const FlowsOptions *o, const char *what, const char *region,
                          uint32_t care)
{
        const char *name = plek_code_name(PLEK_CODES_CARE, care);

        return json_pack("{s:s, s:s, s:o, s:I, s:I}", "is", what, "region", region, "care",
                         name ? json_string(name) : json_integer(care), "from_ms",
                         (json_int_t)o->question.from_ms, "to_ms", (json_int_t)o->question.to_ms);
}

static void cell_json(const FlowsOptions *o, const PlekFlowCell *cell)
{
        json_t *object = begin_json(o, "flow", cell->region, cell->care);

        set_link(object, "from", cell->from);
        set_link(object, "to", cell->to);
        json_set_string(object, "from_location", cell->from_location);
        json_set_string(object, "to_location", cell->to_location);
        if (cell->n_reports > cell->n_withheld)
                json_object_set_new(object, "count", json_integer(cell->count));
        json_object_set_new(object, "reports", json_integer((json_int_t)cell->n_reports));
        json_object_set_new(object, "withheld", json_integer((json_int_t)cell->n_withheld));
        json_object_set_new(object, "suppressed", json_boolean(cell->is_suppressed));
        print_json_line(object);
}

static void refusal_json(const FlowsOptions *o, const PlekRefusalCell *cell)
{
        json_t *object = begin_json(o, "refusal", cell->region, cell->care);

        json_object_set_new(object, "location", json_string(cell->location));
        json_set_string(object, "unit", cell->unit);
        if (cell->reason)
                json_set_code(object, "reason", PLEK_CODES_REASON, cell->reason);
        set_link(object, "from", cell->from);
        json_object_set_new(object, "count", json_integer(cell->count));
        print_json_line(object);
}

static void say_json(const FlowsOptions *o, const PlekFlows *flows)
{
        int64_t late_ms = past_begins_late(o->question.from_ms, flows->kept_from_ms);
        json_t *answer;

        for (size_t i = 0; i < flows->n_cells; i++)
                cell_json(o, &flows->cells[i]);
        for (size_t i = 0; i < flows->n_refusals; i++)
                if (!flows->refusals[i].is_suppressed)
                        refusal_json(o, &flows->refusals[i]);
        answer = json_pack("{s:s, s:s, s:b, s:b, s:I, s:I}", "is", "answer", "audience",
                           plek_code_name(PLEK_CODES_AUDIENCE, flows->audience), "suppressed",
                           flows->is_suppressed, "cut", flows->is_cut, "crossing",
                           (json_int_t)flows->n_crossing, "overlapping",
                           (json_int_t)flows->n_overlapping);
        if (late_ms)
                json_object_set_new(answer, "kept_from_ms", json_integer(late_ms));
        print_json_line(answer);
}

/* ------------------------------------------------------------------ a matrix */

/* The cells of one region and care: @n from @cells on, in their order. */
typedef struct Matrix {
        const PlekFlowCell *cells;
        size_t n;
        uint32_t columns[COLUMNS_MAX];
        size_t n_columns;
} Matrix;

static bool is_of_matrix(const Matrix *matrix, const PlekFlowCell *cell)
{
        return cell->care == matrix->cells->care && !strcmp(cell->region, matrix->cells->region);
}

static size_t column_of(Matrix *matrix, uint32_t link)
{
        size_t i = 0;

        while (i < matrix->n_columns && matrix->columns[i] != link)
                i++;
        if (i == matrix->n_columns && i < COLUMNS_MAX)
                matrix->columns[matrix->n_columns++] = link;
        return i;
}

/* Returns how many cells are in it. */
static size_t matrix_make(Matrix *matrix, const PlekFlowCell *cells, size_t n_cells)
{
        *matrix = (Matrix){ .cells = cells };
        while (matrix->n < n_cells && is_of_matrix(matrix, &cells[matrix->n]) &&
               column_of(matrix, cells[matrix->n].to) < COLUMNS_MAX)
                matrix->n++;
        return matrix->n;
}

typedef struct Sum {
        int64_t count;
        size_t n_given, n_withheld;
        bool is_suppressed;
} Sum;

static void sum_add(Sum *sum, const PlekFlowCell *cell)
{
        sum->count += cell->count;
        sum->n_given += cell->n_reports - cell->n_withheld;
        sum->n_withheld += cell->n_withheld;
        sum->is_suppressed |= cell->is_suppressed;
}

/* "41", "41+" where there were more, "<" where all was left out, "-" where nothing was said. */
static void sum_say(const Sum *sum, Text *text)
{
        bool is_more = sum->n_withheld || sum->is_suppressed;
        char cell[32];

        if (sum->n_given)
                snprintf(cell, sizeof(cell), "%" PRId64 "%s", sum->count, is_more ? "+" : "");
        else
                snprintf(cell, sizeof(cell), "%s", is_more ? "<" : "-");
        text_add_padded(text, cell, CELL_COLUMNS);
}

static bool is_same_row(const PlekFlowCell *a, const PlekFlowCell *b)
{
        const char *x = a->from_location ? a->from_location : "";
        const char *y = b->from_location ? b->from_location : "";

        return a->from == b->from && !strcmp(x, y);
}

static void print_row(const char *name, const Sum *sums, size_t n_columns, const Sum *total)
{
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        text_add_padded(&text, name, FROM_COLUMNS);
        for (size_t i = 0; i < n_columns; i++)
                sum_say(&sums[i], &text);
        sum_say(total, &text);
        puts(line);
}

static void print_heading(const Matrix *matrix, Language language)
{
        char line[TEXT_COLUMNS_MAX], room[16];
        const char *care = label(PLEK_CODES_CARE, matrix->cells->care, language);
        Text text = { line, sizeof(line) };

        snprintf(line, sizeof(line), "%s %s", matrix->cells->region, care ? care : "?");
        printf("\n%s\n", line);
        text_add_padded(&text, "", FROM_COLUMNS);
        for (size_t i = 0; i < matrix->n_columns; i++)
                text_add_padded(&text, link_label(matrix->columns[i], language, room),
                                CELL_COLUMNS);
        text_add(&text, "%s", word(language, "together"));
        puts(line);
}

static void print_matrix(Matrix *matrix, Language language)
{
        Sum of_columns[COLUMNS_MAX] = { 0 }, all = { 0 };

        print_heading(matrix, language);
        for (size_t i = 0, next; i < matrix->n; i = next) {
                const PlekFlowCell *first = &matrix->cells[i];
                Sum sums[COLUMNS_MAX] = { 0 }, total = { 0 };
                char name[128], room[16];

                for (next = i; next < matrix->n && is_same_row(first, &matrix->cells[next]);
                     next++) {
                        const PlekFlowCell *cell = &matrix->cells[next];
                        size_t column = column_of(matrix, cell->to);

                        sum_add(&sums[column], cell);
                        sum_add(&of_columns[column], cell);
                        sum_add(&total, cell);
                        sum_add(&all, cell);
                }
                snprintf(name, sizeof(name), "%s%s%s", link_label(first->from, language, room),
                         first->from_location ? " " : "",
                         first->from_location ? first->from_location : "");
                print_row(name, sums, matrix->n_columns, &total);
        }
        print_row(word(language, "together"), of_columns, matrix->n_columns, &all);
}

/* ------------------------------------------------------------------ by location */

static void print_cell(const PlekFlowCell *cell, Language language)
{
        char line[TEXT_COLUMNS_MAX], name[160], from[16], to[16];
        const char *care = label(PLEK_CODES_CARE, cell->care, language);
        Text text = { line, sizeof(line) };
        Sum sum = { 0 };

        sum_add(&sum, cell);
        text_add_padded(&text, cell->region, 14);
        text_add_padded(&text, care ? care : "?", 16);
        snprintf(name, sizeof(name), "%s %s", link_label(cell->from, language, from),
                 cell->from_location ? cell->from_location : "");
        text_add_padded(&text, name, 30);
        snprintf(name, sizeof(name), "%s %s", link_label(cell->to, language, to),
                 cell->to_location ? cell->to_location : "");
        text_add_padded(&text, name, 30);
        sum_say(&sum, &text);
        puts(line);
}

static void print_refusal(const PlekRefusalCell *cell, Language language)
{
        const char *care = label(PLEK_CODES_CARE, cell->care, language);
        const char *reason = label(PLEK_CODES_REASON, cell->reason, language);
        char line[TEXT_COLUMNS_MAX], name[160], room[16];
        Text text = { line, sizeof(line) };

        text_add_padded(&text, cell->region, 14);
        text_add_padded(&text, care ? care : "?", 16);
        snprintf(name, sizeof(name), "%s %s", cell->location, cell->unit ? cell->unit : "");
        text_add_padded(&text, name, 30);
        text_add_padded(&text, cell->reason ? reason ? reason : "?" : "-", 22);
        text_add_padded(&text, cell->from ? link_label(cell->from, language, room) : "-", 16);
        text_add(&text, "%" PRId64, cell->count);
        puts(line);
}

static void say_refusals(const PlekFlows *flows, Language language)
{
        bool has_heading = false;

        for (size_t i = 0; i < flows->n_refusals; i++) {
                if (flows->refusals[i].is_suppressed)
                        continue;
                if (!has_heading)
                        printf("\n%s\n", word(language, "refused"));
                has_heading = true;
                print_refusal(&flows->refusals[i], language);
        }
}

static void say_text(const FlowsOptions *o, const PlekFlows *flows)
{
        char from[WHEN_TEXT_BYTES], to[WHEN_TEXT_BYTES];
        Language language = o->common.language;
        Matrix matrix;

        when_format(o->question.from_ms, from);
        when_format(o->question.to_ms, to);
        printf("%s - %s, %s: %s\n", from, to, word(language, "for"),
               label(PLEK_CODES_AUDIENCE, flows->audience, language));
        past_say_begin(o->question.from_ms, flows->kept_from_ms, language);
        if (!flows->n_cells && !flows->n_refusals)
                puts(word(language, "nothing was said of that time"));
        for (size_t i = 0; i < flows->n_cells; i += matrix.n) {
                if (o->question.by_location) {
                        print_cell(&flows->cells[i], language);
                        matrix.n = 1;
                        continue;
                }
                matrix_make(&matrix, flows->cells + i, flows->n_cells - i);
                print_matrix(&matrix, language);
        }
        say_refusals(flows, language);
        if (flows->audience != PLEK_AUDIENCE_COORD)
                printf("\n%s\n", word(language, "small counts are for coordination centres, and in "
                                                "no number here"));
        if (flows->is_cut)
                puts(word(language, "the first part of that time is not kept any more: there was "
                                    "more than is shown"));
        if (flows->n_crossing)
                printf("%zu %s\n", flows->n_crossing,
                       word(language, "reports cross the edge of that time, and are in no number"));
        if (flows->n_overlapping)
                printf("%zu %s\n", flows->n_overlapping,
                       word(language, "reports are on what another counts already"));
}

int command_flows(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "quarter", OPTION_QUARTER, "2026Q3|this|last", 0, "Of this quarter", 1 },
                { "from", OPTION_FROM, "TIME", 0, "From then on; or how long ago, as in 30d", 1 },
                { "to", OPTION_TO, "TIME", 0, "Before then (now)", 1 },
                { "region", OPTION_REGION, "[SCHEME:]ID", 0,
                  "This region only, as in noordkust, or rav:17 of another scheme", 1 },
                { "location", OPTION_LOCATION, "ID", 0, "What this location says only", 1 },
                { "care", OPTION_CARE, "CARE", 0, "This care only", 1 },
                { "by", OPTION_BY, "link|location", 0,
                  "A matrix of links (the default), or a line for each pair of locations", 1 },
                { "audience", OPTION_AUDIENCE, "OPEN|CARE|COORD", 0,
                  "As these may see it, to hand it to them (as we may)", 1 },
                { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0, "One at a time (ACTUAL)", 1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "How many went from one link of the chain to the next, and what could not "
                       "be taken. A + says that there were more, < that all of it is for "
                       "coordination centres.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        FlowsOptions o = { .now_ms = wall_clock_ms() };
        PlekFault fault = { 0 };
        PlekFlows flows;
        int r;

        common_init(&o.common);
        o.question.to_ms = o.now_ms;
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        o.question.to_ms = MIN(o.question.to_ms, o.now_ms);

        o.common.control = NULL; /* a past is a reader's */
        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        r = plek_client_flows(client, &o.question, &flows, &fault);
        if (r)
                return fail_answer(r, &fault);
        if (!flows.n_cells && !flows.n_refusals) {
                r = look_needs_known(&o.common, o.question.scheme, o.question.region,
                                     o.question.location);
                if (r)
                        return r;
        }
        if (o.common.json)
                say_json(&o, &flows);
        else
                say_text(&o, &flows);
        return past_exit(flows.n_doubtful);
}
