#pragma once

/*
 * Mapping: which column of a file is which location, unit, care and count
 *
 *         [feed]
 *         file       = beds.csv
 *         suppressed = -999999
 *         definition = hhs-7-day-average
 *
 *         [report icu]
 *         kind     = counts
 *         location = {hospital_pk}
 *         care     = ICU_ADULT
 *         staffed  = {total_icu_beds}
 *         occupied = {icu_beds_used}
 *
 * A value is text in which {column} stands for that column's field, and {column:name} for what
 * [values name] makes of it. Counts may be sums: {a} + {b}. plek-agent(1) has every key.
 */

#include <stdint.h>
#include <stdio.h>

#include "plek/plek.h"

#include "internal/err.h"

typedef struct Mapping Mapping;

typedef enum Rounding { ROUNDING_REFUSE, ROUNDING_DOWN, ROUNDING_NEAREST } Rounding;

/* What a template is for; the order in which a report's keys are looked up. */
typedef enum MappingKey {
        KEY_LOCATION,
        KEY_UNIT,
        KEY_LABEL,
        KEY_CARE,
        KEY_OBSERVED_AT,
        KEY_DEFINITION,
        KEY_STATE,
        KEY_GROUP,
        KEY_URGENCY,
        KEY_EXCEPTIONS,
        KEY_REASON,
        KEY_TEXT,
        KEY_AUTHORISED_BY,
        KEY_ENDS_AT,
        KEY_METHOD,
        KEY_SCORE,
        KEY_PATIENTS, /* and on: what a nedocs is made of */
        KEY_ED_BEDS,
        KEY_ADMITTED_WAITING,
        KEY_HOSPITAL_BEDS,
        KEY_VENTILATED,
        KEY_LONGEST_BOARDING,
        KEY_LAST_DOOR_TO_BED,
        KEY_NAME,
        KEY_LOCATION_KIND,
        KEY_LATITUDE,
        KEY_LONGITUDE,
        KEY_PHONE,
        KEY_LEVEL,
        KEY_HOURS,
        KEY_FROM,
        KEY_TO,
        KEY_OTHER,
        KEY_COUNT,
        KEY_BEGIN,
        KEY_END,
        KEY_DAY,
        KEY_MONTH,
        KEY_AT,
        KEY_COUNTS, /* + PlekCountField */
        N_MAPPING_KEYS = KEY_COUNTS + PLEK_N_COUNT_FIELDS,
} MappingKey;

typedef struct MappedValue {
        char *from;
        char *to; /* "-": the row says nothing here */
} MappedValue;

typedef struct MappedValues {
        char *name;
        MappedValue *values;
        size_t n_values;
} MappedValues;

typedef struct MappedReport {
        char *name;
        PlekReportKind kind;
        char *templates[N_MAPPING_KEYS]; /* NULL: not said */
} MappedReport;

struct Mapping {
        char *file;
        char separator;
        char decimal;
        char *time_format;
        char *time_zone;
        Rounding rounding;
        char *missing; /* field texts that mean absent, separated by commas; empty always does */
        char *suppressed;
        char *unknown;
        PlekStatus status;
        PlekAudience audience;
        PlekSource source;
        char *definition;
        uint32_t valid_for_s;
        uint32_t refreshed_every_s; /* the source is taken for dead past twice that */
        bool withdraw_absent;       /* a row that is gone withdraws its record */
        uint32_t complete_after_s;  /* a flow is said so long after its period is over */

        MappedReport *reports;
        size_t n_reports;
        MappedValues *values;
        size_t n_values;
};

enum {
        MAPPING_OK,
        MAPPING_E_WRONG, /* *ret_text says where and why */
};

enum { MAPPING_TEXT_BYTES = 256, MAPPING_MAX_BYTES = 256 * 1024 };

/* Paths in it are relative to where it is; @path is also used in texts. Returns 0,
 * MAPPING_E_WRONG, -ENOMEM or -errno of reading. */
MUST_CHECK int mapping_load(Mapping **ret_mapping, const char *path,
                            char ret_text[MAPPING_TEXT_BYTES]);
/* The same from memory. */
MUST_CHECK int mapping_parse(Mapping **ret_mapping, const char *text, const char *path,
                             char ret_text[MAPPING_TEXT_BYTES]);
Mapping *mapping_free(Mapping *mapping);
DEFINE_FREEP(Mapping, mapping_free);

/* What [values @name] makes of @from; NULL: it does not know it. "*" stands for all others. */
const char *mapping_value(const Mapping *mapping, const char *name, const char *from);
