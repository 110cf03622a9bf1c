#include <math.h>
#include <stdio.h>
#include <string.h>

#include "known-code.h"
#include "put.h"
#include "when.h"

enum { OF_ALL = 1, OF_DOORS = 2, OF_HOW = 6 }; /* groups of the table */

static const struct argp_option options[] = {
        { NULL, 0, NULL, 0, "What it is about:", 1 },
        { "location", PUT_LOCATION, "ID", 0, "Required", 1 },
        { "unit", PUT_UNIT, "ID", 0, "A part of it; default: the location as a whole", 1 },
        { "label", PUT_LABEL, "TEXT", 0, "What people call the unit", 1 },
        { "care", PUT_CARE, "CARE", 0, "ICU_ADULT, ED, WARD, GP_POST, ...", 1 },
        { "group", PUT_GROUP, "GROUP", 0, "Doors: WALK_IN, REFERRED, AMBULANCE, ADULT, CHILD", 1 },
        { "urgency", PUT_URGENCY, "0-5", 0, "Doors: NTS urgency", 1 },
        { NULL, 0, NULL, 0, "Doors:", 2 },
        { "except", PUT_EXCEPT, "CODE[,CODE]", 0, "MULTITRAUMA, STROKE, CHILD, ...", 2 },
        { "reason", PUT_REASON, "CODE", 0, "STAFF, BEDS_FULL, ED_CROWDING, ...", 2 },
        { "text", PUT_TEXT, "TEXT", 0, "At most 280 bytes; no patient data", 2 },
        { "by", PUT_BY, "FUNCTION", 0, "Who authorised it: a function, not a name", 2 },
        { "until", PUT_UNTIL, "TIME", 0, "Its expected end: 18:00, 2h, fri 18:00", 2 },
        { "to", 0, NULL, OPTION_ALIAS, NULL, 2 },
        { "review", PUT_REVIEW, "TIME", 0, "When it is looked at again", 2 },
        { "on-expiry", PUT_EXPIRY, "KEEP|TO_UNKNOWN|REOPEN", 0, "Default KEEP", 2 },
        { "plan", PUT_PLAN, "N", 0, "Announced ahead, with --from and --until", 2 },
        { "from", PUT_FROM, "TIME", 0, "When a plan starts", 2 },
        { NULL, 0, NULL, 0, "Cards:", 3 },
        { "name", PUT_NAME, "TEXT", 0, "What people call the location", 3 },
        { "kind", PUT_KIND, "CODE", 0, "Nictiz RoleCodeNL: V6 hospital, N6 GP post, ...", 3 },
        { "position", PUT_POSITION, "LAT,LON", 0, "Degrees, WGS 84", 3 },
        { "phone", PUT_PHONE, "FUNCTION[@CARE]=NUMBER", 0,
          "Whom to call, and about which care; repeat for more", 3 },
        { "time-zone", PUT_TIME_ZONE, "NAME", 0, "As in Europe/Amsterdam; for hours", 3 },
        { "identifier", PUT_IDENTIFIER, "SCHEME=ID", 0, "agb, ura, oin, local; repeat for more",
          3 },
        { NULL, 0, NULL, 0, "Offerings, with --from, --until and --plan as doors:", 4 },
        { "level", PUT_LEVEL, "CODE", 0, "As in a trauma centre's 1 to 3", 4 },
        { "hours", PUT_HOURS, "HOURS", 0,
          "As in 'Mo-Fr 08:00-17:00; Sa 09:00-12:00'; also of cards", 4 },
        { "not-offered", PUT_NOT_OFFERED, NULL, 0, "This care is not given", 4 },
        { NULL, 0, NULL, 0, "Pressure:", 5 },
        { "method", PUT_METHOD, "CODE", 0, "nedocs, mnedocs, ...", 5 },
        { "score", PUT_SCORE, "NUMBER", 0, "If it is not to be worked out from inputs", 5 },
        { "input", PUT_INPUT, "NAME=NUMBER", 0,
          "What the score is made of: patients, ed_beds, ...; repeat for more", 5 },
        { NULL, 0, NULL, 0, "How:", 6 },
        { "status", PUT_STATUS, "ACTUAL|EXERCISE|TEST", 0, "Default ACTUAL", 6 },
        { "audience", PUT_AUDIENCE, "OPEN|CARE|COORD", 0, "Who may read it (CARE)", 6 },
        { "definition", PUT_DEFINITION, "CODE", 0, "Which definition of a bed", 6 },
        { "observed", PUT_OBSERVED, "TIME", 0, "When it was true (now)", 6 },
        { "valid-for", PUT_VALID, "DURATION", 0, "How long it holds (as agreed)", 6 },
        { "sure", PUT_SURE, NULL, 0, "Send it, although it looks like patient data", 6 },
        { "check", PUT_CHECK, NULL, 0, "Ask whether it would be accepted; write nothing", 6 },
        { 0 },
};

