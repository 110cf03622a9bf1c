#include "lib/session.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/*
 * Session
 *
 *         DOWN --connected--> GREETING --hello answered--> UP --connection lost--> DOWN
 *                               |  ^
 *                       refused |  | after a while
 *                               v  |
 *                             REFUSED: whoami was asked, for a sentence that a person understands
 */

enum {
        REPLY_ARENA_BYTES = 64 * 1024 * 1024, /* address space: it is used as far as needed */
        TEXT_MAX = 256,
};

#define ANSWER_US   INT64_C(5000000)  /* for hello and clock; then the connection is made anew */
#define CLOCK_US    INT64_C(30000000) /* between round trips */
#define SOON_US     INT64_C(1000000)
#define REFUSED_US  INT64_C(15000000) /* before the next hello; doubles */
#define REFUSED_MAX 5                 /* doublings */

typedef enum State { STATE_DOWN, STATE_GREETING, STATE_REFUSED, STATE_UP } State;

struct Session {
        SessionOptions options;
        SessionEvents events;
        void *arg;
        Connection connection;
        Arena *arena;
        Clock clock;
        State state;
        uint64_t last_id;
        uint64_t hello_id, whoami_id, card_id; /* 0: none under way */
        int64_t hello_us;                      /* when it was sent */
        unsigned n_refused;
        int64_t retry_us; /* REFUSED: when to greet again */
        uint64_t nonce;   /* of the clock's request; 0: none under way */
        int64_t clock_sent_us, clock_due_us;
        uint64_t epoch; /* as greeted, or told since */
        char party[PARTY_MAX + 1];
        uint64_t floor;
        uint32_t refusal_code;
        char refusal[TEXT_MAX];
};

/* ------------------------------------------------------------------ its life */

int session_new(Session **ret_session, const SessionOptions *options, const SessionEvents *events,
                void *arg)
{
        CLEANUP(session_freep) Session *session = NULL;
        int r;

        session = calloc(1, sizeof(*session));
        if (!session)
                return err_raise(-ENOMEM);
        session->options = *options;
        session->events = *events;
        session->arg = arg;
        session->retry_us = session->clock_due_us = INT64_MAX;
        connection_init(&session->connection, options->context, options->poller, options->peer,
                        options->control ? TO_CONTROL : TO_QUERY);
        session->connection.control = options->control;
        r = arena_new(&session->arena, REPLY_ARENA_BYTES);
        if (r)
                return r;

        *ret_session = STEAL(session);
        return 0;
}

Session *session_free(Session *session)
{
        if (!session)
                return NULL;
        connection_close(&session->connection);
        arena_free(session->arena);
        free(session);
        return NULL;
}

static void go_down(Session *session)
{
        bool was_up = session->state == STATE_UP;

        session->state = STATE_DOWN;
        session->hello_id = session->whoami_id = session->card_id = session->nonce = 0;
        session->retry_us = session->clock_due_us = INT64_MAX;
        if (was_up && session->events.down)
                session->events.down(session->arg);
}

static int reconnect(Session *session)
{
        go_down(session);
        return connection_reopen(&session->connection);
}

static void alarm_broker(Session *session, Bytes evidence, const char *text)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;

        if (!session->events.alarm)
                return;
        if (evidence.n_bytes)
                (void)!blob_copy(&blob, evidence.bytes, evidence.n_bytes);
        session->events.alarm(session->arg, PLEK_ALARM_BROKER, text, blob, NULL);
}

/* ------------------------------------------------------------------ sending */

static int send_request(Session *session, Request *request, uint64_t *ret_id)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        int r;

        request->id = ++session->last_id;
        r = request_encode(&bytes, request);
        if (r)
                return err_fold(r);
        r = socket_send(session->connection.socket, bytes->bytes, bytes->n_bytes);
        if (r)
                return r == SOCKET_E_AGAIN ? SESSION_E_DOWN : err_fold(r);
        *ret_id = request->id;
        return 0;
}

int session_send(Session *session, Request *request, uint64_t *ret_id)
{
        if (session->state != STATE_UP || !session->connection.socket)
                return SESSION_E_DOWN;
        return send_request(session, request, ret_id);
}

