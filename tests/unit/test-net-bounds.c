/* What a peer can make the daemon hold: subscriptions, unread frames, messages that never end */

#include "net-fixture.h"

static uint32_t n_subscriptions(Net *net, unsigned key)
{
        KeyId user = net_user(net, key);

        return peers_n_topics_of(net->peers, &user);
}

static void subscribe(void *client, int option, const char *prefix, unsigned number)
{
        char topic[32];
        int n = snprintf(topic, sizeof(topic), "%s%u/", prefix, number);

        assert_int_equal(zmq_setsockopt(client, option, topic, (size_t)n), 0);
}

/*
 * An XSUB writes what it likes: the same topic twice, cancels of what it never had. Those a SUB
 * keeps to itself.
 */
static void write_upstream(void *client, uint8_t what, const char *topic)
{
        char message[256];
        int n = snprintf(message, sizeof(message), "%c%s", '0' + what, topic);

        message[0] = (char)what;
        assert_int_equal(zmq_send(client, message, (size_t)n, 0), n);
}

static void test_subscriptions_are_counted_by_topic_and_given_back(void **state)
{
        Net *net = *state;
        void *client;

        net_open(net, ENDPOINT_CARE, NULL);
        client = net_connected(net, ZMQ_SUB, 0, ENDPOINT_CARE);
        for (unsigned i = 0; i < 10; i++)
                subscribe(client, ZMQ_SUBSCRIBE, "pic/", i);
        NET_UNTIL(net, n_subscriptions(net, 0) == 10);
        for (unsigned i = 0; i < 4; i++)
                subscribe(client, ZMQ_UNSUBSCRIBE, "pic/", i);
        NET_UNTIL(net, n_subscriptions(net, 0) == 6);

        net_close(net, client);
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(n_subscriptions(net, 0), 0);
}

static void test_one_subscription_too_many_cuts_the_connection_and_no_other(void **state)
{
        Net *net = *state;
        EndpointSettings settings = net_settings(ENDPOINT_CARE);
        void *greedy, *other;

        settings.n_subscriptions_max = 20;
        net_open(net, ENDPOINT_CARE, &settings);
        other = net_connected(net, ZMQ_SUB, 1, ENDPOINT_CARE);
        greedy = net_connected(net, ZMQ_SUB, 0, ENDPOINT_CARE);
        for (unsigned i = 0; i < 20; i++) {
                subscribe(greedy, ZMQ_SUBSCRIBE, "a/", i);
                subscribe(other, ZMQ_SUBSCRIBE, "b/", i);
        }
        NET_UNTIL(net, n_subscriptions(net, 0) == 20 && n_subscriptions(net, 1) == 20);
        assert_int_equal(net->n_lost, 0);

        net->verdicts[0] = GATE_LATER;
        subscribe(greedy, ZMQ_SUBSCRIBE, "a/", 20);
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_CARE)->n_cut_subscriptions, 1);
        assert_int_equal(n_subscriptions(net, 1), 20);
}

static void test_cancels_of_what_was_never_subscribed_to_do_not_make_room(void **state)
{
        Net *net = *state;
        EndpointSettings settings = net_settings(ENDPOINT_CARE);
        char topic[32];
        void *client;

        settings.n_subscriptions_max = 20;
        net_open(net, ENDPOINT_CARE, &settings);
        client = net_connected(net, ZMQ_XSUB, 0, ENDPOINT_CARE);
        for (unsigned i = 0; i < 21 && !net->n_lost; i++) {
                snprintf(topic, sizeof(topic), "a/%u/", i);
                write_upstream(client, 1, topic);
                snprintf(topic, sizeof(topic), "other/%u/", i);
                write_upstream(client, 0, topic);
        }
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_CARE)->n_cut_subscriptions, 1);
}

