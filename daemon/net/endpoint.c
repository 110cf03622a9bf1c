/*
 * Endpoint
 *
 * What bounds each queue, per socket:
 *
 *   received, not read   a connection's by ZMQ_RCVHWM, in messages: received_max_bytes divided by
 *                        the connections and the largest message, but at least HWM_MIN. The sum, in
 *                        bytes, by the sweep each second, as are messages that never end. Only
 *                        updates are ever left unread (paused); the rest is read in every turn.
 *   handed over, unsent  counted here in bytes until ZeroMQ lets go of it, a frame once however
 *                        many peers it waits for, since that is what is really held. ZMQ_SNDHWM
 *                        bounds the queues' own slots.
 *   subscriptions        counted for each connection and each key, cut above the cap; the bytes of
 *                        all together, and above that the key with most is cut
 *   handshakes           n_connections_max, and handshake_ms each
 *
 * ZeroMQ's high-water marks may act at a tenth of their value, and count nothing but whole
 * messages: they are the second line, not the first.
 */

#include "net/endpoint-private.h"

#include <string.h>
#include <sys/stat.h>

#include "net/connections.h"

enum {
        KIB = 1024,
        MIB = 1024 * KIB,

        CURVE_FRAME_BYTES = 33,       /* what encryption adds */
        FRAME_BYTES_MIN = 280,        /* a CURVE handshake's largest command */
        UNREAD_SLACK_BYTES = 8 * MIB, /* the kernel's receive buffer */
        QUEUE_SLOT_BYTES = 64,        /* a message's place in a pipe */
        HWM_MIN = 32,                 /* under 16 it costs; at 1, with ZAP, nothing ever comes */
        HWM_MAX = 1000,               /* libzmq's own default */
        BACKLOG = 1024,

        KEEPALIVE_IDLE_S = 60,
        KEEPALIVE_INTERVAL_S = 10,
        KEEPALIVE_COUNT = 3,
};

static int socket_type(EndpointKind kind)
{
        return endpoint_is_xpub(kind) ? ZMQ_XPUB : endpoint_is_router(kind) ? ZMQ_ROUTER : ZMQ_SUB;
}

EndpointSettings endpoint_default_settings(EndpointKind kind)
{
        EndpointSettings settings = {
                .n_connections_max = 2048,
                .handshake_ms = 5000,
                .heartbeat_ms = 1000,
                .heartbeat_timeout_ms = 3000,
                .n_subscriptions_max = 256,
                .queued_max_bytes = 256 * MIB,
                .frame_max_bytes = 256 * KIB + 512,
                .mode = 0600,
        };

        switch (kind) {
        case ENDPOINT_UPDATES:
                settings.message_max_bytes = 64 * KIB;
                settings.received_max_bytes = 1024 * MIB;
                break;
        case ENDPOINT_CARE:
        case ENDPOINT_COORD:
                settings.message_max_bytes = FRAME_BYTES_MIN - CURVE_FRAME_BYTES;
                settings.received_max_bytes = 64 * MIB;
                break;
        case ENDPOINT_QUERY:
                settings.message_max_bytes = MIB;
                settings.received_max_bytes = 1024 * MIB;
                settings.frame_max_bytes = 4 * MIB;
                break;
        case ENDPOINT_CONTROL:
                settings.n_connections_max = 64;
                settings.message_max_bytes = MIB;
                settings.received_max_bytes = 64 * MIB;
                settings.frame_max_bytes = 4 * MIB;
                break;
        case N_ENDPOINTS:
                break;
        }
        return settings;
}

/* How many messages of @message_bytes a connection may have if all together are to be in bounds. */
static int high_water_mark(size_t max_bytes, uint32_t n_connections_max, size_t message_bytes)
{
        size_t n = max_bytes / n_connections_max / message_bytes;

        return (int)MIN(MAX(n, HWM_MIN), HWM_MAX);
}

typedef struct Option {
        int name;
        int value;
} Option;

static int set_options(Endpoint *endpoint, const Option *options, size_t n_options)
{
        int r = 0;

        for (size_t i = 0; !r && i < n_options; i++)
                r = socket_set_int(&endpoint->socket, options[i].name, options[i].value);
        return r;
}

