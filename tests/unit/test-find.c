#include "derived/find.h"
#include "places-fixture.h"

/*
 * Reports as they come, and where a patient can be taken then; tests/model/model-find.c has the
 * rule as a whole
 */

typedef struct World {
        PlacesWorld places;
        FindQuestion question;
        FindAnswer answer;
} World;

static void world_begin(World *world)
{
        memset(world, 0, sizeof(*world));
        world->question = (FindQuestion){
                .status = STATUS_ACTUAL,
                .care = PLEK_CARE_ED,
                .latitude = 52,
                .longitude = 5,
                .need = 1,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .now_ms = NOW,
        };
        places_begin(&world->places);
}

static void world_end(World *world)
{
        find_answer_deinit(&world->answer);
        places_end(&world->places);
}

static const FindAnswer *find(World *world)
{
        find_answer_deinit(&world->answer);
        assert_int_equal(find_places(&world->answer, world->places.picture,
                                     world->places.fixture.registry, &world->question),
                         0);
        return &world->answer;
}

static void assert_found(const Found *found, const char *location, PlekFindRank rank)
{
        assert_string_equal(found->place->location, location);
        assert_int_equal(found->rank, rank);
}

/* ------------------------------------------------------------------ */

static void test_of_what_nobody_speaks_nothing_is_found(void **state)
{
        World world;

        world_begin(&world);
        assert_int_equal(find(&world)->n_found, 0);
        say_card(&world.places, "a", "zeta", 520000000);
        assert_int_equal(find(&world)->n_found, 0); /* it does not say that it gives this care */
        world_end(&world);
}

static void test_a_zero_is_full_and_nothing_said_is_unknown(void **state)
{
        World world;

        world_begin(&world);
        say_free(&world.places, "a", "zeta", NULL, 0);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_offer(&world.places, "a", "midi", 0, false, TIME_ABSENT);
        assert_int_equal(find(&world)->n_found, 2);
        assert_found(&world.answer.found[0], "midi", PLEK_FIND_UNKNOWN);
        assert_null(world.answer.found[0].counts);
        assert_found(&world.answer.found[1], "zeta", PLEK_FIND_FULL);
        world_end(&world);
}

static void test_an_open_ed_that_counts_nothing_takes_patients(void **state)
{
        World world;

        world_begin(&world);
        say_card(&world.places, "a", "zeta", 520100000);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_card(&world.places, "a", "midi", 525000000);
        say_door(&world.places, "a", "midi", NULL, PLEK_DOOR_OPEN);
        say_free(&world.places, "a", "midi", NULL, 1);
        find(&world);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_FREE);
        assert_true(world.answer.found[0].by_door);
        assert_int_equal(world.answer.found[0].doubts, 0);
        assert_found(&world.answer.found[1], "midi", PLEK_FIND_FREE);
        assert_false(world.answer.found[1].by_door);

        world.question.need = 2; /* one is let in, but two? */
        find(&world);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_UNCONFIRMED);
        assert_int_equal(world.answer.found[0].doubts, PLEK_DOUBT_COUNTS_UNKNOWN);
        assert_found(&world.answer.found[1], "midi", PLEK_FIND_FULL);
        world_end(&world);
}

static void test_an_open_door_with_no_place_that_is_counted_is_full(void **state)
{
        World world;

        world_begin(&world);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_free(&world.places, "a", "zeta", NULL, 0);
        assert_found(&find(&world)->found[0], "zeta", PLEK_FIND_FULL);
        world_end(&world);
}

static void test_a_ward_is_counted_and_its_open_door_says_nothing_of_beds(void **state)
{
        World world;
        Update door = update_of(UPDATE_DOOR, "a", "zeta");

        world_begin(&world);
        door.door = (Door){ .state = PLEK_DOOR_OPEN,
                            .care = PLEK_CARE_WARD,
                            .patient_group = CODE_ABSENT,
                            .urgency = CODE_ABSENT,
                            .starts_at_ms = TIME_ABSENT,
                            .ends_at_ms = TIME_ABSENT,
                            .review_at_ms = TIME_ABSENT };
        say(&world.places, &door);
        world.question.care = PLEK_CARE_WARD;
        assert_found(&find(&world)->found[0], "zeta", PLEK_FIND_UNKNOWN);
        assert_false(world.answer.found[0].by_door);
        world_end(&world);
}

