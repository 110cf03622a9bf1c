/* What goes through the sockets: whole, in order, without waiting, and let go of afterwards */

#include "net-fixture.h"

static void test_updates_of_each_agent_arrive_in_its_order(void **state)
{
        Net *net = *state;
        void *clients[4];
        uint32_t next[4] = {}, seen[2];
        const Received *received;

        net_open(net, ENDPOINT_UPDATES, NULL);
        for (unsigned i = 0; i < 4; i++) {
                char byte;

                clients[i] = net_connected(net, ZMQ_XPUB, i, ENDPOINT_UPDATES);
                NET_UNTIL(net, net_try(clients[i], &byte, 1) >= 0);
        }
        for (uint32_t n = 0; n < 200; n++) {
                for (uint32_t i = 0; i < 4; i++) {
                        uint32_t numbers[2] = { i, n };

                        assert_int_equal(zmq_send(clients[i], numbers, sizeof(numbers), 0), 8);
                }
        }
        NET_UNTIL(net, net->n_received == 800);

        for (size_t i = 0; i < net->n_received; i++) {
                received = &net->received[i];
                memcpy(seen, received->body->bytes, sizeof(seen));
                assert_int_equal(seen[1], next[seen[0]]);
                next[seen[0]]++;
        }
        assert_int_equal(endpoint_counters(net->endpoints[ENDPOINT_UPDATES])->n_received, 800);
}

static void test_a_message_of_several_parts_is_dropped_and_the_next_one_is_not(void **state)
{
        Net *net = *state;
        void *dealer;

        net_open(net, ENDPOINT_QUERY, NULL);
        dealer = net_connected(net, ZMQ_DEALER, 0, ENDPOINT_QUERY);
        for (unsigned i = 0; i < 100; i++) {
                assert_int_equal(zmq_send(dealer, "one", 3, ZMQ_SNDMORE), 3);
                assert_int_equal(zmq_send(dealer, "two", 3, ZMQ_SNDMORE), 3);
                assert_int_equal(zmq_send(dealer, "three", 5, 0), 5);
        }
        assert_int_equal(zmq_send(dealer, "whole", 5, 0), 5);
        NET_UNTIL(net, net->n_received == 1);
        assert_memory_equal(net->received[0].body->bytes, "whole", 5);
        assert_int_equal(endpoint_counters(net->endpoints[ENDPOINT_QUERY])->n_dropped_parts, 100);
}

static void test_a_routing_id_that_the_peer_chose_is_refused(void **state)
{
        Net *net = *state;
        void *chooser, *other;

        net_open(net, ENDPOINT_QUERY, NULL);
        chooser = net_client(net, ZMQ_DEALER, 0);
        assert_int_equal(zmq_setsockopt(chooser, ZMQ_ROUTING_ID, "mine!", 5), 0);
        net_connect(net, chooser, ENDPOINT_QUERY);
        assert_int_equal(zmq_send(chooser, "x", 1, 0), 1);
        NET_UNTIL(net, endpoint_counters(net->endpoints[ENDPOINT_QUERY])->n_dropped_routing == 1);

        other = net_connected(net, ZMQ_DEALER, 1, ENDPOINT_QUERY);
        assert_int_equal(zmq_send(other, "", 0, 0), 0);
        NET_UNTIL(net, net->n_received == 1);
        assert_int_equal(net->received[0].body->n_bytes, 0);
        assert_int_equal(net->received[0].routing.bytes[0], 0);
}

static Blob *blob_of(const char *text)
{
        Blob *blob = NULL;

        assert_int_equal(blob_copy(&blob, text, strlen(text)), 0);
        return blob;
}

static void
test_an_answer_goes_to_the_session_that_asked_and_to_nobody_once_it_is_gone(void **state)
{
        Net *net = *state;
        CLEANUP(blob_unrefp) Blob *answer = blob_of("yes");
        Endpoint *query = net_open(net, ENDPOINT_QUERY, NULL);
        void *asking, *silent;
        RoutingId routing;
        char bytes[16];

        silent = net_connected(net, ZMQ_DEALER, 0, ENDPOINT_QUERY);
        asking = net_connected(net, ZMQ_DEALER, 0, ENDPOINT_QUERY);
        assert_int_equal(zmq_send(asking, "?", 1, 0), 1);
        NET_UNTIL(net, net->n_received == 1);
        routing = net->received[0].routing;

        assert_int_equal(endpoint_send(query, &routing, answer), 0);
        NET_UNTIL(net, net_try(asking, bytes, sizeof(bytes)) == 3);
        assert_memory_equal(bytes, "yes", 3);
        assert_int_equal(net_try(silent, bytes, sizeof(bytes)), -1);

        net_close(net, asking);
        NET_UNTIL(net, net->n_lost == 1);
        NET_UNTIL(net, endpoint_send(query, &routing, answer) == ENDPOINT_E_UNROUTABLE);
        assert_true(endpoint_counters(query)->n_unroutable == 1);
        NET_UNTIL(net, endpoint_queued_bytes(query) == 0);
        assert_int_equal(atomic_load(&answer->n_references), 1);

        /* A refused send leaves the socket fit for the next one. */
        assert_int_equal(zmq_send(silent, "?", 1, 0), 1);
        NET_UNTIL(net, net->n_received == 2);
        assert_int_equal(endpoint_send(query, &net->received[1].routing, answer), 0);
        NET_UNTIL(net, net_try(silent, bytes, sizeof(bytes)) == 3);
}

