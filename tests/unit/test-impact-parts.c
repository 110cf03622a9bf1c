#include "impact-fixture.h"

/*
 * A closure during which others close and open; tests/model/model-impact.c has any time of it
 */

static bool is_about(double a, double b)
{
        return a - b < 1e-9 && b - a < 1e-9;
}

static void test_a_neighbour_that_closes_meanwhile_takes_over_until_then(void **state)
{
        World world;

        world_begin(&world);
        say_plan(&world, "alpha", PLEK_DOOR_CLOSED, NOW + 6 * HOUR, NOW + 8 * HOUR);
        world.question.load_per_hour = 10;
        world.question.to_ms = NOW + 10 * HOUR;
        impact(&world);
        assert_int_equal(world.answer.n_parts, 3);
        for (size_t i = 0; i < 3; i++)
                assert_string_equal(world.answer.parts[i].moves[0].to->place->location,
                                    i == 1 ? "midi" : "alpha");
        assert_int_equal(world.answer.parts[0].to_ms, NOW + 6 * HOUR);
        assert_int_equal(world.answer.parts[1].from_ms, NOW + 6 * HOUR);
        assert_int_equal(world.answer.parts[2].from_ms, NOW + 8 * HOUR);
        assert_int_equal(world.answer.parts[2].to_ms, NOW + 10 * HOUR);
        assert_int_equal(shown(&world, "alpha")->parts[1].why, PLEK_IMPACT_DOOR);
        assert_true(is_about(shown(&world, "alpha")->taken.share, 0.8));
        assert_true(is_about(shown(&world, "alpha")->taken.load_in_all, 80));
        assert_true(is_about(shown(&world, "midi")->taken.load_in_all, 20));
        assert_true(is_about(shown(&world, "midi")->parts[1].load_per_hour, 10));
        assert_int_equal(shown(&world, "midi")->taken.n_areas, 1);
        assert_int_equal(shown(&world, "alpha")->taken.n_areas, 1); /* twice the same one */
        world_end(&world);
}

static void test_a_door_that_reopens_meanwhile_has_the_share_of_its_time(void **state)
{
        Update stop = update_of(UPDATE_DOOR, "a", "alpha");
        World world;

        world_begin(&world);
        stop.door = (Door){
                .state = PLEK_DOOR_STOP,
                .care = PLEK_CARE_ED,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = NOW + 3 * HOUR,
                .review_at_ms = TIME_ABSENT,
                .on_expiry = PLEK_ON_EXPIRY_REOPEN,
        };
        say(&world.places, &stop);
        world.question.to_ms = NOW + 4 * HOUR;
        impact(&world);
        assert_int_equal(world.answer.n_parts, 2);
        assert_int_equal(world.answer.parts[1].from_ms, NOW + 3 * HOUR);
        assert_true(is_about(shown(&world, "alpha")->taken.share, 0.25));
        assert_true(is_about(shown(&world, "midi")->taken.share, 0.75));
        assert_int_equal(shown(&world, "alpha")->taken.why, PLEK_IMPACT_TAKES);
        assert_true(shown(&world, "alpha")->taken.load_per_hour == -1); /* nobody knows the load */
        world_end(&world);
}

static void test_without_an_end_the_whole_is_what_holds_when_it_begins(void **state)
{
        World world;

        world_begin(&world);
        say_plan(&world, "alpha", PLEK_DOOR_CLOSED, NOW + HOUR, NOW + 2 * HOUR);
        world.question.load_per_hour = 10;
        impact(&world);
        assert_int_equal(world.answer.n_parts, 3);
        assert_int_equal(world.answer.parts[2].to_ms, TIME_ABSENT);
        assert_true(shown(&world, "alpha")->taken.share == 1);
        assert_true(shown(&world, "midi")->taken.share == 0);
        assert_int_equal(shown(&world, "midi")->taken.n_areas, 0);
        assert_true(is_about(shown(&world, "midi")->parts[1].load_in_all, 10));
        assert_true(shown(&world, "alpha")->parts[2].load_in_all == -1);
        world_end(&world);
}

