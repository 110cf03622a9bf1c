/*
 * Transfer: what goes through an endpoint
 *
 * A frame that is handed over is let go of by ZeroMQ's own thread, perhaps after the endpoint;
 * until then it counts.
 *
 * Of what comes in, whose it is and over which connection is told by its last part: a ROUTER's
 * first part loses that once the socket has been polled.
 */

#include <string.h>

#include "net/connections.h"
#include "net/endpoint-private.h"

enum {
        DROPS_A_CALL = 64, /* a flood of bad messages shares the loop with everything else */
        UPSTREAM_A_TURN = 1024,
};

void received_deinit(Received *received)
{
        received->body = blob_unref(received->body);
}

void endpoint_pause(Endpoint *endpoint)
{
        endpoint->socket.is_paused = true;
}

void endpoint_resume(Endpoint *endpoint)
{
        endpoint->socket.is_paused = false;
}

size_t endpoint_queued_bytes(const Endpoint *endpoint)
{
        return outgoing_bytes(endpoint->outgoing);
}

/* Whose connection it came over, and that it was taken. */
static Connection *learn(Endpoint *endpoint, zmq_msg_t *message, const KeyId *user)
{
        int fd = zmq_msg_get(message, ZMQ_SRCFD);
        Connection *connection;

        connection = fd < 0 ? NULL : peers_learn(endpoint->peers, endpoint->kind, fd, user);
        if (connection)
                connection_took(connection, zmq_msg_size(message));
        return connection;
}

static bool message_user(zmq_msg_t *message, KeyId *ret_user)
{
        const char *user = zmq_msg_gets(message, "User-Id");

        return user && key_id_parse(ret_user, user) == 0;
}

/* Reads the first part of a ROUTER's message. Returns false if the peer chose it by itself. */
static bool parse_routing(zmq_msg_t *message, RoutingId *ret_routing)
{
        const uint8_t *bytes = zmq_msg_data(message);

        if (zmq_msg_size(message) != ROUTING_MAX || bytes[0] != 0)
                return false;
        memcpy(ret_routing->bytes, bytes, ROUTING_MAX);
        return true;
}

enum {
        TAKE_OK,
        TAKE_E_DROPPED,
};

static int take_body(Endpoint *endpoint, zmq_msg_t *message, Received *received)
{
        bool is_curve = endpoint->kind != ENDPOINT_CONTROL;
        Connection *connection;
        int r;

        if (is_curve && !message_user(message, &received->user)) {
                endpoint->counters.n_dropped_user++;
                return TAKE_E_DROPPED;
        }

        r = blob_copy(&received->body, zmq_msg_data(message), zmq_msg_size(message));
        if (r)
                return r;

        connection = learn(endpoint, message, is_curve ? &received->user : NULL);
        received->connection = connection ? connection_cookie(connection) : 0;
        received->uid = connection ? connection_uid(connection) : (uid_t)-1;
        endpoint->counters.n_received++;
        endpoint->counters.n_received_bytes += received->body->n_bytes;
        return TAKE_OK;
}

/* One message, whole. Returns 0, TAKE_E_DROPPED, -EAGAIN or -errno. */
static int take(Endpoint *endpoint, Received *received)
{
        CLEANUP(zmq_msg_closep) zmq_msg_t message;
        bool is_routed = true;
        int r;

        zmq_msg_init(&message);
        r = socket_receive(&endpoint->socket, &message);
        if (r)
                return r;

        if (endpoint_is_router(endpoint->kind)) {
                is_routed = parse_routing(&message, &received->routing);
                if (!zmq_msg_more(&message))
                        return TAKE_E_DROPPED;
                r = socket_receive(&endpoint->socket, &message);
                if (r)
                        return r;
        }
        if (socket_skip_parts(&endpoint->socket, &message)) {
                endpoint->counters.n_dropped_parts++;
                return TAKE_E_DROPPED;
        }
        if (!is_routed) {
                endpoint->counters.n_dropped_routing++;
                return TAKE_E_DROPPED;
        }
        return take_body(endpoint, &message, received);
}

int endpoint_receive(Endpoint *endpoint, Received *ret_received)
{
        Received received = RECEIVED_NULL;
        int r = TAKE_E_DROPPED;

        assert(!endpoint_is_xpub(endpoint->kind));

        for (size_t i = 0; r == TAKE_E_DROPPED && i < DROPS_A_CALL; i++) {
                received = RECEIVED_NULL;
                r = take(endpoint, &received);
        }
        if (r == TAKE_E_DROPPED || r == -EAGAIN)
                return ENDPOINT_E_EMPTY;
        if (r)
                return err_fold(r);

        *ret_received = received;
        return 0;
}

