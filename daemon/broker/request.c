#include "broker/request.h"

#include "broker/parts.h"

enum { REQUESTS_PER_TURN = 256 };

static const struct {
        RequestFn fn;
        unsigned who;
        bool before_hello;
} kinds[] = {
        [REQUEST_HELLO] = { request_hello, CALLER_ENROLLED | CALLER_OPERATOR, true },
        [REQUEST_CLOCK] = { request_clock, CALLER_ENROLLED | CALLER_OPERATOR },
        [REQUEST_SINCE] = { request_since, CALLER_READER },
        [REQUEST_CREDIT] = { request_credit, CALLER_READER | CALLER_AGENT },
        [REQUEST_WHOAMI] = { request_whoami, CALLER_ANYBODY, true },
        [REQUEST_SUBMIT] = { request_submit, CALLER_ENROLLED | CALLER_OPERATOR },
        [REQUEST_SUSPEND] = { request_suspend, CALLER_OPERATOR },
        [REQUEST_PARTIES] = { request_parties, CALLER_ENROLLED | CALLER_OPERATOR },
        [REQUEST_STATUS] = { request_status, CALLER_OPERATOR },
        [REQUEST_OWN] = { request_own, CALLER_AGENT },
        [REQUEST_CONFIRM] = { request_confirm, CALLER_OPERATOR },
        [REQUEST_PRESENCE] = { request_presence, CALLER_READER | CALLER_OPERATOR },
        [REQUEST_CARD] = { request_card, CALLER_ENROLLED | CALLER_OPERATOR },
        [REQUEST_HISTORY] = { request_history, CALLER_READER },
        [REQUEST_CALL] = { request_call, CALLER_ENROLLED },
};

bool caller_is(const Caller *caller, unsigned what)
{
        if (caller->is_guest)
                return what & CALLER_GUEST;
        if (caller->is_control)
                return what & CALLER_OPERATOR;
        return (what & CALLER_ENROLLED) || ((what & CALLER_READER) && caller->audience) ||
               ((what & CALLER_AGENT) && party_has_role(caller->party, ROLE_AGENT)) ||
               ((what & CALLER_OPERATOR) && party_has_role(caller->party, ROLE_OPERATOR));
}

/* ------------------------------------------------------------------ telling */

int session_tell(Broker *broker, Session *session, const Reply *reply)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        int r;

        r = reply_encode(&blob, reply);
        if (r)
                return err_fold(r);
        if (blob->n_bytes > broker->frame_limits[session->key.endpoint])
                return SESSION_E_TOO_LARGE;
        r = endpoint_send(broker->endpoints[session->key.endpoint], &session->key.routing, blob);
        if (r == ENDPOINT_E_FULL || r == ENDPOINT_E_UNROUTABLE)
                return SESSION_E_LOST;
        return err_fold(r);
}

int session_reply(Broker *broker, Session *session, const Reply *reply)
{
        int r = session_tell(broker, session, reply);

        switch (r) {
        case SESSION_E_LOST:
                return 0;
        case SESSION_E_TOO_LARGE:
                return session_refuse(broker, session, reply->id, PLEK_REFUSED_QUOTA, NULL,
                                      "the answer is larger than a message may be");
        default:
                return r;
        }
}

int session_refuse(Broker *broker, Session *session, uint64_t id, uint32_t code, const char *field,
                   const char *text)
{
        broker->counters.n_requests_refused++;
        return session_reply(broker, session,
                             &(Reply){
                                     .id = id,
                                     .kind = REPLY_REFUSED,
                                     .refusal = { .code = code, .field = field, .text = text },
                             });
}

int session_done(Broker *broker, Session *session, uint64_t id)
{
        return session_reply(broker, session, &(Reply){ .id = id, .kind = REPLY_DONE });
}

static int tell_all(Broker *broker, const Reply *reply)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        int r;

        r = reply_encode(&blob, reply);
        if (r)
                return err_fold(r);
        list_for_each (link, &broker->sessions.all) {
                Session *session = list_entry(link, Session, in_all);

                if (!session->has_hello)
                        continue;
                r = endpoint_send(broker->endpoints[session->key.endpoint], &session->key.routing,
                                  blob);
                if (r < 0)
                        return r;
        }
        return 0;
}

