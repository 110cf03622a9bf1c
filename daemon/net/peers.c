/*
 * Peers
 *
 * Nothing tells which user's handshake belongs to which descriptor. So until its first message a
 * connection is nobody's, and goes with whoever is cut: if it was another's, that one is back in
 * 100 ms. The monitors are read before anything is cut; and before a descriptor is shut down its
 * cookie is compared, since by then it may be anybody's.
 */

#include "net/accounts.h"
#include "net/peers-private.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
        SWEEP_EVERY_MS = 1000,
        CUT_BEHIND_AGAIN_MS = 100, /* what was cut needs a moment to be let go of */
        LOOK_BEHIND_AGAIN_MS = 10,
};

static const int64_t NS_PER_MS = 1000 * 1000;

static const char *const domains[N_ENDPOINTS] = {
        [ENDPOINT_UPDATES] = "updates", [ENDPOINT_CARE] = "care",       [ENDPOINT_COORD] = "coord",
        [ENDPOINT_QUERY] = "query",     [ENDPOINT_CONTROL] = "control",
};

const char *endpoint_domain(EndpointKind kind)
{
        assert(kind < N_ENDPOINTS);
        return domains[kind];
}

int endpoint_of_domain(const char *domain)
{
        for (int i = 0; i < N_ENDPOINTS; i++)
                if (strcmp(domains[i], domain) == 0)
                        return i;
        return -1;
}

/*
 * One that was over before it was looked at may have been given the cookie of whoever got its
 * number next, on whichever socket. That one is not lost; and of the other nothing was known.
 */
static uint64_t cookie_of_lost(const Peers *peers, const Connection *connection)
{
        for (unsigned i = 0; i < N_ENDPOINTS; i++) {
                const Connection *next = peers_find(&peers->tables[i], connection->fd);

                if (next && next->cookie == connection->cookie)
                        return 0;
        }
        return connection->cookie;
}

/* At the end of the turn: who finds out may be in the middle of something else. */
static int tell_lost(void *arg)
{
        Peers *peers = arg;

        while (!list_is_empty(&peers->gone)) {
                CLEANUP(connection_freep)
                Connection *connection = list_entry(peers->gone.next, Connection, link);
                PeerLost lost = {
                        .endpoint = connection->endpoint,
                        .connection = cookie_of_lost(peers, connection),
                        .is_known = connection->owner == KNOWN,
                        .user = connection->user,
                };

                list_unlink(&connection->link);
                if (peers->lost)
                        peers->lost(peers->arg, &lost);
        }
        return 0;
}

void peers_lose(Peers *peers, Connection *connection)
{
        PeersTable *table = &peers->tables[connection->endpoint];

        assert(table->by_fd[connection->fd] == connection);
        table->by_fd[connection->fd] = NULL;
        table->n_connections--;
        table->counters.n_lost++;
        account_give_back(peers, connection);
        list_unlink(&connection->link);
        list_append(&peers->gone, &connection->link);
        loop_defer(peers->loop, &peers->tell);
}

void peers_read_monitors(Peers *peers, unsigned endpoints)
{
        for (unsigned i = 0; i < N_ENDPOINTS; i++) {
                PeersTable *table = &peers->tables[i];

                /* What it cannot say now it says in its own turn, or ends the loop there. */
                if (endpoints & 1u << i && table->monitor && monitor_read(table->monitor) < 0)
                        continue;
        }
}

static bool may_be_users(const Connection *connection, const KeyId *user)
{
        return connection->owner != KNOWN || memcmp(&connection->user, user, sizeof(*user)) == 0;
}

size_t peers_cut(Peers *peers, const KeyId *user, unsigned endpoints)
{
        size_t n_cut = 0;

        peers_read_monitors(peers, endpoints);
        for (unsigned i = 0; i < N_ENDPOINTS; i++) {
                PeersTable *table = &peers->tables[i];

                if (!(endpoints & 1u << i) || i == ENDPOINT_CONTROL)
                        continue;
                list_for_each (link, &table->connections) {
                        Connection *connection = list_entry(link, Connection, link);

                        if (may_be_users(connection, user) && connection_shut(connection)) {
                                table->counters.n_cut++;
                                n_cut++;
                        }
                }
        }
        return n_cut;
}

bool peers_cut_connection(Peers *peers, uint64_t cookie)
{
        peers_read_monitors(peers, ENDPOINTS_ALL);
        for (unsigned i = 0; i < N_ENDPOINTS; i++) {
                list_for_each (link, &peers->tables[i].connections) {
                        Connection *connection = list_entry(link, Connection, link);

                        if (connection->cookie == cookie && connection_shut(connection)) {
                                peers->tables[i].counters.n_cut++;
                                return true;
                        }
                }
        }
        return false;
}