/* The largest frame as it is on the wire. */
static size_t wire_bytes(const EndpointSettings *settings)
{
        return MAX(settings->message_max_bytes + CURVE_FRAME_BYTES, FRAME_BYTES_MIN);
}

static int receive_mark(const EndpointSettings *settings)
{
        return high_water_mark(settings->received_max_bytes, settings->n_connections_max,
                               wire_bytes(settings));
}

static int set_bounds(Endpoint *endpoint)
{
        const EndpointSettings *settings = &endpoint->settings;
        int64_t max_bytes = (int64_t)wire_bytes(settings);
        const Option options[] = {
                { ZMQ_RCVHWM, receive_mark(settings) },
                { ZMQ_SNDHWM, high_water_mark(settings->queued_max_bytes,
                                              settings->n_connections_max, QUEUE_SLOT_BYTES) },
                { ZMQ_BACKLOG, BACKLOG },
                { ZMQ_HANDSHAKE_IVL, settings->handshake_ms },
        };
        int r;

        r = socket_set_bytes(&endpoint->socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof(max_bytes));
        return r ? r : set_options(endpoint, options, N_ELEMENTS(options));
}

static PeerLimits peer_limits(const EndpointSettings *settings)
{
        return (PeerLimits){
                .n_connections_max = settings->n_connections_max,
                .n_subscriptions_max = settings->n_subscriptions_max,
                .handshake_ms = settings->handshake_ms,
                .received_max_bytes = settings->received_max_bytes,
                .unread_max_bytes =
                        (size_t)receive_mark(settings) * wire_bytes(settings) + UNREAD_SLACK_BYTES,
        };
}

/*
 * Heartbeats find the peer that does not read, and free its queue. They are not for updates: what
 * an agent does not read costs nothing there, and while we ourselves do not read (a slow disk) its
 * answers would wait behind its updates and good agents be cut for it. No time to live is told to
 * the peer: libzmq's own client can't bear a time-out on a full pipe.
 */
static int set_heartbeats(Endpoint *endpoint)
{
        const EndpointSettings *settings = &endpoint->settings;
        const Option options[] = {
                { ZMQ_HEARTBEAT_IVL, settings->heartbeat_ms },
                { ZMQ_HEARTBEAT_TIMEOUT, settings->heartbeat_timeout_ms },
        };

        if (endpoint->kind == ENDPOINT_UPDATES || endpoint->kind == ENDPOINT_CONTROL ||
            !settings->heartbeat_ms)
                return 0;
        return set_options(endpoint, options, N_ELEMENTS(options));
}

static int set_pattern(Endpoint *endpoint)
{
        if (endpoint->kind == ENDPOINT_UPDATES)
                return socket_set_bytes(&endpoint->socket, ZMQ_SUBSCRIBE, "", 0);
        /* Each subscription and its end, so that they can be counted. */
        if (endpoint_is_xpub(endpoint->kind))
                return socket_set_int(&endpoint->socket, ZMQ_XPUB_VERBOSER, 1);
        return socket_set_int(&endpoint->socket, ZMQ_ROUTER_MANDATORY, 1);
}

static int set_security(Endpoint *endpoint, const uint8_t secret[KEY_BYTES])
{
        const char *domain = endpoint_domain(endpoint->kind);
        const Option tcp[] = {
                { ZMQ_IPV6, 1 },
                { ZMQ_TCP_KEEPALIVE, 1 },
                { ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S },
                { ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S },
                { ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT },
        };
        int r;

        /* Enforced and without a domain, control does not ask the gate: its file's mode decides. */
        r = socket_set_int(&endpoint->socket, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
        if (r || endpoint->kind == ENDPOINT_CONTROL)
                return r;

        r = socket_set_int(&endpoint->socket, ZMQ_CURVE_SERVER, 1);
        if (!r)
                r = socket_set_bytes(&endpoint->socket, ZMQ_CURVE_SECRETKEY, secret, KEY_BYTES);
        if (!r)
                r = socket_set_bytes(&endpoint->socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain));
        return r ? r : set_options(endpoint, tcp, N_ELEMENTS(tcp));
}

