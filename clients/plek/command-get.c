/*
 * plek get, plek at and plek watch: the picture as it is, as it was, and as it changes
 */

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "bands.h"
#include "door-watch.h"
#include "json-set.h"
#include "known-code.h"
#include "look.h"
#include "neighbour-options.h"
#include "screen.h"
#include "seen.h"
#include "sentences.h"
#include "table.h"
#include "text.h"
#include "watch-ack.h"
#include "when.h"
#include "words.h"

typedef struct GetOptions {
        Common common;
        TableFilter filter;
        PlekSubscriberOptions subscriber;
        const char *caption;
        const char *bands;
        int64_t for_ms;  /* watch: how long; 0: until it is ended */
        bool wants_time; /* at */
        bool is_known;   /* watch: what was asked for was looked for */
        int unknown;     /* and is not there: the Exit */
        PlekSubscriber *watched;
        DoorWatch doors;
        WatchAck ack; /* watch, in a terminal */
} GetOptions;

enum { REDRAW_MS = 100 };

enum {
        OPTION_LOCATION = 0x100,
        OPTION_CARE,
        OPTION_REGION,
        OPTION_TEST,
        OPTION_CAPTION,
        OPTION_FOR,
        OPTION_RENEWED,
        OPTION_BANDS,
        OPTION_FUNCTION,
};

#define FILTER_OPTIONS                                                                             \
        { "location", OPTION_LOCATION, "ID", 0, "This location only", 1 },                         \
                { "care", OPTION_CARE, "CARE", 0, "This care only", 1 },                           \
                REGION_OPTION(OPTION_REGION),                                                      \
                { "bands",                                                                         \
                  OPTION_BANDS,                                                                    \
                  "FILE",                                                                          \
                  0,                                                                               \
                  "What crowding scores are called (default $PLEK_BANDS)",                         \
                  1 },                                                                             \
        {                                                                                          \
                "test", OPTION_TEST, NULL, 0, "Also what is marked TEST", 1                        \
        }

static error_t parse(int key, char *argument, struct argp_state *state)
{
        GetOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                state->child_inputs[1] = &o->filter.neighbours;
                return 0;
        case OPTION_LOCATION:
                o->filter.location = argument;
                return 0;
        case OPTION_CARE:
                o->filter.care = known_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_REGION:
                region_filter_add(&o->filter.regions, argument, state);
                return 0;
        case OPTION_TEST:
                o->subscriber.with_test = true;
                return 0;
        case OPTION_BANDS:
                o->bands = argument;
                return 0;
        case OPTION_CAPTION:
                o->caption = argument;
                return 0;
        case OPTION_RENEWED:
                o->subscriber.tell_renewed = true;
                return 0;
        case OPTION_FUNCTION:
                o->ack.function = argument;
                return 0;
        case OPTION_FOR:
                if (duration_parse(&o->for_ms, argument) || !o->for_ms)
                        usage_error(state, "--for is a duration, as in 30s, not '%s'", argument);
                return 0;
        case ARGP_KEY_ARG:
                if (!o->wants_time || o->subscriber.at_ms)
                        argp_usage(state);
                else if (when_parse_past(&o->subscriber.at_ms, argument, wall_clock_ms()))
                        usage_error(state,
                                    "a time is 03:12, 2026-11-01, '2026-11-01 03:12' or how "
                                    "long ago, as in 30d, not '%s'",
                                    argument);
                return 0;
        case ARGP_KEY_END:
                if (o->wants_time && !o->subscriber.at_ms)
                        argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 },
                                              { &neighbour_argp, 0, NULL, 0 },
                                              { 0 } };

/* ------------------------------------------------------------------ JSON */

static const char *const change_names[] = {
        [PLEK_CHANGE_NEW] = "NEW",
        [PLEK_CHANGE_CONTENT] = "CONTENT",
        [PLEK_CHANGE_RENEWED] = "RENEWED",
        [PLEK_CHANGE_TIME] = "TIME",
        [PLEK_CHANGE_ENROLMENT] = "ENROLMENT",
        [PLEK_CHANGE_WITHDRAWN] = "WITHDRAWN",
        [PLEK_CHANGE_DROPPED] = "DROPPED",
};

