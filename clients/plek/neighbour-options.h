#pragma once

/*
 * Which locations are neighbours, as get, watch and door are asked
 */

#include "command.h"

/* --neighbours and --within, into a PlekNeighbourRule. */
extern const struct argp neighbour_argp;