int sessions_tell_epoch(Broker *broker)
{
        Blob *epoch = state_epoch_envelope(broker->state);

        return tell_all(broker, &(Reply){
                                        .kind = REPLY_EPOCH,
                                        .envelope = { epoch->bytes, epoch->n_bytes },
                                });
}

int sessions_tell_card(Broker *broker)
{
        Blob *card = registry_card(state_registry(broker->state), NULL, NULL);

        return tell_all(broker, &(Reply){
                                        .kind = REPLY_CARD,
                                        .envelope = { card->bytes, card->n_bytes },
                                });
}

Reply agreed_reply(const Broker *broker)
{
        Reply reply = { .kind = REPLY_AGREED };

        reply.agreed.intervals = broker->config->agreed_intervals;
        reply.agreed.n_intervals = broker->config->n_agreed_intervals;
        return reply;
}

int sessions_tell_agreed(Broker *broker)
{
        Reply reply = agreed_reply(broker);

        return tell_all(broker, &reply);
}

Session *asked_by_session(Broker *broker, const AskedBy *by)
{
        return session_find(&broker->sessions, (EndpointKind)by->session.endpoint,
                            &by->session.routing);
}

/* ------------------------------------------------------------------ asking */

/* A guest whose key was enrolled meanwhile is a party's from here on. */
static bool adopt(Broker *broker, Session *session)
{
        Sender *sender;

        if (session->sender)
                return true;
        sender = sender_find_or_add(&broker->activities, state_registry(broker->state),
                                    session->user);
        if (!sender || !gatekeeper_adopt(&broker->gatekeeper, session->user))
                return false;
        session_adopt(&broker->sessions, session, sender);
        return true;
}

static Caller judge(Broker *broker, Session *session)
{
        Caller caller = { .session = session, .is_control = session_is_control(session) };
        int64_t now_ms = broker_clock_now_ms(&broker->clock);
        Judged judged;

        if (caller.is_control)
                return caller;

        judged = gatekeeper_judge(state_registry(broker->state), ENDPOINT_QUERY, session->user,
                                  now_ms, (int64_t)broker->config->grace_ms);
        caller.is_guest =
                judged.is_guest || judged.verdict != GATE_ADMIT || !adopt(broker, session);
        caller.why = judged.why;
        if (!judged.is_known)
                return caller;

        caller.owner = judged.owner;
        caller.party = judged.owner.party;
        if (!caller.is_guest && owner_may_read(&caller.owner, now_ms,
                                               (int64_t)broker->config->grace_ms, &caller.audience))
                caller.audience = 0;
        return caller;
}

Audience request_audience(Broker *broker, Session *session)
{
        Caller caller = judge(broker, session);

        return caller_is(&caller, CALLER_READER) && session->has_hello ? caller.audience : 0;
}

/* What would allow it: whoever asked can hand this to their region's authority. */
static const char *who_may(unsigned what)
{
        if (what & CALLER_READER)
                return "readers, with the role SUBSCRIBER or COORDINATOR";
        return what & CALLER_AGENT ? "parties with the role AGENT"
                                   : "operators, with the role OPERATOR or on the broker's host";
}

static int refuse_caller(Broker *broker, const Caller *caller, const Request *request)
{
        char key[KEY_ID_TEXT_BYTES], text[224];

        if (!caller->is_guest) {
                snprintf(text, sizeof(text),
                         "this is for %s, and not for this party's roles. Ask the region's "
                         "authority, which signs enrolments, for one with that role",
                         who_may(kinds[request->kind].who));
                return session_refuse(broker, caller->session, request->id,
                                      PLEK_REFUSED_NOT_ALLOWED, NULL, text);
        }
        key_id_format(caller->session->user, key);
        snprintf(text, sizeof(text), "key %s is not admitted here now; `whoami` says more", key);
        return session_refuse(broker, caller->session, request->id, caller->why, NULL, text);
}

