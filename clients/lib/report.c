#include "lib/report.h"

#include <stdio.h>
#include <string.h>

#include "plek/plek.h"

/* The public lists are copies of the wire's, so that wire/ need not be installed. */
static_assert((int)PLEK_N_COUNT_FIELDS == (int)N_COUNT_FIELDS, "fields of counts");
static_assert((int)PLEK_COUNT_TRIAGE_BLACK == (int)COUNT_TRIAGE_BLACK, "fields of counts");
static_assert((int)PLEK_EXCEPTIONS_MAX == (int)EXCEPTIONS_MAX, "exceptions");
static_assert((int)PLEK_CONTACTS_MAX == (int)CONTACTS_MAX, "contacts");
static_assert((int)PLEK_IDENTIFIERS_MAX == (int)IDENTIFIERS_MAX, "identifiers");
static_assert((int)PLEK_PRESSURE_INPUTS_MAX == (int)PRESSURE_INPUTS_MAX, "inputs");
static_assert((int)PLEK_REPORT_COUNTS == (int)UPDATE_COUNTS &&
                      (int)PLEK_REPORT_CARD == (int)UPDATE_CARD &&
                      (int)PLEK_REPORT_OFFERING == (int)UPDATE_OFFERING &&
                      (int)PLEK_REPORT_FLOW == (int)UPDATE_FLOW &&
                      (int)PLEK_REPORT_REFUSAL == (int)UPDATE_REFUSAL,
              "kinds of report");
static_assert(PLEK_ANY == CODE_ABSENT && PLEK_NO_TIME == TIME_ABSENT, "what absent is");

/* ------------------------------------------------------------------ to the wire */

static bool refuse(WireRefusal *ret_refusal, const char *field, const char *text)
{
        *ret_refusal = (WireRefusal){ PLEK_REFUSED_FIELD, field, text };
        return false;
}

static void counts_to_wire(const PlekCounts *from, Counts *to)
{
        to->care = from->care;
        for (size_t i = COUNT_PHYSICAL; i < N_COUNT_FIELDS; i++) {
                to->present[i] = from->present[i];
                to->value[i] = from->present[i] ? from->value[i] : 0;
                to->missing[i] = from->missing[i];
        }
}

static bool door_to_wire(const PlekDoor *from, Door *to, WireRefusal *ret_refusal)
{
        if (from->n_exceptions > EXCEPTIONS_MAX)
                return refuse(ret_refusal, "door.exceptions", "at most 16 exceptions");

        *to = (Door){
                .state = from->state,
                .care = from->care,
                .patient_group = from->patient_group,
                .urgency = from->urgency,
                .plan = from->plan,
                .n_exceptions = from->n_exceptions,
                .reason = from->reason,
                .text = from->text,
                .authorised_by = from->authorised_by,
                .starts_at_ms = from->starts_at_ms,
                .ends_at_ms = from->ends_at_ms,
                .review_at_ms = from->review_at_ms,
                .on_expiry = from->on_expiry ? from->on_expiry : PLEK_ON_EXPIRY_KEEP,
        };
        memcpy(to->exceptions, from->exceptions, from->n_exceptions * sizeof(to->exceptions[0]));
        return true;
}

static bool pressure_to_wire(const PlekPressure *from, Pressure *to, WireRefusal *ret_refusal)
{
        if (!from->method)
                return refuse(ret_refusal, "pressure.method", "a score names its method");
        if (from->n_inputs > PRESSURE_INPUTS_MAX)
                return refuse(ret_refusal, "pressure.inputs", "at most 16 inputs");

        to->method = from->method;
        to->has_score = from->has_score;
        to->score = from->score;
        to->n_inputs = from->n_inputs;
        for (size_t i = 0; i < from->n_inputs; i++) {
                if (!from->inputs[i].name)
                        return refuse(ret_refusal, "pressure.inputs", "an input has a name");
                to->inputs[i] = (PressureInput){ from->inputs[i].name, from->inputs[i].value };
        }
        return true;
}

