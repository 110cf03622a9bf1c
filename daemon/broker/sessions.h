#pragma once

/*
 * Sessions: whom the broker talks with on its query and control sockets
 *
 * A session is one connection of a DEALER: the routing id that the broker gave it, and the User-Id
 * that CURVE proved. It lives from its first request to the end of its connection, so sessions are
 * bounded by the connections of the two sockets.
 */

#include "broker/activity.h"
#include "net/endpoint.h"
#include "wire/query.h"

typedef struct Session Session;
typedef struct Sessions Sessions;

enum { PROGRAM_MAX = 64 };

/* What is held back to be told in one message; broker/receipts.h. */
typedef struct PendingReceipt {
        ListLink held;
        char party[PARTY_MAX + 1];
        uint64_t floor;
        Outcome *outcomes; /* strings are its own */
        size_t n_outcomes;
        size_t n_allocated;
        int64_t held_since_ns;
} PendingReceipt;

typedef struct SessionKey {
        uint8_t endpoint; /* EndpointKind */
        RoutingId routing;
} SessionKey;

typedef struct InstanceKey {
        KeyId user;
        uint8_t instance[8];
} InstanceKey;

struct Session {
        UT_hash_handle hh;
        UT_hash_handle hh_connection;
        UT_hash_handle hh_instance; /* after a hello */
        ListLink in_all;
        ListLink of_sender;
        SessionKey key;
        uint64_t connection;
        KeyId user;
        uid_t uid;      /* on control */
        Sender *sender; /* NULL: a guest, or on control */
        Bucket requests;
        bool is_throttled; /* and was told so */

        bool has_hello;
        bool is_feed; /* counted as one */
        InstanceKey instance;
        PeerKind kind;
        char program[PROGRAM_MAX + 1];
        uint64_t card_serial; /* the newest that it has, or was told */

        PendingReceipt receipt;
        ListLink transfers; /* broker/transfer.h */
        size_t n_transfers;
};

struct Sessions {
        Session *by_key;
        Session *by_connection;
        Session *by_instance;
        ListLink all;
        size_t n_guests;
        size_t n_by_endpoint[N_ENDPOINTS];
        ActivityTable *activities;
};

void sessions_init(Sessions *sessions, ActivityTable *activities);

Session *session_find(const Sessions *sessions, EndpointKind endpoint, const RoutingId *routing);
/* NULL: no memory. */
Session *session_add(Sessions *sessions, EndpointKind endpoint, const Received *received,
                     Sender *sender);
/* A stranger's key was enrolled meanwhile. */
void session_adopt(Sessions *sessions, Session *session, Sender *sender);
/* The caller has ended its transfers. */
void session_remove(Sessions *sessions, Session *session, int64_t now_ms);
Session *session_of_connection(const Sessions *sessions, uint64_t connection);
/* Who is to be told about what @user's @instance sent. */
Session *session_of_instance(const Sessions *sessions, KeyId user, uint64_t instance);
/* A session of an agent with that key, for what cannot be told to an instance. */
Session *session_of_sender(const Sender *sender);

/* It has said who it is; a later hello replaces it. */
void session_greet(Sessions *sessions, Session *session, uint64_t instance, PeerKind kind,
                   const char *program, int64_t now_ms);
/* Two live agents with one key. */
bool session_has_twin(const Session *session);
bool session_is_control(const Session *session);
