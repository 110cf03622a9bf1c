#include "admission-fixture.h"

static WorldParty *room;

static Update ack_of(const Update *seen, WorldParty *by, uint64_t revision)
{
        Update update = world_update(&world, by, seen->location);

        update.kind = UPDATE_ACK;
        update.ack = (Ack){ .party = seen->party,
                            .record = update_record_ref(seen),
                            .epoch = world.epoch,
                            .revision = revision };
        return update;
}

static const PlanOutcome *hand_in(const WorldParty *by, const Update *update)
{
        CLEANUP(blob_unrefp) Blob *envelope = world_update_envelope(&world, by, update);
        Candidate candidate;
        Update decoded;

        candidate = world_candidate(&world, by, envelope, &decoded);
        candidate.is_request = true;
        return admit(&candidate);
}

static int start(void **state)
{
        setup(state);
        room = world_add_party(&world, "room", "room", "noord");
        world_open_epoch(&world, true);
        plan_reset(plan, world.revision);
        return 0;
}

static void test_the_quota_of_who_has_seen_it_is_given_back_when_it_ends(void **state)
{
        Update door = world_door(&world, party, "loc", PLEK_DOOR_STOP), ack;

        world_publish(&world, party, &door);
        ack = ack_of(&door, room, world.revision);
        assert_accepted(hand_in(room, &ack));
        world_publish(&world, room, &ack);
        assert_int_equal(state_party(world.state, "room")->n_records, 1);
        assert_int_equal(state_party(world.state, "a")->n_records, 1);

        door = world_door(&world, party, "loc", PLEK_DOOR_OPEN);
        world_publish(&world, party, &door);
        assert_int_equal(state_party(world.state, "room")->n_records, 0);
        assert_int_equal(state_party(world.state, "a")->n_records, 1);
}

static void test_an_epoch_that_does_not_continue_makes_what_was_seen_another(void **state)
{
        Update door = world_door(&world, party, "loc", PLEK_DOOR_STOP), ack;
        uint64_t revision;

        world_publish(&world, party, &door);
        revision = world.revision;
        ack = ack_of(&door, room, revision);
        world_open_epoch(&world, true);
        plan_reset(plan, world.revision);
        assert_accepted(hand_in(room, &ack)); /* read in the one before */

        world.now_ms += 1000;
        world_open_epoch(&world, false);
        plan_reset(plan, world.revision);
        world.now_ms += 1000;
        ack.seq = (uint64_t)world.now_ms * 1000;
        assert_refused(hand_in(room, &ack), PLEK_REFUSED_STATEMENT, "ack.revision");
        ack.ack.epoch = world.epoch;
        assert_accepted(hand_in(room, &ack));
}

static void test_an_update_that_says_it_is_seen_is_no_update(void **state)
{
        Update door = world_door(&world, party, "loc", PLEK_DOOR_STOP), ack;

        world_publish(&world, party, &door);
        plan_reset(plan, world.revision);
        ack = ack_of(&door, room, world.revision);
        assert_refused(admit_of(room, &ack), PLEK_REFUSED_NOT_ALLOWED, "ack");
        ack = ack_of(&door, party, world.revision);
        assert_refused(hand_in(party, &ack), PLEK_REFUSED_FIELD, "ack.party");
}

static void test_a_record_for_others_is_refused_as_one_that_is_not_there(void **state)
{
        Update door = world_door(&world, party, "loc", PLEK_DOOR_STOP), ack;
        const PlanOutcome *outcome;
        char text[PLAN_TEXT_MAX];

        door.audience = AUDIENCE_COORD;
        world_publish(&world, party, &door);
        plan_reset(plan, world.revision);
        ack = ack_of(&door, room, world.revision);
        ack.audience = AUDIENCE_COORD;
        outcome = assert_refused(hand_in(room, &ack), PLEK_REFUSED_NOT_FOUND, "ack.record");
        snprintf(text, sizeof(text), "%s", outcome->refusal.text);

        ack.ack.record.care = PLEK_CARE_BURN;
        outcome = assert_refused(hand_in(room, &ack), PLEK_REFUSED_NOT_FOUND, "ack.record");
        assert_string_equal(outcome->refusal.text, text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_the_quota_of_who_has_seen_it_is_given_back_when_it_ends, start,
                        teardown),
                cmocka_unit_test_setup_teardown(
                        test_an_epoch_that_does_not_continue_makes_what_was_seen_another, start,
                        teardown),
                cmocka_unit_test_setup_teardown(test_an_update_that_says_it_is_seen_is_no_update,
                                                start, teardown),
                cmocka_unit_test_setup_teardown(
                        test_a_record_for_others_is_refused_as_one_that_is_not_there, start,
                        teardown),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
