/*
 * Peers, as its sockets know them
 *
 * What is written in a table is as old as its monitor's queue. A descriptor is in it from when it
 * was accepted until it is disconnected, which libzmq says before it closes it; a message can be
 * read later than that, when the number is free or another connection's.
 */

#include "net/accounts.h"
#include "net/endpoint-private.h"
#include "net/peers-private.h"

#include <string.h>
#include <sys/socket.h>

enum {
        TOPIC_BYTES_MAX = 200, /* above 245 libzmq writes them wrongly */
        FDS_ROOM_MIN = 64,

        CURVE_FRAME_BYTES = 33, /* encryption, then a frame's header, short or long */
        SHORT_FRAME_MAX = 255,
        SHORT_HEADER_BYTES = 2,
        LONG_HEADER_BYTES = 9,
};

Connection *connection_free(Connection *connection)
{
        if (!connection)
                return NULL;

        list_unlink(&connection->link);
        free(connection->topics);
        free(connection);
        return NULL;
}
uint64_t connection_cookie_of(int fd)
{
        uint64_t cookie = 0;
        socklen_t n_cookie = sizeof(cookie);

        if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n_cookie) < 0)
                return 0;
        return cookie;
}

static uid_t uid_of(int fd)
{
        struct ucred ucred;
        socklen_t n_ucred = sizeof(ucred);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &n_ucred) < 0)
                return (uid_t)-1;
        return ucred.uid;
}

void connection_took(Connection *connection, size_t n_bytes)
{
        size_t n_frame = n_bytes + CURVE_FRAME_BYTES;

        connection->n_taken +=
                n_frame + (n_frame > SHORT_FRAME_MAX ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES);
}

uint64_t connection_cookie(const Connection *connection)
{
        return connection->cookie;
}

uid_t connection_uid(const Connection *connection)
{
        return connection->uid;
}

bool connection_shut(Connection *connection)
{
        if (connection->is_cut || !connection->cookie ||
            connection_cookie_of(connection->fd) != connection->cookie)
                return false;

        connection->is_cut = true;
        shutdown(connection->fd, SHUT_RDWR);
        return true;
}

Connection *peers_find(const PeersTable *table, int fd)
{
        return fd >= 0 && (size_t)fd < table->n_fds ? table->by_fd[fd] : NULL;
}

static int reserve(PeersTable *table, int fd)
{
        size_t n_fds = MAX(table->n_fds, FDS_ROOM_MIN);
        Connection **by_fd;

        while (n_fds <= (size_t)fd)
                n_fds *= 2;
        if (n_fds == table->n_fds)
                return 0;

        by_fd = reallocarray(table->by_fd, n_fds, sizeof(*by_fd));
        if (!by_fd)
                return err_raise(-ENOMEM);

        memset(by_fd + table->n_fds, 0, (n_fds - table->n_fds) * sizeof(*by_fd));
        table->by_fd = by_fd;
        table->n_fds = n_fds;
        return 0;
}

void peers_on_accepted(Peers *peers, EndpointKind endpoint, int fd)
{
        PeersTable *table = &peers->tables[endpoint];
        Connection *connection;

        table->counters.n_accepted++;
        if (fd < 0)
                return;
        if (peers_find(table, fd))
                peers_lose(peers, peers_find(table, fd));

        connection = reserve(table, fd) == 0 ? calloc(1, sizeof(*connection)) : NULL;
        if (!connection) {
                /* What cannot be known cannot be cut, so it is not let in. */
                table->counters.n_refused++;
                shutdown(fd, SHUT_RDWR);
                return;
        }

        *connection = (Connection){
                .endpoint = endpoint,
                .fd = fd,
                .accepted_at_ns = loop_now_ns(peers->loop),
                .cookie = connection_cookie_of(fd),
                .uid = endpoint == ENDPOINT_CONTROL ? uid_of(fd) : (uid_t)-1,
                .is_too_many = table->n_connections >= table->limits.n_connections_max,
        };
        table->by_fd[fd] = connection;
        table->n_connections++;
        list_append(&table->connections, &connection->link);
        if (endpoint != ENDPOINT_CONTROL)
                list_append(&table->asking, &connection->asks);
}

void peers_on_accept_failed(Peers *peers, EndpointKind endpoint)
{
        peers->tables[endpoint].counters.n_accept_failed++;
}

void peers_on_handshake(Peers *peers, EndpointKind endpoint)
{
        peers->tables[endpoint].counters.n_handshakes++;
}

