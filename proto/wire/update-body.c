/*
 * The bodies of an update, one function each: from protobuf to checked struct. Strings are not
 * copied, they live in the arena already.
 */

#include <math.h>
#include <stdio.h>

#include "wire/codes.h"
#include "wire/update-check.h"

typedef Plek__V1__Counts PbCounts;
typedef Plek__V1__Door PbDoor;
typedef Plek__V1__Pressure PbPressure;
typedef Plek__V1__RecordKey PbKey;

/* ------------------------------------------------------------------ counts */

static const char *const count_paths[N_COUNT_FIELDS] = {
        [COUNT_PHYSICAL] = "counts.physical",       [COUNT_STAFFED] = "counts.staffed",
        [COUNT_OCCUPIED] = "counts.occupied",       [COUNT_RESERVED] = "counts.reserved",
        [COUNT_BLOCKED] = "counts.blocked",         [COUNT_AVAILABLE] = "counts.available",
        [COUNT_EXPECTED_IN] = "counts.expected_in", [COUNT_EXPECTED_OUT] = "counts.expected_out",
        [COUNT_SURGE_24H] = "counts.surge_24h",     [COUNT_SURGE_72H] = "counts.surge_72h",
        [COUNT_SURGE_7D] = "counts.surge_7d",
        [COUNT_TRIAGE_RED] = "counts.triage_red",
        [COUNT_TRIAGE_YELLOW] = "counts.triage_yellow",
        [COUNT_TRIAGE_GREEN] = "counts.triage_green",
        [COUNT_TRIAGE_BLACK] = "counts.triage_black",
};

static int take_count(Counts *counts, UpdateCheck *check, CountField field, bool present,
                      int64_t value)
{
        if (!present)
                return 0;
        if (value < 0 || value > COUNT_MAX)
                return check_refuse(check, PLEK_REFUSED_FIELD, count_paths[field],
                                    "%s is %lld; counts are 0 to %d",
                                    code_name(CODES_COUNT_FIELD, field), (long long)value,
                                    COUNT_MAX);

        counts->present[field] = true;
        counts->value[field] = (int32_t)value;
        return 0;
}

static int take_missing(Counts *counts, UpdateCheck *check, const PbCounts *pb)
{
        for (size_t i = 0; i < pb->n_missing; i++) {
                uint32_t field = pb->missing[i]->field;

                if (field < COUNT_PHYSICAL || field >= N_COUNT_FIELDS)
                        return check_refuse(check, PLEK_REFUSED_FIELD, "counts.missing.field",
                                            "there is no count with number %u", field);
                if (check_closed(check, "counts.missing.why", pb->missing[i]->why,
                                 PLEK_MISSING_UNKNOWN))
                        return UPDATE_E_REFUSED;
                if (counts->present[field] || counts->missing[field])
                        return check_refuse(check, PLEK_REFUSED_FIELD, "counts.missing.field",
                                            "%s is said to be missing and given, or missing twice",
                                            code_name(CODES_COUNT_FIELD, field));
                counts->missing[field] = (uint8_t)pb->missing[i]->why;
        }
        return 0;
}

static int take_counts(Update *update, UpdateCheck *check, const PbCounts *pb)
{
        const struct {
                CountField field;
                bool present;
                int64_t value;
        } values[] = {
                { COUNT_PHYSICAL, pb->has_physical, pb->physical },
                { COUNT_STAFFED, pb->has_staffed, pb->staffed },
                { COUNT_OCCUPIED, pb->has_occupied, pb->occupied },
                { COUNT_RESERVED, pb->has_reserved, pb->reserved },
                { COUNT_BLOCKED, pb->has_blocked, pb->blocked },
                { COUNT_AVAILABLE, pb->has_available, pb->available },
                { COUNT_EXPECTED_IN, pb->has_expected_in, pb->expected_in },
                { COUNT_EXPECTED_OUT, pb->has_expected_out, pb->expected_out },
                { COUNT_SURGE_24H, pb->has_surge_24h, pb->surge_24h },
                { COUNT_SURGE_72H, pb->has_surge_72h, pb->surge_72h },
                { COUNT_SURGE_7D, pb->has_surge_7d, pb->surge_7d },
                { COUNT_TRIAGE_RED, pb->has_triage_red, pb->triage_red },
                { COUNT_TRIAGE_YELLOW, pb->has_triage_yellow, pb->triage_yellow },
                { COUNT_TRIAGE_GREEN, pb->has_triage_green, pb->triage_green },
                { COUNT_TRIAGE_BLACK, pb->has_triage_black, pb->triage_black },
        };
        Counts *counts = &update->counts;

        if (check_open(check, "counts.care", pb->care))
                return UPDATE_E_REFUSED;
        counts->care = pb->care;
        for (size_t i = 0; i < N_ELEMENTS(values); i++)
                if (take_count(counts, check, values[i].field, values[i].present, values[i].value))
                        return UPDATE_E_REFUSED;
        return take_missing(counts, check, pb);
}

