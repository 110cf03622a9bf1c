#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "formats/field-internal.h"

#define KIND(_kind) (1u << (PLEK_REPORT_##_kind - PLEK_REPORT_COUNTS))
#define EVERY       (KIND(COUNTS) | KIND(DOOR) | KIND(PRESSURE) | KIND(CARD) | KIND(OFFERING))
#define WITH_UNIT   (KIND(COUNTS) | KIND(DOOR) | KIND(PRESSURE))
#define AT(_member) offsetof(PlekReport, _member)

#define COUNT_ROW(_name, _field)                                                                   \
        {                                                                                          \
                _name, KIND(COUNTS), TYPE_COUNT, PLEK_COUNT_##_field, 0                            \
        }

/* Fields of one name stand together: they are one column. */
static const Field fields[] = {
        { "location", EVERY, TYPE_STRING, AT(location), 0 },
        { "unit", WITH_UNIT, TYPE_STRING, AT(unit), 0 },
        { "care", KIND(COUNTS), TYPE_CODE, AT(counts.care), PLEK_CODES_CARE },
        { "care", KIND(OFFERING), TYPE_CODE, AT(offering.care), PLEK_CODES_CARE },
        { "care", KIND(DOOR), TYPE_SCOPE, AT(door.care), PLEK_CODES_CARE },
        { "patient_group", KIND(DOOR), TYPE_SCOPE, AT(door.patient_group),
          PLEK_CODES_PATIENT_GROUP },
        { "urgency", KIND(DOOR), TYPE_SCOPE_NUMBER, AT(door.urgency), 0 },
        { "plan", KIND(DOOR), TYPE_NUMBER, AT(door.plan), 0 },
        { "plan", KIND(OFFERING), TYPE_NUMBER, AT(offering.plan), 0 },
        { "method", KIND(PRESSURE), TYPE_STRING, AT(pressure.method), 0 },

        { "audience", EVERY, TYPE_CODE, AT(audience), PLEK_CODES_AUDIENCE },
        { "label", EVERY, TYPE_STRING, AT(label), 0 },
        { "source", EVERY, TYPE_CODE, AT(source), PLEK_CODES_SOURCE },
        { "definition", EVERY, TYPE_STRING, AT(definition), 0 },
        { "observed_at", EVERY, TYPE_TIME_OR_0, AT(observed_at_ms), 0 },
        { "valid_for_s", EVERY, TYPE_NUMBER, AT(valid_for_s), 0 },

        COUNT_ROW("physical", PHYSICAL),
        COUNT_ROW("staffed", STAFFED),
        COUNT_ROW("occupied", OCCUPIED),
        COUNT_ROW("reserved", RESERVED),
        COUNT_ROW("blocked", BLOCKED),
        COUNT_ROW("available", AVAILABLE),
        COUNT_ROW("expected_in", EXPECTED_IN),
        COUNT_ROW("expected_out", EXPECTED_OUT),
        COUNT_ROW("surge_24h", SURGE_24H),
        COUNT_ROW("surge_72h", SURGE_72H),
        COUNT_ROW("surge_7d", SURGE_7D),
        COUNT_ROW("triage_red", TRIAGE_RED),
        COUNT_ROW("triage_yellow", TRIAGE_YELLOW),
        COUNT_ROW("triage_green", TRIAGE_GREEN),
        COUNT_ROW("triage_black", TRIAGE_BLACK),

        { "state", KIND(DOOR), TYPE_CODE, AT(door.state), PLEK_CODES_DOOR_STATE },
        { "exceptions", KIND(DOOR), TYPE_EXCEPTIONS, 0, 0 },
        { "reason", KIND(DOOR), TYPE_CODE, AT(door.reason), PLEK_CODES_REASON },
        { "text", KIND(DOOR), TYPE_STRING, AT(door.text), 0 },
        { "authorised_by", KIND(DOOR), TYPE_STRING, AT(door.authorised_by), 0 },
        { "starts_at", KIND(DOOR), TYPE_TIME, AT(door.starts_at_ms), 0 },
        { "ends_at", KIND(DOOR), TYPE_TIME, AT(door.ends_at_ms), 0 },
        { "review_at", KIND(DOOR), TYPE_TIME, AT(door.review_at_ms), 0 },
        { "on_expiry", KIND(DOOR), TYPE_CODE, AT(door.on_expiry), PLEK_CODES_ON_EXPIRY },

        { "score", KIND(PRESSURE), TYPE_SCORE, 0, 0 },
        { "inputs", KIND(PRESSURE), TYPE_INPUTS, 0, 0 },

        { "name", KIND(CARD), TYPE_STRING, AT(card.name), 0 },
        { "kind", KIND(CARD), TYPE_STRING, AT(card.kind), 0 },
        { "latitude", KIND(CARD), TYPE_DEGREES, AT(card.latitude_e7), 90 },
        { "longitude", KIND(CARD), TYPE_DEGREES, AT(card.longitude_e7), 180 },
        { "contacts", KIND(CARD), TYPE_CONTACTS, 0, 0 },
        { "hours", KIND(CARD), TYPE_STRING, AT(card.hours), 0 },
        { "hours", KIND(OFFERING), TYPE_STRING, AT(offering.hours), 0 },
        { "time_zone", KIND(CARD), TYPE_STRING, AT(card.time_zone), 0 },
        { "identifiers", KIND(CARD), TYPE_IDENTIFIERS, 0, 0 },

        { "offered", KIND(OFFERING), TYPE_OFFERED, AT(offering.not_offered), 0 },
        { "level", KIND(OFFERING), TYPE_STRING, AT(offering.level), 0 },
        { "holds_from", KIND(OFFERING), TYPE_TIME, AT(offering.holds_from_ms), 0 },
        { "holds_until", KIND(OFFERING), TYPE_TIME, AT(offering.holds_until_ms), 0 },
};

