#include "registry-fixture.h"

static void test_each_reason_not_to_publish_is_told_apart(void **state)
{
        Enrolment enrolment;
        Fixture fixture;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        apply(&fixture, &enrolment);
        assert_int_equal(may_publish(&fixture, 0, NOW), 0);
        assert_int_equal(may_publish(&fixture, 0, NOW - DAY - 1), PLEK_REFUSED_EXPIRED);
        assert_int_equal(may_publish(&fixture, 0, NOW - DAY), 0);
        assert_int_equal(may_publish(&fixture, 0, NOW + DAY - 1), 0);
        assert_int_equal(may_publish(&fixture, 0, NOW + DAY), PLEK_REFUSED_EXPIRED);

        enrolment = enrolment_of(&fixture, "clinic", 2, 1);
        enrolment.roles = ROLE_BIT(ROLE_SUBSCRIBER);
        apply(&fixture, &enrolment);
        assert_int_equal(may_publish(&fixture, 0, NOW), PLEK_REFUSED_NOT_ENROLLED);
        assert_int_equal(may_publish(&fixture, 1, NOW), PLEK_REFUSED_ROLE);

        enrolment = revocation_of(&fixture, "clinic", 3, 1, TIME_ABSENT);
        apply(&fixture, &enrolment);
        assert_int_equal(may_publish(&fixture, 0, NOW), PLEK_REFUSED_REVOKED);
        assert_int_equal(may_publish(&fixture, 1, NOW), PLEK_REFUSED_REVOKED);
        assert_true(party_is_revoked(registry_find(fixture.registry, "clinic")));
        teardown(&fixture);
}

static void test_two_keys_are_both_good_while_they_rotate(void **state)
{
        Enrolment enrolment;
        Fixture fixture;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        enrolment.keys[enrolment.n_keys++] = *public_key(&fixture, 1);
        apply(&fixture, &enrolment);
        assert_int_equal(may_publish(&fixture, 0, NOW), 0);
        assert_int_equal(may_publish(&fixture, 1, NOW), 0);
        teardown(&fixture);
}

static void test_a_reader_reads_on_through_the_grace_and_no_longer(void **state)
{
        Audience audience = AUDIENCE_OPEN;
        Enrolment enrolment;
        Fixture fixture;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        enrolment.audience = AUDIENCE_COORD;
        apply(&fixture, &enrolment);
        assert_int_equal(may_read(&fixture, 0, NOW, &audience), 0);
        assert_int_equal(audience, AUDIENCE_COORD);
        assert_int_equal(may_read(&fixture, 0, NOW + DAY, &audience), 0);
        assert_int_equal(may_read(&fixture, 0, NOW + DAY + GRACE_DEFAULT_MS - 1, &audience), 0);
        assert_int_equal(may_read(&fixture, 0, NOW + DAY + GRACE_DEFAULT_MS, &audience),
                         PLEK_REFUSED_EXPIRED);
        assert_int_equal(may_read(&fixture, 0, NOW - DAY - 1, &audience), PLEK_REFUSED_EXPIRED);
        teardown(&fixture);
}

static void test_who_reads_needs_a_role_and_an_audience(void **state)
{
        static const struct {
                uint32_t roles;
                Audience audience;
                uint32_t expected;
        } cases[] = {
                { ROLE_BIT(ROLE_SUBSCRIBER), AUDIENCE_CARE, 0 },
                { ROLE_BIT(ROLE_COORDINATOR), AUDIENCE_COORD, 0 },
                { ROLE_BIT(ROLE_OPERATOR), AUDIENCE_CARE, 0 },
                { ROLE_BIT(ROLE_AGENT), AUDIENCE_CARE, PLEK_REFUSED_ROLE },
                { ROLE_BIT(ROLE_RELAY), AUDIENCE_COORD, PLEK_REFUSED_ROLE },
                { ROLE_BIT(ROLE_SUBSCRIBER), 0, PLEK_REFUSED_ROLE },
        };
        Enrolment enrolment;
        Audience audience;
        Fixture fixture;

        setup(&fixture);
        for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
                audience = AUDIENCE_OPEN;
                enrolment = enrolment_of(&fixture, "clinic", i + 1, 0);
                enrolment.roles = cases[i].roles;
                enrolment.audience = cases[i].audience;
                apply(&fixture, &enrolment);
                assert_int_equal(may_read(&fixture, 0, NOW, &audience), cases[i].expected);
                assert_int_equal(audience, cases[i].expected ? AUDIENCE_OPEN : cases[i].audience);
        }
        assert_true(party_has_role(registry_find(fixture.registry, "clinic"), ROLE_SUBSCRIBER));
        assert_false(party_has_role(registry_find(fixture.registry, "clinic"), ROLE_AGENT));
        teardown(&fixture);
}

