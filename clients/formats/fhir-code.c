/*
 * FHIR: code lists
 *
 * SANER's numTotBeds, numbeds and the like count several kinds of care at once, so none of them is
 * a record of ours. SAFR has unoccupied beds and occupied ones, of an emergency department who is
 * there.
 */

#include <string.h>

#include "formats/fhir-internal.h"

#define SANER(_code, _care, _field, _group)                                                        \
        {                                                                                          \
                _code, PLEK_CARE_##_care, PLEK_COUNT_##_field, _group                              \
        }
#define LOINC(_occupied, _unoccupied, _care)                                                       \
        { _occupied, PLEK_CARE_##_care, PLEK_COUNT_OCCUPIED, NULL },                               \
        {                                                                                          \
                _unoccupied, PLEK_CARE_##_care, PLEK_COUNT_AVAILABLE, NULL                         \
        }

static const FhirCode codes[] = {
        SANER("numICUBeds", ICU_ADULT, STAFFED, "Beds"),
        SANER("numICUBedsOcc", ICU_ADULT, OCCUPIED, "Beds"),
        SANER("numICUBedsAvail", ICU_ADULT, AVAILABLE, "Beds"),
        SANER("numVent", VENTILATOR, STAFFED, "Ventilators"),
        SANER("numVentUse", VENTILATOR, OCCUPIED, "Ventilators"),
        SANER("numVentAvail", VENTILATOR, AVAILABLE, "Ventilators"),

        LOINC("112575-6", "112574-9", ICU_ADULT),
        LOINC("112570-7", "112569-9", MEDIUM_CARE),
        LOINC("112562-4", "112561-6", PICU),
        LOINC("112545-9", "112544-2", NICU),
        { "112508-7", PLEK_CARE_ED, PLEK_COUNT_OCCUPIED, NULL },
        { "112510-3", PLEK_CARE_ED_CHILD, PLEK_COUNT_OCCUPIED, NULL },
        LOINC("112568-1", "112567-3", WARD),
        LOINC("112566-5", "112565-7", OBSERVATION),
        LOINC("112559-0", "112558-2", WARD_CHILD),
        LOINC("112547-5", "112546-7", OBSTETRICS),
        LOINC("112535-0", "112534-3", NURSERY),
        LOINC("112516-0", "112515-2", BURN),
        LOINC("112531-9", "112530-1", PSYCHIATRY_ADULT),
        LOINC("112529-3", "112528-5", PSYCHIATRY_CHILD),
        LOINC("112514-5", "112513-7", ISOLATION_NEGATIVE),
        LOINC("112527-7", "112526-9", REHABILITATION),
};

const FhirCode *fhir_code_nth(size_t n)
{
        return n < N_ELEMENTS(codes) ? &codes[n] : NULL;
}

const FhirCode *fhir_code_find(const char *code, bool is_saner)
{
        for (size_t i = 0; i < N_ELEMENTS(codes); i++)
                if (!codes[i].group == !is_saner && !strcmp(codes[i].code, code))
                        return &codes[i];
        return NULL;
}

static const struct {
        const char *scheme;
        const char *system;
} systems[] = {
        { "agb", "http://fhir.nl/fhir/NamingSystem/agb-z" },
        { "ura", "http://fhir.nl/fhir/NamingSystem/ura" },
};

const char *fhir_system_of(const char *scheme)
{
        for (size_t i = 0; i < N_ELEMENTS(systems); i++)
                if (!strcmp(systems[i].scheme, scheme))
                        return systems[i].system;
        return NULL;
}

const char *fhir_scheme_of(const char *system)
{
        for (size_t i = 0; i < N_ELEMENTS(systems); i++)
                if (!strcmp(systems[i].system, system))
                        return systems[i].scheme;
        if (!strncmp(system, FHIR_OUR_IDENTIFIER, strlen(FHIR_OUR_IDENTIFIER)))
                return system + strlen(FHIR_OUR_IDENTIFIER);
        return NULL;
}

static const char *const absent[] = {
        [PLEK_MISSING_NOT_ASKED] = "not-asked",
        [PLEK_MISSING_SUPPRESSED] = "masked",
        [PLEK_MISSING_UNKNOWN] = "unknown",
};

const char *fhir_absent_of(uint32_t missing)
{
        return missing < N_ELEMENTS(absent) ? absent[missing] : NULL;
}

uint32_t fhir_missing_of(const char *reason)
{
        for (uint32_t i = PLEK_MISSING_NOT_ASKED; i < N_ELEMENTS(absent); i++)
                if (!strcmp(absent[i], reason))
                        return i;
        return PLEK_MISSING_UNKNOWN;
}
