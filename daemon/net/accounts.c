/*
 * Accounts
 *
 * The gate is asked about a key, not about a connection, and a connection says whose it is only
 * with its first message, which may never come. Without knowing which one asks, a key that connects
 * and says nothing could have all there are. But who asks has sent a whole CURVE handshake and has
 * not asked before, and there is seldom more than one of those. Where there is, the oldest is
 * taken: somebody may then stand on another's account, until it says something.
 *
 * One that sends as many bytes without a handshake could be taken instead of the one that asks. The
 * handshake's time ends it, and what then is left without having asked is cut.
 */

#include "net/accounts.h"

#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
        GREETING_BYTES = 64,
        HELLO_BYTES = 202,
        INITIATE_BYTES_MIN = 257,
        ASKING_BYTES_MIN = GREETING_BYTES + HELLO_BYTES + INITIATE_BYTES_MIN,

        UNSEEN_SLACK_MS = 2000,
};

static const int64_t NS_PER_MS = 1000 * 1000;

static Account *account_find(const Peers *peers, const KeyId *user)
{
        Account *account;

        HASH_FIND(hh, peers->accounts, user, sizeof(*user), account);
        return account;
}

static Account *account_open(Peers *peers, const KeyId *user)
{
        Account *account = account_find(peers, user);

        if (account)
                return account;
        account = calloc(1, sizeof(*account));
        if (!account)
                return NULL;

        account->user = *user;
        HASH_ADD(hh, peers->accounts, user, sizeof(account->user), account);
        if (!account->hh.tbl) {
                free(account);
                return NULL;
        }
        return account;
}

static void add_topics(Peers *peers, Account *account, const Connection *connection)
{
        account->n_topics += connection->n_topics;
        account->n_topic_bytes += connection->n_topic_bytes;
        peers->n_topic_bytes += connection->n_topic_bytes;
}

static void subtract_topics(Peers *peers, Account *account, const Connection *connection)
{
        assert(account->n_topics >= connection->n_topics);
        assert(account->n_topic_bytes >= connection->n_topic_bytes);
        account->n_topics -= connection->n_topics;
        account->n_topic_bytes -= connection->n_topic_bytes;
        peers->n_topic_bytes -= connection->n_topic_bytes;
}

/* Also the last one of a key that is about to be another's: its account goes. */
static void take_off(Peers *peers, Connection *connection)
{
        Account *account = connection->account;

        subtract_topics(peers, account, connection);
        connection->account = NULL;
        account->n_connections--;
        if (account->n_connections > 0)
                return;
        HASH_DEL(peers->accounts, account);
        free(account);
}

bool account_charge(Peers *peers, Connection *connection, const KeyId *user)
{
        Account *account = account_open(peers, user);

        if (!account)
                return false;
        list_unlink(&connection->asks);
        if (connection->account == account)
                return true;

        /* First on the new one, so that an account just opened is never empty. */
        account->n_connections++;
        add_topics(peers, account, connection);
        if (connection->account)
                take_off(peers, connection);
        connection->account = account;
        return true;
}

void account_give_back(Peers *peers, Connection *connection)
{
        list_unlink(&connection->asks);
        if (connection->account)
                take_off(peers, connection);
}

/* ------------------------------------------------------------------ topics */

bool account_take_topic(Peers *peers, Connection *connection, size_t n_topic)
{
        Account *account = connection->account;

        if (!account || account->n_topics >= peers->limits.n_topics_max)
                return false;
        account->n_topics++;
        account->n_topic_bytes += n_topic;
        connection->n_topic_bytes += n_topic;
        peers->n_topic_bytes += n_topic;
        return true;
}

void account_drop_topic(Peers *peers, Connection *connection, size_t n_topic)
{
        connection->account->n_topics--;
        connection->account->n_topic_bytes -= n_topic;
        connection->n_topic_bytes -= n_topic;
        peers->n_topic_bytes -= n_topic;
}