uint32_t put_code(struct argp_state *state, PlekCodeList list, const char *what, const char *name)
{
        return known_code(state, list, what, name);
}

int64_t put_time(struct argp_state *state, const PutOptions *o, const char *text)
{
        int64_t ms = 0;

        if (when_parse(&ms, text, o->now_ms))
                usage_error(state,
                            "'%s' is not a time; 18:00, 2h, fri 18:00 and 2026-12-24 18:00 are",
                            text);
        return ms;
}

unsigned long put_number(struct argp_state *state, const char *what, const char *text,
                         unsigned long most)
{
        unsigned long value;
        char *end;

        errno = 0;
        value = strtoul(text, &end, 10);
        if (errno || end == text || *end || *text == '-' || value > most)
                usage_error(state, "%s is 0 to %lu, not '%s'", what, most, text);
        return value;
}

static void exceptions_parse(PutOptions *o, char *text, struct argp_state *state)
{
        PlekDoor *door = &o->report.door;

        for (char *name; (name = strsep(&text, ","));) {
                if (door->n_exceptions == PLEK_EXCEPTIONS_MAX)
                        usage_error(state, "a door has at most %d exceptions", PLEK_EXCEPTIONS_MAX);
                door->exceptions[door->n_exceptions++] =
                        put_code(state, PLEK_CODES_EXCEPTION, "exception", name);
        }
}

/* "staffed=12", or "occupied=SUPPRESSED" for why it is absent. */
static void count_parse(PutOptions *o, char *text, struct argp_state *state)
{
        PlekCounts *counts = &o->report.counts;
        char *value = text, *name = strsep(&value, "=");
        uint32_t field = put_code(state, PLEK_CODES_COUNT_FIELD, "count", name);
        uint32_t why;

        if (field >= PLEK_N_COUNT_FIELDS || !value)
                usage_error(state, "a count is NAME=NUMBER, as in staffed=12, not '%s'", name);
        if (counts->present[field] || counts->missing[field])
                usage_error(state, "%s is said twice", name);
        if (!plek_code_parse(&why, PLEK_CODES_MISSING, value)) {
                counts->missing[field] = (uint8_t)why;
                return;
        }
        counts->present[field] = true;
        counts->value[field] = (int32_t)put_number(state, name, value, 100000);
}

static void argument_parse(PutOptions *o, char *argument, struct argp_state *state)
{
        if (o->verb && !o->report.location) {
                o->report.location = argument;
                o->n_arguments++;
                return;
        }
        if (o->n_arguments++ == 0) {
                if (!strcmp(argument, "withdraw")) {
                        o->withdraw = true;
                        o->n_arguments--;
                        return;
                }
                return; /* the kind: found before the options were looked at */
        }
        if (o->report.kind == PLEK_REPORT_COUNTS && !o->withdraw)
                count_parse(o, argument, state);
        else if (o->report.kind == PLEK_REPORT_DOOR && !o->withdraw && !o->report.door.state)
                o->report.door.state =
                        put_code(state, PLEK_CODES_DOOR_STATE, "door state", argument);
        else
                usage_error(state, "'%s' is too much", argument);
}

/* "mon 08:00" of a closure from "fri 18:00" is the Monday after that Friday, whatever today is. */
static void until_parse(PutOptions *o, struct argp_state *state)
{
        PlekDoor *door = &o->report.door;
        PutOptions from = *o;

        if (!o->until)
                return;
        if (door->starts_at_ms != PLEK_NO_TIME)
                from.now_ms = door->starts_at_ms;
        door->ends_at_ms = put_time(state, &from, o->until);
        if (door->ends_at_ms <= o->now_ms)
                usage_error(state, "'%s' has passed already", o->until);
}

