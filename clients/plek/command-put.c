/*
 * plek put: one report by hand
 *
 *         plek put counts --location duinzicht --unit ic --care ICU_ADULT staffed=12 occupied=10
 *         plek put door --location duinzicht --care ED STOP --except MULTITRAUMA --until +2h
 *         plek put card --location duinzicht --name "Ziekenhuis Duinzicht" --kind V6
 *         plek put pressure --location duinzicht --unit seh --method nedocs --score 87
 *         plek put withdraw door --location duinzicht --care ED
 *
 * and of a door, with the location for its argument, in one word: plek open, stop and close.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "door-words.h"
#include "json-set.h"
#include "peer.h"
#include "position.h"
#include "put-leads.h"
#include "put.h"
#include "receipt.h"
#include "sentences.h"
#include "text.h"
#include "when.h"
#include "words.h"

/* Barred for so long, it stays so: a hand waits for the answer, not for an enrolment. */
enum { BARRED_MS = 2000 };

enum { OWN_MAX = 5 }; /* of our locations, in a sentence */

/* What became of it; a hand says one thing and waits for the answer. */
typedef struct PutResult {
        bool is_known;
        bool accepted;
        bool is_barred;
        bool was_connected; /* else nothing was sent */
        int64_t barred_at_ms;
        uint64_t revision;
        uint8_t id[PLEK_EVENT_ID_BYTES]; /* of a refusal */
        uint32_t care;                   /* of it, too */
        unsigned n_plans;                /* that were withdrawn, too */
        PlekFault fault;
} PutResult;

static void on_accepted(void *arg, const PlekRecordKey *key, uint64_t revision)
{
        PutResult *result = arg;

        if (result->accepted)
                result->n_plans++;
        result->is_known = result->accepted = true;
        result->revision = revision;
        memcpy(result->id, key->id, sizeof(result->id));
        result->care = key->care;
}

static void on_refused(void *arg, const PlekRecordKey *key, const PlekFault *fault, bool is_final)
{
        PutResult *result = arg;

        if (is_final)
                *result = (PutResult){ .is_known = true, .fault = *fault };
        else
                result->fault = *fault; /* it is tried again: said only if time runs out */
}

static void on_link(void *arg, PlekPublisherLink link, const char *text)
{
        PutResult *result = arg;

        if (link == PLEK_PUBLISHER_BARRED && !result->is_barred)
                result->barred_at_ms = steady_clock_ms();
        result->is_barred = link == PLEK_PUBLISHER_BARRED;
        result->was_connected |= link == PLEK_PUBLISHER_CONNECTED;
        if (link != PLEK_PUBLISHER_CONNECTED && text)
                snprintf(result->fault.text, sizeof(result->fault.text), "%s", text);
}

/* What was typed as two numbers, as a place. */
static void say_position(const PutOptions *o)
{
        const PlekLocationCard *card = &o->report.card;
        char text[POSITION_TEXT_BYTES];

        if (o->report.kind != PLEK_REPORT_CARD || o->withdraw || !card->has_position)
                return;
        position_format(card->latitude_e7, card->longitude_e7, text);
        printf(", %s %s", word(o->common.language, "at"), text);
}

/* For a script: that it would be refused is an answer, too. */
static int say_would_be_refused(const PlekFault *fault)
{
        json_t *object = json_pack("{s:b, s:s}", "accepted", 0, "text", fault->text);

        json_set_code(object, "code", PLEK_CODES_REFUSAL, fault->code);
        json_set_string(object, "field", *fault->field ? fault->field : NULL);
        print_json_line(object);
        return EXIT_REFUSED;
}