static const char *const alarm_names[] = {
        [PLEK_ALARM_EQUIVOCATION] = "EQUIVOCATION",
        [PLEK_ALARM_SIGNATURE] = "SIGNATURE",
        [PLEK_ALARM_BROKER] = "BROKER",
        [PLEK_ALARM_ROLLED_BACK] = "ROLLED_BACK",
};

static void json_record(void *arg, const PlekRecord *record, PlekChange change)
{
        GetOptions *o = arg;
        json_t *object;

        door_watch_record(&o->doors, record, change);
        if (!table_wants(&o->filter, record))
                return;
        object = record_to_json(record);
        json_object_set_new(object, "event", json_string("record"));
        json_object_set_new(object, "change", json_string(change_names[change]));
        print_json_line(object);
}

static void json_overdue(void *arg, const PlekRecord *record, bool is_overdue)
{
        const GetOptions *o = arg;
        json_t *object;

        if (!table_wants(&o->filter, record))
                return;
        object = record_to_json(record);
        json_object_set_new(object, "event", json_string("overdue"));
        json_object_set_new(object, "overdue", json_boolean(is_overdue));
        print_json_line(object);
}

static void json_door(void *arg, const PlekLeadingDoor *door)
{
        GetOptions *o = arg;

        door_watch_event(&o->doors, o->watched, &o->filter, door);
}

static void json_ack(void *arg, const PlekAck *ack, bool has_ended)
{
        const GetOptions *o = arg;
        json_t *object;

        if ((o->filter.location && strcmp(o->filter.location, ack->of.location) != 0) ||
            !region_filter_has_location(&o->filter.regions, o->watched, ack->of.location))
                return;
        object = ack_to_json(ack);
        json_object_set_new(object, "event", json_string("ack"));
        json_object_set_new(object, "ended", json_boolean(has_ended));
        json_object_set_new(object, "party", json_string(ack->of.party));
        json_object_set_new(object, "location", json_string(ack->of.location));
        print_json_line(object);
}

static void json_link(void *arg, const PlekLinkState *link)
{
        print_json_line(link_to_json(link));
}

static void json_presence(void *arg, const char *party, bool is_connected, int64_t since_ms)
{
        print_json_line(json_pack("{s:s, s:s, s:b, s:I}", "event", "presence", "party", party,
                                  "connected", is_connected, "since_ms", (json_int_t)since_ms));
}

static void json_alarm(void *arg, PlekAlarm alarm, const char *text, const void *const evidence[2],
                       const size_t n_evidence[2])
{
        print_json_line(json_pack("{s:s, s:s, s:s}", "event", "alarm", "alarm", alarm_names[alarm],
                                  "text", text));
}

static void text_alarm(void *arg, PlekAlarm alarm, const char *text, const void *const evidence[2],
                       const size_t n_evidence[2])
{
        if (screen_is_on())
                screen_alarm(alarm_names[alarm], text);
        else
                fail(EXIT_REFUSED, "%s: %s", alarm_names[alarm], text);
}

static const PlekSubscriberCallbacks json_callbacks = {
        .record = json_record,
        .overdue = json_overdue,
        .link = json_link,
        .presence = json_presence,
        .alarm = json_alarm,
        .door = json_door,
        .ack = json_ack,
};

static const PlekSubscriberCallbacks text_callbacks = { .alarm = text_alarm };

/* ------------------------------------------------------------------ get */

static void never_json(PlekSubscriber *subscriber, const TableFilter *filter)
{
        PlekCursor cursor = { 0 };
        PlekLocation location;

        while (!plek_subscriber_next_location(subscriber, &cursor, &location))
                if (!location.reports && table_wants_location(filter, &location))
                        print_json_line(json_pack(
                                "{s:s, s:s?, s:s, s:o, s:s, s:s}", "party", location.party,
                                "party_name", location.party_name, "region", location.region,
                                "regions", regions_to_json(location.regions, location.n_regions),
                                "location", location.location, "freshness",
                                freshness_name(table_is_thinned(subscriber) ? PLEK_THINNED
                                                                            : PLEK_NEVER)));
}