static Connection *find_behind(const PeersTable *table)
{
        Connection *worst = NULL;
        int n_worst = 0, n_unsent = 0;

        list_for_each (link, &table->connections) {
                Connection *connection = list_entry(link, Connection, link);

                if (!connection->is_cut &&
                    connection->cookie == connection_cookie_of(connection->fd) &&
                    ioctl(connection->fd, SIOCOUTQ, &n_unsent) == 0 && n_unsent > n_worst) {
                        worst = connection;
                        n_worst = n_unsent;
                }
        }
        return worst;
}

void peers_cut_behind(Peers *peers, EndpointKind endpoint)
{
        PeersTable *table = &peers->tables[endpoint];
        int64_t now_ns = loop_now_ns(peers->loop);
        Connection *worst;

        if (now_ns < table->look_behind_at_ns)
                return;

        peers_read_monitors(peers, 1u << endpoint);
        worst = find_behind(table);
        if (worst && connection_shut(worst)) {
                table->counters.n_cut_behind++;
                table->look_behind_at_ns = now_ns + CUT_BEHIND_AGAIN_MS * NS_PER_MS;
        } else {
                table->look_behind_at_ns = now_ns + LOOK_BEHIND_AGAIN_MS * NS_PER_MS;
        }
}

static int on_sweep(void *arg)
{
        Peers *peers = arg;

        peers_read_monitors(peers, ENDPOINTS_ALL);
        for (unsigned i = 0; i < N_ENDPOINTS; i++) {
                peers_sweep(&peers->tables[i]);
                accounts_sweep(peers, i);
        }
        loop_timer_arm_in_ms(&peers->sweep, SWEEP_EVERY_MS);
        return 0;
}

int peers_new(Peers **ret_peers, Loop *loop, PeersLostFn lost, void *arg)
{
        CLEANUP(peers_freep) Peers *peers = NULL;
        int r;

        peers = calloc(1, sizeof(*peers));
        if (!peers)
                return err_raise(-ENOMEM);

        peers->loop = loop;
        peers->lost = lost;
        peers->arg = arg;
        list_init(&peers->gone);
        loop_deferred_init(&peers->tell, tell_lost, peers);
        randombytes_buf(peers->hash_key, sizeof(peers->hash_key));
        peers->limits = (KeyLimits){ UINT32_MAX, SIZE_MAX };
        for (unsigned i = 0; i < N_ENDPOINTS; i++) {
                list_init(&peers->tables[i].connections);
                list_init(&peers->tables[i].asking);
                list_init(&peers->tables[i].refused);
        }

        r = loop_timer_add(&peers->sweep, loop, on_sweep, peers);
        if (r)
                return r;
        loop_timer_arm_in_ms(&peers->sweep, SWEEP_EVERY_MS);

        *ret_peers = STEAL(peers);
        return 0;
}

Peers *peers_free(Peers *peers)
{
        if (!peers)
                return NULL;

        for (unsigned i = 0; i < N_ENDPOINTS; i++)
                assert(!peers->tables[i].is_open);
        list_for_each (link, &peers->gone)
                connection_free(list_entry(link, Connection, link));
        assert(!peers->accounts && peers->n_topic_bytes == 0);
        loop_deferred_cancel(&peers->tell);
        loop_timer_remove(&peers->sweep);
        free(peers);
        return NULL;
}

void peers_open(Peers *peers, EndpointKind endpoint, const PeerLimits *limits, Monitor *monitor)
{
        PeersTable *table = &peers->tables[endpoint];

        assert(!table->is_open);
        table->is_open = true;
        table->limits = *limits;
        table->monitor = monitor;
}

void peers_close(Peers *peers, EndpointKind endpoint)
{
        PeersTable *table = &peers->tables[endpoint];

        table->is_open = false;
        table->monitor = NULL;
        list_for_each (link, &table->connections) {
                Connection *connection = list_entry(link, Connection, link);

                account_give_back(peers, connection);
                connection_free(connection);
        }
        list_init(&table->connections);
        free(table->by_fd);
        table->by_fd = NULL;
        table->n_fds = 0;
        table->n_connections = 0;
}

uint32_t peers_n_connections(const Peers *peers, EndpointKind endpoint)
{
        return peers->tables[endpoint].n_connections;
}

const PeerCounters *peers_counters(const Peers *peers, EndpointKind endpoint)
{
        return &peers->tables[endpoint].counters;
}
