#pragma once

/*
 * Socket: a ZeroMQ socket that connects, and what its monitor tells
 *
 * ZMQ_FD is edge-triggered: whoever was woken by it must receive, and ask for events, until both
 * say that there is nothing, and once more after it has sent. A socket remembers which of this is
 * still to be done; when nothing is, it says so without asking ZeroMQ until the poller has seen its
 * descriptor ready. So the poller is to be looked at before each round of receiving.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/context.h"
#include "lib/poller.h"
#include "wire/key.h"

typedef struct Socket Socket;

typedef enum SocketKind {
        SOCKET_UPDATES, /* XPUB: sends updates, receives subscriptions */
        SOCKET_LANE,    /* SUB */
        SOCKET_QUERY,   /* DEALER */
} SocketKind;

typedef enum SocketEvent {
        SOCKET_NOTHING,
        SOCKET_REACHED, /* somebody listens; the handshake begins */
        SOCKET_UP,
        SOCKET_DOWN,    /* or could not be reached */
        SOCKET_REFUSED, /* our key, for now; it tries again by itself */
        SOCKET_BARRED,  /* our key, for good; the socket is dead */
        SOCKET_FAILED,  /* the handshake, for no reason given: a wrong broker key, or refused */
} SocketEvent;

enum {
        SOCKET_OK,
        SOCKET_E_AGAIN, /* nothing to receive, or no peer or room to send */
};

/*
 * Connects in the background. @key and @broker_key (transport) are NULL where there is no CURVE.
 * Returns 0, -EINVAL (not an endpoint) or -errno.
 */
MUST_CHECK int socket_new(Socket **ret_socket, PlekContext *context, Poller *poller,
                          SocketKind kind, const char *endpoint, const SecretKey *key,
                          const uint8_t broker_key[KEY_BYTES]);
Socket *socket_free(Socket *socket);
DEFINE_FREEP(Socket, socket_free);

MUST_CHECK int socket_subscribe(Socket *socket, const char *prefix); /* 0 or -errno */
/* One frame. Returns 0, SOCKET_E_AGAIN or -errno. */
MUST_CHECK int socket_send(Socket *socket, const void *bytes, size_t n_bytes);
/* One frame, good until the next call; what has several parts is skipped. Returns 0,
 * SOCKET_E_AGAIN or -errno. */
MUST_CHECK int socket_receive(Socket *socket, const uint8_t **ret_bytes, size_t *ret_n_bytes);
SocketEvent socket_next_event(Socket *socket);