void peers_on_handshake_failed(Peers *peers, EndpointKind endpoint, HandshakeFailure failure)
{
        PeerCounters *counters = &peers->tables[endpoint].counters;

        switch (failure) {
        case HANDSHAKE_LATER:
                counters->n_failed_later++;
                break;
        case HANDSHAKE_NEVER:
                counters->n_failed_never++;
                break;
        case HANDSHAKE_GATE:
                counters->n_failed_gate++;
                break;
        case HANDSHAKE_PROTOCOL:
                counters->n_failed_protocol++;
                break;
        case HANDSHAKE_SILENT:
                counters->n_failed_silent++;
                break;
        }
}

void peers_on_disconnected(Peers *peers, EndpointKind endpoint, int fd)
{
        Connection *connection = peers_find(&peers->tables[endpoint], fd);

        if (connection)
                peers_lose(peers, connection);
}

void peers_on_settled(Peers *peers, EndpointKind endpoint)
{
        PeersTable *table = &peers->tables[endpoint];

        /* The newest are at the end, and those beyond the limit are among the newest. */
        list_for_each_reverse(link, &table->connections)
        {
                Connection *connection = list_entry(link, Connection, link);

                if (!connection->is_too_many)
                        break;
                if (connection_shut(connection))
                        table->counters.n_refused++;
        }
}

/*
 * A session lives as long as its connection, so there the table must not name the one that had the
 * number before, of which the monitor has yet to say that it is over. Elsewhere a mistake puts
 * itself right with the next message, and asking the kernel for each would cost too much.
 */
static Connection *find_speaker(const PeersTable *table, EndpointKind endpoint, int fd)
{
        Connection *connection = peers_find(table, fd);

        if (connection && endpoint_is_router(endpoint) &&
            connection->cookie != connection_cookie_of(fd))
                return NULL;
        return connection;
}

Connection *peers_learn(Peers *peers, EndpointKind endpoint, int fd, const KeyId *user)
{
        PeersTable *table = &peers->tables[endpoint];
        Connection *connection = find_speaker(table, endpoint, fd);

        if (!connection) {
                peers_read_monitors(peers, 1u << endpoint);
                connection = find_speaker(table, endpoint, fd);
                if (!connection)
                        return NULL;
        }

        if (!user)
                return connection;
        if (connection->owner == NOBODY) {
                if (!account_charge(peers, connection, user)) {
                        connection_shut(connection);
                        return NULL;
                }
                connection->owner = KNOWN;
                connection->user = *user;
        } else if (memcmp(&connection->user, user, sizeof(*user)) != 0) {
                connection->owner = DOUBTFUL;
        }
        return connection;
}

static uint64_t topic_hash(const Peers *peers, const void *topic, size_t n_topic)
{
        uint64_t hash = 0;

        static_assert(sizeof(hash) == crypto_shorthash_BYTES, "a hash is 64 bits");
        crypto_shorthash((uint8_t *)&hash, topic, n_topic, peers->hash_key);
        return hash;
}

static uint32_t topic_find(const Connection *connection, uint64_t hash)
{
        uint32_t i = 0;

        while (i < connection->n_topics && connection->topics[i] != hash)
                i++;
        return i;
}

void connection_subscribe(Peers *peers, Connection *connection, const void *topic, size_t n_topic)
{
        uint32_t n_max = peers->tables[connection->endpoint].limits.n_subscriptions_max;
        uint64_t hash = topic_hash(peers, topic, n_topic);

        if (connection->is_cut)
                return;
        if (n_topic <= TOPIC_BYTES_MAX && topic_find(connection, hash) < connection->n_topics)
                return;
        if (!connection->topics)
                connection->topics = calloc(n_max, sizeof(*connection->topics));
        if (n_topic > TOPIC_BYTES_MAX || connection->n_topics >= n_max || !connection->topics ||
            !account_take_topic(peers, connection, n_topic))
                return connection_cut(peers, connection, CUT_SUBSCRIPTIONS);

        connection->topics[connection->n_topics++] = hash;
        accounts_cut_largest(peers);
}

void connection_unsubscribe(Peers *peers, Connection *connection, const void *topic, size_t n_topic)
{
        uint32_t i = topic_find(connection, topic_hash(peers, topic, n_topic));

        if (i == connection->n_topics)
                return;
        connection->topics[i] = connection->topics[--connection->n_topics];
        account_drop_topic(peers, connection, n_topic);
}

void connection_cut(Peers *peers, Connection *connection, CutReason reason)
{
        PeerCounters *counters = &peers->tables[connection->endpoint].counters;

        if (!connection_shut(connection))
                return;
        switch (reason) {
        case CUT_SUBSCRIPTIONS:
                counters->n_cut_subscriptions++;
                break;
        case CUT_UPSTREAM:
                counters->n_cut_upstream++;
                break;
        }
}
