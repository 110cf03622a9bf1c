#include <string.h>

#include "lib/report.h"
#include "lib/subscriber-internal.h"
#include "plek/plek.h"

/*
 * Doors and neighbours, as a program asks for them
 */

static_assert(PLEK_DOOR_UNKNOWN == DOOR_UNKNOWN, "unknown");
static_assert((int)PLEK_DOOR_IS_NOT_SHARED == (int)DOOR_WHY_AUDIENCE &&
                      (int)PLEK_DOOR_HAS_EXPIRED == (int)DOOR_WHY_EXPIRED,
              "why");
static_assert((int)PLEK_DOOR_LEADS == (int)DOOR_LEADS &&
                      (int)PLEK_DOOR_DISCARDED == (int)DOOR_DISCARDED,
              "parts");
static_assert((int)PLEK_NARROWER_MAX == (int)DOOR_NARROWER_MAX, "narrower");
static_assert((int)PLEK_NEIGHBOURS_MAX == (int)NEIGHBOURS_MAX, "neighbours");

/* ------------------------------------------------------------------ leading */

DoorScope door_scope_of(const PlekDoorScope *scope)
{
        return (DoorScope){
                .unit = scope->unit,
                .care = scope->care,
                .patient_group = scope->patient_group,
                .urgency = scope->urgency,
        };
}

/* Words of a place that is not there: none. */
static DoorQuestion ask(const PlekSubscriber *subscriber, const PlekDoorScope *scope,
                        uint32_t exception, const DoorPlace **ret_place)
{
        static const DoorPlace nowhere;
        const DoorPlace *place;

        place = scope->location
                        ? door_book_find(&subscriber->doors, (Status)scope->status, scope->location)
                        : NULL;
        *ret_place = place ? place : &nowhere;
        return (DoorQuestion){ .scope = door_scope_of(scope), .exception = exception };
}

static size_t count_others(const DoorPlace *place, const DoorQuestion *question, int64_t now_ms,
                           const DoorLead *lead)
{
        size_t n = 0;

        for (size_t i = 0; i < place->n_words; i++) {
                DoorPart part = door_part(place->words, place->n_words, i, question, now_ms, lead);

                n += part == DOOR_HOLDS || part == DOOR_OVERRULED;
        }
        return n;
}

size_t narrower_spell(const DoorNarrower *narrower, size_t n_narrower,
                      PlekNarrowerDoor ret_narrower[PLEK_NARROWER_MAX])
{
        for (size_t i = 0; i < n_narrower; i++)
                ret_narrower[i] = (PlekNarrowerDoor){
                        .patient_group = narrower[i].patient_group,
                        .urgency = narrower[i].urgency,
                        .state = narrower[i].state,
                        .standing = (PlekStanding)narrower[i].standing,
                };
        return n_narrower;
}

static void spell_lead(const DoorLead *lead, PlekLeadingDoor *door)
{
        door->state = lead->state;
        door->why = (PlekDoorWhy)lead->why;
        door->standing = (PlekStanding)lead->standing;
        door->since_ms = lead->since_ms;
        door->ends_at_ms = lead->ends_at_ms;
        memcpy(door->exceptions, lead->exceptions,
               lead->n_exceptions * sizeof(door->exceptions[0]));
        door->n_exceptions = lead->n_exceptions;
        door->plan_starts_at_ms = door->plan_ends_at_ms = PLEK_NO_TIME;
        if (!lead->plan)
                return;
        door->plan_state = lead->plan->door->state;
        door->plan_starts_at_ms = lead->plan->door->starts_at_ms;
        door->plan_ends_at_ms = lead->plan->door->ends_at_ms;
}

static int spell_place(PlekSubscriber *subscriber, RecordRoom *room, const DoorPlace *place,
                       PlekLeadingDoor *door)
{
        const Registry *registry = replica_registry(subscriber->replica);
        const DoorEntry *card = door_book_card(&subscriber->doors, registry, place);
        const PlaceNames *names = &room->names;
        int r;

        r = place_names(subscriber, card, door->scope.care, &room->names);
        if (r)
                return r;
        door->name = *names->name ? names->name : NULL;
        door->phone_function = *names->phone ? names->function : NULL;
        door->phone = *names->phone ? names->phone : NULL;
        door->card_party = *names->party ? names->party : NULL;
        return 0;
}

static int leading_door(PlekSubscriber *subscriber, RecordRoom *room, const PlekDoorScope *scope,
                        PlekLeadingDoor *ret_door)
{
        int64_t now_ms = subscriber_now_ms(subscriber, monotonic_us()), next_ms;
        PlekLeadingDoor door = { .scope = *scope, .changes_at_ms = PLEK_NO_TIME };
        const DoorPlace *place;
        DoorQuestion question = ask(subscriber, scope, 0, &place);
        DoorNarrower narrower[DOOR_NARROWER_MAX];
        DoorLead lead, next;
        size_t n_narrower;
        int r;

        r = place->n_key ? spell_place(subscriber, room, place, &door) : 0;
        if (r)
                return r;
        door_lead(place->words, place->n_words, &question, now_ms, &lead);
        spell_lead(&lead, &door);
        n_narrower =
                door_narrower(place->words, place->n_words, &question, now_ms, &lead, narrower);
        door.n_narrower = narrower_spell(narrower, n_narrower, door.narrower);
        door.n_others = count_others(place, &question, now_ms, &lead);
        if (lead.word) {
                door.has_record = true;
                r = record_spell(subscriber, room, place->entries[lead.word - place->words]->record,
                                 &door.record);
                if (r)
                        return r;
        }
        next_ms = door_next_lead(place->words, place->n_words, &question, now_ms, &next);
        if (next_ms != INT64_MAX) {
                door.changes_at_ms = next_ms;
                door.changes_to = next.state;
        }
        *ret_door = door;
        return 0;
}