static void test_two_units_have_enough_together(void **state)
{
        World world;

        world_begin(&world);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_free(&world.places, "a", "zeta", "x", 1);
        say_free(&world.places, "b", "zeta", "y", 1);
        say_free(&world.places, "a", "zeta", "z", 0);
        world.question.need = 2;
        find(&world);
        assert_int_equal(world.answer.n_found, 2);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_FREE);
        assert_int_equal(world.answer.found[0].counts->free, 2);
        assert_null(world.answer.found[0].counts->unit);
        assert_null(world.answer.found[0].counts->party);
        assert_int_equal(world.answer.found[0].n_units, 2);
        assert_string_equal(world.answer.found[0].units[0]->unit, "x");
        assert_string_equal(world.answer.found[0].units[1]->unit, "y");
        assert_found(&world.answer.found[1], "zeta", PLEK_FIND_FULL);
        assert_string_equal(world.answer.found[1].counts->unit, "z");

        world.question.need = 3;
        assert_int_equal(find(&world)->n_found, 3);
        for (size_t i = 0; i < 3; i++)
                assert_found(&world.answer.found[i], "zeta", PLEK_FIND_FULL);
        world_end(&world);
}

static void test_units_join_only_where_none_is_enough_by_itself(void **state)
{
        World world;

        world_begin(&world);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_free(&world.places, "a", "zeta", "x", 1);
        say_free(&world.places, "a", "zeta", "y", 1);
        say_free(&world.places, "a", "zeta", "z", 2);
        world.question.need = 2;
        find(&world);
        assert_int_equal(world.answer.n_found, 3);
        assert_string_equal(world.answer.found[0].counts->unit, "z");
        assert_int_equal(world.answer.found[0].n_units, 0);
        world_end(&world);
}

static void test_what_the_whole_location_says_is_added_to_nothing(void **state)
{
        World world;

        world_begin(&world);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_free(&world.places, "a", "zeta", NULL, 1);
        say_free(&world.places, "a", "zeta", "x", 1);
        say_free(&world.places, "a", "zeta", "y", 1);
        world.question.need = 2;
        assert_int_equal(find(&world)->n_found, 3);
        for (size_t i = 0; i < 3; i++)
                assert_found(&world.answer.found[i], "zeta", PLEK_FIND_FULL);
        world_end(&world);
}

static void test_a_unit_that_has_stopped_takes_no_part(void **state)
{
        World world;

        world_begin(&world);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_door(&world.places, "a", "zeta", "x", PLEK_DOOR_STOP);
        say_free(&world.places, "a", "zeta", "x", 1);
        say_free(&world.places, "a", "zeta", "y", 1);
        world.question.need = 2;
        find(&world);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_FULL);
        assert_found(&world.answer.found[1], "zeta", PLEK_FIND_LEFT_OUT);
        world_end(&world);
}

static void test_a_unit_has_its_own_door(void **state)
{
        World world;

        world_begin(&world);
        say_free(&world.places, "a", "zeta", "x", 1);
        say_free(&world.places, "a", "zeta", "y", 1);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_door(&world.places, "a", "zeta", "x", PLEK_DOOR_STOP);
        find(&world);
        assert_int_equal(world.answer.n_found, 2);
        assert_int_equal(world.answer.n_left_out, 1);
        assert_string_equal(world.answer.found[0].counts->unit, "y");
        assert_string_equal(world.answer.found[1].counts->unit, "x");
        assert_int_equal(world.answer.found[1].why, PLEK_LEFT_OUT_DOOR);
        world_end(&world);
}

static void test_a_door_that_was_withdrawn_says_so_and_since_when(void **state)
{
        GoneOne one;
        World world;

        world_begin(&world);
        say_free(&world.places, "a", "zeta", NULL, 1);
        assert_int_equal(find(&world)->found[0].lead.why, DOOR_WHY_NEVER);
        world.question.memory = gone_one(&one, UPDATE_DOOR, "b", "zeta");
        find(&world);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_UNCONFIRMED);
        assert_int_equal(world.answer.found[0].doubts, PLEK_DOUBT_DOOR_UNKNOWN);
        assert_int_equal(world.answer.found[0].lead.why, DOOR_WHY_WITHDRAWN);
        assert_true(world.answer.found[0].lead.since_ms == NOW - HOUR);
        assert_true(world.answer.found[0].place->counts_gone_ms == TIME_ABSENT);

        say_door(&world.places, "b", "zeta", NULL, PLEK_DOOR_OPEN); /* it came back */
        assert_found(&find(&world)->found[0], "zeta", PLEK_FIND_FREE);
        assert_int_equal(world.answer.found[0].place->n_words, 1);
        world_end(&world);
}