static int send_hello(Session *session, int64_t now_us)
{
        const Peer *peer = session->options.peer;
        const HeadSeen *head = NULL;
        Request request = {
                .kind = REQUEST_HELLO,
                .hello = {
                        .instance = session->options.instance,
                        .kind = session->options.kind,
                        .card_serial = peer->card->card.serial,
                        .program = peer->program,
                },
        };
        int r;

        if (session->options.heads)
                head = heads_newest(session->options.heads, peer->card);
        if (head)
                request.hello.head = (Bytes){ head->envelope->bytes, head->envelope->n_bytes };

        session->state = STATE_GREETING;
        session->hello_us = now_us;
        r = send_request(session, &request, &session->hello_id);
        return r == SESSION_E_DOWN ? 0 : r; /* it is not answered in time, then */
}

static int send_clock(Session *session, int64_t now_us)
{
        Request request = { .kind = REQUEST_CLOCK };
        uint64_t id;
        int r;

        randombytes_buf(&session->nonce, sizeof(session->nonce));
        session->nonce |= 1;
        request.clock.nonce = session->nonce;
        session->clock_sent_us = now_us;
        session->clock_due_us = now_us + CLOCK_US;
        r = send_request(session, &request, &id);
        return r == SESSION_E_DOWN ? 0 : r;
}

static int send_whoami(Session *session)
{
        int r = send_request(session, &(Request){ .kind = REQUEST_WHOAMI }, &session->whoami_id);

        return r == SESSION_E_DOWN ? 0 : r;
}

static int send_card(Session *session)
{
        int r = send_request(session, &(Request){ .kind = REQUEST_CARD }, &session->card_id);

        return r == SESSION_E_DOWN ? 0 : r;
}

void session_ask_clock(Session *session)
{
        if (session->state == STATE_UP && !session->nonce)
                session->clock_due_us =
                        MIN(session->clock_due_us, session->clock_sent_us + SOON_US);
}

/* ------------------------------------------------------------------ greeting */

static void see_head(Session *session, Bytes head)
{
        CLEANUP(blob_unrefp) Blob *evidence = NULL;
        const HeadSeen *other;

        if (!session->options.heads || !head.n_bytes ||
            heads_see(session->options.heads, session->options.peer->card, head.bytes, head.n_bytes,
                      &other) != HEADS_E_EQUIVOCATION)
                return;
        (void)!blob_copy(&evidence, head.bytes, head.n_bytes);
        if (session->events.alarm)
                session->events.alarm(session->arg, PLEK_ALARM_EQUIVOCATION,
                                      "the broker signed two heads of one revision that differ",
                                      other->envelope, evidence);
}

/* Whether the opening of an epoch is the broker's. */
static bool read_epoch(Session *session, Bytes bytes, Epoch *ret_epoch)
{
        Envelope envelope;

        return envelope_parse(&envelope, bytes.bytes, bytes.n_bytes) == 0 &&
               envelope.kind == ENVELOPE_EPOCH &&
               region_card_signed_by_broker(session->options.peer->card, &envelope) &&
               epoch_decode(ret_epoch, session->arena, envelope.body, envelope.n_body) == 0;
}

static bool is_signed_head(const Session *session, Bytes bytes)
{
        Envelope envelope;

        return envelope_parse(&envelope, bytes.bytes, bytes.n_bytes) == 0 &&
               envelope.kind == ENVELOPE_HEAD &&
               region_card_signed_by_broker(session->options.peer->card, &envelope);
}

static int take_hello(Session *session, const Reply *reply, int64_t now_us)
{
        const Peer *peer = session->options.peer;
        Epoch epoch;
        int r;

        if (memcmp(&reply->hello.network, &peer->card->card.network, sizeof(NetworkId)) ||
            !read_epoch(session, reply->hello.epoch, &epoch) ||
            !is_signed_head(session, reply->hello.head)) {
                alarm_broker(session, reply->hello.head,
                             "the greeting is not signed by a broker of our region card");
                session->state = STATE_REFUSED;
                session->retry_us = now_us + REFUSED_US;
                return 0;
        }

        (void)clock_learn(&session->clock, session->hello_us, now_us, reply->hello.time_us);
        (void)snprintf(session->party, sizeof(session->party), "%s", reply->hello.party);
        session->epoch = epoch.epoch;
        session->state = STATE_UP;
        session->n_refused = 0;
        session->refusal[0] = '\0';
        session->refusal_code = 0;
        session->floor = reply->hello.floor;
        session->clock_sent_us = now_us;
        session->clock_due_us = now_us + SOON_US; /* the first round trip was slow, as firsts are */
        see_head(session, reply->hello.head);
        if (reply->hello.card_serial > peer->card->card.serial) {
                r = send_card(session);
                if (r)
                        return r;
        }
        return session->events.up ? session->events.up(session->arg, reply, &epoch) : 0;
}

