/*
 * plek put card and plek put offering: what is said of a place
 *
 *         plek put card --location duinzicht --name "Ziekenhuis Duinzicht" --kind V6
 *         plek put offering --location duinzicht --care ED --level 2 --hours 24/7
 *         plek put offering --location duinzicht --care ED --plan 1 --not-offered --from 2027-01-01
 */

#include <stdio.h>
#include <string.h>

#include "position.h"
#include "put.h"

/* "FUNCTION=NUMBER", or "FUNCTION@CARE=NUMBER" for whom to call about one care. */
static void phone_parse(PutOptions *o, char *text, struct argp_state *state)
{
        PlekLocationCard *card = &o->report.card;
        char *phone = text, *care = strsep(&phone, "="), *function = strsep(&care, "@");
        PlekContact *contact = &card->contacts[card->n_contacts];

        if (!phone || card->n_contacts == PLEK_CONTACTS_MAX)
                usage_error(state, "--phone is FUNCTION=NUMBER, at most %d times",
                            PLEK_CONTACTS_MAX);
        *contact = (PlekContact){ .function = function, .phone = phone };
        if (care)
                contact->care = put_code(state, PLEK_CODES_CARE, "care", care);
        card->n_contacts++;
}

static void identifier_parse(PutOptions *o, char *text, struct argp_state *state)
{
        PlekLocationCard *card = &o->report.card;
        char *id = text, *scheme = strsep(&id, "=");

        if (!id || card->n_identifiers == PLEK_IDENTIFIERS_MAX)
                usage_error(state, "--identifier is SCHEME=ID, at most %d times",
                            PLEK_IDENTIFIERS_MAX);
        card->identifiers[card->n_identifiers++] = (PlekIdentifier){ scheme, id };
}

bool put_card_parse(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        PlekLocationCard *card = &o->report.card;

        switch (key) {
        case PUT_NAME:
                card->name = argument;
                return true;
        case PUT_KIND:
                card->kind = argument;
                return true;
        case PUT_POSITION:
                if (position_parse(&card->latitude_e7, &card->longitude_e7, argument))
                        usage_error(state, "--position is LAT,LON in degrees, as in 52.95,4.02");
                card->has_position = true;
                return true;
        case PUT_PHONE:
                phone_parse(o, argument, state);
                return true;
        case PUT_HOURS:
                card->hours = argument;
                return true;
        case PUT_TIME_ZONE:
                card->time_zone = argument;
                return true;
        case PUT_IDENTIFIER:
                identifier_parse(o, argument, state);
                return true;
        default:
                return false;
        }
}

bool put_offering_parse(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        PlekOffering *offering = &o->report.offering;

        switch (key) {
        case PUT_LEVEL:
                offering->level = argument;
                return true;
        case PUT_HOURS:
                offering->hours = argument;
                return true;
        case PUT_NOT_OFFERED:
                offering->not_offered = true;
                return true;
        case PUT_PLAN:
                offering->plan = (uint32_t)put_number(state, "--plan", argument, UINT32_MAX);
                return true;
        case PUT_FROM:
                offering->holds_from_ms = put_time(state, o, argument);
                return true;
        case PUT_UNTIL:
                offering->holds_until_ms = put_time(state, o, argument);
                return true;
        default:
                return false;
        }
}