static void test_who_withdrew_all_that_it_said_is_left_out_and_not_forgotten(void **state)
{
        GoneOne one;
        World world;

        world_begin(&world);
        world.question.memory = gone_one(&one, UPDATE_COUNTS, "b", "zeta");
        find(&world);
        assert_int_equal(world.answer.n_found, 1);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_LEFT_OUT);
        assert_int_equal(world.answer.found[0].why, PLEK_LEFT_OUT_WITHDRAWN);
        assert_true(world.answer.found[0].place->counts_gone_ms == NOW - HOUR);
        assert_string_equal(world.answer.found[0].place->party, "b");
        assert_string_equal(world.answer.found[0].place->region, "west");

        say_offer(&world.places, "a", "zeta", 0, false, TIME_ABSENT);
        assert_found(&find(&world)->found[0], "zeta", PLEK_FIND_UNKNOWN);
        world.question.care = PLEK_CARE_WARD; /* of another care it never said anything */
        assert_int_equal(find(&world)->n_found, 0);
        world_end(&world);
}

static void test_of_two_parties_on_one_unit_one_counts(void **state)
{
        World world;

        world_begin(&world);
        say_free(&world.places, "b", "zeta", "x", 1);
        say_free(&world.places, "a", "zeta", "x", 5);
        say_free(&world.places, "a", "zeta", "y", 2);
        find(&world);
        assert_int_equal(world.answer.n_found, 3);
        assert_int_equal(world.answer.n_left_out, 1);
        assert_int_equal(world.answer.found[2].why, PLEK_LEFT_OUT_DOUBLED);
        assert_string_equal(world.answer.found[2].counts->party, "b"); /* as old, but a is first */
        assert_string_equal(world.answer.found[0].counts->unit, "x");
        world_end(&world);
}

static void test_the_number_to_call_is_that_of_the_care(void **state)
{
        World world;

        world_begin(&world);
        say_card(&world.places, "a", "zeta", 521000000);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        find(&world);
        assert_string_equal(place_contact(world.answer.found[0].place, PLEK_CARE_ED)->phone, "3");
        assert_string_equal(place_contact(world.answer.found[0].place, PLEK_CARE_WARD)->phone, "1");
        world_end(&world);
}

static void test_an_exercise_finds_places_by_their_actual_cards(void **state)
{
        World world;
        Update door = update_of(UPDATE_DOOR, "a", "zeta");

        world_begin(&world);
        say_card(&world.places, "a", "zeta", 520000000);
        say_free(&world.places, "a", "zeta", NULL,
                 5); /* what is real is no answer to an exercise */
        door.status = STATUS_EXERCISE;
        door.door = (Door){ .state = PLEK_DOOR_OPEN,
                            .care = PLEK_CARE_ED,
                            .patient_group = CODE_ABSENT,
                            .urgency = CODE_ABSENT,
                            .starts_at_ms = TIME_ABSENT,
                            .ends_at_ms = TIME_ABSENT,
                            .review_at_ms = TIME_ABSENT };
        say(&world.places, &door);
        world.question.status = STATUS_EXERCISE;
        assert_int_equal(find(&world)->n_found, 1);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_FREE);
        assert_true(world.answer.found[0].distance_m == 0);
        world.question.status = STATUS_ACTUAL;
        assert_found(&find(&world)->found[0], "zeta", PLEK_FIND_UNCONFIRMED);
        world_end(&world);
}

static void test_a_distrusted_card_gives_neither_a_number_nor_a_place(void **state)
{
        World world;
        Enrolment revocation;

        world_begin(&world);
        say_card(&world.places, "b", "zeta", 521000000);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        revocation = revocation_of(&world.places.fixture, "b", 2, 1, NOW);
        apply(&world.places.fixture, &revocation);
        find(&world);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_FREE);
        assert_true(world.answer.found[0].distance_m < 0);
        assert_null(place_contact(world.answer.found[0].place, PLEK_CARE_ED));

        say_card(&world.places, "a", "zeta", 520000000); /* whoever is to be believed comes first */
        assert_true(find(&world)->found[0].distance_m == 0);
        world_end(&world);
}

static void test_what_only_a_distrusted_party_says_is_left_out(void **state)
{
        World world;
        Enrolment revocation;

        world_begin(&world);
        say_free(&world.places, "b", "zeta", NULL, 9);
        say_door(&world.places, "b", "midi", NULL, PLEK_DOOR_OPEN);
        revocation = revocation_of(&world.places.fixture, "b", 2, 1, NOW);
        apply(&world.places.fixture, &revocation);
        find(&world);
        assert_int_equal(world.answer.n_found, 2);
        assert_int_equal(world.answer.n_left_out, 2);
        for (size_t i = 0; i < 2; i++)
                assert_int_equal(world.answer.found[i].why, PLEK_LEFT_OUT_DISTRUSTED);
        world_end(&world);
}

static void test_who_is_no_longer_enrolled_is_a_doubt(void **state)
{
        World world;
        Enrolment revocation;

        world_begin(&world);
        say_free(&world.places, "b", "zeta", NULL, 9);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        assert_found(&find(&world)->found[0], "zeta", PLEK_FIND_FREE);
        revocation = revocation_of(&world.places.fixture, "b", 2, 1, TIME_ABSENT);
        apply(&world.places.fixture, &revocation);
        assert_found(&find(&world)->found[0], "zeta", PLEK_FIND_UNCONFIRMED);
        assert_int_equal(world.answer.found[0].doubts, PLEK_DOUBT_NOT_ENROLLED);
        world_end(&world);
}

