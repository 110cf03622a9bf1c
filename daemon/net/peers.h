#pragma once

/*
 * Peers: who is connected, and how to get rid of them
 *
 * Refusing a key at the gate does not end the connections that it has. So each connection is
 * known from when it is accepted until it is closed, with the user that it turned out to be, and
 * can be cut by shutting its descriptor down.
 *
 * A connection is named by its socket's cookie, which the kernel never gives twice; a descriptor's
 * number it does.
 */

#include <stdbool.h>
#include <stdint.h>

#include "internal/err.h"
#include "net/loop.h"
#include "wire/key.h"

typedef struct Peers Peers;

typedef enum EndpointKind {
        ENDPOINT_UPDATES,
        ENDPOINT_CARE,
        ENDPOINT_COORD,
        ENDPOINT_QUERY,
        ENDPOINT_CONTROL,
        N_ENDPOINTS,
} EndpointKind;

/* "updates", "care", ...: also the ZAP domain, except control, which has none. */
const char *endpoint_domain(EndpointKind kind);
/* -1: no such domain. */
int endpoint_of_domain(const char *domain);

#define ENDPOINTS_ALL ((1u << N_ENDPOINTS) - 1)

typedef struct PeerCounters {
        uint64_t n_accepted;
        uint64_t n_refused; /* one connection too many */
        uint64_t n_accept_failed;
        uint64_t n_lost;
        uint64_t n_handshakes;
        uint64_t n_failed_later;      /* the gate said 300 */
        uint64_t n_failed_never;      /* the gate said 400 */
        uint64_t n_failed_gate;       /* the gate did not answer properly */
        uint64_t n_failed_protocol;   /* not ZMTP, not CURVE, a wrong broker key */
        uint64_t n_failed_silent;     /* went away, or said nothing until handshake_ms */
        uint64_t n_cut;               /* by peers_cut() */
        uint64_t n_cut_subscriptions; /* too many, or a topic too long */
        uint64_t n_cut_upstream;      /* wrote to an XPUB what is no subscription */
        uint64_t n_cut_behind;        /* the furthest behind when queues were full */
        uint64_t n_cut_unread;        /* sent too much that could not be taken */
        uint64_t n_cut_refused;       /* by the gate, and still there */
        uint64_t n_cut_unseen;        /* past the handshake's time, and not seen at the gate */
} PeerCounters;

typedef struct PeerLost {
        EndpointKind endpoint;
        uint64_t connection;
        bool is_known; /* whether it ever sent anything, so that @user is said */
        KeyId user;
} PeerLost;

typedef void (*PeersLostFn)(void *arg, const PeerLost *lost);

/* @lost is called in the loop's thread once for each connection that has ended, cut or not. */
MUST_CHECK int peers_new(Peers **ret_peers, Loop *loop, PeersLostFn lost, void *arg);
/* After every endpoint has been freed. */
Peers *peers_free(Peers *peers);
DEFINE_FREEP(Peers, peers_free);

/*
 * Ends @user's connections to @endpoints (a mask of 1u << kind). The gate must refuse the key by
 * now, else they are back in 100 ms. A connection that has not sent anything yet is nobody's, and
 * is ended too: an innocent one comes back by itself. Returns how many.
 */
size_t peers_cut(Peers *peers, const KeyId *user, unsigned endpoints);
/* One connection. Returns whether there was one. */
bool peers_cut_connection(Peers *peers, uint64_t connection);

/*
 * The gate was asked about somebody at @address (as text). @user: it admits that key, and the
 * connection that asks is on the key's account from now on; NULL: it does not. Returns whether it
 * is; false with a @user: the connection has gone, and must not be admitted.
 */
bool peers_at_gate(Peers *peers, EndpointKind endpoint, const char *address, const KeyId *user);

enum {
        TOPIC_BYTE_COST = 52, /* what libzmq may take for a byte of a topic */
};

/* What is allowed of one key, on all sockets together, and of all keys. No limit at first. */
typedef struct KeyLimits {
        uint32_t n_topics_max;  /* a connection too many of them is cut */
        size_t topic_bytes_max; /* of all keys: past it the key with most loses its readers */
} KeyLimits;

void peers_limit_keys(Peers *peers, const KeyLimits *limits);

uint32_t peers_n_connections(const Peers *peers, EndpointKind endpoint);
/* What @user holds of all sockets; also connections that have not said anything yet. */
uint32_t peers_n_connections_of(const Peers *peers, const KeyId *user);
uint32_t peers_n_topics_of(const Peers *peers, const KeyId *user);
size_t peers_n_topic_bytes(const Peers *peers);
const PeerCounters *peers_counters(const Peers *peers, EndpointKind endpoint);
