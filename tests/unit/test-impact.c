#include "impact-fixture.h"

/*
 * What follows from a closure; tests/model/model-impact.c has who is next nearest as a whole
 */

/* ------------------------------------------------------------------ */

static void test_what_nobody_says_is_given_cannot_close(void **state)
{
        World world;

        world_begin(&world);
        world.question.care = PLEK_CARE_GP_POST;
        assert_int_equal(impact_make(&world.answer, world.places.picture,
                                     world.places.fixture.registry, &world.question),
                         IMPACT_E_NOT_GIVEN);
        world.question.care = PLEK_CARE_ED;
        say_offer(&world.places, "a", "zeta", 0, true, TIME_ABSENT);
        assert_int_equal(impact_make(&world.answer, world.places.picture,
                                     world.places.fixture.registry, &world.question),
                         IMPACT_E_NOT_GIVEN);
        world_end(&world);
}

static void test_without_areas_all_goes_to_the_next_nearest(void **state)
{
        World world;

        world_begin(&world);
        world.question.load_per_hour = 6;
        world.question.to_ms = NOW + 2 * HOUR;
        impact(&world);
        assert_non_null(world.answer.own_points);
        assert_int_equal(world.answer.parts[0].n_moves, 1);
        assert_string_equal(world.answer.parts[0].moves[0].to->place->location, "alpha");
        assert_true(world.answer.parts[0].moves[0].before == 0);
        assert_true(world.answer.parts[0].moves[0].after > 11000 &&
                    world.answer.parts[0].moves[0].after < 11200);
        assert_ptr_equal(world.answer.parts[0].moves[0].to, &world.answer.shown[0]);
        assert_true(world.answer.shown[0].taken.share == 1);
        assert_true(world.answer.shown[0].taken.load_per_hour == 6);
        assert_true(world.answer.shown[0].taken.load_in_all == 12);
        assert_int_equal(shown(&world, "zeta")->taken.why, PLEK_IMPACT_CLOSES);
        world_end(&world);
}

static void test_load_moves_by_the_weight_of_the_areas_that_it_served(void **state)
{
        World world;

        world_begin(&world);
        const PlekArea areas[] = {
                area("south", -1, 300), /* zeta, then midi */
                area("here", 0, 100),   /* zeta, then alpha */
                area("north", 2, 999),  /* alpha: does not move */
                area("empty", 0, 0),
        };
        say_card(&world.places, "a", "midi", LATITUDE - 5 * STEP / 2); /* in the south, now */
        world.question.areas = areas;
        world.question.n_areas = N_ELEMENTS(areas);
        world.question.load_per_hour = 8;
        impact(&world);
        assert_int_equal(world.answer.parts[0].n_moves, 3);
        assert_true(world.answer.weight == 400);
        assert_true(shown(&world, "midi")->taken.share == 0.75);
        assert_true(shown(&world, "midi")->taken.load_per_hour == 6);
        assert_true(shown(&world, "midi")->taken.load_in_all == -1); /* it has no end */
        assert_true(shown(&world, "alpha")->taken.share == 0.25);
        assert_int_equal(shown(&world, "alpha")->taken.n_areas, 2);
        assert_string_equal(world.answer.shown[0].place->location, "midi"); /* most first */
        world_end(&world);
}

static void test_who_has_a_stop_or_is_closed_then_takes_nobody(void **state)
{
        World world;

        world_begin(&world);
        say_door(&world.places, "a", "alpha", NULL, PLEK_DOOR_STOP);
        impact(&world);
        assert_int_equal(shown(&world, "alpha")->taken.why, PLEK_IMPACT_DOOR);
        assert_string_equal(world.answer.parts[0].moves[0].to->place->location, "midi");

        /* It is Friday; midi closes on Saturday, as zeta does, and alpha has opened by then. */
        say_door(&world.places, "a", "alpha", NULL, PLEK_DOOR_OPEN);
        say_plan(&world, "midi", PLEK_DOOR_CLOSED, NOW + 10 * HOUR, NOW + 20 * HOUR);
        world.question.from_ms = NOW + 12 * HOUR;
        impact(&world);
        assert_int_equal(shown(&world, "midi")->taken.why, PLEK_IMPACT_DOOR);
        assert_string_equal(world.answer.parts[0].moves[0].to->place->location, "alpha");
        world_end(&world);
}

