#pragma once

/*
 * Monitor: what ZeroMQ says about a socket's connections. For net/ alone
 */

#include "net/peers.h"
#include "net/socket.h"

typedef struct Monitor {
        Socket socket;
        Socket *watched;
        EndpointKind endpoint;
        Peers *peers;
} Monitor;

#define MONITOR_NULL ((Monitor){ .socket = SOCKET_NULL })

/* Before @watched is bound, so that nothing is missed. */
MUST_CHECK int monitor_init(Monitor *monitor, Socket *watched, EndpointKind endpoint,
                            NetContext *context, Peers *peers, Loop *loop);
/* Before @watched is closed. */
void monitor_deinit(Monitor *monitor);

/* Tells the peers all that has happened by now. Returns 0 or -errno. */
MUST_CHECK int monitor_read(Monitor *monitor);
