#pragma once

/*
 * Geo: how far two places are apart, as the crow flies
 */

/* The mean radius of the Earth (IUGG), in metres. */
#define GEO_EARTH_RADIUS_M 6371008.8

/*
 * The distance in metres along the sphere between two points in degrees (WGS 84), by the haversine
 * formula: off by about half a percent at the most, as the Earth is no sphere. The same both ways,
 * never negative, and 0 for one point.
 */
double geo_distance_m(double lat1, double lon1, double lat2, double lon2);
