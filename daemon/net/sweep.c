/*
 * Sweep: what peers have sent and nobody has taken
 *
 * libzmq bounds it in messages a connection, and counts a message when its last part is there: one
 * that has no last part is bounded by nothing, and thousands of peers within their own bounds may
 * together be too much. The kernel knows how many bytes have come over a connection. Those that
 * were taken from it as messages, and a few each second for heartbeats, are accounted for; the
 * others are in our memory, or in the kernel's.
 */

#include "net/peers-private.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum {
        BESIDES_AT_FIRST = 4096, /* a handshake */
        BESIDES_A_SWEEP = 1024,  /* heartbeats */
};

static void measure(Connection *connection)
{
        struct tcp_info info = {};
        socklen_t n_info = sizeof(info);
        uint64_t n_rest, n_besides;

        connection->n_unread = 0;
        if (connection->is_cut || connection->cookie != connection_cookie_of(connection->fd) ||
            getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &n_info) < 0 ||
            info.tcpi_bytes_received <= connection->n_taken)
                return;

        /* Never more than there is: what a peer does not use of it now it cannot save up. */
        n_rest = info.tcpi_bytes_received - connection->n_taken;
        n_besides =
                connection->n_besides ? connection->n_besides + BESIDES_A_SWEEP : BESIDES_AT_FIRST;
        connection->n_besides = MIN(n_besides, n_rest);
        connection->n_unread = n_rest - connection->n_besides;
}

static Connection *find_most(const PeersTable *table)
{
        Connection *most = NULL;

        list_for_each (link, &table->connections) {
                Connection *connection = list_entry(link, Connection, link);

                if (!most || connection->n_unread > most->n_unread)
                        most = connection;
        }
        return most;
}

void peers_sweep(PeersTable *table)
{
        uint64_t n_unread = 0;

        list_for_each (link, &table->connections) {
                Connection *connection = list_entry(link, Connection, link);

                measure(connection);
                n_unread += connection->n_unread;
        }

        for (Connection *most = find_most(table); most && most->n_unread > 0;
             most = find_most(table)) {
                if (n_unread <= table->limits.received_max_bytes &&
                    most->n_unread <= table->limits.unread_max_bytes)
                        return;

                if (connection_shut(most))
                        table->counters.n_cut_unread++;
                n_unread -= most->n_unread;
                most->n_unread = 0;
        }
}
