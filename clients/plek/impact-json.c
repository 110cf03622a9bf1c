/*
 * What follows from a closure, as JSON
 */

#include "impact-json.h"

#include "door-json.h"
#include "json-set.h"
#include "place-json.h"
#include "words.h"

const char *const impact_why_names[] = {
        [PLEK_IMPACT_TAKES] = "TAKES",     [PLEK_IMPACT_CLOSES] = "CLOSES",
        [PLEK_IMPACT_DOOR] = "DOOR",       [PLEK_IMPACT_NOT_OFFERED] = "NOT_OFFERED",
        [PLEK_IMPACT_SHUT] = "SHUT",       [PLEK_IMPACT_DISTRUSTED] = "DISTRUSTED",
        [PLEK_IMPACT_NOWHERE] = "NOWHERE", [PLEK_IMPACT_WITHDRAWN] = "WITHDRAWN",
};

static const char *state_name(uint32_t state)
{
        return state ? plek_code_name(PLEK_CODES_DOOR_STATE, state) : "UNKNOWN";
}

/* What is not known has no key. */
static void set_amount(json_t *object, const char *key, double amount)
{
        if (amount >= 0)
                json_object_set_new(object, key, json_real(amount));
}

static json_t *door_to_json(const PlekImpactPlace *shown)
{
        json_t *exceptions = json_array();
        json_t *object =
                json_pack("{s:s, s:s, s:o}", "state", state_name(shown->door_state), "standing",
                          standing_name(shown->door_standing), "exceptions", exceptions);

        for (size_t i = 0; i < shown->n_door_exceptions; i++) {
                const char *name = plek_code_name(PLEK_CODES_EXCEPTION, shown->door_exceptions[i]);

                json_array_append_new(exceptions, name ? json_string(name)
                                                       : json_integer(shown->door_exceptions[i]));
        }
        narrower_set(object, shown->door_narrower, shown->n_door_narrower);
        json_set_string(object, "why", door_why_name(shown->door_why));
        json_set_time(object, "since_ms", shown->door_since_ms);
        json_set_time(object, "ends_at_ms", shown->door_ends_at_ms);
        if (!shown->plan_state)
                return object;
        json_object_set_new(object, "announced", json_string(state_name(shown->plan_state)));
        json_set_time(object, "announced_starts_at_ms", shown->plan_starts_at_ms);
        json_set_time(object, "announced_ends_at_ms", shown->plan_ends_at_ms);
        return object;
}

static json_t *free_to_json(const PlekImpactPlace *shown)
{
        json_t *object =
                json_pack("{s:I, s:I, s:b}", "units", (json_int_t)shown->n_units, "units_unknown",
                          (json_int_t)shown->n_units_unknown, "stale", shown->has_stale);

        if (!shown->n_units && !shown->n_units_unknown)
                json_set_time(object, "withdrawn_ms", shown->counts_withdrawn_ms);
        if (!shown->n_units)
                return object;
        json_object_set_new(object, "sum", json_integer(shown->free));
        json_object_set_new(object, "oldest_ms", json_integer(shown->oldest_ms));
        return object;
}

static json_t *place_of(const PlekImpactPlace *shown, const char *unit)
{
        json_t *object = json_pack(
                "{s:s, s:s, s:s, s:I, s:f, s:f, s:o, s:o}", "location", shown->place->location,
                "name", place_name(shown->place), "why", impact_why_names[shown->why], "areas",
                (json_int_t)shown->n_areas, "weight", shown->weight, "share", shown->share, "free",
                free_to_json(shown), "door", door_to_json(shown));

        set_amount(object, "load_per_hour", shown->load_per_hour);
        set_amount(object, "load_in_all", shown->load_in_all);
        set_amount(object, unit, shown->nearest);
        if (shown->contact)
                json_object_set_new(object, "contact",
                                    json_pack("{s:s, s:s}", "function", shown->contact->function,
                                              "phone", shown->contact->phone));
        return object;
}

