/*
 * plek overdue: who is later than agreed, whom to call about it, and whether their agent is there
 *
 * Taking part decays quietly: a feed that stopped in a holiday is seen here, and not only by who
 * misses its numbers. Beside those that are late stand the locations that never reported at all.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json-set.h"
#include "known-code.h"
#include "look.h"
#include "region-filter.h"
#include "row.h"
#include "sentences.h"
#include "text.h"
#include "when.h"
#include "words.h"

typedef struct OverdueOptions {
        Common common;
        uint32_t care;
        PlekSubscriberOptions subscriber;
        RegionFilter regions;
} OverdueOptions;

/* A record's strings are good until the next one; these are kept. */
typedef struct Late {
        bool is_never; /* a location of which nothing is held: no more than the first four */
        char region[40], location[72], party[72], party_name[136];
        char unit[72], label[136], method[40];
        PlekReportKind report;
        uint32_t care;   /* or PLEK_ANY */
        uint32_t source; /* PlekSource; 0: not said */
        uint32_t agreed_s;
        int64_t overdue_ms, age_ms;
} Late;

typedef struct LateList {
        Late *late;
        size_t n, n_allocated;
} LateList;

enum { OPTION_REGION = 0x100, OPTION_CARE };

static const struct argp_option options[] = {
        REGION_OPTION(OPTION_REGION),
        { "care", OPTION_CARE, "CARE", 0, "This care only", 1 },
        { 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
        OverdueOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_REGION:
                region_filter_add(&o->regions, argument, state);
                return 0;
        case OPTION_CARE:
                o->care = known_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ gathering */

static void list_deinit(LateList *list)
{
        free(list->late);
}

static Late *list_add(LateList *list)
{
        size_t n_wanted = list->n_allocated ? 2 * list->n_allocated : 16;
        Late *grown;

        if (list->n == list->n_allocated) {
                grown = reallocarray(list->late, n_wanted, sizeof(*grown));
                if (!grown)
                        return NULL;
                list->late = grown;
                list->n_allocated = n_wanted;
        }
        list->late[list->n] = (Late){ .care = PLEK_ANY };
        return &list->late[list->n++];
}

#define KEEP(_to, _from) ((void)snprintf(_to, sizeof(_to), "%s", (_from) ? (_from) : ""))

static void keep_record(Late *late, const PlekRecord *record)
{
        const PlekReport *report = &record->report;

        KEEP(late->region, record->region);
        KEEP(late->location, report->location);
        KEEP(late->party, record->party);
        KEEP(late->party_name, record->party_name);
        KEEP(late->unit, report->unit);
        KEEP(late->label, report->label);
        late->report = report->kind;
        late->source = report->source;
        if (report->kind == PLEK_REPORT_COUNTS)
                late->care = report->counts.care;
        else if (report->kind == PLEK_REPORT_DOOR)
                late->care = report->door.care;
        else if (report->kind == PLEK_REPORT_PRESSURE)
                KEEP(late->method, report->pressure.method);
        late->agreed_s = record->agreed_s;
        late->overdue_ms = record->overdue_ms;
        late->age_ms = record->age_ms;
}

/* Nobody is waiting for a party that may not report any more. */
static bool is_wanted(const OverdueOptions *o, const PlekRecord *record)
{
        const PlekReport *report = &record->report;

        return record->overdue_ms && record->enrolled == PLEK_ENROLLED &&
               region_filter_has(&o->regions, record->region, record->regions, record->n_regions) &&
               (!o->care ||
                (report->kind == PLEK_REPORT_COUNTS && report->counts.care == o->care) ||
                (report->kind == PLEK_REPORT_DOOR && report->door.care == o->care));
}

static int gather_late(LateList *list, PlekSubscriber *subscriber, const OverdueOptions *o)
{
        PlekCursor cursor = { 0 };
        PlekRecord record;
        Late *late;
        int r;

        while (!(r = plek_subscriber_next(subscriber, &cursor, &record))) {
                if (!is_wanted(o, &record))
                        continue;
                late = list_add(list);
                if (!late)
                        return err_raise(-ENOMEM);
                keep_record(late, &record);
        }
        return r == PLEK_E_END ? 0 : r;
}

static int gather_never(LateList *list, PlekSubscriber *subscriber, const OverdueOptions *o)
{
        PlekCursor cursor = { 0 };
        PlekLocation location;
        Late *late;

        while (!o->care && !plek_subscriber_next_location(subscriber, &cursor, &location)) {
                if (location.reports || !region_filter_has(&o->regions, location.region,
                                                           location.regions, location.n_regions))
                        continue;
                late = list_add(list);
                if (!late)
                        return err_raise(-ENOMEM);
                late->is_never = true;
                KEEP(late->region, location.region);
                KEEP(late->location, location.location);
                KEEP(late->party, location.party);
                KEEP(late->party_name, location.party_name);
        }
        return 0;
}

/* By region and location; there, the latest first. */
static int compare(const void *a, const void *b)
{
        const Late *x = a, *y = b;
        int order = strcmp(x->region, y->region);

        if (!order)
                order = strcmp(x->location, y->location);
        if (!order)
                order = (x->overdue_ms < y->overdue_ms) - (x->overdue_ms > y->overdue_ms);
        if (!order)
                order = strcmp(x->unit, y->unit);
        return order ? order : (x->care > y->care) - (x->care < y->care);
}

/* ------------------------------------------------------------------ whom to call */

/* The party's card of the location, good until the next record is looked at. */
static const PlekLocationCard *card_of(PlekSubscriber *subscriber, const Late *late)
{
        static PlekRecord record;
        PlekRecordKey key = PLEK_RECORD_KEY_INIT;

        key.status = PLEK_STATUS_ACTUAL;
        key.party = late->party;
        key.location = late->location;
        key.kind = PLEK_REPORT_CARD;
        if (plek_subscriber_get(subscriber, &key, &record) || record.freshness == PLEK_WITHDRAWN)
                return NULL;
        return &record.report.card;
}

/* Where the party has none: by the card that leads there. Good until the next door is looked at. */
static bool call_by_leading_card(PlekSubscriber *subscriber, const Late *late,
                                 PlekLeadingDoor *ret_door)
{
        PlekDoorScope scope = PLEK_DOOR_SCOPE_INIT;

        scope.location = late->location;
        scope.care = late->care;
        return !plek_subscriber_leading_door(subscriber, &scope, ret_door) && ret_door->card_party;
}

/* ------------------------------------------------------------------ JSON */

static void set_text(json_t *object, const char *name, const char *text)
{
        if (*text)
                json_object_set_new(object, name, json_string(text));
}

static json_t *late_to_json(PlekSubscriber *subscriber, const Late *late)
{
        const PlekLocationCard *card = card_of(subscriber, late);
        json_t *object = json_pack("{s:s, s:s, s:s, s:b}", "region", late->region, "location",
                                   late->location, "party", late->party, "never", late->is_never);
        PlekLeadingDoor door;
        int64_t since_ms;
        bool is_connected;

        set_text(object, "party_name", late->party_name);
        if (!card && call_by_leading_card(subscriber, late, &door)) {
                set_text(object, "name", door.name);
                json_set_contact(object, door.phone_function, door.phone, door.card_party);
        }
        if (card)
                json_object_update_new(object,
                                       json_pack("{s:s, s:s, s:o}", "name", card->name, "kind",
                                                 card->kind, "contacts", contacts_to_json(card)));
        /* Nothing is known of an agent that was not there since the broker's start. */
        if (!plek_subscriber_presence(subscriber, late->party, &is_connected, &since_ms))
                json_object_update_new(object,
                                       json_pack("{s:b, s:I}", "connected", is_connected,
                                                 "connected_or_lost_ms", (json_int_t)since_ms));
        if (late->is_never)
                return object;

        set_text(object, "report", plek_code_name(PLEK_CODES_REPORT, late->report));
        set_text(object, "unit", late->unit);
        set_text(object, "label", late->label);
        set_text(object, "method", late->method);
        if (late->source)
                json_set_code(object, "source", PLEK_CODES_SOURCE, late->source);
        if (late->care != PLEK_ANY) {
                const char *care = plek_code_name(PLEK_CODES_CARE, late->care);

                json_object_set_new(object, "care",
                                    care ? json_string(care) : json_integer(late->care));
        }
        json_object_update_new(object,
                               json_pack("{s:I, s:I, s:I}", "agreed_s", (json_int_t)late->agreed_s,
                                         "overdue_ms", (json_int_t)late->overdue_ms, "age_ms",
                                         (json_int_t)late->age_ms));
        return object;
}

/* ------------------------------------------------------------------ text */

static void print_leading_card(PlekSubscriber *subscriber, const Late *late, Language language)
{
        PlekLeadingDoor door;

        if (!call_by_leading_card(subscriber, late, &door)) {
                puts(late->location);
                return;
        }
        text_print("%s", door.name ? door.name : late->location);
        if (door.phone)
                text_print("  %s %s", door.phone_function, door.phone);
        text_print(" (%s: %s)\n", word(language, "says"), door.card_party);
}

static void print_location(PlekSubscriber *subscriber, const Late *late, Language language)
{
        const PlekLocationCard *card = card_of(subscriber, late);

        if (!card) {
                print_leading_card(subscriber, late, language);
                return;
        }
        text_print("%s (%s)", card->name, card->kind);
        for (size_t i = 0; i < card->n_contacts; i++)
                text_print("  %s %s", card->contacts[i].function, card->contacts[i].phone);
        putchar('\n');
}

static void add_agent(Text *text, PlekSubscriber *subscriber, const Late *late, Language language)
{
        char since[DURATION_TEXT_BYTES];
        int64_t since_ms;
        bool is_connected;

        text_add(text, "%s", *late->party_name ? late->party_name : late->party);
        if (plek_subscriber_presence(subscriber, late->party, &is_connected, &since_ms)) {
                /* Who reports by hand has none that could have died. */
                text_add(text, "  %s",
                         late->source == PLEK_SOURCE_MANUAL
                                 ? label(PLEK_CODES_SOURCE, late->source, language)
                                 : word(language, "no agent seen"));
                return;
        }
        duration_format(MAX(plek_subscriber_now_ms(subscriber) - since_ms, (int64_t)0), since);
        text_add(text, "  %s %s", word(language, is_connected ? "agent connected" : "agent away"),
                 since);
}

static void print_late(PlekSubscriber *subscriber, const Late *late, Language language)
{
        char whole[ROW_TEXT_BYTES], about[256], when[256];
        char overdue[DURATION_TEXT_BYTES], agreed[DURATION_TEXT_BYTES];
        Text text = { whole, sizeof(whole) }, what = { about, sizeof(about) };

        if (late->is_never) {
                text_add(&text, "  - ");
                text_add_padded(&text, word(language, "no report"), 74);
        } else {
                text_add(&what, "%s",
                         late->care != PLEK_ANY ? label(PLEK_CODES_CARE, late->care, language)
                         : *late->method        ? late->method
                                                : word(language, "whole location"));
                if (*late->label || *late->unit)
                        text_add(&what, " %s", *late->label ? late->label : late->unit);
                duration_format(late->overdue_ms, overdue);
                duration_format((int64_t)late->agreed_s * 1000, agreed);
                snprintf(when, sizeof(when), "%s %s · %s %s", word(language, "overdue"), overdue,
                         word(language, "agreed every"), agreed);
                text_add(&text, "  > ");
                text_add_padded(&text, about, 28);
                text_add_padded(&text, when, 46);
        }
        add_agent(&text, subscriber, late, language);
        puts(whole);
}

static void print_text(PlekSubscriber *subscriber, const LateList *list, Language language)
{
        char head[ROW_TEXT_BYTES];
        TableStyle style;
        size_t n_never = 0;

        for (size_t i = 0; i < list->n; i++)
                n_never += list->late[i].is_never;
        table_head(head, sizeof(head), &style, subscriber, language);
        puts(head);
        printf("%zu %s · %zu %s\n", list->n - n_never, word(language, "overdue"), n_never,
               word(language, "without a report"));
        for (size_t i = 0; i < list->n; i++) {
                const Late *late = &list->late[i], *previous = i ? late - 1 : NULL;

                if (!previous || strcmp(previous->region, late->region) != 0)
                        puts(late->region);
                if (!previous || strcmp(previous->location, late->location) != 0 ||
                    strcmp(previous->party, late->party) != 0)
                        print_location(subscriber, late, language);
                print_late(subscriber, late, language);
        }
}

/* ------------------------------------------------------------------ the command */

static int show(PlekSubscriber *subscriber, const OverdueOptions *o)
{
        CLEANUP(list_deinit) LateList list = { 0 };
        int r;

        r = gather_late(&list, subscriber, o);
        if (!r)
                r = gather_never(&list, subscriber, o);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        if (list.n)
                qsort(list.late, list.n, sizeof(*list.late), compare);
        look_warn(subscriber, &o->common);
        if (!o->common.json)
                print_text(subscriber, &list, o->common.language);
        for (size_t i = 0; o->common.json && i < list.n; i++)
                print_json_line(late_to_json(subscriber, &list.late[i]));
        return EXIT_DONE;
}

int command_overdue(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "Who is later than the region agreed, and which locations never reported; "
                       "whether their agent is connected, and whom to call.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        OverdueOptions o = { 0 };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        region_filter_follow(&o.regions, false, &o.subscriber);
        r = look_open(&peer, &subscriber, &o.common, &o.subscriber, NULL, NULL);
        if (!r)
                r = look_ready(&peer, subscriber, &o.common);
        if (!r)
                r = region_filter_needs(&o.regions, subscriber);
        return r ? r : show(subscriber, &o);
}