/* A subscription, its end, or something that no reader of ours sends. */
static void take_upstream(Endpoint *endpoint, zmq_msg_t *message)
{
        const uint8_t *bytes = zmq_msg_data(message);
        size_t n_bytes = zmq_msg_size(message);
        Connection *connection;
        KeyId user;

        /* Without a user it is the XPUB itself that takes back what a lost peer subscribed to. */
        if (!message_user(message, &user))
                return;
        connection = learn(endpoint, message, &user);
        if (!connection)
                return;

        endpoint->counters.n_received++;
        endpoint->counters.n_received_bytes += n_bytes;
        if (socket_skip_parts(&endpoint->socket, message) || n_bytes == 0 || bytes[0] > 1)
                connection_cut(endpoint->peers, connection, CUT_UPSTREAM);
        else if (bytes[0] == 1)
                connection_subscribe(endpoint->peers, connection, bytes + 1, n_bytes - 1);
        else
                connection_unsubscribe(endpoint->peers, connection, bytes + 1, n_bytes - 1);
}

static int read_upstream(Endpoint *endpoint)
{
        int r;

        for (size_t i = 0; i < UPSTREAM_A_TURN; i++) {
                CLEANUP(zmq_msg_closep) zmq_msg_t message;

                zmq_msg_init(&message);
                r = socket_receive(&endpoint->socket, &message);
                if (r)
                        return r == -EAGAIN ? 0 : r;
                take_upstream(endpoint, &message);
                socket_skip_parts(&endpoint->socket, &message);
        }
        return 0;
}

int endpoint_on_readable(void *arg)
{
        Endpoint *endpoint = arg;

        if (endpoint_is_xpub(endpoint->kind))
                return read_upstream(endpoint);
        return endpoint->readable(endpoint->arg);
}

static bool has_room(Endpoint *endpoint, size_t n_bytes)
{
        size_t n_queued = endpoint_queued_bytes(endpoint) + n_bytes;

        if (n_queued > endpoint->settings.queued_max_bytes / 4 * 3)
                peers_cut_behind(endpoint->peers, endpoint->kind);
        return n_queued <= endpoint->settings.queued_max_bytes;
}

static int send_routing(Endpoint *endpoint, const RoutingId *routing)
{
        zmq_msg_t message;
        int r;

        if (zmq_msg_init_size(&message, ROUTING_MAX) < 0)
                return err_raise(-ENOMEM);
        memcpy(zmq_msg_data(&message), routing->bytes, ROUTING_MAX);

        r = socket_send(&endpoint->socket, &message, ZMQ_SNDMORE);
        zmq_msg_close(&message);
        return r;
}

/*
 * @routing is NULL on an XPUB. A ROUTER refuses a peer with the routing id; after that it waits for
 * the body, which therefore is made before.
 */
static int hand_over(Endpoint *endpoint, const RoutingId *routing, Blob *blob)
{
        zmq_msg_t message;
        int r;

        r = outgoing_message(endpoint->outgoing, &message, blob);
        if (r)
                return r;

        r = routing ? send_routing(endpoint, routing) : 0;
        if (!r)
                r = socket_send(&endpoint->socket, &message, 0);
        zmq_msg_close(&message);
        if (r)
                return r;

        endpoint->counters.n_sent++;
        endpoint->counters.n_sent_bytes += blob->n_bytes;
        return 0;
}

static int send_frame(Endpoint *endpoint, const RoutingId *routing, Blob *blob)
{
        int r;

        assert(blob->n_bytes <= endpoint->settings.frame_max_bytes);

        r = has_room(endpoint, blob->n_bytes) ? hand_over(endpoint, routing, blob) : -EAGAIN;
        switch (r) {
        case -EAGAIN:
                endpoint->counters.n_full++;
                return ENDPOINT_E_FULL;
        case -EHOSTUNREACH:
                endpoint->counters.n_unroutable++;
                return ENDPOINT_E_UNROUTABLE;
        default:
                return r;
        }
}

int endpoint_publish(Endpoint *endpoint, Blob *frame)
{
        assert(endpoint_is_xpub(endpoint->kind));
        return send_frame(endpoint, NULL, frame);
}

int endpoint_send(Endpoint *endpoint, const RoutingId *routing, Blob *body)
{
        assert(endpoint_is_router(endpoint->kind));
        return send_frame(endpoint, routing, body);
}
