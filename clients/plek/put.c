#include <math.h>
#include <stdio.h>
#include <string.h>

#include "put.h"
#include "when.h"

enum {
        OPTION_LOCATION = 0x100,
        OPTION_UNIT,
        OPTION_LABEL,
        OPTION_CARE,
        OPTION_GROUP,
        OPTION_URGENCY,
        OPTION_STATUS,
        OPTION_AUDIENCE,
        OPTION_DEFINITION,
        OPTION_OBSERVED,
        OPTION_VALID,
        OPTION_CHECK,
        OPTION_EXCEPT,
        OPTION_REASON,
        OPTION_TEXT,
        OPTION_BY,
        OPTION_FROM,
        OPTION_UNTIL,
        OPTION_REVIEW,
        OPTION_EXPIRY,
        OPTION_PLAN,
        OPTION_NAME,
        OPTION_KIND,
        OPTION_POSITION,
        OPTION_PHONE,
        OPTION_METHOD,
        OPTION_SCORE,
};

static const struct argp_option options[] = {
        { NULL, 0, NULL, 0, "What it is about:", 1 },
        { "location", OPTION_LOCATION, "ID", 0, "Required", 1 },
        { "unit", OPTION_UNIT, "ID", 0, "A part of it; default: the location as a whole", 1 },
        { "label", OPTION_LABEL, "TEXT", 0, "What people call the unit", 1 },
        { "care", OPTION_CARE, "CARE", 0, "ICU_ADULT, ED, WARD, GP_POST, ...", 1 },
        { "group", OPTION_GROUP, "GROUP", 0, "Doors: WALK_IN, REFERRED, AMBULANCE, ADULT, CHILD",
          1 },
        { "urgency", OPTION_URGENCY, "0-5", 0, "Doors: NTS urgency", 1 },
        { NULL, 0, NULL, 0, "Doors:", 2 },
        { "except", OPTION_EXCEPT, "CODE[,CODE]", 0, "MULTITRAUMA, STROKE, CHILD, ...", 2 },
        { "reason", OPTION_REASON, "CODE", 0, "STAFF, BEDS_FULL, ED_CROWDING, ...", 2 },
        { "text", OPTION_TEXT, "TEXT", 0, "At most 280 bytes; no patient data", 2 },
        { "by", OPTION_BY, "FUNCTION", 0, "Who authorised it: a function, not a name", 2 },
        { "until", OPTION_UNTIL, "TIME", 0, "Its expected end: 18:00, +2h, 2026-12-24 18:00", 2 },
        { "review", OPTION_REVIEW, "TIME", 0, "When it is looked at again", 2 },
        { "on-expiry", OPTION_EXPIRY, "KEEP|TO_UNKNOWN|REOPEN", 0, "Default KEEP", 2 },
        { "plan", OPTION_PLAN, "N", 0, "Announced ahead, with --from and --until", 2 },
        { "from", OPTION_FROM, "TIME", 0, "When a plan starts", 2 },
        { NULL, 0, NULL, 0, "Cards:", 3 },
        { "name", OPTION_NAME, "TEXT", 0, "What people call the location", 3 },
        { "kind", OPTION_KIND, "CODE", 0, "Nictiz RoleCodeNL: V6 hospital, N6 GP post, ...", 3 },
        { "position", OPTION_POSITION, "LAT,LON", 0, "Degrees, WGS 84", 3 },
        { "phone", OPTION_PHONE, "FUNCTION=NUMBER", 0, "Whom to call; repeat for more", 3 },
        { NULL, 0, NULL, 0, "Pressure:", 4 },
        { "method", OPTION_METHOD, "CODE", 0, "nedocs, mnedocs, ...", 4 },
        { "score", OPTION_SCORE, "NUMBER", 0, "", 4 },
        { NULL, 0, NULL, 0, "How:", 5 },
        { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0, "Default ACTUAL", 5 },
        { "audience", OPTION_AUDIENCE, "OPEN|CARE|COORD", 0, "Who may read it (CARE)", 5 },
        { "definition", OPTION_DEFINITION, "CODE", 0, "Which definition of a bed", 5 },
        { "observed", OPTION_OBSERVED, "TIME", 0, "When it was true (now)", 5 },
        { "valid-for", OPTION_VALID, "DURATION", 0, "How long it holds (as agreed)", 5 },
        { "check", OPTION_CHECK, NULL, 0, "Ask whether it would be accepted; write nothing", 5 },
        { 0 },
};

static uint32_t code(struct argp_state *state, PlekCodeList list, const char *what,
                     const char *name)
{
        uint32_t value = 0;

        if (plek_code_parse(&value, list, name))
                argp_error(state, "there is no %s '%s'. man plek lists them", what, name);
        return value;
}

