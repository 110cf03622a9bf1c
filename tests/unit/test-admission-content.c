#include <string.h>

#include "admission-fixture.h"

/* ------------------------------------------------------------------ order and clocks */

static void test_a_seq_under_the_floor_is_refused_with_the_floor(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);
        const PlanOutcome *outcome;
        char floor[32];

        world_publish(&world, party, &update);
        snprintf(floor, sizeof(floor), "floor %llu;", (unsigned long long)update.seq);
        update.seq--;
        outcome = assert_refused(admit_of(party, &update), PLEK_REFUSED_REPLAY, "seq");
        assert_true(says(outcome, floor));
        assert_int_equal(outcome->floor, update.seq + 1);
}

static void test_a_seq_at_the_floor_with_other_bytes_is_refused(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);

        world_publish(&world, party, &update);
        update.counts.value[COUNT_STAFFED]++;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_REPLAY, "seq");
}

static void test_the_last_envelope_again_is_answered_with_its_revision(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);
        const PlanOutcome *outcome;
        uint64_t revision;

        world_publish(&world, party, &update);
        revision = world.revision;
        world_open_epoch(&world, true);

        outcome = assert_accepted(admit_of(party, &update));
        assert_int_equal(outcome->revision, revision);
        assert_int_equal(outcome->entry, SIZE_MAX);
        assert_int_equal(outcome->floor, update.seq);
        assert_int_equal(plan->n_entries, 0);
}

static void test_a_repeat_within_a_batch_points_to_the_same_entry(void **state)
{
        Update first = world_counts(&world, party, "loc", 1, 10);
        Update second = world_counts(&world, party, "loc", 2, 20);
        const PlanOutcome *outcome;

        assert_accepted(admit_of(party, &first));
        assert_accepted(admit_of(party, &second));
        outcome = assert_accepted(admit_of(party, &second));
        assert_int_equal(outcome->entry, 1);
        assert_int_equal(outcome->revision, 0);
        assert_int_equal(plan->n_entries, 2);

        /* but not the one before the last: that is a replay */
        outcome = assert_refused(admit_of(party, &first), PLEK_REFUSED_REPLAY, "seq");
        assert_int_equal(outcome->floor, second.seq);
}

static void test_an_epoch_that_does_not_continue_refuses_what_was_said_before_it(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);
        const PlanOutcome *outcome;

        world.now_ms += 1000;
        world_open_epoch(&world, false);
        outcome = assert_refused(admit_of(party, &update), PLEK_REFUSED_REPLAY, "seq");
        assert_int_equal(outcome->floor, world.now_ms * 1000);

        party->seq = outcome->floor;
        update = world_counts(&world, party, "loc", 1, 10);
        assert_accepted(admit_of(party, &update));
}

static void test_a_refused_update_leaves_the_floor(void **state)
{
        Update refused = world_counts(&world, party, "loc", 1, 10), update = refused;

        refused.location = "elsewhere";
        refused.seq++;
        assert_refused(admit_of(party, &refused), PLEK_REFUSED_LOCATION, "location");
        assert_accepted(admit_of(party, &update));
}

static void test_a_seq_ahead_by_more_than_the_skew_is_refused_with_both_clocks(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);
        const PlanOutcome *outcome;

        update.seq = (uint64_t)(world.now_ms + WORLD_SKEW_MS + 1) * 1000;
        outcome = assert_refused(admit_of(party, &update), PLEK_REFUSED_SEQ_AHEAD, "seq");
        assert_true(says(outcome, "2026-02-02T02:42:01.001Z"));
        assert_true(says(outcome, "2026-02-02T02:40:01.000Z"));

        update.seq = UINT64_MAX;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_SEQ_AHEAD, "seq");
        update.seq = (uint64_t)(world.now_ms + WORLD_SKEW_MS) * 1000;
        assert_accepted(admit_of(party, &update));
}

/* The broker's clock was two hours fast while the party spoke, and was set right. */
static void test_who_is_ahead_of_a_clock_that_was_set_right_can_still_speak(void **state)
{
        Update update;

        world.now_ms += 2 * 3600 * 1000;
        update = world_counts(&world, party, "loc", 1, 10);
        assert_accepted(admit_of(party, &update));

        world.now_ms -= 2 * 3600 * 1000;
        party->seq = update.seq;
        update = world_counts(&world, party, "loc", 1, 11);
        update.seq = party->seq + 1000001;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_SEQ_AHEAD, "seq");
        update.seq = party->seq - 1;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_REPLAY, "seq");
        update.seq = party->seq + 1;
        assert_accepted(admit_of(party, &update));
        update.seq = party->seq + 1000;
        assert_accepted(admit_of(party, &update));
}

