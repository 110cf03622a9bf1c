/*
 * plek find: where a patient who needs a kind of care can be taken now
 *
 *         plek find --care ICU_ADULT --near 52.95,4.02 --need 1
 *         plek find --care ED --near duinzicht --for MULTITRAUMA --why
 */

#include <stdio.h>
#include <string.h>

#include "door-words.h"
#include "find-json.h"
#include "known-code.h"
#include "look.h"
#include "place-json.h"
#include "position.h"
#include "sentences.h"
#include "text.h"
#include "when.h"
#include "words.h"
#include "zone.h"

enum {
        SHOWN_DEFAULT = 20,
        E7 = 10 * 1000 * 1000,
        FAR_M = 300 * 1000,             /* nobody is taken this far by road */
        AHEAD_MS = 12 * 60 * 60 * 1000, /* of what is announced, this is about a patient of now */
};

typedef struct FindOptions {
        Common common;
        PlekFindOptions find;
        PlekSubscriberOptions subscriber;
        const char *near; /* a location, where it is not a position */
        bool has_near;
        bool why;
        size_t n_shown;
} FindOptions;

enum {
        OPTION_CARE = 0x100,
        OPTION_NEAR,
        OPTION_NEED,
        OPTION_FOR,
        OPTION_GROUP,
        OPTION_URGENCY,
        OPTION_WITHIN,
        OPTION_REGION,
        OPTION_STATUS,
        OPTION_ALL,
        OPTION_WHY,
};

static const struct argp_option options[] = {
        { "care", OPTION_CARE, "CARE", 0, "ICU_ADULT, ED, GP_POST, ...: required", 1 },
        { "near", OPTION_NEAR, "LAT,LON|LOCATION", 0, "Where the patient is: required", 1 },
        { "need", OPTION_NEED, "N", 0, "Free places at one location (1)", 1 },
        { "for", OPTION_FOR, "CODE[,CODE]", 0,
          "What the patient is: MULTITRAUMA, STROKE, CHILD, ...; reaches through a stop that "
          "excepts it",
          1 },
        { "group", OPTION_GROUP, "GROUP", 0, "WALK_IN, REFERRED, AMBULANCE, ADULT, CHILD", 1 },
        { "urgency", OPTION_URGENCY, "0-5", 0, "NTS urgency", 1 },
        { "within", OPTION_WITHIN, "KM", 0, "No further than this", 1 },
        { "region", OPTION_REGION, "[SCHEME:]ID", 0, "This region only", 1 },
        { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0, "One at a time (ACTUAL)", 1 },
        { "all", OPTION_ALL, NULL, 0, "Not only the first twenty", 1 },
        { "why", OPTION_WHY, NULL, 0, "Also what was left out, and why", 1 },
        { 0 },
};

static void exceptions_parse(FindOptions *o, char *text, struct argp_state *state)
{
        PlekFindOptions *find = &o->find;

        for (char *name; (name = strsep(&text, ","));) {
                if (find->n_exceptions == PLEK_EXCEPTIONS_MAX)
                        usage_error(state, "--for has at most %d codes", PLEK_EXCEPTIONS_MAX);
                find->exceptions[find->n_exceptions++] =
                        known_code(state, PLEK_CODES_EXCEPTION, "exception", name);
        }
}

static void near_parse(FindOptions *o, const char *text)
{
        o->has_near = true;
        o->near = position_parse(&o->find.latitude_e7, &o->find.longitude_e7, text) ? text : NULL;
}