static bool door_parse(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        PlekDoor *door = &o->report.door;

        switch (key) {
        case PUT_GROUP:
                door->patient_group = put_code(state, PLEK_CODES_PATIENT_GROUP, "group", argument);
                return true;
        case PUT_URGENCY:
                door->urgency = (uint32_t)put_number(state, "--urgency", argument, 5);
                return true;
        case PUT_EXCEPT:
                exceptions_parse(o, argument, state);
                return true;
        case PUT_REASON:
                door->reason = put_code(state, PLEK_CODES_REASON, "reason", argument);
                return true;
        case PUT_TEXT:
                door->text = argument;
                return true;
        case PUT_BY:
                door->authorised_by = argument;
                return true;
        case PUT_FROM:
                door->starts_at_ms = put_time(state, o, argument);
                return true;
        case PUT_UNTIL:
                o->until = argument;
                return true;
        case PUT_REVIEW:
                door->review_at_ms = put_time(state, o, argument);
                if (door->review_at_ms <= o->now_ms)
                        usage_error(state, "--review '%s' has passed already", argument);
                return true;
        case PUT_EXPIRY:
                door->on_expiry = put_code(state, PLEK_CODES_ON_EXPIRY, "expiry policy", argument);
                return true;
        case PUT_PLAN:
                door->plan = (uint32_t)put_number(state, "--plan", argument, UINT32_MAX);
                return true;
        default:
                return false;
        }
}

static double real(struct argp_state *state, const char *option, const char *text)
{
        char *end;
        double value = strtod(text, &end);

        if (*end || end == text || !isfinite(value))
                usage_error(state, "%s is a number, not '%s'", option, text);
        return value;
}

/* "ed_beds=24" */
static void input_parse(PlekPressure *pressure, char *text, struct argp_state *state)
{
        char *value = text, *name = strsep(&value, "=");

        if (!value || pressure->n_inputs == PLEK_PRESSURE_INPUTS_MAX)
                usage_error(state, "--input is NAME=NUMBER, at most %d times",
                            PLEK_PRESSURE_INPUTS_MAX);
        pressure->inputs[pressure->n_inputs++] =
                (PlekPressureInput){ name, real(state, "--input", value) };
}

static bool pressure_parse(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        PlekPressure *pressure = &o->report.pressure;

        switch (key) {
        case PUT_METHOD:
                pressure->method = argument;
                return true;
        case PUT_SCORE:
                pressure->has_score = true;
                pressure->score = real(state, "--score", argument);
                return true;
        case PUT_INPUT:
                input_parse(pressure, argument, state);
                return true;
        default:
                return false;
        }
}

static void care_parse(PutOptions *o, const char *argument, struct argp_state *state)
{
        uint32_t care = put_code(state, PLEK_CODES_CARE, "care", argument);

        if (o->report.kind == PLEK_REPORT_COUNTS)
                o->report.counts.care = care;
        else if (o->report.kind == PLEK_REPORT_DOOR)
                o->report.door.care = care;
        else if (o->report.kind == PLEK_REPORT_OFFERING)
                o->report.offering.care = care;
        else
                usage_error(state, "--care belongs to counts, doors and offerings");
}

static bool common_parse(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        PlekReport *report = &o->report;
        int64_t ms;

        switch (key) {
        case PUT_LOCATION:
                report->location = argument;
                return true;
        case PUT_UNIT:
                report->unit = argument;
                return true;
        case PUT_LABEL:
                report->label = argument;
                return true;
        case PUT_CARE:
                care_parse(o, argument, state);
                return true;
        case PUT_STATUS:
                report->status = put_code(state, PLEK_CODES_STATUS, "status", argument);
                return true;
        case PUT_AUDIENCE:
                report->audience = put_code(state, PLEK_CODES_AUDIENCE, "audience", argument);
                return true;
        case PUT_DEFINITION:
                report->definition = argument;
                return true;
        case PUT_OBSERVED:
                if (when_parse_past(&report->observed_at_ms, argument, o->now_ms))
                        usage_error(state,
                                    "'%s' is not a time; 14:30, -10min and 2026-11-22 18:00 "
                                    "are",
                                    argument);
                return true;
        case PUT_VALID:
                if (duration_parse(&ms, argument) || ms < 1000 || ms > 7LL * 24 * 3600 * 1000)
                        usage_error(state, "--valid-for is 1s to 7d, not '%s'", argument);
                report->valid_for_s = (uint32_t)(ms / 1000);
                return true;
        case PUT_CHECK:
                o->check = true;
                return true;
        case PUT_SURE:
                o->is_sure = true;
                return true;
        default:
                return false;
        }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        PutOptions *o = state->input;
        bool known;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case ARGP_KEY_ARG:
                argument_parse(o, argument, state);
                return 0;
        case ARGP_KEY_END:
                if (o->verb && !o->report.location)
                        usage_error(state, "which location?");
                until_parse(o, state);
                if (!o->report.kind || !o->report.location)
                        usage_error(state, "put needs a kind of report and a --location");
                if (o->check && o->withdraw)
                        usage_error(state, "--check is for reports");
                put_check_report(o, state);
                return 0;
        }

        if (common_parse(o, key, argument, state))
                return 0;
        known = o->report.kind == PLEK_REPORT_DOOR   ? door_parse(o, key, argument, state)
                : o->report.kind == PLEK_REPORT_CARD ? put_card_parse(o, key, argument, state)
                : o->report.kind == PLEK_REPORT_OFFERING
                        ? put_offering_parse(o, key, argument, state)
                : o->report.kind == PLEK_REPORT_PRESSURE ? pressure_parse(o, key, argument, state)
                                                         : false;
        if (!known && key >= PUT_LOCATION && key <= PUT_INPUT)
                usage_error(state, "that option does not belong to %s",
                            plek_code_name(PLEK_CODES_REPORT, o->report.kind));
        return known ? 0 : ARGP_ERR_UNKNOWN;
}