static void test_a_topic_too_long_cuts_the_connection(void **state)
{
        Net *net = *state;
        char topic[201];
        void *client;

        memset(topic, 'a', sizeof(topic));
        net_open(net, ENDPOINT_CARE, NULL);
        client = net_connected(net, ZMQ_SUB, 0, ENDPOINT_CARE);
        assert_int_equal(zmq_setsockopt(client, ZMQ_SUBSCRIBE, topic, 200), 0);
        NET_UNTIL(net, n_subscriptions(net, 0) == 1);
        assert_int_equal(net->n_lost, 0);
        assert_int_equal(zmq_setsockopt(client, ZMQ_SUBSCRIBE, topic, 201), 0);
        NET_UNTIL(net, net->n_lost >= 1);
        assert_true(peers_counters(net->peers, ENDPOINT_CARE)->n_cut_subscriptions >= 1);
}

static void test_a_reader_that_writes_is_cut(void **state)
{
        Net *net = *state;
        void *client;

        net_open(net, ENDPOINT_CARE, NULL);
        client = net_connected(net, ZMQ_XSUB, 0, ENDPOINT_CARE);
        write_upstream(client, 1, "pic/");
        NET_UNTIL(net, n_subscriptions(net, 0) == 1);
        write_upstream(client, 2, "hello");
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_CARE)->n_cut_upstream, 1);
}

enum {
        FRAME_BYTES = 64 * 1024,
};

static Blob *large_frame(void)
{
        Blob *frame = NULL;

        /* Not by cmocka's word: the optimiser does not know that it does not come back. */
        if (blob_new(&frame, FRAME_BYTES))
                abort();
        memset(frame->bytes, 'p', FRAME_BYTES);
        return frame;
}

static int publish_another(Endpoint *care)
{
        CLEANUP(blob_unrefp) Blob *frame = large_frame();

        return endpoint_publish(care, frame);
}

static int send_another(Endpoint *query, const RoutingId *routing)
{
        CLEANUP(blob_unrefp) Blob *frame = large_frame();

        return endpoint_send(query, routing, frame);
}

/* A reader that takes one frame from its socket into its process and then no more. */
static void *stalled_reader(Net *net, unsigned key)
{
        void *client = net_client(net, ZMQ_SUB, key);
        int one = 1, small = 4096;

        assert_int_equal(zmq_setsockopt(client, ZMQ_RCVHWM, &one, sizeof(one)), 0);
        assert_int_equal(zmq_setsockopt(client, ZMQ_RCVBUF, &small, sizeof(small)), 0);
        assert_int_equal(zmq_setsockopt(client, ZMQ_SUBSCRIBE, "p", 1), 0);
        net_connect(net, client, ENDPOINT_CARE);
        return client;
}

static void test_a_reader_that_stalls_is_dropped_by_heartbeats_and_its_queue_freed(void **state)
{
        Net *net = *state;
        EndpointSettings settings = net_settings(ENDPOINT_CARE);
        Endpoint *care;

        settings.handshake_ms = 5000;
        settings.heartbeat_ms = 100;
        settings.heartbeat_timeout_ms = 400;
        care = net_open(net, ENDPOINT_CARE, &settings);
        stalled_reader(net, 0);
        NET_UNTIL(net, n_subscriptions(net, 0) == 1);
        net->verdicts[0] = GATE_LATER;

        for (unsigned i = 0; i < 200; i++)
                assert_int_equal(publish_another(care), 0);
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_CARE)->n_cut_behind, 0);
        NET_UNTIL(net, endpoint_queued_bytes(care) == 0);
}

static void test_bytes_queued_stay_in_bounds_and_only_the_one_behind_pays(void **state)
{
        Net *net = *state;
        EndpointSettings settings = net_settings(ENDPOINT_CARE);
        CLEANUP(freep) char *bytes = malloc(FRAME_BYTES);
        Endpoint *care;
        void *healthy;

        assert_non_null(bytes);
        settings.handshake_ms = 5000;
        settings.heartbeat_ms = 0;
        settings.queued_max_bytes = 64 * FRAME_BYTES;
        settings.n_connections_max = 10;
        care = net_open(net, ENDPOINT_CARE, &settings);
        stalled_reader(net, 0);
        healthy = net_client(net, ZMQ_SUB, 1);
        assert_int_equal(zmq_setsockopt(healthy, ZMQ_SUBSCRIBE, "p", 1), 0);
        net_connect(net, healthy, ENDPOINT_CARE);
        NET_UNTIL(net, n_subscriptions(net, 0) == 1 && n_subscriptions(net, 1) == 1);
        net->verdicts[0] = GATE_LATER;

        for (unsigned i = 0; i < 500; i++) {
                assert_int_equal(publish_another(care), 0);
                assert_true(endpoint_queued_bytes(care) <= settings.queued_max_bytes);
                NET_UNTIL(net, net_try(healthy, bytes, FRAME_BYTES) == FRAME_BYTES);
        }
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_CARE)->n_cut_behind, 1);
        assert_int_equal(n_subscriptions(net, 1), 1);
        NET_UNTIL(net, endpoint_queued_bytes(care) == 0);
}