static bool card_to_wire(const PlekLocationCard *from, LocationCard *to, WireRefusal *ret_refusal)
{
        if (!from->name || !from->kind)
                return refuse(ret_refusal, from->name ? "card.kind" : "card.name",
                              "a card has a name and a kind");
        if (from->n_contacts > CONTACTS_MAX)
                return refuse(ret_refusal, "card.contacts", "at most 16 contacts");
        if (from->n_identifiers > IDENTIFIERS_MAX)
                return refuse(ret_refusal, "card.identifiers", "at most 8 identifiers");

        *to = (LocationCard){
                .name = from->name,
                .kind = from->kind,
                .has_position = from->has_position,
                .latitude_e7 = from->latitude_e7,
                .longitude_e7 = from->longitude_e7,
                .n_contacts = from->n_contacts,
                .hours = from->hours,
                .time_zone = from->time_zone,
                .n_identifiers = from->n_identifiers,
        };
        for (size_t i = 0; i < from->n_contacts; i++) {
                if (!from->contacts[i].function || !from->contacts[i].phone)
                        return refuse(ret_refusal, "card.contacts",
                                      "a contact has a function and a phone number");
                to->contacts[i] = (Contact){ from->contacts[i].function, from->contacts[i].phone,
                                             from->contacts[i].care };
        }
        for (size_t i = 0; i < from->n_identifiers; i++) {
                if (!from->identifiers[i].scheme || !from->identifiers[i].id)
                        return refuse(ret_refusal, "card.identifiers",
                                      "an identifier has a scheme and an id");
                to->identifiers[i] =
                        (Identifier){ from->identifiers[i].scheme, from->identifiers[i].id };
        }
        return true;
}

static void offering_to_wire(const PlekOffering *from, Offering *to)
{
        *to = (Offering){
                .care = from->care,
                .plan = from->plan,
                .not_offered = from->not_offered,
                .level = from->level,
                .hours = from->hours,
                .holds_from_ms = from->holds_from_ms,
                .holds_until_ms = from->holds_until_ms,
        };
}

static void flow_to_wire(const PlekFlow *from, Flow *to)
{
        *to = (Flow){
                .from = from->from,
                .to = from->to,
                .other = from->other,
                .care = from->care,
                .has_count = from->has_count,
                .count = from->has_count ? from->count : 0,
                .from_ms = from->from_ms,
                .until_ms = from->until_ms,
        };
}

static void refusal_to_wire(const PlekCareRefusal *from, CareRefusal *to)
{
        *to = (CareRefusal){
                .care = from->care,
                .reason = from->reason,
                .from = from->from,
                .at_ms = from->at_ms,
                .count = from->count ? from->count : 1,
        };
        memcpy(to->id, from->id, sizeof(to->id));
}

bool report_to_update(const PlekReport *report, Update *ret_update, WireRefusal *ret_refusal)
{
        memset(ret_update, 0, sizeof(*ret_update));
        if (!report->location)
                return refuse(ret_refusal, "location", "a report names a location");

        ret_update->status = (Status)report->status;
        ret_update->audience = report->audience ? (Audience)report->audience : AUDIENCE_CARE;
        ret_update->location = report->location;
        ret_update->unit = report->unit;
        ret_update->label = report->label;
        ret_update->source = report->source;
        ret_update->definition = report->definition;
        ret_update->valid_for_s = report->valid_for_s;
        ret_update->kind = (UpdateKind)report->kind;

        switch (report->kind) {
        case PLEK_REPORT_COUNTS:
                counts_to_wire(&report->counts, &ret_update->counts);
                return true;
        case PLEK_REPORT_DOOR:
                return door_to_wire(&report->door, &ret_update->door, ret_refusal);
        case PLEK_REPORT_PRESSURE:
                return pressure_to_wire(&report->pressure, &ret_update->pressure, ret_refusal);
        case PLEK_REPORT_CARD:
                return card_to_wire(&report->card, &ret_update->card, ret_refusal);
        case PLEK_REPORT_OFFERING:
                offering_to_wire(&report->offering, &ret_update->offering);
                return true;
        case PLEK_REPORT_FLOW:
                flow_to_wire(&report->flow, &ret_update->flow);
                return true;
        case PLEK_REPORT_REFUSAL:
                refusal_to_wire(&report->refusal, &ret_update->care_refusal);
                if (!report->audience)
                        ret_update->audience = AUDIENCE_COORD;
                return true;
        }
        return refuse(ret_refusal, "kind", "not a kind of report");
}

/* ------------------------------------------------------------------ from the wire */

static void counts_from_wire(const Counts *from, PlekCounts *to)
{
        to->care = from->care;
        for (size_t i = COUNT_PHYSICAL; i < N_COUNT_FIELDS; i++) {
                to->present[i] = from->present[i];
                to->value[i] = from->value[i];
                to->missing[i] = from->missing[i];
        }
}

static void door_from_wire(const Door *from, PlekDoor *to)
{
        *to = (PlekDoor){
                .state = from->state,
                .care = from->care,
                .patient_group = from->patient_group,
                .urgency = from->urgency,
                .plan = from->plan,
                .n_exceptions = from->n_exceptions,
                .reason = from->reason,
                .text = from->text,
                .authorised_by = from->authorised_by,
                .starts_at_ms = from->starts_at_ms,
                .ends_at_ms = from->ends_at_ms,
                .review_at_ms = from->review_at_ms,
                .on_expiry = from->on_expiry,
        };
        memcpy(to->exceptions, from->exceptions, from->n_exceptions * sizeof(to->exceptions[0]));
}