/* ------------------------------------------------------------------ door */

static int take_scope_code(uint32_t *ret_code, UpdateCheck *check, const char *field, bool present,
                           uint32_t code)
{
        *ret_code = present ? code : CODE_ABSENT;
        return present ? check_open(check, field, code) : 0;
}

static int take_urgency(uint32_t *ret_urgency, UpdateCheck *check, const char *field, bool present,
                        uint32_t urgency)
{
        if (present && urgency > URGENCY_MAX)
                return check_refuse(check, PLEK_REFUSED_FIELD, field,
                                    "urgency is %u; NTS urgencies are 0 to %d", urgency,
                                    URGENCY_MAX);
        *ret_urgency = present ? urgency : CODE_ABSENT;
        return 0;
}

static int take_exceptions(Door *door, UpdateCheck *check, const PbDoor *pb)
{
        if (pb->n_exceptions > EXCEPTIONS_MAX)
                return check_refuse(check, PLEK_REFUSED_FIELD, "door.exceptions",
                                    "%zu exceptions; at most %d are allowed", pb->n_exceptions,
                                    EXCEPTIONS_MAX);
        for (size_t i = 0; i < pb->n_exceptions; i++) {
                if (check_open(check, "door.exceptions", pb->exceptions[i]))
                        return UPDATE_E_REFUSED;
                door->exceptions[i] = pb->exceptions[i];
        }
        door->n_exceptions = pb->n_exceptions;
        return 0;
}

/* Plan 0 is now, so it has no start; any other is announced ahead and must say from when to when.
 */
static int check_plan(const Door *door, UpdateCheck *check, bool has_on_expiry)
{
        if (!door->plan) {
                if (door->starts_at_ms != TIME_ABSENT)
                        return check_refuse(check, PLEK_REFUSED_FIELD, "door.starts_at_ms",
                                            "plan 0 is now; a later start needs another plan");
                return 0;
        }

        if (door->starts_at_ms == TIME_ABSENT)
                return check_refuse(check, PLEK_REFUSED_FIELD, "door.starts_at_ms",
                                    "missing; plan %u must say when it starts", door->plan);
        if (door->ends_at_ms == TIME_ABSENT)
                return check_refuse(check, PLEK_REFUSED_FIELD, "door.ends_at_ms",
                                    "missing; plan %u must say when it ends", door->plan);
        if (door->ends_at_ms <= door->starts_at_ms)
                return check_refuse(check, PLEK_REFUSED_PERIOD, "door.ends_at_ms",
                                    "plan %u ends before it starts", door->plan);
        if (has_on_expiry)
                return check_refuse(check, PLEK_REFUSED_FIELD, "door.on_expiry",
                                    "only plan 0 has it; the end of plan %u simply ends it",
                                    door->plan);
        return 0;
}

static int take_door(Update *update, UpdateCheck *check, const PbDoor *pb)
{
        Door *door = &update->door;

        if (check_closed(check, "door.state", pb->state, PLEK_DOOR_NOT_APPLICABLE) ||
            take_scope_code(&door->care, check, "door.care", pb->has_care, pb->care) ||
            take_scope_code(&door->patient_group, check, "door.patient_group",
                            pb->has_patient_group, pb->patient_group) ||
            take_urgency(&door->urgency, check, "door.urgency", pb->has_urgency, pb->urgency) ||
            take_exceptions(door, check, pb) ||
            (pb->has_reason && check_open(check, "door.reason", pb->reason)) ||
            (pb->text && check_text(check, "door.text", pb->text, 0, TEXT_MAX)) ||
            (pb->authorised_by &&
             check_text(check, "door.authorised_by", pb->authorised_by, 0, AUTHORISED_BY_MAX)) ||
            check_optional_time(&door->starts_at_ms, check, "door.starts_at_ms",
                                pb->has_starts_at_ms, pb->starts_at_ms) ||
            check_optional_time(&door->ends_at_ms, check, "door.ends_at_ms", pb->has_ends_at_ms,
                                pb->ends_at_ms) ||
            check_optional_time(&door->review_at_ms, check, "door.review_at_ms",
                                pb->has_review_at_ms, pb->review_at_ms) ||
            (pb->has_on_expiry &&
             check_closed(check, "door.on_expiry", pb->on_expiry, PLEK_ON_EXPIRY_REOPEN)))
                return UPDATE_E_REFUSED;

        door->state = pb->state;
        door->plan = pb->plan;
        door->reason = pb->has_reason ? pb->reason : 0;
        door->text = pb->text;
        door->authorised_by = pb->authorised_by;
        door->on_expiry = pb->has_on_expiry ? pb->on_expiry : PLEK_ON_EXPIRY_KEEP;
        return check_plan(door, check, pb->has_on_expiry);
}

