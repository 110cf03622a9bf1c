#include <math.h>
#include <string.h>

#include "cmocka-all.h"
#include "derived/door.h"
#include "derived/geo.h"
#include "derived/neighbours.h"

/* On one meridian, so that the distance is told by the latitude. */
static NeighbourPlace place(const char *location, double latitude, uint32_t state)
{
        return (NeighbourPlace){ .location = location, .latitude = latitude, .state = state };
}

static Neighbours find(const NeighbourPlace *places, size_t n_places, size_t n_nearest,
                       double within_m)
{
        NeighbourRule rule = { .n_nearest = n_nearest, .within_m = within_m };
        Neighbours neighbours;

        neighbours_find(places, n_places, "own", 52, 0, &rule, &neighbours);
        return neighbours;
}

static void assert_names(const Neighbours *neighbours, const char *wanted)
{
        char names[256] = "";

        for (size_t i = 0; i < neighbours->n_nearest; i++)
                strcat(strcat(names, i ? " " : ""), neighbours->nearest[i].place->location);
        assert_string_equal(names, wanted);
}

static void test_a_place_alone_has_no_neighbours_and_they_have_not_all_stopped(void **state)
{
        NeighbourPlace own = place("own", 52, PLEK_DOOR_STOP);
        Neighbours neighbours = find(&own, 1, 3, 0);

        assert_int_equal(neighbours.n_nearest, 0);
        assert_false(neighbours.all_stopped);
        assert_null(neighbours.next.place);
}

static void test_the_three_nearest_are_neighbours_if_nothing_is_said(void **state)
{
        NeighbourPlace places[] = {
                place("d", 52.4, PLEK_DOOR_OPEN), place("b", 51.8, PLEK_DOOR_STOP),
                place("own", 52, PLEK_DOOR_STOP), place("a", 52.1, PLEK_DOOR_STOP),
                place("c", 52.3, PLEK_DOOR_STOP),
        };
        Neighbours neighbours = find(places, 5, 0, 0);

        assert_names(&neighbours, "a b c");
        assert_true(neighbours.all_stopped);
        assert_string_equal(neighbours.next.place->location, "d");
        assert_true(fabs(neighbours.nearest[0].distance_m - geo_distance_m(52, 0, 52.1, 0)) < 1e-9);
}

static void test_one_that_has_not_stopped_is_enough(void **state)
{
        static const uint32_t open[] = { PLEK_DOOR_OPEN, PLEK_DOOR_RESTRICTED, DOOR_UNKNOWN };
        static const uint32_t stopped[] = { PLEK_DOOR_STOP, PLEK_DOOR_CLOSED };

        for (size_t i = 0; i < N_ELEMENTS(open); i++) {
                NeighbourPlace places[] = { place("a", 52.1, PLEK_DOOR_STOP),
                                            place("b", 52.2, open[i]) };

                assert_false(find(places, 2, 2, 0).all_stopped);
                assert_true(find(places, 2, 1, 0).all_stopped);
        }
        for (size_t i = 0; i < N_ELEMENTS(stopped); i++) {
                NeighbourPlace places[] = { place("a", 52.1, stopped[i]) };

                assert_true(find(places, 1, 2, 0).all_stopped);
        }
}

static void test_who_is_outside_its_hours_is_not_next_and_takes_nobody(void **state)
{
        NeighbourPlace places[] = { place("a", 52.1, PLEK_DOOR_OPEN),
                                    place("b", 52.2, PLEK_DOOR_STOP),
                                    place("c", 52.3, PLEK_DOOR_CLOSED),
                                    place("d", 52.4, PLEK_DOOR_OPEN) };
        Neighbours neighbours;

        places[0].is_shut = places[2].is_shut = true;
        neighbours = find(places, 4, 3, 0);
        assert_true(neighbours.all_stopped);
        assert_int_equal(neighbours.n_stopped, 2); /* a closed one says so itself */
        assert_int_equal(neighbours.n_shut, 1);
        assert_string_equal(neighbours.next.place->location, "d");

        assert_false(find(places, 4, 4, 0).all_stopped);
        assert_null(find(places, 3, 4, 0).next.place);
}

static void test_an_unknown_door_is_nowhere_to_send_somebody_to(void **state)
{
        NeighbourPlace places[] = { place("a", 52.1, DOOR_UNKNOWN),
                                    place("b", 52.2, PLEK_DOOR_RESTRICTED) };

        assert_string_equal(find(places, 2, 1, 0).next.place->location, "b");
        assert_null(find(places, 1, 1, 0).next.place);
}

