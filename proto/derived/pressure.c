#include "derived/pressure.h"

#include <string.h>

/*
 * NEDOCS
 *
 *         -20 + 85.8 (patients / ED beds) + 600 (admitted waiting / hospital beds)
 *             + 13.4 (ventilated) + 0.93 (longest boarding, h) + 5.64 (last door to bed, h)
 *
 * As published: Weiss, Derlet, Arndahl et al., Estimating the degree of emergency department
 * overcrowding in academic medical centers, Academic Emergency Medicine 11 (2004) 38-50. Admitted
 * waiting are the admitted patients still in the ED, ventilated its patients on a respirator, and
 * the last number is how long whoever was put into a bed last had waited.
 *
 * Absent is not zero: without one of the seven there is no score, rather than one that is too low.
 */

enum {
        PATIENTS,
        ED_BEDS,
        ADMITTED_WAITING,
        HOSPITAL_BEDS,
        VENTILATED,
        LONGEST_BOARDING,
        LAST_DOOR_TO_BED,
        N_NEDOCS_INPUTS,
};

static const char *const nedocs_inputs[N_NEDOCS_INPUTS] = {
        [PATIENTS] = "patients",
        [ED_BEDS] = "ed_beds",
        [ADMITTED_WAITING] = "admitted_waiting",
        [HOSPITAL_BEDS] = "hospital_beds",
        [VENTILATED] = "ventilated",
        [LONGEST_BOARDING] = "longest_boarding_h",
        [LAST_DOOR_TO_BED] = "last_door_to_bed_h",
};

/* False: not there, there twice, or not a number of anything. */
static bool find_input(const Pressure *pressure, const char *name, double *ret_value)
{
        bool is_found = false;

        for (size_t i = 0; i < pressure->n_inputs; i++) {
                if (strcmp(pressure->inputs[i].name, name) != 0)
                        continue;
                if (is_found || !(pressure->inputs[i].value >= 0))
                        return false;
                *ret_value = pressure->inputs[i].value;
                is_found = true;
        }
        return is_found;
}

static bool is_nedocs(const char *method)
{
        return strcmp(method, "nedocs") == 0;
}

const char *pressure_input_name(const char *method, size_t n)
{
        return is_nedocs(method) && n < N_NEDOCS_INPUTS ? nedocs_inputs[n] : NULL;
}

bool pressure_compute(const Pressure *pressure, double *ret_score)
{
        double in[N_NEDOCS_INPUTS];

        if (!is_nedocs(pressure->method))
                return false;
        for (size_t i = 0; i < N_NEDOCS_INPUTS; i++)
                if (!find_input(pressure, nedocs_inputs[i], &in[i]))
                        return false;
        if (in[ED_BEDS] == 0 || in[HOSPITAL_BEDS] == 0)
                return false;

        *ret_score = pressure_shown(pressure->method,
                                    NEDOCS_FLOOR + 85.8 * (in[PATIENTS] / in[ED_BEDS]) +
                                            600 * (in[ADMITTED_WAITING] / in[HOSPITAL_BEDS]) +
                                            13.4 * in[VENTILATED] + 0.93 * in[LONGEST_BOARDING] +
                                            5.64 * in[LAST_DOOR_TO_BED]);
        return true;
}

double pressure_shown(const char *method, double score)
{
        return is_nedocs(method) ? MIN(MAX(score, NEDOCS_FLOOR), NEDOCS_CEILING) : score;
}
