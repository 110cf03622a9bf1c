#pragma once

/*
 * CSV: a file as rows of fields, with the line that each began on
 *
 * libcsv splits; this gives names to columns and numbers to lines, so that a bad field can be
 * pointed at.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "internal/err.h"

typedef struct CsvFile CsvFile;

enum {
        CSV_FILE_COLUMNS_MAX = 1024,
        CSV_FILE_LINE_MAX = 1024 * 1024,
};

enum {
        CSV_FILE_OK,
        CSV_FILE_E_END,
        CSV_FILE_E_HEADER, /* no header, two columns of one name, or too many */
        CSV_FILE_E_ROW,    /* a row that is no CSV, or too long; the next one can be read */
        CSV_FILE_E_FIELDS, /* a row with more or fewer fields than the header: which of them is
                              which column is anybody's guess */
        CSV_FILE_E_CUT, /* the file ends within a row: its last number may lack its last digits */
};

typedef struct CsvRow {
        unsigned long line;        /* from 1: where it begins */
        const char *const *fields; /* one a column */
        size_t n_fields;
} CsvRow;

/* Reads the header. @file stays the caller's. Returns 0, CSV_FILE_E_HEADER, -EIO or -ENOMEM. */
MUST_CHECK int csv_file_new(CsvFile **ret_csv, FILE *file, char separator);
CsvFile *csv_file_free(CsvFile *csv);
DEFINE_FREEP(CsvFile, csv_file_free);

size_t csv_file_n_columns(const CsvFile *csv);
const char *csv_file_column(const CsvFile *csv, size_t column);
/* SIZE_MAX: there is none of that name. */
size_t csv_file_find(const CsvFile *csv, const char *name);

/* Empty lines are passed over. *ret_row is borrowed until the next call; its line is also filled in
 * on the errors of a row, its n_fields on CSV_FILE_E_FIELDS. Returns 0, one of these,
 * CSV_FILE_E_END, -EIO or -ENOMEM. */
MUST_CHECK int csv_file_next(CsvFile *csv, CsvRow *ret_row);
