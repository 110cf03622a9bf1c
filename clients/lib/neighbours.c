#include <stdio.h>
#include <string.h>

#include "lib/place.h"
#include "lib/subscriber-internal.h"
#include "plek/plek.h"

/*
 * Neighbours: every location that has a door for the same care, by distance
 *
 * Where they are, what they give and when is the map's to say, as it is for find: the two must not
 * contradict each other. One map is made for all that is asked about a care in the same second.
 */

static_assert((int)PLEK_ENROLLED == (int)PARTY_ENROLLED &&
                      (int)PLEK_DISTRUSTED == (int)PARTY_DISTRUSTED,
              "enrolled");

/* ------------------------------------------------------------------ the map */

static bool is_of(const NeighbourMap *map, const PlacesScope *scope, uint64_t n_changes)
{
        const PlacesScope *made = &map->scope;

        return map->is_made && map->n_changes == n_changes && made->status == scope->status &&
               made->care == scope->care && made->clock == scope->clock &&
               made->clock_arg == scope->clock_arg && made->now_ms / 1000 == scope->now_ms / 1000;
}

void neighbour_map_deinit(NeighbourMap *map)
{
        places_deinit(&map->places);
        *map = (NeighbourMap){ 0 };
}

static int map_need(PlekSubscriber *subscriber, const PlekDoorScope *asked,
                    const PlekNeighbourRule *rule, int64_t now_ms)
{
        NeighbourMap *map = &subscriber->neighbour_map;
        PlacesScope scope = {
                .status = (Status)asked->status,
                .care = asked->care == PLEK_ANY ? 0 : asked->care,
                .now_ms = now_ms,
                .clock = rule ? rule->clock : NULL,
                .clock_arg = rule ? rule->clock_arg : NULL,
        };
        int r;

        if (is_of(map, &scope, subscriber->doors.n_changes))
                return 0;
        neighbour_map_deinit(map);
        r = places_make(&map->places, replica_picture(subscriber->replica),
                        replica_registry(subscriber->replica), &scope);
        if (r)
                return r;
        map->scope = scope;
        map->n_changes = subscriber->doors.n_changes;
        map->is_made = true;
        return 0;
}

static PlaceOpening opening_of(const Place *place, uint32_t care)
{
        return care == CODE_ABSENT ? place->opening : place_opening(place, care);
}

static bool gives(const Place *place, uint32_t care)
{
        bool is_said;

        return care == CODE_ABSENT || place_offers(place, care, &is_said) || !is_said;
}

/* ------------------------------------------------------------------ who they are */

typedef struct Candidate {
        const DoorPlace *door;
        const Place *place;
        PartyTrust trust; /* of what leads */
} Candidate;

typedef struct Candidates {
        NeighbourPlace *places;
        Candidate *of; /* each of these */
        size_t n_places;
        size_t n_not_compared;
} Candidates;

static void candidates_deinit(Candidates *places)
{
        free(places->places);
        free(places->of);
}

static int candidates_reserve(Candidates *places)
{
        size_t n = places->n_places;

        if (n & (n - 1))
                return 0;
        n = n ? 2 * n : 1;
        places->places = reallocarray(places->places, n, sizeof(*places->places));
        places->of = reallocarray(places->of, n, sizeof(*places->of));
        return places->places && places->of ? 0 : err_raise(-ENOMEM);
}

static PartyTrust trust_of(const PlekSubscriber *subscriber, const Record *record, int64_t now_ms)
{
        const char *party, *location;
        RecordRef ref;

        if (!record)
                return PARTY_ENROLLED; /* of whom nothing holds, that is what is said */
        record_describe(record, &party, &location, &ref);
        return party_trust(registry_find(replica_registry(subscriber->replica), party),
                           record->revision, record->received_at_ms, now_ms);
}

static bool is_doubtful(const DoorSeen *seen, PartyTrust trust, int64_t now_ms)
{
        return seen->standing == DOOR_REOPENED || seen->n_narrower || trust != PARTY_ENROLLED ||
               (seen->record && record_freshness(seen->record, now_ms) != FRESHNESS_FRESH);
}

static int add(const PlekSubscriber *subscriber, Candidates *places, const DoorPlace *door,
               const Place *place, const DoorSeen *seen, uint32_t care, int64_t now_ms)
{
        PartyTrust trust = trust_of(subscriber, seen->record, now_ms);
        int r;

        r = candidates_reserve(places);
        if (r)
                return r;
        places->of[places->n_places] = (Candidate){ door, place, trust };
        places->places[places->n_places++] = (NeighbourPlace){
                .location = door->location,
                .latitude = place->card.latitude_e7 / 1e7,
                .longitude = place->card.longitude_e7 / 1e7,
                .state = seen->state,
                .is_expired = seen->standing == DOOR_EXPIRED,
                .is_shut = opening_of(place, care) == PLACE_IS_SHUT,
                .is_doubtful = is_doubtful(seen, trust, now_ms),
        };
        return 0;
}

