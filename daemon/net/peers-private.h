#pragma once

/*
 * What Peers keeps: a table for each endpoint with a row a descriptor. For peers*.c alone
 */

#include "internal/hash.h"

#include <sodium.h>

#include "net/connections.h"

/* A connection that was said to be two users' is doubtful for good. */
typedef enum Owner { NOBODY, KNOWN, DOUBTFUL } Owner;

typedef struct Account {
        UT_hash_handle hh;
        KeyId user;
        uint32_t n_connections;
        uint32_t n_topics;
        size_t n_topic_bytes;
} Account;

struct Connection {
        ListLink link;
        ListLink asks; /* while it has not been at the gate, or was refused there */
        int64_t accepted_at_ns;
        Account *account;
        EndpointKind endpoint;
        int fd;
        uint64_t cookie;
        uid_t uid;
        Owner owner;
        KeyId user;
        bool is_cut;
        bool is_too_many;

        uint64_t *topics; /* keyed hashes of what it is subscribed to */
        uint32_t n_topics;
        size_t n_topic_bytes;

        uint64_t n_taken;   /* bytes of messages, as they were on the wire */
        uint64_t n_besides; /* bytes that were none: the handshake, heartbeats */
        uint64_t n_unread;  /* the rest, at the last sweep */
};

typedef struct PeersTable {
        bool is_open;
        PeerLimits limits;
        Monitor *monitor;
        Connection **by_fd;
        size_t n_fds;
        ListLink connections;
        ListLink asking; /* those that have not been at the gate, oldest first */
        ListLink refused;
        uint32_t n_connections;
        int64_t look_behind_at_ns; /* not before */
        PeerCounters counters;
} PeersTable;

struct Peers {
        Loop *loop;
        PeersLostFn lost;
        void *arg;
        ListLink gone; /* connections that @lost is to be told about */
        LoopDeferred tell;
        LoopTimer sweep;
        uint8_t hash_key[crypto_shorthash_KEYBYTES];
        PeersTable tables[N_ENDPOINTS];
        KeyLimits limits;
        Account *accounts;
        size_t n_topic_bytes; /* of all of them */
};

Connection *connection_free(Connection *connection);
DEFINE_FREEP(Connection, connection_free);

/* SO_COOKIE, or 0 if @fd is no socket. */
uint64_t connection_cookie_of(int fd);
/* Shuts it down. Returns whether it was there to be shut down. */
bool connection_shut(Connection *connection);

/* NULL: not in the table. */
Connection *peers_find(const PeersTable *table, int fd);
/* So that the tables are as new as can be. @endpoints is a mask. */
void peers_read_monitors(Peers *peers, unsigned endpoints);
/* @connection is over: @lost is told at the end of the turn. */
void peers_lose(Peers *peers, Connection *connection);
/* Measures what is unread, and cuts whoever makes it too much. */
void peers_sweep(PeersTable *table);
