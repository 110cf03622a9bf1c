#include "door-json.h"

#include "json-set.h"
#include "place-json.h"
#include "words.h"

json_t *exceptions_to_json(const uint32_t *exceptions, size_t n_exceptions)
{
        json_t *array = json_array();

        for (size_t i = 0; i < n_exceptions; i++) {
                const char *name = plek_code_name(PLEK_CODES_EXCEPTION, exceptions[i]);

                json_array_append_new(array,
                                      name ? json_string(name) : json_integer(exceptions[i]));
        }
        return array;
}

static void set_state(json_t *object, const char *key, uint32_t state)
{
        if (state == PLEK_DOOR_UNKNOWN)
                json_set_string(object, key, "UNKNOWN");
        else
                json_set_code(object, key, PLEK_CODES_DOOR_STATE, state);
}

void narrower_set(json_t *object, const PlekNarrowerDoor *narrower, size_t n_narrower)
{
        json_t *array;

        if (!n_narrower)
                return;
        array = json_array();
        for (size_t i = 0; i < n_narrower; i++) {
                json_t *one = json_object();

                if (narrower[i].patient_group != PLEK_ANY)
                        json_set_code(one, "patient_group", PLEK_CODES_PATIENT_GROUP,
                                      narrower[i].patient_group);
                if (narrower[i].urgency != PLEK_ANY)
                        json_object_set_new(one, "urgency", json_integer(narrower[i].urgency));
                set_state(one, "state", narrower[i].state);
                json_set_string(one, "standing", standing_name(narrower[i].standing));
                json_array_append_new(array, one);
        }
        json_object_set_new(object, "narrower", array);
}

json_t *scope_to_json(const PlekDoorScope *scope)
{
        json_t *object = json_object();

        json_set_code(object, "status", PLEK_CODES_STATUS, scope->status);
        json_set_string(object, "location", scope->location);
        json_set_string(object, "unit", scope->unit);
        if (scope->care != PLEK_ANY)
                json_set_code(object, "care", PLEK_CODES_CARE, scope->care);
        if (scope->patient_group != PLEK_ANY)
                json_set_code(object, "patient_group", PLEK_CODES_PATIENT_GROUP,
                              scope->patient_group);
        if (scope->urgency != PLEK_ANY)
                json_object_set_new(object, "urgency", json_integer(scope->urgency));
        return object;
}

static void set_plan(json_t *object, const PlekLeadingDoor *door)
{
        json_t *plan;

        if (door->plan_state == PLEK_DOOR_UNKNOWN)
                return;
        plan = json_object();
        set_state(plan, "state", door->plan_state);
        json_set_time(plan, "starts_at_ms", door->plan_starts_at_ms);
        json_set_time(plan, "ends_at_ms", door->plan_ends_at_ms);
        json_object_set_new(object, "plan", plan);
}

const char *door_why_name(PlekDoorWhy why)
{
        static const char *const whys[] = {
                [PLEK_DOOR_NEVER_REPORTED] = "NEVER",
                [PLEK_DOOR_HAS_EXPIRED] = "EXPIRED",
                [PLEK_DOOR_WAS_WITHDRAWN] = "WITHDRAWN",
                [PLEK_DOOR_IS_DISTRUSTED] = "DISTRUSTED",
                [PLEK_DOOR_IS_NOT_SHARED] = "AUDIENCE",
        };

        return whys[why];
}

json_t *leading_to_json(const PlekLeadingDoor *door)
{
        json_t *object = scope_to_json(&door->scope);

        json_set_string(object, "name", door->name);
        json_set_contact(object, door->phone_function, door->phone, door->card_party);
        set_state(object, "state", door->state);
        if (door->state == PLEK_DOOR_UNKNOWN)
                json_set_string(object, "why", door_why_name(door->why));
        json_set_string(object, "standing", standing_name(door->standing));
        json_set_time(object, "since_ms", door->since_ms);
        json_set_time(object, "ends_at_ms", door->ends_at_ms);
        json_object_set_new(object, "exceptions",
                            exceptions_to_json(door->exceptions, door->n_exceptions));
        narrower_set(object, door->narrower, door->n_narrower);
        set_plan(object, door);
        if (door->changes_at_ms != PLEK_NO_TIME) {
                json_set_time(object, "changes_at_ms", door->changes_at_ms);
                set_state(object, "changes_to", door->changes_to);
        }
        json_object_set_new(object, "n_others", json_integer((json_int_t)door->n_others));
        if (door->has_record)
                json_object_set_new(object, "record", record_to_json(&door->record));
        return object;
}

json_t *lead_to_json(const PlekLeadingDoor *door)
{
        json_t *object = json_object();

        set_state(object, "state", door->state);
        json_set_string(object, "standing", standing_name(door->standing));
        json_set_time(object, "ends_at_ms", door->ends_at_ms);
        json_object_set_new(object, "exceptions",
                            exceptions_to_json(door->exceptions, door->n_exceptions));
        return object;
}

static json_t *neighbour_to_json(const PlekNeighbour *neighbour)
{
        json_t *object = json_object();

        json_set_string(object, "location", neighbour->location);
        json_set_string(object, "name", neighbour->name);
        json_object_set_new(object, "distance_m", json_real(neighbour->distance_m));
        set_state(object, "state", neighbour->state);
        json_set_string(object, "why", door_why_name(neighbour->why));
        json_set_string(object, "standing", standing_name(neighbour->standing));
        json_set_string(object, "freshness", freshness_name(neighbour->freshness));
        if (neighbour->age_ms >= 0)
                json_object_set_new(object, "age_ms", json_integer(neighbour->age_ms));
        json_set_time(object, "since_ms", neighbour->since_ms);
        json_set_string(object, "enrolled", enrolled_name(neighbour->enrolled));
        json_set_string(object, "opening", opening_name(neighbour->opening));
        json_object_set_new(object, "exceptions",
                            exceptions_to_json(neighbour->exceptions, neighbour->n_exceptions));
        narrower_set(object, neighbour->narrower, neighbour->n_narrower);
        json_set_contact(object, neighbour->phone_function, neighbour->phone, NULL);
        return object;
}

json_t *neighbours_to_json(const PlekNeighbours *neighbours)
{
        json_t *nearest = json_array();
        json_t *object = json_pack("{s:b, s:I, s:I, s:I, s:o}", "all_stopped",
                                   neighbours->all_stopped, "shut", (json_int_t)neighbours->n_shut,
                                   "stopped", (json_int_t)neighbours->n_stopped, "expired",
                                   (json_int_t)neighbours->n_expired, "nearest", nearest);

        for (size_t i = 0; i < neighbours->n_nearest; i++)
                json_array_append_new(nearest, neighbour_to_json(&neighbours->nearest[i]));
        if (neighbours->has_next)
                json_object_set_new(object, "next", neighbour_to_json(&neighbours->next));
        if (neighbours->is_partial)
                json_object_set_new(object, "partial", json_true());
        if (neighbours->n_not_compared)
                json_object_set_new(object, "not_compared",
                                    json_integer((json_int_t)neighbours->n_not_compared));
        return object;
}

const char *door_part_name(PlekDoorPart part)
{
        static const char *const names[] = {
                [PLEK_DOOR_LEADS] = "LEADS",         [PLEK_DOOR_HOLDS] = "HOLDS",
                [PLEK_DOOR_OVERRULED] = "OVERRULED", [PLEK_DOOR_AHEAD] = "AHEAD",
                [PLEK_DOOR_PAST] = "PAST",           [PLEK_DOOR_DISCARDED] = "DISCARDED",
        };

        return names[part];
}
