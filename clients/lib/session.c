#include "lib/session-internal.h"

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
        /* A manifest of 4 MiB, and as much again. */
        REPLY_ARENA_BYTES = 16 * 1024 * 1024,
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
        r = arena_new(&session->arena,
                      options->reply_bytes ? options->reply_bytes : REPLY_ARENA_BYTES);
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

int session_reconnect(Session *session)
{
        go_down(session);
        return connection_reopen(&session->connection);
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

int session_send_whoami(Session *session)
{
        int r = send_request(session, &(Request){ .kind = REQUEST_WHOAMI }, &session->whoami_id);

        return r == SESSION_E_DOWN ? 0 : r;
}

int session_send_card(Session *session)
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
        char text[SESSION_TEXT_MAX];

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
                r = session_take_reply(session, bytes, n_bytes, monotonic_us());
                if (r)
                        return r;
        }
        return 0;
}

static int process_time(Session *session, int64_t now_us, bool *ret_progress)
{
        if (session->hello_id && now_us >= session->hello_us + ANSWER_US) {
                *ret_progress = true;
                return session_reconnect(session);
        }
        if (session->state == STATE_REFUSED && now_us >= session->retry_us) {
                *ret_progress = true;
                return send_hello(session, now_us);
        }
        if (session->state != STATE_UP || session->options.is_guest)
                return 0;
        if (session->nonce && now_us >= session->clock_sent_us + ANSWER_US) {
                *ret_progress = true; /* the connection looks alive and is not */
                return session_reconnect(session);
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