static void test_sent_ahead_by_more_than_the_skew_is_refused_with_both_clocks(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);
        const PlanOutcome *outcome;

        update.sent_at_ms = world.now_ms + WORLD_SKEW_MS + 1;
        outcome = assert_refused(admit_of(party, &update), PLEK_REFUSED_SENT_AHEAD, "sent_at_ms");
        assert_true(says(outcome, "2026-02-02T02:42:01.001Z"));
        assert_true(says(outcome, "2026-02-02T02:40:01.000Z"));

        update.sent_at_ms--;
        assert_accepted(admit_of(party, &update));
}

static void test_what_comes_too_late_is_refused(void **state)
{
        Update update = world_counts(&world, party, "loc", 1, 10);

        world.now_ms = update.not_after_ms + 1;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_TOO_LATE, "not_after_ms");
        world.now_ms--;
        assert_accepted(admit_of(party, &update));
}

/* ------------------------------------------------------------------ doors */

static Update planned_door(int64_t starts_at_ms, int64_t ends_at_ms)
{
        Update update = world_door(&world, party, "loc", PLEK_DOOR_CLOSED);

        update.door.plan = 1;
        update.door.starts_at_ms = starts_at_ms;
        update.door.ends_at_ms = ends_at_ms;
        return update;
}

static void test_a_plan_that_is_over_is_refused(void **state)
{
        Update update = planned_door(world.now_ms - 2000, world.now_ms);

        assert_refused(admit_of(party, &update), PLEK_REFUSED_PERIOD, "door.ends_at_ms");
        update = planned_door(world.now_ms - 2000, world.now_ms + 1);
        assert_accepted(admit_of(party, &update));
}

static void test_a_stop_whose_end_has_passed_is_still_news(void **state)
{
        Update update = world_door(&world, party, "loc", PLEK_DOOR_STOP);

        update.door.ends_at_ms = world.now_ms - 1;
        assert_accepted(admit_of(party, &update));
}

static void test_a_region_can_forbid_a_state(void **state)
{
        DoorPolicy policies[] = {
                { .region = "zuid", .state = PLEK_DOOR_STOP, .forbidden = true },
                { .region = "noord", .state = PLEK_DOOR_CLOSED, .forbidden = true },
        };
        Update update;

        options.policies = policies;
        options.n_policies = N_ELEMENTS(policies);
        update = world_door(&world, party, "loc", PLEK_DOOR_CLOSED);
        assert_refused(admit_of(party, &update), PLEK_REFUSED_POLICY, "door.state");
        update = world_door(&world, party, "loc", PLEK_DOOR_STOP); /* that is zuid's */
        assert_accepted(admit_of(party, &update));
}

static void test_a_region_can_bound_how_long_a_state_lasts(void **state)
{
        DoorPolicy policy = { .region = "noord", .state = PLEK_DOOR_STOP, .longest_ms = 7200000 };
        Update update;

        options.policies = &policy;
        options.n_policies = 1;
        update = world_door(&world, party, "loc", PLEK_DOOR_STOP);
        assert_true(says(
                assert_refused(admit_of(party, &update), PLEK_REFUSED_POLICY, "door.ends_at_ms"),
                "120 minutes"));
        update.door.ends_at_ms = world.now_ms + 7200001;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_POLICY, "door.ends_at_ms");
        update.door.ends_at_ms = world.now_ms + 7200000;
        assert_accepted(admit_of(party, &update));
}

/* At a minute after @start_ms, until a later one, or open: accepted and applied, or refused. */
static bool stops(int64_t start_ms, int minute, int until)
{
        Update update;

        world.now_ms = start_ms + minute * INT64_C(60000);
        update = world_door(&world, party, "loc", until ? PLEK_DOOR_STOP : PLEK_DOOR_OPEN);
        if (until)
                update.door.ends_at_ms = start_ms + until * INT64_C(60000);
        plan_reset(plan, world.revision);
        if (admit_of(party, &update)->refusal.code) {
                assert_int_equal(plan->outcomes[0].refusal.code, PLEK_REFUSED_POLICY);
                assert_string_equal(plan->outcomes[0].refusal.field, "door.ends_at_ms");
                assert_true(strlen(plan->outcomes[0].refusal.text) < PLAN_TEXT_MAX - 1);
                return false;
        }
        world_publish(&world, party, &update);
        return true;
}

