/*
 * What is said of a place: its card, and what it offers
 */

#include <string.h>

#include "wire/hours.h"
#include "wire/update-check.h"

typedef Plek__V1__LocationCard PbCard;
typedef Plek__V1__Offering PbOffering;

enum {
        LATITUDE_MAX_E7 = 900000000,
        LONGITUDE_MAX_E7 = 1800000000,
        PLAN_0_AHEAD_MAX_MS = 120 * 1000, /* as much as clocks may differ */
};

/* Neither is of a unit: @what has none. */
static int refuse_unit(const Update *update, UpdateCheck *check, const char *what)
{
        if (!update->unit)
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, "unit",
                            "%s is of the location as a whole and has no unit", what);
}

static int check_hours(UpdateCheck *check, const char *field, const char *text)
{
        const char *at, *why;
        Hours hours;

        if (hours_parse(&hours, text, &at, &why) == 0)
                return 0;
        return check_refuse(check, PLEK_REFUSED_FIELD, field,
                            "hours cannot be read at character %zu: %s", (size_t)(at - text) + 1,
                            why);
}

/* ------------------------------------------------------------------ card */

static int take_position(LocationCard *card, UpdateCheck *check, const PbCard *pb)
{
        if (pb->has_latitude_e7 != pb->has_longitude_e7)
                return check_refuse(check, PLEK_REFUSED_FIELD,
                                    pb->has_latitude_e7 ? "card.longitude_e7" : "card.latitude_e7",
                                    "missing; a position has both latitude and longitude");
        if (pb->latitude_e7 < -LATITUDE_MAX_E7 || pb->latitude_e7 > LATITUDE_MAX_E7)
                return check_refuse(check, PLEK_REFUSED_FIELD, "card.latitude_e7",
                                    "latitude is %.7f; it must be -90 to 90",
                                    pb->latitude_e7 / 1e7);
        if (pb->longitude_e7 < -LONGITUDE_MAX_E7 || pb->longitude_e7 > LONGITUDE_MAX_E7)
                return check_refuse(check, PLEK_REFUSED_FIELD, "card.longitude_e7",
                                    "longitude is %.7f; it must be -180 to 180",
                                    pb->longitude_e7 / 1e7);

        card->has_position = pb->has_latitude_e7;
        card->latitude_e7 = pb->latitude_e7;
        card->longitude_e7 = pb->longitude_e7;
        return 0;
}

static int take_contacts(LocationCard *card, UpdateCheck *check, const PbCard *pb)
{
        if (pb->n_contacts > CONTACTS_MAX)
                return check_refuse(check, PLEK_REFUSED_FIELD, "card.contacts",
                                    "%zu contacts; at most %d are allowed", pb->n_contacts,
                                    CONTACTS_MAX);

        for (size_t i = 0; i < pb->n_contacts; i++) {
                const Plek__V1__Contact *contact = pb->contacts[i];

                if (check_text(check, "card.contacts.function", contact->function, 1,
                               FUNCTION_MAX) ||
                    check_name(check, "card.contacts.phone", NAME_PHONE, contact->phone) ||
                    (contact->has_care && check_open(check, "card.contacts.care", contact->care)))
                        return UPDATE_E_REFUSED;
                card->contacts[i] = (Contact){
                        .function = contact->function,
                        .phone = contact->phone,
                        .care = contact->has_care ? contact->care : 0,
                };
        }
        card->n_contacts = pb->n_contacts;
        return 0;
}

/* Digits of the registers that have a fixed number of them. */
static int check_identifier(UpdateCheck *check, const char *scheme, const char *id)
{
        static const struct {
                const char *scheme;
                size_t n_digits;
        } registers[] = { { "agb", 8 }, { "ura", 8 }, { "oin", 20 } };

        for (size_t i = 0; i < N_ELEMENTS(registers); i++)
                if (!strcmp(scheme, registers[i].scheme) &&
                    (strlen(id) != registers[i].n_digits ||
                     strspn(id, "0123456789") != registers[i].n_digits))
                        return check_refuse(check, PLEK_REFUSED_FIELD, "card.identifiers.id",
                                            "'%s' is no %s, which has %zu digits", id, scheme,
                                            registers[i].n_digits);
        return 0;
}

