#include <math.h>

#include "cmocka-all.h"
#include "derived/geo.h"
#include "internal/cleanup.h"

static void assert_near(double value, double wanted, double within)
{
        if (!(fabs(value - wanted) <= within))
                fail_msg("%.3f m is not within %.3f m of %.3f m", value, within, wanted);
}

static void test_a_degree_of_latitude_is_a_360th_of_the_way_round(void **state)
{
        double degree = 2 * M_PI * GEO_EARTH_RADIUS_M / 360;

        assert_near(geo_distance_m(0, 0, 1, 0), degree, 1e-3);
        assert_near(geo_distance_m(52, 4, 53, 4), degree, 1e-3);
        assert_near(geo_distance_m(0, 0, 0, 1), degree, 1e-3);
}

static void test_a_degree_of_longitude_shrinks_with_the_cosine_of_latitude(void **state)
{
        double degree = 2 * M_PI * GEO_EARTH_RADIUS_M / 360;

        /* The great circle is a little shorter than the circle of latitude. */
        assert_near(geo_distance_m(60, 4, 60, 4.01), degree * 0.01 * 0.5, 0.01);
        assert_true(geo_distance_m(60, 0, 60, 90) < degree * 90 * 0.5);
}

static void test_known_distances_come_out_within_half_a_percent(void **state)
{
        /* Along the ellipsoid (Vincenty): Dom tower in Utrecht to the Martini tower in Groningen,
         * and Paris to New York. */
        assert_near(geo_distance_m(52.0907, 5.1214, 53.2194, 6.5681), 159242, 159242 * 0.005);
        assert_near(geo_distance_m(48.8567, 2.3508, 40.7128, -74.0060), 5852836, 5852836 * 0.005);
}

static void test_one_point_is_no_distance_from_itself(void **state)
{
        assert_true(geo_distance_m(52.951, 4.022, 52.951, 4.022) == 0);
        assert_true(geo_distance_m(-90, 0, -90, 0) == 0);
        assert_near(geo_distance_m(90, 17, 90, -120), 0, 1e-6);
}

static void test_it_is_as_far_back(void **state)
{
        static const double points[][2] = { { 52.95, 4.02 }, { -33.9, 151.2 }, { 0, 180 },
                                            { 0, -180 },     { 89.9, 0 },      { -90, 0 } };

        for (size_t i = 0; i < N_ELEMENTS(points); i++)
                for (size_t j = 0; j < N_ELEMENTS(points); j++)
                        assert_true(geo_distance_m(points[i][0], points[i][1], points[j][0],
                                                   points[j][1]) ==
                                    geo_distance_m(points[j][0], points[j][1], points[i][0],
                                                   points[i][1]));
}

static void test_the_date_line_is_no_border(void **state)
{
        double degree = 2 * M_PI * GEO_EARTH_RADIUS_M / 360;

        assert_near(geo_distance_m(0, 179.5, 0, -179.5), degree, 1e-3);
        assert_near(geo_distance_m(0, 180, 0, -180), 0, 1e-3);
}

static void test_nothing_is_further_than_half_way_round(void **state)
{
        double half = M_PI * GEO_EARTH_RADIUS_M;

        assert_near(geo_distance_m(0, 0, 0, 180), half, 1e-3);
        assert_near(geo_distance_m(90, 0, -90, 0), half, 1e-3);
        assert_near(geo_distance_m(37.3, 12.1, -37.3, -167.9), half, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_degree_of_latitude_is_a_360th_of_the_way_round),
                cmocka_unit_test(test_a_degree_of_longitude_shrinks_with_the_cosine_of_latitude),
                cmocka_unit_test(test_known_distances_come_out_within_half_a_percent),
                cmocka_unit_test(test_one_point_is_no_distance_from_itself),
                cmocka_unit_test(test_it_is_as_far_back),
                cmocka_unit_test(test_the_date_line_is_no_border),
                cmocka_unit_test(test_nothing_is_further_than_half_way_round),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