static void tell_refusal(Session *session, const char *text)
{
        (void)snprintf(session->refusal, sizeof(session->refusal), "%s", text);
        if (session->events.trouble)
                session->events.trouble(session->arg, session->refusal, true);
}

static int take_refused_hello(Session *session, const Reply *reply, int64_t now_us)
{
        session->refusal_code = reply->refusal.code ? reply->refusal.code : PLEK_REFUSED_MALFORMED;
        tell_refusal(session, reply->refusal.text ? reply->refusal.text : "refused");
        session->state = STATE_REFUSED;
        session->retry_us = now_us + (REFUSED_US << MIN(session->n_refused, REFUSED_MAX));
        session->n_refused++;
        return send_whoami(session);
}

/* ------------------------------------------------------------------ replies */

static int take_card(Session *session, Bytes bytes)
{
        int r;

        r = peer_take_card(session->options.peer, session->options.context, bytes.bytes,
                           bytes.n_bytes);
        if (r == PLEK_E_NOT_FOUND)
                return 0;
        if (r > 0) {
                alarm_broker(session, bytes,
                             "the broker hands out a region card that is not our "
                             "authority's");
                return 0;
        }
        if (r)
                return r;
        if (session->events.card) {
                r = session->events.card(session->arg);
                if (r)
                        return r;
        }
        return connection_is_outdated(&session->connection) ? reconnect(session) : 0;
}

static int take_epoch(Session *session, Bytes bytes)
{
        Epoch epoch;

        if (session->state != STATE_UP)
                return 0;
        if (!read_epoch(session, bytes, &epoch)) {
                alarm_broker(session, bytes, "the opening of an epoch is not signed by a broker");
                return 0;
        }
        if (epoch.epoch == session->epoch)
                return 0;
        session->epoch = epoch.epoch;
        return session->events.epoch ? session->events.epoch(session->arg, &epoch) : 0;
}

/* Returns whether it was one that we asked for ourselves; *ret_result is what came of it. */
static bool take_own(Session *session, const Reply *reply, int64_t now_us, int *ret_result)
{
        *ret_result = 0;
        if (session->options.is_guest)
                return false; /* it was not greeted, and has no card to compare with */
        if (reply->id && reply->id == session->hello_id) {
                session->hello_id = 0;
                if (reply->kind == REPLY_HELLO)
                        *ret_result = take_hello(session, reply, now_us);
                else
                        *ret_result = take_refused_hello(session, reply, now_us);
                return true;
        }
        if (reply->id && reply->id == session->whoami_id) {
                session->whoami_id = 0;
                if (reply->kind == REPLY_WHOAMI && session->state == STATE_REFUSED)
                        tell_refusal(session, reply->whoami.text);
                return true;
        }
        if (reply->id && reply->id == session->card_id) {
                session->card_id = 0;
                if (reply->kind == REPLY_CARD)
                        *ret_result = take_card(session, reply->envelope);
                return true;
        }

        if (reply->kind == REPLY_CLOCK) {
                if (session->nonce && reply->clock.nonce == session->nonce) {
                        session->nonce = 0;
                        (void)clock_learn(&session->clock, session->clock_sent_us, now_us,
                                          reply->clock.time_us);
                }
                return true;
        }
        if (!reply->id && reply->kind == REPLY_CARD) {
                *ret_result = take_card(session, reply->envelope);
                return true;
        }
        if (!reply->id && reply->kind == REPLY_EPOCH) {
                *ret_result = take_epoch(session, reply->envelope);
                return true;
        }
        return false;
}

static int take_reply(Session *session, const uint8_t *bytes, size_t n_bytes, int64_t now_us)
{
        Reply reply;
        int r;

        arena_reset(session->arena);
        if (reply_decode(&reply, session->arena, bytes, n_bytes)) {
                alarm_broker(session, (Bytes){ NULL, 0 }, "a reply cannot be decoded");
                return 0;
        }
        if (reply.kind == REPLY_RECEIPT)
                see_head(session, reply.receipt.head);
        if (take_own(session, &reply, now_us, &r))
                return r;
        if (session->state != STATE_UP || !session->events.reply)
                return 0;
        return session->events.reply(session->arg, &reply);
}