static void test_a_bounded_state_cannot_be_renewed_for_ever(void **state)
{
        DoorPolicy policy = { .region = "noord",
                              .state = PLEK_DOOR_STOP,
                              .longest_ms = 7200000,
                              .pause_ms = 1800000 };
        int64_t start_ms = world.now_ms;

        options.policies = &policy;
        options.n_policies = 1;
        assert_true(stops(start_ms, 0, 60));
        assert_true(stops(start_ms, 50, 120)); /* two hours in all */
        assert_false(stops(start_ms, 100, 121));
        assert_true(says(&plan->outcomes[0], "may begin anew"));
        assert_true(stops(start_ms, 100, 115)); /* earlier is always well */
        assert_true(stops(start_ms, 110, 0));
        assert_false(stops(start_ms, 111, 125)); /* it was open for a minute */
        assert_true(stops(start_ms, 111, 120));
        assert_true(stops(start_ms, 115, 0));
        assert_false(stops(start_ms, 144, 150));
        assert_true(stops(start_ms, 145, 265));
        /* Nobody opened it, but it ended. */
        assert_false(stops(start_ms, 294, 300));
        assert_true(stops(start_ms, 295, 300));
}

static void test_a_plan_is_measured_from_its_start(void **state)
{
        DoorPolicy policy = { .region = "noord", .state = PLEK_DOOR_CLOSED, .longest_ms = 7200000 };
        int64_t starts_at_ms = world.now_ms + 86400000;
        Update update = planned_door(starts_at_ms, starts_at_ms + 7200001);

        options.policies = &policy;
        options.n_policies = 1;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_POLICY, "door.ends_at_ms");
        update = planned_door(starts_at_ms, starts_at_ms + 7200000);
        assert_accepted(admit_of(party, &update));
}

/* A plan from one minute to another, as above. */
static bool announces(int64_t start_ms, uint32_t number, int from, int until)
{
        Update update =
                planned_door(start_ms + from * INT64_C(60000), start_ms + until * INT64_C(60000));

        update.door.state = PLEK_DOOR_STOP;
        update.door.plan = number;
        plan_reset(plan, world.revision);
        if (admit_of(party, &update)->refusal.code) {
                assert_int_equal(plan->outcomes[0].refusal.code, PLEK_REFUSED_POLICY);
                assert_string_equal(plan->outcomes[0].refusal.field, "door.ends_at_ms");
                assert_true(strlen(plan->outcomes[0].refusal.text) < PLAN_TEXT_MAX - 1);
                return false;
        }
        world_publish(&world, party, &update);
        return true;
}

static void test_a_bounded_state_cannot_be_announced_piece_by_piece(void **state)
{
        DoorPolicy policy = { .region = "noord",
                              .state = PLEK_DOOR_STOP,
                              .longest_ms = 7200000,
                              .pause_ms = 1800000 };
        int64_t start_ms = world.now_ms;
        Update other;

        options.policies = &policy;
        options.n_policies = 1;
        assert_true(announces(start_ms, 1, 600, 660));
        assert_true(announces(start_ms, 2, 670, 720)); /* two hours with the pause in it */
        assert_false(announces(start_ms, 3, 720, 730));
        assert_true(says(&plan->outcomes[0], "leave 30 minutes between"));
        assert_false(announces(start_ms, 3, 560, 590));
        assert_true(announces(start_ms, 3, 750, 870));  /* after a pause */
        assert_false(announces(start_ms, 4, 690, 740)); /* it would join them */
        assert_true(announces(start_ms, 3, 750, 800));  /* a plan that has not begun may change */
        assert_true(announces(start_ms, 4, 801, 870));

        /* What is said now goes on into what is announced, and the other way. */
        assert_false(stops(start_ms, 520, 580));
        assert_true(stops(start_ms, 520, 565));
        assert_false(announces(start_ms, 5, 570, 571));

        /* Another scope is another door. */
        other = planned_door(start_ms + 720 * INT64_C(60000), start_ms + 730 * INT64_C(60000));
        other.door.state = PLEK_DOOR_STOP;
        other.door.care = PLEK_CARE_WARD;
        plan_reset(plan, world.revision);
        assert_accepted(admit_of(party, &other));
}

static void test_a_plan_that_has_begun_does_not_begin_anew(void **state)
{
        DoorPolicy policy = { .region = "noord",
                              .state = PLEK_DOOR_STOP,
                              .longest_ms = 7200000,
                              .pause_ms = 1800000 };
        int64_t start_ms = world.now_ms;

        options.policies = &policy;
        options.n_policies = 1;
        assert_true(announces(start_ms, 1, 10, 130));
        world.now_ms = start_ms + 100 * INT64_C(60000);
        assert_false(announces(start_ms, 1, 105, 140));
        assert_true(announces(start_ms, 1, 105, 130));
}

