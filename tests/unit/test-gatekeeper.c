#include "broker/gatekeeper.h"
#include "cmocka-all.h"
#include "../core-world.h"

#define GRACE_MS (INT64_C(14) * 24 * 3600 * 1000)

static const EndpointKind tcp[] = { ENDPOINT_UPDATES, ENDPOINT_CARE, ENDPOINT_COORD,
                                    ENDPOINT_QUERY };

typedef struct Fixture {
        World world;
        WorldParty *party;
        Enrolment enrolment;
} Fixture;

static int setup(void **state)
{
        Fixture *fixture = calloc(1, sizeof(*fixture));

        world_start(&fixture->world, 100);
        fixture->party = world_new_party(&fixture->world, "duin");
        fixture->enrolment = world_enrolment(&fixture->world, fixture->party, NULL, 0);
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        Fixture *fixture = *state;

        world_deinit(&fixture->world);
        free(fixture);
        return 0;
}

static void enrol(Fixture *fixture, uint32_t roles, Audience audience)
{
        fixture->enrolment.serial++;
        fixture->enrolment.roles = roles;
        fixture->enrolment.audience = audience;
        world_enrol(&fixture->world, fixture->party, &fixture->enrolment);
}

static KeyId user(const Fixture *fixture)
{
        return key_id_of(secret_key_public(fixture->party->key)->transport);
}

static Judged judge(const Fixture *fixture, EndpointKind endpoint, int64_t now_ms)
{
        return gatekeeper_judge(state_registry(fixture->world.state), endpoint, user(fixture),
                                now_ms, GRACE_MS);
}

static void assert_admitted(const Fixture *fixture, unsigned mask, int64_t now_ms)
{
        for (size_t i = 0; i < N_ELEMENTS(tcp); i++) {
                Judged judged = judge(fixture, tcp[i], now_ms);
                bool admitted = judged.verdict == GATE_ADMIT && !judged.is_guest;

                assert_int_equal(admitted, (mask >> tcp[i]) & 1);
        }
}

enum {
        UPDATES = 1 << ENDPOINT_UPDATES,
        CARE = 1 << ENDPOINT_CARE,
        COORD = 1 << ENDPOINT_COORD,
        QUERY = 1 << ENDPOINT_QUERY,
};

static void test_a_stranger_is_a_guest_on_query_and_nowhere_else(void **state)
{
        Fixture *fixture = *state;

        assert_admitted(fixture, 0, fixture->world.now_ms);
        assert_true(judge(fixture, ENDPOINT_QUERY, fixture->world.now_ms).is_guest);
        assert_int_equal(judge(fixture, ENDPOINT_UPDATES, fixture->world.now_ms).verdict,
                         GATE_LATER);
}

static void test_each_role_opens_its_own_sockets(void **state)
{
        Fixture *fixture = *state;
        int64_t now_ms = fixture->world.now_ms;

        enrol(fixture, ROLE_BIT(ROLE_AGENT), 0);
        assert_admitted(fixture, UPDATES | QUERY, now_ms);
        enrol(fixture, ROLE_BIT(ROLE_RELAY), 0);
        assert_admitted(fixture, UPDATES | QUERY, now_ms);
        enrol(fixture, ROLE_BIT(ROLE_SUBSCRIBER), AUDIENCE_CARE);
        assert_admitted(fixture, CARE | QUERY, now_ms);
        enrol(fixture, ROLE_BIT(ROLE_SUBSCRIBER) | ROLE_BIT(ROLE_COORDINATOR), AUDIENCE_COORD);
        assert_admitted(fixture, CARE | COORD | QUERY, now_ms);
        enrol(fixture, ROLE_BIT(ROLE_OPERATOR), 0);
        assert_admitted(fixture, QUERY, now_ms);
}

static void test_a_revoked_key_is_refused_for_good(void **state)
{
        Fixture *fixture = *state;

        enrol(fixture, ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUBSCRIBER), AUDIENCE_COORD);
        enrol(fixture, 0, 0);
        for (size_t i = 0; i < N_ELEMENTS(tcp); i++)
                assert_int_equal(judge(fixture, tcp[i], fixture->world.now_ms).verdict, GATE_NEVER);
}

static void test_a_suspended_key_may_come_back_later(void **state)
{
        Fixture *fixture = *state;
        Suspension suspension;

        enrol(fixture, ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUBSCRIBER), AUDIENCE_CARE);
        suspension = world_suspension(fixture->party, true);
        world_suspend(&fixture->world, &suspension);
        for (size_t i = 0; i < N_ELEMENTS(tcp); i++)
                assert_int_equal(judge(fixture, tcp[i], fixture->world.now_ms).verdict, GATE_LATER);

        suspension = world_suspension(fixture->party, false);
        world_suspend(&fixture->world, &suspension);
        assert_admitted(fixture, UPDATES | CARE | QUERY, fixture->world.now_ms);
}

static void test_a_reader_reads_on_through_its_grace(void **state)
{
        Fixture *fixture = *state;
        int64_t until_ms = fixture->enrolment.valid_until_ms;

        enrol(fixture, ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUBSCRIBER), AUDIENCE_CARE);
        assert_admitted(fixture, UPDATES | CARE | QUERY, until_ms - 1);
        assert_admitted(fixture, CARE | QUERY, until_ms);
        assert_admitted(fixture, CARE | QUERY, until_ms + GRACE_MS - 1);
        assert_admitted(fixture, 0, until_ms + GRACE_MS);
        assert_true(judge(fixture, ENDPOINT_QUERY, until_ms + GRACE_MS).is_guest);
}

static void test_a_key_that_was_replaced_is_a_stranger_again(void **state)
{
        Fixture *fixture = *state;
        SecretKey *other = world_key(9, 9);

        enrol(fixture, ROLE_BIT(ROLE_AGENT), 0);
        fixture->enrolment.keys[0] = *secret_key_public(other);
        enrol(fixture, ROLE_BIT(ROLE_AGENT), 0);
        assert_admitted(fixture, 0, fixture->world.now_ms);
        assert_true(judge(fixture, ENDPOINT_QUERY, fixture->world.now_ms).is_guest);
        secret_key_free(other);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_a_stranger_is_a_guest_on_query_and_nowhere_else, setup, teardown),
                cmocka_unit_test_setup_teardown(test_each_role_opens_its_own_sockets, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_revoked_key_is_refused_for_good, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_suspended_key_may_come_back_later, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_reader_reads_on_through_its_grace, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_key_that_was_replaced_is_a_stranger_again,
                                                setup, teardown),
        };

        return cmocka_run_group_tests_name("gatekeeper", tests, NULL, NULL);
}
