#pragma once

/*
 * FHIR R4: counts as MeasureReports in a Bundle
 *
 * A record of counts is one MeasureReport for each measure that has a code for something it says:
 * with the populations of HL7 SANER 1.0.1 (ICU beds and ventilators) and with the LOINC codes of
 * HL7 US SAFR (occupied and unoccupied, by kind of care). A card is a Location. Codes are those of
 * the standards only; who, where and for whom stand in identifiers and tags of ours (urn:plek:...).
 * An exercise or a test is tagged, and labelled HTEST as HL7 does.
 */

#include "formats/format.h"

typedef struct FhirOptions {
        PlekStatus status; /* of the document: records of another are left out, and said */
        int64_t now_ms;
} FhirOptions;

/* The caller frees *ret_bytes. Says through @notes what has no place. Returns 0 or -ENOMEM. */
MUST_CHECK int fhir_write(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records,
                          size_t n_records, const FhirOptions *options, const FormatNotes *notes);

/* A Bundle, or one MeasureReport. Returns 0, FORMAT_E_DOCUMENT or -ENOMEM. */
MUST_CHECK int fhir_read(FormatPicture **ret_picture, const void *bytes, size_t n_bytes,
                         const FormatNotes *notes);
