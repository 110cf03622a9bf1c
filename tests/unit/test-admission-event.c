#include <string.h>

#include "admission-fixture.h"

#define HOUR ((int64_t)3600 * 1000)
#define DAY  (24 * HOUR)

/* A day's arrivals by ambulance, @days_ago. */
static Update flow_of(WorldParty *sender, Audience audience, int64_t days_ago, int32_t count)
{
        Update update = world_update(&world, sender, "loc");

        update.kind = UPDATE_FLOW;
        update.audience = audience;
        update.flow = (Flow){ .from = PLEK_CHAIN_AMBULANCE,
                              .to = PLEK_CHAIN_ED,
                              .care = PLEK_CARE_ED,
                              .has_count = true,
                              .count = count,
                              .from_ms = WORLD_START_MS - days_ago * DAY,
                              .until_ms = WORLD_START_MS - (days_ago - 1) * DAY };
        return update;
}

static Update refusal_of(uint8_t id, int32_t count)
{
        Update update = world_update(&world, party, "loc");

        update.kind = UPDATE_REFUSAL;
        update.audience = AUDIENCE_COORD;
        update.care_refusal = (CareRefusal){ .id = { id },
                                             .care = PLEK_CARE_ICU_ADULT,
                                             .at_ms = WORLD_START_MS - HOUR,
                                             .count = count };
        return update;
}

static Update withdrawal_of(const Update *said)
{
        Update update = world_update(&world, party, "loc");

        update.kind = UPDATE_WITHDRAW;
        update.withdraw = update_record_ref(said);
        return update;
}

/* ------------------------------------------------------------------ when */

static void test_what_has_not_happened_yet_cannot_be_counted(void **state)
{
        Update update = flow_of(party, AUDIENCE_COORD, 0, 9); /* today, which is not over */

        assert_refused(admit_of(party, &update), PLEK_REFUSED_PERIOD, "flow.until_ms");
        update = refusal_of(1, 1);
        update.care_refusal.at_ms = world.now_ms + WORLD_SKEW_MS + 1;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_PERIOD, "refusal.at_ms");
}

static void test_what_is_older_than_35_days_is_not_taken_any_more(void **state)
{
        Update update = flow_of(party, AUDIENCE_COORD, 35, 9);

        assert_accepted(admit_of(party, &update));
        update = flow_of(party, AUDIENCE_COORD, 36, 9);
        assert_refused(admit_of(party, &update), PLEK_REFUSED_PERIOD, "flow.until_ms");
        update = refusal_of(1, 1);
        update.care_refusal.at_ms = world.now_ms - 36 * DAY;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_PERIOD, "refusal.at_ms");
}

/* ------------------------------------------------------------------ differences */

static void test_periods_that_overlap_are_for_coordination_centres(void **state)
{
        Update week = flow_of(party, AUDIENCE_CARE, 7, 40), day, others;

        week.flow.until_ms = WORLD_START_MS;
        world_publish(&world, party, &week);

        day = flow_of(party, AUDIENCE_CARE, 3, 12);
        assert_refused(admit_of(party, &day), PLEK_REFUSED_POLICY, "flow.from_ms");
        day.audience = AUDIENCE_OPEN;
        assert_refused(admit_of(party, &day), PLEK_REFUSED_POLICY, "flow.from_ms");
        day.audience = AUDIENCE_COORD;
        day.flow.count = 2;
        assert_accepted(admit_of(party, &day));

        day = flow_of(party, AUDIENCE_CARE, 8, 12); /* the day before it */
        assert_accepted(admit_of(party, &day));
        others = flow_of(party, AUDIENCE_CARE, 3, 12); /* of another flow */
        others.flow.from = PLEK_CHAIN_GP;
        assert_accepted(admit_of(party, &others));
}

static void test_what_is_said_for_coordination_centres_is_held_against_nobody(void **state)
{
        Update day = flow_of(party, AUDIENCE_COORD, 3, 2), week;

        world_publish(&world, party, &day);
        week = flow_of(party, AUDIENCE_CARE, 7, 40);
        week.flow.until_ms = WORLD_START_MS;
        assert_accepted(admit_of(party, &week));
}