static json_t *move_of(const PlekImpactMove *move)
{
        json_t *object =
                json_pack("{s:s, s:s*, s:f, s:s*, s:f}", "area", move->area->id, "name",
                          move->area->name, "weight", move->area->weight, "to",
                          move->to ? move->to->place->location : NULL, "before", move->before);

        set_amount(object, "after", move->after);
        json_object_set_new(object, "was_beyond", json_boolean(move->was_beyond));
        json_object_set_new(object, "is_beyond", json_boolean(move->is_beyond));
        return object;
}

static json_t *moves_of(const PlekImpactMove *moves, size_t n_moves)
{
        json_t *array = json_array();

        for (size_t i = 0; i < n_moves; i++)
                json_array_append_new(array, move_of(&moves[i]));
        return array;
}

static json_t *share_of(const PlekImpactPlace *shown, const PlekImpactShare *share)
{
        json_t *object =
                json_pack("{s:s, s:s, s:I, s:f, s:f}", "location", shown->place->location, "why",
                          impact_why_names[share->why], "areas", (json_int_t)share->n_areas,
                          "weight", share->weight, "share", share->share);

        set_amount(object, "load_per_hour", share->load_per_hour);
        set_amount(object, "load_in_all", share->load_in_all);
        set_amount(object, "nearest", share->nearest);
        return object;
}

static json_t *part_of(const PlekImpact *impact, const PlekImpactPart *part)
{
        json_t *places = json_array();
        json_t *object = json_pack("{s:o, s:o, s:I, s:I, s:f, s:f}", "places", places, "moves",
                                   moves_of(part->moves, part->n_moves), "out_of_reach",
                                   (json_int_t)part->n_out_of_reach, "newly_beyond",
                                   (json_int_t)part->n_newly_beyond, "weight", part->weight,
                                   "weight_newly_beyond", part->weight_newly_beyond);

        json_set_time(object, "from_ms", part->from_ms);
        json_set_time(object, "to_ms", part->to_ms);
        for (size_t i = 0; i < impact->n_places; i++)
                json_array_append_new(places, share_of(&impact->places[i], &part->shares[i]));
        return object;
}

json_t *impact_to_json(const PlekImpact *impact, PlekStatus status, const char *location,
                       uint32_t care)
{
        const char *care_name = plek_code_name(PLEK_CODES_CARE, care);
        json_t *places = json_array(), *parts = json_array();
        json_t *object =
                json_pack("{s:s, s:o, s:s, s:s, s:I, s:I, s:f, s:I, s:f, s:o, s:o}", "location",
                          location, "care", care_name ? json_string(care_name) : json_integer(care),
                          "distances", impact->by_travel_time ? "minutes" : "metres", "areas_are",
                          impact->own_points ? "the places' own points" : "given", "areas",
                          (json_int_t)impact->n_areas, "out_of_reach",
                          (json_int_t)impact->n_out_of_reach, "weight", impact->weight,
                          "newly_beyond", (json_int_t)impact->n_newly_beyond, "weight_newly_beyond",
                          impact->weight_newly_beyond, "places", places, "parts", parts);

        json_set_code(object, "status", PLEK_CODES_STATUS, status ? status : PLEK_STATUS_ACTUAL);
        json_object_set_new(object, "distances_are",
                            json_string(impact->by_travel_time ? "given" : "as the crow flies"));
        json_object_set_new(object, "load",
                            json_string(!impact->has_load          ? "unknown"
                                        : impact->load_is_of_flows ? "flows, 28 days"
                                                                   : "given"));
        if (impact->has_load)
                json_object_set_new(object, "load_per_hour", json_real(impact->load_per_hour));
        if (impact->n_load_withheld)
                json_object_set_new(object, "load_withheld",
                                    json_integer((json_int_t)impact->n_load_withheld));
        json_set_time(object, "from_ms", impact->from_ms);
        json_set_time(object, "to_ms", impact->to_ms);
        for (size_t i = 0; i < impact->n_places; i++)
                json_array_append_new(places, place_of(&impact->places[i], "nearest"));
        for (size_t i = 0; i < impact->n_parts; i++)
                json_array_append_new(parts, part_of(impact, &impact->parts[i]));
        json_object_set_new(object, "moves", moves_of(impact->moves, impact->n_moves));
        if (impact->has_more_parts)
                json_object_set_new(object, "more_parts", json_true());
        return object;
}
