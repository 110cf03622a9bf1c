#include "lib/socket.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum {
        RECONNECT_MS = 100, /* and as much again, by chance: thousands come back at once */
        RECONNECT_MAX_MS = 10 * 1000,
        HANDSHAKE_MS = 5 * 1000,
        LANE_QUEUE = 4096,    /* frames; what does not fit is seen as a gap */
        UPDATES_QUEUE = 2048, /* more than may be unreceipted */
        REPLY_MAX_BYTES = 16 * 1024 * 1024,
        KEEPALIVE_IDLE_S = 15,
        KEEPALIVE_INTERVAL_S = 5,
        KEEPALIVE_COUNT = 3,
        MONITOR_NAME_MAX = 64,
};

struct Socket {
        void *zmq;
        void *monitor;
        Poller *poller;
        PollerWatch readable;  /* ready: ZeroMQ has not said yet that there is nothing */
        PollerWatch monitored; /* the same of the monitor */
        zmq_msg_t received;
};

/* ------------------------------------------------------------------ making */

static int set(void *zmq, int option, int value)
{
        return zmq_setsockopt(zmq, option, &value, sizeof(value)) < 0 ? err_raise(-errno) : 0;
}

/* Each of them is taken by libzmq or the program is wrong; the first that is not ends it. */
static int set_options(void *zmq, SocketKind kind)
{
        int reconnect_ms = RECONNECT_MS + (int)randombytes_uniform(RECONNECT_MS + 1);
        const int options[][2] = {
                { ZMQ_LINGER, 0 },
                { ZMQ_IPV6, 1 },
                { ZMQ_RECONNECT_IVL, reconnect_ms },
                { ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS },
                { ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS },
                { ZMQ_TCP_KEEPALIVE, 1 },
                { ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S },
                { ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S },
                { ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT },
        };
        int64_t reply_max = REPLY_MAX_BYTES;
        int r;

        for (size_t i = 0; i < N_ELEMENTS(options); i++) {
                r = set(zmq, options[i][0], options[i][1]);
                if (r)
                        return r;
        }

        switch (kind) {
        case SOCKET_UPDATES:
                /* Without IMMEDIATE the old subscription outlives an outage, and a stale backlog
                 * is delivered after it. */
                r = set(zmq, ZMQ_IMMEDIATE, 1);
                return r ? r : set(zmq, ZMQ_SNDHWM, UPDATES_QUEUE);
        case SOCKET_LANE:
                /* Neither heartbeats nor a largest message: libzmq 4.3.4 aborts on the first and
                 * falls silent on the second. */
                r = set(zmq, ZMQ_SNDHWM, 0); /* of subscriptions */
                return r ? r : set(zmq, ZMQ_RCVHWM, LANE_QUEUE);
        case SOCKET_QUERY:
                r = set(zmq, ZMQ_IMMEDIATE, 1);
                if (!r && zmq_setsockopt(zmq, ZMQ_MAXMSGSIZE, &reply_max, sizeof(reply_max)) < 0)
                        r = err_raise(-errno);
                return r;
        }
        return err_raise(-EINVAL);
}

static int set_curve(void *zmq, const SecretKey *key, const uint8_t broker_key[KEY_BYTES])
{
        if (!key)
                return 0;
        if (zmq_setsockopt(zmq, ZMQ_CURVE_SERVERKEY, broker_key, KEY_BYTES) < 0 ||
            zmq_setsockopt(zmq, ZMQ_CURVE_PUBLICKEY, secret_key_public(key)->transport, KEY_BYTES) <
                    0 ||
            zmq_setsockopt(zmq, ZMQ_CURVE_SECRETKEY, secret_key_transport(key), KEY_BYTES) < 0)
                return err_raise(-errno);
        return 0;
}

static int watch_zmq(Poller *poller, void *zmq, PollerWatch *watch)
{
        size_t n_fd = sizeof(watch->fd);
        int fd;

        if (zmq_getsockopt(zmq, ZMQ_FD, &fd, &n_fd) < 0)
                return err_raise(-errno);
        return poller_add(poller, watch, fd);
}

static int make_monitor(Socket *socket, PlekContext *context)
{
        const int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                           ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED |
                           ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
        char name[MONITOR_NAME_MAX];

        (void)snprintf(name, sizeof(name), "inproc://plek-monitor-%u",
                       atomic_fetch_add(&context->n_names, 1));
        if (zmq_socket_monitor(socket->zmq, name, events) < 0)
                return err_raise(-errno);
        socket->monitor = zmq_socket(context->zmq, ZMQ_PAIR);
        if (!socket->monitor || zmq_connect(socket->monitor, name) < 0)
                return err_raise(-errno);
        return watch_zmq(socket->poller, socket->monitor, &socket->monitored);
}

