#include "derived/geo.h"

#include <math.h>

#include "internal/cleanup.h"

static double radians(double degrees)
{
        return degrees * (M_PI / 180);
}

double geo_distance_m(double lat1, double lon1, double lat2, double lon2)
{
        double north = sin(radians(lat2 - lat1) / 2);
        double east = sin(radians(lon2 - lon1) / 2);
        double h = north * north + cos(radians(lat1)) * cos(radians(lat2)) * east * east;

        /* Of points opposite each other rounding may put it a little over 1. */
        return 2 * GEO_EARTH_RADIUS_M * asin(sqrt(MIN(h, 1.0)));
}