static void test_a_door_that_closes_meanwhile_is_shown(void **state)
{
        World world;

        world_begin(&world);
        say_plan(&world, "alpha", PLEK_DOOR_CLOSED, NOW + 5 * HOUR, NOW + 6 * HOUR);
        world.question.to_ms = NOW + 5 * HOUR;
        assert_null(shown((impact(&world), &world), "alpha")->plan);
        world.question.to_ms = NOW + 5 * HOUR + 1;
        assert_non_null(shown((impact(&world), &world), "alpha")->plan);
        assert_int_equal(shown(&world, "alpha")->taken.why, PLEK_IMPACT_TAKES);
        world_end(&world);
}

static void test_what_is_offered_when_it_closes_counts_and_not_what_is_now(void **state)
{
        World world;

        world_begin(&world);
        say_offer(&world.places, "a", "alpha", 0, false, TIME_ABSENT);
        say_offer(&world.places, "a", "alpha", 1, true, NOW + HOUR);
        assert_int_equal(shown((impact(&world), &world), "alpha")->taken.why, PLEK_IMPACT_TAKES);
        world.question.from_ms = NOW + HOUR;
        assert_int_equal(shown((impact(&world), &world), "alpha")->taken.why,
                         PLEK_IMPACT_NOT_OFFERED);
        world_end(&world);
}

static void test_with_a_matrix_nothing_else_says_how_far(void **state)
{
        static const PlekTravel travel[] = {
                { "a", "zeta", 5 }, { "a", "midi", 20 },   { "a", "alpha", 90 },
                { "b", "zeta", 7 }, { "a", "midi", 1 }, /* said twice: the first counts */
                { "d", "zeta", 9 }, { "d", "nowhere", 1 },
        };
        World world;

        world_begin(&world);
        const PlekArea areas[] = { area("a", 0, 1), area("b", 1, 1), area("c", 0, 1),
                                   area("d", 0, 1) };
        world.question.areas = areas;
        world.question.n_areas = N_ELEMENTS(areas);
        world.question.travel = travel;
        world.question.n_travel = N_ELEMENTS(travel);
        world.question.beyond = 15;
        impact(&world);
        assert_int_equal(world.answer.parts[0].n_moves, 3);
        assert_string_equal(world.answer.parts[0].moves[0].to->place->location, "midi");
        assert_true(world.answer.parts[0].moves[0].after == 20 &&
                    world.answer.parts[0].moves[0].is_beyond);
        assert_null(world.answer.parts[0].moves[1].to); /* it is next to alpha, as the crow flies */
        assert_true(world.answer.parts[0].moves[1].is_beyond &&
                    world.answer.parts[0].moves[1].after < 0);
        assert_int_equal(world.answer.n_newly_beyond, 3);
        assert_int_equal(world.answer.n_out_of_reach, 1);
        world_end(&world);
}

static void test_areas_that_end_up_too_far_are_told_from_those_that_were(void **state)
{
        World world;

        world_begin(&world);
        const PlekArea areas[] = { area("far", -9, 5), area("near", -1, 7), area("here", 0, 2) };
        world.question.areas = areas;
        world.question.n_areas = N_ELEMENTS(areas);
        world.question.beyond = 20000;
        impact(&world);
        assert_int_equal(world.answer.parts[0].n_moves, 3);
        assert_true(world.answer.parts[0].moves[0].was_beyond &&
                    world.answer.parts[0].moves[0].is_beyond);
        assert_true(!world.answer.parts[0].moves[1].was_beyond &&
                    world.answer.parts[0].moves[1].is_beyond);
        assert_true(!world.answer.parts[0].moves[2].is_beyond);
        assert_int_equal(world.answer.n_newly_beyond, 1);
        assert_true(world.answer.weight_newly_beyond == 7);
        world_end(&world);
}

static void test_the_location_as_a_whole_stands_for_its_units(void **state)
{
        World world;

        world_begin(&world);
        say_free(&world.places, "a", "alpha", "x", 2);
        say_free(&world.places, "a", "alpha", "y", 3);
        say_free(&world.places, "b", "alpha", "y", 50);
        assert_int_equal(shown((impact(&world), &world), "alpha")->free, 5);
        assert_int_equal(shown(&world, "alpha")->n_units, 2);
        say_free(&world.places, "a", "alpha", NULL, 4);
        assert_int_equal(shown((impact(&world), &world), "alpha")->free, 4);
        world.question.now_ms = world.question.from_ms = NOW + 9 * HOUR; /* silent by then */
        impact(&world);
        assert_int_equal(shown(&world, "alpha")->n_units, 0);
        assert_int_equal(shown(&world, "alpha")->oldest_ms, -1);
        assert_int_equal(shown(&world, "alpha")->n_units_unknown, 3);
        world_end(&world);
}