/* ------------------------------------------------------------------ the connection */

static int take_up(Session *session, int64_t now_us)
{
        go_down(session);
        if (!session->options.is_guest)
                return send_hello(session, now_us);
        session->state = STATE_UP;
        return session->events.up ? session->events.up(session->arg, NULL, NULL) : 0;
}

static void tell_trouble(Session *session)
{
        char text[TEXT_MAX];

        if (!session->events.trouble)
                return;
        connection_trouble(&session->connection, text, sizeof(text));
        session->events.trouble(session->arg, text, session->connection.trouble != SOCKET_DOWN);
}

static int process_connection(Session *session, int64_t now_us, bool *ret_progress)
{
        ConnectionEdge edge;
        int r;

        for (;;) {
                r = connection_poll(&session->connection, now_us, &edge);
                if (r || edge == EDGE_NONE)
                        return r;
                *ret_progress = true;
                switch (edge) {
                case EDGE_UP:
                        r = take_up(session, now_us);
                        break;
                case EDGE_DOWN:
                case EDGE_TROUBLE:
                        go_down(session);
                        tell_trouble(session);
                        break;
                default:
                        go_down(session);
                        break;
                }
                if (r)
                        return r;
        }
}

static int process_replies(Session *session, bool *ret_progress)
{
        const uint8_t *bytes;
        size_t n_bytes;
        int r;

        while (session->connection.socket) {
                r = socket_receive(session->connection.socket, &bytes, &n_bytes);
                if (r == SOCKET_E_AGAIN)
                        return 0;
                if (r)
                        return err_fold(r);
                *ret_progress = true;
                r = take_reply(session, bytes, n_bytes, monotonic_us());
                if (r)
                        return r;
        }
        return 0;
}

static int process_time(Session *session, int64_t now_us, bool *ret_progress)
{
        if (session->hello_id && now_us >= session->hello_us + ANSWER_US) {
                *ret_progress = true;
                return reconnect(session);
        }
        if (session->state == STATE_REFUSED && now_us >= session->retry_us) {
                *ret_progress = true;
                return send_hello(session, now_us);
        }
        if (session->state != STATE_UP || session->options.is_guest)
                return 0;
        if (session->nonce && now_us >= session->clock_sent_us + ANSWER_US) {
                *ret_progress = true; /* the connection looks alive and is not */
                return reconnect(session);
        }
        if (!session->nonce && now_us >= session->clock_due_us) {
                *ret_progress = true;
                return send_clock(session, now_us);
        }
        return 0;
}

int session_process(Session *session, int64_t now_us, bool *ret_progress)
{
        int r;

        r = connection_open(&session->connection);
        if (!r)
                r = process_connection(session, now_us, ret_progress);
        if (!r)
                r = process_replies(session, ret_progress);
        if (!r)
                r = process_time(session, now_us, ret_progress);
        return r;
}

int64_t session_due_us(const Session *session)
{
        int64_t due_us = connection_due_us(&session->connection);

        if (session->hello_id)
                due_us = MIN(due_us, session->hello_us + ANSWER_US);
        if (session->state == STATE_REFUSED)
                due_us = MIN(due_us, session->retry_us);
        if (session->state != STATE_UP || session->options.is_guest)
                return due_us;
        return MIN(due_us,
                   session->nonce ? session->clock_sent_us + ANSWER_US : session->clock_due_us);
}

/* ------------------------------------------------------------------ looking */

bool session_is_up(const Session *session)
{
        return session->state == STATE_UP;
}

const Clock *session_clock(const Session *session)
{
        return &session->clock;
}

const char *session_party(const Session *session)
{
        return session->party[0] ? session->party : NULL;
}

void session_trouble(const Session *session, char *ret_text, size_t n_text)
{
        if (session->state == STATE_REFUSED && session->refusal[0])
                (void)snprintf(ret_text, n_text, "%s", session->refusal);
        else if (session->state == STATE_DOWN)
                connection_trouble(&session->connection, ret_text, n_text);
        else
                (void)snprintf(ret_text, n_text, "the broker at %s does not answer",
                               session->connection.endpoint);
}

uint64_t session_floor(const Session *session)
{
        return session->floor;
}

uint32_t session_refusal(const Session *session)
{
        if (session->connection.trouble == SOCKET_BARRED)
                return PLEK_REFUSED_REVOKED;
        return session->state == STATE_REFUSED && !session->whoami_id ? session->refusal_code : 0;
}
