#pragma once

/*
 * Between the halves of EDXL-HAVE: what it calls things, and the words of EMSTrafficReason
 */

#include "formats/have.h"

#define HAVE_NAMESPACE "urn:oasis:names:tc:emergency:EDXL:HAVE:1.0"
#define DE_NAMESPACE   "urn:oasis:names:tc:emergency:EDXL:DE:1.0"

typedef struct HaveBed {
        uint32_t care;
        const char *type; /* BedType */
        bool is_sub;      /* the type is a wider one */
} HaveBed;

/* NULL: no BedType is near it. */
const HaveBed *have_bed_of(uint32_t care);
/* The care that a BedType is; 0: there is none of that name. */
uint32_t have_care_of(const char *type);

typedef struct HaveCount {
        const char *element;
        PlekCountField field;
        const char *name;
} HaveCount;

enum { HAVE_N_COUNTS = 4 };
extern const HaveCount have_counts[HAVE_N_COUNTS];

/* TriageCodeValue, which EMSCapacity counts by. */
enum { HAVE_N_TRIAGE = 4 };
extern const HaveCount have_triage[HAVE_N_TRIAGE];

/* Whose triage counts EMSCapacity has, which is of the emergency department as a whole: of the
 * counts of an ED those that are of no unit, or the only ones. NULL: nobody's. @records are one
 * party's of one location. */
const FormatRecord *have_triage_of(const FormatRecord *const *records, size_t n, PlekStatus status);

enum { HAVE_REASON_BYTES = 2048 };

/* EMSTrafficStatus of a door as it stands. */
const char *have_traffic(const FormatRecord *record);
/* False: the status says it all. */
bool have_reason_write(const FormatRecord *record, char ret_text[HAVE_REASON_BYTES]);

/* The door that a status and (may be NULL) its reason are; what is not in our words is its text.
 * Returns 0, FORMAT_E_DOCUMENT (no such status) or -ENOMEM. */
MUST_CHECK int have_reason_read(PlekReport *ret_report, const char *status, const char *reason,
                                FormatPicture *picture, const FormatNotes *notes);
