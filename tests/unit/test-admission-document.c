#include <string.h>

#include "../core-world.h"
#include "cmocka-all.h"

static World world;
static WorldParty *party; /* "a", which speaks for "loc" in noord */
static Plan *plan;

static int setup(void **state)
{
        world_start(&world, 100);
        party = world_add_party(&world, "a", "loc", "noord");
        assert_int_equal(plan_new(&plan), 0);
        plan_reset(plan, world.revision);
        return 0;
}

static int teardown(void **state)
{
        plan_free(plan);
        world_deinit(&world);
        return 0;
}

static int submit(Blob *envelope, uint64_t *ret_revision, WireRefusal *ret_refusal)
{
        CLEANUP(blob_unrefp) Blob *owned = envelope;

        arena_limit(world.arena, ARENA_MESSAGE_BYTES);
        return admission_document(world.state, secret_key_public(world.broker), plan, owned,
                                  world.arena, ret_revision, ret_refusal);
}

static RegionCard card_of(const World *of)
{
        RegionCard card = { .network = of->network,
                            .network_name = "test-region",
                            .serial = 1,
                            .n_authority = 1,
                            .brokers = { *secret_key_public(of->broker) },
                            .n_brokers = 1,
                            .updates = "tcp://broker:7301",
                            .care = "tcp://broker:7302",
                            .query = "tcp://broker:7303",
                            .coord = "tcp://broker:7304" };

        memcpy(card.authority[0], secret_key_public(of->authority)->sign, KEY_BYTES);
        return card;
}

static Blob *card_envelope(const RegionCard *card)
{
        Blob *body = NULL;

        assert_int_equal(region_card_encode(&body, card), 0);
        return world_sign(&world, ENVELOPE_CARD, world.authority, body);
}

static void test_a_party_with_the_brokers_own_key_is_refused(void **state)
{
        const LocationGrant grant = { .location = "loc", .region = "noord" };
        Enrolment enrolment = world_enrolment(&world, party, &grant, 1);
        WireRefusal refusal = { 0 };
        uint64_t revision;

        enrolment.party = "b";
        for (int half = 0; half < 2; half++) { /* either half will do */
                enrolment.keys[0] = *secret_key_public(party->key);
                if (half)
                        memcpy(enrolment.keys[0].sign, secret_key_public(world.broker)->sign,
                               KEY_BYTES);
                else
                        memcpy(enrolment.keys[0].transport,
                               secret_key_public(world.broker)->transport, KEY_BYTES);
                assert_int_equal(
                        submit(world_enrolment_envelope(&world, &enrolment), &revision, &refusal),
                        ADMISSION_E_REFUSED);
                assert_int_equal(refusal.code, PLEK_REFUSED_KEY);
                assert_string_equal(refusal.field, "keys");
                assert_non_null(strstr(refusal.text, "this broker's own"));
                assert_int_equal(plan->n_entries, 0);
        }
}

static void test_an_enrolment_that_the_authority_signed_is_planned(void **state)
{
        LocationGrant grant = { .location = "new", .region = "noord" };
        WorldParty *newcomer = world_new_party(&world, "newcomer");
        Enrolment enrolment = world_enrolment(&world, newcomer, &grant, 1);
        WireRefusal refusal;
        uint64_t revision;

        assert_int_equal(submit(world_enrolment_envelope(&world, &enrolment), &revision, &refusal),
                         0);
        assert_int_equal(plan->n_entries, 1);
        assert_int_equal(plan->entries[0].kind, ENTRY_ENROLMENT);
        assert_null(registry_find(state_registry(world.state), "newcomer"));
}

static void test_a_document_is_a_batch_of_its_own(void **state)
{
        LocationGrant grant = { .location = "new", .region = "noord" };
        WorldParty *newcomer = world_new_party(&world, "newcomer");
        Enrolment enrolment = world_enrolment(&world, newcomer, &grant, 1);
        WireRefusal refusal;
        uint64_t revision;

        assert_int_equal(plan_add(plan, ENTRY_EPOCH, world.ledger[1].bytes), 0);
        assert_int_equal(submit(world_enrolment_envelope(&world, &enrolment), &revision, &refusal),
                         -ENOBUFS);
}

static void test_the_enrolment_in_force_again_is_answered_with_its_revision(void **state)
{
        Blob *in_force = blob_ref(world.ledger[world.n_ledger - 1].bytes);
        WireRefusal refusal;
        uint64_t revision = 0;

        assert_int_equal(submit(in_force, &revision, &refusal), ADMISSION_E_REPEATED);
        assert_int_equal(revision, world.revision);
        assert_int_equal(plan->n_entries, 0);
}

