#pragma once

/*
 * Documents of others, by the name of their format: what plek export and plek import share
 */

#include "formats/format.h"

#include "command.h"

typedef struct DocumentOptions {
        PlekStatus status;
        const char *sender;
        int64_t now_ms;
} DocumentOptions;

typedef struct DocumentFormat {
        const char *name;
        int (*write)(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records,
                     size_t n_records, const DocumentOptions *options, const FormatNotes *notes);
        int (*read)(FormatPicture **ret_picture, const void *bytes, size_t n_bytes,
                    const FormatNotes *notes);
} DocumentFormat;

/* NULL: there is none of that name. */
const DocumentFormat *document_format(const char *name);

/* Writes each note as a line: "RECORD FIELD: WHY", or as JSON. */
typedef struct DocumentNotes {
        FILE *to;
        bool json;
        size_t n;
} DocumentNotes;

void document_note(void *arg, const FormatRecord *record, const char *field, const char *why);
