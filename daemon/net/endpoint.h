#pragma once

/*
 * Endpoint: one of the broker's five sockets
 *
 *         updates  SUB     bound, receives       signed updates from agents
 *         care     XPUB    bound, publishes      the picture for care parties
 *         coord    XPUB    bound, publishes      the same and what is for coordination centres
 *         query    ROUTER  bound, both           sessions
 *         control  ROUTER  bound, both           the operator on this host, over ipc://, no CURVE
 *
 * Messages have one part. What comes with more is dropped and counted, as is a message without a
 * User-Id, or from a peer that chose its own routing id.
 *
 * Everything here belongs to the loop's thread. Frames are handed over without a copy; ZeroMQ drops
 * its reference on a thread of its own.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "internal/blob.h"
#include "net/gate.h"
#include "net/loop.h"
#include "net/peers.h"
#include "wire/key.h"

typedef struct Endpoint Endpoint;

enum {
        ENDPOINT_OK,
        ENDPOINT_E_EMPTY,      /* nothing to receive now */
        ENDPOINT_E_FULL,       /* the peer's queue, or that of all peers, has no room now */
        ENDPOINT_E_UNROUTABLE, /* the session's connection is gone */
        ENDPOINT_E_IN_USE,     /* the address is taken, or not ours */
        ENDPOINT_E_ADDRESS,    /* not an address that can be bound */
};

enum {
        ROUTING_MAX = 5,
        ENDPOINT_ADDRESS_MAX = 256,
};

/* Given by the broker to each connection of a ROUTER, never used twice while it runs. */
typedef struct RoutingId {
        uint8_t bytes[ROUTING_MAX];
} RoutingId;

typedef struct Received {
        Blob *body;          /* the receiver's */
        KeyId user;          /* of the transport key; all zero on control */
        uint64_t connection; /* as in peers.h; 0: gone already */
        RoutingId routing;   /* on query and control */
        uid_t uid;           /* on control: who is at the other end */
} Received;

#define RECEIVED_NULL ((Received){})

void received_deinit(Received *received);

/*
 * What peers can make us hold is bounded in bytes by these, summed over all of them.
 *
 * ZeroMQ counts messages a connection. So @received_max_bytes is divided by the connections and the
 * largest message, though never to less than 32 messages each; and once a second, when all together
 * have sent more than that and it is not taken, those with most are cut. What is handed over and
 * not yet sent is counted in bytes: from three quarters of @queued_max_bytes on, the connection
 * that is furthest behind is cut; at the whole, nothing more is handed over.
 */
typedef struct EndpointSettings {
        const char *address;          /* tcp://host:port, or ipc://path for control */
        uint32_t n_connections_max;   /* one more is closed as it is accepted */
        size_t message_max_bytes;     /* a larger frame from a peer ends its connection */
        size_t received_max_bytes;    /* received and not yet read by us */
        size_t frame_max_bytes;       /* the largest that we send */
        size_t queued_max_bytes;      /* handed over and not yet sent */
        uint32_t n_subscriptions_max; /* of one connection to an XPUB */
        int handshake_ms;
        int heartbeat_ms; /* 0: none. A peer that is silent for heartbeat_timeout_ms is cut */
        int heartbeat_timeout_ms;
        mode_t mode; /* of the socket's file, control only */
} EndpointSettings;

/* Sensible for a region; the address is the caller's. */
EndpointSettings endpoint_default_settings(EndpointKind kind);

typedef struct EndpointCounters {
        uint64_t n_received;
        uint64_t n_received_bytes;
        uint64_t n_sent; /* handed over; of an XPUB once, not once a subscriber */
        uint64_t n_sent_bytes;
        uint64_t n_full;
        uint64_t n_unroutable;
        uint64_t n_dropped_parts;   /* more than one part */
        uint64_t n_dropped_user;    /* no User-Id */
        uint64_t n_dropped_routing; /* a routing id that the peer chose */
} EndpointCounters;

/*
 * Binds. @readable is called in every turn in which something can be received, until
 * endpoint_pause(); it takes as much as it likes with endpoint_receive(). NULL for an XPUB, whose
 * upstream is read here. @secret is the broker's CURVE secret, NULL for control.
 *
 * The gate, the peers and the loop outlive the endpoint.
 *
 * Returns 0, ENDPOINT_E_IN_USE, ENDPOINT_E_ADDRESS or -errno.
 */
MUST_CHECK int endpoint_new(Endpoint **ret_endpoint, EndpointKind kind,
                            const EndpointSettings *settings, NetContext *context, Gate *gate,
                            Peers *peers, Loop *loop, const uint8_t secret[KEY_BYTES],
                            LoopFn readable, void *arg);
Endpoint *endpoint_free(Endpoint *endpoint);
DEFINE_FREEP(Endpoint, endpoint_free);

/* Where it is bound, with the port that was chosen for port *. */
const char *endpoint_address(const Endpoint *endpoint);
const EndpointCounters *endpoint_counters(const Endpoint *endpoint);
/* Handed over and not yet sent, now; a frame that waits for many counts once. */
size_t endpoint_queued_bytes(const Endpoint *endpoint);

/* While paused messages stay in ZeroMQ's queues, and then in the peer's. */
void endpoint_pause(Endpoint *endpoint);
void endpoint_resume(Endpoint *endpoint);

/* *ret_received is written on 0 only. Returns 0, ENDPOINT_E_EMPTY or -errno. */
MUST_CHECK int endpoint_receive(Endpoint *endpoint, Received *ret_received);

/* To every subscriber of what @frame starts with. Takes its own reference. Never waits: a peer
 * whose queue is full misses it. Returns 0, ENDPOINT_E_FULL (nobody got it) or -errno. */
MUST_CHECK int endpoint_publish(Endpoint *endpoint, Blob *frame);

/* To one session. Returns 0, ENDPOINT_E_FULL, ENDPOINT_E_UNROUTABLE or -errno. */
MUST_CHECK int endpoint_send(Endpoint *endpoint, const RoutingId *routing, Blob *body);
