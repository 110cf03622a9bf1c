#include "call-table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "json-set.h"
#include "text.h"
#include "when.h"
#include "words.h"

enum {
        LINE_BYTES = 4 * TEXT_COLUMNS_MAX,
        COLUMNS_DEFAULT = 100,
        ROWS_DEFAULT = 24,
        ROWS_OF_REST = 4, /* what stands above and below the lines */
};

static const char *const colours[PLEK_TRIAGE_COLOURS] = { "red", "yellow", "green", "black" };

const char *call_state_name(PlekCallState state)
{
        static const char *const names[] = {
                [PLEK_CALL_ASKED] = "ASKED",
                [PLEK_CALL_ANSWERED] = "ANSWERED",
                [PLEK_CALL_UNREACHABLE] = "UNREACHABLE",
                [PLEK_CALL_BARRED] = "BARRED",
        };
        return names[state];
}

/* ------------------------------------------------------------------ JSON */

static json_t *line_json(const PlekCallLine *line)
{
        json_t *object = json_object();

        json_set_string(object, "party", line->party);
        json_set_string(object, "location", line->location);
        json_set_string(object, "name", line->name);
        json_set_string(object, "phone", line->phone);
        json_set_string(object, "state", call_state_name(line->state));
        json_object_set_new(object, "records", json_integer(line->n_records));
        json_object_set_new(object, "answered", json_integer(line->n_answered));
        if (line->since_ms != PLEK_NO_TIME)
                json_set_time(object, "since_ms", line->since_ms);
        return object;
}

static json_t *triage_json(const PlekCallProgress *call)
{
        json_t *object = json_object(), *shut = json_object();

        for (size_t i = 0; i < PLEK_TRIAGE_COLOURS; i++) {
                if (!call->triage_is_known[i])
                        continue;
                json_object_set_new(object, colours[i], json_integer(call->triage[i]));
                json_object_set_new(shut, colours[i], json_integer(call->triage_shut[i]));
        }
        json_object_set_new(object, "behind_shut_doors", shut);
        json_object_set_new(object, "places", json_integer((json_int_t)call->n_places));
        return object;
}

void call_json(const PlekCallProgress *call)
{
        json_t *object = json_object(), *lines = json_array();

        json_set_time(object, "asked_at_ms", call->asked_at_ms);
        json_set_time(object, "until_ms", call->until_ms);
        json_object_set_new(object, "final", json_boolean(call->is_final));
        json_object_set_new(object, "cut_off", json_boolean(call->is_cut_off));
        json_object_set_new(object, "asked", json_integer((json_int_t)call->n_lines));
        json_object_set_new(object, "answered", json_integer((json_int_t)call->n_answered));
        json_object_set_new(object, "unreachable", json_integer((json_int_t)call->n_unreachable));
        json_object_set_new(object, "barred", json_integer((json_int_t)call->n_barred));
        if (call->has_triage)
                json_object_set_new(object, "triage", triage_json(call));
        for (size_t i = 0; i < call->n_lines; i++)
                json_array_append_new(lines, line_json(&call->lines[i]));
        json_object_set_new(object, "lines", lines);
        print_json_line(object);
}

/* ------------------------------------------------------------------ text */

static void put(CallTable *table, const char *line, size_t n_columns)
{
        int n_bytes = (int)(table->is_terminal ? text_fit(line, (int)n_columns) : strlen(line));

        printf("%.*s\n", n_bytes, line);
        table->n_drawn++;
}

static const char *state_words(PlekCallState state)
{
        static const char *const states[] = {
                [PLEK_CALL_ASKED] = "asked",
                [PLEK_CALL_ANSWERED] = "answered",
                [PLEK_CALL_UNREACHABLE] = "unreachable",
                [PLEK_CALL_BARRED] = "may not report",
        };
        return states[state];
}

static void line_text(const CallTable *table, const PlekCallLine *line, char *ret, size_t n_ret)
{
        Text text = { ret, n_ret };
        char since[WHEN_TEXT_BYTES] = "";

        if (line->since_ms != PLEK_NO_TIME)
                when_format_near(line->since_ms, since);
        text_add_padded(&text, line->name ? line->name : line->location, 34);
        text_add_padded(&text, word(table->language, state_words(line->state)), 16);
        if (line->state == PLEK_CALL_BARRED) {
                text_add(&text, "%s", word(table->language, "suspended, or its enrolment is over"));
        } else if (line->state != PLEK_CALL_ANSWERED && line->n_answered) {
                text_add(&text, word(table->language, "%u of %u reports"), line->n_answered,
                         line->n_records);
        } else if (*since) {
                text_add(&text, "%s%s%s",
                         line->state == PLEK_CALL_ANSWERED ? "" : word(table->language, "since"),
                         line->state == PLEK_CALL_ANSWERED ? "" : " ", since);
        }
        if (line->state != PLEK_CALL_ANSWERED && line->phone)
                text_add(&text, "  %s %s", word(table->language, "call"), line->phone);
}