static void test_overlaps_within_a_batch_are_seen(void **state)
{
        Update week = flow_of(party, AUDIENCE_CARE, 7, 40), day;

        week.flow.until_ms = WORLD_START_MS;
        assert_accepted(admit_of(party, &week));
        day = flow_of(party, AUDIENCE_CARE, 3, 12);
        assert_refused(admit_of(party, &day), PLEK_REFUSED_POLICY, "flow.from_ms");
        week.seq = party->seq + 1;
        week.flow.count = 41;
        assert_refused(admit_of(party, &week), PLEK_REFUSED_POLICY, "flow.count");
        week = withdrawal_of(&week);
        assert_refused(admit_of(party, &week), PLEK_REFUSED_POLICY, "withdraw");
}

static void test_parts_of_one_period_all_name_what_they_are_a_part_of(void **state)
{
        Update a = flow_of(party, AUDIENCE_CARE, 3, 12), b, all;

        a.flow.other = "rav-1";
        world_publish(&world, party, &a);
        b = flow_of(party, AUDIENCE_CARE, 3, 9);
        b.flow.other = "rav-2";
        assert_accepted(admit_of(party, &b));
        all = flow_of(party, AUDIENCE_CARE, 3, 14);
        assert_refused(admit_of(party, &all), PLEK_REFUSED_POLICY, "flow.from_ms");
        all.unit = "seh";
        all.flow.other = "rav-3";
        assert_refused(admit_of(party, &all), PLEK_REFUSED_POLICY, "flow.from_ms");
}

static void test_another_party_is_held_against_it_too(void **state)
{
        WorldParty *other = world_add_party(&world, "b", "loc", "noord");
        Update day = flow_of(party, AUDIENCE_CARE, 3, 12), again, longer;

        world_publish(&world, party, &day);
        again = flow_of(other, AUDIENCE_CARE, 3, 12);
        assert_accepted(admit_of(other, &again));
        again = flow_of(other, AUDIENCE_CARE, 3, 13); /* one more was registered since */
        assert_refused(admit_of(other, &again), PLEK_REFUSED_POLICY, "flow.from_ms");
        longer = flow_of(other, AUDIENCE_CARE, 4, 30);
        longer.flow.until_ms += DAY;
        assert_refused(admit_of(other, &longer), PLEK_REFUSED_POLICY, "flow.from_ms");
}

/* ------------------------------------------------------------------ what was said stays */

static void test_a_count_that_others_have_read_is_not_corrected_before_them(void **state)
{
        Update day = flow_of(party, AUDIENCE_CARE, 3, 12), update;

        world_publish(&world, party, &day);
        update = flow_of(party, AUDIENCE_CARE, 3, 13);
        assert_refused(admit_of(party, &update), PLEK_REFUSED_POLICY, "flow.count");
        update.flow.has_count = false;
        assert_refused(admit_of(party, &update), PLEK_REFUSED_POLICY, "flow.count");
        update = flow_of(party, AUDIENCE_OPEN, 3, 12); /* the same number, for more */
        assert_accepted(admit_of(party, &update));
}

static void test_what_was_taken_back_stays_with_coordination_centres(void **state)
{
        Update day = flow_of(party, AUDIENCE_CARE, 3, 12), update, longer;

        world_publish(&world, party, &day);
        update = flow_of(party, AUDIENCE_COORD, 3, 13);
        world_publish(&world, party, &update);
        update = flow_of(party, AUDIENCE_CARE, 3, 13);
        assert_refused(admit_of(party, &update), PLEK_REFUSED_POLICY, "audience");
        longer = flow_of(party, AUDIENCE_CARE, 4, 30);
        longer.flow.until_ms += DAY;
        assert_refused(admit_of(party, &longer), PLEK_REFUSED_POLICY, "flow.from_ms");
        update = withdrawal_of(&day);
        assert_refused(admit_of(party, &update), PLEK_REFUSED_POLICY, "withdraw");
        update = flow_of(party, AUDIENCE_COORD, 3, 14); /* corrected among them */
        assert_accepted(admit_of(party, &update));
}

static void test_a_flow_that_nobody_else_has_read_is_withdrawn(void **state)
{
        Update day = flow_of(party, AUDIENCE_COORD, 3, 2), update;

        world_publish(&world, party, &day);
        update = withdrawal_of(&day);
        assert_accepted(admit_of(party, &update));
}

