#include "place-json.h"

#include "json-set.h"
#include "words.h"

const char *place_name(const PlekPlace *place)
{
        return place->has_card ? place->card.name : place->location;
}

const char *opening_name(PlekOpening opening)
{
        return opening == PLEK_OPENING_OPEN ? "OPEN" : opening == PLEK_OPENING_SHUT ? "SHUT" : NULL;
}

static void set_opening(json_t *object, PlekOpening opening, int changes_in_min)
{
        json_set_string(object, "opening", opening_name(opening));
        if (changes_in_min >= 0)
                json_object_set_new(object, "opening_changes_in_min", json_integer(changes_in_min));
}

json_t *offer_to_json(const PlekOffer *offer)
{
        const PlekRecord record = {
                .standing = offer->standing,
                .report = { .kind = PLEK_REPORT_OFFERING, .offering = offer->offering },
        };
        json_t *object = offering_to_json(&record);

        json_set_string(object, "party", offer->party);
        json_object_set_new(object, "holds", json_boolean(offer->holds));
        json_object_set_new(object, "since_ms", json_integer(offer->since_ms));
        json_object_set_new(object, "revision", json_integer((json_int_t)offer->revision));
        json_object_set_new(object, "enrolled", json_string(enrolled_name(offer->enrolled)));
        set_opening(object, offer->opening, offer->changes_in_min);
        return object;
}

json_t *place_to_json(const PlekPlace *place)
{
        json_t *offers = json_array();
        json_t *object =
                json_pack("{s:s, s:s?, s:o}", "location", place->location, "region", place->region,
                          "regions", regions_to_json(place->regions, place->n_regions));

        json_set_string(object, "party", place->party);
        json_set_string(object, "party_name", place->party_name);
        if (place->has_card) {
                json_object_set_new(object, "enrolled",
                                    json_string(enrolled_name(place->enrolled)));
                json_object_set_new(object, "card", card_to_json(&place->card));
        }
        set_opening(object, place->opening, place->changes_in_min);
        for (size_t i = 0; i < place->n_offers; i++)
                json_array_append_new(offers, offer_to_json(&place->offers[i]));
        json_object_set_new(object, "offerings", offers);
        return object;
}
