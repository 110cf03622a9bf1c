#include <string.h>

#include "admission-fixture.h"

/* ------------------------------------------------------------------ what is right */

static void test_a_good_update_becomes_an_entry(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);
        const PlanOutcome *outcome = assert_accepted(admit_of(party, &update));

        assert_string_equal(outcome->party, "a");
        assert_int_equal(outcome->instance, party->instance);
        assert_int_equal(outcome->seq, update.seq);
        assert_int_equal(outcome->floor, update.seq);
        assert_int_equal(outcome->entry, 0);
        assert_int_equal(outcome->revision, 0);
        assert_int_equal(plan->n_entries, 1);
        assert_int_equal(plan->entries[0].kind, ENTRY_UPDATE);
}

static void test_planning_leaves_the_state_alone(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);

        assert_accepted(admit_of(party, &update));
        assert_null(state_party(world.state, "a"));
        assert_int_equal(state_revision(world.state), world.revision);
        assert_int_equal(picture_n_records(state_picture(world.state)), 0);
}

/* ------------------------------------------------------------------ before it is looked at */

static void test_what_a_verifier_refused_is_refused_in_its_words(void **state)
{
        char field[] = "door.state", text[] = "door.state is 99, which is no state of a door";
        Update update = { .party = "a", .instance = 5, .seq = 6 };
        Candidate candidate = { .connection = key_id_of(secret_key_public(party->key)->transport),
                                .update = &update,
                                .refusal = { PLEK_REFUSED_FIELD, field, text } };
        const PlanOutcome *outcome = assert_refused(admit(&candidate), PLEK_REFUSED_FIELD, field);

        /* the worker's arena is reset before the receipt is written */
        memset(field, 'x', sizeof(field) - 1);
        memset(text, 'x', sizeof(text) - 1);
        assert_string_equal(outcome->refusal.field, "door.state");
        assert_string_equal(outcome->refusal.text, "door.state is 99, which is no state of a door");
        assert_int_equal(outcome->instance, 5);
        assert_int_equal(outcome->seq, 6);
}

static void test_what_cannot_be_read_at_all_is_told_to_the_connection(void **state)
{
        Candidate candidate = { .connection = key_id_of(secret_key_public(party->key)->transport),
                                .refusal = { PLEK_REFUSED_SIGNATURE, NULL,
                                             "the signature does not verify" } };
        const PlanOutcome *outcome =
                assert_refused(admit(&candidate), PLEK_REFUSED_SIGNATURE, NULL);

        assert_string_equal(outcome->party, "a");
        assert_int_equal(outcome->seq, 0);
        assert_int_equal(outcome->floor, state_floor(world.state, "a"));
}

static void test_a_broker_that_cannot_write_says_so(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);

        options.closed = PLEK_REFUSED_RETRY;
        assert_true(says(assert_refused(admit_of(party, &update), PLEK_REFUSED_RETRY, NULL),
                         "cannot write"));
        options.closed = PLEK_REFUSED_CLOCK;
        assert_true(
                says(assert_refused(admit_of(party, &update), PLEK_REFUSED_CLOCK, NULL), "clock"));
}

/* ------------------------------------------------------------------ who */

static void test_without_a_genesis_nobody_is_admitted(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);
        State *held = world.state;

        world.state = world_new_state(1);
        assert_refused(admit_of(party, &update), PLEK_REFUSED_NO_AUTHORITY, NULL);
        state_free(world.state);
        world.state = held;
}

static void test_another_networks_envelope_is_refused(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);

        world.network.bytes[0] ^= 1;
        assert_true(says(assert_refused(admit_of(party, &update), PLEK_REFUSED_NETWORK, NULL),
                         "test-region"));
}