static void test_a_frame_that_waits_for_many_counts_once(void **state)
{
        Net *net = *state;
        CLEANUP(blob_unrefp) Blob *frame = large_frame();
        EndpointSettings settings = net_settings(ENDPOINT_QUERY);
        CLEANUP(freep) char *bytes = malloc(FRAME_BYTES);
        void *clients[20];
        Endpoint *query;

        assert_non_null(bytes);
        settings.handshake_ms = 5000;
        settings.queued_max_bytes = 2 * FRAME_BYTES;
        query = net_open(net, ENDPOINT_QUERY, &settings);
        for (unsigned i = 0; i < 20; i++) {
                clients[i] = net_connected(net, ZMQ_DEALER, i % NET_KEYS, ENDPOINT_QUERY);
                assert_int_equal(zmq_send(clients[i], "x", 1, 0), 1);
        }
        NET_UNTIL(net, net->n_received == 20);
        for (unsigned i = 0; i < 20; i++)
                assert_int_equal(endpoint_send(query, &net->received[i].routing, frame), 0);
        assert_true(endpoint_queued_bytes(query) <= FRAME_BYTES);
        for (unsigned i = 0; i < 20; i++)
                NET_UNTIL(net, net_try(clients[i], bytes, FRAME_BYTES) == FRAME_BYTES);
        NET_UNTIL(net, endpoint_queued_bytes(query) == 0);
        assert_int_equal(atomic_load(&frame->n_references), 1);
}

static void test_a_session_that_does_not_read_is_told_full_and_kept_in_bounds(void **state)
{
        Net *net = *state;
        EndpointSettings settings = net_settings(ENDPOINT_QUERY);
        int one = 1, small = 4096, r;
        Endpoint *query;
        void *client;

        settings.handshake_ms = 5000;
        settings.heartbeat_ms = 0;
        settings.queued_max_bytes = 16 * FRAME_BYTES;
        settings.n_connections_max = 10;
        query = net_open(net, ENDPOINT_QUERY, &settings);
        client = net_client(net, ZMQ_DEALER, 0);
        assert_int_equal(zmq_setsockopt(client, ZMQ_RCVHWM, &one, sizeof(one)), 0);
        assert_int_equal(zmq_setsockopt(client, ZMQ_RCVBUF, &small, sizeof(small)), 0);
        net_connect(net, client, ENDPOINT_QUERY);
        assert_int_equal(zmq_send(client, "x", 1, 0), 1);
        NET_UNTIL(net, net->n_received == 1);
        net->verdicts[0] = GATE_LATER;

        do {
                r = send_another(query, &net->received[0].routing);
        } while (!r);
        assert_int_equal(r, ENDPOINT_E_FULL);
        assert_true(endpoint_queued_bytes(query) <= settings.queued_max_bytes);
        assert_true(endpoint_counters(query)->n_full >= 1);

        /* Whoever tries again finds it cut. */
        NET_UNTIL(net, send_another(query, &net->received[0].routing) == ENDPOINT_E_UNROUTABLE);
        NET_UNTIL(net, net->n_lost == 1);
        NET_UNTIL(net, endpoint_queued_bytes(query) == 0);
}