static int64_t time_of(struct argp_state *state, const PutOptions *o, const char *text)
{
        int64_t ms = 0;

        if (when_parse(&ms, text, o->now_ms))
                argp_error(state, "'%s' is not a time; 18:00, +2h and 2026-12-24 18:00 are", text);
        return ms;
}

static unsigned long number(struct argp_state *state, const char *what, const char *text,
                            unsigned long most)
{
        unsigned long value;
        char *end;

        errno = 0;
        value = strtoul(text, &end, 10);
        if (errno || end == text || *end || *text == '-' || value > most)
                argp_error(state, "%s is 0 to %lu, not '%s'", what, most, text);
        return value;
}

static void exceptions_parse(PutOptions *o, char *text, struct argp_state *state)
{
        PlekDoor *door = &o->report.door;

        for (char *name; (name = strsep(&text, ","));) {
                if (door->n_exceptions == PLEK_EXCEPTIONS_MAX)
                        argp_error(state, "a door has at most %d exceptions", PLEK_EXCEPTIONS_MAX);
                door->exceptions[door->n_exceptions++] =
                        code(state, PLEK_CODES_EXCEPTION, "exception", name);
        }
}

/* "staffed=12", or "occupied=SUPPRESSED" for why it is absent. */
static void count_parse(PutOptions *o, char *text, struct argp_state *state)
{
        PlekCounts *counts = &o->report.counts;
        char *value = text, *name = strsep(&value, "=");
        uint32_t field = code(state, PLEK_CODES_COUNT_FIELD, "count", name);
        uint32_t why;

        if (field >= PLEK_N_COUNT_FIELDS || !value)
                argp_error(state, "a count is NAME=NUMBER, as in staffed=12, not '%s'", name);
        if (!plek_code_parse(&why, PLEK_CODES_MISSING, value)) {
                counts->missing[field] = (uint8_t)why;
                return;
        }
        counts->present[field] = true;
        counts->value[field] = (int32_t)number(state, name, value, 100000);
}

static void position_parse(PutOptions *o, const char *text, struct argp_state *state)
{
        PlekLocationCard *card = &o->report.card;
        double latitude, longitude;
        int n = 0;

        if (sscanf(text, "%lf,%lf%n", &latitude, &longitude, &n) != 2 || text[n] ||
            !(fabs(latitude) <= 90) || !(fabs(longitude) <= 180))
                argp_error(state, "--position is LAT,LON in degrees, as in 52.95,4.02");
        card->has_position = true;
        card->latitude_e7 = (int32_t)lround(latitude * 1e7);
        card->longitude_e7 = (int32_t)lround(longitude * 1e7);
}

static void phone_parse(PutOptions *o, char *text, struct argp_state *state)
{
        PlekLocationCard *card = &o->report.card;
        char *at = text, *function = strsep(&at, "=");

        if (!at || card->n_contacts == PLEK_CONTACTS_MAX)
                argp_error(state, "--phone is FUNCTION=NUMBER, at most %d times",
                           PLEK_CONTACTS_MAX);
        card->contacts[card->n_contacts++] = (PlekContact){ function, at };
}

static void argument_parse(PutOptions *o, char *argument, struct argp_state *state)
{
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
                o->report.door.state = code(state, PLEK_CODES_DOOR_STATE, "door state", argument);
        else
                argp_error(state, "'%s' is too much", argument);
}

static bool door_parse(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        PlekDoor *door = &o->report.door;

        switch (key) {
        case OPTION_GROUP:
                door->patient_group = code(state, PLEK_CODES_PATIENT_GROUP, "group", argument);
                return true;
        case OPTION_URGENCY:
                door->urgency = (uint32_t)number(state, "--urgency", argument, 5);
                return true;
        case OPTION_EXCEPT:
                exceptions_parse(o, argument, state);
                return true;
        case OPTION_REASON:
                door->reason = code(state, PLEK_CODES_REASON, "reason", argument);
                return true;
        case OPTION_TEXT:
                door->text = argument;
                return true;
        case OPTION_BY:
                door->authorised_by = argument;
                return true;
        case OPTION_FROM:
                door->starts_at_ms = time_of(state, o, argument);
                return true;
        case OPTION_UNTIL:
                door->ends_at_ms = time_of(state, o, argument);
                if (door->ends_at_ms <= o->now_ms && *argument != '-')
                        argp_error(state, "'%s' has passed already", argument);
                return true;
        case OPTION_REVIEW:
                door->review_at_ms = time_of(state, o, argument);
                return true;
        case OPTION_EXPIRY:
                door->on_expiry = code(state, PLEK_CODES_ON_EXPIRY, "expiry policy", argument);
                return true;
        case OPTION_PLAN:
                door->plan = (uint32_t)number(state, "--plan", argument, UINT32_MAX);
                return true;
        default:
                return false;
        }
}

