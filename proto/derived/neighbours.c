#include "derived/neighbours.h"

#include <string.h>

#include "derived/door.h"
#include "derived/geo.h"

static bool is_nearer(const Neighbour *a, const Neighbour *b)
{
        if (a->distance_m != b->distance_m)
                return a->distance_m < b->distance_m;
        return strcmp(a->place->location, b->place->location) < 0;
}

/* Into its place among the nearest, of which the last falls off if there are too many. */
static void insert(Neighbours *neighbours, const Neighbour *neighbour, size_t n_max)
{
        size_t at = neighbours->n_nearest;

        while (at && is_nearer(neighbour, &neighbours->nearest[at - 1]))
                at--;
        if (at == n_max)
                return;
        if (neighbours->n_nearest < n_max)
                neighbours->n_nearest++;
        memmove(&neighbours->nearest[at + 1], &neighbours->nearest[at],
                (neighbours->n_nearest - 1 - at) * sizeof(*neighbour));
        neighbours->nearest[at] = *neighbour;
}

static bool takes(const NeighbourPlace *place)
{
        return place->state != DOOR_UNKNOWN && !door_is_stopped(place->state) && !place->is_shut;
}

/* A sure one that is further comes before one that may be open. */
static bool is_sooner(const Neighbour *a, const Neighbour *b)
{
        if (!b->place)
                return true;
        if (a->place->is_doubtful != b->place->is_doubtful)
                return b->place->is_doubtful;
        return is_nearer(a, b);
}

static void count_stopped(Neighbours *neighbours)
{
        neighbours->n_stopped = neighbours->n_expired = neighbours->n_shut = 0;
        for (size_t i = 0; i < neighbours->n_nearest; i++) {
                const NeighbourPlace *place = neighbours->nearest[i].place;

                if (!door_is_stopped(place->state))
                        neighbours->n_shut += place->is_shut;
                else if (place->is_expired)
                        neighbours->n_expired++;
                else
                        neighbours->n_stopped++;
        }
        neighbours->all_stopped =
                neighbours->n_nearest &&
                neighbours->n_stopped + neighbours->n_expired + neighbours->n_shut ==
                        neighbours->n_nearest;
}

static size_t most(const NeighbourRule *rule)
{
        if (rule->n_nearest)
                return MIN(rule->n_nearest, (size_t)NEIGHBOURS_MAX);
        return rule->within_m > 0 ? NEIGHBOURS_MAX : NEIGHBOURS_DEFAULT;
}

void neighbours_find(const NeighbourPlace *places, size_t n_places, const char *location,
                     double latitude, double longitude, const NeighbourRule *rule,
                     Neighbours *ret_neighbours)
{
        size_t n_max = most(rule);
        Neighbour neighbour;

        ret_neighbours->n_nearest = 0;
        ret_neighbours->next = (Neighbour){ 0 };
        for (size_t i = 0; i < n_places; i++) {
                neighbour.place = &places[i];
                if (!strcmp(places[i].location, location) ||
                    places[i].state == PLEK_DOOR_NOT_APPLICABLE)
                        continue;
                neighbour.distance_m = geo_distance_m(latitude, longitude, places[i].latitude,
                                                      places[i].longitude);
                if (takes(&places[i]) && is_sooner(&neighbour, &ret_neighbours->next))
                        ret_neighbours->next = neighbour;
                if (!(rule->within_m > 0) || neighbour.distance_m <= rule->within_m)
                        insert(ret_neighbours, &neighbour, n_max);
        }
        count_stopped(ret_neighbours);
}
