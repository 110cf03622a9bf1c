#include "common/sockets.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include <zmq.h>

enum {
        RECONNECT_MS = 100,
        RECONNECT_MAX_MS = 1000,
        WAIT_MS = 10000,
        CROWD_EVENTS = 256,
};

void bench_socket_set(void *socket, int option, int value)
{
        if (zmq_setsockopt(socket, option, &value, sizeof(value)) < 0)
                give_up("a socket does not take option %d: %s", option, zmq_strerror(errno));
}

void *bench_socket_make(void *zmq, int type, const SecretKey *key, const SecretKey *server)
{
        void *socket = zmq_socket(zmq, type);
        int r = 0;

        if (!socket)
                give_up("no socket: %s", zmq_strerror(errno));
        bench_socket_set(socket, ZMQ_LINGER, 0);
        bench_socket_set(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
        bench_socket_set(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
        if (key) {
                r = zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY,
                                   secret_key_public(server)->transport, KEY_BYTES);
                r = r ? r
                      : zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY,
                                       secret_key_public(key)->transport, KEY_BYTES);
                r = r ? r
                      : zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key_transport(key),
                                       KEY_BYTES);
        }
        if (type == ZMQ_XPUB)
                bench_socket_set(socket, ZMQ_IMMEDIATE, 1);
        if (r)
                give_up("a socket does not take CURVE: %s", zmq_strerror(errno));
        return socket;
}

void bench_socket_connect(void *socket, const char *endpoint)
{
        if (zmq_connect(socket, endpoint) < 0)
                give_up("%s: %s", endpoint, zmq_strerror(errno));
}

void *bench_socket_new(void *zmq, int type, const SecretKey *key, const SecretKey *server,
                       const char *endpoint)
{
        void *socket = bench_socket_make(zmq, type, key, server);

        bench_socket_connect(socket, endpoint);
        return socket;
}

void bench_socket_subscribe(void *socket, const char *topic)
{
        if (zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic)) < 0)
                give_up("subscribing: %s", zmq_strerror(errno));
}

bool bench_socket_wait(void *socket, int timeout_ms)
{
        zmq_pollitem_t item = { .socket = socket, .events = ZMQ_POLLIN };

        return zmq_poll(&item, 1, timeout_ms) > 0;
}

void bench_socket_receive(void *socket, void *message, const char *what)
{
        if (!bench_socket_wait(socket, WAIT_MS))
                give_up("waited in vain for %s", what);
        zmq_msg_init(message);
        if (zmq_msg_recv(message, socket, 0) < 0)
                give_up("%s: %s", what, zmq_strerror(errno));
}

void bench_socket_send(void *socket, const void *bytes, size_t n_bytes)
{
        if (zmq_send(socket, bytes, n_bytes, ZMQ_DONTWAIT) < 0)
                give_up("sending: %s", zmq_strerror(errno));
}

void crowd_init(Crowd *crowd)
{
        crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (crowd->epoll < 0)
                give_up("epoll: %s", strerror(errno));
}

void crowd_deinit(Crowd *crowd)
{
        closep(&crowd->epoll);
        *crowd = CROWD_NULL;
}

void crowd_add(Crowd *crowd, void *socket, void *tag)
{
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = tag };
        size_t n_int = sizeof(int);
        int fd, has;

        /* The descriptor speaks only after the socket was seen to have nothing: hence the events.
         */
        if (zmq_getsockopt(socket, ZMQ_FD, &fd, &n_int) < 0 ||
            epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ||
            zmq_getsockopt(socket, ZMQ_EVENTS, &has, &n_int) < 0)
                give_up("epoll: %s", strerror(errno));
}

size_t crowd_wait(Crowd *crowd, void **tags, size_t n_tags, int timeout_ms)
{
        struct epoll_event events[CROWD_EVENTS];
        int n = epoll_wait(crowd->epoll, events, (int)MIN(n_tags, CROWD_EVENTS), timeout_ms);

        for (int i = 0; i < n; i++)
                tags[i] = events[i].data.ptr;
        return n > 0 ? (size_t)n : 0;
}
