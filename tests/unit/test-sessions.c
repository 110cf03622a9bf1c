#include <string.h>

#include "broker/receipts.h"
#include "broker/sessions.h"
#include "cmocka-all.h"
#include "../core-world.h"

typedef struct Fixture {
        World world;
        WorldParty *party;
        ActivityTable activities;
        Sessions sessions;
        uint8_t n_connections;
} Fixture;

static int setup(void **state)
{
        Fixture *fixture = calloc(1, sizeof(*fixture));

        world_start(&fixture->world, 100);
        fixture->party = world_add_party(&fixture->world, "duin", "duin-1", "oost");
        activity_table_init(&fixture->activities);
        sessions_init(&fixture->sessions, &fixture->activities);
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        Fixture *fixture = *state;

        list_for_each (link, &fixture->sessions.all)
                session_remove(&fixture->sessions, list_entry(link, Session, in_all), 0);
        activity_table_deinit(&fixture->activities);
        world_deinit(&fixture->world);
        free(fixture);
        return 0;
}

static Session *connect_session(Fixture *fixture)
{
        Received received = { .user = key_id_of(
                                      secret_key_public(fixture->party->key)->transport) };
        Sender *sender = sender_find_or_add(&fixture->activities,
                                            state_registry(fixture->world.state), received.user);

        received.connection = ++fixture->n_connections;
        received.routing.bytes[4] = fixture->n_connections;
        assert_non_null(sender);
        return session_add(&fixture->sessions, ENDPOINT_QUERY, &received, sender);
}

static Session *connect_and_greet(Fixture *fixture, uint64_t instance, PeerKind kind,
                                  int64_t now_ms)
{
        Session *session = connect_session(fixture);

        assert_non_null(session);
        session_greet(&fixture->sessions, session, instance, kind, "test", now_ms);
        return session;
}

static void test_a_session_is_found_by_its_routing_id_connection_and_instance(void **state)
{
        Fixture *fixture = *state;
        Session *session = connect_and_greet(fixture, 7, PEER_FEED, 100);

        connect_and_greet(fixture, 8, PEER_READER, 100);
        assert_ptr_equal(session_find(&fixture->sessions, ENDPOINT_QUERY, &session->key.routing),
                         session);
        assert_null(session_find(&fixture->sessions, ENDPOINT_CONTROL, &session->key.routing));
        assert_ptr_equal(session_of_connection(&fixture->sessions, session->connection), session);
        assert_ptr_equal(session_of_instance(&fixture->sessions, session->user, 7), session);
        assert_null(session_of_instance(&fixture->sessions, session->user, 9));
        assert_ptr_equal(session_of_sender(session->sender), session);
}

static void test_two_feeds_with_one_key_are_twins(void **state)
{
        Fixture *fixture = *state;
        Session *first = connect_and_greet(fixture, 1, PEER_FEED, 100);
        Session *second;

        assert_false(session_has_twin(first));
        connect_and_greet(fixture, 2, PEER_HAND, 100);
        assert_false(session_has_twin(first));
        second = connect_and_greet(fixture, 3, PEER_FEED, 100);
        assert_true(session_has_twin(first));
        assert_true(session_has_twin(second));
        session_remove(&fixture->sessions, second, 200);
        assert_false(session_has_twin(first));
}

static void test_an_instance_that_reconnects_is_no_twin_and_was_never_lost(void **state)
{
        Fixture *fixture = *state;
        Session *first = connect_and_greet(fixture, 1, PEER_FEED, 100);
        Activity *activity = first->sender->activity;
        Session *second;

        list_unlink(&activity->changed); /* a beat has told it */
        second = connect_and_greet(fixture, 1, PEER_FEED, 200);
        assert_false(session_has_twin(second));
        assert_ptr_equal(session_of_instance(&fixture->sessions, second->user, 1), second);
        session_remove(&fixture->sessions, first, 300);
        assert_int_equal(activity->n_feeds, 1);
        assert_int_equal(activity->since_ms, 100);
        assert_false(list_is_linked(&activity->changed));
}

static void test_a_repeated_hello_changes_nothing(void **state)
{
        Fixture *fixture = *state;
        Session *session = connect_and_greet(fixture, 1, PEER_FEED, 100);

        session_greet(&fixture->sessions, session, 1, PEER_FEED, "test", 500);
        assert_int_equal(session->sender->n_feeds, 1);
        assert_int_equal(session->sender->activity->since_ms, 100);
}

static void test_presence_says_since_when(void **state)
{
        Fixture *fixture = *state;
        Session *session = connect_and_greet(fixture, 1, PEER_FEED, 100);
        Activity *activity = activity_find(&fixture->activities, "duin");

        assert_int_equal(activity->since_ms, 100);
        assert_true(list_is_linked(&activity->changed));
        session_remove(&fixture->sessions, session, 900);
        assert_int_equal(activity->n_feeds, 0);
        assert_int_equal(activity->since_ms, 900);
}

static void test_a_reader_is_no_presence(void **state)
{
        Fixture *fixture = *state;

        connect_and_greet(fixture, 1, PEER_READER, 100);
        assert_int_equal(activity_find(&fixture->activities, "duin")->since_ms, TIME_ABSENT);
}

static void test_a_receipt_is_held_while_more_is_on_its_way(void **state)
{
        PendingReceipt receipt = { .n_outcomes = 1, .held_since_ns = 1000 };
        int64_t hold_ns = RECEIPT_HOLD_MS * INT64_C(1000000);

        assert_true(receipt_is_due(&receipt, 0, 1000));
        assert_false(receipt_is_due(&receipt, 3, 1000));
        assert_false(receipt_is_due(&receipt, 3, 1000 + hold_ns - 1));
        assert_true(receipt_is_due(&receipt, 3, 1000 + hold_ns));
        receipt.n_outcomes = RECEIPT_OUTCOMES_MAX;
        assert_true(receipt_is_due(&receipt, 3, 1000));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_a_session_is_found_by_its_routing_id_connection_and_instance, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(test_two_feeds_with_one_key_are_twins, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(
                        test_an_instance_that_reconnects_is_no_twin_and_was_never_lost, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(test_a_repeated_hello_changes_nothing, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_presence_says_since_when, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_reader_is_no_presence, setup, teardown),
                cmocka_unit_test(test_a_receipt_is_held_while_more_is_on_its_way),
        };

        return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