static int gather(const PlekSubscriber *subscriber, const DoorPlace *own, const DoorEntry *own_card,
                  const DoorScope *asked, int64_t now_ms, Candidates *places)
{
        const DoorBook *book = &subscriber->doors;
        DoorSeen seen;
        int r;

        for (const DoorPlace *door = door_book_next(book, NULL); door;
             door = door_book_next(book, door)) {
                bool has_door =
                        door->status == own->status && door_place_look(door, asked, now_ms, &seen);
                const Place *place =
                        has_door ? places_find(&subscriber->neighbour_map.places, door->location)
                                 : NULL;

                if (asked->care == CODE_ABSENT && door != own && door->status == own->status &&
                    door->n_words > door->n_withdrawn && !has_door)
                        places->n_not_compared++;

                if (!place || !place->has_card || !place->card.has_position ||
                    !gives(place, asked->care) ||
                    (asked->care == CODE_ABSENT &&
                     strcmp(place->card.kind, own_card->location_kind)))
                        continue;
                r = add(subscriber, places, door, place, &seen, asked->care, now_ms);
                if (r)
                        return r;
        }
        return 0;
}

/* ------------------------------------------------------------------ spelling */

int place_names(PlekSubscriber *subscriber, const DoorEntry *card, uint32_t care,
                PlaceNames *ret_names)
{
        Arena *arena = subscriber->doors.arena;
        const Contact *contact;
        WireRefusal refusal;
        Envelope envelope;
        Update update;

        memset(ret_names, 0, sizeof(*ret_names));
        if (!card)
                return 0;
        arena_reset(arena);
        if (envelope_parse(&envelope, card->record->envelope->bytes,
                           card->record->envelope->n_bytes) ||
            update_decode(&update, &refusal, arena, envelope.body, envelope.n_body))
                return err_raise(-ENOMEM); /* it was decoded when it came */

        snprintf(ret_names->name, sizeof(ret_names->name), "%s", update.card.name);
        snprintf(ret_names->party, sizeof(ret_names->party), "%s", update.party);
        contact = card_contact(&update.card, care);
        if (contact) {
                snprintf(ret_names->function, sizeof(ret_names->function), "%s", contact->function);
                snprintf(ret_names->phone, sizeof(ret_names->phone), "%s", contact->phone);
        }
        return 0;
}

static void spell(const Candidates *places, const Neighbour *from, const DoorScope *asked,
                  int64_t now_ms, PlekNeighbour *to)
{
        const Candidate *of = &places->of[from->place - places->places];
        const Contact *contact = place_contact(of->place, asked->care);
        DoorSeen seen;

        if (!door_place_look(of->door, asked, now_ms, &seen))
                return; /* it had one when it was gathered */
        *to = (PlekNeighbour){
                .location = of->place->location,
                .name = of->place->card.name,
                .phone_function = contact ? contact->function : NULL,
                .phone = contact ? contact->phone : NULL,
                .distance_m = from->distance_m,
                .state = seen.state,
                .why = (PlekDoorWhy)seen.why,
                .standing = (PlekStanding)seen.standing,
                .freshness = PLEK_NEVER,
                .age_ms = -1,
                .since_ms = seen.since_ms,
                .enrolled = (PlekEnrolled)of->trust,
                .opening = (PlekOpening)opening_of(of->place, asked->care),
                .n_exceptions = seen.n_exceptions,
        };
        memcpy(to->exceptions, seen.exceptions, seen.n_exceptions * sizeof(to->exceptions[0]));
        to->n_narrower = narrower_spell(seen.narrower, seen.n_narrower, to->narrower);
        if (seen.record) {
                to->freshness = (PlekFreshness)record_freshness(seen.record, now_ms);
                to->age_ms = record_age_ms(seen.record, now_ms);
        }
}

int plek_subscriber_neighbours(PlekSubscriber *subscriber, const PlekDoorScope *scope,
                               const PlekNeighbourRule *rule, PlekNeighbours *ret_neighbours)
{
        CLEANUP(candidates_deinit) Candidates places = { 0 };
        int64_t now_ms = subscriber_now_ms(subscriber, monotonic_us());
        NeighbourRule wanted = { 0 };
        const DoorScope asked = door_scope_of(scope);
        const DoorEntry *card;
        const DoorPlace *own;
        Neighbours found;
        int r;

        if (!scope->location)
                return err_raise(-EINVAL);
        door_book_settle(&subscriber->doors, now_ms);
        own = door_book_find(&subscriber->doors, (Status)scope->status, scope->location);
        card = own ? door_book_card(&subscriber->doors, replica_registry(subscriber->replica), own)
                   : NULL;
        if (!card || !card->has_position)
                return PLEK_E_NOT_FOUND;

        if (rule)
                wanted = (NeighbourRule){ rule->n_nearest, rule->within_m };
        r = map_need(subscriber, scope, rule, now_ms);
        if (!r)
                r = gather(subscriber, own, card, &asked, now_ms, &places);
        if (r)
                return r;
        neighbours_find(places.places, places.n_places, scope->location, card->latitude,
                        card->longitude, &wanted, &found);

        ret_neighbours->n_nearest = found.n_nearest;
        ret_neighbours->n_stopped = found.n_stopped;
        ret_neighbours->n_expired = found.n_expired;
        ret_neighbours->n_shut = found.n_shut;
        ret_neighbours->is_partial = !replica_has_all_doors(subscriber->replica);
        ret_neighbours->all_stopped = found.all_stopped && !ret_neighbours->is_partial;
        ret_neighbours->n_not_compared = places.n_not_compared;
        ret_neighbours->has_next = found.next.place != NULL;
        for (size_t i = 0; i < found.n_nearest; i++)
                spell(&places, &found.nearest[i], &asked, now_ms, &ret_neighbours->nearest[i]);
        if (found.next.place)
                spell(&places, &found.next, &asked, now_ms, &ret_neighbours->next);
        return 0;
}