/* ------------------------------------------------------------------ pressure */

static int check_finite(UpdateCheck *check, const char *field, double value)
{
        if (isfinite(value))
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, field, "%s is not a finite number", field);
}

static int take_pressure(Update *update, UpdateCheck *check, const PbPressure *pb)
{
        Pressure *pressure = &update->pressure;

        if (check_name(check, "pressure.method", NAME_METHOD, pb->method) ||
            (pb->has_score && check_finite(check, "pressure.score", pb->score)))
                return UPDATE_E_REFUSED;
        if (pb->n_inputs > PRESSURE_INPUTS_MAX)
                return check_refuse(check, PLEK_REFUSED_FIELD, "pressure.inputs",
                                    "%zu inputs; at most %d are allowed", pb->n_inputs,
                                    PRESSURE_INPUTS_MAX);

        for (size_t i = 0; i < pb->n_inputs; i++) {
                if (check_name(check, "pressure.inputs.name", NAME_INPUT, pb->inputs[i]->name) ||
                    check_finite(check, "pressure.inputs.value", pb->inputs[i]->value))
                        return UPDATE_E_REFUSED;
                pressure->inputs[i].name = pb->inputs[i]->name;
                pressure->inputs[i].value = pb->inputs[i]->value;
        }
        pressure->n_inputs = pb->n_inputs;
        pressure->method = pb->method;
        pressure->has_score = pb->has_score;
        pressure->score = pb->score;
        return 0;
}

/* ------------------------------------------------------------------ records named by their key */

/* What stands on the status lane: counts change too often for anybody to have seen them. */
static bool can_be_seen(uint32_t report)
{
        return report == UPDATE_DOOR || report == UPDATE_CARD || report == UPDATE_OFFERING;
}

/* Whether @pb has just what a key of its kind of report has: two keys of one record are equal. */
static bool key_has_its_parts(const PbKey *pb)
{
        bool is_ack = pb->report == UPDATE_ACK;
        uint32_t report = is_ack ? pb->of_report : pb->report;
        bool is_door = report == UPDATE_DOOR, is_card = report == UPDATE_CARD;
        bool is_pressure = report == UPDATE_PRESSURE;
        bool is_offering = report == UPDATE_OFFERING, is_flow = report == UPDATE_FLOW;
        bool is_refusal = report == UPDATE_REFUSAL, has_care = !is_pressure && !is_card;

        if (pb->has_of_report != is_ack || !!pb->of_party != is_ack)
                return false;
        if (is_ack && !can_be_seen(report))
                return false;

        if (pb->has_link_from != is_flow || pb->has_link_to != is_flow ||
            pb->has_from_ms != is_flow || pb->has_until_ms != is_flow || (pb->other && !is_flow) ||
            pb->has_id != is_refusal)
                return false;
        if ((pb->has_patient_group || pb->has_urgency) && !is_door)
                return false;
        if (pb->has_plan && pb->plan && !is_door && !is_offering)
                return false;
        if (pb->has_care != has_care && !is_door)
                return false;
        return !!pb->method == is_pressure && !(pb->unit && (is_card || is_offering || is_refusal));
}

int update_take_key(RecordRef *ret_ref, UpdateCheck *check, const Plek__V1__RecordKey *pb)
{
        if (!code_name(CODES_REPORT, pb->report))
                return check_refuse(check, PLEK_REFUSED_FIELD, "report",
                                    "there is no report with number %u", pb->report);
        if (!key_has_its_parts(pb))
                return check_refuse(check, PLEK_REFUSED_FIELD, "report",
                                    "not the parts that a key of %s has",
                                    code_name(CODES_REPORT, pb->report));
        if ((pb->unit && check_name(check, "unit", NAME_LOCATION, pb->unit)) ||
            (pb->of_party && check_name(check, "of_party", NAME_PARTY, pb->of_party)) ||
            (pb->method && check_name(check, "method", NAME_METHOD, pb->method)) ||
            take_scope_code(&ret_ref->care, check, "care", pb->has_care, pb->care) ||
            take_scope_code(&ret_ref->patient_group, check, "patient_group", pb->has_patient_group,
                            pb->patient_group) ||
            take_urgency(&ret_ref->urgency, check, "urgency", pb->has_urgency, pb->urgency) ||
            update_take_event_key(ret_ref, check, pb))
                return UPDATE_E_REFUSED;

        ret_ref->report = (UpdateKind)pb->report;
        ret_ref->unit = pb->unit;
        ret_ref->plan = pb->plan;
        ret_ref->method = pb->method;
        ret_ref->of_party = pb->of_party;
        ret_ref->of_report = pb->has_of_report ? (UpdateKind)pb->of_report : 0;
        return 0;
}

