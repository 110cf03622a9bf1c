/*
 * Monitor
 *
 * An event is two parts: a number of 16 and a value of 32 bits in the machine's order, and an
 * address. libzmq's thread waits when nobody reads them, and closing would then wait for it, so
 * the queue has no limit in messages: what bounds it is that each event costs its peer a TCP
 * connection, and that it is emptied in every turn.
 */

#include "net/monitor.h"

#include <stdio.h>
#include <string.h>

#include "net/connections.h"

enum {
        EVENT_BYTES = 6,
        EVENTS = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED |
                 ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
};

static HandshakeFailure refusal(int32_t status)
{
        switch (status) {
        case 300:
                return HANDSHAKE_LATER;
        case 400:
                return HANDSHAKE_NEVER;
        default:
                return HANDSHAKE_GATE;
        }
}

static void on_event(Monitor *monitor, uint16_t event, int32_t value)
{
        Peers *peers = monitor->peers;
        EndpointKind endpoint = monitor->endpoint;

        switch (event) {
        case ZMQ_EVENT_ACCEPTED:
                return peers_on_accepted(peers, endpoint, value);
        case ZMQ_EVENT_ACCEPT_FAILED:
                return peers_on_accept_failed(peers, endpoint);
        case ZMQ_EVENT_DISCONNECTED:
                return peers_on_disconnected(peers, endpoint, value);
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
                return peers_on_handshake(peers, endpoint);
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
                return peers_on_handshake_failed(peers, endpoint, refusal(value));
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
                return peers_on_handshake_failed(peers, endpoint, HANDSHAKE_PROTOCOL);
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
                return peers_on_handshake_failed(peers, endpoint, HANDSHAKE_SILENT);
        }
}

int monitor_read(Monitor *monitor)
{
        uint16_t event;
        int32_t value;
        int r;

        for (;;) {
                CLEANUP(zmq_msg_closep) zmq_msg_t message;
                const uint8_t *bytes;

                zmq_msg_init(&message);
                r = socket_receive(&monitor->socket, &message);
                if (r)
                        break;

                bytes = zmq_msg_data(&message);
                if (zmq_msg_size(&message) == EVENT_BYTES) {
                        memcpy(&event, bytes, sizeof(event));
                        memcpy(&value, bytes + sizeof(event), sizeof(value));
                        on_event(monitor, event, value);
                }
                socket_skip_parts(&monitor->socket, &message);
        }

        peers_on_settled(monitor->peers, monitor->endpoint);
        return r == -EAGAIN ? 0 : r;
}

static int on_readable(void *arg)
{
        return monitor_read(arg);
}

int monitor_init(Monitor *monitor, Socket *watched, EndpointKind endpoint, NetContext *context,
                 Peers *peers, Loop *loop)
{
        char address[64];
        int r;

        *monitor = MONITOR_NULL;
        monitor->endpoint = endpoint;
        monitor->peers = peers;

        /* A name of its own: that of a socket just closed is free only some time later. */
        snprintf(address, sizeof(address), "inproc://monitor/%s/%u", endpoint_domain(endpoint),
                 net_context_next(context));
        if (zmq_socket_monitor(watched->zmq, address, EVENTS) < 0)
                return socket_error();
        monitor->watched = watched;

        r = socket_init(&monitor->socket, context, ZMQ_PAIR);
        if (!r)
                r = socket_set_int(&monitor->socket, ZMQ_RCVHWM, 0);
        if (!r && zmq_connect(monitor->socket.zmq, address) < 0)
                r = socket_error();
        if (!r)
                r = socket_attach(&monitor->socket, loop, on_readable, monitor);
        return r;
}

void monitor_deinit(Monitor *monitor)
{
        if (monitor->watched)
                zmq_socket_monitor(monitor->watched->zmq, NULL, 0);
        monitor->watched = NULL;
        socket_deinit(&monitor->socket);
}
