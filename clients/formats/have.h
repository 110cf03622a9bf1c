#pragma once

/*
 * EDXL-HAVE 1.0: hospital availability as XML
 *
 * Element names and enumerations are those of OASIS EDXL-HAVE 1.0 (November 2008) and, for what an
 * organisation is called and how it is reached, of OASIS CIQ 3.0. A Hospital is one location as one
 * party speaks of it. What its door says beyond the four states of EMSTrafficStatus stands in
 * EMSTrafficReason, in words that people read and have_read() understands:
 *
 *         STOP; until 2026-11-22T20:00:00.000Z; except MULTITRAUMA; reason ED_CROWDING; text: full
 *
 * Counts of a kind of care that is no BedType, and of a unit, are a SubCategoryBedType, "ECMO" or
 * "ICU_ADULT/ic-2". An exercise or a test is wrapped in EDXL-DE 1.0, which can say so.
 */

#include "formats/format.h"

typedef struct HaveOptions {
        PlekStatus status; /* of the document: records of another are left out, and said */
        const char *sender;
        int64_t now_ms;
} HaveOptions;

/* The caller frees *ret_bytes. Says through @notes what has no place. Returns 0 or -ENOMEM. */
MUST_CHECK int have_write(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records,
                          size_t n_records, const HaveOptions *options, const FormatNotes *notes);

/* Also of documents wrapped in EDXL-DE, and of those in an Atom feed. Nothing is fetched, and a
 * document with a DTD is refused. Returns 0, FORMAT_E_DOCUMENT or -ENOMEM. */
MUST_CHECK int have_read(FormatPicture **ret_picture, const void *bytes, size_t n_bytes,
                         const FormatNotes *notes);