static void test_an_enrolment_with_an_older_serial_is_refused(void **state)
{
        LocationGrant grant = { .location = "loc", .region = "zuid" };
        Enrolment enrolment = world_enrolment(&world, party, &grant, 1);
        WireRefusal refusal = { 0 };
        uint64_t revision;

        enrolment.serial = party->serial;
        assert_int_equal(submit(world_enrolment_envelope(&world, &enrolment), &revision, &refusal),
                         ADMISSION_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_SERIAL);
        assert_int_equal(plan->n_entries, 0);
}

static void test_a_document_that_the_authority_did_not_sign_is_refused(void **state)
{
        LocationGrant grant = { .location = "new", .region = "noord" };
        WorldParty *newcomer = world_new_party(&world, "newcomer");
        Enrolment enrolment = world_enrolment(&world, newcomer, &grant, 1);
        WireRefusal refusal = { 0 };
        uint64_t revision;
        Blob *envelope, *body = NULL;

        assert_int_equal(enrolment_encode(&body, &enrolment), 0);
        envelope = world_sign(&world, ENVELOPE_ENROLMENT, newcomer->key, body);
        assert_int_equal(submit(envelope, &revision, &refusal), ADMISSION_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_SIGNATURE);

        /* nor one that says it did */
        envelope = world_enrolment_envelope(&world, &enrolment);
        envelope->bytes[envelope->n_bytes - 1] ^= 1;
        assert_int_equal(submit(envelope, &revision, &refusal), ADMISSION_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_SIGNATURE);
        assert_int_equal(plan->n_entries, 0);
}

static void test_a_document_of_another_network_is_refused(void **state)
{
        LocationGrant grant = { .location = "new", .region = "noord" };
        WorldParty *newcomer = world_new_party(&world, "newcomer");
        Enrolment enrolment = world_enrolment(&world, newcomer, &grant, 1);
        WireRefusal refusal = { 0 };
        uint64_t revision;

        world.network.bytes[3] ^= 1;
        assert_int_equal(submit(world_enrolment_envelope(&world, &enrolment), &revision, &refusal),
                         ADMISSION_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_NETWORK);
}

static void test_what_is_neither_enrolment_nor_card_is_refused(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);
        WireRefusal refusal = { 0 };
        Blob *garbage = NULL;
        uint64_t revision;

        assert_int_equal(submit(world_update_envelope(&world, party, &update), &revision, &refusal),
                         ADMISSION_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_MALFORMED);
        assert_int_equal(blob_copy(&garbage, "garbage", 7), 0);
        assert_int_equal(submit(garbage, &revision, &refusal), ADMISSION_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_MALFORMED);
}

static void test_a_card_is_planned_then_repeated_then_must_be_newer(void **state)
{
        RegionCard card = card_of(&world);
        WireRefusal refusal = { 0 };
        uint64_t revision = 0;

        assert_int_equal(submit(card_envelope(&card), &revision, &refusal), 0);
        assert_int_equal(plan->entries[0].kind, ENTRY_CARD);
        world_apply(&world, ENTRY_CARD, card_envelope(&card));
        plan_reset(plan, world.revision);

        assert_int_equal(submit(card_envelope(&card), &revision, &refusal), ADMISSION_E_REPEATED);
        assert_int_equal(revision, world.revision);

        card.title = "other bytes, same serial";
        assert_int_equal(submit(card_envelope(&card), &revision, &refusal), ADMISSION_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_SERIAL);
}

static void test_without_a_genesis_no_document_is_taken(void **state)
{
        RegionCard card = card_of(&world);
        State *held = world.state;
        WireRefusal refusal = { 0 };
        uint64_t revision;

        world.state = world_new_state(1);
        assert_int_equal(submit(card_envelope(&card), &revision, &refusal), ADMISSION_E_REFUSED);
        assert_int_equal(refusal.code, PLEK_REFUSED_NO_AUTHORITY);
        state_free(world.state);
        world.state = held;
}

#define TEST(_name) cmocka_unit_test_setup_teardown(_name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_party_with_the_brokers_own_key_is_refused),
                TEST(test_an_enrolment_that_the_authority_signed_is_planned),
                TEST(test_a_document_is_a_batch_of_its_own),
                TEST(test_the_enrolment_in_force_again_is_answered_with_its_revision),
                TEST(test_an_enrolment_with_an_older_serial_is_refused),
                TEST(test_a_document_that_the_authority_did_not_sign_is_refused),
                TEST(test_a_document_of_another_network_is_refused),
                TEST(test_what_is_neither_enrolment_nor_card_is_refused),
                TEST(test_a_card_is_planned_then_repeated_then_must_be_newer),
                TEST(test_without_a_genesis_no_document_is_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