int socket_new(Socket **ret_socket, PlekContext *context, Poller *poller, SocketKind kind,
               const char *endpoint, const SecretKey *key, const uint8_t broker_key[KEY_BYTES])
{
        static const int types[] = {
                [SOCKET_UPDATES] = ZMQ_XPUB,
                [SOCKET_LANE] = ZMQ_SUB,
                [SOCKET_QUERY] = ZMQ_DEALER,
        };
        CLEANUP(socket_freep) Socket *socket = NULL;
        int r;

        socket = calloc(1, sizeof(*socket));
        if (!socket)
                return err_raise(-ENOMEM);
        socket->poller = poller;
        socket->readable = socket->monitored = POLLER_WATCH_NULL;
        (void)zmq_msg_init(&socket->received);
        socket->zmq = zmq_socket(context->zmq, types[kind]);
        if (!socket->zmq)
                return err_raise(-errno);

        r = set_options(socket->zmq, kind);
        if (!r)
                r = set_curve(socket->zmq, key, broker_key);
        if (!r)
                r = make_monitor(socket, context);
        if (!r && zmq_connect(socket->zmq, endpoint) < 0)
                r = err_raise(-errno);
        if (!r)
                r = watch_zmq(poller, socket->zmq, &socket->readable);
        if (r)
                return r;

        *ret_socket = STEAL(socket);
        return 0;
}

Socket *socket_free(Socket *socket)
{
        if (!socket)
                return NULL;

        poller_remove(socket->poller, &socket->readable);
        poller_remove(socket->poller, &socket->monitored);
        (void)zmq_msg_close(&socket->received);
        if (socket->zmq)
                (void)zmq_socket_monitor(socket->zmq, NULL, 0);
        if (socket->monitor) {
                (void)set(socket->monitor, ZMQ_LINGER, 0);
                (void)zmq_close(socket->monitor);
        }
        if (socket->zmq)
                (void)zmq_close(socket->zmq);
        free(socket);
        return NULL;
}

/* ------------------------------------------------------------------ using */

int socket_subscribe(Socket *socket, const char *prefix)
{
        socket->readable.is_ready = true;
        if (zmq_setsockopt(socket->zmq, ZMQ_SUBSCRIBE, prefix, strlen(prefix)) < 0)
                return err_raise(-errno);
        return 0;
}

int socket_send(Socket *socket, const void *bytes, size_t n_bytes)
{
        /* Sending may take the signal of what has come meanwhile. */
        socket->readable.is_ready = true;
        while (zmq_send(socket->zmq, bytes, n_bytes, ZMQ_DONTWAIT) < 0) {
                if (errno == EAGAIN)
                        return SOCKET_E_AGAIN;
                if (errno != EINTR)
                        return err_raise(-errno);
        }
        return 0;
}

static int receive(void *zmq, PollerWatch *watch, zmq_msg_t *message)
{
        if (!watch->is_ready)
                return SOCKET_E_AGAIN;
        while (zmq_msg_recv(message, zmq, ZMQ_DONTWAIT) < 0) {
                if (errno == EAGAIN) {
                        watch->is_ready = false;
                        return SOCKET_E_AGAIN;
                }
                if (errno != EINTR)
                        return err_raise(-errno);
        }
        return 0;
}

int socket_receive(Socket *socket, const uint8_t **ret_bytes, size_t *ret_n_bytes)
{
        bool is_whole;
        int r;

        do {
                r = receive(socket->zmq, &socket->readable, &socket->received);
                if (r)
                        return r;
                is_whole = !zmq_msg_more(&socket->received);
                while (zmq_msg_more(&socket->received)) {
                        r = receive(socket->zmq, &socket->readable, &socket->received);
                        if (r)
                                return r;
                }
        } while (!is_whole);

        *ret_bytes = zmq_msg_data(&socket->received);
        *ret_n_bytes = zmq_msg_size(&socket->received);
        return 0;
}

static SocketEvent event_of(uint16_t event, uint32_t value)
{
        switch (event) {
        case ZMQ_EVENT_CONNECTED:
                return SOCKET_REACHED;
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
                return SOCKET_UP;
        case ZMQ_EVENT_DISCONNECTED:
        case ZMQ_EVENT_CONNECT_RETRIED:
                return SOCKET_DOWN;
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
                /* 300 is retried by libzmq; 400 and 500 end the session for good. */
                return value == 300 ? SOCKET_REFUSED : SOCKET_BARRED;
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
                return SOCKET_FAILED;
        default:
                return SOCKET_NOTHING;
        }
}

SocketEvent socket_next_event(Socket *socket)
{
        SocketEvent result = SOCKET_NOTHING;
        uint32_t value;
        uint16_t event;
        zmq_msg_t message;

        (void)zmq_msg_init(&message);
        while (result == SOCKET_NOTHING &&
               receive(socket->monitor, &socket->monitored, &message) == 0) {
                /* Two bytes of event and four of value, as this machine has them; then a frame
                 * with the address. */
                if (zmq_msg_size(&message) == sizeof(event) + sizeof(value) &&
                    zmq_msg_more(&message)) {
                        memcpy(&event, zmq_msg_data(&message), sizeof(event));
                        memcpy(&value, (char *)zmq_msg_data(&message) + sizeof(event),
                               sizeof(value));
                        result = event_of(event, value);
                }
        }
        (void)zmq_msg_close(&message);
        return result;
}