static void test_of_equally_near_ones_the_first_by_location_serves(void **state)
{
        World world;

        world_begin(&world);
        say_card(&world.places, "a", "alpha", LATITUDE); /* where zeta is, and before it by name */
        impact(&world);
        assert_int_equal(world.answer.parts[0].n_moves, 0);
        assert_true(world.answer.shown[0].taken.share == 0);
        world_end(&world);
}

static void test_what_has_no_card_is_nowhere_without_a_matrix(void **state)
{
        static const PlekTravel travel[] = { { "zeta", "zeta", 0 }, { "zeta", "alpha", 3 } };
        World world;

        world_begin(&world);
        say_card(&world.places, "a", "zeta", LATITUDE);
        world.question.location = "midi";
        assert_int_equal(shown((impact(&world), &world), "alpha")->taken.why, PLEK_IMPACT_TAKES);
        world.question.travel = travel;
        world.question.n_travel = N_ELEMENTS(travel);
        world.question.location = "zeta";
        impact(&world);
        assert_int_equal(shown(&world, "midi")->taken.why, PLEK_IMPACT_NOWHERE);
        assert_int_equal(world.answer.parts[0].n_moves, 1);
        assert_true(world.answer.parts[0].moves[0].after == 3);
        world_end(&world);
}

static void test_who_withdrew_what_it_said_takes_nobody_and_that_is_why(void **state)
{
        GoneOne one;
        World world;

        world_begin(&world);
        say_card(&world.places, "a", "delta", LATITUDE + STEP / 2);
        world.question.memory = gone_one(&one, UPDATE_DOOR, "a", "delta");
        impact(&world);
        assert_int_equal(shown(&world, "delta")->taken.why, PLEK_IMPACT_WITHDRAWN);
        assert_int_equal(shown(&world, "delta")->lead.why, DOOR_WHY_WITHDRAWN);
        say_free(&world.places, "a", "delta", NULL, 2);
        impact(&world);
        assert_int_equal(shown(&world, "delta")->taken.why, PLEK_IMPACT_TAKES);
        assert_true(shown(&world, "delta")->lead.since_ms == NOW - HOUR);
        world_end(&world);
}

static void test_cares_are_all_that_is_said_there(void **state)
{
        uint32_t cares[2];
        World world;

        world_begin(&world);
        say_free(&world.places, "b", "zeta", "x", 2);
        assert_int_equal(impact_cares(world.places.picture, STATUS_ACTUAL, "zeta", cares, 2), 1);
        assert_int_equal(cares[0], PLEK_CARE_ED);
        assert_int_equal(impact_cares(world.places.picture, STATUS_EXERCISE, "zeta", cares, 2), 0);
        assert_int_equal(impact_cares(world.places.picture, STATUS_ACTUAL, "none", cares, 2), 0);
        world_end(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_nobody_says_is_given_cannot_close),
                cmocka_unit_test(test_without_areas_all_goes_to_the_next_nearest),
                cmocka_unit_test(test_load_moves_by_the_weight_of_the_areas_that_it_served),
                cmocka_unit_test(test_who_has_a_stop_or_is_closed_then_takes_nobody),
                cmocka_unit_test(test_a_door_that_closes_meanwhile_is_shown),
                cmocka_unit_test(test_what_is_offered_when_it_closes_counts_and_not_what_is_now),
                cmocka_unit_test(test_with_a_matrix_nothing_else_says_how_far),
                cmocka_unit_test(test_areas_that_end_up_too_far_are_told_from_those_that_were),
                cmocka_unit_test(test_the_location_as_a_whole_stands_for_its_units),
                cmocka_unit_test(test_of_equally_near_ones_the_first_by_location_serves),
                cmocka_unit_test(test_what_has_no_card_is_nowhere_without_a_matrix),
                cmocka_unit_test(test_who_withdrew_what_it_said_takes_nobody_and_that_is_why),
                cmocka_unit_test(test_cares_are_all_that_is_said_there),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("impact", tests, NULL, NULL);
}
