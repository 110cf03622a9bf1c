/*
 * plek ack: we have seen it
 */

#include <stdio.h>
#include <string.h>

#include "known-code.h"
#include "look.h"
#include "row.h"
#include "seen.h"
#include "sentences.h"
#include "text.h"
#include "words.h"

typedef struct AckOptions {
        Common common;
        const char *what; /* a location, or a record's id */
        const char *function;
        uint32_t care;
        bool undo;
} AckOptions;

enum { OPTION_CARE = 0x100, OPTION_FUNCTION, OPTION_UNDO };

static const struct argp_option options[] = {
        { "care", OPTION_CARE, "CARE", 0, "Of a location: doors about this care only", 1 },
        { "function", OPTION_FUNCTION, "WORDS", 0,
          "Who has seen it: a function, such as regievoerder, and no name", 1 },
        { "undo", OPTION_UNDO, NULL, 0, "Take it back", 1 },
        { 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
        AckOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_CARE:
                o->care = known_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_FUNCTION:
                o->function = argument;
                return 0;
        case OPTION_UNDO:
                o->undo = true;
                return 0;
        case ARGP_KEY_ARG:
                if (o->what)
                        argp_usage(state);
                o->what = argument;
                return 0;
        case ARGP_KEY_END:
                if (!o->what)
                        argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "LOCATION|RECORD",
        .doc = "Says, signed, that we have seen what leads at LOCATION where that is a stop, a "
               "closure or a restriction, and those that are announced there, or RECORD (as plek "
               "alert and plek get --json name it). "
               "All who may read that see it, and their alerts are quiet.",
        .children = children,
};

typedef struct Acking {
        const AckOptions *options;
        PlekSubscriber *subscriber;
        PlekClient *client;
        uint64_t epoch;
        size_t n_done;
        int result; /* an Exit */
} Acking;

/* What it was, and not only which record. */
static void say(const PlekRecord *record, const AckOptions *o)
{
        char about[TEXT_COLUMNS_MAX], value[TEXT_COLUMNS_MAX];

        row_say(record, o->common.language, about, sizeof(about), value, sizeof(value));
        printf("%s  %s: %s  (%s)\n", record->report.location, about, value,
               word(o->common.language, o->undo ? "taken back" : "seen"));
}

static void acknowledge(Acking *acking, const PlekRecord *record)
{
        const AckOptions *o = acking->options;
        uint64_t revision = 0;
        PlekFault fault = { 0 };
        int r;

        if (o->undo)
                r = plek_client_unack(acking->client, record, &fault);
        else
                r = plek_client_ack(acking->client, record, acking->epoch, o->function, &revision,
                                    &fault);
        acking->n_done++;
        if (r) {
                acking->result = fail_answer_about(record->id, r, &fault);
                return;
        }
        if (o->common.json)
                print_json_line(json_pack("{s:s, s:s, s:I}", "event", o->undo ? "unack" : "ack",
                                          "record", record->id, "revision", (json_int_t)revision));
        else
                say(record, o);
}

static int by_record(Acking *acking)
{
        PlekCursor cursor = { 0 };
        PlekRecord record;
        int r;

        while (!(r = plek_subscriber_next(acking->subscriber, &cursor, &record)))
                if (!strcmp(record.id, acking->options->what)) {
                        acknowledge(acking, &record);
                        return 0;
                }
        return r == PLEK_E_END ? 0 : r;
}

/* What is announced for @scope itself: an alert of it is quiet, too, then. */
static int plans_of(Acking *acking, const PlekDoorScope *scope)
{
        PlekCursor cursor = { 0 };
        PlekRecord record;
        PlekDoorPart part;
        int r;

        while (!(r = plek_subscriber_next_door(acking->subscriber, scope, &cursor, &record, &part)))
                if (part == PLEK_DOOR_AHEAD && seen_is_watched(record.report.door.state) &&
                    seen_is_said_of(scope, &record.report))
                        acknowledge(acking, &record);
        return r == PLEK_E_END ? 0 : r;
}

static int by_location(Acking *acking)
{
        const AckOptions *o = acking->options;
        PlekCursor cursor = { 0 };
        PlekLeadingDoor door;
        PlekDoorScope scope;
        char unit[72];
        int r;

        while (!plek_subscriber_next_scope(acking->subscriber, &cursor, &scope)) {
                if (strcmp(scope.location, o->what) != 0 ||
                    (o->care && scope.care != o->care && scope.care != PLEK_ANY))
                        continue;
                scope.location = o->what;
                if (scope.unit) {
                        snprintf(unit, sizeof(unit), "%s", scope.unit);
                        scope.unit = unit;
                }
                r = plek_subscriber_leading_door(acking->subscriber, &scope, &door);
                if (r)
                        return r;
                if (seen_is_due(&door))
                        acknowledge(acking, &door.record);
                r = plans_of(acking, &scope);
                if (r)
                        return r;
        }
        return 0;
}

int command_ack(int argc, char **argv)
{
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        AckOptions o = { 0 };
        Acking acking = { .options = &o };
        uint64_t revision;
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        o.common.control = NULL; /* what was seen is a party's */
        r = look_open(&peer, &subscriber, &o.common, NULL, NULL, NULL);
        if (!r)
                r = look_ready(&peer, subscriber, &o.common);
        if (r)
                return r;
        r = plek_client_new(&client, peer.context, &peer.peer);
        if (r)
                return fail(EXIT_FILE, "cannot connect: %s.", spoken(plek_result_text(r)));
        plek_client_set_timeout(client, o.common.timeout_ms);

        acking.subscriber = subscriber;
        acking.client = client;
        plek_subscriber_position(subscriber, &acking.epoch, &revision);
        r = strchr(o.what, '/') ? by_record(&acking) : by_location(&acking);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        if (!acking.n_done)
                return fail(EXIT_REFUSED,
                            "%s: there is nothing to acknowledge: no such record that we may "
                            "read, or no stop, closure or restriction there.",
                            o.what);
        return acking.result;
}