static bool card_parse(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        switch (key) {
        case OPTION_NAME:
                o->report.card.name = argument;
                return true;
        case OPTION_KIND:
                o->report.card.kind = argument;
                return true;
        case OPTION_POSITION:
                position_parse(o, argument, state);
                return true;
        case OPTION_PHONE:
                phone_parse(o, argument, state);
                return true;
        default:
                return false;
        }
}

static bool pressure_parse(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        PlekPressure *pressure = &o->report.pressure;
        char *end;

        switch (key) {
        case OPTION_METHOD:
                pressure->method = argument;
                return true;
        case OPTION_SCORE:
                pressure->has_score = true;
                pressure->score = strtod(argument, &end);
                if (*end || end == argument)
                        argp_error(state, "--score is a number, not '%s'", argument);
                return true;
        default:
                return false;
        }
}

static void care_parse(PutOptions *o, const char *argument, struct argp_state *state)
{
        uint32_t care = code(state, PLEK_CODES_CARE, "care", argument);

        if (o->report.kind == PLEK_REPORT_COUNTS)
                o->report.counts.care = care;
        else if (o->report.kind == PLEK_REPORT_DOOR)
                o->report.door.care = care;
        else
                argp_error(state, "--care belongs to counts and doors");
}

static bool common_parse(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        PlekReport *report = &o->report;
        int64_t ms;

        switch (key) {
        case OPTION_LOCATION:
                report->location = argument;
                return true;
        case OPTION_UNIT:
                report->unit = argument;
                return true;
        case OPTION_LABEL:
                report->label = argument;
                return true;
        case OPTION_CARE:
                care_parse(o, argument, state);
                return true;
        case OPTION_STATUS:
                report->status = code(state, PLEK_CODES_STATUS, "status", argument);
                return true;
        case OPTION_AUDIENCE:
                report->audience = code(state, PLEK_CODES_AUDIENCE, "audience", argument);
                return true;
        case OPTION_DEFINITION:
                report->definition = argument;
                return true;
        case OPTION_OBSERVED:
                report->observed_at_ms = time_of(state, o, argument);
                return true;
        case OPTION_VALID:
                if (duration_parse(&ms, argument) || ms < 1000 || ms > 7LL * 24 * 3600 * 1000)
                        argp_error(state, "--valid-for is 1s to 7d, not '%s'", argument);
                report->valid_for_s = (uint32_t)(ms / 1000);
                return true;
        case OPTION_CHECK:
                o->check = true;
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
                if (!o->report.kind || !o->report.location)
                        argp_error(state, "put needs a kind of report and a --location");
                if (o->check && o->withdraw)
                        argp_error(state, "--check is for reports");
                return 0;
        }

        if (common_parse(o, key, argument, state))
                return 0;
        known = o->report.kind == PLEK_REPORT_DOOR       ? door_parse(o, key, argument, state)
                : o->report.kind == PLEK_REPORT_CARD     ? card_parse(o, key, argument, state)
                : o->report.kind == PLEK_REPORT_PRESSURE ? pressure_parse(o, key, argument, state)
                                                         : false;
        if (!known && key >= OPTION_LOCATION && key <= OPTION_SCORE)
                argp_error(state, "that option does not belong to %s",
                           plek_code_name(PLEK_CODES_REPORT, o->report.kind));
        return known ? 0 : ARGP_ERR_UNKNOWN;
}

static bool takes_argument(const char *option)
{
        return !strncmp(option, "--", 2) && !strchr(option, '=') && strcmp(option, "--check") &&
               strcmp(option, "--json") && strcmp(option, "--help");
}

/* The kind of report, before argp looks at the options: they are read in its light. */
static PlekReportKind find_kind(int argc, char **argv)
{
        static const char *const names[] = { "counts", "door", "pressure", "card" };

        for (int i = 1; i < argc; i++) {
                for (size_t k = 0; k < N_ELEMENTS(names); k++)
                        if (!strcmp(argv[i], names[k]))
                                return PLEK_REPORT_COUNTS + (PlekReportKind)k;
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
                .args_doc = "counts NAME=NUMBER...\ndoor STATE\ncard\npressure\n"
                            "withdraw counts|door|card|pressure",
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
        if (ret_options->report.kind == PLEK_REPORT_DOOR)
                ret_options->report.door = (PlekDoor)PLEK_DOOR_INIT;
        argp_parse(&argp, argc, argv, 0, NULL, ret_options);
}
