/*
 * plek door: can a patient be brought there, who says so, since when, and whom to call
 */

#include <stdio.h>
#include <string.h>

#include "door-json.h"
#include "door-rows.h"
#include "door-watch.h"
#include "door-words.h"
#include "known-code.h"
#include "look.h"
#include "neighbour-options.h"
#include "sentences.h"
#include "when.h"
#include "seen.h"
#include "words.h"

typedef struct DoorOptions {
        Common common;
        PlekDoorScope scope; /* status 0: actual, or else what there is */
        uint32_t exception;
        PlekNeighbourRule neighbours;
        bool is_narrowed; /* one scope is asked about, not all of the location's */
} DoorOptions;

enum {
        OPTION_UNIT = 0x100,
        OPTION_CARE,
        OPTION_GROUP,
        OPTION_URGENCY,
        OPTION_STATUS,
        OPTION_EXCEPTION,
};

static uint32_t code(struct argp_state *state, PlekCodeList list, const char *what,
                     const char *name)
{
        return known_code(state, list, what, name);
}

static bool scope_parse(DoorOptions *o, int key, char *argument, struct argp_state *state)
{
        switch (key) {
        case OPTION_UNIT:
                o->scope.unit = argument;
                break;
        case OPTION_CARE:
                o->scope.care = code(state, PLEK_CODES_CARE, "care", argument);
                break;
        case OPTION_GROUP:
                o->scope.patient_group = code(state, PLEK_CODES_PATIENT_GROUP, "group", argument);
                break;
        case OPTION_URGENCY:
                if (*argument < '0' || *argument > '5' || argument[1])
                        usage_error(state, "--urgency is 0 to 5, not '%s'", argument);
                o->scope.urgency = (uint32_t)(*argument - '0');
                break;
        default:
                return false;
        }
        o->is_narrowed = true;
        return true;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        DoorOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                state->child_inputs[1] = &o->neighbours;
                return 0;
        case OPTION_STATUS:
                o->scope.status = code(state, PLEK_CODES_STATUS, "status", argument);
                return 0;
        case OPTION_EXCEPTION:
                o->exception = code(state, PLEK_CODES_EXCEPTION, "exception", argument);
                return 0;
        case ARGP_KEY_ARG:
                if (o->scope.location)
                        usage_error(state, "'%s' is too much", argument);
                o->scope.location = argument;
                return 0;
        case ARGP_KEY_END:
                if (!o->scope.location)
                        usage_error(state, "which location?");
                return 0;
        default:
                return scope_parse(o, key, argument, state) ? 0 : ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ one scope */

/* Where another party says it than the door: who. */
static void print_phone(const PlekLeadingDoor *door, Language language)
{
        bool is_others = !door->has_record || strcmp(door->card_party, door->record.party) != 0;

        text_print("  %s: %s %s", word(language, "call"), door->phone_function, door->phone);
        if (is_others)
                text_print(" (%s: %s)", word(language, "says"), door->card_party);
        puts("");
}

static void print_who(const PlekRecord *record, Language language)
{
        char line[TEXT_COLUMNS_MAX], age[DURATION_TEXT_BYTES];
        const PlekDoor *door = &record->report.door;
        Text text = { line, sizeof(line) };

        text_add(&text, "  %s: %s", word(language, "says"),
                 record->party_name ? record->party_name : record->party);
        if (door->authorised_by)
                text_add(&text, ", %s", door->authorised_by);
        if (record->report.source)
                text_add(&text, ", %s", label(PLEK_CODES_SOURCE, record->report.source, language));
        duration_format(record->age_ms, age);
        text_add(&text, ", %s", age);
        if (record->freshness != PLEK_FRESH)
                text_add(&text, " (%s)",
                         word(language, record->freshness == PLEK_STALE ? "stale" : "silent"));
        if (record->enrolled != PLEK_ENROLLED)
                text_add(&text, ", %s", word(language, "no longer enrolled"));
        puts(line);
        if (door->reason || door->text)
                text_print("  %s: %s%s%s\n", word(language, "because of"),
                           door->reason ? label(PLEK_CODES_REASON, door->reason, language) : "",
                           door->reason && door->text ? ", " : "", door->text ? door->text : "");
        if (door->review_at_ms != PLEK_NO_TIME) {
                when_format_soon(door->review_at_ms, language, age);
                printf("  %s: %s\n", word(language, "looked at again"), age);
        }
}

static void print_leading(const PlekLeadingDoor *door, const DoorOptions *o, uint32_t state_for)
{
        Language language = o->common.language;
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        scope_words(&door->scope, language, &text);
        text_add(&text, ": ");
        leading_words(door, language, &text);
        if (door->scope.status != PLEK_STATUS_ACTUAL)
                text_add(&text, "  [%s]",
                         word(language,
                              door->scope.status == PLEK_STATUS_EXERCISE ? "exercise" : "test"));
        puts(line);
        if (o->exception)
                printf("  %s %s: %s\n", word(language, "for"),
                       label(PLEK_CODES_EXCEPTION, o->exception, language),
                       door_state_words(state_for, language));
        if (door->has_record)
                print_who(&door->record, language);
        if (door->phone)
                print_phone(door, language);
        text = (Text){ line, sizeof(line) };
        plan_words(door, language, &text);
        if (door->plan_state != PLEK_DOOR_UNKNOWN)
                printf("  %s: %s\n", word(language, "ahead"), line);
}

static const char *part_word(PlekDoorPart part)
{
        static const char *const words[] = {
                [PLEK_DOOR_LEADS] = "leads",
                [PLEK_DOOR_HOLDS] = "applies as well",
                [PLEK_DOOR_OVERRULED] = "overruled by a narrower one stated later",
                [PLEK_DOOR_AHEAD] = "announced",
                [PLEK_DOOR_PAST] = "over",
                [PLEK_DOOR_DISCARDED] = "does not count: distrusted",
        };

        return words[part];
}

/* All that apply beside the one that leads. */
static int print_others(PlekSubscriber *subscriber, const PlekDoorScope *scope, Language language)
{
        PlekCursor cursor = { 0 };
        PlekDoorPart part;
        PlekRecord record;
        Row row;
        int r;

        while (!(r = plek_subscriber_next_door(subscriber, scope, &cursor, &record, &part))) {
                if (part == PLEK_DOOR_LEADS)
                        continue;
                row_make(&row, &record, language, -1, 0);
                text_print("  %s  %s  (%s)\n", row.text,
                           record.party_name ? record.party_name : record.party,
                           word(language, part_word(part)));
        }
        return r == PLEK_E_END ? 0 : r;
}

/* Of one care, or of the location as a whole; @named: which it is is said. */
static int print_neighbours(PlekSubscriber *subscriber, const PlekDoorScope *scope, bool named,
                            const DoorOptions *o)
{
        Language language = o->common.language;
        PlekNeighbours neighbours;
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };
        int r;

        r = plek_subscriber_neighbours(subscriber, scope, &o->neighbours, &neighbours);
        if (r == PLEK_E_NOT_FOUND)
                return 0; /* nobody says where it is */
        if (r || (named && !neighbours.n_nearest && !neighbours.has_next))
                return r; /* nobody else gives it, or says so by a door */
        if (named)
                text_add(&text, "%s: ", label(PLEK_CODES_CARE, scope->care, language));
        neighbours_words(&neighbours, language, &text);
        printf("  %s\n", line);
        for (size_t i = 0; i < neighbours.n_nearest; i++) {
                text = (Text){ line, sizeof(line) };
                neighbour_words(&neighbours.nearest[i], language, &text);
                printf("    %s\n", line);
        }
        return 0;
}

