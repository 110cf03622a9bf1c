#pragma once

/*
 * Row report: what one row of a file says, by one [report NAME] of its mapping
 */

#include "plek/csv-file.h"
#include "mapping.h"

enum {
        ROW_REPORT_OK,
        ROW_REPORT_E_NOTHING, /* the row says nothing here: a value was mapped to "-" */
        ROW_REPORT_E_WRONG,   /* *ret_fault says which column and why */
};

enum { ROW_FAULT_BYTES = 256, ROW_SCRATCH_BYTES = 16 * 1024 };

/* The strings of one report; used again for the next. */
typedef struct RowScratch {
        size_t n_used;
        char bytes[ROW_SCRATCH_BYTES];
} RowScratch;

/*
 * Strings of *ret_report are in @scratch or @mapping. A report that says no number at all is still
 * one: everything absent is a statement too. @file_time_ms is when the file was written: what is
 * observed when no column says.
 */
MUST_CHECK int row_report(PlekReport *ret_report, const Mapping *mapping,
                          const MappedReport *mapped, const CsvFile *csv, const CsvRow *row,
                          int64_t file_time_ms, RowScratch *scratch,
                          char ret_fault[ROW_FAULT_BYTES]);