static int answer(Broker *broker, Session *session, const Request *request)
{
        Caller caller = judge(broker, session);

        if (request->kind >= N_ELEMENTS(kinds) || !kinds[request->kind].fn)
                return session_refuse(broker, session, request->id, PLEK_REFUSED_UNKNOWN_REQUEST,
                                      NULL, "this broker does not know this kind of request");
        if (!caller_is(&caller, kinds[request->kind].who))
                return refuse_caller(broker, &caller, request);
        if (!caller.is_control && !session->has_hello && !kinds[request->kind].before_hello)
                return session_refuse(broker, session, request->id, PLEK_REFUSED_NOT_ALLOWED, NULL,
                                      "say hello first");
        return kinds[request->kind].fn(broker, &caller, request);
}

/* NULL: its connection is gone already, or there is no memory; whoever asked will ask again. */
static Session *session_of(Broker *broker, EndpointKind endpoint, const Received *received)
{
        Session *session;
        Sender *sender = NULL;

        session = session_find(&broker->sessions, endpoint, &received->routing);
        if (session || !received->connection)
                return session;
        if (endpoint == ENDPOINT_QUERY)
                sender = sender_find_or_add(&broker->activities, state_registry(broker->state),
                                            received->user);
        return session_add(&broker->sessions, endpoint, received, sender);
}

/* Told once when it begins: an answer to each would help who floods. */
static int throttle(Broker *broker, Session *session, uint64_t id)
{
        bool is_told = session->is_throttled;

        session->is_throttled = true;
        if (is_told) {
                broker->counters.n_requests_refused++;
                return 0;
        }
        return session_refuse(broker, session, id, PLEK_REFUSED_QUOTA, NULL,
                              "too many requests; those that come too soon are not answered");
}

static int take(Broker *broker, EndpointKind endpoint, const Received *received)
{
        Session *session = session_of(broker, endpoint, received);
        bool is_early;
        Request request;

        if (!session)
                return 0;

        broker->counters.n_requests++;
        is_early = endpoint == ENDPOINT_QUERY &&
                   !bucket_draw(&session->requests, &broker->request_rate, 1,
                                loop_now_ns(broker->loop));
        if (is_early && session->is_throttled)
                return throttle(broker, session, 0);

        arena_reset(broker->arena);
        arena_limit(broker->arena, REQUEST_ARENA_BYTES);
        if (request_decode(&request, broker->arena, received->body->bytes, received->body->n_bytes))
                return session_refuse(broker, session, 0, PLEK_REFUSED_MALFORMED, NULL,
                                      "this request cannot be decoded");
        if (is_early)
                return throttle(broker, session, request.id);
        session->is_throttled = false;
        return answer(broker, session, &request);
}

static int drain(Broker *broker, EndpointKind endpoint)
{
        int r;

        broker_update_clock(broker);
        for (size_t n = 0; n < REQUESTS_PER_TURN; n++) {
                CLEANUP(received_deinit) Received received = RECEIVED_NULL;

                r = endpoint_receive(broker->endpoints[endpoint], &received);
                if (r == ENDPOINT_E_EMPTY)
                        break;
                if (r)
                        return err_fold(r);
                r = take(broker, endpoint, &received);
                if (r)
                        return r;
        }
        return transfers_pump(&broker->transfers);
}

int requests_on_query(void *broker)
{
        return drain(broker, ENDPOINT_QUERY);
}

int requests_on_control(void *broker)
{
        return drain(broker, ENDPOINT_CONTROL);
}

void requests_on_lost(void *arg, const PeerLost *lost)
{
        Broker *broker = arg;
        Session *session;

        if (lost->endpoint != ENDPOINT_QUERY && lost->endpoint != ENDPOINT_CONTROL)
                return;
        session = session_of_connection(&broker->sessions, lost->connection);
        if (!session)
                return;
        transfers_end(&broker->transfers, session);
        session_remove(&broker->sessions, session, broker_clock_now_ms(&broker->clock));
}