static int print_seen(PlekSubscriber *subscriber, const PlekRecord *record, Language language)
{
        char line[TEXT_COLUMNS_MAX] = "";
        Text text = { line, sizeof(line) };
        int r;

        r = seen_words(subscriber, record, language, &text);
        if (!r && *line)
                puts(line);
        return r;
}

static int show_text(PlekSubscriber *subscriber, const PlekDoorScope *scope, const DoorOptions *o)
{
        uint32_t state_for = plek_subscriber_door_for(subscriber, scope, o->exception);
        PlekLeadingDoor door;
        DoorAsks asks;
        int r;

        r = plek_subscriber_leading_door(subscriber, scope, &door);
        if (r)
                return r;
        print_leading(&door, o, state_for);
        door_asks(subscriber, &door, 0, &asks);
        if (door.has_record)
                r = print_seen(subscriber, &door.record, o->common.language);
        if (r)
                return r;
        r = print_others(subscriber, scope, o->common.language);
        for (size_t i = 0; !r && i < asks.n_scopes; i++)
                r = print_neighbours(subscriber, &asks.scopes[i],
                                     asks.scopes[i].care != scope->care, o);
        return r;
}

/* Who asks about one care is told of the neighbours whatever its door is. */
static int set_neighbours(json_t *object, PlekSubscriber *subscriber, const PlekDoorScope *scope,
                          const DoorOptions *o)
{
        PlekNeighbours neighbours;
        int r;

        r = plek_subscriber_neighbours(subscriber, scope, &o->neighbours, &neighbours);
        if (!r)
                json_object_set_new(object, "neighbours", neighbours_to_json(&neighbours));
        return r == PLEK_E_NOT_FOUND ? 0 : r;
}

