#include "broker/sessions.h"

#include <string.h>

#include "internal/endian.h"

void sessions_init(Sessions *sessions, ActivityTable *activities)
{
        *sessions = (Sessions){ .activities = activities };
        list_init(&sessions->all);
}

/* Hashed whole, so its padding is always zero. */
static SessionKey key_of(EndpointKind endpoint, const RoutingId *routing)
{
        SessionKey key;

        memset(&key, 0, sizeof(key));
        key.endpoint = (uint8_t)endpoint;
        key.routing = *routing;
        return key;
}

static InstanceKey instance_of(KeyId user, uint64_t instance)
{
        InstanceKey key = { .user = user };

        be64_put(key.instance, instance);
        return key;
}

Session *session_find(const Sessions *sessions, EndpointKind endpoint, const RoutingId *routing)
{
        SessionKey key = key_of(endpoint, routing);
        Session *session;

        HASH_FIND(hh, sessions->by_key, &key, sizeof(key), session);
        return session;
}

Session *session_add(Sessions *sessions, EndpointKind endpoint, const Received *received,
                     Sender *sender)
{
        CLEANUP(freep) Session *session = NULL;

        session = calloc(1, sizeof(*session));
        if (!session)
                return NULL;

        session->key = key_of(endpoint, &received->routing);
        session->connection = received->connection;
        session->user = received->user;
        session->uid = received->uid;
        session->sender = sender;
        list_init(&session->transfers);

        HASH_ADD(hh, sessions->by_key, key, sizeof(session->key), session);
        if (!session->hh.tbl)
                return NULL;
        HASH_ADD(hh_connection, sessions->by_connection, connection, sizeof(session->connection),
                 session);
        if (!session->hh_connection.tbl) {
                HASH_DELETE(hh, sessions->by_key, session);
                return NULL;
        }

        list_append(&sessions->all, &session->in_all);
        if (sender)
                list_append(&sender->sessions, &session->of_sender);
        sessions->n_by_endpoint[endpoint]++;
        if (!sender && endpoint == ENDPOINT_QUERY)
                sessions->n_guests++;
        return STEAL(session);
}

void session_adopt(Sessions *sessions, Session *session, Sender *sender)
{
        assert(!session->sender);
        session->sender = sender;
        list_append(&sender->sessions, &session->of_sender);
        sessions->n_guests--;
}

static void receipt_deinit(PendingReceipt *receipt)
{
        for (size_t i = 0; i < receipt->n_outcomes; i++) {
                free((char *)receipt->outcomes[i].refusal.field);
                free((char *)receipt->outcomes[i].refusal.text);
        }
        free(receipt->outcomes);
        list_unlink(&receipt->held);
}

static void forget_instance(Sessions *sessions, Session *session, int64_t now_ms)
{
        if (session->is_feed)
                sender_feed_ended(sessions->activities, session->sender, now_ms);
        session->is_feed = false;
        if (session->hh_instance.tbl)
                HASH_DELETE(hh_instance, sessions->by_instance, session);
        session->hh_instance.tbl = NULL;
}

void session_remove(Sessions *sessions, Session *session, int64_t now_ms)
{
        assert(list_is_empty(&session->transfers));

        forget_instance(sessions, session, now_ms);
        HASH_DELETE(hh, sessions->by_key, session);
        HASH_DELETE(hh_connection, sessions->by_connection, session);
        list_unlink(&session->in_all);
        list_unlink(&session->of_sender);
        sessions->n_by_endpoint[session->key.endpoint]--;
        if (!session->sender && session->key.endpoint == ENDPOINT_QUERY)
                sessions->n_guests--;
        receipt_deinit(&session->receipt);
        free(session);
}

Session *session_of_connection(const Sessions *sessions, uint64_t connection)
{
        Session *session;

        HASH_FIND(hh_connection, sessions->by_connection, &connection, sizeof(connection), session);
        return session;
}

Session *session_of_instance(const Sessions *sessions, KeyId user, uint64_t instance)
{
        InstanceKey key = instance_of(user, instance);
        Session *session;

        HASH_FIND(hh_instance, sessions->by_instance, &key, sizeof(key), session);
        return session;
}

Session *session_of_sender(const Sender *sender)
{
        list_for_each (link, &sender->sessions) {
                Session *session = list_entry(link, Session, of_sender);

                if (session->has_hello && session->kind != PEER_READER)
                        return session;
        }
        return NULL;
}

void session_greet(Sessions *sessions, Session *session, uint64_t instance, PeerKind kind,
                   const char *program, int64_t now_ms)
{
        Session *other = session_of_instance(sessions, session->user, instance);
        bool is_feed = kind == PEER_FEED && session->sender;

        strncpy(session->program, program ? program : "", PROGRAM_MAX);
        session->has_hello = true;
        session->kind = kind;
        if (other == session && session->is_feed == is_feed)
                return;

        /* The new one first: an agent that comes back is not lost in between. */
        if (is_feed)
                sender_feed_began(sessions->activities, session->sender, now_ms);
        forget_instance(sessions, session, now_ms);
        /* The same instance over a new connection: the old one is dead, if nobody knows yet. */
        if (other && other != session)
                forget_instance(sessions, other, now_ms);

        session->is_feed = is_feed;
        session->instance = instance_of(session->user, instance);
        HASH_ADD(hh_instance, sessions->by_instance, instance, sizeof(session->instance), session);
}

bool session_has_twin(const Session *session)
{
        return session->is_feed && session->sender->n_feeds > 1;
}

bool session_is_control(const Session *session)
{
        return session->key.endpoint == ENDPOINT_CONTROL;
}
