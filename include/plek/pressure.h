#pragma once

/*
 * Pressure: a crowding score read, whoever worked it out
 *
 * A score has a method, and two scores of different methods cannot be compared. Of `nedocs` the
 * formula is known, so a report that gives its inputs is worked out here, and one that gives a
 * score as well is checked. What a score means is the reader's to say: the cut-offs differ from
 * country to country, so bands are given, and what is built in is only what the method's authors
 * published.
 */

#include "plek/report.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLEK_METHOD_NEDOCS "nedocs"

/* The inputs of nedocs, under these names: patients in the ED, beds of the ED, patients admitted
 * who wait in the ED, beds of the hospital, patients on a ventilator in the ED, the longest wait of
 * an admitted patient and the last wait from door to bed, in hours. */
#define PLEK_NEDOCS_PATIENTS         "patients"
#define PLEK_NEDOCS_ED_BEDS          "ed_beds"
#define PLEK_NEDOCS_ADMITTED_WAITING "admitted_waiting"
#define PLEK_NEDOCS_HOSPITAL_BEDS    "hospital_beds"
#define PLEK_NEDOCS_VENTILATED       "ventilated"
#define PLEK_NEDOCS_LONGEST_BOARDING "longest_boarding_h"
#define PLEK_NEDOCS_LAST_DOOR_TO_BED "last_door_to_bed_h"

typedef struct PlekPressureReading {
        bool is_known;    /* there is a score, given or computed */
        double score;     /* to be shown: as given, else as computed; of nedocs -20 to 200 */
        bool is_computed; /* nobody gave it: it follows from the inputs */
        bool has_computed;
        double computed; /* from the inputs; also where a score was given */
        bool differs;    /* given and computed are more than 1 apart */
} PlekPressureReading;

/* A band holds above its bound, up to the next one of its method. */
typedef struct PlekPressureBand {
        const char *method;
        double above;
        const char *name;
} PlekPressureBand;

/* @method with @score (if @has_score) and @inputs. A nedocs is computed if all of its inputs are
 * given once, none negative and both numbers of beds above zero: absent is not zero. Of other
 * methods nothing is computed. Any thread. */
PLEK_PUBLIC void plek_pressure_read(const PlekPressure *pressure, PlekPressureReading *ret_reading);

/* The band that @score is in; NULL: none of this method reaches down to it. @bands in any order;
 * NULL: those that are built in. Any thread. */
PLEK_PUBLIC const PlekPressureBand *
plek_pressure_band(const PlekPressureBand *bands, size_t n_bands, const char *method, double score);

/* What is built in: nedocs as Weiss and others published it in 2004 (not busy; busy above 20;
 * extremely busy above 60; overcrowded above 100; severely above 140; dangerously above 180). Other
 * methods have no bands until somebody gives them. Static. Any thread. */
PLEK_PUBLIC const PlekPressureBand *plek_pressure_default_bands(size_t *ret_n_bands);

#ifdef __cplusplus
}
#endif
