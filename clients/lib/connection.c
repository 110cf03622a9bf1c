#include "lib/connection.h"

#include <stdio.h>
#include <string.h>

enum {
        HANDSHAKE_AGAIN_US = 2 * 1000 * 1000,
};

#define BARRED_US INT64_C(3600000000) /* then another try: it may have been enrolled again */

void connection_init(Connection *connection, PlekContext *context, Poller *poller, Peer *peer,
                     ConnectionTo to)
{
        *connection = (Connection){
                .context = context,
                .poller = poller,
                .peer = peer,
                .to = to,
                .reopen_at_us = INT64_MAX,
        };
}

void connection_close(Connection *connection)
{
        connection->socket = socket_free(connection->socket);
        connection->is_up = connection->is_reached = false;
        connection->reopen_at_us = INT64_MAX;
}

static const char *endpoint_of(const Connection *connection)
{
        const RegionCard *card;

        if (connection->to == TO_CONTROL)
                return connection->control;
        card = &connection->peer->card->card;
        switch (connection->to) {
        case TO_UPDATES:
                return card->updates;
        case TO_CARE:
                return card->care;
        case TO_COORD:
                return card->coord;
        default:
                return card->query;
        }
}

static const uint8_t *broker_key_of(const Connection *connection)
{
        const RegionCard *card = &connection->peer->card->card;

        return card->brokers[connection->peer->broker % card->n_brokers].transport;
}

static SocketKind kind_of(ConnectionTo to)
{
        switch (to) {
        case TO_UPDATES:
                return SOCKET_UPDATES;
        case TO_CARE:
        case TO_COORD:
                return SOCKET_LANE;
        default:
                return SOCKET_QUERY;
        }
}

int connection_open(Connection *connection)
{
        const char *endpoint = endpoint_of(connection);
        const SecretKey *secret = NULL;

        if (connection->socket || connection->reopen_at_us != INT64_MAX)
                return 0;
        if (strlen(endpoint) > ENDPOINT_MAX)
                return err_raise(-EINVAL);
        strcpy(connection->endpoint, endpoint);
        if (connection->to != TO_CONTROL) {
                secret = connection->peer->key->secret;
                memcpy(connection->broker_key, broker_key_of(connection), KEY_BYTES);
        }
        connection->is_up = connection->is_reached = false;
        return socket_new(&connection->socket, connection->context, connection->poller,
                          kind_of(connection->to), endpoint, secret, connection->broker_key);
}

int connection_reopen(Connection *connection)
{
        connection_close(connection);
        return connection_open(connection);
}

bool connection_is_outdated(const Connection *connection)
{
        if (!connection->socket || connection->to == TO_CONTROL)
                return false;
        return strcmp(connection->endpoint, endpoint_of(connection)) ||
               memcmp(connection->broker_key, broker_key_of(connection), KEY_BYTES);
}

/* The handshake failed: perhaps another of the region's brokers is there now. */
static void try_next_broker(Connection *connection, int64_t now_us)
{
        const RegionCard *card = &connection->peer->card->card;

        if (connection->to == TO_CONTROL || card->n_brokers < 2)
                return;
        if (!memcmp(connection->broker_key, broker_key_of(connection), KEY_BYTES))
                connection->peer->broker = (connection->peer->broker + 1) % card->n_brokers;
        connection->reopen_at_us = now_us + HANDSHAKE_AGAIN_US;
}

/*
 * A handshake that failed is followed by two of these, and says more than they do; whom nobody
 * answers any more gets them one after another.
 */
static ConnectionEdge take_down(Connection *connection, bool was_up)
{
        bool is_news = connection->trouble == SOCKET_NOTHING;

        if (++connection->n_down > 2 && connection->trouble != SOCKET_DOWN) {
                connection->is_reached = false;
                is_news = true;
        }
        if (was_up || is_news)
                connection->trouble = SOCKET_DOWN;
        return was_up ? EDGE_DOWN : is_news ? EDGE_TROUBLE : EDGE_NONE;
}

static ConnectionEdge take_event(Connection *connection, SocketEvent event, int64_t now_us)
{
        bool was_up = connection->is_up;

        switch (event) {
        case SOCKET_NOTHING:
                return EDGE_NONE;
        case SOCKET_REACHED:
                connection->is_reached = true;
                connection->n_down = 0;
                return EDGE_NONE;
        case SOCKET_UP:
                connection->is_up = true;
                connection->trouble = SOCKET_NOTHING;
                return EDGE_UP;
        case SOCKET_DOWN:
                connection->is_up = false;
                return take_down(connection, was_up);
        case SOCKET_BARRED:
                connection->socket = socket_free(connection->socket);
                connection->reopen_at_us = now_us + BARRED_US;
                break;
        case SOCKET_REFUSED:
                break;
        case SOCKET_FAILED:
                try_next_broker(connection, now_us);
                break;
        }
        connection->is_up = false;
        connection->trouble = event;
        return was_up ? EDGE_DOWN : EDGE_TROUBLE;
}

int connection_poll(Connection *connection, int64_t now_us, ConnectionEdge *ret_edge)
{
        SocketEvent event;
        int r;

        *ret_edge = EDGE_NONE;
        while (connection->socket) {
                event = socket_next_event(connection->socket);
                if (event == SOCKET_NOTHING)
                        break;
                *ret_edge = take_event(connection, event, now_us);
                if (*ret_edge != EDGE_NONE)
                        return 0;
        }
        if (now_us < connection->reopen_at_us)
                return 0;
        r = connection_reopen(connection);
        if (r)
                return r;
        *ret_edge = EDGE_RENEWED;
        return 0;
}

int64_t connection_due_us(const Connection *connection)
{
        return connection->reopen_at_us;
}

void connection_trouble(const Connection *connection, char *ret_text, size_t n_text)
{
        const char *endpoint = connection->endpoint;

        switch (connection->trouble) {
        case SOCKET_BARRED:
                (void)snprintf(ret_text, n_text, "%s bars our key: it was revoked", endpoint);
                break;
        case SOCKET_REFUSED:
                (void)snprintf(ret_text, n_text, "%s refuses our key", endpoint);
                break;
        case SOCKET_FAILED:
                (void)snprintf(ret_text, n_text,
                               "%s ends the handshake: our key is refused, or the broker's is not "
                               "the one in the region card",
                               endpoint);
                break;
        default:
                (void)snprintf(ret_text, n_text, "%s at %s",
                               connection->is_reached ? "no broker answers" : "nobody listens",
                               endpoint);
                break;
        }
}