static bool takes_argument(const char *option)
{
        return !strncmp(option, "--", 2) && !strchr(option, '=') && strcmp(option, "--check") &&
               strcmp(option, "--sure") && strcmp(option, "--json") && strcmp(option, "--help") &&
               strcmp(option, "--not-offered");
}

/* The kind of report, before argp looks at the options: they are read in its light. */
static PlekReportKind find_kind(int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                uint32_t kind;

                if (!plek_code_parse(&kind, PLEK_CODES_REPORT, argv[i]))
                        return (PlekReportKind)kind;
                if (takes_argument(argv[i]))
                        i++;
        }
        return 0;
}

void put_options_parse(PutOptions *ret_options, int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "counts NAME=NUMBER...\ndoor STATE\ncard\noffering\npressure\n"
                            "withdraw counts|door|card|offering|pressure",
                .doc = "Says one thing by hand, and waits for the receipt.\v"
                       "plek put counts --location duinzicht --unit ic --care ICU_ADULT "
                       "staffed=12 occupied=10\n"
                       "plek put door --location duinzicht --care ED STOP --except MULTITRAUMA "
                       "--until +2h",
                .children = children,
        };

        *ret_options = (PutOptions){
                .report = { .status = PLEK_STATUS_ACTUAL, .source = PLEK_SOURCE_MANUAL },
                .now_ms = wall_clock_ms(),
        };
        common_init(&ret_options->common);
        ret_options->report.kind = find_kind(argc, argv);
        if (ret_options->report.kind == PLEK_REPORT_FLOW ||
            ret_options->report.kind == PLEK_REPORT_REFUSAL)
                exit(fail(EXIT_USAGE, "what happened is said by plek flow and plek refuse."));
        if (ret_options->report.kind == PLEK_REPORT_DOOR)
                ret_options->report.door = (PlekDoor)PLEK_DOOR_INIT;
        if (ret_options->report.kind == PLEK_REPORT_OFFERING)
                ret_options->report.offering = (PlekOffering)PLEK_OFFERING_INIT;
        argp_parse(&argp, argc, argv, 0, NULL, ret_options);
}

/* A start and an end make a plan, and its start is its number: said again, it replaces itself. */
static void number_plan(PlekDoor *door)
{
        if (door->starts_at_ms != PLEK_NO_TIME && !door->plan)
                door->plan = (uint32_t)(door->starts_at_ms / (60 * 1000));
}

void put_door_parse(PutOptions *ret_options, int argc, char **argv, const char *verb,
                    uint32_t door_state)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static struct argp_option of_doors[N_ELEMENTS(options)];
        static const struct argp argp = {
                .options = of_doors,
                .parser = parse,
                .args_doc = "LOCATION",
                .doc = "Says by hand what a door is, and waits for the receipt. With --from and "
                       "--until it is announced ahead.\v"
                       "plek stop duinzicht --care ED --except MULTITRAUMA --until 2h "
                       "--reason ED_CROWDING\n"
                       "plek close hap-duin --care GP_POST --from 'fri 18:00' --until 'mon 08:00'\n"
                       "plek open duinzicht --care ED",
                .children = children,
        };
        size_t n = 0;

        for (size_t i = 0; i < N_ELEMENTS(options) - 1; i++)
                if (options[i].key != PUT_LOCATION &&
                    (options[i].group == OF_ALL || options[i].group == OF_DOORS ||
                     options[i].group == OF_HOW))
                        of_doors[n++] = options[i];

        *ret_options = (PutOptions){
                .report = { .status = PLEK_STATUS_ACTUAL,
                            .source = PLEK_SOURCE_MANUAL,
                            .kind = PLEK_REPORT_DOOR,
                            .door = PLEK_DOOR_INIT },
                .now_ms = wall_clock_ms(),
                .verb = verb,
        };
        ret_options->report.door.state = door_state;
        common_init(&ret_options->common);
        argp_parse(&argp, argc, argv, 0, NULL, ret_options);
        number_plan(&ret_options->report.door);
}
