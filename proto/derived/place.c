#include <string.h>

#include "derived/places-internal.h"
#include "wire/hours.h"

/* ------------------------------------------------------------------ what a record says */

static void copy_card(Keep *keep, LocationCard *to, const LocationCard *from)
{
        *to = *from;
        to->name = keep_text(keep, from->name);
        to->kind = keep_text(keep, from->kind);
        to->hours = keep_text(keep, from->hours);
        to->time_zone = keep_text(keep, from->time_zone);
        for (size_t i = 0; i < from->n_contacts; i++) {
                to->contacts[i].function = keep_text(keep, from->contacts[i].function);
                to->contacts[i].phone = keep_text(keep, from->contacts[i].phone);
        }
        for (size_t i = 0; i < from->n_identifiers; i++) {
                to->identifiers[i].scheme = keep_text(keep, from->identifiers[i].scheme);
                to->identifiers[i].id = keep_text(keep, from->identifiers[i].id);
        }
}

static void take_card(Gathering *g, Place *place, const Record *record, const char *party,
                      PartyTrust trust, const Update *update)
{
        CardWord word = card_word(g->registry, record);
        bool is_of_status = record->status == g->scope->status;

        if (place->has_card && word.is_distrusted == place->card_word.is_distrusted &&
            is_of_status != place->card_is_of_status) {
                if (!is_of_status)
                        return;
        } else if (place->has_card && !card_leads(&word, &place->card_word)) {
                return;
        }

        place->has_card = true;
        place->card_is_of_status = is_of_status;
        place->party = party;
        place->region = record->topic->topic.region;
        place->trust = trust;
        place->card_word = word;
        copy_card(&g->places->keep, &place->card, &update->card);
}

static void take_offer(Gathering *g, Place *place, const Record *record, const char *party,
                       PartyTrust trust, const Update *update)
{
        PlaceOffer *offer = &place->offers[place->n_offers++];
        Keep *keep = &g->places->keep;

        *offer = (PlaceOffer){
                .party = keep_text(keep, party),
                .offering = update->offering,
                .trust = trust,
                .since_ms = record->since_ms,
                .revision = record->revision,
                .changes_in_min = -1,
        };
        offer->offering.level = keep_text(keep, update->offering.level);
        offer->offering.hours = keep_text(keep, update->offering.hours);
}

static void take_counts(Gathering *g, Place *place, const Record *record, const char *party,
                        PartyTrust trust, const Update *update)
{
        PlaceCounts *counts = &place->counts[place->n_counts++];
        Keep *keep = &g->places->keep;

        *counts = (PlaceCounts){
                .party = keep_text(keep, party),
                .unit = keep_text(keep, update->unit),
                .label = keep_text(keep, update->label),
                .definition = keep_text(keep, update->definition),
                .trust = trust,
                .freshness = record_freshness(record, g->scope->now_ms),
                .age_ms = record_age_ms(record, g->scope->now_ms),
                .since_ms = record->since_ms,
                .source = update->source,
                .flags = record->flags,
        };
        counts->free_known =
                counts_available(&update->counts, &counts->free, &counts->free_computed);
}

static void take_door(Gathering *g, Place *place, const Record *record, const char *party,
                      PartyTrust trust, const Update *update)
{
        Keep *keep = &g->places->keep;
        Door *door = keep_alloc(keep, 1, sizeof(*door));
        size_t n = place->n_words++;

        if (!door)
                return;
        *door = update->door;
        place->words[n] = (DoorWord){
                .door = door,
                .unit = keep_text(keep, update->unit),
                .party = keep_text(keep, party),
                .since_ms = record->since_ms,
                .withdrawn_ms = TIME_ABSENT,
                .is_distrusted = trust == PARTY_DISTRUSTED,
        };
        place->doors[n] = (PlaceDoor){
                .trust = trust,
                .freshness = record_freshness(record, g->scope->now_ms),
                .age_ms = record_age_ms(record, g->scope->now_ms),
                .source = update->source,
                .text = keep_text(keep, update->door.text),
                .authorised_by = keep_text(keep, update->door.authorised_by),
        };
        door->text = place->doors[n].text;
        door->authorised_by = place->doors[n].authorised_by;
}

