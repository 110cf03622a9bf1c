#include "registry-fixture.h"

static void test_an_enrolment_is_found_by_party_and_by_both_halves_of_its_key(void **state)
{
        Enrolment enrolment;
        KeyOwner owner;
        Fixture fixture;
        Party *party;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        party = apply(&fixture, &enrolment);
        assert_ptr_equal(registry_find(fixture.registry, "clinic"), party);
        assert_null(registry_find(fixture.registry, "clini"));
        assert_true(registry_find_signer(fixture.registry, sign_id(&fixture, 0), &owner));
        assert_ptr_equal(owner.party, party);
        assert_ptr_equal(owner.version, party->newest);
        assert_memory_equal(owner.key->transport, public_key(&fixture, 0)->transport, KEY_BYTES);
        assert_true(registry_find_transport(fixture.registry, transport_id(&fixture, 0), &owner));
        assert_ptr_equal(owner.party, party);
        assert_false(registry_find_signer(fixture.registry, transport_id(&fixture, 0), &owner));
        assert_false(registry_find_signer(fixture.registry, sign_id(&fixture, 1), &owner));
        assert_int_equal(registry_n_parties(fixture.registry), 1);
        assert_int_equal(registry_revision(fixture.registry), 1);
        assert_ptr_equal(registry_next(fixture.registry, NULL), party);
        assert_null(registry_next(fixture.registry, party));
        teardown(&fixture);
}

static void test_an_enrolment_is_kept_in_memory_of_its_own(void **state)
{
        const LocationGrant *grant;
        Enrolment enrolment;
        Fixture fixture;
        Party *party;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        party = apply(&fixture, &enrolment);
        enrolment = enrolment_of(&fixture, "other", 1, 1); /* decoded over the same scratch */
        enrolment.name = "Another";
        enrolment.n_locations = 1;
        apply(&fixture, &enrolment);

        assert_string_equal(party->newest->enrolment->name, "A party");
        assert_int_equal(party->newest->enrolment->n_locations, 3);
        for (size_t i = 0; i < N_ELEMENTS(grants); i++) {
                grant = party_grant(party, grants[i].location);
                assert_non_null(grant);
                assert_string_equal(grant->location, grants[i].location);
                assert_string_equal(grant->region, grants[i].region);
                assert_int_equal(grant->n_regions, grants[i].n_regions);
        }
        grant = party_grant(party, "zeta");
        assert_string_equal(grant->regions[1].scheme, "province");
        assert_string_equal(grant->regions[1].id, "zuid-holland");
        assert_null(party_grant(party, "beta"));
        assert_null(party_grant(registry_find(fixture.registry, "other"), "alpha"));
        teardown(&fixture);
}

static void test_only_a_higher_serial_follows(void **state)
{
        Enrolment first, second;
        uint32_t code;
        Fixture fixture;

        setup(&fixture);
        first = enrolment_of(&fixture, "clinic", 5, 0);
        apply(&fixture, &first);
        assert_int_equal(check(&fixture, &first, &code), REGISTRY_E_REPEATED);
        second = first;
        second.name = "Other bytes";
        assert_refused(&fixture, &second, PLEK_REFUSED_SERIAL);
        second.serial = 4;
        assert_refused(&fixture, &second, PLEK_REFUSED_SERIAL);
        second.serial = 6;
        apply(&fixture, &second);
        assert_refused(&fixture, &first, PLEK_REFUSED_SERIAL); /* a repeat, but of an old one */
        teardown(&fixture);
}

