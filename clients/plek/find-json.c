/*
 * What was found, as JSON
 */

#include "find-json.h"

#include "door-json.h"
#include "json-set.h"
#include "place-json.h"
#include "words.h"

const char *const find_rank_words[] = {
        [PLEK_FIND_FREE] = "free",         [PLEK_FIND_UNCONFIRMED] = "unconfirmed",
        [PLEK_FIND_UNKNOWN] = "unknown",   [PLEK_FIND_FULL] = "full",
        [PLEK_FIND_LEFT_OUT] = "left out",
};

const FindDoubt find_doubts[] = {
        { PLEK_DOUBT_COUNTS_STALE, "COUNTS_STALE", "places: stale" },
        { PLEK_DOUBT_COUNTS_SILENT, "COUNTS_SILENT", "places: silent" },
        { PLEK_DOUBT_COUNTS_UNKNOWN, "COUNTS_UNKNOWN", "places: not said" },
        { PLEK_DOUBT_INCONSISTENT, "INCONSISTENT", "contradicts itself" },
        { PLEK_DOUBT_DOOR_UNKNOWN, "DOOR_UNKNOWN", "door: not said" },
        { PLEK_DOUBT_DOOR_OLD, "DOOR_OLD", "door: stale" },
        { PLEK_DOUBT_DOOR_EXPIRED, "DOOR_EXPIRED", "door: expired" },
        { PLEK_DOUBT_DOOR_REOPENED, "DOOR_REOPENED", "door: reopened, unconfirmed" },
        { PLEK_DOUBT_DOOR_NARROWER, "DOOR_NARROWER", "door: stricter for some" },
        { PLEK_DOUBT_NOT_ENROLLED, "NOT_ENROLLED", "no longer enrolled" },
        { 0 },
};

const FindLeftOut find_left_out[] = {
        [PLEK_LEFT_OUT_DOOR] = { "DOOR", "its door" },
        [PLEK_LEFT_OUT_NOT_OFFERED] = { "NOT_OFFERED", "does not give this care now" },
        [PLEK_LEFT_OUT_SHUT] = { "SHUT", "outside its hours" },
        [PLEK_LEFT_OUT_DISTRUSTED] = { "DISTRUSTED", "distrusted" },
        [PLEK_LEFT_OUT_DOUBLED] = { "DOUBLED", "another party's report of this unit is shown" },
        [PLEK_LEFT_OUT_WITHDRAWN] = { "WITHDRAWN", "withdrawn" },
        [PLEK_LEFT_OUT_TOO_FAR] = { "TOO_FAR", "too far" },
};

static void set_plan(json_t *object, const PlekFound *found)
{
        json_t *plan;

        if (!found->plan_state)
                return;
        plan = json_object();
        json_set_code(plan, "state", PLEK_CODES_DOOR_STATE, found->plan_state);
        json_set_time(plan, "starts_at_ms", found->plan_starts_at_ms);
        json_set_time(plan, "ends_at_ms", found->plan_ends_at_ms);
        json_object_set_new(plan, "exceptions",
                            exceptions_to_json(found->plan_exceptions, found->n_plan_exceptions));
        json_object_set_new(object, "plan", plan);
}

static json_t *door_to_json(const PlekFound *found)
{
        json_t *object = json_pack(
                "{s:s, s:s, s:o, s:s*, s:s*}", "state",
                found->door_state ? plek_code_name(PLEK_CODES_DOOR_STATE, found->door_state)
                                  : "UNKNOWN",
                "standing", standing_name(found->door_standing), "exceptions",
                exceptions_to_json(found->door_exceptions, found->n_door_exceptions), "party",
                found->door_party, "text", found->door_text);

        json_set_string(object, "why", door_why_name(found->door_why));
        narrower_set(object, found->door_narrower, found->n_door_narrower);
        if (found->door_reason)
                json_set_code(object, "reason", PLEK_CODES_REASON, found->door_reason);
        if (found->door_source)
                json_set_code(object, "source", PLEK_CODES_SOURCE, found->door_source);
        json_set_time(object, "since_ms", found->door_since_ms);
        json_set_time(object, "ends_at_ms", found->door_ends_at_ms);
        if (found->door_age_ms >= 0) {
                json_object_set_new(object, "age_ms", json_integer(found->door_age_ms));
                json_object_set_new(object, "freshness",
                                    json_string(freshness_name(found->door_freshness)));
        }
        set_plan(object, found);
        return object;
}

static json_t *counts_to_json(const PlekFound *found)
{
        json_t *object = json_pack(
                "{s:s*, s:s*, s:s*, s:s*, s:s, s:I, s:I, s:b}", "party", found->party, "unit",
                found->unit, "label", found->label, "definition", found->definition, "freshness",
                freshness_name(found->freshness), "age_ms", (json_int_t)found->age_ms, "since_ms",
                (json_int_t)found->since_ms, "free_is_computed", found->free_computed);

        if (found->free_known)
                json_object_set_new(object, "free", json_integer(found->free));
        if (found->source)
                json_set_code(object, "source", PLEK_CODES_SOURCE, found->source);
        return object;
}

static json_t *units_to_json(const PlekFound *found)
{
        json_t *array = json_array();

        for (size_t i = 0; i < found->n_units; i++) {
                const PlekFoundUnit *unit = &found->units[i];

                json_array_append_new(array, json_pack("{s:s, s:s, s:s*, s:i, s:s, s:I}", "party",
                                                       unit->party, "unit", unit->unit, "label",
                                                       unit->label, "free", unit->free, "freshness",
                                                       freshness_name(unit->freshness), "age_ms",
                                                       (json_int_t)unit->age_ms));
        }
        return array;
}

json_t *found_to_json(const PlekFound *found, PlekStatus status, size_t n)
{
        json_t *said = json_array();
        json_t *object = json_pack("{s:s, s:o, s:o}", "rank", find_rank_words[found->rank],
                                   "doubts", said, "place", place_to_json(found->place));

        json_set_code(object, "status", PLEK_CODES_STATUS, status ? status : PLEK_STATUS_ACTUAL);
        if (found->rank == PLEK_FIND_LEFT_OUT)
                json_object_set_new(object, "why", json_string(find_left_out[found->why].name));
        else
                json_object_set_new(object, "n", json_integer((json_int_t)n));
        if (found->distance_m >= 0)
                json_object_set_new(object, "distance_m",
                                    json_integer((json_int_t)found->distance_m));
        for (const FindDoubt *doubt = find_doubts; doubt->name; doubt++)
                if (found->doubts & doubt->doubt)
                        json_array_append_new(said, json_string(doubt->name));
        if (found->has_counts)
                json_object_set_new(object, "counts", counts_to_json(found));
        else
                json_set_time(object, "counts_withdrawn_ms", found->counts_withdrawn_ms);
        if (found->n_units)
                json_object_set_new(object, "units", units_to_json(found));
        if (found->by_door)
                json_object_set_new(object, "by_door", json_true());
        json_object_set_new(object, "door", door_to_json(found));
        if (found->exception)
                json_set_code(object, "exception", PLEK_CODES_EXCEPTION, found->exception);
        if (found->contact)
                json_object_set_new(object, "contact",
                                    json_pack("{s:s, s:s}", "function", found->contact->function,
                                              "phone", found->contact->phone));
        return object;
}