int place_take(Gathering *g, const Item *item)
{
        const Record *record = item->record;
        const char *party, *location;
        PartyTrust trust;
        RecordRef ref;
        Update update;
        int r;

        r = record_decode(record, g->arena, &update);
        if (r)
                return r;
        record_describe(record, &party, &location, &ref);
        trust = party_trust(registry_find(g->registry, party), record->revision,
                            record->received_at_ms, g->scope->now_ms);
        switch (record->report) {
        case UPDATE_CARD:
                take_card(g, item->place, record, party, trust, &update);
                break;
        case UPDATE_OFFERING:
                take_offer(g, item->place, record, party, trust, &update);
                break;
        case UPDATE_COUNTS:
                take_counts(g, item->place, record, party, trust, &update);
                break;
        default:
                take_door(g, item->place, record, party, trust, &update);
        }
        return g->places->keep.failed ? err_raise(-ENOMEM) : 0;
}

void place_take_gone(Gathering *g, Place *place, const PlacesGone *gone, const char *party,
                     const RecordRef *ref)
{
        Keep *keep = &g->places->keep;
        Door *door;

        if (ref->report == UPDATE_COUNTS) {
                place->counts_gone_ms = MAX(place->counts_gone_ms, gone->at_ms);
                return;
        }
        door = keep_alloc(keep, 1, sizeof(*door));
        if (!door)
                return;
        *door = (Door){
                .care = ref->care,
                .patient_group = ref->patient_group,
                .urgency = ref->urgency,
                .plan = ref->plan,
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = TIME_ABSENT,
                .review_at_ms = TIME_ABSENT,
        };
        place->words[place->n_words++] = (DoorWord){
                .door = door,
                .unit = keep_text(keep, ref->unit),
                .party = keep_text(keep, party),
                .withdrawn_ms = gone->at_ms,
        };
}

/* ------------------------------------------------------------------ each place, when all is there
 */

static int compare_texts(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) : !!a - !!b; /* none before any */
}

static int compare_counts(const void *a, const void *b)
{
        const PlaceCounts *x = a, *y = b;
        int order = compare_texts(x->unit, y->unit);

        if (!order)
                order = (x->trust == PARTY_DISTRUSTED) - (y->trust == PARTY_DISTRUSTED);
        if (!order)
                order = (x->freshness > y->freshness) - (x->freshness < y->freshness);
        if (!order)
                order = (x->since_ms < y->since_ms) - (x->since_ms > y->since_ms);
        return order ? order : strcmp(x->party, y->party);
}

static int compare_offers(const void *a, const void *b)
{
        const PlaceOffer *x = a, *y = b;
        uint32_t x_plan = x->offering.plan, y_plan = y->offering.plan;
        int order = (x->offering.care > y->offering.care) - (x->offering.care < y->offering.care);

        if (!order)
                order = strcmp(x->party, y->party);
        return order ? order : (x_plan > y_plan) - (x_plan < y_plan);
}

/* TIME_ABSENT is before all times. */
static bool began_later(const PlaceOffer *a, const PlaceOffer *b)
{
        int64_t x = a->offering.holds_from_ms, y = b->offering.holds_from_ms;

        return x != y ? x > y : a->offering.plan > b->offering.plan;
}

void place_hold_at(Place *place, int64_t at_ms)
{
        PlaceOffer *best = NULL;

        for (size_t i = 0; i < place->n_offers; i++) {
                PlaceOffer *offer = &place->offers[i];

                offer->standing = offering_standing(&offer->offering, at_ms);
                offer->holds = false;
                if (best && (best->offering.care != offer->offering.care ||
                             strcmp(best->party, offer->party) != 0))
                        best = NULL;
                if (offer->standing != DOOR_STANDS || (best && !began_later(offer, best)))
                        continue;
                if (best)
                        best->holds = false;
                best = offer;
                best->holds = true;
        }
}

/* Most places have the clock of the one before. */
static int minute_at(Gathering *g, const char *zone)
{
        if (!zone || !g->scope->clock)
                return -1;
        if (!g->zone || strcmp(g->zone, zone) != 0) {
                g->zone = zone;
                if (!g->scope->clock(g->scope->clock_arg, zone, places_at_ms(g->scope), &g->minute))
                        g->minute = -1;
        }
        return g->minute;
}

static PlaceOpening opening_of(const char *text, int minute, int *ret_changes_in_min)
{
        const char *at, *why;
        Hours hours;

        *ret_changes_in_min = -1;
        if (!text || minute < 0 || hours_parse(&hours, text, &at, &why))
                return PLACE_OPENING_UNKNOWN;
        *ret_changes_in_min = hours_until_change(&hours, minute);
        return hours_are_open(&hours, minute) ? PLACE_IS_OPEN : PLACE_IS_SHUT;
}