static void test_of_offerings_that_hold_the_one_that_began_last_does(void **state)
{
        World world;

        world_begin(&world);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_offer(&world.places, "a", "zeta", 0, false, TIME_ABSENT);
        say_offer(&world.places, "a", "zeta", 2, true, NOW + HOUR);
        assert_found(&find(&world)->found[0], "zeta", PLEK_FIND_FREE);
        world.question.now_ms = NOW + HOUR;
        assert_int_equal(find(&world)->found[0].why, PLEK_LEFT_OUT_NOT_OFFERED);
        say_offer(&world.places, "b", "zeta", 0, false,
                  TIME_ABSENT); /* another party gives it there */
        assert_found(&find(&world)->found[0], "zeta", PLEK_FIND_FREE);
        world_end(&world);
}

static void test_regions_are_those_of_the_enrolment(void **state)
{
        World world;

        world_begin(&world);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_door(&world.places, "a", "midi", NULL, PLEK_DOOR_OPEN);
        say_door(&world.places, "a", "alpha", NULL, PLEK_DOOR_OPEN);
        world.question.region = "west";
        assert_int_equal(find(&world)->n_found, 2);
        world.question.scheme = "province";
        world.question.region = "zuid-holland";
        assert_int_equal(find(&world)->n_found, 1);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_FREE);
        assert_null(places_find(&world.answer.places, "midi"));
        world.question.region = "west";
        assert_int_equal(find(&world)->n_found, 0);
        world_end(&world);
}

static void test_the_answer_outlives_the_picture(void **state)
{
        World world;

        world_begin(&world);
        say_card(&world.places, "a", "zeta", 521000000);
        say_free(&world.places, "a", "zeta", "x", 1);
        say_door(&world.places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        find(&world);
        picture_free(world.places.picture);
        registry_free(world.places.fixture.registry);
        assert_found(&world.answer.found[0], "zeta", PLEK_FIND_FREE);
        assert_string_equal(world.answer.found[0].place->party, "a");
        assert_string_equal(world.answer.found[0].place->party_name, "A party");
        assert_string_equal(world.answer.found[0].place->region, "west");
        assert_string_equal(world.answer.found[0].place->regions[0].scheme, "rav");
        assert_string_equal(world.answer.found[0].place->card.contacts[2].function, "SEH");
        assert_string_equal(world.answer.found[0].counts->unit, "x");
        assert_string_equal(world.answer.found[0].lead.word->party, "a");
        assert_int_equal(picture_new(&world.places.picture, 1), 0);
        assert_int_equal(registry_new(&world.places.fixture.registry), 0);
        world_end(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_of_what_nobody_speaks_nothing_is_found),
                cmocka_unit_test(test_a_zero_is_full_and_nothing_said_is_unknown),
                cmocka_unit_test(test_an_open_ed_that_counts_nothing_takes_patients),
                cmocka_unit_test(test_an_open_door_with_no_place_that_is_counted_is_full),
                cmocka_unit_test(test_a_ward_is_counted_and_its_open_door_says_nothing_of_beds),
                cmocka_unit_test(test_two_units_have_enough_together),
                cmocka_unit_test(test_units_join_only_where_none_is_enough_by_itself),
                cmocka_unit_test(test_what_the_whole_location_says_is_added_to_nothing),
                cmocka_unit_test(test_a_unit_that_has_stopped_takes_no_part),
                cmocka_unit_test(test_a_unit_has_its_own_door),
                cmocka_unit_test(test_a_door_that_was_withdrawn_says_so_and_since_when),
                cmocka_unit_test(test_who_withdrew_all_that_it_said_is_left_out_and_not_forgotten),
                cmocka_unit_test(test_of_two_parties_on_one_unit_one_counts),
                cmocka_unit_test(test_the_number_to_call_is_that_of_the_care),
                cmocka_unit_test(test_an_exercise_finds_places_by_their_actual_cards),
                cmocka_unit_test(test_a_distrusted_card_gives_neither_a_number_nor_a_place),
                cmocka_unit_test(test_what_only_a_distrusted_party_says_is_left_out),
                cmocka_unit_test(test_who_is_no_longer_enrolled_is_a_doubt),
                cmocka_unit_test(test_of_offerings_that_hold_the_one_that_began_last_does),
                cmocka_unit_test(test_regions_are_those_of_the_enrolment),
                cmocka_unit_test(test_the_answer_outlives_the_picture),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("find", tests, NULL, NULL);
}