static void test_a_key_once_enrolled_stays_its_partys_for_ever(void **state)
{
        Enrolment mine, theirs;
        uint32_t code;
        Fixture fixture;

        setup(&fixture);
        mine = enrolment_of(&fixture, "mine", 1, 0);
        apply(&fixture, &mine);
        mine = enrolment_of(&fixture, "mine", 2, 1);
        apply(&fixture, &mine);
        mine = revocation_of(&fixture, "mine", 3, 1, TIME_ABSENT);
        apply(&fixture, &mine);

        theirs = enrolment_of(&fixture, "theirs", 1, 0);
        assert_refused(&fixture, &theirs, PLEK_REFUSED_KEY);
        theirs = enrolment_of(&fixture, "theirs", 1, 2);
        memcpy(theirs.keys[0].transport, public_key(&fixture, 0)->transport, KEY_BYTES);
        assert_refused(&fixture, &theirs, PLEK_REFUSED_KEY);
        theirs = enrolment_of(&fixture, "theirs", 1, 2);
        assert_int_equal(check(&fixture, &theirs, &code), 0);

        mine = enrolment_of(&fixture, "mine", 4, 0); /* its own it may have again */
        apply(&fixture, &mine);
        assert_int_equal(may_publish(&fixture, 0, NOW), 0);
        teardown(&fixture);
}

static void test_an_unfit_key_and_the_authoritys_own_are_refused(void **state)
{
        Enrolment enrolment;
        Fixture fixture;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        memset(enrolment.keys[0].sign, 0, KEY_BYTES);
        assert_refused(&fixture, &enrolment, PLEK_REFUSED_KEY);
        enrolment.keys[0] = *secret_key_public(fixture.authority);
        assert_refused(&fixture, &enrolment, PLEK_REFUSED_KEY);
        teardown(&fixture);
}

static void test_a_reader_may_be_told_of_versions_in_any_order(void **state)
{
        static const uint64_t orders[][4] = { { 3, 1, 2, 3 }, { 2, 3, 1, 1 }, { 3, 2, 1, 2 } };
        Enrolment versions[4];
        KeyOwner owner;
        Fixture fixture;
        Party *party;

        for (size_t i = 0; i < N_ELEMENTS(orders); i++) {
                setup(&fixture);
                for (uint64_t serial = 1; serial <= 3; serial++)
                        versions[serial] = enrolment_of(&fixture, "clinic", serial, serial == 3);
                for (size_t j = 0; j < 4; j++) /* the fourth is a repeat */
                        apply_at(&fixture, &versions[orders[i][j]], 10 * orders[i][j]);
                party = registry_find(fixture.registry, "clinic");
                assert_int_equal(party->newest->enrolment->serial, 3);
                assert_int_equal(party->newest->older->enrolment->serial, 2);
                assert_int_equal(party->newest->older->older->enrolment->serial, 1);
                assert_null(party->newest->older->older->older);
                assert_true(registry_find_signer(fixture.registry, sign_id(&fixture, 0), &owner));
                assert_int_equal(owner.version->enrolment->serial, 2);
                assert_int_equal(registry_revision(fixture.registry), 30);
                teardown(&fixture);
        }
}

static void test_what_is_not_an_enrolment_changes_nothing(void **state)
{
        Enrolment mine, theirs;
        Party *party = NULL;
        KeyOwner owner;
        Fixture fixture;
        Blob *envelope = NULL;

        setup(&fixture);
        assert_int_equal(blob_copy(&envelope, "rubbish", 7), 0);
        assert_int_equal(registry_apply_enrolment(fixture.registry, 1, NOW, envelope, &party),
                         -EBADMSG);
        blob_unref(envelope);

        /* Another's key, or another text under a serial, that no broker would have ordered. */
        mine = enrolment_of(&fixture, "mine", 1, 0);
        apply(&fixture, &mine);
        theirs = enrolment_of(&fixture, "theirs", 1, 0);
        theirs.keys[theirs.n_keys++] = *public_key(&fixture, 1);
        envelope = enrolment_envelope(&fixture, &theirs);
        assert_int_equal(registry_apply_enrolment(fixture.registry, 2, NOW, envelope, &party),
                         -EBADMSG);
        blob_unref(envelope);
        mine.name = "Other";
        envelope = enrolment_envelope(&fixture, &mine);
        assert_int_equal(registry_apply_enrolment(fixture.registry, 2, NOW, envelope, &party),
                         -EBADMSG);
        blob_unref(envelope);

        assert_null(party);
        assert_null(registry_find(fixture.registry, "theirs"));
        assert_false(registry_find_signer(fixture.registry, sign_id(&fixture, 1), &owner));
        assert_int_equal(registry_n_parties(fixture.registry), 1);
        assert_int_equal(registry_revision(fixture.registry), 1);
        teardown(&fixture);
}

