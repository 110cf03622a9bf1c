#pragma once

/*
 * A document of others, read; what was taken from it must be fit to be written, and come back
 */

#include <string.h>

#include "formats/csv-table.h"

typedef int (*FuzzReadFn)(FormatPicture **, const void *, size_t, const FormatNotes *);

static void fuzz_note(void *arg, const FormatRecord *record, const char *field, const char *why)
{
        char id[FORMAT_ID_BYTES];

        assert(why && *why);
        if (record && record->report.location)
                format_id(record, id);
}

static inline void fuzz_format(FuzzReadFn read, const uint8_t *data, size_t n_data)
{
        CLEANUP(format_picture_freep) FormatPicture *picture = NULL, *again = NULL;
        const FormatNotes notes = { fuzz_note, NULL };
        CLEANUP(freep) char *bytes = NULL;
        const FormatRecord *records;
        size_t n, n_bytes, n_again;

        if (read(&picture, data, n_data, &notes))
                return;
        records = format_picture_records(picture, &n);
        assert(!csv_table_write(&bytes, &n_bytes, records, n, NULL));
        assert(!csv_table_read(&again, bytes, n_bytes, NULL));
        format_picture_records(again, &n_again);
        assert(n_again == n);
}