/* ------------------------------------------------------------------ ids */

static void test_a_known_id_is_accepted_again_without_effect(void **state)
{
        Update first = refusal_of(1, 1), again;
        Picture *picture = state_picture(world.state);
        uint64_t revision;

        world_publish(&world, party, &first);
        revision = picture_next(picture, NULL)->revision;
        again = refusal_of(1, 1);
        assert_accepted(admit_of(party, &again));
        world_publish(&world, party, &again);
        assert_int_equal(picture_n_records(picture), 1);
        assert_int_equal(picture_next(picture, NULL)->revision, revision);
        assert_int_equal(world.change.n_items, 0);
        assert_int_equal(state_floor(world.state, "a"), again.seq);
}

static void test_a_known_id_for_something_else_is_refused(void **state)
{
        Update first = refusal_of(1, 1), other;

        world_publish(&world, party, &first);
        other = refusal_of(1, 2);
        assert_refused(admit_of(party, &other), PLEK_REFUSED_FIELD, "refusal.id");
        other = refusal_of(2, 2);
        assert_accepted(admit_of(party, &other));
}

/* ------------------------------------------------------------------ they leave */

static void test_an_id_stands_for_one_refusal_within_a_batch_too(void **state)
{
        Update first = refusal_of(1, 1), other = refusal_of(1, 2), again = refusal_of(1, 1), back;

        assert_accepted(admit_of(party, &first));
        other.seq = first.seq + 1;
        assert_refused(admit_of(party, &other), PLEK_REFUSED_FIELD, "refusal.id");
        again.seq = first.seq + 2;
        assert_accepted(admit_of(party, &again));

        /* Taken back, it is free: in one batch as in two. */
        back = withdrawal_of(&first);
        back.seq = first.seq + 3;
        assert_accepted(admit_of(party, &back));
        other.seq = first.seq + 4;
        assert_accepted(admit_of(party, &other));
        again.seq = first.seq + 5;
        assert_refused(admit_of(party, &again), PLEK_REFUSED_FIELD, "refusal.id");
}

static void test_events_leave_by_themselves_and_do_not_count_for_the_quota(void **state)
{
        Update flow = flow_of(party, AUDIENCE_CARE, 1, 12), refusal = refusal_of(1, 1), counts;
        Picture *picture = state_picture(world.state);

        world_publish(&world, party, &flow);
        world_publish(&world, party, &refusal);
        assert_int_equal(state_party(world.state, "a")->n_records, 2);
        world.now_ms += EVENT_DAYS * DAY;
        counts = world_counts(&world, party, "loc", 1, 10);
        world_publish(&world, party, &counts);
        assert_int_equal(picture_n_records(picture), 3);
        world.now_ms += 2 * DAY;
        counts = world_counts(&world, party, "loc", 1, 11);
        world_publish(&world, party, &counts);
        assert_int_equal(picture_n_records(picture), 1);
        assert_int_equal(state_party(world.state, "a")->n_records, 1);
        assert_int_equal(world.change.n_items, 1); /* nobody is told */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define ADMISSION(_test) cmocka_unit_test_setup_teardown(_test, setup, teardown)
                ADMISSION(test_what_has_not_happened_yet_cannot_be_counted),
                ADMISSION(test_what_is_older_than_35_days_is_not_taken_any_more),
                ADMISSION(test_periods_that_overlap_are_for_coordination_centres),
                ADMISSION(test_what_is_said_for_coordination_centres_is_held_against_nobody),
                ADMISSION(test_overlaps_within_a_batch_are_seen),
                ADMISSION(test_parts_of_one_period_all_name_what_they_are_a_part_of),
                ADMISSION(test_another_party_is_held_against_it_too),
                ADMISSION(test_a_count_that_others_have_read_is_not_corrected_before_them),
                ADMISSION(test_what_was_taken_back_stays_with_coordination_centres),
                ADMISSION(test_a_flow_that_nobody_else_has_read_is_withdrawn),
                ADMISSION(test_a_known_id_is_accepted_again_without_effect),
                ADMISSION(test_a_known_id_for_something_else_is_refused),
                ADMISSION(test_events_leave_by_themselves_and_do_not_count_for_the_quota),
                ADMISSION(test_an_id_stands_for_one_refusal_within_a_batch_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
