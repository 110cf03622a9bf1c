/* What one key holds of all sockets: counted before it says anything, and given back */

#include "net-fixture.h"

static uint32_t n_connections(Net *net, unsigned key)
{
        KeyId user = net_user(net, key);

        return peers_n_connections_of(net->peers, &user);
}

static uint32_t n_topics(Net *net, unsigned key)
{
        KeyId user = net_user(net, key);

        return peers_n_topics_of(net->peers, &user);
}

static uint64_t n_cut(Net *net, EndpointKind kind)
{
        return peers_counters(net->peers, kind)->n_cut_subscriptions;
}

static void subscribe(void *client, unsigned number)
{
        char topic[32];
        int n_topic = snprintf(topic, sizeof(topic), "pic/%05u/", number);

        assert_int_equal(zmq_setsockopt(client, ZMQ_SUBSCRIBE, topic, (size_t)n_topic), 0);
}

static void *reader(Net *net, unsigned key, EndpointKind kind, unsigned first, unsigned n)
{
        void *client = net_client(net, ZMQ_SUB, key);

        for (unsigned i = 0; i < n; i++)
                subscribe(client, first + i);
        net_connect(net, client, kind);
        return client;
}

static void test_who_says_nothing_counts_from_the_gate_on_over_all_sockets(void **state)
{
        static const struct {
                EndpointKind kind;
                int type;
        } silent[] = {
                { ENDPOINT_UPDATES, ZMQ_XPUB },
                { ENDPOINT_CARE, ZMQ_SUB },
                { ENDPOINT_COORD, ZMQ_SUB },
                { ENDPOINT_QUERY, ZMQ_DEALER },
        };
        void *clients[2 * N_ELEMENTS(silent)];
        Net *net = *state;

        for (size_t i = 0; i < N_ELEMENTS(silent); i++) {
                net_open(net, silent[i].kind, NULL);
                for (unsigned key = 0; key < 2; key++) {
                        clients[2 * i + key] =
                                net_connected(net, silent[i].type, key, silent[i].kind);
                        NET_UNTIL(net, n_connections(net, key) == i + 1);
                }
        }
        NET_UNTIL(net, n_connections(net, 0) == 4 && n_connections(net, 1) == 4);
        for (size_t i = 0; i < N_ELEMENTS(clients); i += 2)
                net_close(net, clients[i]);
        NET_UNTIL(net, n_connections(net, 0) == 0);
        assert_int_equal(n_connections(net, 1), 4);
}

static void test_who_was_refused_counts_for_nobody(void **state)
{
        Net *net = *state;

        net_open(net, ENDPOINT_QUERY, NULL);
        net->verdicts[0] = GATE_LATER;
        net_connected(net, ZMQ_DEALER, 0, ENDPOINT_QUERY);
        NET_UNTIL(net, net->n_asked[0] == 1);
        /* The refused connection still stands, and is not taken for the one that asks now. */
        net_connected(net, ZMQ_DEALER, 1, ENDPOINT_QUERY);
        NET_UNTIL(net, n_connections(net, 1) == 1);
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(n_connections(net, 0), 0);
        assert_int_equal(n_connections(net, 1), 1);
}

static void test_who_was_not_seen_at_the_gate_is_cut(void **state)
{
        Net *net = *state;
        double from = net_now();

        net_open(net, ENDPOINT_CARE, NULL);
        net->is_blind = true;
        net_connected(net, ZMQ_SUB, 0, ENDPOINT_CARE);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_CARE)->n_handshakes == 1);
        assert_int_equal(n_connections(net, 0), 0);
        net->is_blind = false;
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_CARE)->n_cut_unseen == 1);
        assert_true(net_now() - from > 1);
        NET_UNTIL(net, n_connections(net, 0) == 1);
}

static void test_topics_of_a_key_are_bounded_over_all_its_connections(void **state)
{
        const KeyLimits limits = { .n_topics_max = 10, .topic_bytes_max = SIZE_MAX };
        void *clients[3];
        Net *net = *state;

        peers_limit_keys(net->peers, &limits);
        net_open(net, ENDPOINT_CARE, NULL);
        net_open(net, ENDPOINT_COORD, NULL);
        clients[0] = reader(net, 0, ENDPOINT_CARE, 0, 4);
        clients[1] = reader(net, 0, ENDPOINT_COORD, 0, 6);
        clients[2] = reader(net, 1, ENDPOINT_COORD, 0, 10);
        NET_UNTIL(net, n_topics(net, 0) == 10 && n_topics(net, 1) == 10);
        assert_int_equal(n_cut(net, ENDPOINT_CARE) + n_cut(net, ENDPOINT_COORD), 0);

        /* The same again is no more, and what was given up may be had again. */
        subscribe(clients[0], 3);
        assert_int_equal(zmq_setsockopt(clients[1], ZMQ_UNSUBSCRIBE, "pic/00000/", 10), 0);
        NET_UNTIL(net, n_topics(net, 0) == 9);
        subscribe(clients[0], 4);
        NET_UNTIL(net, n_topics(net, 0) == 10);
        assert_int_equal(n_cut(net, ENDPOINT_CARE), 0);

        net->verdicts[0] = GATE_LATER;
        subscribe(clients[0], 5);
        NET_UNTIL(net, n_cut(net, ENDPOINT_CARE) == 1);
        NET_UNTIL(net, n_topics(net, 0) == 5);
        assert_int_equal(n_topics(net, 1), 10);
        assert_int_equal(n_connections(net, 0), 1);
        assert_int_equal(n_cut(net, ENDPOINT_COORD), 0);
}

static void test_when_topics_of_all_are_too_much_the_key_with_most_is_cut(void **state)
{
        const KeyLimits limits = { .n_topics_max = 1000, .topic_bytes_max = 500 };
        void *late;
        Net *net = *state;

        peers_limit_keys(net->peers, &limits);
        net_open(net, ENDPOINT_CARE, NULL);
        net_open(net, ENDPOINT_COORD, NULL);
        reader(net, 0, ENDPOINT_CARE, 0, 20);
        reader(net, 0, ENDPOINT_COORD, 0, 10);
        reader(net, 1, ENDPOINT_CARE, 0, 18);
        late = reader(net, 2, ENDPOINT_CARE, 0, 2);
        NET_UNTIL(net, n_topics(net, 0) == 30 && n_topics(net, 1) == 18 && n_topics(net, 2) == 2);
        assert_int_equal(peers_n_topic_bytes(net->peers), 500);

        net->verdicts[0] = GATE_LATER;
        subscribe(late, 2);
        NET_UNTIL(net, n_topics(net, 2) == 3);
        assert_int_equal(n_cut(net, ENDPOINT_CARE), 1);
        assert_int_equal(n_cut(net, ENDPOINT_COORD), 1);
        assert_int_equal(n_topics(net, 0), 0);
        assert_int_equal(n_topics(net, 1), 18);
        NET_UNTIL(net, n_connections(net, 0) == 0);
        assert_int_equal(peers_n_topic_bytes(net->peers), 210);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                NET_TEST(test_who_says_nothing_counts_from_the_gate_on_over_all_sockets),
                NET_TEST(test_who_was_refused_counts_for_nobody),
                NET_TEST(test_who_was_not_seen_at_the_gate_is_cut),
                NET_TEST(test_topics_of_a_key_are_bounded_over_all_its_connections),
                NET_TEST(test_when_topics_of_all_are_too_much_the_key_with_most_is_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