const char *field_name(size_t n)
{
        for (size_t i = 0; i < N_ELEMENTS(fields); i++)
                if ((!i || strcmp(fields[i].name, fields[i - 1].name) != 0) && !n--)
                        return fields[i].name;
        return NULL;
}

const Field *field_find(PlekReportKind kind, const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(fields); i++)
                if ((fields[i].kinds & 1u << (kind - PLEK_REPORT_COUNTS)) &&
                    !strcmp(fields[i].name, name))
                        return &fields[i];
        return NULL;
}

bool field_is_number(const char *name)
{
        for (size_t i = 0; i < N_ELEMENTS(fields); i++)
                if (!strcmp(fields[i].name, name))
                        return fields[i].type == TYPE_COUNT || fields[i].type == TYPE_NUMBER ||
                               fields[i].type == TYPE_SCOPE_NUMBER ||
                               fields[i].type == TYPE_DEGREES || fields[i].type == TYPE_SCORE;
        return false;
}

void field_report_init(PlekReport *ret_report, PlekReportKind kind)
{
        *ret_report = (PlekReport){ .status = PLEK_STATUS_ACTUAL, .kind = kind };
        if (kind == PLEK_REPORT_DOOR)
                ret_report->door = (PlekDoor)PLEK_DOOR_INIT;
        else if (kind == PLEK_REPORT_OFFERING)
                ret_report->offering = (PlekOffering)PLEK_OFFERING_INIT;
}

/* ------------------------------------------------------------------ to text */

typedef struct FieldWriter {
        char *at, *end;
} FieldWriter;

PRINTF(2, 3) static void add(FieldWriter *w, const char *format, ...)
{
        va_list arguments;
        int n;

        va_start(arguments, format);
        n = vsnprintf(w->at, (size_t)(w->end - w->at), format, arguments);
        va_end(arguments);
        w->at = MIN(w->at + n, w->end - 1);
}

/* Free text within a list: what separates is marked. */
static void add_marked(FieldWriter *w, const char *text)
{
        for (; *text; text++)
                add(w, "%s%c", strchr("\\;=", *text) ? "\\" : "", *text);
}

/* As short as reads back to the same number. */
static void add_real(FieldWriter *w, double value)
{
        char text[32];

        snprintf(text, sizeof(text), "%.15g", value);
        if (strtod(text, NULL) != value)
                snprintf(text, sizeof(text), "%.17g", value);
        add(w, "%s", text);
}

static void add_code(FieldWriter *w, PlekCodeList list, uint32_t code)
{
        char number[16];

        add(w, "%s", format_code(list, code, number));
}

static void add_degrees(FieldWriter *w, int32_t e7)
{
        int64_t magnitude = e7 < 0 ? -(int64_t)e7 : e7;

        add(w, "%s%lld.%07lld", e7 < 0 ? "-" : "", (long long)(magnitude / 10000000),
            (long long)(magnitude % 10000000));
}