static void head_text(const CallTable *table, const PlekCallProgress *call, char *ret, size_t n_ret)
{
        Text text = { ret, n_ret };
        char left[DURATION_TEXT_BYTES];

        text_add(&text, word(table->language, "%zu of %zu have answered"), call->n_answered,
                 call->n_lines);
        if (call->n_unreachable)
                text_add(&text, word(table->language, ", %zu cannot be reached"),
                         call->n_unreachable);
        if (call->n_barred)
                text_add(&text, word(table->language, ", %zu may not report"), call->n_barred);
        if (call->is_final)
                text_add(&text, ". %s",
                         word(table->language, call->n_answered == call->n_lines
                                                       ? "The call is complete."
                                                       : "The time is over."));
        else if (call->now_ms >= 0 && call->until_ms > call->now_ms) {
                duration_format(call->until_ms - call->now_ms, left);
                text_add(&text, word(table->language, "; %s left"), left);
        }
        if (call->is_cut_off)
                text_add(&text, "  %s",
                         word(table->language, "THE BROKER CANNOT BE REACHED: as it was"));
}

static void triage_text(const CallTable *table, const PlekCallProgress *call, char *ret,
                        size_t n_ret)
{
        Text text = { ret, n_ret };

        text_add(&text, "%s:", word(table->language, "free places"));
        for (size_t i = 0; i < PLEK_TRIAGE_COLOURS; i++) {
                text_add(&text, "  %s ", word(table->language, colours[i]));
                if (call->triage_is_known[i])
                        text_add(&text, "%lld", (long long)call->triage[i]);
                else
                        text_add(&text, "?");
                if (call->triage_shut[i])
                        text_add(&text, word(table->language, " (%lld behind a shut door)"),
                                 (long long)call->triage_shut[i]);
        }
        text_add(&text,
                 word(table->language, "  (of %zu places that said so; %zu have not answered)"),
                 call->n_places, call->n_lines - call->n_answered);
}

/* Whoever is to be telephoned first, whoever has answered last. */
static int urgency(PlekCallState state)
{
        switch (state) {
        case PLEK_CALL_UNREACHABLE:
        case PLEK_CALL_BARRED:
                return 0;
        case PLEK_CALL_ASKED:
                return 1;
        case PLEK_CALL_ANSWERED:
                break;
        }
        return 2;
}

static void measure(size_t *ret_columns, size_t *ret_rows)
{
        struct winsize size = { 0 };

        (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        *ret_columns = size.ws_col ? size.ws_col : COLUMNS_DEFAULT;
        *ret_rows = size.ws_row ? size.ws_row : ROWS_DEFAULT;
}

static void lines_text(CallTable *table, const PlekCallProgress *call, size_t n_max,
                       size_t n_columns)
{
        char text[LINE_BYTES];
        size_t n = 0;

        for (int step = 0; step <= 2; step++)
                for (size_t i = 0; i < call->n_lines && n < n_max; i++) {
                        if (urgency(call->lines[i].state) != step)
                                continue;
                        line_text(table, &call->lines[i], text, sizeof(text));
                        put(table, text, n_columns);
                        n++;
                }
        if (n == call->n_lines)
                return;
        snprintf(text, sizeof(text), word(table->language, "... and %zu more"), call->n_lines - n);
        put(table, text, n_columns);
}

void call_table_show(CallTable *table, const PlekCallProgress *call)
{
        size_t n_columns, n_rows;
        char text[LINE_BYTES];

        if (!table->is_terminal && !call->is_final)
                return;
        measure(&n_columns, &n_rows);
        if (table->n_drawn)
                printf("\033[%zuA\033[J", table->n_drawn);
        table->n_drawn = 0;
        head_text(table, call, text, sizeof(text));
        put(table, text, n_columns);
        if (call->has_triage) {
                triage_text(table, call, text, sizeof(text));
                put(table, text, n_columns);
        }
        lines_text(table, call,
                   table->is_terminal && !call->is_final && n_rows > ROWS_OF_REST
                           ? n_rows - ROWS_OF_REST
                           : SIZE_MAX,
                   n_columns);
        fflush(stdout);
}