/* What was understood of a door that was typed: "08:00" may be tomorrow's. */
static void say_door(const PutOptions *o)
{
        const PlekDoor *door = &o->report.door;
        const PlekDoorScope scope = {
                .unit = o->report.unit,
                .care = door->care,
                .patient_group = door->patient_group,
                .urgency = door->urgency,
        };
        Language language = o->common.language;
        const struct {
                const char *before;
                int64_t ms;
        } times[] = { { "from", door->starts_at_ms },
                      { "until", door->ends_at_ms },
                      { "looked at again", door->review_at_ms } };
        char line[TEXT_COLUMNS_MAX], when[WHEN_TEXT_BYTES];
        Text text = { line, sizeof(line) };

        if (o->report.kind != PLEK_REPORT_DOOR || o->withdraw)
                return;
        text_add(&text, "%s, ", o->report.location);
        scope_words(&scope, language, &text);
        text_add(&text, ": %s", door_state_words(door->state, language));
        exceptions_words(door->exceptions, door->n_exceptions, language, &text);
        for (size_t i = 0; i < N_ELEMENTS(times); i++) {
                if (times[i].ms == PLEK_NO_TIME)
                        continue;
                when_format(times[i].ms, when);
                text_add(&text, " · %s %s", word(language, times[i].before), when);
                if (times[i].ms == door->ends_at_ms)
                        receipt_door_end(o, &text);
        }
        if (door->ends_at_ms == PLEK_NO_TIME)
                receipt_door_end(o, &text);
        text_add(&text, "%s", status_mark(o->report.status, language));
        puts(line);
}

/* Of a refusal with @can_undo, how: nobody can look up its id. */
static void say_understood(const PutOptions *o, bool can_undo)
{
        Language language = o->common.language;
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };

        say_door(o);
        if (o->withdraw)
                return;
        if (o->report.kind == PLEK_REPORT_COUNTS) {
                receipt_counts(o, &text);
                puts(line);
                if (receipt_is_odd(&o->report.counts))
                        puts(word(language, "note: many more are occupied than staffed. If that is "
                                            "not so, say it again."));
        }
        if (o->report.kind == PLEK_REPORT_REFUSAL) {
                receipt_refusal(o, &text);
                puts(line);
                if (!can_undo)
                        return;
                text = (Text){ line, sizeof(line) };
                receipt_undo(o, &text);
                printf("%s: %s\n", word(language, "to take it back"), line);
        }
}

static int put_check(Peer *peer, const PutOptions *o)
{
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        PlekFault fault = { 0 };
        int r;

        r = plek_client_new(&client, peer->context, &peer->peer);
        if (r)
                return fail(EXIT_FILE, "cannot connect: %s.", spoken(plek_result_text(r)));
        plek_client_set_timeout(client, o->common.timeout_ms);

        r = plek_client_check(client, &o->report, &fault);
        if (o->common.json && (r == PLEK_E_REFUSED || r == PLEK_E_INVALID))
                return say_would_be_refused(&fault);
        if (r)
                return fail_answer(r, &fault);
        if (o->common.json)
                print_json_line(json_pack("{s:b}", "accepted", 1));
        else {
                fputs(word(o->common.language, "it would be accepted; nothing was written"),
                      stdout);
                say_position(o);
                putchar('\n');
                say_understood(o, false);
        }
        return EXIT_DONE;
}

static void say_accepted(Peer *peer, PlekPublisher *publisher, const PutOptions *said,
                         const PutResult *result)
{
        PutOptions with_id = *said;
        const PutOptions *o = &with_id;
        const PlekDoor *door = &o->report.door;
        bool is_plan = o->verb && door->plan;
        PutLeads leads;

        if (o->report.kind == PLEK_REPORT_REFUSAL) {
                memcpy(with_id.report.refusal.id, result->id, sizeof(result->id));
                with_id.report.refusal.care = result->care;
        }

        if (o->common.json) {
                json_t *object = json_pack("{s:I}", "revision", (json_int_t)result->revision);

                if (is_plan)
                        json_object_set_new(object, "plan", json_integer(door->plan));
                if (o->report.kind == PLEK_REPORT_DOOR && !o->withdraw) {
                        json_set_time(object, "starts_at_ms", door->starts_at_ms);
                        json_set_time(object, "ends_at_ms", door->ends_at_ms);
                }
                if (o->report.kind == PLEK_REPORT_COUNTS && !o->withdraw)
                        receipt_counts_json(o, object);
                if (o->report.kind == PLEK_REPORT_REFUSAL)
                        receipt_refusal_json(o, object);
                if (o->ends_plans)
                        json_object_set_new(object, "plans_withdrawn",
                                            json_integer(result->n_plans));
                put_leads_ask(&leads, peer, publisher, o, result->revision);
                put_leads_json(&leads, object);
                print_json_line(object);
                return;
        }
        printf("%s %" PRIu64,
               word(o->common.language,
                    o->withdraw ? "taken back as revision" : "accepted as revision"),
               result->revision);
        if (is_plan)
                printf(", %s %" PRIu32, word(o->common.language, "plan"), door->plan);
        if (result->n_plans)
                printf(", %u %s", result->n_plans, word(o->common.language, "plans called off"));
        say_position(o);
        putchar('\n');
        say_understood(o, true);
        fflush(stdout); /* it was accepted, however long it takes to hear what leads */
        put_leads_ask(&leads, peer, publisher, o, result->revision);
        put_leads_say(&leads, o);
}