static void test_what_changes_for_nobody_does_not_split_a_closure(void **state)
{
        World world;

        world_begin(&world);
        say_plan(&world, "midi", PLEK_DOOR_CLOSED, NOW + HOUR,
                 NOW + 2 * HOUR); /* alpha is nearer */
        say_plan(&world, "zeta", PLEK_DOOR_OPEN, NOW + HOUR,
                 NOW + 2 * HOUR); /* it is what closes */
        const PlekArea here = area("here", 0, 1);
        world.question.areas = &here;
        world.question.n_areas = 1;
        world.question.to_ms = NOW + 3 * HOUR;
        impact(&world);
        assert_int_equal(world.answer.n_parts, 1);
        assert_int_equal(shown(&world, "midi")->parts[0].why, PLEK_IMPACT_TAKES); /* at times */
        world_end(&world);
}

static void test_an_offering_that_begins_or_ends_meanwhile_splits_a_closure(void **state)
{
        World world;

        world_begin(&world);
        say_offer(&world.places, "a", "alpha", 0, false, TIME_ABSENT);
        say_offer(&world.places, "a", "alpha", 1, true, NOW + HOUR);
        world.question.to_ms = NOW + 4 * HOUR;
        impact(&world);
        assert_int_equal(world.answer.n_parts, 2);
        assert_int_equal(shown(&world, "alpha")->parts[1].why, PLEK_IMPACT_NOT_OFFERED);
        assert_true(is_about(shown(&world, "alpha")->taken.share, 0.25));
        world_end(&world);
}

static void test_who_ends_up_too_far_in_any_part_counts_once(void **state)
{
        World world;

        world_begin(&world);
        const PlekArea areas[] = { area("here", 0, 2), area("south", -1, 5) };
        say_plan(&world, "alpha", PLEK_DOOR_STOP, NOW + HOUR, NOW + 2 * HOUR);
        say_plan(&world, "midi", PLEK_DOOR_STOP, NOW + 90 * 60000, NOW + 100 * 60000);
        world.question.areas = areas;
        world.question.n_areas = N_ELEMENTS(areas);
        world.question.beyond = 20000;
        world.question.to_ms = NOW + 3 * HOUR;
        impact(&world);
        assert_int_equal(world.answer.n_parts, 5);
        assert_int_equal(world.answer.parts[0].n_newly_beyond, 1); /* the south */
        assert_null(world.answer.parts[2].moves[0].to);
        assert_int_equal(world.answer.n_newly_beyond, 2);
        assert_true(world.answer.weight_newly_beyond == 7 && world.answer.weight == 7);
        world_end(&world);
}

static void test_more_changes_than_can_be_shown_are_not_kept_quiet(void **state)
{
        World world;

        world_begin(&world);
        world.question.to_ms = NOW + 1000LL * HOUR;
        for (uint32_t i = 0; i < IMPACT_PARTS_MAX / 2; i++) {
                Update update = update_of(UPDATE_DOOR, "a", "alpha");

                update.door = (Door){
                        .state = PLEK_DOOR_CLOSED,
                        .care = PLEK_CARE_ED,
                        .patient_group = CODE_ABSENT,
                        .urgency = CODE_ABSENT,
                        .plan = i + 1,
                        .starts_at_ms = NOW + (2LL * i + 1) * HOUR,
                        .ends_at_ms = NOW + (2LL * i + 2) * HOUR,
                        .review_at_ms = TIME_ABSENT,
                };
                say(&world.places, &update);
                if (i == IMPACT_PARTS_MAX / 2 - 2)
                        assert_false(impact(&world)->has_more_parts);
        }
        impact(&world);
        assert_int_equal(world.answer.n_parts, IMPACT_PARTS_MAX);
        assert_true(world.answer.has_more_parts);
        assert_int_equal(world.answer.parts[IMPACT_PARTS_MAX - 1].to_ms, world.question.to_ms);
        world_end(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_neighbour_that_closes_meanwhile_takes_over_until_then),
                cmocka_unit_test(test_a_door_that_reopens_meanwhile_has_the_share_of_its_time),
                cmocka_unit_test(test_without_an_end_the_whole_is_what_holds_when_it_begins),
                cmocka_unit_test(test_what_changes_for_nobody_does_not_split_a_closure),
                cmocka_unit_test(test_an_offering_that_begins_or_ends_meanwhile_splits_a_closure),
                cmocka_unit_test(test_who_ends_up_too_far_in_any_part_counts_once),
                cmocka_unit_test(test_more_changes_than_can_be_shown_are_not_kept_quiet),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("impact-parts", tests, NULL, NULL);
}
