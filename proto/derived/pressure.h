#pragma once

/*
 * Pressure: the score that follows from a method's inputs
 */

#include "wire/update.h"

#define NEDOCS_FLOOR   (-20.0)
#define NEDOCS_CEILING 200.0

/* The @n-th input that @method needs, by name; NULL: it has no more, or is not known here. */
const char *pressure_input_name(const char *method, size_t n);
/* Whether @pressure gives what its method needs. Only the method nedocs is known here. */
bool pressure_compute(const Pressure *pressure, double *ret_score);
/* As it is shown: a nedocs between its floor and its ceiling, all else as it is. */
double pressure_shown(const char *method, double score);
