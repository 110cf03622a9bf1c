#include "door-fixture.h"

/*
 * What time does to a door: what ends, and what was announced
 */

/* ------------------------------------------------------------------ ends */

static void test_an_expired_stop_is_a_stop_and_says_that_it_expired(void **state)
{
        Said said = { 0 };
        const DoorLead *lead;

        say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_OPEN, NOW - 9 * HOUR);
        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - HOUR)->ends_at_ms = NOW;
        lead = lead_at(&said, PLEK_CARE_ED, NOW - 1);
        assert_int_equal(lead->standing, DOOR_STANDS);
        assert_true(lead->ends_at_ms == NOW);
        lead = lead_at(&said, PLEK_CARE_ED, NOW);
        assert_int_equal(lead->state, PLEK_DOOR_STOP);
        assert_int_equal(lead->standing, DOOR_EXPIRED);
        assert_true(lead->since_ms == NOW - HOUR && lead->ends_at_ms == TIME_ABSENT);
}

static void test_a_stop_that_lapses_does_not_fall_back_to_an_open_house(void **state)
{
        Said said = { 0 };
        const DoorLead *lead;
        Door *door;

        say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_OPEN, NOW - 9 * HOUR);
        door = say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - HOUR);
        door->ends_at_ms = NOW;
        door->on_expiry = PLEK_ON_EXPIRY_TO_UNKNOWN;
        lead = lead_at(&said, PLEK_CARE_ED, NOW);
        assert_int_equal(lead->state, DOOR_UNKNOWN);
        assert_int_equal(lead->why, DOOR_WHY_EXPIRED);
        assert_int_equal(lead->standing, DOOR_LAPSED);
        assert_true(lead->since_ms == NOW);
}

static void test_a_stop_that_reopens_is_open_since_its_end_and_overrules_nothing(void **state)
{
        Said said = { 0 };
        const DoorLead *lead;
        Door *door;

        door = say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - HOUR);
        door->ends_at_ms = NOW;
        door->on_expiry = PLEK_ON_EXPIRY_REOPEN;
        lead = lead_at(&said, PLEK_CARE_ED, NOW);
        assert_int_equal(lead->state, PLEK_DOOR_OPEN);
        assert_int_equal(lead->standing, DOOR_REOPENED);
        assert_true(lead->since_ms == NOW);

        /* A stop of the house from before it: overruled by what the ED said, not by its end. */
        say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_CLOSED, NOW - 2 * HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW - 1), PLEK_DOOR_STOP);
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_CLOSED);
}

static void test_who_was_open_until_a_time_is_not_open_after_it(void **state)
{
        Said said = { 0 };
        const DoorLead *lead;

        say(&said, "hap", NULL, PLEK_CARE_GP_POST, PLEK_DOOR_OPEN, NOW - HOUR)->ends_at_ms = NOW;
        lead = lead_at(&said, PLEK_CARE_GP_POST, NOW);
        assert_int_equal(lead->state, DOOR_UNKNOWN);
        assert_int_equal(lead->why, DOOR_WHY_EXPIRED);
        assert_true(lead->since_ms == NOW);
}

static void test_of_equally_strict_ones_one_that_stands_leads_over_an_expired_one(void **state)
{
        Said said = { 0 };

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_STOP, NOW - HOUR)->ends_at_ms = NOW - 5;
        say(&said, "zcc", NULL, CODE_ABSENT, PLEK_DOOR_STOP, NOW - 2 * HOUR);
        assert_string_equal(lead_at(&said, PLEK_CARE_ED, NOW)->word->party, "zcc");
        assert_int_equal(said.lead.standing, DOOR_STANDS);
}

/* ------------------------------------------------------------------ plans */

static void test_a_plan_begins_and_ends_by_itself(void **state)
{
        Said said = { 0 };
        DoorQuestion question = about(PLEK_CARE_GP_POST);
        DoorLead next;

        say(&said, "hap", NULL, PLEK_CARE_GP_POST, PLEK_DOOR_OPEN, NOW - 9 * HOUR);
        plan(&said, PLEK_CARE_GP_POST, PLEK_DOOR_CLOSED, NOW - HOUR, NOW + HOUR, NOW + 3 * HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_GP_POST, NOW), PLEK_DOOR_OPEN);
        assert_ptr_equal(said.lead.plan, &said.words[1]);
        assert_int_equal(part(&said, 1, PLEK_CARE_GP_POST), DOOR_AHEAD);
        assert_true(door_next_lead(said.words, 2, &question, NOW, &next) == NOW + HOUR);
        assert_int_equal(next.state, PLEK_DOOR_CLOSED);
        assert_true(next.since_ms == NOW + HOUR && next.ends_at_ms == NOW + 3 * HOUR);

        assert_true(door_next_lead(said.words, 2, &question, NOW + HOUR, &next) == NOW + 3 * HOUR);
        assert_int_equal(next.state, PLEK_DOOR_OPEN);
        assert_true(next.since_ms == NOW - 9 * HOUR);
        assert_true(door_next_lead(said.words, 2, &question, NOW + 3 * HOUR, &next) == INT64_MAX);
}

