/* Who gets in: the gate is asked for each handshake, and cannot be gone round */

#include "net-fixture.h"

#include <sys/resource.h>

static const EndpointKind curve_endpoints[] = { ENDPOINT_UPDATES, ENDPOINT_CARE, ENDPOINT_COORD,
                                                ENDPOINT_QUERY };

static int client_type(EndpointKind kind)
{
        return kind == ENDPOINT_UPDATES ? ZMQ_XPUB : kind == ENDPOINT_QUERY ? ZMQ_DEALER : ZMQ_SUB;
}

static void test_an_admitted_key_gets_in_on_every_socket_and_is_asked_about_once(void **state)
{
        Net *net = *state;

        for (size_t i = 0; i < N_ELEMENTS(curve_endpoints); i++) {
                EndpointKind kind = curve_endpoints[i];
                EndpointSettings settings = endpoint_default_settings(kind);
                void *client;

                net->n_asked[0] = 0;
                net_open(net, kind, &settings);
                client = net_connected(net, client_type(kind), 0, kind);
                NET_UNTIL(net, peers_counters(net->peers, kind)->n_handshakes == 1);
                assert_int_equal(net->n_asked[0], 1);
                net_close(net, client);
        }
        assert_int_equal(gate_counters(net->gate)->n_admitted, 4);
}

static void test_an_unknown_key_is_kept_out_and_comes_back_until_it_is_known(void **state)
{
        Net *net = *state;
        void *client;

        net->verdicts[0] = GATE_LATER;
        net_open(net, ENDPOINT_QUERY, NULL);
        client = net_connected(net, ZMQ_DEALER, 0, ENDPOINT_QUERY);
        assert_int_equal(zmq_send(client, "x", 1, 0), 1);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_QUERY)->n_failed_later >= 3);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_QUERY)->n_handshakes, 0);
        assert_int_equal(net->n_received, 0);

        net->verdicts[0] = GATE_ADMIT;
        NET_UNTIL(net, net->n_received == 1);
        net_close(net, client);
}

static void test_a_revoked_key_is_told_never_and_does_not_come_back(void **state)
{
        Net *net = *state;
        void *revoked, *other;

        net->verdicts[0] = GATE_NEVER;
        net_open(net, ENDPOINT_QUERY, NULL);
        revoked = net_connected(net, ZMQ_DEALER, 0, ENDPOINT_QUERY);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_QUERY)->n_failed_never == 1);

        /* In the time that another one needs for five attempts it would have tried again. */
        net->verdicts[1] = GATE_LATER;
        other = net_connected(net, ZMQ_DEALER, 1, ENDPOINT_QUERY);
        NET_UNTIL(net, net->n_asked[1] >= 5);
        assert_int_equal(net->n_asked[0], 1);
        net_close(net, revoked);
        net_close(net, other);
}

static void test_every_message_says_whose_it_is(void **state)
{
        Net *net = *state;
        void *clients[3];
        KeyId user;

        net_open(net, ENDPOINT_QUERY, NULL);
        for (unsigned i = 0; i < 3; i++)
                clients[i] = net_connected(net, ZMQ_DEALER, i, ENDPOINT_QUERY);
        for (unsigned n = 0; n < 20; n++) {
                for (unsigned i = 0; i < 3; i++) {
                        char body = (char)('0' + i);

                        assert_int_equal(zmq_send(clients[i], &body, 1, 0), 1);
                }
                /* The socket is polled in between, which is what takes it from the first part. */
                NET_UNTIL(net, net->n_received == 3 * (n + 1));
        }

        for (size_t i = 0; i < net->n_received; i++) {
                user = net_user(net, net->received[i].body->bytes[0] - '0');
                assert_memory_equal(&net->received[i].user, &user, sizeof(user));
                assert_int_not_equal(net->received[i].connection, 0);
        }
        for (unsigned i = 0; i < 3; i++)
                net_close(net, clients[i]);
}

/* Which side notices first decides what is counted; that it is counted does not depend on it. */
static uint64_t n_failed(Net *net)
{
        const PeerCounters *counters = peers_counters(net->peers, ENDPOINT_QUERY);

        return counters->n_failed_protocol + counters->n_failed_silent;
}

static void test_a_peer_without_curve_or_with_a_wrong_broker_key_does_not_get_in(void **state)
{
        Net *net = *state;
        void *plain = net_socket(net, ZMQ_DEALER), *wrong;
        uint8_t other_key[KEY_BYTES];

        net_open(net, ENDPOINT_QUERY, NULL);
        net_connect(net, plain, ENDPOINT_QUERY);
        zmq_send(plain, "x", 1, ZMQ_DONTWAIT);
        NET_UNTIL(net, n_failed(net) >= 1);
        net_close(net, plain);

        wrong = net_client(net, ZMQ_DEALER, 0);
        memcpy(other_key, secret_key_public(net->keys[5])->transport, KEY_BYTES);
        assert_int_equal(zmq_setsockopt(wrong, ZMQ_CURVE_SERVERKEY, other_key, KEY_BYTES), 0);
        net_connect(net, wrong, ENDPOINT_QUERY);
        NET_UNTIL(net, n_failed(net) >= 3);
        assert_int_equal(net->n_asked[0], 0);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_QUERY)->n_handshakes, 0);
        net_close(net, wrong);
}

/* If a handler were missing, or a domain, libzmq would admit everybody. Ours is enforced. */
static void test_without_an_answer_from_the_gate_nobody_gets_in(void **state)
{
        Net *net = *state;
        void *client;

        net_open(net, ENDPOINT_UPDATES, NULL);
        net_open(net, ENDPOINT_QUERY, NULL);
        net->gate = gate_free(net->gate);

        client = net_connected(net, ZMQ_DEALER, 0, ENDPOINT_QUERY);
        zmq_send(client, "x", 1, ZMQ_DONTWAIT);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_QUERY)->n_lost >= 3);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_QUERY)->n_handshakes, 0);
        assert_int_equal(net->n_received, 0);
        net_close(net, client);
}

static void test_a_peer_that_says_nothing_is_dropped_in_time(void **state)
{
        Net *net = *state;
        void *silent = net_socket(net, ZMQ_STREAM);

        net_open(net, ENDPOINT_QUERY, NULL);
        net_connect(net, silent, ENDPOINT_QUERY);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_QUERY)->n_accepted == 1);
        assert_int_equal(peers_n_connections(net->peers, ENDPOINT_QUERY), 1);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_QUERY)->n_failed_silent >= 1);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_QUERY)->n_lost >= 1);
        net_close(net, silent);
}

static void test_a_limit_on_descriptors_below_four_a_connection_is_refused(void **state)
{
        struct rlimit limit;
        NetContext *context = NULL;

        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        if (limit.rlim_max > UINT32_MAX)
                skip();
        assert_int_equal(net_context_new(&context, 1, (uint32_t)limit.rlim_max / 4 + 1), -EMFILE);
        assert_null(context);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                NET_TEST(test_an_admitted_key_gets_in_on_every_socket_and_is_asked_about_once),
                NET_TEST(test_an_unknown_key_is_kept_out_and_comes_back_until_it_is_known),
                NET_TEST(test_a_revoked_key_is_told_never_and_does_not_come_back),
                NET_TEST(test_every_message_says_whose_it_is),
                NET_TEST(test_a_peer_without_curve_or_with_a_wrong_broker_key_does_not_get_in),
                NET_TEST(test_without_an_answer_from_the_gate_nobody_gets_in),
                NET_TEST(test_a_peer_that_says_nothing_is_dropped_in_time),
                cmocka_unit_test(test_a_limit_on_descriptors_below_four_a_connection_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