/* ------------------------------------------------------------------ at a revision */

static void test_a_signature_is_checked_against_what_was_in_force(void **state)
{
        Enrolment enrolment;
        Fixture fixture;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        apply_at(&fixture, &enrolment, 10);
        enrolment = enrolment_of(&fixture, "clinic", 2, 1);
        apply_at(&fixture, &enrolment, 20);
        enrolment = revocation_of(&fixture, "clinic", 3, 1, NOW);
        apply_at(&fixture, &enrolment, 30);

        assert_null(registry_version_at(fixture.registry, "clinic", 9));
        assert_int_equal(registry_version_at(fixture.registry, "clinic", 10)->enrolment->serial, 1);
        assert_int_equal(registry_version_at(fixture.registry, "clinic", 29)->enrolment->serial, 2);
        assert_null(registry_signer_at(fixture.registry, "clinic", sign_id(&fixture, 0), 9));
        assert_memory_equal(
                registry_signer_at(fixture.registry, "clinic", sign_id(&fixture, 0), 19),
                public_key(&fixture, 0)->sign, KEY_BYTES);
        assert_null(registry_signer_at(fixture.registry, "clinic", sign_id(&fixture, 1), 19));
        assert_null(registry_signer_at(fixture.registry, "clinic", sign_id(&fixture, 0), 20));
        assert_non_null(registry_signer_at(fixture.registry, "clinic", sign_id(&fixture, 1), 29));
        assert_null(registry_signer_at(fixture.registry, "clinic", sign_id(&fixture, 1), 30));
        assert_null(registry_signer_at(fixture.registry, "other", sign_id(&fixture, 0), 19));
        teardown(&fixture);
}

static void test_distrust_reaches_back_and_survives_a_new_enrolment(void **state)
{
        Enrolment enrolment;
        Fixture fixture;
        Party *party;

        setup(&fixture);
        enrolment = enrolment_of(&fixture, "clinic", 1, 0);
        party = apply_at(&fixture, &enrolment, 10);
        assert_true(party_distrusted_since(party, 10) == TIME_ABSENT);
        enrolment = revocation_of(&fixture, "clinic", 2, 0, NOW - 5000);
        apply_at(&fixture, &enrolment, 20);
        enrolment = enrolment_of(&fixture, "clinic", 3, 1);
        apply_at(&fixture, &enrolment, 30);
        assert_true(party_distrusted_since(party, 10) == NOW - 5000);
        assert_true(party_distrusted_since(party, 19) == NOW - 5000);
        assert_true(party_distrusted_since(party, 30) == TIME_ABSENT);

        enrolment = revocation_of(&fixture, "clinic", 4, 1, NOW - 9000);
        apply_at(&fixture, &enrolment, 40);
        assert_true(party_distrusted_since(party, 10) == NOW - 9000);
        assert_true(party_distrusted_since(party, 35) == NOW - 9000);
        teardown(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_enrolment_is_found_by_party_and_by_both_halves_of_its_key),
                cmocka_unit_test(test_an_enrolment_is_kept_in_memory_of_its_own),
                cmocka_unit_test(test_only_a_higher_serial_follows),
                cmocka_unit_test(test_a_key_once_enrolled_stays_its_partys_for_ever),
                cmocka_unit_test(test_an_unfit_key_and_the_authoritys_own_are_refused),
                cmocka_unit_test(test_a_reader_may_be_told_of_versions_in_any_order),
                cmocka_unit_test(test_what_is_not_an_enrolment_changes_nothing),
                cmocka_unit_test(test_a_signature_is_checked_against_what_was_in_force),
                cmocka_unit_test(test_distrust_reaches_back_and_survives_a_new_enrolment),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
