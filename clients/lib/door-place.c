#include "derived/card.h"
#include "lib/door-book.h"

/*
 * What a place is to others: where it is, and how its door for a care is
 */

/* One that is distrusted says neither where it is nor whom to call. */
static const DoorEntry *leading_card(const Registry *registry, const DoorPlace *place)
{
        const DoorEntry *leading = NULL;
        CardWord best;

        list_for_each (link, &place->cards) {
                const DoorEntry *entry = list_entry(link, DoorEntry, in_place);
                CardWord word = card_word(registry, entry->record);

                if (word.is_distrusted || (leading && !card_leads(&word, &best)))
                        continue;
                leading = entry;
                best = word;
        }
        return leading;
}

const DoorEntry *door_book_card(const DoorBook *book, const Registry *registry,
                                const DoorPlace *place)
{
        const DoorEntry *card = leading_card(registry, place);

        if (!card && place->status != STATUS_ACTUAL) {
                place = door_book_find(book, STATUS_ACTUAL, place->location);
                card = place ? leading_card(registry, place) : NULL;
        }
        return card;
}

const DoorSeen *door_place_for_care(const DoorPlace *place, uint32_t care)
{
        const DoorSeen *best = NULL;

        list_for_each (link, &place->scopes) {
                const DoorScopeSeen *scope = list_entry(link, DoorScopeSeen, in_place);
                const DoorSeen *seen = &scope->seen;

                if (!scope->is_held || seen->scope.care != care ||
                    seen->scope.patient_group != CODE_ABSENT || seen->scope.urgency != CODE_ABSENT)
                        continue;
                if (!seen->scope.unit)
                        return seen;
                if (care != CODE_ABSENT &&
                    (!best || door_strictness(seen->state) < door_strictness(best->state)))
                        best = seen;
        }
        return best;
}

/* A door of the care, for these patients as well. */
static bool is_for(const DoorScope *scope, const DoorScope *asked)
{
        return scope->care == asked->care &&
               (scope->patient_group == CODE_ABSENT ||
                scope->patient_group == asked->patient_group) &&
               (scope->urgency == CODE_ABSENT || scope->urgency == asked->urgency);
}

static bool look_narrow(const DoorPlace *place, const DoorScope *asked, int64_t now_ms,
                        DoorSeen *ret_seen)
{
        bool has_one = false;
        DoorSeen seen;

        list_for_each (link, &place->scopes) {
                const DoorScopeSeen *scope = list_entry(link, DoorScopeSeen, in_place);
                DoorScope one = *asked;

                one.unit = scope->seen.scope.unit;
                if (!scope->is_held || !is_for(&scope->seen.scope, asked) ||
                    (one.unit && asked->care == CODE_ABSENT))
                        continue;
                door_place_see(place, &one, now_ms, &seen);
                if (!has_one || !one.unit ||
                    door_strictness(seen.state) < door_strictness(ret_seen->state))
                        *ret_seen = seen;
                if (!one.unit)
                        return true;
                has_one = true;
        }
        return has_one;
}

bool door_place_look(const DoorPlace *place, const DoorScope *asked, int64_t now_ms,
                     DoorSeen *ret_seen)
{
        const DoorSeen *seen;

        if (asked->patient_group != CODE_ABSENT || asked->urgency != CODE_ABSENT)
                return look_narrow(place, asked, now_ms, ret_seen);
        seen = door_place_for_care(place, asked->care);
        if (seen)
                *ret_seen = *seen;
        return seen;
}
