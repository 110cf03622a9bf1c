#include <string.h>

#include "../core-world.h"
#include "cmocka-all.h"

static World world;

static int setup(void **state)
{
        world_start(&world, 100);
        return 0;
}

static int setup_empty(void **state)
{
        world_init(&world, 100);
        return 0;
}

static int teardown(void **state)
{
        world_deinit(&world);
        return 0;
}

static const Record *counts_record(const WorldParty *party, const char *location, uint32_t care)
{
        RecordRef ref = { .report = UPDATE_COUNTS,
                          .care = care,
                          .patient_group = CODE_ABSENT,
                          .urgency = CODE_ABSENT };
        RecordKey key;

        record_key_make(&key, STATUS_ACTUAL, party->id, location, &ref);
        return picture_find(state_picture(world.state), &key);
}

/* An entry that does not fit is an error, and the state stays where it was. */
static void assert_broken(EntryKind kind, Blob *bytes)
{
        uint64_t revision = state_revision(world.state);

        assert_int_equal(world_try(&world, kind, bytes), -EBADMSG);
        assert_int_equal(state_revision(world.state), revision);
}

/* ------------------------------------------------------------------ the ledger about itself */

static void test_an_empty_state_knows_no_network(void **state)
{
        assert_false(state_has_genesis(world.state));
        assert_null(state_genesis(world.state));
        assert_null(state_epoch_envelope(world.state));
        assert_int_equal(state_revision(world.state), 0);
}

static void test_nothing_comes_before_the_genesis(void **state)
{
        assert_broken(ENTRY_EPOCH, world_epoch(&world, 1, false));
}

static void test_genesis_names_the_network_and_its_authority(void **state)
{
        world_apply(&world, ENTRY_GENESIS, world_genesis(&world));

        assert_true(state_has_genesis(world.state));
        assert_string_equal(state_genesis(world.state)->network_name, "test-region");
        assert_true(registry_is_authority(state_registry(world.state),
                                          secret_key_public(world.authority)->sign));
        assert_int_equal(state_revision(world.state), 1);
        assert_memory_equal(state_head(world.state), world.head, DIGEST_BYTES);
}

static void test_there_is_one_genesis(void **state)
{
        assert_broken(ENTRY_GENESIS, world_genesis(&world));
}

static void test_a_revision_comes_once(void **state)
{
        world.revision--;
        assert_broken(ENTRY_EPOCH, world_epoch(&world, 2, true));
}

static void test_time_does_not_go_back(void **state)
{
        world_add_party(&world, "a", "loc", "noord");
        world.now_ms--;
        assert_broken(ENTRY_EPOCH, world_epoch(&world, 2, true));
}

static void test_the_first_epoch_needs_no_confirmation(void **state)
{
        assert_int_equal(state_epoch(world.state), 1);
        assert_false(state_epoch_is_unconfirmed(world.state));
        assert_int_equal(state_floor(world.state, "anybody"), WORLD_START_MS * 1000);
}

static void test_an_epoch_that_continues_leaves_floors_alone(void **state)
{
        uint64_t floor = state_floor(world.state, "anybody");
        const EpochSpan *spans;
        size_t n_spans;

        world_open_epoch(&world, true);
        spans = state_epochs(world.state, &n_spans);
        assert_int_equal(n_spans, 2);
        assert_int_equal(spans[1].epoch, 2);
        assert_int_equal(spans[1].first_revision, 3);
        assert_true(spans[1].continues);
        assert_int_equal(state_floor(world.state, "anybody"), floor);
        assert_ptr_equal(state_epoch_envelope(world.state), world.ledger[2].bytes);
}

