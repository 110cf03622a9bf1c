#include "broker/open-json.h"

#include "derived/pressure.h"
#include "wire/codes.h"

static void set_code(json_t *object, const char *key, CodeList list, uint32_t code)
{
        const char *name = code_name(list, code);

        json_object_set_new(object, key, name ? json_string(name) : json_integer(code));
}

static void set_text(json_t *object, const char *key, const char *text)
{
        if (text && *text)
                json_object_set_new(object, key, json_string(text));
}

static void set_time(json_t *object, const char *key, int64_t ms)
{
        if (ms != TIME_ABSENT)
                json_object_set_new(object, key, json_integer(ms));
}

static json_t *counts_to_json(const Counts *counts)
{
        json_t *object = json_object();
        int32_t available;
        bool is_computed;

        set_code(object, "care", CODES_CARE, counts->care);
        for (CountField field = COUNT_PHYSICAL; field < N_COUNT_FIELDS; field++) {
                const char *name = code_name(CODES_COUNT_FIELD, field);

                if (counts->present[field])
                        json_object_set_new(object, name, json_integer(counts->value[field]));
                else if (counts->missing[field])
                        set_code(object, name, CODES_MISSING, counts->missing[field]);
        }
        if (counts_available(counts, &available, &is_computed)) {
                json_object_set_new(object, "free", json_integer(available));
                json_object_set_new(object, "free_is_computed", json_boolean(is_computed));
        }
        return object;
}

static const char *standing_name(DoorStanding standing)
{
        static const char *const names[] = {
                [DOOR_STANDS] = "STANDS",     [DOOR_ANNOUNCED] = "ANNOUNCED",
                [DOOR_EXPIRED] = "EXPIRED",   [DOOR_LAPSED] = "LAPSED",
                [DOOR_REOPENED] = "REOPENED", [DOOR_OVER] = "OVER",
        };
        return names[standing];
}

static json_t *door_to_json(const Door *door, int64_t now_ms)
{
        json_t *exceptions = json_array();
        json_t *object = json_object();

        set_code(object, "state", CODES_DOOR_STATE, door->state);
        set_text(object, "standing", standing_name(door_standing(door, now_ms)));
        if (door->care != CODE_ABSENT)
                set_code(object, "care", CODES_CARE, door->care);
        if (door->patient_group != CODE_ABSENT)
                set_code(object, "patient_group", CODES_PATIENT_GROUP, door->patient_group);
        if (door->urgency != CODE_ABSENT)
                json_object_set_new(object, "urgency", json_integer(door->urgency));
        json_object_set_new(object, "plan", json_integer(door->plan));
        for (size_t i = 0; i < door->n_exceptions; i++) {
                const char *name = code_name(CODES_EXCEPTION, door->exceptions[i]);

                json_array_append_new(exceptions,
                                      name ? json_string(name) : json_integer(door->exceptions[i]));
        }
        json_object_set_new(object, "exceptions", exceptions);
        if (door->reason)
                set_code(object, "reason", CODES_REASON, door->reason);
        set_text(object, "text", door->text);
        set_text(object, "authorised_by", door->authorised_by);
        set_time(object, "starts_at_ms", door->starts_at_ms);
        set_time(object, "ends_at_ms", door->ends_at_ms);
        set_time(object, "review_at_ms", door->review_at_ms);
        return object;
}

static json_t *pressure_to_json(const Pressure *pressure)
{
        json_t *inputs = json_object();
        json_t *object = json_object();
        double computed;

        set_text(object, "method", pressure->method);
        if (pressure->has_score)
                json_object_set_new(object, "score", json_real(pressure->score));
        for (size_t i = 0; i < pressure->n_inputs; i++)
                json_object_set_new(inputs, pressure->inputs[i].name,
                                    json_real(pressure->inputs[i].value));
        json_object_set_new(object, "inputs", inputs);
        if (pressure_compute(pressure, &computed))
                json_object_set_new(object, "computed", json_real(computed));
        return object;
}

/* Contacts are for those who take part. */
static json_t *card_to_json(const LocationCard *card)
{
        json_t *identifiers = json_array();
        json_t *object = json_object();

        set_text(object, "name", card->name);
        set_text(object, "kind", card->kind);
        if (card->has_position) {
                json_object_set_new(object, "latitude", json_real(card->latitude_e7 / 1e7));
                json_object_set_new(object, "longitude", json_real(card->longitude_e7 / 1e7));
        }
        set_text(object, "hours", card->hours);
        set_text(object, "time_zone", card->time_zone);
        for (size_t i = 0; i < card->n_identifiers; i++)
                json_array_append_new(identifiers,
                                      json_pack("{s:s, s:s}", "scheme", card->identifiers[i].scheme,
                                                "id", card->identifiers[i].id));
        json_object_set_new(object, "identifiers", identifiers);
        return object;
}