static int take_identifiers(LocationCard *card, UpdateCheck *check, const PbCard *pb)
{
        if (pb->n_identifiers > IDENTIFIERS_MAX)
                return check_refuse(check, PLEK_REFUSED_FIELD, "card.identifiers",
                                    "%zu identifiers; at most %d are allowed", pb->n_identifiers,
                                    IDENTIFIERS_MAX);

        for (size_t i = 0; i < pb->n_identifiers; i++) {
                const char *scheme = pb->identifiers[i]->scheme, *id = pb->identifiers[i]->id;

                if (check_name(check, "card.identifiers.scheme", NAME_METHOD, scheme) ||
                    check_name(check, "card.identifiers.id", NAME_LOCATION, id) ||
                    check_identifier(check, scheme, id))
                        return UPDATE_E_REFUSED;
                card->identifiers[i] = (Identifier){ .scheme = scheme, .id = id };
        }
        card->n_identifiers = pb->n_identifiers;
        return 0;
}

static int take_card_hours(LocationCard *card, UpdateCheck *check, const PbCard *pb)
{
        if (pb->hours && !pb->time_zone)
                return check_refuse(check, PLEK_REFUSED_FIELD, "card.time_zone",
                                    "missing; opening hours are those of a time zone");
        if ((pb->hours && check_hours(check, "card.hours", pb->hours)) ||
            (pb->time_zone && check_name(check, "card.time_zone", NAME_TIME_ZONE, pb->time_zone)))
                return UPDATE_E_REFUSED;
        if (pb->time_zone && *pb->time_zone == '/')
                return check_refuse(check, PLEK_REFUSED_FIELD, "card.time_zone",
                                    "a time zone is %s, and no path", name_rule(NAME_TIME_ZONE));
        card->hours = pb->hours;
        card->time_zone = pb->time_zone;
        return 0;
}

int update_take_card(Update *update, UpdateCheck *check, const PbCard *pb)
{
        LocationCard *card = &update->card;

        if (refuse_unit(update, check, "a card") ||
            check_text(check, "card.name", pb->name, 1, CARD_NAME_MAX) ||
            check_name(check, "card.kind", NAME_LOCATION_KIND, pb->kind) ||
            take_position(card, check, pb) || take_contacts(card, check, pb) ||
            take_card_hours(card, check, pb) || take_identifiers(card, check, pb))
                return UPDATE_E_REFUSED;
        card->name = pb->name;
        card->kind = pb->kind;
        return 0;
}

/* ------------------------------------------------------------------ offering */

bool offering_begins_later(const Offering *offering, int64_t now_ms)
{
        return !offering->plan && offering->holds_from_ms != TIME_ABSENT &&
               offering->holds_from_ms > now_ms + PLAN_0_AHEAD_MAX_MS;
}

/* Plan 0 is what holds, so it has begun; any other is announced ahead and must say from when. */
static int check_period(const Update *update, UpdateCheck *check)
{
        const Offering *offering = &update->offering;

        if (offering->plan && offering->holds_from_ms == TIME_ABSENT)
                return check_refuse(check, PLEK_REFUSED_FIELD, "offering.holds_from_ms",
                                    "missing; plan %u must say from when it holds", offering->plan);
        if (offering_begins_later(offering, update->sent_at_ms))
                return check_refuse(check, PLEK_REFUSED_PERIOD, "offering.holds_from_ms", "%s",
                                    OFFERING_BEGINS_LATER);
        if (offering->holds_from_ms != TIME_ABSENT && offering->holds_until_ms != TIME_ABSENT &&
            offering->holds_until_ms <= offering->holds_from_ms)
                return check_refuse(check, PLEK_REFUSED_PERIOD, "offering.holds_until_ms",
                                    "it ends before it begins");
        return 0;
}

int update_take_offering(Update *update, UpdateCheck *check, const PbOffering *pb)
{
        Offering *offering = &update->offering;

        if (refuse_unit(update, check, "an offering") ||
            check_open(check, "offering.care", pb->care) ||
            (pb->level && check_name(check, "offering.level", NAME_DEFINITION, pb->level)) ||
            (pb->hours && check_hours(check, "offering.hours", pb->hours)) ||
            check_optional_time(&offering->holds_from_ms, check, "offering.holds_from_ms",
                                pb->has_holds_from_ms, pb->holds_from_ms) ||
            check_optional_time(&offering->holds_until_ms, check, "offering.holds_until_ms",
                                pb->has_holds_until_ms, pb->holds_until_ms))
                return UPDATE_E_REFUSED;

        offering->care = pb->care;
        offering->plan = pb->plan;
        offering->not_offered = !pb->offered;
        offering->level = pb->level;
        offering->hours = pb->hours;
        return check_period(update, check);
}
