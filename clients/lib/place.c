#include "lib/place.h"

#include "lib/report.h"

static_assert((int)PLEK_OPENING_UNKNOWN == (int)PLACE_OPENING_UNKNOWN &&
                      (int)PLEK_OPENING_OPEN == (int)PLACE_IS_OPEN &&
                      (int)PLEK_OPENING_SHUT == (int)PLACE_IS_SHUT,
              "opening");

static PlekOffer *offers_show(const Place *place, Keep *keep)
{
        PlekOffer *offers = keep_alloc(keep, place->n_offers, sizeof(*offers));

        for (size_t i = 0; offers && i < place->n_offers; i++) {
                const PlaceOffer *from = &place->offers[i];

                offers[i] = (PlekOffer){
                        .party = from->party,
                        .standing = (PlekStanding)from->standing,
                        .holds = from->holds,
                        .enrolled = (PlekEnrolled)from->trust,
                        .since_ms = from->since_ms,
                        .revision = from->revision,
                        .opening = (PlekOpening)from->opening,
                        .changes_in_min = from->changes_in_min,
                };
                offering_from_wire(&from->offering, &offers[i].offering);
        }
        return offers;
}

void place_show(const Place *place, Keep *keep, PlekPlace *ret_place)
{
        *ret_place = (PlekPlace){
                .location = place->location,
                .region = place->region,
                .regions = (const PlekRegion *)place->regions,
                .n_regions = place->n_regions,
                .party = place->party,
                .party_name = place->party_name,
                .has_card = place->has_card,
                .enrolled = (PlekEnrolled)place->trust,
                .opening = (PlekOpening)place->opening,
                .changes_in_min = place->changes_in_min,
                .offers = offers_show(place, keep),
                .n_offers = place->n_offers,
        };
        if (place->has_card)
                card_from_wire(&place->card, &ret_place->card);
}

const PlekContact *place_show_contact(const Place *place, const PlekPlace *shown, uint32_t care)
{
        const Contact *contact = place_contact(place, care);

        return contact ? &shown->card.contacts[contact - place->card.contacts] : NULL;
}

PlekPlace *places_show(const Places *places, Keep *keep)
{
        PlekPlace *shown = keep_alloc(keep, places->n_places, sizeof(*shown));

        for (size_t i = 0; shown && i < places->n_places; i++)
                place_show(places->places[i], keep, &shown[i]);
        return shown;
}

static bool next_gone(void *arg, const void **cursor, PlacesGone *ret_gone)
{
        const Withdrawn *withdrawn = replica_next_withdrawn(arg, *cursor);

        if (!withdrawn)
                return false;
        *cursor = withdrawn;
        *ret_gone = (PlacesGone){ &withdrawn->key, withdrawn->region, withdrawn->at_ms };
        return true;
}

PlacesMemory place_memory(const Replica *replica)
{
        return (PlacesMemory){ next_gone, (void *)replica };
}
