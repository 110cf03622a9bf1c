#include "lib/door-book.h"

/*
 * What a place is to others: where it is, and how its door for a care is
 */

static const DoorEntry *newest_card(const DoorPlace *place)
{
        const DoorEntry *newest = NULL;

        list_for_each (link, &place->cards) {
                const DoorEntry *entry = list_entry(link, DoorEntry, in_place);

                if (!newest || entry->record->revision > newest->record->revision)
                        newest = entry;
        }
        return newest;
}

const DoorEntry *door_book_card(const DoorBook *book, const DoorPlace *place)
{
        const DoorEntry *card = newest_card(place);

        if (!card && place->status != STATUS_ACTUAL) {
                place = door_book_find(book, STATUS_ACTUAL, place->location);
                card = place ? newest_card(place) : NULL;
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