/* ------------------------------------------------------------------ quota */

static void test_a_party_keeps_no_more_records_than_its_quota(void **state)
{
        Update update;

        options.n_records_max = 3;
        for (uint32_t care = 1; care <= 2; care++) {
                update = world_counts(&world, party, "loc", care, 10);
                world_publish(&world, party, &update);
        }
        update = world_counts(&world, party, "loc", 3, 10);
        assert_accepted(admit_of(party, &update));
        update = world_counts(&world, party, "loc", 4, 10);
        assert_true(says(assert_refused(admit_of(party, &update), PLEK_REFUSED_QUOTA, NULL),
                         "keeps 3"));

        /* what it holds it may go on reporting, affirming and withdrawing */
        update = world_counts(&world, party, "loc", 1, 11);
        assert_accepted(admit_of(party, &update));
        update = world_affirm(&world, party, "loc", LANE_COUNTS);
        assert_accepted(admit_of(party, &update));
        update = world_withdraw(&world, party, "loc", 1);
        assert_accepted(admit_of(party, &update));
}

static void test_a_full_batch_of_one_party_stays_within_its_quota(void **state)
{
        size_t n_accepted = 0;
        Update update;

        options.n_records_max = PLAN_ENTRIES_MAX - 24;
        for (uint32_t care = 1; care <= PLAN_ENTRIES_MAX; care++) {
                update = world_counts(&world, party, "loc", care, 10);
                n_accepted += !admit_of(party, &update)->refusal.code;
                arena_reset(world.arena);
        }
        assert_int_equal(n_accepted, options.n_records_max);
        assert_true(plan_is_full(plan));
}

static Update plan_of(const char *location, uint32_t number)
{
        Update update = world_door(&world, party, location, PLEK_DOOR_CLOSED);

        update.door.plan = number;
        update.door.starts_at_ms = world.now_ms + 1000;
        update.door.ends_at_ms = world.now_ms + 2000;
        return update;
}

static void test_doors_of_one_location_are_bounded_and_counts_do_not_count(void **state)
{
        Update update;

        options.n_doors_max = 3;
        for (uint32_t number = 0; number < 3; number++) {
                update = world_counts(&world, party, "loc", number + 1, 10);
                world_publish(&world, party, &update);
        }
        for (uint32_t number = 1; number <= 3; number++) {
                update = plan_of("loc", number);
                assert_accepted(admit_of(party, &update));
                world_publish(&world, party, &update);
        }
        update = plan_of("loc", 4);
        assert_true(says(assert_refused(admit_of(party, &update), PLEK_REFUSED_QUOTA, "door"),
                         "3 doors of loc"));

        /* what it holds it may change, and others of its records may come */
        update = plan_of("loc", 2);
        assert_accepted(admit_of(party, &update));
        update = world_counts(&world, party, "loc", 9, 10);
        assert_accepted(admit_of(party, &update));
}

#define TEST(_name) cmocka_unit_test_setup_teardown(_name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_seq_under_the_floor_is_refused_with_the_floor),
                TEST(test_a_seq_at_the_floor_with_other_bytes_is_refused),
                TEST(test_the_last_envelope_again_is_answered_with_its_revision),
                TEST(test_a_repeat_within_a_batch_points_to_the_same_entry),
                TEST(test_an_epoch_that_does_not_continue_refuses_what_was_said_before_it),
                TEST(test_a_refused_update_leaves_the_floor),
                TEST(test_a_seq_ahead_by_more_than_the_skew_is_refused_with_both_clocks),
                TEST(test_who_is_ahead_of_a_clock_that_was_set_right_can_still_speak),
                TEST(test_sent_ahead_by_more_than_the_skew_is_refused_with_both_clocks),
                TEST(test_what_comes_too_late_is_refused),
                TEST(test_a_plan_that_is_over_is_refused),
                TEST(test_a_stop_whose_end_has_passed_is_still_news),
                TEST(test_a_region_can_forbid_a_state),
                TEST(test_a_region_can_bound_how_long_a_state_lasts),
                TEST(test_a_bounded_state_cannot_be_renewed_for_ever),
                TEST(test_a_plan_is_measured_from_its_start),
                TEST(test_a_bounded_state_cannot_be_announced_piece_by_piece),
                TEST(test_a_plan_that_has_begun_does_not_begin_anew),
                TEST(test_a_party_keeps_no_more_records_than_its_quota),
                TEST(test_a_full_batch_of_one_party_stays_within_its_quota),
                TEST(test_doors_of_one_location_are_bounded_and_counts_do_not_count),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
