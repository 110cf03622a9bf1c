#include <math.h>
#include <string.h>

#include "row-event.h"

static int count(RowContext *c, uint32_t field, PlekCounts *counts)
{
        const char *template = c->mapped->templates[KEY_COUNTS + field];
        double value;
        uint32_t why;
        int r;

        c->column = NULL;
        if (!template)
                return 0;
        r = row_sum(c, template, &value, &why);
        if (r)
                return r;
        if (why) {
                counts->missing[field] = (uint8_t)why;
                return 0;
        }

        if (value != floor(value) && c->mapping->rounding == ROUNDING_REFUSE)
                return row_wrong(c, "%g is not a whole number; rounding = down would take it",
                                 value);
        value = c->mapping->rounding == ROUNDING_NEAREST ? round(value) : floor(value);
        if (value < 0 || value > 100000)
                return row_wrong(c, "%g is not 0 to 100000", value);
        counts->present[field] = true;
        counts->value[field] = (int32_t)value;
        return 0;
}

static int counts(RowContext *c, PlekReport *report)
{
        int r;

        r = row_code(c, KEY_CARE, PLEK_CODES_CARE, &report->counts.care);
        if (!r && !report->counts.care)
                return row_wrong(c, "the care is not said");
        for (uint32_t field = 0; !r && field < PLEK_N_COUNT_FIELDS; field++)
                r = count(c, field, &report->counts);
        return r;
}

static int exceptions(RowContext *c, PlekDoor *door)
{
        const char *text;
        int r;

        r = row_fill(c, KEY_EXCEPTIONS, &text);
        for (char *at = (char *)text, *name; !r && at && (name = strsep(&at, " ,"));) {
                if (!*name)
                        continue;
                if (door->n_exceptions == PLEK_EXCEPTIONS_MAX ||
                    plek_code_parse(&door->exceptions[door->n_exceptions], PLEK_CODES_EXCEPTION,
                                    name))
                        return row_wrong(c, "there is no exception '%.64s'", name);
                door->n_exceptions++;
        }
        return r;
}

static int door(RowContext *c, PlekReport *report)
{
        PlekDoor *door = &report->door;
        const char *text;
        double urgency;
        int r;

        *door = (PlekDoor)PLEK_DOOR_INIT;
        r = row_code(c, KEY_STATE, PLEK_CODES_DOOR_STATE, &door->state);
        if (!r && !door->state)
                return row_wrong(c, "the state is not said");
        if (!r)
                r = row_code(c, KEY_CARE, PLEK_CODES_CARE, &door->care);
        if (!r)
                r = row_code(c, KEY_GROUP, PLEK_CODES_PATIENT_GROUP, &door->patient_group);
        if (!r)
                r = exceptions(c, door);
        if (!r)
                r = row_code(c, KEY_REASON, PLEK_CODES_REASON, &door->reason);
        if (!r)
                r = row_fill(c, KEY_TEXT, &door->text);
        if (!r)
                r = row_fill(c, KEY_AUTHORISED_BY, &door->authorised_by);
        if (!r)
                r = row_fill(c, KEY_ENDS_AT, &text);
        if (!r && text)
                r = row_time(c, text, &door->ends_at_ms);
        if (!r)
                r = row_fill(c, KEY_URGENCY, &text);
        if (!r && text) {
                r = row_number(c, text, &urgency);
                if (!r && (urgency < 0 || urgency > 5 || urgency != floor(urgency)))
                        r = row_wrong(c, "an urgency is 0 to 5, not '%.64s'", text);
                if (!r)
                        door->urgency = (uint32_t)urgency;
        }
        return r;
}

/* Absent is not zero: an input that the row does not have is not sent. */
static int pressure_input(RowContext *c, size_t key, const char *name, PlekPressure *p)
{
        const char *text;
        int r;

        r = row_fill(c, key, &text);
        if (r || !text || row_missing_why(c->mapping, text))
                return r;
        p->inputs[p->n_inputs].name = name;
        return row_number(c, text, &p->inputs[p->n_inputs++].value);
}

static int pressure(RowContext *c, PlekReport *report)
{
        static const char *const inputs[] = {
                PLEK_NEDOCS_PATIENTS,         PLEK_NEDOCS_ED_BEDS,    PLEK_NEDOCS_ADMITTED_WAITING,
                PLEK_NEDOCS_HOSPITAL_BEDS,    PLEK_NEDOCS_VENTILATED, PLEK_NEDOCS_LONGEST_BOARDING,
                PLEK_NEDOCS_LAST_DOOR_TO_BED,
        };
        PlekPressure *p = &report->pressure;
        const char *text;
        int r;

        r = row_fill(c, KEY_METHOD, &p->method);
        if (!r)
                r = row_fill(c, KEY_SCORE, &text);
        if (!r && text && !row_missing_why(c->mapping, text)) {
                p->has_score = true;
                r = row_number(c, text, &p->score);
        }
        for (size_t i = 0; !r && i < N_ELEMENTS(inputs); i++)
                r = pressure_input(c, KEY_PATIENTS + i, inputs[i], p);
        return r;
}