static int bind_error(int error)
{
        switch (error) {
        case EADDRINUSE:
        case EADDRNOTAVAIL:
        case ENODEV:
                return ENDPOINT_E_IN_USE;
        case EINVAL:
        case EPROTONOSUPPORT:
        case ENOCOMPATPROTO:
        case ENAMETOOLONG:
                return ENDPOINT_E_ADDRESS;
        default:
                return socket_error();
        }
}

static int bind_socket(Endpoint *endpoint)
{
        size_t n_address = sizeof(endpoint->address);
        mode_t mask = 0;
        int r;

        /* The file is made by bind() itself, so its mode must be right before. */
        if (endpoint->kind == ENDPOINT_CONTROL)
                mask = umask(~endpoint->settings.mode & 0777);
        r = zmq_bind(endpoint->socket.zmq, endpoint->settings.address);
        if (r < 0)
                r = bind_error(zmq_errno());
        if (endpoint->kind == ENDPOINT_CONTROL)
                umask(mask);
        if (r)
                return r;

        if (zmq_getsockopt(endpoint->socket.zmq, ZMQ_LAST_ENDPOINT, endpoint->address, &n_address) <
            0)
                return socket_error();
        return 0;
}

static bool address_fits(EndpointKind kind, const char *address)
{
        const char *scheme = kind == ENDPOINT_CONTROL ? "ipc://" : "tcp://";

        return strncmp(address, scheme, strlen(scheme)) == 0 &&
               strlen(address) < ENDPOINT_ADDRESS_MAX;
}

static int open_socket(Endpoint *endpoint, NetContext *context, Loop *loop,
                       const uint8_t secret[KEY_BYTES])
{
        const PeerLimits limits = peer_limits(&endpoint->settings);
        int r;

        r = socket_init(&endpoint->socket, context, socket_type(endpoint->kind));
        if (!r)
                r = set_bounds(endpoint);
        if (!r)
                r = set_heartbeats(endpoint);
        if (!r)
                r = set_pattern(endpoint);
        if (!r)
                r = set_security(endpoint, secret);
        if (!r)
                r = monitor_init(&endpoint->monitor, &endpoint->socket, endpoint->kind, context,
                                 endpoint->peers, loop);
        if (r)
                return r;

        peers_open(endpoint->peers, endpoint->kind, &limits, &endpoint->monitor);
        endpoint->is_known = true;

        r = bind_socket(endpoint);
        return r ? r : socket_attach(&endpoint->socket, loop, endpoint_on_readable, endpoint);
}

int endpoint_new(Endpoint **ret_endpoint, EndpointKind kind, const EndpointSettings *settings,
                 NetContext *context, Gate *gate, Peers *peers, Loop *loop,
                 const uint8_t secret[KEY_BYTES], LoopFn readable, void *arg)
{
        CLEANUP(endpoint_freep) Endpoint *endpoint = NULL;
        int r;

        assert(kind < N_ENDPOINTS);
        assert(kind == ENDPOINT_CONTROL || (secret && gate));
        assert(endpoint_is_xpub(kind) || readable);
        assert(settings->n_connections_max > 0);

        if (!address_fits(kind, settings->address))
                return ENDPOINT_E_ADDRESS;

        endpoint = calloc(1, sizeof(*endpoint));
        if (!endpoint)
                return err_raise(-ENOMEM);

        endpoint->socket = SOCKET_NULL;
        endpoint->monitor = MONITOR_NULL;
        endpoint->kind = kind;
        endpoint->settings = *settings;
        endpoint->peers = peers;
        endpoint->outgoing = net_context_outgoing(context, kind);
        endpoint->readable = readable;
        endpoint->arg = arg;

        r = open_socket(endpoint, context, loop, secret);
        if (r)
                return r;

        endpoint->settings.address = endpoint->address;
        *ret_endpoint = STEAL(endpoint);
        return 0;
}

Endpoint *endpoint_free(Endpoint *endpoint)
{
        if (!endpoint)
                return NULL;

        monitor_deinit(&endpoint->monitor);
        socket_deinit(&endpoint->socket);
        if (endpoint->is_known)
                peers_close(endpoint->peers, endpoint->kind);
        free(endpoint);
        return NULL;
}

const char *endpoint_address(const Endpoint *endpoint)
{
        return endpoint->address;
}

const EndpointCounters *endpoint_counters(const Endpoint *endpoint)
{
        return &endpoint->counters;
}