static void add_contacts(FieldWriter *w, const PlekLocationCard *card)
{
        for (size_t i = 0; i < card->n_contacts; i++) {
                add(w, "%s", i ? ";" : "");
                add_marked(w, card->contacts[i].function);
                add(w, "=%s", card->contacts[i].phone);
                if (card->contacts[i].care) {
                        add(w, "=");
                        add_code(w, PLEK_CODES_CARE, card->contacts[i].care);
                }
        }
}

static void add_list(FieldWriter *w, const PlekReport *report, FieldType type)
{
        if (type == TYPE_EXCEPTIONS)
                for (size_t i = 0; i < report->door.n_exceptions; i++) {
                        add(w, "%s", i ? ";" : "");
                        add_code(w, PLEK_CODES_EXCEPTION, report->door.exceptions[i]);
                }
        else if (type == TYPE_INPUTS)
                for (size_t i = 0; i < report->pressure.n_inputs; i++) {
                        add(w, "%s%s=", i ? ";" : "", report->pressure.inputs[i].name);
                        add_real(w, report->pressure.inputs[i].value);
                }
        else if (type == TYPE_IDENTIFIERS)
                for (size_t i = 0; i < report->card.n_identifiers; i++)
                        add(w, "%s%s=%s", i ? ";" : "", report->card.identifiers[i].scheme,
                            report->card.identifiers[i].id);
        else
                add_contacts(w, &report->card);
}

static void add_count(FieldWriter *w, const PlekCounts *counts, size_t field)
{
        if (counts->present[field])
                add(w, "%d", counts->value[field]);
        else if (counts->missing[field])
                add_code(w, PLEK_CODES_MISSING, counts->missing[field]);
}

static void add_time(FieldWriter *w, int64_t ms)
{
        char text[FORMAT_TIME_BYTES];

        format_time(ms, text);
        add(w, "%s", text);
}

/* Of what is stored in one place. */
static void add_plain(FieldWriter *w, const Field *field, const void *at)
{
        uint32_t number = *(const uint32_t *)at;

        switch (field->type) {
        case TYPE_CODE:
        case TYPE_SCOPE:
                if (number != (field->type == TYPE_CODE ? 0 : PLEK_ANY))
                        add_code(w, (PlekCodeList)field->list, number);
                break;
        case TYPE_NUMBER:
        case TYPE_SCOPE_NUMBER:
                if (number != (field->type == TYPE_NUMBER ? 0 : PLEK_ANY))
                        add(w, "%u", number);
                break;
        case TYPE_TIME:
        case TYPE_TIME_OR_0:
                if (*(const int64_t *)at != (field->type == TYPE_TIME ? PLEK_NO_TIME : 0))
                        add_time(w, *(const int64_t *)at);
                break;
        default:
                assert(false);
        }
}

bool field_get(const PlekReport *report, const char *name, char ret_text[FIELD_TEXT_BYTES])
{
        const Field *field = field_find(report->kind, name);
        FieldWriter w = { ret_text, ret_text + FIELD_TEXT_BYTES };
        const void *at;

        *ret_text = '\0';
        if (!field)
                return false;
        at = (const char *)report + field->at;

        switch (field->type) {
        case TYPE_STRING:
                if (*(const char *const *)at)
                        add(&w, "%s", *(const char *const *)at);
                break;
        case TYPE_COUNT:
                add_count(&w, &report->counts, field->at);
                break;
        case TYPE_DEGREES:
                if (report->card.has_position)
                        add_degrees(&w, *(const int32_t *)at);
                break;
        case TYPE_SCORE:
                if (report->pressure.has_score)
                        add_real(&w, report->pressure.score);
                break;
        case TYPE_OFFERED:
                add(&w, "%s", report->offering.not_offered ? "no" : "yes");
                break;
        case TYPE_EXCEPTIONS:
        case TYPE_INPUTS:
        case TYPE_CONTACTS:
        case TYPE_IDENTIFIERS:
                add_list(&w, report, field->type);
                break;
        default:
                /* A default that the wire always spells out is what no word means as well. */
                if (!strcmp(name, "on_expiry") && report->door.on_expiry == PLEK_ON_EXPIRY_KEEP)
                        return false;
                if (!strcmp(name, "audience") && !report->audience)
                        add_code(&w, PLEK_CODES_AUDIENCE, PLEK_AUDIENCE_CARE);
                else
                        add_plain(&w, field, at);
        }
        return *ret_text;
}
