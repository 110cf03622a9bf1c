#include "history-seen.h"

#include <string.h>

#include "json-set.h"

static bool is_same(const char *a, const char *b)
{
        return !strcmp(a ? a : "", b ? b : "");
}

static bool is_of_record(const PlekMoment *said, const PlekMoment *seen)
{
        PlekRecordKey a, b;

        plek_report_key(&said->report, &a);
        plek_report_key(&seen->report, &b);
        return is_same(said->party, seen->seen.party) && a.status == b.status && a.kind == b.kind &&
               is_same(a.location, b.location) && is_same(a.unit, b.unit) && a.care == b.care &&
               a.patient_group == b.patient_group && a.urgency == b.urgency && a.plan == b.plan;
}

const PlekMoment *seen_statement(const PlekHistory *history, const PlekMoment *moment)
{
        const PlekMoment *found = NULL;

        for (size_t i = 0; i < history->n_moments; i++) {
                const PlekMoment *said = &history->moments[i];

                if (!said->seen.party && said->kind != PLEK_MOMENT_WITHDRAWN &&
                    said->revision <= moment->seen.revision && is_of_record(said, moment) &&
                    (!found || said->revision > found->revision))
                        found = said;
        }
        return found;
}

static json_t *seen_to_json(const PlekMoment *moment)
{
        json_t *object = json_object();
        PlekRecordKey key;

        plek_report_key(&moment->report, &key);
        json_set_string(object, "party", moment->seen.party);
        json_set_string(object, "party_name", moment->seen.party_name);
        json_set_code(object, "report", PLEK_CODES_REPORT, key.kind);
        if (key.care != PLEK_ANY)
                json_set_code(object, "care", PLEK_CODES_CARE, key.care);
        if (key.patient_group != PLEK_ANY)
                json_set_code(object, "patient_group", PLEK_CODES_PATIENT_GROUP, key.patient_group);
        if (key.urgency != PLEK_ANY)
                json_object_set_new(object, "urgency", json_integer(key.urgency));
        if (key.kind != PLEK_REPORT_CARD)
                json_object_set_new(object, "plan", json_integer(key.plan));
        if (moment->seen.revision)
                json_object_set_new(object, "revision",
                                    json_integer((json_int_t)moment->seen.revision));
        json_set_string(object, "function", moment->seen.function);
        return object;
}

json_t *seen_moment_to_json(const PlekMoment *moment)
{
        const PlekReport *report = &moment->report;
        json_t *object = json_object();

        json_set_code(object, "status", PLEK_CODES_STATUS, report->status);
        json_set_string(object, "party", moment->party);
        json_set_string(object, "party_name", moment->party_name);
        json_set_string(object, "region", moment->region);
        json_object_set_new(object, "regions", regions_to_json(moment->regions, moment->n_regions));
        json_set_string(object, "location", report->location);
        json_set_string(object, "unit", report->unit);
        if (moment->withdrawn)
                json_set_code(object, "withdrawn", PLEK_CODES_WITHDRAWN, moment->withdrawn);
        else
                json_set_code(object, "audience", PLEK_CODES_AUDIENCE, report->audience);
        json_object_set_new(object, "ack", seen_to_json(moment));
        return object;
}
