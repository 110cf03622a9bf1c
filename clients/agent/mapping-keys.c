#include <string.h>

#include "mapping-keys.h"

#define COUNTS   PLEK_REPORT_SET(PLEK_REPORT_COUNTS)
#define DOOR     PLEK_REPORT_SET(PLEK_REPORT_DOOR)
#define PRESSURE PLEK_REPORT_SET(PLEK_REPORT_PRESSURE)
#define CARD     PLEK_REPORT_SET(PLEK_REPORT_CARD)
#define OFFERING PLEK_REPORT_SET(PLEK_REPORT_OFFERING)
#define FLOW     PLEK_REPORT_SET(PLEK_REPORT_FLOW)
#define REFUSAL  PLEK_REPORT_SET(PLEK_REPORT_REFUSAL)
#define EVENTS   (FLOW | REFUSAL)
#define STATES   (COUNTS | DOOR | PRESSURE | CARD | OFFERING)

/* For which kinds a key is, and which cannot be without it. */
static const struct {
        const char *name;
        MappingKey key;
        unsigned kinds, required;
} keys[] = {
        { "location", KEY_LOCATION, STATES | EVENTS, STATES | EVENTS },
        { "unit", KEY_UNIT, STATES | EVENTS, 0 },
        { "label", KEY_LABEL, STATES, 0 },
        { "care", KEY_CARE, STATES | EVENTS, COUNTS | OFFERING | EVENTS },
        { "observed-at", KEY_OBSERVED_AT, STATES, 0 },
        { "definition", KEY_DEFINITION, STATES | EVENTS, 0 },
        { "state", KEY_STATE, DOOR, DOOR },
        { "group", KEY_GROUP, DOOR, 0 },
        { "urgency", KEY_URGENCY, DOOR, 0 },
        { "exceptions", KEY_EXCEPTIONS, DOOR, 0 },
        { "reason", KEY_REASON, DOOR | REFUSAL, 0 },
        { "text", KEY_TEXT, DOOR, 0 },
        { "authorised-by", KEY_AUTHORISED_BY, DOOR, 0 },
        { "ends-at", KEY_ENDS_AT, DOOR, 0 },
        { "method", KEY_METHOD, PRESSURE, PRESSURE },
        { "score", KEY_SCORE, PRESSURE, 0 },
        { PLEK_NEDOCS_PATIENTS, KEY_PATIENTS, PRESSURE, 0 },
        { PLEK_NEDOCS_ED_BEDS, KEY_ED_BEDS, PRESSURE, 0 },
        { PLEK_NEDOCS_ADMITTED_WAITING, KEY_ADMITTED_WAITING, PRESSURE, 0 },
        { PLEK_NEDOCS_HOSPITAL_BEDS, KEY_HOSPITAL_BEDS, PRESSURE, 0 },
        { PLEK_NEDOCS_VENTILATED, KEY_VENTILATED, PRESSURE, 0 },
        { PLEK_NEDOCS_LONGEST_BOARDING, KEY_LONGEST_BOARDING, PRESSURE, 0 },
        { PLEK_NEDOCS_LAST_DOOR_TO_BED, KEY_LAST_DOOR_TO_BED, PRESSURE, 0 },
        { "name", KEY_NAME, CARD, CARD },
        { "location-kind", KEY_LOCATION_KIND, CARD, CARD },
        { "latitude", KEY_LATITUDE, CARD, 0 },
        { "longitude", KEY_LONGITUDE, CARD, 0 },
        { "phone", KEY_PHONE, CARD, 0 },
        { "level", KEY_LEVEL, OFFERING, 0 },
        { "hours", KEY_HOURS, OFFERING, 0 },
        { "from", KEY_FROM, EVENTS, FLOW },
        { "to", KEY_TO, FLOW, FLOW },
        { "other", KEY_OTHER, FLOW, 0 },
        { "count", KEY_COUNT, EVENTS, 0 },
        { "begin", KEY_BEGIN, FLOW, 0 },
        { "end", KEY_END, FLOW, 0 },
        { "day", KEY_DAY, FLOW, 0 },
        { "month", KEY_MONTH, FLOW, 0 },
        { "at", KEY_AT, REFUSAL, REFUSAL },
};

size_t mapping_key_find(const char *name)
{
        uint32_t code;

        for (size_t i = 0; i < N_ELEMENTS(keys); i++)
                if (!strcmp(name, keys[i].name))
                        return keys[i].key;
        if (!plek_code_parse(&code, PLEK_CODES_COUNT_FIELD, name) && code < PLEK_N_COUNT_FIELDS)
                return KEY_COUNTS + code;
        return N_MAPPING_KEYS;
}

static bool has(const MappedReport *report, MappingKey key)
{
        return report->templates[key];
}

/* One way to say it, and whole. */
static bool has_a_period(const MappedReport *report)
{
        bool has_ends = has(report, KEY_BEGIN) && has(report, KEY_END);

        if (has(report, KEY_BEGIN) != has(report, KEY_END))
                return false;
        return has_ends + has(report, KEY_DAY) + has(report, KEY_MONTH) == 1;
}

bool mapping_check_keys(const MappedReport *report, char ret_why[MAPPING_TEXT_BYTES])
{
        unsigned kind;

        if (!report->kind) {
                snprintf(ret_why, MAPPING_TEXT_BYTES, "does not say its kind");
                return false;
        }
        kind = PLEK_REPORT_SET(report->kind);
        for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
                if (has(report, keys[i].key) && !(keys[i].kinds & kind)) {
                        snprintf(ret_why, MAPPING_TEXT_BYTES,
                                 "is of another kind than '%s' belongs to", keys[i].name);
                        return false;
                }
                if (!has(report, keys[i].key) && keys[i].required & kind) {
                        snprintf(ret_why, MAPPING_TEXT_BYTES, "does not say its %s", keys[i].name);
                        return false;
                }
        }
        for (size_t i = KEY_COUNTS; i < N_MAPPING_KEYS; i++)
                if (report->templates[i] && report->kind != PLEK_REPORT_COUNTS) {
                        snprintf(ret_why, MAPPING_TEXT_BYTES,
                                 "is not of kind counts, but has a count");
                        return false;
                }
        if (report->kind == PLEK_REPORT_FLOW && !has_a_period(report)) {
                snprintf(ret_why, MAPPING_TEXT_BYTES,
                         "says its period by begin and end, by day, or by month: one of them");
                return false;
        }
        return true;
}