static json_t *offering_to_json(const Offering *offering)
{
        json_t *object = json_object();

        set_code(object, "care", CODES_CARE, offering->care);
        json_object_set_new(object, "plan", json_integer(offering->plan));
        json_object_set_new(object, "offered", json_boolean(!offering->not_offered));
        set_text(object, "level", offering->level);
        set_text(object, "hours", offering->hours);
        set_time(object, "holds_from_ms", offering->holds_from_ms);
        set_time(object, "holds_until_ms", offering->holds_until_ms);
        return object;
}

/* A small count is not said to everybody, and none is shown that was. */
static json_t *flow_to_json(const Flow *flow)
{
        json_t *object = json_object();

        set_code(object, "from", CODES_CHAIN, flow->from);
        set_code(object, "to", CODES_CHAIN, flow->to);
        set_text(object, "other", flow->other);
        set_code(object, "care", CODES_CARE, flow->care);
        if (flow->has_count && !count_is_small(flow->count))
                json_object_set_new(object, "count", json_integer(flow->count));
        else
                set_code(object, "count", CODES_MISSING, PLEK_MISSING_SUPPRESSED);
        set_time(object, "from_ms", flow->from_ms);
        set_time(object, "until_ms", flow->until_ms);
        return object;
}

static json_t *report_to_json(const Update *update, int64_t now_ms)
{
        switch (update->kind) {
        case UPDATE_COUNTS:
                return counts_to_json(&update->counts);
        case UPDATE_DOOR:
                return door_to_json(&update->door, now_ms);
        case UPDATE_PRESSURE:
                return pressure_to_json(&update->pressure);
        case UPDATE_CARD:
                return card_to_json(&update->card);
        case UPDATE_OFFERING:
                return offering_to_json(&update->offering);
        case UPDATE_FLOW:
                return flow_to_json(&update->flow);
        default:
                return NULL; /* what is not listed here is not public */
        }
}

static void set_age(json_t *object, const OpenRecord *record, const Update *update)
{
        static const char *const names[] = {
                [FRESHNESS_NEVER] = "NEVER",         [FRESHNESS_FRESH] = "FRESH",
                [FRESHNESS_STALE] = "STALE",         [FRESHNESS_SILENT] = "SILENT",
                [FRESHNESS_WITHDRAWN] = "WITHDRAWN",
        };

        set_text(object, "freshness", names[record->freshness]);
        json_object_set_new(object, "age_ms", json_integer(record->age_ms));
        if (update->valid_for_s)
                json_object_set_new(object, "valid_for_s", json_integer(update->valid_for_s));
        set_time(object, "observed_at_ms", update->observed_at_ms);
        set_time(object, "received_at_ms", record->received_at_ms);
        set_time(object, "since_ms", record->since_ms);
}

json_t *open_record_to_json(const OpenRecord *record, Arena *arena, int64_t now_ms)
{
        WireRefusal refusal;
        Envelope envelope;
        Update update;
        json_t *object, *report;

        arena_reset(arena);
        if (envelope_parse(&envelope, record->envelope->bytes, record->envelope->n_bytes) ||
            update_decode(&update, &refusal, arena, envelope.body, envelope.n_body) ||
            update.audience != AUDIENCE_OPEN || update.status != STATUS_ACTUAL)
                return NULL;
        report = report_to_json(&update, now_ms);
        if (!report)
                return NULL;

        object = json_object();
        set_text(object, "region", record->region);
        set_text(object, "location", update.location);
        set_text(object, "unit", update.unit);
        set_text(object, "label", update.label);
        set_text(object, "party", update.party);
        set_text(object, "party_name", record->party_name);
        if (update.source)
                set_code(object, "source", CODES_SOURCE, update.source);
        set_text(object, "definition", update.definition);
        json_object_set_new(object, "revision", json_integer((json_int_t)record->revision));
        set_age(object, record, &update);
        set_text(object, "enrolled",
                 record->is_distrusted ? "DISTRUSTED"
                 : record->is_enrolled ? "ENROLLED"
                                       : "NO_LONGER_ENROLLED");
        json_object_set_new(object, "overcrowded", json_boolean(record->flags & ENTRY_OVERCROWDED));
        json_object_set_new(object, "inconsistent",
                            json_boolean(record->flags & ENTRY_INCONSISTENT));
        json_object_set_new(object, code_name(CODES_REPORT, update.kind), report);
        return object;
}