/* ------------------------------------------------------------------ suspensions */

static int suspend(Fixture *fixture, const char *id, const KeyId *key_id, bool suspended,
                   uint64_t revision)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        Suspension suspension = { .party = id, .suspended = suspended, .by = "uid 0" };
        Party *party;

        if (key_id) {
                suspension.has_key_id = true;
                suspension.key_id = *key_id;
        }
        assert_int_equal(suspension_encode(&bytes, &suspension), 0);
        return registry_apply_suspension(fixture->registry, revision, NOW, bytes, &party);
}

static void test_a_suspension_cuts_and_can_be_taken_back(void **state)
{
        Enrolment enrolment;
        Audience audience;
        Fixture fixture;
        Party *party;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        party = apply(&fixture, &enrolment);
        assert_int_equal(suspend(&fixture, "clinic", NULL, true, 7), 0);
        assert_int_equal(may_publish(&fixture, 0, NOW), PLEK_REFUSED_SUSPENDED);
        assert_int_equal(may_read(&fixture, 0, NOW, &audience), PLEK_REFUSED_SUSPENDED);
        assert_true(party_is_suspended(party));
        assert_int_equal(registry_revision(fixture.registry), 7);

        enrolment = enrolment_of(&fixture, "clinic", 2, 1); /* a new key does not lift it */
        apply_at(&fixture, &enrolment, 8);
        assert_int_equal(may_publish(&fixture, 1, NOW), PLEK_REFUSED_SUSPENDED);
        assert_int_equal(suspend(&fixture, "clinic", NULL, false, 9), 0);
        assert_int_equal(may_publish(&fixture, 1, NOW), 0);
        assert_false(party_is_suspended(party));
        assert_int_equal(suspend(&fixture, "clinic", NULL, true, 6), 0); /* told late */
        assert_int_equal(may_publish(&fixture, 1, NOW), 0);
        teardown(&fixture);
}

static void test_one_key_is_cut_by_either_half_and_the_other_is_not(void **state)
{
        KeyId sign, transport;
        Enrolment enrolment;
        Audience audience;
        Fixture fixture;
        Party *party;

        setup(&fixture);
        sign = sign_id(&fixture, 0);
        transport = transport_id(&fixture, 0);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        enrolment.keys[enrolment.n_keys++] = *public_key(&fixture, 1);
        party = apply(&fixture, &enrolment);
        assert_int_equal(suspend(&fixture, "clinic", &transport, true, 2), 0);
        assert_int_equal(may_publish(&fixture, 0, NOW), PLEK_REFUSED_SUSPENDED);
        assert_int_equal(may_read(&fixture, 0, NOW, &audience), PLEK_REFUSED_SUSPENDED);
        assert_int_equal(may_publish(&fixture, 1, NOW), 0);
        assert_false(party_is_suspended(party));
        assert_true(party_key_is_suspended(party, public_key(&fixture, 0)));

        assert_int_equal(suspend(&fixture, "clinic", &sign, false, 3), 0);
        assert_int_equal(may_publish(&fixture, 0, NOW), 0);
        assert_null(party->suspensions->next); /* one word on one key */
        assert_int_equal(suspend(&fixture, "clinic", NULL, true, 4), 0);
        assert_non_null(party->suspensions->next);
        teardown(&fixture);
}

static void test_a_suspension_of_nobody_is_unknown(void **state)
{
        Enrolment enrolment;
        Fixture fixture;
        KeyId id;
        Party *party;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        party = apply(&fixture, &enrolment);
        enrolment = enrolment_of(&fixture, "other", 1, 1);
        apply(&fixture, &enrolment);
        id = sign_id(&fixture, 1);
        assert_int_equal(suspend(&fixture, "nobody", NULL, true, 7), REGISTRY_E_UNKNOWN);
        assert_int_equal(suspend(&fixture, "clinic", &id, true, 7), REGISTRY_E_UNKNOWN);
        assert_null(party->suspensions);
        assert_int_equal(registry_revision(fixture.registry), 2);
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_reason_not_to_publish_is_told_apart),
                cmocka_unit_test(test_two_keys_are_both_good_while_they_rotate),
                cmocka_unit_test(test_a_reader_reads_on_through_the_grace_and_no_longer),
                cmocka_unit_test(test_who_reads_needs_a_role_and_an_audience),
                cmocka_unit_test(test_a_suspension_cuts_and_can_be_taken_back),
                cmocka_unit_test(test_one_key_is_cut_by_either_half_and_the_other_is_not),
                cmocka_unit_test(test_a_suspension_of_nobody_is_unknown),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