static void test_a_frame_reaches_those_that_subscribed_to_its_topic_and_is_let_go_of(void **state)
{
        Net *net = *state;
        CLEANUP(blob_unrefp) Blob *frame = blob_of("pic/west/status/|body");
        Endpoint *care = net_open(net, ENDPOINT_CARE, NULL);
        KeyId users[2] = { net_user(net, 0), net_user(net, 1) };
        void *west, *east;
        char bytes[64];

        west = net_connected(net, ZMQ_SUB, 0, ENDPOINT_CARE);
        east = net_connected(net, ZMQ_SUB, 1, ENDPOINT_CARE);
        assert_int_equal(zmq_setsockopt(west, ZMQ_SUBSCRIBE, "pic/west/", 9), 0);
        assert_int_equal(zmq_setsockopt(east, ZMQ_SUBSCRIBE, "pic/east/", 9), 0);
        NET_UNTIL(net, peers_n_topics_of(net->peers, &users[0]) == 1 &&
                               peers_n_topics_of(net->peers, &users[1]) == 1);

        for (unsigned i = 0; i < 50; i++) {
                assert_int_equal(endpoint_publish(care, frame), 0);
                NET_UNTIL(net, net_try(west, bytes, sizeof(bytes)) == (int)frame->n_bytes);
                assert_memory_equal(bytes, frame->bytes, frame->n_bytes);
        }
        assert_int_equal(net_try(east, bytes, sizeof(bytes)), -1);
        NET_UNTIL(net, endpoint_queued_bytes(care) == 0);
        assert_int_equal(atomic_load(&frame->n_references), 1);
        assert_int_equal(endpoint_counters(care)->n_sent, 50);
}

static void test_while_paused_messages_wait_and_none_is_lost(void **state)
{
        Net *net = *state;
        Endpoint *updates = net_open(net, ENDPOINT_UPDATES, NULL);
        void *agent = net_connected(net, ZMQ_XPUB, 0, ENDPOINT_UPDATES);
        void *other;
        char byte;

        NET_UNTIL(net, net_try(agent, &byte, 1) >= 0);
        endpoint_pause(updates);
        for (unsigned i = 0; i < 500; i++)
                assert_int_equal(zmq_send(agent, "x", 1, 0), 1);

        /* Time enough for another one to come in: the socket is turned, though nothing is read. */
        other = net_connected(net, ZMQ_XPUB, 1, ENDPOINT_UPDATES);
        NET_UNTIL(net, net_try(other, &byte, 1) >= 0);
        assert_int_equal(net->n_received, 0);

        endpoint_resume(updates);
        NET_UNTIL(net, net->n_received == 500);
}

typedef struct OneATime {
        Net *net;
        unsigned n_calls;
} OneATime;

static int take_one(void *arg)
{
        OneATime *one = arg;
        Received received = RECEIVED_NULL;

        assert_int_equal(endpoint_receive(one->net->endpoints[ENDPOINT_UPDATES], &received), 0);
        received_deinit(&received);
        one->n_calls++;
        return 0;
}

/* ZeroMQ's descriptor tells of the hundred only once. */
static void test_what_is_left_in_the_socket_is_offered_again_in_the_next_turn(void **state)
{
        Net *net = *state;
        OneATime one = { .net = net };
        EndpointSettings settings = endpoint_default_settings(ENDPOINT_UPDATES);
        void *agent;
        char byte;

        settings.address = "tcp://127.0.0.1:*";
        assert_int_equal(endpoint_new(&net->endpoints[ENDPOINT_UPDATES], ENDPOINT_UPDATES,
                                      &settings, net->context, net->gate, net->peers, net->loop,
                                      secret_key_transport(net->secret), take_one, &one),
                         0);
        agent = net_connected(net, ZMQ_XPUB, 0, ENDPOINT_UPDATES);
        NET_UNTIL(net, net_try(agent, &byte, 1) >= 0);
        for (unsigned i = 0; i < 100; i++)
                assert_int_equal(zmq_send(agent, "x", 1, 0), 1);
        NET_UNTIL(net, one.n_calls == 100);
}