static int print_record(PlekSubscriber *subscriber, const PlekRecord *record,
                        const TableFilter *filter)
{
        CLEANUP(json_decrefp) json_t *object = record_to_json(record);
        DoorOf of;
        int r = 0;

        if (record->report.kind == PLEK_REPORT_DOOR && record->freshness != PLEK_WITHDRAWN) {
                door_of(&of, record);
                r = door_json_finish(object, subscriber, &of, filter);
        }
        if (!r)
                print_json_line(STEAL(object));
        return r;
}

static int get_json(PlekSubscriber *subscriber, const TableFilter *filter)
{
        PlekCursor cursor = { 0 };
        PlekRecord record;
        int r;

        never_json(subscriber, filter);

        while (!(r = plek_subscriber_next(subscriber, &cursor, &record))) {
                if (table_wants(filter, &record))
                        r = print_record(subscriber, &record, filter);
                if (r)
                        return r;
        }
        return r == PLEK_E_END ? 0 : r;
}

static int get_text(PlekSubscriber *subscriber, TableFilter *filter)
{
        CLEANUP(table_deinit) Table table = TABLE_NULL;
        int r;

        filter->columns = text_terminal_columns();
        r = table_make(&table, subscriber, filter);
        if (r)
                return r;
        for (size_t i = 0; i < table.n_lines; i++)
                puts(table.lines[i].text);
        return 0;
}

static int get(const struct argp *argp, GetOptions *o, int argc, char **argv)
{
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        int r;

        common_init(&o->common);
        argp_parse(argp, argc, argv, 0, NULL, o);
        o->filter.language = o->common.language;
        region_filter_follow(&o->filter.regions, true, &o->subscriber);

        r = bands_use(o->bands);
        if (!r)
                r = look_open(&peer, &subscriber, &o->common, &o->subscriber, &text_callbacks, o);
        if (!r)
                r = look_ready(&peer, subscriber, &o->common);
        if (!r)
                r = table_needs(&o->filter, subscriber);
        if (r)
                return r;
        look_warn(subscriber, &o->common);
        if (o->common.json)
                look_past_json(subscriber, o->subscriber.at_ms);
        r = o->common.json ? get_json(subscriber, &o->filter) : get_text(subscriber, &o->filter);
        return r ? fail(EXIT_FILE, "%s.", spoken(plek_result_text(r))) : EXIT_DONE;
}

int command_get(int argc, char **argv)
{
        static const struct argp_option options[] = { FILTER_OPTIONS, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "The picture as it is now, once it is whole.",
                .children = children,
        };
        GetOptions o = { 0 };

        return get(&argp, &o, argc, argv);
}

int command_at(int argc, char **argv)
{
        static const struct argp_option options[] = { FILTER_OPTIONS, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "TIME",
                .doc = "The picture as the broker held it at TIME, by when it received things, "
                       "told "
                       "again from its journal and checked. TIME is 03:12 (the last one), "
                       "2026-11-01, '2026-11-01 03:12' or how long ago, as in 30d.",
                .children = children,
        };
        GetOptions o = { .wants_time = true };

        return get(&argp, &o, argc, argv);
}

/* ------------------------------------------------------------------ watch */

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
        ended = 1;
}

/* Whether to go on: once there is a picture to look in, what is not there will not come. */
static bool goes_on(GetOptions *o, PlekSubscriber *subscriber)
{
        PlekLinkState link;

        if (o->is_known || (!o->filter.location && !o->filter.regions.n))
                return true;
        plek_subscriber_link_state(subscriber, &link);
        if (!link.in_sync)
                return true;
        o->is_known = true;
        if (screen_is_on())
                screen_stop(); /* until it is sure that there is something to show */
        o->unknown = table_needs(&o->filter, subscriber);
        return !o->unknown && (o->common.json || !screen_start());
}