static void test_an_unknown_key_is_refused_by_its_id(void **state)
{
        WorldParty *stranger = world_new_party(&world, "stranger");
        Update update = world_counts(&world, stranger, "loc", 1, 10);
        char id[KEY_ID_TEXT_BYTES];

        key_id_format(key_id_of(secret_key_public(stranger->key)->sign), id);
        assert_true(says(
                assert_refused(admit_of(stranger, &update), PLEK_REFUSED_NOT_ENROLLED, NULL), id));
}

static void test_a_key_with_the_id_of_an_enrolled_one_is_not_that_key(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10), decoded;
        CLEANUP(blob_unrefp) Blob *envelope = world_update_envelope(&world, party, &update);
        Candidate candidate = world_candidate(&world, party, envelope, &decoded);

        candidate.signer[31] ^= 1;
        assert_refused(admit(&candidate), PLEK_REFUSED_NOT_ENROLLED, NULL);
}

static void test_a_party_cannot_speak_in_anothers_name(void **state)
{
        WorldParty *other = world_add_party(&world, "b", "loc", "noord");
        Update update = world_counts(&world, party, "loc", 1, 10);

        update.party = "b";
        assert_refused(admit_of(party, &update), PLEK_REFUSED_PARTY, "party");
        assert_null(plan_find_floor(plan, other->id));
}

static void test_a_connection_carries_only_its_own_partys_updates(void **state)
{
        WorldParty *other = world_add_party(&world, "b", "loc", "noord");
        Update update = world_counts(&world, party, "loc", 1, 10), decoded;
        CLEANUP(blob_unrefp) Blob *envelope = world_update_envelope(&world, party, &update);
        Candidate candidate = world_candidate(&world, party, envelope, &decoded);

        candidate.connection = key_id_of(secret_key_public(other->key)->transport);
        assert_refused(admit(&candidate), PLEK_REFUSED_PARTY, "party");
}

static void test_a_relay_carries_others_updates_while_it_is_enrolled(void **state)
{
        LocationGrant nowhere = { .location = "relay", .region = "noord" };
        WorldParty *relay = world_new_party(&world, "relay");
        Enrolment enrolment = world_enrolment(&world, relay, &nowhere, 1);
        Update update = world_counts(&world, party, "loc", 1, 10), decoded;
        CLEANUP(blob_unrefp) Blob *envelope = world_update_envelope(&world, party, &update);
        Candidate candidate = world_candidate(&world, party, envelope, &decoded);
        Suspension suspension;

        enrolment.roles = ROLE_BIT(ROLE_RELAY);
        world_enrol(&world, relay, &enrolment);
        candidate.connection = key_id_of(secret_key_public(relay->key)->transport);
        assert_accepted(admit(&candidate));

        plan_reset(plan, world.revision);
        suspension = world_suspension(relay, true);
        world_suspend(&world, &suspension);
        assert_refused(admit(&candidate), PLEK_REFUSED_SUSPENDED, "party");
}

static void test_a_connection_of_nobody_is_refused(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10), decoded;
        CLEANUP(blob_unrefp) Blob *envelope = world_update_envelope(&world, party, &update);
        Candidate candidate = world_candidate(&world, party, envelope, &decoded);

        candidate.connection.bytes[0] ^= 1;
        assert_refused(admit(&candidate), PLEK_REFUSED_NOT_ENROLLED, NULL);
}

static void test_an_expired_enrolment_says_until_when_it_was_valid(void **state)
{
        LocationGrant grant = { .location = "loc", .region = "noord" };
        Enrolment enrolment = world_enrolment(&world, party, &grant, 1);
        Update update = world_counts(&world, party, "loc", 1, 10);

        enrolment.valid_until_ms = world.now_ms - 1;
        world_enrol(&world, party, &enrolment);
        assert_true(says(assert_refused(admit_of(party, &update), PLEK_REFUSED_EXPIRED, "party"),
                         "until 2026-02-02T02:40:00.999Z"));
}

