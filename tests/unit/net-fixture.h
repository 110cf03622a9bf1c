#pragma once

/*
 * The daemon's sockets on loopback, with clients in the same thread: a test turns the loop until
 * what it waits for has come, and fails after ten seconds
 */

#include "internal/err.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <zmq.h>

#include <cmocka.h>

#include "net/endpoint.h"
#include "net/gate.h"
#include "net/peers.h"

enum {
        NET_KEYS = 8,
        NET_LOST = 64,
        NET_RECEIVED = 4096,
        NET_SOCKETS = 256,
};

typedef struct Net {
        Loop *loop;
        NetContext *context;
        Gate *gate;
        Peers *peers;
        Endpoint *endpoints[N_ENDPOINTS];
        SecretKey *secret;
        char directory[64];

        SecretKey *keys[NET_KEYS]; /* the clients' */
        GateVerdict verdicts[NET_KEYS];
        unsigned n_asked[NET_KEYS];
        bool is_blind; /* the gate does not look at who asks */

        PeerLost lost[NET_LOST];
        size_t n_lost;
        Received received[NET_RECEIVED];
        size_t n_received;

        void *clients; /* their context */
        void *sockets[NET_SOCKETS];
        size_t n_sockets;
        struct timespec deadline;
} Net;

static inline KeyId net_user(Net *net, unsigned key)
{
        return key_id_of(secret_key_public(net->keys[key])->transport);
}

/* As the broker's: whoever is admitted is on the account of the key that was asked about. */
static inline GateVerdict net_at_gate(Net *net, const GateRequest *request, GateVerdict verdict)
{
        EndpointKind kind = (EndpointKind)endpoint_of_domain(request->domain);
        bool is_admitted = verdict == GATE_ADMIT;
        bool is_there = net->is_blind || peers_at_gate(net->peers, kind, request->address,
                                      is_admitted ? &request->user : NULL);

        return is_admitted && !is_there ? GATE_LATER : verdict;
}

static inline GateVerdict net_decide(void *arg, const GateRequest *request)
{
        Net *net = arg;

        assert_true(endpoint_of_domain(request->domain) >= 0);
        assert_non_null(strstr(request->address, "127.0.0.1"));
        for (unsigned i = 0; i < NET_KEYS; i++) {
                const uint8_t *key = secret_key_public(net->keys[i])->transport;

                if (memcmp(key, request->transport_key, KEY_BYTES) == 0) {
                        net->n_asked[i]++;
                        return net_at_gate(net, request, net->verdicts[i]);
                }
        }
        fail_msg("the gate was asked about a key that nobody has");
        return GATE_NEVER;
}

static inline void net_lost(void *arg, const PeerLost *lost)
{
        Net *net = arg;

        assert_true(net->n_lost < NET_LOST);
        net->lost[net->n_lost++] = *lost;
}

static inline void net_receive(Net *net, EndpointKind kind)
{
        int r;

        for (;;) {
                assert_true(net->n_received < NET_RECEIVED);
                r = endpoint_receive(net->endpoints[kind], &net->received[net->n_received]);
                if (r == ENDPOINT_E_EMPTY)
                        return;
                assert_int_equal(r, 0);
                net->n_received++;
        }
}

static inline int net_on_updates(void *arg)
{
        net_receive(arg, ENDPOINT_UPDATES);
        return 0;
}

static inline int net_on_query(void *arg)
{
        net_receive(arg, ENDPOINT_QUERY);
        return 0;
}

static inline int net_on_control(void *arg)
{
        net_receive(arg, ENDPOINT_CONTROL);
        return 0;
}

static inline int net_setup(void **state)
{
        Net *net = calloc(1, sizeof(*net));

        assert_non_null(net);
        assert_true(sodium_init() >= 0);
        assert_int_equal(loop_new(&net->loop), 0);
        assert_int_equal(net_context_new(&net->context, 1, 64), 0);
        assert_int_equal(gate_new(&net->gate, net->context, net->loop, net_decide, net), 0);
        assert_int_equal(peers_new(&net->peers, net->loop, net_lost, net), 0);
        assert_int_equal(secret_key_new(&net->secret), 0);
        for (unsigned i = 0; i < NET_KEYS; i++)
                assert_int_equal(secret_key_new(&net->keys[i]), 0);
        snprintf(net->directory, sizeof(net->directory), "/tmp/plek-net-XXXXXX");
        assert_non_null(mkdtemp(net->directory));
        net->clients = zmq_ctx_new();
        assert_non_null(net->clients);
        zmq_ctx_set(net->clients, ZMQ_BLOCKY, 0);

        *state = net;
        return 0;
}

