#pragma once

/*
 * CSV: a row a record, a column a field, without loss
 *
 * The first columns are status, party and report; then each field of field.h; then what a reader
 * derived (party_name, region, freshness, standing, received_at), which is not read back. plek(1)
 * has the list. Separated by commas, lines end in CR LF, UTF-8.
 */

#include "formats/format.h"

/* The caller frees *ret_bytes. Says through @notes what has no place. Returns 0 or -ENOMEM. */
MUST_CHECK int csv_table_write(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records,
                               size_t n_records, const FormatNotes *notes);

/* Returns 0, FORMAT_E_DOCUMENT or -ENOMEM. */
MUST_CHECK int csv_table_read(FormatPicture **ret_picture, const void *bytes, size_t n_bytes,
                              const FormatNotes *notes);
