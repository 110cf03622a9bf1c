/*
 * What can be said of a report before anybody is asked: that it says something, and nothing that is
 * a slip of the hand. Others may say what is not known here, so that is told and sent all the same.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "derived/pressure.h"
#include "location-kinds.h"
#include "patient-data.h"
#include "put.h"

enum { AHEAD_MS = 120 * 1000 }; /* as far as a broker lets clocks differ */

static void check_counts(const PlekCounts *counts, struct argp_state *state)
{
        for (size_t i = 0; i < PLEK_N_COUNT_FIELDS; i++)
                if (counts->present[i] || counts->missing[i])
                        return;
        usage_error(state,
                    "put counts without a count says nothing: NAME=NUMBER, as in staffed=12. "
                    "plek put withdraw counts takes back what was said");
}

static bool is_input(const char *method, const char *name)
{
        const char *known;

        for (size_t i = 0; (known = pressure_input_name(method, i)); i++)
                if (!strcmp(known, name))
                        return true;
        return false;
}

static bool has_input(const PlekPressure *pressure, const char *name)
{
        for (size_t i = 0; i < pressure->n_inputs; i++)
                if (!strcmp(pressure->inputs[i].name, name))
                        return true;
        return false;
}

/* The inputs of a method, for a sentence. */
static const char *list_inputs(const char *method)
{
        static char text[256];
        const char *name;

        text[0] = '\0';
        for (size_t i = 0; (name = pressure_input_name(method, i)); i++)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? ", " : "",
                         name);
        return text;
}

static void check_inputs(const PlekPressure *pressure, struct argp_state *state)
{
        const char *method = pressure->method, *name;

        for (size_t i = 0; i < pressure->n_inputs; i++) {
                if (!is_input(method, pressure->inputs[i].name))
                        usage_error(state, "%s has no input '%s'; it has %s", method,
                                    pressure->inputs[i].name, list_inputs(method));
                for (size_t k = 0; k < i; k++)
                        if (!strcmp(pressure->inputs[i].name, pressure->inputs[k].name))
                                usage_error(state, "the input %s is said twice",
                                            pressure->inputs[i].name);
        }
        for (size_t i = 0; !pressure->has_score && (name = pressure_input_name(method, i)); i++)
                if (!has_input(pressure, name))
                        usage_error(state,
                                    "a %s is worked out from all of %s; without %s it needs a "
                                    "--score",
                                    method, list_inputs(method), name);
}

static void check_pressure(const PlekPressure *pressure, struct argp_state *state)
{
        if (!pressure->method)
                return; /* the library says so */
        if (!pressure->has_score && !pressure->n_inputs)
                usage_error(state, "put pressure needs a --score, or an --input for each of %s",
                            *list_inputs(pressure->method) ? list_inputs(pressure->method)
                                                           : "what the method is made of");
        if (pressure_input_name(pressure->method, 0))
                check_inputs(pressure, state);
        else if (strcmp(pressure->method, "mnedocs"))
                fail(EXIT_DONE,
                     "note: no method '%s' is known here (nedocs and mnedocs are). Its score is "
                     "kept, and compared with none of another method.",
                     pressure->method);
}

static void check_card(const PlekLocationCard *card)
{
        if (card->kind && !location_kind_find(card->kind))
                fail(EXIT_DONE,
                     "note: no kind of location '%s' is known here. plek codes kind "
                     "lists them.",
                     card->kind);
}

static int this_year(int64_t now_ms)
{
        time_t now = (time_t)(now_ms / 1000);
        struct tm tm;

        return localtime_r(&now, &tm) ? tm.tm_year + 1900 : 0;
}

/* What was said once is kept by everybody who read it, so it is asked back before it goes out. */
static void check_words(const PutOptions *o)
{
        const PlekReport *report = &o->report;
        const bool is_door = report->kind == PLEK_REPORT_DOOR;
        const struct {
                const char *option, *text;
        } words[] = {
                { "label", report->label },
                { "text", is_door ? report->door.text : NULL },
                { "by", is_door ? report->door.authorised_by : NULL },
        };

        for (size_t i = 0; i < N_ELEMENTS(words); i++)
                if (words[i].text &&
                    (patient_data_has_bsn(words[i].text) ||
                     patient_data_has_birth_date(words[i].text, this_year(o->now_ms))))
                        exit(fail(EXIT_USAGE,
                                  "--%s looks like patient data (a BSN or a date of birth). "
                                  "Nothing was sent; with --sure it is.",
                                  words[i].option));
}

void put_check_report(const PutOptions *o, struct argp_state *state)
{
        const PlekReport *report = &o->report;

        if (report->observed_at_ms > o->now_ms + AHEAD_MS)
                usage_error(state,
                            "what lies ahead was not observed yet: --observed is when it was "
                            "true");
        if (o->withdraw)
                return;
        if (!o->is_sure)
                check_words(o);
        if (report->kind == PLEK_REPORT_COUNTS)
                check_counts(&report->counts, state);
        else if (report->kind == PLEK_REPORT_PRESSURE)
                check_pressure(&report->pressure, state);
        else if (report->kind == PLEK_REPORT_CARD)
                check_card(&report->card);
}