static void test_an_epoch_that_does_not_continue_raises_every_floor_until_confirmed(void **state)
{
        WorldParty *party = world_add_party(&world, "a", "loc", "noord");
        Update update = world_counts(&world, party, "loc", 1, 10);
        Blob *word = NULL;

        world_publish(&world, party, &update);
        world.now_ms += 5000;
        world_open_epoch(&world, false);
        assert_int_equal(state_floor(world.state, "a"), world.now_ms * 1000);
        assert_int_equal(state_floor(world.state, "b"), world.now_ms * 1000);
        assert_true(state_epoch_is_unconfirmed(world.state));

        assert_int_equal(blob_copy(&word, &(uint8_t){ CONFIRM_CLOCK }, 1), 0);
        world_apply(&world, ENTRY_CONFIRM, word);
        assert_true(state_epoch_is_unconfirmed(world.state));
        assert_int_equal(blob_copy(&word, &(uint8_t){ CONFIRM_EPOCH }, 1), 0);
        world_apply(&world, ENTRY_CONFIRM, word);
        assert_false(state_epoch_is_unconfirmed(world.state));
}

static void test_an_epoch_is_never_used_twice(void **state)
{
        assert_broken(ENTRY_EPOCH, world_epoch(&world, 1, false));
}

static void test_an_epoch_continues_the_one_in_force(void **state)
{
        world.epoch = 99;
        assert_broken(ENTRY_EPOCH, world_epoch(&world, 2, true));
}

static void test_only_the_latest_epochs_are_remembered(void **state)
{
        const EpochSpan *spans;
        size_t n_spans;

        for (size_t i = 0; i < EPOCH_SPANS_MAX; i++)
                world_open_epoch(&world, true);
        spans = state_epochs(world.state, &n_spans);
        assert_int_equal(n_spans, EPOCH_SPANS_MAX);
        assert_int_equal(spans[0].epoch, 2);
        assert_int_equal(spans[n_spans - 1].epoch, EPOCH_SPANS_MAX + 1);
        assert_int_equal(state_floor(world.state, "anybody"), WORLD_START_MS * 1000);
}

static void test_a_confirmation_of_nothing_known_is_broken(void **state)
{
        Blob *word = NULL;

        assert_int_equal(blob_copy(&word, &(uint8_t){ 77 }, 1), 0);
        assert_broken(ENTRY_CONFIRM, word);
        assert_int_equal(blob_copy(&word, "ab", 2), 0);
        assert_broken(ENTRY_CONFIRM, word);
}

/* ------------------------------------------------------------------ updates */

static void test_a_report_becomes_a_record_and_its_partys_floor(void **state)
{
        WorldParty *party = world_add_party(&world, "a", "loc", "noord");
        Update update = world_counts(&world, party, "loc", 1, 10);
        const LedgerEntry *entry;
        const PartyState *floor;
        const Record *record;

        assert_null(state_party(world.state, "a"));
        world_publish(&world, party, &update);
        entry = &world.ledger[world.n_ledger - 1];

        record = counts_record(party, "loc", 1);
        assert_non_null(record);
        assert_ptr_equal(record->envelope, entry->bytes);
        assert_int_equal(record->revision, entry->revision);
        assert_string_equal(record->topic->text, "pic/noord/counts/");
        assert_int_equal(world.change.n_items, 1);
        assert_int_equal(world.change.items[0].kind, CHANGE_REPORT);

        floor = state_party(world.state, "a");
        assert_int_equal(floor->floor, update.seq);
        assert_int_equal(floor->revision, entry->revision);
        assert_memory_equal(floor->digest, entry->digest, DIGEST_BYTES);
        assert_int_equal(floor->n_records, 1);
}

static void test_records_are_counted_per_party_as_they_come_and_go(void **state)
{
        WorldParty *a = world_add_party(&world, "a", "loc", "noord");
        WorldParty *b = world_add_party(&world, "b", "loc", "noord");
        Update update;

        for (uint32_t care = 1; care <= 3; care++) {
                update = world_counts(&world, a, "loc", care, 10);
                world_publish(&world, a, &update);
        }
        update = world_counts(&world, a, "loc", 3, 11);
        world_publish(&world, a, &update);
        update = world_counts(&world, b, "loc", 3, 11);
        world_publish(&world, b, &update);
        assert_int_equal(state_party(world.state, "a")->n_records, 3);

        update = world_withdraw(&world, a, "loc", 3);
        world_publish(&world, a, &update);
        assert_int_equal(state_party(world.state, "a")->n_records, 2);
        assert_int_equal(state_party(world.state, "b")->n_records, 1);
        assert_null(counts_record(a, "loc", 3));
        assert_non_null(counts_record(b, "loc", 3));
}