static void complete_hours(Gathering *g, Place *place)
{
        int minute = minute_at(g, place->has_card ? place->card.time_zone : NULL);

        place->opening = opening_of(place->card.hours, minute, &place->changes_in_min);
        for (size_t i = 0; i < place->n_offers; i++) {
                PlaceOffer *offer = &place->offers[i];
                const char *hours =
                        offer->offering.hours ? offer->offering.hours : place->card.hours;

                offer->opening = opening_of(hours, minute, &offer->changes_in_min);
        }
}

/* Names and regions are in the registry, which changes under an answer's feet: they are copied. */
static void complete_names(Gathering *g, Place *place)
{
        const Party *party = registry_find(g->registry, place->party);
        Keep *keep = &g->places->keep;
        const LocationGrant *grant;
        Region *regions;

        place->party = keep_text(keep, place->party);
        place->region = keep_text(keep, place->region);
        if (!party || !party->newest)
                return;
        place->party_name = keep_text(keep, party->newest->enrolment->name);
        grant = party_grant(party, place->location);
        if (!grant)
                return;
        regions = keep_alloc(keep, grant->n_regions, sizeof(*regions));
        for (size_t i = 0; regions && i < grant->n_regions; i++)
                regions[i] = (Region){ keep_text(keep, grant->regions[i].scheme),
                                       keep_text(keep, grant->regions[i].id) };
        place->regions = regions;
        place->n_regions = regions ? grant->n_regions : 0;
}

/* Whoever had the key in hands may have put a number of their own on it. */
static void forget_card(Place *place)
{
        place->card = (LocationCard){ .name = place->card.name, .kind = place->card.kind };
}

void place_complete(Gathering *g, Place *place)
{
        if (place->has_card && place->trust == PARTY_DISTRUSTED)
                forget_card(place);
        if (place->n_counts)
                qsort(place->counts, place->n_counts, sizeof(*place->counts), compare_counts);
        for (size_t i = 1; i < place->n_counts; i++)
                place->counts[i].is_doubled =
                        !compare_texts(place->counts[i - 1].unit, place->counts[i].unit);
        if (place->n_offers)
                qsort(place->offers, place->n_offers, sizeof(*place->offers), compare_offers);
        place_hold_at(place, places_at_ms(g->scope));
        complete_hours(g, place);
        complete_names(g, place);
}

/* ------------------------------------------------------------------ asked of a place */

bool place_offers(const Place *place, uint32_t care, bool *ret_said)
{
        *ret_said = false;
        for (size_t i = 0; i < place->n_offers; i++) {
                const PlaceOffer *offer = &place->offers[i];

                if (offer->offering.care != care || !offer->holds ||
                    offer->trust == PARTY_DISTRUSTED)
                        continue;
                *ret_said = true;
                if (!offer->offering.not_offered)
                        return true;
        }
        return false;
}

bool place_has_door(const Place *place, uint32_t care, bool *ret_said)
{
        *ret_said = false;
        for (size_t i = 0; i < place->n_words; i++) {
                const DoorWord *word = &place->words[i];

                if (word->door->care != care || word->withdrawn_ms != TIME_ABSENT)
                        continue;
                *ret_said = true;
                if (!word->is_distrusted)
                        return true;
        }
        return false;
}

PlaceOpening place_opening(const Place *place, uint32_t care)
{
        PlaceOpening opening = PLACE_OPENING_UNKNOWN;
        bool is_offered = false;

        for (size_t i = 0; i < place->n_offers; i++) {
                const PlaceOffer *offer = &place->offers[i];

                if (offer->offering.care != care || !offer->holds || offer->offering.not_offered ||
                    offer->trust == PARTY_DISTRUSTED)
                        continue;
                is_offered = true;
                if (offer->opening == PLACE_IS_OPEN || opening == PLACE_OPENING_UNKNOWN)
                        opening = offer->opening;
        }
        return is_offered ? opening : place->opening;
}

const Contact *place_contact(const Place *place, uint32_t care)
{
        return card_contact(&place->card, care);
}

bool place_is_in(const Place *place, const char *scheme, const char *region)
{
        if (!scheme)
                return !strcmp(place->region, region);
        for (size_t i = 0; i < place->n_regions; i++)
                if (!strcmp(place->regions[i].scheme, scheme) &&
                    !strcmp(place->regions[i].id, region))
                        return true;
        return false;
}