static void number_parse(FindOptions *o, int key, const char *text, struct argp_state *state)
{
        char *end;
        double value = strtod(text, &end);
        bool is_number = end != text && !*end;

        if (key == OPTION_NEED) {
                if (!is_number || value < 1 || value > 100000 || value != (int32_t)value)
                        usage_error(state, "--need is 1 to 100000, not '%s'", text);
                o->find.need = (int32_t)value;
        } else if (key == OPTION_URGENCY) {
                if (!is_number || value < 0 || value > 5 || value != (uint32_t)value)
                        usage_error(state, "--urgency is 0 to 5, not '%s'", text);
                o->find.urgency = (uint32_t)value;
        } else {
                if (!is_number || !(value > 0) || value > 20100)
                        usage_error(state, "--within is in kilometres, as in 30, not '%s'", text);
                o->find.within_m = value * 1000;
        }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        FindOptions *o = state->input;
        uint32_t status;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_CARE:
                o->find.care = known_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_NEAR:
                near_parse(o, argument);
                return 0;
        case OPTION_NEED:
        case OPTION_URGENCY:
        case OPTION_WITHIN:
                number_parse(o, key, argument, state);
                return 0;
        case OPTION_FOR:
                exceptions_parse(o, argument, state);
                return 0;
        case OPTION_GROUP:
                o->find.patient_group =
                        known_code(state, PLEK_CODES_PATIENT_GROUP, "group", argument);
                return 0;
        case OPTION_REGION:
                region_parse(argument, &o->find.scheme, &o->find.region);
                return 0;
        case OPTION_STATUS:
                if (plek_code_parse(&status, PLEK_CODES_STATUS, argument))
                        usage_error(state, "--status is ACTUAL, EXERCISE or TEST, not '%s'",
                                    argument);
                o->find.status = (PlekStatus)status;
                o->subscriber.with_test = status == PLEK_STATUS_TEST;
                return 0;
        case OPTION_ALL:
                o->n_shown = SIZE_MAX;
                return 0;
        case OPTION_WHY:
                o->why = true;
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        case ARGP_KEY_END:
                if (!o->find.care || !o->has_near)
                        usage_error(state, "find needs --care and --near");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ for people */

/* How old what the door says is, and from where; beside counts, theirs is what counts. */
static void say_door_age(const PlekFound *found, Language language, Text *text)
{
        char age[DURATION_TEXT_BYTES];

        if (found->has_counts || found->door_age_ms < 0)
                return;
        duration_format(found->door_age_ms, age);
        text_add(text, " · %s", age);
        if (found->door_source)
                text_add(text, " %s", label(PLEK_CODES_SOURCE, found->door_source, language));
}

static void say_door(const PlekFound *found, Language language, Text *text)
{
        char when[WHEN_TEXT_BYTES];

        if (found->door_why) {
                unknown_door_words(found->door_why, found->door_since_ms, language, text);
                return;
        }
        text_add(text, "%s", label(PLEK_CODES_DOOR_STATE, found->door_state, language));
        if (found->door_standing == PLEK_EXPIRED)
                text_add(text, " (%s)", word(language, "expired"));
        exceptions_words(found->door_exceptions, found->n_door_exceptions, language, text);
        narrower_words(found->door_narrower, found->n_door_narrower, language, text);
        if (found->door_reason)
                text_add(text, " · %s", label(PLEK_CODES_REASON, found->door_reason, language));
        if (found->door_since_ms != PLEK_NO_TIME) {
                when_format_near(found->door_since_ms, when);
                text_add(text, " · %s %s", word(language, "since"), when);
        }
        if (found->door_ends_at_ms != PLEK_NO_TIME) {
                when_format_near(found->door_ends_at_ms, when);
                text_add(text, " · %s %s", word(language, "until"), when);
        }
        say_door_age(found, language, text);
}

/* "stop from 21:00, until 23:00 except multitrauma": what is open now and may not be on arrival. */
static void say_plan(const PlekFound *found, int64_t now_ms, Language language, Text *text)
{
        if (!found->plan_state || found->plan_starts_at_ms - now_ms > AHEAD_MS)
                return;
        text_add(text, " · ");
        plan_at_words(found->plan_state, found->plan_starts_at_ms, found->plan_ends_at_ms, language,
                      text);
        exceptions_words(found->plan_exceptions, found->n_plan_exceptions, language, text);
}

/* Who says so: of the free places, or else of the door. */
static const char *who(const PlekFound *found)
{
        const char *party = found->has_counts ? found->party : found->door_party;
        const PlekPlace *place = found->place;

        return party && place->party_name && !strcmp(party, place->party) ? place->party_name
                                                                          : party;
}

static void say_counts(const PlekFound *found, Language language, Text *text)
{
        char age[DURATION_TEXT_BYTES];

        if (!found->has_counts) {
                withdrawn_places_words(found->counts_withdrawn_ms, language, text);
                return;
        }
        duration_format(found->age_ms, age);
        if (found->free_known)
                text_add(text, "%d %s", found->free, word(language, "free"));
        else
                text_add(text, "%s", word(language, "places: not said"));
        text_add(text, ", %s", age);
        if (found->source)
                text_add(text, ", %s", label(PLEK_CODES_SOURCE, found->source, language));
}

static void say_name(const PlekFound *found, Text *text)
{
        text_add(text, "%s", place_name(found->place));
        if (found->label || found->unit)
                text_add(text, ", %s", found->label ? found->label : found->unit);
        for (size_t i = 0; i < found->n_units; i++) {
                const PlekFoundUnit *unit = &found->units[i];

                text_add(text, "%s %s %d", i ? " +" : ",", unit->label ? unit->label : unit->unit,
                         unit->free);
        }
}

static void say_found(const PlekFound *found, size_t n, int64_t now_ms, Language language)
{
        char line[TEXT_COLUMNS_MAX], part[256];
        Text text = { line, sizeof(line) }, piece = { part, sizeof(part) };

        *line = *part = '\0';
        if (found->rank == PLEK_FIND_LEFT_OUT)
                text_add(&text, "     ");
        else
                text_add(&text, "%3zu  ", n);
        if (found->distance_m >= 0)
                text_add(&text, "%6.1f km  ", found->distance_m / 1000);
        else
                text_add(&text, "%6s km  ", "?");
        say_name(found, &piece);
        text_add_padded(&text, part, 36);
        piece = (Text){ part, sizeof(part) };
        *part = '\0';
        say_counts(found, language, &piece);
        text_add_padded(&text, part, 28);
        if (found->contact)
                text_add(&text, "%s %s  ", found->contact->phone, found->contact->function);
        say_door(found, language, &text);
        say_plan(found, now_ms, language, &text);
        if (who(found))
                text_add(&text, "  [%s]", who(found));
        if (found->rank == PLEK_FIND_LEFT_OUT)
                text_add(&text, "  <- %s", word(language, find_left_out[found->why].text));
        for (const FindDoubt *doubt = find_doubts; doubt->name; doubt++)
                if (found->doubts & doubt->doubt && found->rank != PLEK_FIND_LEFT_OUT &&
                    !(doubt->doubt & (PLEK_DOUBT_DOOR_UNKNOWN | PLEK_DOUBT_DOOR_EXPIRED |
                                      PLEK_DOUBT_DOOR_NARROWER)))
                        text_add(&text, "  ~%s", word(language, doubt->text));
        puts(line);
}

static void say_head(const PlekFindAnswer *answer, const FindOptions *o, size_t n_ranked)
{
        Language language = o->common.language;
        char when[WHEN_TEXT_BYTES];

        when_format(answer->now_ms, when);
        printf("%s  %s %d %s  %.4f,%.4f  %s%s\n", label(PLEK_CODES_CARE, o->find.care, language),
               word(language, "wanted: at least"), o->find.need, word(language, "free"),
               o->find.latitude_e7 / 1e7, o->find.longitude_e7 / 1e7, when,
               status_mark(o->find.status, language));
        if (!n_ranked)
                puts(word(language, "nowhere"));
}

static void say_answer(const PlekFindAnswer *answer, const FindOptions *o)
{
        size_t n_ranked = answer->n_found - answer->n_left_out;
        PlekFindRank rank = 0;

        if (!o->common.json)
                say_head(answer, o, n_ranked);
        for (size_t i = 0; i < answer->n_found; i++) {
                const PlekFound *found = &answer->found[i];

                if (found->rank == PLEK_FIND_LEFT_OUT ? !o->why : i >= o->n_shown)
                        continue;
                if (o->common.json) {
                        print_json_line(found_to_json(found, o->find.status, i + 1));
                        continue;
                }
                if (found->rank != rank)
                        puts(word(o->common.language, find_rank_words[found->rank]));
                rank = found->rank;
                say_found(found, i + 1, answer->now_ms, o->common.language);
        }
        if (o->common.json)
                return;
        if (n_ranked > o->n_shown)
                printf("... %zu (--all)\n", n_ranked - o->n_shown);
        if (answer->n_left_out && !o->why)
                printf("%s: %zu (--why)\n", word(o->common.language, "left out"),
                       answer->n_left_out);
}

/* ------------------------------------------------------------------ a position that is far off */

/* To the nearest that gives this care, taken in or left out; negative: none says where it is. */
static double nearest_m(const PlekFindAnswer *answer)
{
        double nearest = -1;

        for (size_t i = 0; i < answer->n_found; i++) {
                double m = answer->found[i].distance_m;

                if (m >= 0 && (nearest < 0 || m < nearest))
                        nearest = m;
        }
        return nearest;
}

/* Longitude and latitude are easily swapped, and the answer is then a list like any other. */
static bool is_near_swapped(const PlekSubscriber *subscriber, const FindOptions *o)
{
        PlekFindOptions swapped = o->find;
        PlekFindAnswer *answer;
        double m;

        swapped.latitude_e7 = o->find.longitude_e7;
        swapped.longitude_e7 = o->find.latitude_e7;
        if (swapped.latitude_e7 < -90 * E7 || swapped.latitude_e7 > 90 * E7 ||
            plek_subscriber_find(subscriber, &swapped, &answer))
                return false;
        m = nearest_m(answer);
        plek_find_answer_free(answer);
        return m >= 0 && m <= FAR_M;
}

static void warn_far(const PlekSubscriber *subscriber, const PlekFindAnswer *answer,
                     const FindOptions *o)
{
        Language language = o->common.language;
        double m = nearest_m(answer);

        if (m <= FAR_M)
                return;
        if (is_near_swapped(subscriber, o))
                fail(EXIT_DONE, "*** %s: %.0f km. %s --near %.4f,%.4f?",
                     word(language, "the nearest is far from there"), m / 1000,
                     word(language, "Is it"), o->find.longitude_e7 / 1e7,
                     o->find.latitude_e7 / 1e7);
        else
                fail(EXIT_DONE, "*** %s: %.0f km. %s",
                     word(language, "the nearest is far from there"), m / 1000,
                     word(language, "--near is latitude,longitude."));
}

/* ------------------------------------------------------------------ the command */

/* --near LOCATION: where its card says it is. */
static int find_near(const PlekSubscriber *subscriber, FindOptions *o)
{
        const PlekMapOptions options_of_map = { .status = o->find.status };
        PlekMap *map;
        int r;

        if (!o->near)
                return EXIT_DONE;
        r = plek_subscriber_map(subscriber, &options_of_map, &map);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        r = PLEK_E_NOT_FOUND;
        for (size_t i = 0; i < map->n_places; i++)
                if (!strcmp(map->places[i].location, o->near) && map->places[i].card.has_position) {
                        o->find.latitude_e7 = map->places[i].card.latitude_e7;
                        o->find.longitude_e7 = map->places[i].card.longitude_e7;
                        r = EXIT_DONE;
                }
        plek_map_free(map);
        return r ? fail(EXIT_REFUSED,
                        "--near is LAT,LON as in 52.95,4.02, or a location whose "
                        "card says where it is; '%s' is neither.",
                        o->near)
                 : EXIT_DONE;
}

int command_find(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "Where a patient can be taken now, ranked: free first, then unconfirmed, "
                       "unknown and full; within each the nearest first.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        FindOptions o = { .find = PLEK_FIND_INIT, .n_shown = SHOWN_DEFAULT };
        PlekFindAnswer *answer;
        int r;

        o.find.clock = zone_minute;
        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = look_open(&peer, &subscriber, &o.common, &o.subscriber, NULL, NULL);
        if (!r)
                r = look_ready(&peer, subscriber, &o.common);
        if (!r)
                r = look_needs_region(subscriber, o.find.scheme, o.find.region);
        if (!r)
                r = find_near(subscriber, &o);
        if (r)
                return r;
        look_warn(subscriber, &o.common);
        r = plek_subscriber_find(subscriber, &o.find, &answer);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        warn_far(subscriber, answer, &o);
        say_answer(answer, &o);
        plek_find_answer_free(answer);
        return EXIT_DONE;
}