int plek_subscriber_leading_door(PlekSubscriber *subscriber, const PlekDoorScope *scope,
                                 PlekLeadingDoor *ret_door)
{
        if (!scope->location)
                return err_raise(-EINVAL);
        return leading_door(subscriber, &subscriber->looked_up, scope, ret_door);
}

uint32_t plek_subscriber_door_for(PlekSubscriber *subscriber, const PlekDoorScope *scope,
                                  uint32_t exception)
{
        const DoorPlace *place;
        DoorQuestion question = ask(subscriber, scope, exception, &place);
        DoorLead lead;

        door_lead(place->words, place->n_words, &question,
                  subscriber_now_ms(subscriber, monotonic_us()), &lead);
        return lead.state;
}

/* ------------------------------------------------------------------ all that apply */

int plek_subscriber_next_door(PlekSubscriber *subscriber, const PlekDoorScope *scope,
                              PlekCursor *cursor, PlekRecord *ret_record, PlekDoorPart *ret_part)
{
        int64_t now_ms = subscriber_now_ms(subscriber, monotonic_us());
        const DoorPlace *place;
        DoorQuestion question = ask(subscriber, scope, 0, &place);
        DoorLead lead;

        door_lead(place->words, place->n_words, &question, now_ms, &lead);
        while (cursor->part < place->n_words) {
                size_t i = cursor->part++;
                DoorPart part =
                        door_part(place->words, place->n_words, i, &question, now_ms, &lead);

                if (part == DOOR_ELSEWHERE || !place->entries[i]->record)
                        continue;
                *ret_part = (PlekDoorPart)part;
                return record_spell(subscriber, &subscriber->looked_up, place->entries[i]->record,
                                    ret_record);
        }
        return PLEK_E_END;
}

static void spell_scope(const DoorPlace *place, const DoorScope *scope, PlekDoorScope *ret_scope)
{
        *ret_scope = (PlekDoorScope){
                .status = (PlekStatus)place->status,
                .location = place->location,
                .unit = scope->unit,
                .care = scope->care,
                .patient_group = scope->patient_group,
                .urgency = scope->urgency,
        };
}

/* The @n-th scope of a place that a door is held of. */
static const DoorScopeSeen *nth_scope(const DoorPlace *place, unsigned n)
{
        list_for_each (link, &place->scopes) {
                const DoorScopeSeen *scope = list_entry(link, DoorScopeSeen, in_place);

                if (scope->is_held && n-- == 0)
                        return scope;
        }
        return NULL;
}

int plek_subscriber_next_scope(PlekSubscriber *subscriber, PlekCursor *cursor,
                               PlekDoorScope *ret_scope)
{
        const DoorPlace *place = cursor->at;
        const DoorScopeSeen *scope;

        door_book_settle(&subscriber->doors, subscriber_now_ms(subscriber, monotonic_us()));
        if (!place)
                place = door_book_next(&subscriber->doors, NULL);
        for (; place; place = door_book_next(&subscriber->doors, place), cursor->part = 0) {
                cursor->at = place;
                scope = nth_scope(place, cursor->part);
                if (!scope)
                        continue;
                cursor->part++;
                spell_scope(place, &scope->seen.scope, ret_scope);
                return 0;
        }
        cursor->part = UINT32_MAX; /* it stays at the last place's end */
        return PLEK_E_END;
}

/* ------------------------------------------------------------------ telling */

int doors_tell(PlekSubscriber *subscriber, int64_t now_us)
{
        DoorBook *book = &subscriber->doors;
        PlekLeadingDoor door;
        PlekDoorScope scope;
        DoorPlace *place;
        DoorSeen seen;
        int r;

        if (book->is_short)
                return err_raise(-ENOMEM);
        /* Before the picture is whole for the first time, what leads may not have come yet. */
        subscriber->doors_whole |= replica_is_in_sync(subscriber->replica);
        if (!subscriber->doors_whole)
                return 0;

        door_book_settle(book, subscriber_now_ms(subscriber, now_us));
        while (door_book_next_untold(book, &place, &seen)) {
                if (!subscriber->callbacks.door)
                        continue;
                spell_scope(place, &seen.scope, &scope);
                r = leading_door(subscriber, &subscriber->told, &scope, &door);
                if (r)
                        return r;
                subscriber->callbacks.door(subscriber->arg, &door);
        }
        return book->is_short ? err_raise(-ENOMEM) : 0;
}
