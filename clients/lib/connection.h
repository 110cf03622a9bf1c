#pragma once

/*
 * Connection: a socket to one of the broker's endpoints that is kept up
 *
 * libzmq connects again by itself. What it does not do is done here: another of the card's broker
 * keys where the handshake fails, a new socket an hour after the broker barred our key for good,
 * and another address when the card says so.
 */

#include "lib/identity.h"
#include "lib/socket.h"

typedef enum ConnectionTo { TO_UPDATES, TO_CARE, TO_QUERY, TO_COORD, TO_CONTROL } ConnectionTo;

typedef struct Connection {
        PlekContext *context;
        Poller *poller;
        Peer *peer;
        const char *control; /* TO_CONTROL: its address; borrowed */
        ConnectionTo to;
        Socket *socket; /* NULL while barred, or closed */
        bool is_up;
        bool is_reached;
        unsigned n_down;      /* in a row, without reaching anybody between */
        SocketEvent trouble;  /* the last reason why not; SOCKET_NOTHING: none */
        int64_t reopen_at_us; /* INT64_MAX: not by time */
        char endpoint[ENDPOINT_MAX + 1];
        uint8_t broker_key[KEY_BYTES];
} Connection;

void connection_init(Connection *connection, PlekContext *context, Poller *poller, Peer *peer,
                     ConnectionTo to);
void connection_close(Connection *connection);
/* Connects, if it is not connecting and need not wait. Returns 0, -EINVAL or -errno. */
MUST_CHECK int connection_open(Connection *connection);
/* Drops what there is and connects anew. */
MUST_CHECK int connection_reopen(Connection *connection);

typedef enum ConnectionEdge {
        EDGE_NONE,
        EDGE_UP,      /* a new connection: whatever was said on the last one is gone */
        EDGE_DOWN,    /* it was up */
        EDGE_TROUBLE, /* it did not come up; connection_trouble() says why */
        EDGE_RENEWED, /* there is a new socket: subscribe again */
} ConnectionEdge;

/* What happened next. To be called until EDGE_NONE. *ret_edge; returns 0 or -errno. */
MUST_CHECK int connection_poll(Connection *connection, int64_t now_us, ConnectionEdge *ret_edge);
int64_t connection_due_us(const Connection *connection);
/* Whether its address or key are not those of the peer's card any more. */
bool connection_is_outdated(const Connection *connection);
/* A sentence, without its end. */
void connection_trouble(const Connection *connection, char *ret_text, size_t n_text);