static int show_json(PlekSubscriber *subscriber, const PlekDoorScope *scope, const DoorOptions *o)
{
        CLEANUP(json_decrefp) json_t *object = NULL;
        json_t *all = json_array();
        PlekCursor cursor = { 0 };
        PlekLeadingDoor door;
        PlekDoorPart part;
        PlekRecord record;
        int r;

        r = plek_subscriber_leading_door(subscriber, scope, &door);
        if (r)
                return r;
        object = leading_to_json(&door);
        if (door.has_record) {
                r = seen_json(object, subscriber, &door.record);
                if (r)
                        return r;
        }
        if (o->exception) {
                uint32_t state = plek_subscriber_door_for(subscriber, scope, o->exception);
                const char *name = plek_code_name(PLEK_CODES_DOOR_STATE, state);

                json_object_set_new(object, "state_for", json_string(name ? name : "UNKNOWN"));
        }
        json_object_set_new(object, "all", all);
        while (!(r = plek_subscriber_next_door(subscriber, scope, &cursor, &record, &part))) {
                json_t *one = record_to_json(&record);

                json_object_set_new(one, "part", json_string(door_part_name(part)));
                json_array_append_new(all, one);
        }
        if (r != PLEK_E_END)
                return r;
        r = scope->care != PLEK_ANY ? set_neighbours(object, subscriber, scope, o)
                                    : neighbours_set(object, subscriber, &door, 0, &o->neighbours);
        if (r)
                return r;
        print_json_line(STEAL(object));
        return 0;
}

/* ------------------------------------------------------------------ all that were asked about */

/* Copies: what a scope points to ends with the next look. */
typedef struct Scopes {
        PlekDoorScope *scopes;
        size_t n_scopes;
} Scopes;

static void scopes_deinit(Scopes *scopes)
{
        for (size_t i = 0; i < scopes->n_scopes; i++)
                free((char *)scopes->scopes[i].unit);
        free(scopes->scopes);
}

static int scopes_add(Scopes *scopes, const PlekDoorScope *scope, const char *location)
{
        PlekDoorScope *more = reallocarray(scopes->scopes, scopes->n_scopes + 1, sizeof(*more));

        if (!more)
                return err_raise(-ENOMEM);
        scopes->scopes = more;
        more[scopes->n_scopes] = *scope;
        more[scopes->n_scopes].location = location;
        more[scopes->n_scopes].unit = scope->unit ? strdup(scope->unit) : NULL;
        if (scope->unit && !more[scopes->n_scopes].unit)
                return err_raise(-ENOMEM);
        scopes->n_scopes++;
        return 0;
}