static int watch_json(PlekSubscriber *subscriber, GetOptions *o, int64_t until_ms)
{
        int r = 0;

        while (!r && !ended && !ferror(stdout) && steady_clock_ms() < until_ms &&
               goes_on(o, subscriber)) {
                r = plek_subscriber_run(subscriber, 1000);
                if (!r)
                        r = door_watch_neighbours(&o->doors, subscriber, &o->filter);
        }
        return r;
}

/* What came, until it is time to draw again: a country's picture changes more often than an eye
 * follows. Returns 0 or -errno. */
static int follow(PlekSubscriber *subscriber)
{
        const int64_t drawn_at_ms = steady_clock_ms();
        int r;

        r = screen_wait(plek_subscriber_fd(subscriber), 1000);
        while (!r) {
                int64_t left_ms = drawn_at_ms + REDRAW_MS - steady_clock_ms();

                r = plek_subscriber_process(subscriber);
                if (r || left_ms <= 0 || screen_has_key())
                        return r;
                r = plek_subscriber_run(subscriber, (int)left_ms);
        }
        return r;
}

static int watch_screen(PlekSubscriber *subscriber, GetOptions *o, int64_t until_ms)
{
        int r;

        r = screen_start();
        if (r)
                return r;
        while (!r && !ended && steady_clock_ms() < until_ms && goes_on(o, subscriber)) {
                CLEANUP(table_deinit) Table table = TABLE_NULL;
                int key;

                o->filter.columns = screen_columns();
                r = table_make(&table, subscriber, &o->filter);
                if (!r && screen_show(&table, o->caption, o->ack.text, o->filter.language))
                        break; /* q */
                key = screen_take_key();
                if (!r)
                        r = key ? watch_ack_key(&o->ack, subscriber, &o->filter, key)
                                : follow(subscriber);
        }
        if (screen_is_on())
                screen_stop();
        return r;
}

int command_watch(int argc, char **argv)
{
        static const struct argp_option options[] = {
                FILTER_OPTIONS,
                { "for", OPTION_FOR, "DURATION", 0, "Ends by itself", 1 },
                { "renewed", OPTION_RENEWED, NULL, 0,
                  "With --json: also when the same is said again", 1 },
                { "function", OPTION_FUNCTION, "WORDS", 0,
                  "Who sees what the key a acknowledges: a function, such as regievoerder", 1 },
                { "caption", OPTION_CAPTION, "FILE", 0,
                  "Shows this file's last line below the table, as it changes", 1 },
                { 0 },
        };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "The picture as it changes, in place; q ends it. a names the newest stop, "
                       "closure or restriction that leads and that we have not seen, and a again "
                       "says that we have (plek ack). With --json, one object a line for each "
                       "change.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        GetOptions o = { .filter.with_withdrawn = true,
                         .ack = { .peer = &peer, .common = &o.common } };
        const struct sigaction action = { .sa_handler = on_signal };
        int64_t until_ms;
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        o.filter.language = o.common.language;
        region_filter_follow(&o.filter.regions, true, &o.subscriber);
        until_ms = o.for_ms ? steady_clock_ms() + o.for_ms : INT64_MAX;
        if (!o.common.json && !(isatty(STDOUT_FILENO) && isatty(STDIN_FILENO)))
                return fail(EXIT_USAGE, "plek watch draws on a terminal. Use --json in a pipe, or "
                                        "plek get for one look.");

        r = bands_use(o.bands);
        if (!r)
                r = look_open(&peer, &subscriber, &o.common, &o.subscriber,
                              o.common.json ? &json_callbacks : &text_callbacks, &o);
        if (r)
                return r;

        o.watched = subscriber;
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        r = o.common.json ? watch_json(subscriber, &o, until_ms)
                          : watch_screen(subscriber, &o, until_ms);
        door_watch_deinit(&o.doors);
        watch_ack_deinit(&o.ack);
        if (o.unknown)
                return o.unknown;
        return r ? fail(EXIT_FILE, "%s.", spoken(plek_result_text(r))) : EXIT_DONE;
}
