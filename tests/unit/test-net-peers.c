/* Who is connected, and that whoever is cut is out within a second, on every socket */

#include "net-fixture.h"

#include <sys/socket.h>

#include "net/connections.h"

static const struct {
        EndpointKind kind;
        int type;
} speakers[] = {
        { ENDPOINT_UPDATES, ZMQ_XPUB },
        { ENDPOINT_CARE, ZMQ_SUB },
        { ENDPOINT_COORD, ZMQ_SUB },
        { ENDPOINT_QUERY, ZMQ_DEALER },
};

/* Makes itself known by what is usual on that socket. */
static void speak(void *client, EndpointKind kind)
{
        if (kind == ENDPOINT_CARE || kind == ENDPOINT_COORD)
                assert_int_equal(zmq_setsockopt(client, ZMQ_SUBSCRIBE, "pic/", 4), 0);
        else
                assert_int_equal(zmq_send(client, "x", 1, 0), 1);
}

static void test_who_is_cut_is_out_within_a_second_and_others_stay(void **state)
{
        Net *net = *state;
        KeyId users[2] = { net_user(net, 0), net_user(net, 1) };
        double cut_at;

        for (size_t i = 0; i < N_ELEMENTS(speakers); i++) {
                EndpointKind kind = speakers[i].kind;
                void *clients[2];
                char byte;

                net_open(net, kind, NULL);
                for (unsigned c = 0; c < 2; c++) {
                        clients[c] = net_connected(net, speakers[i].type, c, kind);
                        if (kind == ENDPOINT_UPDATES)
                                NET_UNTIL(net, net_try(clients[c], &byte, 1) >= 0);
                        speak(clients[c], kind);
                        NET_UNTIL(net,
                                  endpoint_counters(net->endpoints[kind])->n_received == c + 1);
                }

                net->n_lost = 0;
                net->verdicts[0] = GATE_LATER;
                cut_at = net_now();
                assert_int_equal(peers_cut(net->peers, &users[0], ENDPOINTS_ALL), 1);
                NET_UNTIL(net, net->n_lost == 1);
                assert_true(net_now() - cut_at < 1);
                assert_int_equal(net->lost[0].endpoint, kind);
                assert_true(net->lost[0].is_known);
                assert_memory_equal(&net->lost[0].user, &users[0], sizeof(users[0]));

                /* It tries again and is not let in; the other one is where it was. */
                NET_UNTIL(net, peers_counters(net->peers, kind)->n_failed_later >= 1);
                assert_int_equal(peers_n_connections_of(net->peers, &users[0]), 0);
                assert_int_equal(peers_n_connections_of(net->peers, &users[1]), 1);
                assert_int_equal(peers_counters(net->peers, kind)->n_cut, 1);
                net->verdicts[0] = GATE_ADMIT;
                net_close(net, clients[0]);
                net_close(net, clients[1]);
                net->endpoints[kind] = endpoint_free(net->endpoints[kind]);
        }
}

static void test_a_cut_can_be_for_one_socket_only(void **state)
{
        Net *net = *state;
        KeyId user = net_user(net, 0);

        for (size_t i = 1; i <= 2; i++) {
                net_open(net, speakers[i].kind, NULL);
                speak(net_connected(net, ZMQ_SUB, 0, speakers[i].kind), speakers[i].kind);
                NET_UNTIL(net, peers_n_topics_of(net->peers, &user) == i);
        }
        assert_int_equal(peers_n_connections_of(net->peers, &user), 2);
        assert_int_equal(peers_cut(net->peers, &user, 1u << ENDPOINT_COORD), 1);
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(net->lost[0].endpoint, ENDPOINT_COORD);
        assert_int_equal(peers_n_connections_of(net->peers, &user), 1);
}

static void test_who_never_said_anything_is_cut_too_and_an_innocent_one_comes_back(void **state)
{
        Net *net = *state;
        KeyId user = net_user(net, 0);

        net_open(net, ENDPOINT_CARE, NULL);
        net_connected(net, ZMQ_SUB, 0, ENDPOINT_CARE);
        net_connected(net, ZMQ_SUB, 1, ENDPOINT_CARE);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_CARE)->n_handshakes == 2);

        net->verdicts[0] = GATE_LATER;
        assert_int_equal(peers_cut(net->peers, &user, ENDPOINTS_ALL), 2);
        NET_UNTIL(net, net->n_lost >= 2);
        assert_false(net->lost[0].is_known);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_CARE)->n_handshakes == 3);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_CARE)->n_failed_later >= 1);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_CARE)->n_handshakes, 3);
}

static void test_a_lost_connection_is_the_one_that_its_messages_came_over(void **state)
{
        Net *net = *state;
        void *clients[3];

        net_open(net, ENDPOINT_QUERY, NULL);
        for (unsigned i = 0; i < 3; i++) {
                clients[i] = net_connected(net, ZMQ_DEALER, 0, ENDPOINT_QUERY);
                assert_int_equal(zmq_send(clients[i], "x", 1, 0), 1);
                NET_UNTIL(net, net->n_received == i + 1);
        }
        net_close(net, clients[1]);
        NET_UNTIL(net, net->n_lost == 1);
        assert_int_equal(net->lost[0].connection, net->received[1].connection);

        assert_true(peers_cut_connection(net->peers, net->received[2].connection));
        NET_UNTIL(net, net->n_lost == 2);
        assert_int_equal(net->lost[1].connection, net->received[2].connection);
        assert_false(peers_cut_connection(net->peers, net->received[1].connection));
}