static int compare_scopes(const void *a, const void *b)
{
        const PlekDoorScope *x = a, *y = b;
        /* Wide before narrow: what is not narrowed is the largest number. */
        uint32_t left[] = { x->status, ~x->care, ~x->patient_group, ~x->urgency };
        uint32_t right[] = { y->status, ~y->care, ~y->patient_group, ~y->urgency };

        for (size_t i = 0; i < N_ELEMENTS(left); i++)
                if (left[i] != right[i])
                        return (left[i] > right[i]) - (left[i] < right[i]);
        return strcmp(x->unit ? x->unit : "", y->unit ? y->unit : "");
}

static int list_scopes(Scopes *scopes, PlekSubscriber *subscriber, const DoorOptions *o)
{
        PlekCursor cursor = { 0 };
        PlekDoorScope scope;
        int r = 0;

        if (o->is_narrowed && o->scope.status)
                return scopes_add(scopes, &o->scope, o->scope.location);
        while (!r && !plek_subscriber_next_scope(subscriber, &cursor, &scope)) {
                if (strcmp(scope.location, o->scope.location) ||
                    (o->scope.status && scope.status != o->scope.status))
                        continue;
                if (!o->is_narrowed) {
                        r = scopes_add(scopes, &scope, o->scope.location);
                } else if (!scopes->n_scopes || scope.status < scopes->scopes[0].status) {
                        /* Asked about one scope: actual, if anything actual is said. */
                        scopes_deinit(scopes);
                        *scopes = (Scopes){ 0 };
                        r = scopes_add(scopes, &o->scope, o->scope.location);
                        if (!r)
                                scopes->scopes[0].status = scope.status;
                }
        }
        if (!r && !scopes->n_scopes) {
                scope = o->scope;
                scope.status = scope.status ? scope.status : PLEK_STATUS_ACTUAL;
                r = scopes_add(scopes, &scope, o->scope.location);
        }
        if (!r)
                qsort(scopes->scopes, scopes->n_scopes, sizeof(*scopes->scopes), compare_scopes);
        return r;
}

static int show(PlekSubscriber *subscriber, const DoorOptions *o)
{
        CLEANUP(scopes_deinit) Scopes scopes = { 0 };
        PlekLeadingDoor door;
        int r;

        r = list_scopes(&scopes, subscriber, o);
        if (!r && !o->common.json) {
                r = plek_subscriber_leading_door(subscriber, &scopes.scopes[0], &door);
                if (!r)
                        text_print("%s\n", door.name ? door.name : o->scope.location);
        }
        for (size_t i = 0; !r && i < scopes.n_scopes; i++)
                r = o->common.json ? show_json(subscriber, &scopes.scopes[i], o)
                                   : show_text(subscriber, &scopes.scopes[i], o);
        return r;
}

int command_door(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "care", OPTION_CARE, "CARE", 0, "This care only", 1 },
                { "unit", OPTION_UNIT, "ID", 0, "This unit only", 1 },
                { "group", OPTION_GROUP, "GROUP", 0, "WALK_IN, REFERRED, AMBULANCE, ...", 1 },
                { "urgency", OPTION_URGENCY, "0-5", 0, "NTS urgency", 1 },
                { "for", OPTION_EXCEPTION, "EXCEPTION", 0,
                  "A patient who is one: MULTITRAUMA, STROKE, CHILD, ...", 1 },
                { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0,
                  "Default: actual, or else what there is", 1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 },
                                                      { &neighbour_argp, 0, NULL, 0 },
                                                      { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "LOCATION",
                .doc = "Which door leads, all that apply, who says so, since when, whom to call, "
                       "and what the neighbours do.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        PlekSubscriberOptions with = { 0 };
        DoorOptions o = { .scope = PLEK_DOOR_SCOPE_INIT };
        int r;

        o.scope.status = 0;
        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        with.with_test = o.scope.status == PLEK_STATUS_TEST;

        r = look_open(&peer, &subscriber, &o.common, &with, NULL, NULL);
        if (!r)
                r = look_ready(&peer, subscriber, &o.common);
        if (r)
                return r;
        r = look_needs_location(subscriber, o.scope.location);
        if (r)
                return r;
        look_warn(subscriber, &o.common);
        r = show(subscriber, &o);
        return r ? fail(EXIT_FILE, "%s.", spoken(plek_result_text(r))) : EXIT_DONE;
}