/* Whose place it is not is told what its own ones are. */
static void say_own_locations(Peer *peer, const Common *common)
{
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        char line[TEXT_COLUMNS_MAX];
        Text text = { line, sizeof(line) };
        PlekFault fault = { 0 };
        PlekWhoami who;

        if (plek_client_new(&client, peer->context, &peer->peer))
                return;
        plek_client_set_timeout(client, common_left_ms(common, 1000));
        if (plek_client_whoami(client, &who, &fault) || !who.n_locations)
                return;
        for (size_t i = 0; i < MIN(who.n_locations, (size_t)OWN_MAX); i++)
                text_add(&text, "%s%s", i ? ", " : "", who.locations[i].location);
        if (who.n_locations > OWN_MAX)
                text_add(&text, ", ... (%zu; plek whoami lists them)", who.n_locations);
        fail(EXIT_DONE, "note: this key speaks for %s.", line);
}

static int say_result(Peer *peer, PlekPublisher *publisher, const PutOptions *o,
                      const PutResult *result, int r)
{
        char text[512];
        int code;

        if (result->accepted && !r) {
                say_accepted(peer, publisher, o, result);
                return EXIT_DONE;
        }
        if (result->is_known) {
                code = fail_answer(PLEK_E_REFUSED, &result->fault);
                if (result->fault.code == PLEK_REFUSED_LOCATION)
                        say_own_locations(peer, &o->common);
                return code;
        }
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        snprintf(text, sizeof(text), "%s. %s",
                 result->was_connected
                         ? "no receipt in time, so it may or may not be in the picture"
                         : "nothing could be sent, so it is not in the picture",
                 *result->fault.text ? result->fault.text : "The broker does not answer.");
        return fail_unanswered(peer, &o->common, PLEK_ROLE_BIT(PLEK_ROLE_AGENT), text);
}

/* Until it is answered, or nothing more is to be expected. Returns 0 or -errno. */
static int wait_answered(PlekPublisher *publisher, const PutResult *result, int timeout_ms)
{
        const int64_t until_ms = steady_clock_ms() + timeout_ms;
        int r;

        r = plek_publisher_process(publisher);
        while (!r && !result->is_known) {
                const int64_t now_ms = steady_clock_ms();

                if (now_ms >= until_ms ||
                    (result->is_barred && now_ms >= result->barred_at_ms + BARRED_MS))
                        return 0;
                r = plek_publisher_run(publisher, (int)MIN(until_ms - now_ms, (int64_t)250));
        }
        return r;
}

/* A closure that was announced before stays in force beside a door that opens, so it is called off.
 * Returns 0, PLEK_E_TIMEOUT or -errno. */
static int end_plans(PlekPublisher *publisher, const PlekRecordKey *key, int timeout_ms)
{
        const int64_t until_ms = steady_clock_ms() + timeout_ms;
        int r;

        r = plek_publisher_end_plans(publisher, key);
        while (!r &&
               (plek_publisher_is_reconciling(publisher) || plek_publisher_n_waiting(publisher))) {
                const int64_t left_ms = until_ms - steady_clock_ms();

                if (left_ms <= 0)
                        return PLEK_E_TIMEOUT;
                r = plek_publisher_run(publisher, (int)left_ms);
        }
        return r;
}

/* ------------------------------------------------------------------ taking back */

typedef struct Undo {
        const uint8_t *id;
        bool is_held;
} Undo;

