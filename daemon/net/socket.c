#include "net/socket.h"

#include <sys/epoll.h>

static const int64_t ASK_EVERY_NS = 900 * 1000 * 1000; /* so that a turn a second is enough */

int socket_error(void)
{
        int error = zmq_errno();

        /* Interrupted is as good as nothing yet: the socket is asked again in the next turn. */
        if (error == EAGAIN || error == EINTR)
                return -EAGAIN;

        assert(error > 0);
        return err_raise(error < ZMQ_HAUSNUMERO ? -error : -EPROTO);
}

int socket_init(Socket *socket, NetContext *context, int type)
{
        *socket = SOCKET_NULL;
        socket->zmq = zmq_socket(net_context_zmq(context), type);
        if (!socket->zmq)
                return socket_error();

        return socket_set_int(socket, ZMQ_LINGER, 0);
}

void socket_deinit(Socket *socket)
{
        loop_source_remove(&socket->source);
        loop_watch_remove(&socket->watch);
        if (socket->zmq)
                zmq_close(socket->zmq);
        socket->zmq = NULL;
}

static bool ask(Socket *socket)
{
        int events = 0;
        size_t n_events = sizeof(events);

        socket->is_touched = false;
        socket->asked_at_ns = loop_now_ns(socket->source.loop);
        if (zmq_getsockopt(socket->zmq, ZMQ_EVENTS, &events, &n_events) < 0)
                events = 0;
        socket->has_input = events & ZMQ_POLLIN;
        return socket->has_input;
}

static bool prepare(void *arg)
{
        Socket *socket = arg;

        if (socket->is_touched)
                ask(socket);
        return socket->has_input && !socket->is_paused;
}

static int dispatch(void *arg)
{
        Socket *socket = arg;

        if (socket->is_touched ||
            loop_now_ns(socket->source.loop) - socket->asked_at_ns >= ASK_EVERY_NS)
                ask(socket);
        if (!socket->has_input || socket->is_paused)
                return 0;

        socket->is_touched = true;
        return socket->readable(socket->arg);
}

static int on_signalled(void *arg, uint32_t epoll_events)
{
        /* Only asking takes the signal away, and dispatch() comes in this same turn. */
        ((Socket *)arg)->is_touched = true;
        return 0;
}

int socket_attach(Socket *socket, Loop *loop, LoopFn readable, void *arg)
{
        int fd = -1, r;
        size_t n_fd = sizeof(fd);

        if (zmq_getsockopt(socket->zmq, ZMQ_FD, &fd, &n_fd) < 0)
                return socket_error();

        r = loop_watch_add(&socket->watch, loop, fd, EPOLLIN, on_signalled, socket);
        if (r)
                return r;

        socket->readable = readable;
        socket->arg = arg;
        socket->is_touched = true;
        loop_source_add(&socket->source, loop, prepare, dispatch, socket);
        return 0;
}

int socket_set_int(Socket *socket, int option, int value)
{
        return socket_set_bytes(socket, option, &value, sizeof(value));
}

int socket_set_bytes(Socket *socket, int option, const void *bytes, size_t n_bytes)
{
        if (zmq_setsockopt(socket->zmq, option, bytes, n_bytes) < 0)
                return socket_error();
        return 0;
}

int socket_receive(Socket *socket, zmq_msg_t *message)
{
        socket->is_touched = true;
        if (zmq_msg_recv(message, socket->zmq, ZMQ_DONTWAIT) < 0)
                return socket_error();
        return 0;
}

int socket_send(Socket *socket, zmq_msg_t *message, int flags)
{
        socket->is_touched = true;
        if (zmq_msg_send(message, socket->zmq, flags | ZMQ_DONTWAIT) < 0)
                return socket_error();
        return 0;
}

bool socket_skip_parts(Socket *socket, zmq_msg_t *message)
{
        CLEANUP(zmq_msg_closep) zmq_msg_t rest;
        bool has_more = zmq_msg_more(message);

        /* ZeroMQ hands out a message when all of its parts are there, so this ends. */
        zmq_msg_init(&rest);
        for (bool more = has_more; more; more = zmq_msg_more(&rest))
                if (socket_receive(socket, &rest) < 0)
                        break;
        return has_more;
}