void account_drop_topics(Peers *peers, Connection *connection)
{
        if (connection->account)
                subtract_topics(peers, connection->account, connection);
        connection->n_topics = 0;
        connection->n_topic_bytes = 0;
}

static Account *find_largest(const Peers *peers)
{
        Account *largest = NULL, *account, *next;

        HASH_ITER (hh, peers->accounts, account, next)
                if (!largest || account->n_topic_bytes > largest->n_topic_bytes)
                        largest = account;
        return largest;
}

static void cut_subscribers(Peers *peers, const Account *account)
{
        for (unsigned i = 0; i < N_ENDPOINTS; i++) {
                list_for_each (link, &peers->tables[i].connections) {
                        Connection *connection = list_entry(link, Connection, link);

                        if (connection->account != account || connection->n_topics == 0)
                                continue;
                        connection_cut(peers, connection, CUT_SUBSCRIPTIONS);
                        account_drop_topics(peers, connection);
                }
        }
}

void accounts_cut_largest(Peers *peers)
{
        while (peers->n_topic_bytes > peers->limits.topic_bytes_max)
                cut_subscribers(peers, find_largest(peers));
}

/* ------------------------------------------------------------------ at the gate */

static bool comes_from(const Connection *connection, const char *address)
{
        struct sockaddr_storage peer;
        socklen_t n_peer = sizeof(peer);
        char text[NI_MAXHOST];

        return getpeername(connection->fd, (struct sockaddr *)&peer, &n_peer) == 0 &&
               getnameinfo((struct sockaddr *)&peer, n_peer, text, sizeof(text), NULL, 0,
                           NI_NUMERICHOST) == 0 &&
               strcmp(text, address) == 0;
}

static bool may_ask(const Connection *connection, const char *address)
{
        struct tcp_info info = {};
        socklen_t n_info = sizeof(info);

        return !connection->is_cut && connection->cookie == connection_cookie_of(connection->fd) &&
               getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &n_info) == 0 &&
               info.tcpi_bytes_received >= ASKING_BYTES_MIN && comes_from(connection, address);
}

bool peers_at_gate(Peers *peers, EndpointKind endpoint, const char *address, const KeyId *user)
{
        peers_read_monitors(peers, 1u << endpoint);
        list_for_each (link, &peers->tables[endpoint].asking) {
                Connection *connection = list_entry(link, Connection, asks);

                if (!may_ask(connection, address))
                        continue;
                if (user)
                        return account_charge(peers, connection, user);
                list_unlink(&connection->asks);
                list_append(&peers->tables[endpoint].refused, &connection->asks);
                return false;
        }
        return false;
}

void accounts_sweep(Peers *peers, EndpointKind endpoint)
{
        PeersTable *table = &peers->tables[endpoint];
        int64_t time_ns = (table->limits.handshake_ms + UNSEEN_SLACK_MS) * NS_PER_MS;

        list_for_each (link, &table->refused)
                if (connection_shut(list_entry(link, Connection, asks)))
                        table->counters.n_cut_refused++;
        list_for_each (link, &table->asking) {
                Connection *connection = list_entry(link, Connection, asks);

                if (loop_now_ns(peers->loop) - connection->accepted_at_ns < time_ns)
                        return;
                if (connection_shut(connection))
                        table->counters.n_cut_unseen++;
        }
}

/* ------------------------------------------------------------------ what is held */

uint32_t peers_n_connections_of(const Peers *peers, const KeyId *user)
{
        const Account *account = account_find(peers, user);

        return account ? account->n_connections : 0;
}

uint32_t peers_n_topics_of(const Peers *peers, const KeyId *user)
{
        const Account *account = account_find(peers, user);

        return account ? account->n_topics : 0;
}

size_t peers_n_topic_bytes(const Peers *peers)
{
        return peers->n_topic_bytes;
}

void peers_limit_keys(Peers *peers, const KeyLimits *limits)
{
        peers->limits = *limits;
}