static void test_a_revoked_party_is_told_the_cause(void **state)
{
        Enrolment revocation = world_enrolment(&world, party, NULL, 0);
        Update update = world_counts(&world, party, "loc", 1, 10);

        revocation.roles = 0;
        revocation.cause = "the laptop was stolen";
        world_enrol(&world, party, &revocation);
        assert_true(says(assert_refused(admit_of(party, &update), PLEK_REFUSED_REVOKED, "party"),
                         "the laptop was stolen"));
}

static void test_a_suspended_party_is_refused(void **state)
{
        Suspension suspension = world_suspension(party, true);
        Update update = world_counts(&world, party, "loc", 1, 10);

        world_suspend(&world, &suspension);
        assert_refused(admit_of(party, &update), PLEK_REFUSED_SUSPENDED, "party");
}

static void test_a_party_without_the_role_is_refused(void **state)
{
        LocationGrant grant = { .location = "loc", .region = "noord" };
        Enrolment enrolment = world_enrolment(&world, party, &grant, 1);
        Update update = world_counts(&world, party, "loc", 1, 10);

        enrolment.roles = ROLE_BIT(ROLE_SUBSCRIBER);
        world_enrol(&world, party, &enrolment);
        assert_refused(admit_of(party, &update), PLEK_REFUSED_ROLE, "party");
}

static void test_a_location_of_somebody_else_is_refused(void **state)
{
        Update update;

        world_add_party(&world, "b", "theirs", "noord");
        update = world_counts(&world, party, "theirs", 1, 10);
        assert_true(
                says(assert_refused(admit_of(party, &update), PLEK_REFUSED_LOCATION, "location"),
                     "theirs"));
}

/* ------------------------------------------------------------------ a question */

static void test_a_check_answers_as_a_plan_would_and_changes_nothing(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10), decoded;
        CLEANUP(blob_unrefp) Blob *good = world_update_envelope(&world, party, &update);
        CLEANUP(blob_unrefp) Blob *bad = NULL;
        WireRefusal refusal = { .code = 99 };
        Candidate candidate;
        PlanWords words;

        candidate = world_candidate(&world, party, good, &decoded);
        admission_check(world.state, &options, &candidate, world.now_ms, &words, &refusal);
        assert_int_equal(refusal.code, 0);

        update.location = "elsewhere";
        bad = world_update_envelope(&world, party, &update);
        candidate = world_candidate(&world, party, bad, &decoded);
        admission_check(world.state, &options, &candidate, world.now_ms, &words, &refusal);
        assert_int_equal(refusal.code, PLEK_REFUSED_LOCATION);
        assert_ptr_equal(refusal.text, words.text);
}

#define TEST(_name) cmocka_unit_test_setup_teardown(_name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_good_update_becomes_an_entry),
                TEST(test_planning_leaves_the_state_alone),
                TEST(test_what_a_verifier_refused_is_refused_in_its_words),
                TEST(test_what_cannot_be_read_at_all_is_told_to_the_connection),
                TEST(test_a_broker_that_cannot_write_says_so),
                TEST(test_without_a_genesis_nobody_is_admitted),
                TEST(test_another_networks_envelope_is_refused),
                TEST(test_an_unknown_key_is_refused_by_its_id),
                TEST(test_a_key_with_the_id_of_an_enrolled_one_is_not_that_key),
                TEST(test_a_party_cannot_speak_in_anothers_name),
                TEST(test_a_connection_carries_only_its_own_partys_updates),
                TEST(test_a_relay_carries_others_updates_while_it_is_enrolled),
                TEST(test_a_connection_of_nobody_is_refused),
                TEST(test_an_expired_enrolment_says_until_when_it_was_valid),
                TEST(test_a_revoked_party_is_told_the_cause),
                TEST(test_a_suspended_party_is_refused),
                TEST(test_a_party_without_the_role_is_refused),
                TEST(test_a_location_of_somebody_else_is_refused),
                TEST(test_a_check_answers_as_a_plan_would_and_changes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
