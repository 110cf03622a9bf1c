#pragma once

/*
 * Between the halves of FHIR: codes and systems
 */

#include "formats/fhir.h"

#define FHIR_LOINC        "http://loinc.org"
#define FHIR_SANER_VALUES "http://hl7.org/fhir/uv/saner/CodeSystem/MeasuredValues"
#define FHIR_SANER_GROUPS "http://hl7.org/fhir/uv/saner/CodeSystem/MeasureGroupSystem"
#define FHIR_SANER_MEASURE                                                                         \
        "http://hl7.org/fhir/uv/saner/Measure/CDCPatientImpactAndHospitalCapacity"
#define FHIR_SAFR_MEASURE  "http://hl7.org/fhir/us/safr/Measure/BedCapacityMeasure"
#define FHIR_POPULATION    "http://terminology.hl7.org/CodeSystem/measure-population"
#define FHIR_ABSENT_REASON "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
#define FHIR_ACT_REASON    "http://terminology.hl7.org/CodeSystem/v3-ActReason"
#define FHIR_ROLE_CODE_NL  "urn:oid:2.16.840.1.113883.2.4.15.1060"

#define FHIR_OUR_LOCATION   "urn:plek:location"
#define FHIR_OUR_UNIT       "urn:plek:unit" /* "location/unit" */
#define FHIR_OUR_PARTY      "urn:plek:party"
#define FHIR_OUR_STATUS     "urn:plek:status"
#define FHIR_OUR_AUDIENCE   "urn:plek:audience"
#define FHIR_OUR_IDENTIFIER "urn:plek:identifier:"

typedef struct FhirCode {
        const char *code;
        uint32_t care;
        PlekCountField field;
        const char *group; /* SANER: its MeasureGroupSystem; LOINC: NULL */
} FhirCode;

/* The @n-th of all; NULL past the last. */
const FhirCode *fhir_code_nth(size_t n);
/* By what it is called, in SANER or in LOINC; NULL: it is no kind of care's. */
const FhirCode *fhir_code_find(const char *code, bool is_saner);

/* The system of identifiers of a scheme, and back; NULL where there is none but ours. */
const char *fhir_system_of(const char *scheme);
const char *fhir_scheme_of(const char *system);

/* Why a number is absent, as HL7 says it, and back. */
const char *fhir_absent_of(uint32_t missing);
uint32_t fhir_missing_of(const char *reason);