/* The same within a body, whose name then stands before the field's. */
static int take_key_within(RecordRef *ret_ref, UpdateCheck *check, const char *body,
                           const PbKey *pb)
{
        char *field;

        if (update_take_key(ret_ref, check, pb) == 0)
                return 0;

        field = arena_alloc(check->arena, PB_FIELD_MAX);
        if (field) {
                (void)snprintf(field, PB_FIELD_MAX, "%s.%s", body, check->refusal->field);
                check->refusal->field = field;
        }
        return UPDATE_E_REFUSED;
}

static int take_affirm(Update *update, UpdateCheck *check, const Plek__V1__Affirm *pb)
{
        RecordRef *refs = NULL;

        if (check_closed(check, "affirm.lane", pb->lane, N_LANES))
                return UPDATE_E_REFUSED;
        if (pb->n_apart_from) {
                refs = arena_alloc(check->arena, pb->n_apart_from * sizeof(*refs));
                if (!refs)
                        return check_refuse(check, PLEK_REFUSED_MALFORMED, NULL,
                                            "takes too much memory when decoded");
        }
        for (size_t i = 0; i < pb->n_apart_from; i++)
                if (take_key_within(&refs[i], check, "affirm.apart_from", pb->apart_from[i]))
                        return UPDATE_E_REFUSED;

        update->affirm = (Affirm){
                .lane = (Lane)pb->lane,
                .up_to_seq = pb->up_to_seq,
                .apart_from = refs,
                .n_apart_from = pb->n_apart_from,
        };
        return 0;
}

static int take_ack(Update *update, UpdateCheck *check, const Plek__V1__Ack *pb)
{
        Ack *ack = &update->ack;

        if (update->unit)
                return check_refuse(check, PLEK_REFUSED_FIELD, "unit",
                                    "an ack is of the record that it names, whose unit is in "
                                    "ack.record");
        if (update->audience == AUDIENCE_OPEN)
                return check_refuse(check, PLEK_REFUSED_FIELD, "audience",
                                    "who has seen what is never public");
        if (check_name(check, "ack.party", NAME_PARTY, pb->party) ||
            take_key_within(&ack->record, check, "ack.record", pb->record))
                return UPDATE_E_REFUSED;
        if (!can_be_seen(ack->record.report))
                return check_refuse(check, PLEK_REFUSED_FIELD, "ack.record.report",
                                    "only a door, a card or an offering is acknowledged");
        if (pb->function && check_text(check, "ack.function", pb->function, 0, ACK_FUNCTION_MAX))
                return UPDATE_E_REFUSED;

        ack->party = pb->party;
        ack->epoch = pb->epoch;
        ack->revision = pb->revision;
        ack->function = pb->function;
        return 0;
}

/* ------------------------------------------------------------------ whichever it is */

int update_take_body(Update *update, UpdateCheck *check, const Plek__V1__Update *pb)
{
        switch (update->kind) {
        case UPDATE_COUNTS:
                return take_counts(update, check, pb->counts);
        case UPDATE_DOOR:
                return take_door(update, check, pb->door);
        case UPDATE_PRESSURE:
                return take_pressure(update, check, pb->pressure);
        case UPDATE_CARD:
                return update_take_card(update, check, pb->card);
        case UPDATE_OFFERING:
                return update_take_offering(update, check, pb->offering);
        case UPDATE_FLOW:
                return update_take_flow(update, check, pb->flow);
        case UPDATE_REFUSAL:
                return update_take_refusal(update, check, pb->refusal);
        case UPDATE_ACK:
                return take_ack(update, check, pb->ack);
        case UPDATE_AFFIRM:
                return take_affirm(update, check, pb->affirm);
        case UPDATE_WITHDRAW:
                return take_key_within(&update->withdraw, check, "withdraw", pb->withdraw);
        }
        assert(!"a kind that decoding lets through and nobody takes");
        return UPDATE_E_REFUSED;
}

const ProtobufCMessage *update_pb_body(const Plek__V1__Update *pb)
{
        /* A union of pointers to messages, each of which begins with its base. */
        return &pb->counts->base;
}
