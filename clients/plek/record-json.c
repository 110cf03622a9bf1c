/*
 * A record as JSON, under the names of plek.proto
 *
 * Absent stays absent: a number that is not there has no key, one that was withheld says why, and
 * zero is a zero.
 */

#include "bands.h"
#include "json-set.h"
#include "words.h"

static json_t *counts_to_json(const PlekRecord *record)
{
        const PlekCounts *counts = &record->report.counts;
        json_t *object = json_object();

        json_set_code(object, "care", PLEK_CODES_CARE, counts->care);
        for (uint32_t field = 0; field < PLEK_N_COUNT_FIELDS; field++) {
                const char *name = plek_code_name(PLEK_CODES_COUNT_FIELD, field);

                if (!name)
                        continue;
                if (counts->present[field])
                        json_object_set_new(object, name, json_integer(counts->value[field]));
                else if (counts->missing[field])
                        json_set_code(object, name, PLEK_CODES_MISSING, counts->missing[field]);
        }
        if (record->available_known)
                json_object_set_new(object, "free", json_integer(record->available));
        json_object_set_new(object, "free_is_computed", json_boolean(record->available_computed));
        return object;
}

static json_t *door_to_json(const PlekRecord *record)
{
        const PlekDoor *door = &record->report.door;
        json_t *object = json_object();
        json_t *exceptions = json_array();

        json_set_code(object, "state", PLEK_CODES_DOOR_STATE, door->state);
        json_object_set_new(object, "standing", json_string(standing_name(record->standing)));
        if (door->care != PLEK_ANY)
                json_set_code(object, "care", PLEK_CODES_CARE, door->care);
        if (door->patient_group != PLEK_ANY)
                json_set_code(object, "patient_group", PLEK_CODES_PATIENT_GROUP,
                              door->patient_group);
        if (door->urgency != PLEK_ANY)
                json_object_set_new(object, "urgency", json_integer(door->urgency));
        json_object_set_new(object, "plan", json_integer(door->plan));
        for (size_t i = 0; i < door->n_exceptions; i++) {
                const char *name = plek_code_name(PLEK_CODES_EXCEPTION, door->exceptions[i]);

                json_array_append_new(exceptions,
                                      name ? json_string(name) : json_integer(door->exceptions[i]));
        }
        json_object_set_new(object, "exceptions", exceptions);
        if (door->reason)
                json_set_code(object, "reason", PLEK_CODES_REASON, door->reason);
        json_set_string(object, "text", door->text);
        json_set_string(object, "authorised_by", door->authorised_by);
        json_set_time(object, "starts_at_ms", door->starts_at_ms);
        json_set_time(object, "ends_at_ms", door->ends_at_ms);
        json_set_time(object, "review_at_ms", door->review_at_ms);
        return object;
}

/* score is what was given; shown is what a reader goes by, and what it is called. */
static json_t *pressure_to_json(const PlekPressure *pressure)
{
        json_t *inputs = json_object();
        json_t *object = json_pack("{s:s, s:o}", "method", pressure->method, "inputs", inputs);
        PlekPressureReading reading;
        const char *band;

        for (size_t i = 0; i < pressure->n_inputs; i++)
                json_object_set_new(inputs, pressure->inputs[i].name,
                                    json_real(pressure->inputs[i].value));
        if (pressure->has_score)
                json_object_set_new(object, "score", json_real(pressure->score));
        plek_pressure_read(pressure, &reading);
        if (!reading.is_known)
                return object;

        json_object_set_new(object, "shown", json_real(reading.score));
        json_object_set_new(object, "shown_is_computed", json_boolean(reading.is_computed));
        if (reading.has_computed) {
                json_object_set_new(object, "computed", json_real(reading.computed));
                json_object_set_new(object, "differs", json_boolean(reading.differs));
        }
        band = bands_name(pressure->method, reading.score, LANGUAGE_EN);
        if (band)
                json_object_set_new(object, "band", json_string(band));
        return object;
}

json_t *contacts_to_json(const PlekLocationCard *card)
{
        json_t *contacts = json_array();

        for (size_t i = 0; i < card->n_contacts; i++) {
                json_t *contact = json_pack("{s:s, s:s}", "function", card->contacts[i].function,
                                            "phone", card->contacts[i].phone);

                if (card->contacts[i].care)
                        json_set_code(contact, "care", PLEK_CODES_CARE, card->contacts[i].care);
                json_array_append_new(contacts, contact);
        }
        return contacts;
}

json_t *card_to_json(const PlekLocationCard *card)
{
        json_t *identifiers = json_array();
        json_t *object = json_pack("{s:s, s:s, s:o, s:o}", "name", card->name, "kind", card->kind,
                                   "contacts", contacts_to_json(card), "identifiers", identifiers);

        if (card->has_position) {
                json_object_set_new(object, "latitude", json_real(card->latitude_e7 / 1e7));
                json_object_set_new(object, "longitude", json_real(card->longitude_e7 / 1e7));
        }
        json_set_string(object, "hours", card->hours);
        json_set_string(object, "time_zone", card->time_zone);
        for (size_t i = 0; i < card->n_identifiers; i++)
                json_array_append_new(identifiers,
                                      json_pack("{s:s, s:s}", "scheme", card->identifiers[i].scheme,
                                                "id", card->identifiers[i].id));
        return object;
}