static bool is_meant(void *arg, const PlekRecordKey *key)
{
        Undo *undo = arg;
        bool is_it =
                key->kind == PLEK_REPORT_REFUSAL && !memcmp(key->id, undo->id, PLEK_EVENT_ID_BYTES);

        undo->is_held |= is_it;
        return is_it;
}

/*
 * To withdraw what is not there succeeds, and so would a slip in the id. The broker is asked what
 * it holds of us instead, which also tells the care and the location.
 */
static int undo_refusal(Peer *peer, PlekPublisher *publisher, const PutOptions *o,
                        const PutResult *result)
{
        const int64_t until_ms = steady_clock_ms() + common_wait_ms(&o->common);
        Undo undo = { .id = o->report.refusal.id };
        int r;

        r = plek_publisher_reconcile(publisher, NULL, is_meant, &undo);
        while (!r && !result->is_known &&
               (plek_publisher_is_reconciling(publisher) || plek_publisher_n_waiting(publisher))) {
                const int64_t now_ms = steady_clock_ms();

                if (now_ms >= until_ms ||
                    (result->is_barred && now_ms >= result->barred_at_ms + BARRED_MS))
                        break;
                r = plek_publisher_run(publisher, (int)MIN(until_ms - now_ms, (int64_t)250));
        }
        if (!r && !undo.is_held && !plek_publisher_is_reconciling(publisher))
                return fail(EXIT_REFUSED,
                            "no refusal with this id is held of this party: it was taken back, or "
                            "is of more than 68 days ago, or the id is another's.");
        return say_result(peer, publisher, o, result, r);
}

static int put_send(Peer *peer, const PutOptions *o)
{
        static const PlekPublisherCallbacks callbacks = {
                .accepted = on_accepted,
                .refused = on_refused,
                .link = on_link,
        };
        const PlekPublisherOptions publisher_options = { .is_hand = true };
        CLEANUP(plek_publisher_freep) PlekPublisher *publisher = NULL;
        PutResult result = { 0 };
        PlekFault fault = { 0 };
        PlekRecordKey key;
        int r;

        r = plek_publisher_new(&publisher, peer->context, &peer->peer, &publisher_options,
                               &callbacks, &result);
        if (r)
                return fail(EXIT_FILE, "cannot connect: %s.", spoken(plek_result_text(r)));

        if (o->withdraw && o->report.kind == PLEK_REPORT_REFUSAL)
                return undo_refusal(peer, publisher, o, &result);
        plek_report_key(&o->report, &key);
        r = o->withdraw ? plek_publisher_withdraw(publisher, &key, &fault)
                        : plek_publisher_put(publisher, &o->report, &fault);
        if (r)
                return fail_answer(r, &fault);

        r = wait_answered(publisher, &result, common_wait_ms(&o->common));
        if (!r && result.accepted && o->ends_plans) {
                r = end_plans(publisher, &key, common_left_ms(&o->common, 1000));
                if (r == PLEK_E_TIMEOUT)
                        return fail(EXIT_UNREACHABLE,
                                    "the door is open, but no answer in time about its plans: one "
                                    "may still be in force. plek door %s shows it.",
                                    o->report.location);
        }
        return say_result(peer, publisher, o, &result, r);
}

int put_run(Peer *peer, const PutOptions *o)
{
        return o->check ? put_check(peer, o) : put_send(peer, o);
}

static int put(const PutOptions *o)
{
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        int r;

        r = peer_open(&peer, &o->common);
        if (r)
                return r;
        return put_run(&peer, o);
}

int command_put(int argc, char **argv)
{
        PutOptions o;

        put_options_parse(&o, argc, argv);
        return put(&o);
}

int command_open(int argc, char **argv)
{
        PutOptions o;

        put_door_parse(&o, argc, argv, "open", PLEK_DOOR_OPEN);
        o.ends_plans = !o.report.door.plan;
        return put(&o);
}

int command_stop(int argc, char **argv)
{
        PutOptions o;

        put_door_parse(&o, argc, argv, "stop", PLEK_DOOR_STOP);
        return put(&o);
}

int command_close(int argc, char **argv)
{
        PutOptions o;

        put_door_parse(&o, argc, argv, "close", PLEK_DOOR_CLOSED);
        return put(&o);
}