static void test_the_control_socket_says_which_user_of_the_host_asks(void **state)
{
        Net *net = *state;
        Endpoint *control = net_open(net, ENDPOINT_CONTROL, NULL);
        CLEANUP(blob_unrefp) Blob *answer = blob_of("done");
        void *dealer = net_socket(net, ZMQ_DEALER);
        struct stat status;
        char bytes[16];

        assert_int_equal(stat(endpoint_address(control) + strlen("ipc://"), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);

        net_connect(net, dealer, ENDPOINT_CONTROL);
        assert_int_equal(zmq_send(dealer, "status", 6, 0), 6);
        NET_UNTIL(net, net->n_received == 1);
        assert_int_equal(net->received[0].uid, getuid());
        assert_int_not_equal(net->received[0].connection, 0);
        assert_int_equal(gate_counters(net->gate)->n_admitted, 0);

        assert_int_equal(endpoint_send(control, &net->received[0].routing, answer), 0);
        NET_UNTIL(net, net_try(dealer, bytes, sizeof(bytes)) == 4);
}

static int try_open(Net *net, EndpointKind kind, const char *address)
{
        EndpointSettings settings = endpoint_default_settings(kind);
        Endpoint *endpoint = NULL;
        int r;

        settings.address = address;
        r = endpoint_new(&endpoint, kind, &settings, net->context, net->gate, net->peers, net->loop,
                         secret_key_transport(net->secret), net_on_updates, net);
        assert_true((r == 0) == (endpoint != NULL));
        endpoint_free(endpoint);
        return r;
}

static void test_an_address_that_cannot_be_bound_is_refused_and_leaves_nothing(void **state)
{
        Net *net = *state;
        const char *taken = endpoint_address(net_open(net, ENDPOINT_CARE, NULL));

        assert_int_equal(try_open(net, ENDPOINT_UPDATES, taken), ENDPOINT_E_IN_USE);
        assert_int_equal(try_open(net, ENDPOINT_UPDATES, "tcp://192.0.2.1:*"), ENDPOINT_E_IN_USE);
        assert_int_equal(try_open(net, ENDPOINT_UPDATES, "tcp://nonsense"), ENDPOINT_E_ADDRESS);
        assert_int_equal(try_open(net, ENDPOINT_UPDATES, "ipc:///tmp/x"), ENDPOINT_E_ADDRESS);
        assert_int_equal(try_open(net, ENDPOINT_CONTROL, "tcp://127.0.0.1:*"), ENDPOINT_E_ADDRESS);
        assert_int_equal(try_open(net, ENDPOINT_CONTROL, "ipc:///nowhere/x"), -ENOENT);
        assert_int_equal(try_open(net, ENDPOINT_UPDATES, "tcp://127.0.0.1:*"), 0);
}

static void test_a_frame_larger_than_allowed_ends_its_connection_and_is_not_delivered(void **state)
{
        Net *net = *state;
        size_t n_max = endpoint_default_settings(ENDPOINT_UPDATES).message_max_bytes;
        CLEANUP(freep) char *bytes = calloc(1, n_max + 1);
        void *agent, *other;
        char byte;

        assert_non_null(bytes);
        net_open(net, ENDPOINT_UPDATES, NULL);
        agent = net_connected(net, ZMQ_XPUB, 0, ENDPOINT_UPDATES);
        other = net_connected(net, ZMQ_XPUB, 1, ENDPOINT_UPDATES);
        NET_UNTIL(net, net_try(agent, &byte, 1) >= 0);
        NET_UNTIL(net, net_try(other, &byte, 1) >= 0);

        assert_int_equal(zmq_send(agent, bytes, n_max, 0), n_max);
        NET_UNTIL(net, net->n_received == 1);
        assert_int_equal(zmq_send(agent, bytes, n_max + 1, 0), n_max + 1);
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(zmq_send(other, "x", 1, 0), 1);
        NET_UNTIL(net, net->n_received == 2);
        assert_int_equal(net->received[1].body->n_bytes, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                NET_TEST(test_updates_of_each_agent_arrive_in_its_order),
                NET_TEST(test_a_message_of_several_parts_is_dropped_and_the_next_one_is_not),
                NET_TEST(test_a_routing_id_that_the_peer_chose_is_refused),
                NET_TEST(
                        test_an_answer_goes_to_the_session_that_asked_and_to_nobody_once_it_is_gone),
                NET_TEST(test_a_frame_reaches_those_that_subscribed_to_its_topic_and_is_let_go_of),
                NET_TEST(test_while_paused_messages_wait_and_none_is_lost),
                NET_TEST(test_what_is_left_in_the_socket_is_offered_again_in_the_next_turn),
                NET_TEST(test_the_control_socket_says_which_user_of_the_host_asks),
                NET_TEST(test_an_address_that_cannot_be_bound_is_refused_and_leaves_nothing),
                NET_TEST(test_a_frame_larger_than_allowed_ends_its_connection_and_is_not_delivered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
