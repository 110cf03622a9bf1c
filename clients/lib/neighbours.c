#include <stdio.h>
#include <string.h>

#include "derived/places.h"
#include "lib/subscriber-internal.h"
#include "plek/plek.h"

/*
 * Neighbours: every location that has a door for the same care, by distance
 */

typedef struct Candidates {
        NeighbourPlace *places;
        const DoorPlace **at;
        size_t n_places;
        size_t n_not_compared;
} Candidates;

static void candidates_deinit(Candidates *places)
{
        free(places->places);
        free(places->at);
}

static int candidates_reserve(Candidates *places)
{
        size_t n = places->n_places;

        if (n & (n - 1))
                return 0;
        n = n ? 2 * n : 1;
        places->places = reallocarray(places->places, n, sizeof(*places->places));
        places->at = reallocarray(places->at, n, sizeof(DoorPlace *));
        return places->places && places->at ? 0 : err_raise(-ENOMEM);
}

static bool is_doubtful(const DoorSeen *seen, int64_t now_ms)
{
        return seen->standing == DOOR_REOPENED || seen->n_narrower ||
               (seen->record && record_freshness(seen->record, now_ms) != FRESHNESS_FRESH);
}

static int gather(const PlekSubscriber *subscriber, const DoorPlace *own, const DoorEntry *own_card,
                  const DoorScope *asked, int64_t now_ms, Candidates *places)
{
        const DoorBook *book = &subscriber->doors;
        DoorSeen seen;
        int r;

        for (const DoorPlace *place = door_book_next(book, NULL); place;
             place = door_book_next(book, place)) {
                bool has_door = place->status == own->status &&
                                door_place_look(place, asked, now_ms, &seen);
                const DoorEntry *card = has_door ? door_book_card(book, place) : NULL;

                if (asked->care == CODE_ABSENT && place != own && place->status == own->status &&
                    place->n_words > place->n_withdrawn && !has_door)
                        places->n_not_compared++;

                if (!card || !card->has_position ||
                    (asked->care == CODE_ABSENT &&
                     strcmp(card->location_kind, own_card->location_kind)))
                        continue;
                r = candidates_reserve(places);
                if (r)
                        return r;
                places->at[places->n_places] = place;
                places->places[places->n_places++] = (NeighbourPlace){
                        .location = place->location,
                        .latitude = card->latitude,
                        .longitude = card->longitude,
                        .state = seen.state,
                        .is_expired = seen.standing == DOOR_EXPIRED,
                        .is_doubtful = is_doubtful(&seen, now_ms),
                };
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
        contact = card_contact(&update.card, care);
        if (contact) {
                snprintf(ret_names->function, sizeof(ret_names->function), "%s", contact->function);
                snprintf(ret_names->phone, sizeof(ret_names->phone), "%s", contact->phone);
        }
        return 0;
}

static int spell(PlekSubscriber *subscriber, const Candidates *places, const Neighbour *from,
                 const DoorScope *asked, int64_t now_ms, PlaceNames *names, PlekNeighbour *to)
{
        const DoorPlace *place = places->at[from->place - places->places];
        DoorSeen seen;
        int r;

        if (!door_place_look(place, asked, now_ms, &seen))
                return 0; /* it had one when it was gathered */
        r = place_names(subscriber, door_book_card(&subscriber->doors, place), asked->care, names);
        if (r)
                return r;
        *to = (PlekNeighbour){
                .location = place->location,
                .name = names->name,
                .phone_function = *names->phone ? names->function : NULL,
                .phone = *names->phone ? names->phone : NULL,
                .distance_m = from->distance_m,
                .state = seen.state,
                .why = (PlekDoorWhy)seen.why,
                .standing = (PlekStanding)seen.standing,
                .freshness = PLEK_NEVER,
                .age_ms = -1,
                .since_ms = seen.since_ms,
                .n_exceptions = seen.n_exceptions,
        };
        memcpy(to->exceptions, seen.exceptions, seen.n_exceptions * sizeof(to->exceptions[0]));
        to->n_narrower = narrower_spell(seen.narrower, seen.n_narrower, to->narrower);
        if (seen.record) {
                to->freshness = (PlekFreshness)record_freshness(seen.record, now_ms);
                to->age_ms = record_age_ms(seen.record, now_ms);
        }
        return 0;
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
        card = own ? door_book_card(&subscriber->doors, own) : NULL;
        if (!card || !card->has_position)
                return PLEK_E_NOT_FOUND;

        if (rule)
                wanted = (NeighbourRule){ rule->n_nearest, rule->within_m };
        r = gather(subscriber, own, card, &asked, now_ms, &places);
        if (r)
                return r;
        neighbours_find(places.places, places.n_places, scope->location, card->latitude,
                        card->longitude, &wanted, &found);

        if (!subscriber->names)
                subscriber->names = calloc(NEIGHBOURS_MAX + 1, sizeof(PlaceNames));
        if (!subscriber->names)
                return err_raise(-ENOMEM);
        ret_neighbours->n_nearest = found.n_nearest;
        ret_neighbours->n_stopped = found.n_stopped;
        ret_neighbours->n_expired = found.n_expired;
        ret_neighbours->is_partial = !replica_has_all_doors(subscriber->replica);
        ret_neighbours->all_stopped = found.all_stopped && !ret_neighbours->is_partial;
        ret_neighbours->n_not_compared = places.n_not_compared;
        ret_neighbours->has_next = found.next.place != NULL;
        for (size_t i = 0; !r && i < found.n_nearest; i++)
                r = spell(subscriber, &places, &found.nearest[i], &asked, now_ms,
                          &subscriber->names[i], &ret_neighbours->nearest[i]);
        if (!r && found.next.place)
                r = spell(subscriber, &places, &found.next, &asked, now_ms,
                          &subscriber->names[NEIGHBOURS_MAX], &ret_neighbours->next);
        return r;
}
