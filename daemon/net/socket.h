#pragma once

/*
 * Socket: a ZeroMQ socket in the loop. For net/ alone, as ZeroMQ's names stop there
 *
 * ZeroMQ's descriptor says that something happened in the background, once; whether there is
 * something to read must be asked again after each send and receive, since those swallow it. A
 * socket that nothing happens on is still turned every second: without that it keeps what belongs
 * to peers that are gone.
 */

#include <stdbool.h>
#include <zmq.h>

#include "net/context.h"
#include "net/loop.h"
#include "net/outgoing.h"

/* Declared in zmq.h for drafts only, but taken by the library as it is built. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#        define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

typedef struct Socket {
        void *zmq;
        LoopWatch watch;
        LoopSource source;
        bool is_touched; /* sent or received since it was asked */
        bool has_input;
        bool is_paused;
        int64_t asked_at_ns;
        LoopFn readable;
        void *arg;
} Socket;

#define SOCKET_NULL ((Socket){ .watch = LOOP_WATCH_NULL })

/* @type is ZeroMQ's. Lingers never. */
MUST_CHECK int socket_init(Socket *socket, NetContext *context, int type);
void socket_deinit(Socket *socket);
/* After it is bound or connected. @readable comes in each turn in which there is input. */
MUST_CHECK int socket_attach(Socket *socket, Loop *loop, LoopFn readable, void *arg);

/* zmq_setsockopt() with its errors as ours. */
MUST_CHECK int socket_set_int(Socket *socket, int option, int value);
MUST_CHECK int socket_set_bytes(Socket *socket, int option, const void *bytes, size_t n_bytes);

/* Without waiting. Returns 0, -EAGAIN, or another -errno. */
MUST_CHECK int socket_receive(Socket *socket, zmq_msg_t *message);
/* Takes the message on 0 only. */
MUST_CHECK int socket_send(Socket *socket, zmq_msg_t *message, int flags);
/* Receives and drops the parts that follow @message, if any. Returns whether there were. */
bool socket_skip_parts(Socket *socket, zmq_msg_t *message);

/* ZeroMQ has errors of its own above errno's; none that we pass on is one of them. */
int socket_error(void);

void *net_context_zmq(NetContext *context);
/* A number that was not given before. */
unsigned net_context_next(NetContext *context);
/* For the endpoint of @kind: frames are let go of after it was freed. */
Outgoing *net_context_outgoing(NetContext *context, unsigned kind);

static inline void zmq_msg_closep(zmq_msg_t *message)
{
        zmq_msg_close(message);
}