static void test_stops_past_their_end_are_counted_apart(void **state)
{
        NeighbourPlace places[] = { place("a", 52.1, PLEK_DOOR_STOP),
                                    place("b", 52.2, PLEK_DOOR_STOP),
                                    place("c", 52.3, PLEK_DOOR_CLOSED) };
        Neighbours neighbours;

        places[1].is_expired = true;
        neighbours = find(places, 3, 3, 0);
        assert_int_equal(neighbours.n_stopped, 2);
        assert_int_equal(neighbours.n_expired, 1);
        assert_true(neighbours.all_stopped);
        assert_null(neighbours.next.place);
        places[0].state = PLEK_DOOR_OPEN;
        neighbours = find(places, 3, 3, 0);
        assert_int_equal(neighbours.n_stopped, 1);
        assert_false(neighbours.all_stopped);
}

static void test_next_is_one_that_is_surely_open_if_any_is(void **state)
{
        NeighbourPlace places[] = { place("a", 52.1, PLEK_DOOR_OPEN),
                                    place("b", 52.2, PLEK_DOOR_OPEN),
                                    place("c", 52.3, PLEK_DOOR_RESTRICTED),
                                    place("d", 52.4, PLEK_DOOR_OPEN) };

        places[0].is_doubtful = places[1].is_doubtful = true;
        assert_string_equal(find(places, 4, 2, 0).next.place->location, "c");
        assert_string_equal(find(places, 2, 2, 0).next.place->location, "a");
}

static void test_a_place_without_such_a_door_is_no_neighbour(void **state)
{
        NeighbourPlace places[] = { place("a", 52.1, PLEK_DOOR_NOT_APPLICABLE),
                                    place("b", 52.2, PLEK_DOOR_OPEN) };
        Neighbours neighbours = find(places, 2, 1, 0);

        assert_names(&neighbours, "b");
        assert_false(neighbours.all_stopped);
}

static void test_within_a_distance_all_are_neighbours_and_none_beyond_it(void **state)
{
        NeighbourPlace places[] = {
                place("a", 52.1, PLEK_DOOR_STOP), place("b", 52.2, PLEK_DOOR_STOP),
                place("c", 52.3, PLEK_DOOR_STOP), place("d", 52.4, PLEK_DOOR_STOP),
                place("e", 53.0, PLEK_DOOR_OPEN),
        };
        double at_d = geo_distance_m(52, 0, 52.4, 0);
        Neighbours neighbours = find(places, 5, 0, at_d);

        assert_names(&neighbours, "a b c d");
        assert_true(neighbours.all_stopped);
        assert_string_equal(neighbours.next.place->location, "e");
        neighbours = find(places, 5, 0, at_d - 1);
        assert_names(&neighbours, "a b c");
        neighbours = find(places, 5, 2, at_d);
        assert_names(&neighbours, "a b");
        neighbours = find(places, 5, 0, 1);
        assert_int_equal(neighbours.n_nearest, 0);
        assert_false(neighbours.all_stopped);
}

static void test_equally_far_ones_come_by_name_whatever_the_order(void **state)
{
        NeighbourPlace places[] = { place("c", 52.1, PLEK_DOOR_OPEN),
                                    place("a", 52.1, PLEK_DOOR_OPEN),
                                    place("b", 52.1, PLEK_DOOR_OPEN) };
        Neighbours neighbours = find(places, 3, 2, 0);

        assert_names(&neighbours, "a b");
        assert_string_equal(neighbours.next.place->location, "a");
}

static void test_there_are_never_more_than_fit(void **state)
{
        static char names[100][8];
        NeighbourPlace places[100];
        Neighbours neighbours;

        for (size_t i = 0; i < N_ELEMENTS(places); i++) {
                snprintf(names[i], sizeof(names[i]), "p%02zu", 99 - i);
                places[i] = place(names[i], 53 - (double)i / 1000, PLEK_DOOR_STOP);
        }
        neighbours = find(places, 100, 100000, 0);
        assert_int_equal(neighbours.n_nearest, NEIGHBOURS_MAX);
        assert_string_equal(neighbours.nearest[0].place->location, "p00");
        assert_string_equal(neighbours.nearest[NEIGHBOURS_MAX - 1].place->location, "p63");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        test_a_place_alone_has_no_neighbours_and_they_have_not_all_stopped),
                cmocka_unit_test(test_the_three_nearest_are_neighbours_if_nothing_is_said),
                cmocka_unit_test(test_one_that_has_not_stopped_is_enough),
                cmocka_unit_test(test_who_is_outside_its_hours_is_not_next_and_takes_nobody),
                cmocka_unit_test(test_an_unknown_door_is_nowhere_to_send_somebody_to),
                cmocka_unit_test(test_stops_past_their_end_are_counted_apart),
                cmocka_unit_test(test_next_is_one_that_is_surely_open_if_any_is),
                cmocka_unit_test(test_a_place_without_such_a_door_is_no_neighbour),
                cmocka_unit_test(test_within_a_distance_all_are_neighbours_and_none_beyond_it),
                cmocka_unit_test(test_equally_far_ones_come_by_name_whatever_the_order),
                cmocka_unit_test(test_there_are_never_more_than_fit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