static void test_a_connection_beyond_the_limit_is_closed_until_there_is_room(void **state)
{
        Net *net = *state;
        EndpointSettings settings = net_settings(ENDPOINT_QUERY);
        void *clients[3];

        settings.n_connections_max = 2;
        net_open(net, ENDPOINT_QUERY, &settings);
        for (unsigned i = 0; i < 2; i++) {
                clients[i] = net_connected(net, ZMQ_DEALER, i, ENDPOINT_QUERY);
                assert_int_equal(zmq_send(clients[i], "x", 1, 0), 1);
                NET_UNTIL(net, net->n_received == i + 1);
        }
        clients[2] = net_connected(net, ZMQ_DEALER, 2, ENDPOINT_QUERY);
        NET_UNTIL(net, peers_counters(net->peers, ENDPOINT_QUERY)->n_refused >= 3);
        assert_int_equal(net->n_received, 2);

        net_close(net, clients[0]);
        assert_int_equal(zmq_send(clients[2], "y", 1, 0), 1);
        NET_UNTIL(net, net->n_received == 3);
        assert_int_equal(net->received[2].body->bytes[0], 'y');
}

/* -- the table alone, with descriptors of the test's own -- */

static const PeerLimits limits = { .n_connections_max = 4, .n_subscriptions_max = 4 };

typedef struct Pair {
        int ours;
        int theirs;
} Pair;

static Pair accepted(Net *net)
{
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        peers_on_accepted(net->peers, ENDPOINT_QUERY, fds[0]);
        return (Pair){ fds[0], fds[1] };
}

static bool is_shut(Pair pair)
{
        char byte;

        return read(pair.theirs, &byte, 1) == 0;
}

static void disconnected(Net *net, Pair pair)
{
        peers_on_disconnected(net->peers, ENDPOINT_QUERY, pair.ours);
        close(pair.ours);
        close(pair.theirs);
}

/* Another socket under the number of @pair, before the monitor could say so. */
static Pair take_number(Pair pair)
{
        int fds[2];

        /* Made before the number is free: it must be neither of these. */
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        assert_int_equal(dup2(fds[0], pair.ours), pair.ours);
        close(fds[0]);
        close(pair.theirs);
        return (Pair){ pair.ours, fds[1] };
}

static void test_a_descriptor_that_is_somebody_elses_by_now_is_left_alone(void **state)
{
        Net *net = *state;
        KeyId user = net_user(net, 0);
        Pair pair, other;

        peers_open(net->peers, ENDPOINT_QUERY, &limits, NULL);
        pair = accepted(net);
        assert_non_null(peers_learn(net->peers, ENDPOINT_QUERY, pair.ours, &user));

        other = take_number(pair);
        assert_int_equal(peers_cut(net->peers, &user, ENDPOINTS_ALL), 0);
        assert_false(is_shut(other));

        disconnected(net, other);
        peers_close(net->peers, ENDPOINT_QUERY);
        assert_int_equal(loop_turn(net->loop, 0), 0);
}

static void test_a_session_does_not_hang_on_the_connection_that_had_its_number(void **state)
{
        Net *net = *state;
        KeyId user = net_user(net, 0);
        Connection *connection;
        uint64_t before;
        Pair pair;

        peers_open(net->peers, ENDPOINT_QUERY, &limits, NULL);
        pair = accepted(net);
        connection = peers_learn(net->peers, ENDPOINT_QUERY, pair.ours, &user);
        assert_non_null(connection);
        before = connection_cookie(connection);

        pair = take_number(pair);
        assert_null(peers_learn(net->peers, ENDPOINT_QUERY, pair.ours, &user));

        peers_on_disconnected(net->peers, ENDPOINT_QUERY, pair.ours);
        peers_on_accepted(net->peers, ENDPOINT_QUERY, pair.ours);
        connection = peers_learn(net->peers, ENDPOINT_QUERY, pair.ours, &user);
        assert_non_null(connection);
        assert_int_not_equal(connection_cookie(connection), before);

        assert_int_equal(loop_turn(net->loop, 0), 0);
        assert_int_equal(net->n_lost, 1);
        assert_int_equal(net->lost[0].connection, before);
        disconnected(net, pair);
        peers_close(net->peers, ENDPOINT_QUERY);
        assert_int_equal(loop_turn(net->loop, 0), 0);
}