static void test_unread_updates_of_all_stay_in_bounds_and_the_largest_pays(void **state)
{
        Net *net = *state;
        EndpointSettings settings = endpoint_default_settings(ENDPOINT_UPDATES);
        CLEANUP(freep) char *bytes = calloc(1, FRAME_BYTES);
        KeyId users[2] = { net_user(net, 0), net_user(net, 1) };
        void *agents[2];
        char byte;

        assert_non_null(bytes);
        settings.received_max_bytes = 16 * FRAME_BYTES;
        net_open(net, ENDPOINT_UPDATES, &settings);
        for (unsigned i = 0; i < 2; i++) {
                agents[i] = net_connected(net, ZMQ_XPUB, i, ENDPOINT_UPDATES);
                NET_UNTIL(net, net_try(agents[i], &byte, 1) >= 0);
                assert_int_equal(zmq_send(agents[i], "x", 1, 0), 1);
                NET_UNTIL(net, net->n_received == i + 1);
        }

        /* Each of them is within what one connection may have; together they are not. */
        endpoint_pause(net->endpoints[ENDPOINT_UPDATES]);
        for (unsigned i = 0; i < 6; i++)
                assert_int_equal(zmq_send(agents[1], bytes, FRAME_BYTES, 0), FRAME_BYTES);
        for (unsigned i = 0; i < 14; i++)
                assert_int_equal(zmq_send(agents[0], bytes, FRAME_BYTES, 0), FRAME_BYTES);
        NET_UNTIL(net, net->n_lost == 1);
        assert_memory_equal(&net->lost[0].user, &users[0], sizeof(users[0]));
        assert_int_equal(peers_counters(net->peers, ENDPOINT_UPDATES)->n_cut_unread, 1);
        assert_int_equal(peers_n_connections_of(net->peers, &users[1]), 1);
}

/* Counted to the byte: a few too few for each message would add up to a cut of a good agent. */
static void test_what_was_taken_is_not_unread_however_much_it_was(void **state)
{
        Net *net = *state;
        EndpointSettings settings = endpoint_default_settings(ENDPOINT_UPDATES);
        static const size_t n_bytes[] = { 0, 1, 221, 222, 223, 400 };
        double from = net_now();
        char bytes[400] = {};
        unsigned n_sent = 0, n_taken = 0;
        void *agent;

        settings.received_max_bytes = 1;
        net_open(net, ENDPOINT_UPDATES, &settings);
        agent = net_connected(net, ZMQ_XPUB, 0, ENDPOINT_UPDATES);
        NET_UNTIL(net, net_try(agent, bytes, 1) >= 0);
        while (n_sent < 6000) {
                for (unsigned i = 0; i < 600; i++, n_sent++) {
                        size_t n = n_bytes[n_sent % N_ELEMENTS(n_bytes)];

                        assert_int_equal(zmq_send(agent, bytes, n, 0), n);
                }
                NET_UNTIL(net, net->n_received == 600);
                for (n_taken += 600; net->n_received > 0;)
                        received_deinit(&net->received[--net->n_received]);
        }
        assert_int_equal(n_taken, n_sent);

        /* At least one sweep comes in this time. */
        NET_UNTIL(net, net_now() - from > 1.5);
        assert_int_equal(net->n_lost, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                NET_TEST(test_subscriptions_are_counted_by_topic_and_given_back),
                NET_TEST(test_one_subscription_too_many_cuts_the_connection_and_no_other),
                NET_TEST(test_cancels_of_what_was_never_subscribed_to_do_not_make_room),
                NET_TEST(test_a_topic_too_long_cuts_the_connection),
                NET_TEST(test_a_reader_that_writes_is_cut),
                NET_TEST(test_a_reader_that_stalls_is_dropped_by_heartbeats_and_its_queue_freed),
                NET_TEST(test_bytes_queued_stay_in_bounds_and_only_the_one_behind_pays),
                NET_TEST(test_a_frame_that_waits_for_many_counts_once),
                NET_TEST(test_what_was_taken_is_not_unread_however_much_it_was),
                NET_TEST(test_unread_updates_of_all_stay_in_bounds_and_the_largest_pays),
                NET_TEST(test_a_session_that_does_not_read_is_told_full_and_kept_in_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