static void test_an_affirm_renews_and_moves_the_floor(void **state)
{
        WorldParty *party = world_add_party(&world, "a", "loc", "noord");
        Update update = world_counts(&world, party, "loc", 1, 10);

        world_publish(&world, party, &update);
        world.now_ms += 60000;
        update = world_affirm(&world, party, "loc", LANE_COUNTS);
        world_publish(&world, party, &update);

        assert_int_equal(counts_record(party, "loc", 1)->affirmation->revision, world.revision);
        assert_int_equal(state_floor(world.state, "a"), update.seq);
        assert_int_equal(world.change.n_items, 1);
        assert_int_equal(world.change.items[0].kind, CHANGE_AFFIRM);
}

static void test_an_update_at_the_floor_cannot_be_in_a_ledger(void **state)
{
        WorldParty *party = world_add_party(&world, "a", "loc", "noord");
        Update update = world_counts(&world, party, "loc", 1, 10);

        world_publish(&world, party, &update);
        update.counts.value[COUNT_STAFFED] = 11;
        assert_broken(ENTRY_UPDATE, world_update_envelope(&world, party, &update));
}

static void test_an_update_of_a_stranger_or_elsewhere_cannot_be_in_a_ledger(void **state)
{
        WorldParty *party = world_add_party(&world, "a", "loc", "noord");
        WorldParty *stranger = world_new_party(&world, "stranger");
        Update update;

        update = world_counts(&world, stranger, "loc", 1, 10);
        assert_broken(ENTRY_UPDATE, world_update_envelope(&world, stranger, &update));
        update = world_counts(&world, party, "elsewhere", 1, 10);
        assert_broken(ENTRY_UPDATE, world_update_envelope(&world, party, &update));
}

static void test_bytes_that_are_no_envelope_are_broken(void **state)
{
        static const EntryKind kinds[] = { ENTRY_EPOCH,      ENTRY_ENROLMENT, ENTRY_CARD,
                                           ENTRY_SUSPENSION, ENTRY_UPDATE,    ENTRY_CONFIRM,
                                           (EntryKind)99 };
        Blob *garbage = NULL;

        for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
                assert_int_equal(blob_copy(&garbage, "\xff\xff garbage", 10), 0);
                assert_broken(kinds[i], garbage);
        }
}

/* ------------------------------------------------------------------ the registry */

static void test_an_enrolment_is_told_to_readers_of_every_level(void **state)
{
        world_add_party(&world, "a", "loc", "noord");

        assert_non_null(registry_find(state_registry(world.state), "a"));
        assert_int_equal(registry_revision(state_registry(world.state)), world.revision);
        assert_int_equal(world.change.n_items, 1);
        assert_int_equal(world.change.items[0].kind, CHANGE_REGISTRY);
        assert_null(world.change.items[0].topic);
        assert_int_equal(world.change.items[0].from, AUDIENCE_OPEN);
        assert_int_equal(world.change.items[0].to, AUDIENCE_COORD);
        assert_int_equal(world.change.items[0].revision, world.revision);
}

static void test_a_location_no_longer_listed_is_withdrawn_and_a_moved_one_moves(void **state)
{
        WorldParty *party = world_new_party(&world, "a");
        LocationGrant both[] = { { .location = "one", .region = "noord" },
                                 { .location = "two", .region = "noord" } };
        LocationGrant moved = { .location = "two", .region = "zuid" };
        Enrolment enrolment = world_enrolment(&world, party, both, 2);
        Update update;

        world_enrol(&world, party, &enrolment);
        update = world_counts(&world, party, "one", 1, 10);
        world_publish(&world, party, &update);
        update = world_counts(&world, party, "two", 1, 10);
        world_publish(&world, party, &update);

        enrolment = world_enrolment(&world, party, &moved, 1);
        world_enrol(&world, party, &enrolment);
        assert_null(counts_record(party, "one", 1));
        assert_string_equal(counts_record(party, "two", 1)->topic->text, "pic/zuid/counts/");
        assert_int_equal(state_party(world.state, "a")->n_records, 1);
        assert_int_equal(world.change.n_items, 4); /* gone, gone there, shown here, reg/ */
}