static void test_a_connection_that_was_over_at_once_is_not_taken_for_the_next(void **state)
{
        Net *net = *state;
        KeyId user = net_user(net, 0);
        Connection *next;
        Pair pair;

        /* It came and went before the monitor was read; by then its number is another's. */
        peers_open(net->peers, ENDPOINT_QUERY, &limits, NULL);
        pair = accepted(net);
        peers_on_disconnected(net->peers, ENDPOINT_QUERY, pair.ours);
        peers_on_accepted(net->peers, ENDPOINT_QUERY, pair.ours);
        next = peers_learn(net->peers, ENDPOINT_QUERY, pair.ours, &user);
        assert_non_null(next);

        assert_int_equal(loop_turn(net->loop, 0), 0);
        assert_int_equal(net->n_lost, 1);
        assert_int_not_equal(net->lost[0].connection, connection_cookie(next));
        disconnected(net, pair);
        peers_close(net->peers, ENDPOINT_QUERY);
        assert_int_equal(loop_turn(net->loop, 0), 0);
}

static void test_nor_for_the_next_on_another_socket(void **state)
{
        Net *net = *state;
        KeyId user = net_user(net, 0);
        Connection *next;
        Pair pair;

        /* The other socket's monitor is read first, so that the next is there already. */
        peers_open(net->peers, ENDPOINT_QUERY, &limits, NULL);
        peers_open(net->peers, ENDPOINT_COORD, &limits, NULL);
        pair = accepted(net);
        next = peers_learn(net->peers, ENDPOINT_QUERY, pair.ours, &user);
        assert_non_null(next);
        peers_on_accepted(net->peers, ENDPOINT_COORD, pair.ours);
        peers_on_disconnected(net->peers, ENDPOINT_COORD, pair.ours);

        assert_int_equal(loop_turn(net->loop, 0), 0);
        assert_int_equal(net->n_lost, 1);
        assert_int_not_equal(net->lost[0].connection, connection_cookie(next));
        disconnected(net, pair);
        peers_close(net->peers, ENDPOINT_COORD);
        peers_close(net->peers, ENDPOINT_QUERY);
        assert_int_equal(loop_turn(net->loop, 0), 0);
}

static void test_a_connection_that_is_said_to_be_two_users_goes_with_either(void **state)
{
        Net *net = *state;
        KeyId users[3] = { net_user(net, 0), net_user(net, 1), net_user(net, 2) };
        Pair doubtful, known;

        peers_open(net->peers, ENDPOINT_QUERY, &limits, NULL);
        doubtful = accepted(net);
        known = accepted(net);
        assert_non_null(peers_learn(net->peers, ENDPOINT_QUERY, known.ours, &users[2]));
        assert_non_null(peers_learn(net->peers, ENDPOINT_QUERY, doubtful.ours, &users[0]));
        assert_non_null(peers_learn(net->peers, ENDPOINT_QUERY, doubtful.ours, &users[1]));
        assert_non_null(peers_learn(net->peers, ENDPOINT_QUERY, doubtful.ours, &users[0]));

        assert_int_equal(peers_n_connections_of(net->peers, &users[0]), 1);
        assert_int_equal(peers_cut(net->peers, &users[1], ENDPOINTS_ALL), 1);
        assert_true(is_shut(doubtful));
        assert_false(is_shut(known));

        disconnected(net, doubtful);
        disconnected(net, known);
        assert_int_equal(loop_turn(net->loop, 0), 0);
        assert_int_equal(net->n_lost, 2);
        assert_false(net->lost[0].is_known);
        assert_true(net->lost[1].is_known);
        peers_close(net->peers, ENDPOINT_QUERY);
}

static void test_a_message_read_after_its_connection_ended_belongs_to_none(void **state)
{
        Net *net = *state;
        KeyId user = net_user(net, 0);
        Pair pair;

        peers_open(net->peers, ENDPOINT_QUERY, &limits, NULL);
        pair = accepted(net);
        disconnected(net, pair);
        assert_null(peers_learn(net->peers, ENDPOINT_QUERY, pair.ours, &user));
        assert_null(peers_learn(net->peers, ENDPOINT_QUERY, 5000, &user));
        assert_int_equal(peers_n_connections(net->peers, ENDPOINT_QUERY), 0);
        assert_int_equal(loop_turn(net->loop, 0), 0);
        peers_close(net->peers, ENDPOINT_QUERY);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                NET_TEST(test_who_is_cut_is_out_within_a_second_and_others_stay),
                NET_TEST(test_a_cut_can_be_for_one_socket_only),
                NET_TEST(test_who_never_said_anything_is_cut_too_and_an_innocent_one_comes_back),
                NET_TEST(test_a_lost_connection_is_the_one_that_its_messages_came_over),
                NET_TEST(test_a_connection_beyond_the_limit_is_closed_until_there_is_room),
                NET_TEST(test_a_descriptor_that_is_somebody_elses_by_now_is_left_alone),
                NET_TEST(test_a_session_does_not_hang_on_the_connection_that_had_its_number),
                NET_TEST(test_a_connection_that_was_over_at_once_is_not_taken_for_the_next),
                NET_TEST(test_nor_for_the_next_on_another_socket),
                NET_TEST(test_a_connection_that_is_said_to_be_two_users_goes_with_either),
                NET_TEST(test_a_message_read_after_its_connection_ended_belongs_to_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
