#pragma once

/*
 * Connections: the side of Peers that the sockets use. For net/ alone
 *
 * A monitor says that a descriptor was accepted, and that it was disconnected before it is closed,
 * in that order; a message says which descriptor it came from and whose it is. Messages can be read
 * after the descriptor is gone or another connection's: one that is said to be two users' is
 * doubtful, for good, and whoever is cut it is cut as well.
 */

#include <sys/types.h>

#include "net/monitor.h"
#include "net/peers.h"

typedef struct Connection Connection;

typedef enum HandshakeFailure {
        HANDSHAKE_LATER,
        HANDSHAKE_NEVER,
        HANDSHAKE_GATE,
        HANDSHAKE_PROTOCOL,
        HANDSHAKE_SILENT,
} HandshakeFailure;

typedef enum CutReason { CUT_SUBSCRIPTIONS, CUT_UPSTREAM } CutReason;

typedef struct PeerLimits {
        uint32_t n_connections_max;
        uint32_t n_subscriptions_max; /* of one */
        int handshake_ms;
        size_t received_max_bytes; /* of all connections, and not taken */
        size_t unread_max_bytes;   /* of one */
} PeerLimits;

/* An endpoint comes and goes. Its monitor is read by the peers before they act; NULL: none. */
void peers_open(Peers *peers, EndpointKind endpoint, const PeerLimits *limits, Monitor *monitor);
void peers_close(Peers *peers, EndpointKind endpoint);

/* From the monitor. */
void peers_on_accepted(Peers *peers, EndpointKind endpoint, int fd);
void peers_on_accept_failed(Peers *peers, EndpointKind endpoint);
void peers_on_handshake(Peers *peers, EndpointKind endpoint);
void peers_on_handshake_failed(Peers *peers, EndpointKind endpoint, HandshakeFailure failure);
void peers_on_disconnected(Peers *peers, EndpointKind endpoint, int fd);
/* Everything that the monitor had to say was said: what was accepted beyond the limit is cut. */
void peers_on_settled(Peers *peers, EndpointKind endpoint);

/* A message of @user came over @fd; NULL: over one that has no user. NULL: gone already. */
Connection *peers_learn(Peers *peers, EndpointKind endpoint, int fd, const KeyId *user);
/* A message of @n_bytes was taken from it, so those are not unread any more. */
void connection_took(Connection *connection, size_t n_bytes);
uint64_t connection_cookie(const Connection *connection);
uid_t connection_uid(const Connection *connection);

/* Over the cap, or with a topic too long, the connection is cut. */
void connection_subscribe(Peers *peers, Connection *connection, const void *topic, size_t n_topic);
void connection_unsubscribe(Peers *peers, Connection *connection, const void *topic,
                            size_t n_topic);
void connection_cut(Peers *peers, Connection *connection, CutReason reason);

/* Cuts the connection that has most in the kernel's send buffer, unless one was just cut. */
void peers_cut_behind(Peers *peers, EndpointKind endpoint);