static void pressure_from_wire(const Pressure *from, PlekPressure *to)
{
        to->method = from->method;
        to->has_score = from->has_score;
        to->score = from->score;
        to->n_inputs = from->n_inputs;
        for (size_t i = 0; i < from->n_inputs; i++)
                to->inputs[i] = (PlekPressureInput){ from->inputs[i].name, from->inputs[i].value };
}

void card_from_wire(const LocationCard *from, PlekLocationCard *to)
{
        *to = (PlekLocationCard){
                .name = from->name,
                .kind = from->kind,
                .has_position = from->has_position,
                .latitude_e7 = from->latitude_e7,
                .longitude_e7 = from->longitude_e7,
                .n_contacts = from->n_contacts,
                .hours = from->hours,
                .time_zone = from->time_zone,
                .n_identifiers = from->n_identifiers,
        };
        for (size_t i = 0; i < from->n_contacts; i++)
                to->contacts[i] = (PlekContact){ from->contacts[i].function,
                                                 from->contacts[i].phone, from->contacts[i].care };
        for (size_t i = 0; i < from->n_identifiers; i++)
                to->identifiers[i] =
                        (PlekIdentifier){ from->identifiers[i].scheme, from->identifiers[i].id };
}

void offering_from_wire(const Offering *from, PlekOffering *to)
{
        *to = (PlekOffering){
                .care = from->care,
                .plan = from->plan,
                .not_offered = from->not_offered,
                .level = from->level,
                .hours = from->hours,
                .holds_from_ms = from->holds_from_ms,
                .holds_until_ms = from->holds_until_ms,
        };
}

static void flow_from_wire(const Flow *from, PlekFlow *to)
{
        *to = (PlekFlow){
                .from = from->from,
                .to = from->to,
                .other = from->other,
                .care = from->care,
                .has_count = from->has_count,
                .count = from->count,
                .from_ms = from->from_ms,
                .until_ms = from->until_ms,
        };
}

static void refusal_from_wire(const CareRefusal *from, PlekCareRefusal *to)
{
        *to = (PlekCareRefusal){
                .care = from->care,
                .reason = from->reason,
                .from = from->from,
                .at_ms = from->at_ms,
                .count = from->count,
        };
        memcpy(to->id, from->id, sizeof(to->id));
}

void report_from_update(const Update *update, PlekReport *ret_report)
{
        memset(ret_report, 0, sizeof(*ret_report));
        ret_report->status = (PlekStatus)update->status;
        ret_report->audience = (PlekAudience)update->audience;
        ret_report->location = update->location;
        ret_report->unit = update->unit;
        ret_report->label = update->label;
        ret_report->source = update->source;
        ret_report->definition = update->definition;
        ret_report->observed_at_ms = update->observed_at_ms;
        ret_report->valid_for_s = update->valid_for_s;
        ret_report->kind = (PlekReportKind)update->kind;

        switch (update->kind) {
        case UPDATE_COUNTS:
                counts_from_wire(&update->counts, &ret_report->counts);
                break;
        case UPDATE_DOOR:
                door_from_wire(&update->door, &ret_report->door);
                break;
        case UPDATE_PRESSURE:
                pressure_from_wire(&update->pressure, &ret_report->pressure);
                break;
        case UPDATE_CARD:
                card_from_wire(&update->card, &ret_report->card);
                break;
        case UPDATE_OFFERING:
                offering_from_wire(&update->offering, &ret_report->offering);
                break;
        case UPDATE_FLOW:
                flow_from_wire(&update->flow, &ret_report->flow);
                break;
        case UPDATE_REFUSAL:
                refusal_from_wire(&update->care_refusal, &ret_report->refusal);
                break;
        default:
                break;
        }
}

/* ------------------------------------------------------------------ counts */

bool plek_counts_available(const PlekCounts *counts, int32_t *ret_available, bool *ret_computed)
{
        Counts wire;

        counts_to_wire(counts, &wire);
        return counts_available(&wire, ret_available, ret_computed);
}

/* ------------------------------------------------------------------ faults */

void fault_set(PlekFault *ret_fault, uint32_t code, const char *field, const char *text)
{
        if (!ret_fault)
                return;
        ret_fault->code = code;
        (void)snprintf(ret_fault->field, sizeof(ret_fault->field), "%s", field ? field : "");
        (void)snprintf(ret_fault->text, sizeof(ret_fault->text), "%s", text ? text : "");
}

void fault_from(PlekFault *ret_fault, const WireRefusal *refusal)
{
        fault_set(ret_fault, refusal->code, refusal->field, refusal->text);
}