static inline int net_teardown(void **state)
{
        Net *net = *state;
        char path[128];

        for (size_t i = 0; i < net->n_sockets; i++)
                zmq_close(net->sockets[i]);
        zmq_ctx_term(net->clients);
        for (unsigned i = 0; i < N_ENDPOINTS; i++)
                endpoint_free(net->endpoints[i]);
        peers_free(net->peers);
        gate_free(net->gate);
        net_context_free(net->context);
        loop_free(net->loop);

        for (size_t i = 0; i < net->n_received; i++)
                received_deinit(&net->received[i]);
        for (unsigned i = 0; i < NET_KEYS; i++)
                secret_key_free(net->keys[i]);
        secret_key_free(net->secret);
        snprintf(path, sizeof(path), "%s/control", net->directory);
        unlink(path);
        rmdir(net->directory);
        free(net);
        return 0;
}

#define NET_TEST(_test) cmocka_unit_test_setup_teardown(_test, net_setup, net_teardown)

/* After a 300 libzmq keeps the connection until the handshake's time is up: make that short. */
static inline EndpointSettings net_settings(EndpointKind kind)
{
        EndpointSettings settings = endpoint_default_settings(kind);

        settings.handshake_ms = 500;
        return settings;
}

/* Opens an endpoint; @settings NULL: net_settings(), on a port that is free. */
static inline Endpoint *net_open(Net *net, EndpointKind kind, const EndpointSettings *settings)
{
        static const LoopFn readable[N_ENDPOINTS] = {
                [ENDPOINT_UPDATES] = net_on_updates,
                [ENDPOINT_QUERY] = net_on_query,
                [ENDPOINT_CONTROL] = net_on_control,
        };
        EndpointSettings own = settings ? *settings : net_settings(kind);
        char address[128];

        snprintf(address, sizeof(address), "ipc://%s/control", net->directory);
        if (!own.address)
                own.address = kind == ENDPOINT_CONTROL ? address : "tcp://127.0.0.1:*";
        assert_int_equal(endpoint_new(&net->endpoints[kind], kind, &own, net->context, net->gate,
                                      net->peers, net->loop, secret_key_transport(net->secret),
                                      readable[kind], net),
                         0);
        return net->endpoints[kind];
}

static inline void net_client_options(Net *net, void *client, unsigned key)
{
        const uint8_t *server = secret_key_public(net->secret)->transport;
        const uint8_t *own = secret_key_public(net->keys[key])->transport;
        const uint8_t *secret = secret_key_transport(net->keys[key]);
        int again_ms = 10;

        assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, server, KEY_BYTES), 0);
        assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, own, KEY_BYTES), 0);
        assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, secret, KEY_BYTES), 0);
        assert_int_equal(zmq_setsockopt(client, ZMQ_RECONNECT_IVL, &again_ms, sizeof(int)), 0);
}

/* Closed in the teardown, if not by net_close(). */
static inline void *net_socket(Net *net, int type)
{
        void *client = zmq_socket(net->clients, type);
        int linger = 0;

        assert_non_null(client);
        assert_true(net->n_sockets < NET_SOCKETS);
        net->sockets[net->n_sockets++] = client;
        assert_int_equal(zmq_setsockopt(client, ZMQ_LINGER, &linger, sizeof(int)), 0);
        return client;
}

static inline void net_close(Net *net, void *client)
{
        for (size_t i = 0; i < net->n_sockets; i++) {
                if (net->sockets[i] == client) {
                        net->sockets[i] = net->sockets[--net->n_sockets];
                        zmq_close(client);
                        return;
                }
        }
        fail_msg("no such client");
}

static inline void *net_client(Net *net, int type, unsigned key)
{
        void *client = net_socket(net, type);

        net_client_options(net, client, key);
        return client;
}

static inline void net_connect(Net *net, void *client, EndpointKind kind)
{
        assert_int_equal(zmq_connect(client, endpoint_address(net->endpoints[kind])), 0);
}

static inline void *net_connected(Net *net, int type, unsigned key, EndpointKind kind)
{
        void *client = net_client(net, type, key);

        net_connect(net, client, kind);
        return client;
}

static inline bool net_turn_within(Net *net)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        if (net->deadline.tv_sec == 0)
                net->deadline.tv_sec = now.tv_sec + 10;
        else if (now.tv_sec > net->deadline.tv_sec)
                return false;
        assert_int_equal(loop_turn(net->loop, 5), 0);
        return true;
}

#define NET_UNTIL(_net, _condition)                                                                \
        do {                                                                                       \
                (_net)->deadline.tv_sec = 0;                                                       \
                while (!(_condition))                                                              \
                        if (!net_turn_within(_net))                                                \
                                fail_msg("%s has not come", #_condition);                          \
        } while (0)

/* Non-blocking receive of one part. Returns its length, -1 if there was none. */
static inline int net_try(void *client, char *bytes, size_t n_bytes)
{
        return zmq_recv(client, bytes, n_bytes, ZMQ_DONTWAIT);
}

static inline double net_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