json_t *offering_to_json(const PlekRecord *record)
{
        const PlekOffering *offering = &record->report.offering;
        json_t *object = json_object();

        json_set_code(object, "care", PLEK_CODES_CARE, offering->care);
        json_object_set_new(object, "plan", json_integer(offering->plan));
        json_object_set_new(object, "standing", json_string(standing_name(record->standing)));
        json_object_set_new(object, "offered", json_boolean(!offering->not_offered));
        json_set_string(object, "level", offering->level);
        json_set_string(object, "hours", offering->hours);
        json_set_time(object, "holds_from_ms", offering->holds_from_ms);
        json_set_time(object, "holds_until_ms", offering->holds_until_ms);
        return object;
}

static json_t *flow_to_json(const PlekFlow *flow)
{
        json_t *object = json_object();

        json_set_code(object, "from", PLEK_CODES_CHAIN, flow->from);
        json_set_code(object, "to", PLEK_CODES_CHAIN, flow->to);
        json_set_string(object, "other", flow->other);
        json_set_code(object, "care", PLEK_CODES_CARE, flow->care);
        json_object_set_new(object, "count",
                            flow->has_count ? json_integer(flow->count)
                                            : json_string("SUPPRESSED"));
        json_set_time(object, "from_ms", flow->from_ms);
        json_set_time(object, "until_ms", flow->until_ms);
        return object;
}

static json_t *refusal_to_json(const PlekCareRefusal *refusal)
{
        char id[2 * PLEK_EVENT_ID_BYTES + 1];
        json_t *object = json_object();

        for (size_t i = 0; i < PLEK_EVENT_ID_BYTES; i++)
                snprintf(id + 2 * i, 3, "%02x", refusal->id[i]);
        json_set_string(object, "id", id);
        json_set_code(object, "care", PLEK_CODES_CARE, refusal->care);
        if (refusal->reason)
                json_set_code(object, "reason", PLEK_CODES_REASON, refusal->reason);
        if (refusal->from)
                json_set_code(object, "from", PLEK_CODES_CHAIN, refusal->from);
        json_set_time(object, "at_ms", refusal->at_ms);
        json_object_set_new(object, "count", json_integer(refusal->count));
        return object;
}

static void set_report(json_t *object, const PlekRecord *record)
{
        const PlekReport *report = &record->report;

        switch (report->kind) {
        case PLEK_REPORT_COUNTS:
                json_object_set_new(object, "counts", counts_to_json(record));
                break;
        case PLEK_REPORT_DOOR:
                json_object_set_new(object, "door", door_to_json(record));
                break;
        case PLEK_REPORT_PRESSURE:
                json_object_set_new(object, "pressure", pressure_to_json(&report->pressure));
                break;
        case PLEK_REPORT_CARD:
                json_object_set_new(object, "card", card_to_json(&report->card));
                break;
        case PLEK_REPORT_OFFERING:
                json_object_set_new(object, "offering", offering_to_json(record));
                break;
        case PLEK_REPORT_FLOW:
                json_object_set_new(object, "flow", flow_to_json(&report->flow));
                break;
        case PLEK_REPORT_REFUSAL:
                json_object_set_new(object, "refusal", refusal_to_json(&report->refusal));
                break;
        }
}

const char *enrolled_name(PlekEnrolled enrolled)
{
        return enrolled == PLEK_ENROLLED             ? "ENROLLED"
               : enrolled == PLEK_NO_LONGER_ENROLLED ? "NO_LONGER_ENROLLED"
                                                     : "DISTRUSTED";
}

json_t *record_to_json(const PlekRecord *record)
{
        const PlekReport *report = &record->report;
        json_t *object = json_object();

        json_set_string(object, "id", record->id);
        json_set_code(object, "status", PLEK_CODES_STATUS, report->status);
        json_set_string(object, "party", record->party);
        json_set_string(object, "party_name", record->party_name);
        json_set_string(object, "region", record->region);
        json_object_set_new(object, "regions", regions_to_json(record->regions, record->n_regions));
        json_set_string(object, "location", report->location);
        json_set_string(object, "unit", report->unit);
        json_object_set_new(object, "freshness", json_string(freshness_name(record->freshness)));
        if (record->freshness == PLEK_WITHDRAWN) {
                json_set_code(object, "report", PLEK_CODES_REPORT, report->kind);
                json_set_code(object, "withdrawn", PLEK_CODES_WITHDRAWN, record->withdrawn);
                return object;
        }

        json_set_string(object, "label", report->label);
        json_set_code(object, "audience", PLEK_CODES_AUDIENCE, report->audience);
        if (report->source)
                json_set_code(object, "source", PLEK_CODES_SOURCE, report->source);
        json_set_string(object, "definition", report->definition);
        json_object_set_new(object, "revision", json_integer((json_int_t)record->revision));
        json_set_time(object, "observed_at_ms", report->observed_at_ms);
        json_set_time(object, "sent_at_ms", record->sent_at_ms);
        json_set_time(object, "received_at_ms", record->received_at_ms);
        json_set_time(object, "since_ms", record->since_ms);
        json_object_set_new(object, "age_ms", json_integer(record->age_ms));
        if (report->valid_for_s)
                json_object_set_new(object, "valid_for_s", json_integer(report->valid_for_s));
        if (record->agreed_s) {
                json_object_set_new(object, "agreed_s", json_integer(record->agreed_s));
                json_object_set_new(object, "overdue_ms", json_integer(record->overdue_ms));
        }
        json_object_set_new(object, "enrolled", json_string(enrolled_name(record->enrolled)));
        json_object_set_new(object, "overcrowded",
                            json_boolean(record->flags & PLEK_FLAG_OVERCROWDED));
        json_object_set_new(object, "inconsistent",
                            json_boolean(record->flags & PLEK_FLAG_INCONSISTENT));
        set_report(object, record);
        return object;
}
