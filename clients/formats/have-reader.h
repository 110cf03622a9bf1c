#pragma once

/*
 * Between have-read.c, which walks through a document, and have-hospital.c, which reads one
 * Hospital
 */

#include <libxml/tree.h>

#include "formats/have-internal.h"

typedef struct HaveReader {
        FormatPicture *picture;
        const FormatNotes *notes;
        PlekStatus status;
        char *subject, *observed; /* of the Atom entry; or NULL */

        /* of the hospital that is being read */
        FormatRecord base; /* party, location, time */
        PlekReport card;
        bool is_ours; /* its location was named by us */
        size_t n_eds; /* counts of its emergency department */
        bool has_ed;  /* one of them is of no unit */
        const char *ed_unit;
} HaveReader;

/* Adds what @hospital says to the picture. Returns 0, -ENOMEM or -errno. */
MUST_CHECK int have_take_hospital(HaveReader *reader, xmlNode *hospital);