static int degrees(RowContext *c, size_t key, double most, int32_t *ret_e7, bool *ret_said)
{
        const char *text;
        double value;
        int r;

        r = row_fill(c, key, &text);
        *ret_said = !r && text;
        if (r || !text)
                return r;
        r = row_number(c, text, &value);
        if (!r && fabs(value) > most)
                r = row_wrong(c, "%g is not within %g degrees", value, most);
        if (!r)
                *ret_e7 = (int32_t)lround(value * 1e7);
        return r;
}

/* "FUNCTION=NUMBER", several separated by ";". */
static int phones(RowContext *c, PlekLocationCard *card)
{
        const char *text;
        int r;

        r = row_fill(c, KEY_PHONE, &text);
        for (char *at = (char *)text, *one; !r && at && (one = strsep(&at, ";"));) {
                char *phone = one, *function = strsep(&phone, "=");

                if (!*one)
                        continue;
                if (!phone || card->n_contacts == PLEK_CONTACTS_MAX)
                        return row_wrong(c, "a phone is FUNCTION=NUMBER, not '%.64s'", one);
                card->contacts[card->n_contacts++] = (PlekContact){ function, phone };
        }
        return r;
}

static int card(RowContext *c, PlekReport *report)
{
        PlekLocationCard *card = &report->card;
        bool latitude = false, longitude = false;
        int r;

        r = row_fill(c, KEY_NAME, &card->name);
        if (!r)
                r = row_fill(c, KEY_LOCATION_KIND, &card->kind);
        if (!r)
                r = degrees(c, KEY_LATITUDE, 90, &card->latitude_e7, &latitude);
        if (!r)
                r = degrees(c, KEY_LONGITUDE, 180, &card->longitude_e7, &longitude);
        card->has_position = latitude && longitude;
        return r ? r : phones(c, card);
}

static int offering(RowContext *c, PlekReport *report)
{
        PlekOffering *o = &report->offering;
        int r;

        *o = (PlekOffering)PLEK_OFFERING_INIT;
        r = row_code(c, KEY_CARE, PLEK_CODES_CARE, &o->care);
        if (!r && !o->care)
                return row_wrong(c, "the care is not said");
        if (!r)
                r = row_fill(c, KEY_LEVEL, &o->level);
        if (!r)
                r = row_fill(c, KEY_HOURS, &o->hours);
        return r;
}

static int common(RowContext *c, PlekReport *report, int64_t file_time_ms)
{
        const Mapping *m = c->mapping;
        const char *text;
        int r;

        *report = (PlekReport){
                .kind = c->mapped->kind,
                .status = m->status,
                .audience = m->audience,
                .source = m->source,
                .definition = m->definition,
                .valid_for_s = m->valid_for_s,
                .observed_at_ms = file_time_ms,
        };
        r = row_fill(c, KEY_LOCATION, &report->location);
        if (!r && !report->location)
                return row_wrong(c, "the location is empty");
        if (!r)
                r = row_fill(c, KEY_UNIT, &report->unit);
        if (!r)
                r = row_fill(c, KEY_LABEL, &report->label);
        if (!r)
                r = row_fill(c, KEY_DEFINITION, &text);
        if (!r && text)
                report->definition = text;
        if (!r)
                r = row_fill(c, KEY_OBSERVED_AT, &text);
        if (!r && text)
                r = row_time(c, text, &report->observed_at_ms);
        return r;
}

int row_report(PlekReport *ret_report, const Mapping *mapping, const MappedReport *mapped,
               const CsvFile *csv, const CsvRow *row, int64_t file_time_ms, RowScratch *scratch,
               char ret_fault[ROW_FAULT_BYTES])
{
        RowContext c = { .mapping = mapping,
                         .mapped = mapped,
                         .csv = csv,
                         .row = row,
                         .scratch = scratch,
                         .fault = ret_fault };
        PlekReport report;
        int r;

        scratch->n_used = 0;
        r = common(&c, &report, file_time_ms);
        if (r)
                return r;

        switch (mapped->kind) {
        case PLEK_REPORT_COUNTS:
                r = counts(&c, &report);
                break;
        case PLEK_REPORT_DOOR:
                r = door(&c, &report);
                break;
        case PLEK_REPORT_PRESSURE:
                r = pressure(&c, &report);
                break;
        case PLEK_REPORT_CARD:
                r = card(&c, &report);
                break;
        case PLEK_REPORT_OFFERING:
                r = offering(&c, &report);
                break;
        case PLEK_REPORT_FLOW:
                r = row_flow(&c, &report);
                break;
        case PLEK_REPORT_REFUSAL:
                r = row_refusal(&c, &report);
                break;
        }
        if (!r)
                *ret_report = report;
        return r;
}
