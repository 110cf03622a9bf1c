#include "derived/card.h"
#include "places-fixture.h"

/*
 * Of two cards the one that leads, and whom to call by it
 */

static void test_somebody_else_s_number_is_better_than_none(void **state)
{
        const LocationCard card = {
                .contacts = { { "IC", "1", PLEK_CARE_ICU_ADULT }, { "SEH", "2", PLEK_CARE_ED } },
                .n_contacts = 2,
        };

        assert_string_equal(card_contact(&card, PLEK_CARE_ED)->phone, "2");
        assert_string_equal(card_contact(&card, PLEK_CARE_WARD)->phone, "1");
        assert_string_equal(card_contact(&card, CODE_ABSENT)->phone, "1");
        assert_null(card_contact(&(LocationCard){ 0 }, PLEK_CARE_ED));
}

static void assert_leads(const CardWord *first, const CardWord *second)
{
        assert_true(card_leads(first, second));
        assert_false(card_leads(second, first));
}

static void test_trust_goes_before_nearness_and_that_before_what_is_newer(void **state)
{
        const CardWord near = { "b", false, 1, NOW - HOUR }, wide = { "a", false, 9, NOW };
        const CardWord newer = { "b", false, 9, NOW + 1 }, later = { "c", false, 9, NOW };
        const CardWord gone = { "a", false, SIZE_MAX, NOW }, distrusted = { "a", true, 1, NOW };

        assert_leads(&near, &wide);
        assert_leads(&newer, &wide);
        assert_leads(&wide, &later); /* at once: by name */
        assert_leads(&later, &gone);
        assert_leads(&gone, &distrusted);
}

static void assert_card_is_of(const PlacesWorld *world, const char *party)
{
        const PlacesScope scope = { .status = STATUS_ACTUAL, .now_ms = NOW };
        Places places = PLACES_NULL;

        assert_int_equal(places_make(&places, world->picture, world->fixture.registry, &scope), 0);
        assert_string_equal(places_find(&places, "zeta")->party, party);
        places_deinit(&places);
}

static void test_the_card_is_that_of_whoever_speaks_for_fewer_places(void **state)
{
        static const LocationGrant zeta = { .location = "zeta", .region = "west" };
        PlacesWorld world;
        Enrolment narrow;

        places_begin(&world);
        say_card(&world, "b", "zeta", 521000000);
        say_card(&world, "a", "zeta", 520000000);
        assert_card_is_of(&world, "a");

        narrow = enrolment_of(&world.fixture, "b", 2, 1);
        narrow.locations = &zeta;
        narrow.n_locations = 1;
        apply(&world.fixture, &narrow);
        assert_card_is_of(&world, "b");

        narrow.serial = 3; /* and none any more is not the fewest */
        narrow.n_locations = 0;
        apply(&world.fixture, &narrow);
        assert_card_is_of(&world, "a");
        places_end(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_somebody_else_s_number_is_better_than_none),
                cmocka_unit_test(test_trust_goes_before_nearness_and_that_before_what_is_newer),
                cmocka_unit_test(test_the_card_is_that_of_whoever_speaks_for_fewer_places),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("card", tests, NULL, NULL);
}
