/*
 * plek map: which care is given where, at what level and when
 */

#include <stdio.h>
#include <string.h>

#include "json-set.h"
#include "known-code.h"
#include "look.h"
#include "place-json.h"
#include "sentences.h"
#include "text.h"
#include "when.h"
#include "words.h"
#include "zone.h"

typedef struct MapOptions {
        Common common;
        PlekMapOptions map;
        PlekSubscriberOptions subscriber;
} MapOptions;

enum { OPTION_CARE = 0x100, OPTION_REGION, OPTION_STATUS };

static const struct argp_option options[] = {
        { "care", OPTION_CARE, "CARE", 0, "Who gives this care", 1 },
        { "region", OPTION_REGION, "[SCHEME:]ID", 0,
          "This region only; rav:waterkant for one of another scheme than the home region", 1 },
        { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0, "One at a time (ACTUAL)", 1 },
        { 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
        MapOptions *o = state->input;
        uint32_t status;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_CARE:
                o->map.care = known_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_REGION:
                region_parse(argument, &o->map.scheme, &o->map.region);
                return 0;
        case OPTION_STATUS:
                if (plek_code_parse(&status, PLEK_CODES_STATUS, argument))
                        usage_error(state, "--status is ACTUAL, EXERCISE or TEST, not '%s'",
                                    argument);
                o->map.status = (PlekStatus)status;
                o->subscriber.with_test = status == PLEK_STATUS_TEST;
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ for people */

static void say_opening(Text *text, PlekOpening opening, Language language)
{
        if (opening != PLEK_OPENING_UNKNOWN)
                text_add(text, " (%s)",
                         word(language, opening == PLEK_OPENING_OPEN ? "open now" : "shut now"));
}

static void say_offer(const PlekPlace *place, const PlekOffer *offer, Language language)
{
        static const char *const standings[] = {
                [PLEK_ANNOUNCED] = "announced",
                [PLEK_OVER] = "over",
        };
        const PlekOffering *offering = &offer->offering;
        char line[TEXT_COLUMNS_MAX], when[WHEN_TEXT_BYTES];
        Text text = { line, sizeof(line) };

        *line = '\0';
        text_add(&text, "  %c ",
                 offer->holds                        ? ' '
                 : offer->standing == PLEK_ANNOUNCED ? '>'
                                                     : '.');
        text_add_padded(&text, label(PLEK_CODES_CARE, offering->care, language), 28);
        text_add(&text, "%s", word(language, offering->not_offered ? "not offered" : "offered"));
        if (offering->level)
                text_add(&text, " · %s %s", word(language, "level"), offering->level);
        if (offering->hours) {
                text_add(&text, " · %s", offering->hours);
                say_opening(&text, offer->opening, language);
        }
        if (offering->holds_from_ms != PLEK_NO_TIME) {
                when_format(offering->holds_from_ms, when);
                text_add(&text, " · %s %s", word(language, "from"), when);
        }
        if (offering->holds_until_ms != PLEK_NO_TIME) {
                when_format(offering->holds_until_ms, when);
                text_add(&text, " · %s %s", word(language, "until"), when);
        }
        if (!offer->holds)
                text_add(&text, " (%s)",
                         word(language, offer->standing == PLEK_STANDS
                                                ? "superseded"
                                                : standings[offer->standing]));
        if (strcmp(offer->party, place->party) != 0)
                text_add(&text, "  [%s]", offer->party);
        if (offer->enrolled != PLEK_ENROLLED)
                text_add(&text, "  %s",
                         word(language, offer->enrolled == PLEK_DISTRUSTED ? "distrusted"
                                                                           : "no longer enrolled"));
        puts(line);
}

static void say_place(const PlekPlace *place, Language language)
{
        const PlekLocationCard *card = &place->card;
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        *line = '\0';
        text_add(&text, "%s", place_name(place));
        if (place->has_card)
                text_add(&text, " (%s)  %s", card->kind, place->location);
        text_add(&text, "  %s", place->region ? place->region : "-");
        for (size_t i = 0; i < place->n_regions; i++)
                text_add(&text, "  %s:%s", place->regions[i].scheme, place->regions[i].id);
        if (card->has_position)
                text_add(&text, "  %.4f,%.4f", card->latitude_e7 / 1e7, card->longitude_e7 / 1e7);
        if (card->hours) {
                text_add(&text, "  %s", card->hours);
                say_opening(&text, place->opening, language);
        }
        if (place->has_card && place->enrolled != PLEK_ENROLLED)
                text_add(&text, "  %s",
                         word(language, place->enrolled == PLEK_DISTRUSTED ? "distrusted"
                                                                           : "no longer enrolled"));
        puts(line);

        for (size_t i = 0; i < card->n_contacts; i++) {
                const PlekContact *contact = &card->contacts[i];

                text = (Text){ line, sizeof(line) };
                *line = '\0';
                text_add(&text, "    %s %s%s%s", contact->phone, contact->function,
                         contact->care ? ", " : "",
                         contact->care ? label(PLEK_CODES_CARE, contact->care, language) : "");
                puts(line);
        }
        for (size_t i = 0; i < place->n_offers; i++)
                say_offer(place, &place->offers[i], language);
        if (!place->n_offers)
                printf("  - %s\n", word(language, "no offering is said"));
}

/* ------------------------------------------------------------------ the command */

static json_t *with_status(json_t *object, PlekStatus status)
{
        json_set_code(object, "status", PLEK_CODES_STATUS, status ? status : PLEK_STATUS_ACTUAL);
        return object;
}

static int say_map(const PlekSubscriber *subscriber, const MapOptions *o)
{
        PlekMap *map;
        int r;

        r = plek_subscriber_map(subscriber, &o->map, &map);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        if (!o->common.json && *status_mark(o->map.status, o->common.language))
                puts(status_mark(o->map.status, o->common.language) + strlen("  "));
        for (size_t i = 0; i < map->n_places; i++) {
                const PlekPlace *place = &map->places[i];

                if (o->map.care && !place->n_offers)
                        continue;
                if (o->common.json)
                        print_json_line(with_status(place_to_json(place), o->map.status));
                else
                        say_place(place, o->common.language);
        }
        plek_map_free(map);
        return EXIT_DONE;
}

int command_map(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "Which care is given where, at what level and when: not whether there is "
                       "room. What is announced stands beside what holds, marked >.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        MapOptions o = { .map.clock = zone_minute };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = look_open(&peer, &subscriber, &o.common, &o.subscriber, NULL, NULL);
        if (!r)
                r = look_ready(&peer, subscriber, &o.common);
        if (!r)
                r = look_needs_region(subscriber, o.map.scheme, o.map.region);
        if (r)
                return r;
        look_warn(subscriber, &o.common);
        return say_map(subscriber, &o);
}