static void test_a_revocation_removes_nothing(void **state)
{
        WorldParty *party = world_add_party(&world, "a", "loc", "noord");
        Update update = world_counts(&world, party, "loc", 1, 10);
        Enrolment revocation = world_enrolment(&world, party, NULL, 0);

        world_publish(&world, party, &update);
        revocation.roles = 0;
        revocation.cause = "left";
        world_enrol(&world, party, &revocation);

        assert_true(party_is_revoked(registry_find(state_registry(world.state), "a")));
        assert_non_null(counts_record(party, "loc", 1));
        assert_int_equal(state_floor(world.state, "a"), update.seq);
        assert_int_equal(world.change.n_items, 1);
}

static void test_a_suspension_is_told_and_reversible(void **state)
{
        WorldParty *party = world_add_party(&world, "a", "loc", "noord");
        const PublicKey *key = secret_key_public(party->key);
        Suspension suspension = world_suspension(party, true);
        KeyOwner owner;

        assert_true(
                registry_find_signer(state_registry(world.state), key_id_of(key->sign), &owner));
        assert_int_equal(owner_may_publish(&owner, world.now_ms), 0);
        world_suspend(&world, &suspension);
        assert_int_equal(owner_may_publish(&owner, world.now_ms), PLEK_REFUSED_SUSPENDED);
        assert_int_equal(world.change.items[0].kind, CHANGE_REGISTRY);

        suspension.suspended = false;
        world_suspend(&world, &suspension);
        assert_int_equal(owner_may_publish(&owner, world.now_ms), 0);
}

static void test_a_suspension_of_nobody_is_broken(void **state)
{
        WorldParty *stranger = world_new_party(&world, "stranger");
        Suspension suspension = world_suspension(stranger, true);
        Blob *body = NULL;

        assert_int_equal(suspension_encode(&body, &suspension), 0);
        assert_broken(ENTRY_SUSPENSION, body);
}

#define TEST(_name)       cmocka_unit_test_setup_teardown(_name, setup, teardown)
#define TEST_EMPTY(_name) cmocka_unit_test_setup_teardown(_name, setup_empty, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST_EMPTY(test_an_empty_state_knows_no_network),
                TEST_EMPTY(test_nothing_comes_before_the_genesis),
                TEST_EMPTY(test_genesis_names_the_network_and_its_authority),
                TEST(test_there_is_one_genesis),
                TEST(test_a_revision_comes_once),
                TEST(test_time_does_not_go_back),
                TEST(test_the_first_epoch_needs_no_confirmation),
                TEST(test_an_epoch_that_continues_leaves_floors_alone),
                TEST(test_an_epoch_that_does_not_continue_raises_every_floor_until_confirmed),
                TEST(test_an_epoch_is_never_used_twice),
                TEST(test_an_epoch_continues_the_one_in_force),
                TEST(test_only_the_latest_epochs_are_remembered),
                TEST(test_a_confirmation_of_nothing_known_is_broken),
                TEST(test_a_report_becomes_a_record_and_its_partys_floor),
                TEST(test_records_are_counted_per_party_as_they_come_and_go),
                TEST(test_an_affirm_renews_and_moves_the_floor),
                TEST(test_an_update_at_the_floor_cannot_be_in_a_ledger),
                TEST(test_an_update_of_a_stranger_or_elsewhere_cannot_be_in_a_ledger),
                TEST(test_bytes_that_are_no_envelope_are_broken),
                TEST(test_an_enrolment_is_told_to_readers_of_every_level),
                TEST(test_a_location_no_longer_listed_is_withdrawn_and_a_moved_one_moves),
                TEST(test_a_revocation_removes_nothing),
                TEST(test_a_suspension_is_told_and_reversible),
                TEST(test_a_suspension_of_nobody_is_broken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