static void test_during_a_plan_the_stricter_of_it_and_what_is_said_now_holds(void **state)
{
        Said said = { 0 };

        plan(&said, PLEK_CARE_ED, PLEK_DOOR_RESTRICTED, NOW - 9 * HOUR, NOW - HOUR, NOW + HOUR);
        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW - 5);
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_RESTRICTED);
        said.doors[1].state = PLEK_DOOR_STOP;
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_STOP);
}

static void test_a_plan_is_overruled_only_by_what_is_stated_after_its_start(void **state)
{
        Said said = { 0 };

        plan(&said, CODE_ABSENT, PLEK_DOOR_CLOSED, NOW - 99 * HOUR, NOW - HOUR, NOW + HOUR);
        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_OPEN, NOW - 50 * HOUR);
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_CLOSED);
        assert_true(said.lead.since_ms == NOW - HOUR);
        said.words[1].since_ms = NOW - 5;
        assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_OPEN);
}

static void test_a_plan_opens_nothing_that_was_closed_after_it_was_announced(void **state)
{
        static const uint32_t lenient[] = { PLEK_DOOR_OPEN, PLEK_DOOR_RESTRICTED };

        for (size_t i = 0; i < N_ELEMENTS(lenient); i++) {
                Said said = { 0 };

                plan(&said, PLEK_CARE_ED, lenient[i], NOW - 99 * HOUR, NOW - HOUR, NOW + HOUR);
                say(&said, "duin", NULL, CODE_ABSENT, PLEK_DOOR_CLOSED, NOW - 50 * HOUR);
                assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), PLEK_DOOR_CLOSED);
                assert_int_equal(part(&said, 0, PLEK_CARE_ED), DOOR_HOLDS);

                /* Who announces it after that knew. */
                plan(&said, PLEK_CARE_ED, lenient[i], NOW - 49 * HOUR, NOW - HOUR, NOW + HOUR);
                assert_int_equal(state_at(&said, PLEK_CARE_ED, NOW), lenient[i]);
        }
}

static void test_the_nearest_of_several_plans_is_the_one_ahead(void **state)
{
        Said said = { 0 };

        plan(&said, PLEK_CARE_ED, PLEK_DOOR_CLOSED, NOW - 5, NOW + 9 * HOUR, NOW + 10 * HOUR);
        plan(&said, CODE_ABSENT, PLEK_DOOR_STOP, NOW - 5, NOW + 2 * HOUR, NOW + 10 * HOUR);
        plan(&said, PLEK_CARE_WARD, PLEK_DOOR_STOP, NOW - 5, NOW + 1 * HOUR, NOW + 10 * HOUR);
        assert_ptr_equal(lead_at(&said, PLEK_CARE_ED, NOW)->plan, &said.words[1]);
        said.words[1].withdrawn_ms = NOW;
        assert_ptr_equal(lead_at(&said, PLEK_CARE_ED, NOW)->plan, &said.words[0]);
}

static void test_plans_that_change_nothing_are_passed_over_in_what_comes_next(void **state)
{
        DoorQuestion question = about(PLEK_CARE_ED);
        Said said = { 0 };
        DoorLead next;

        say(&said, "duin", NULL, PLEK_CARE_ED, PLEK_DOOR_CLOSED, NOW - HOUR);
        plan(&said, PLEK_CARE_ED, PLEK_DOOR_RESTRICTED, NOW - 5, NOW + HOUR, NOW + 2 * HOUR);
        assert_true(door_next_lead(said.words, 2, &question, NOW, &next) == INT64_MAX);
        assert_int_equal(next.state, PLEK_DOOR_CLOSED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_expired_stop_is_a_stop_and_says_that_it_expired),
                cmocka_unit_test(test_a_stop_that_lapses_does_not_fall_back_to_an_open_house),
                cmocka_unit_test(
                        test_a_stop_that_reopens_is_open_since_its_end_and_overrules_nothing),
                cmocka_unit_test(test_who_was_open_until_a_time_is_not_open_after_it),
                cmocka_unit_test(
                        test_of_equally_strict_ones_one_that_stands_leads_over_an_expired_one),
                cmocka_unit_test(test_a_plan_begins_and_ends_by_itself),
                cmocka_unit_test(test_during_a_plan_the_stricter_of_it_and_what_is_said_now_holds),
                cmocka_unit_test(test_a_plan_is_overruled_only_by_what_is_stated_after_its_start),
                cmocka_unit_test(test_a_plan_opens_nothing_that_was_closed_after_it_was_announced),
                cmocka_unit_test(test_the_nearest_of_several_plans_is_the_one_ahead),
                cmocka_unit_test(test_plans_that_change_nothing_are_passed_over_in_what_comes_next),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
