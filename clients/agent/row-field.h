#pragma once

/*
 * Row field: what a template of a mapping stands for in one row, as text, number or time
 *
 * Everything here returns 0, ROW_REPORT_E_NOTHING, ROW_REPORT_E_WRONG (the fault is filled in), and
 * writes its output only on 0.
 */

#include <stdint.h>

#include "row-report.h"

typedef struct RowContext {
        const Mapping *mapping;
        const MappedReport *mapped;
        const CsvFile *csv;
        const CsvRow *row;
        RowScratch *scratch;
        char *fault;
        const char *column; /* the last one that was looked at; NULL: none */
} RowContext;

/* Fills in the fault: line and column, then what @format says. Returns ROW_REPORT_E_WRONG. */
int row_wrong(RowContext *c, const char *format, ...) PRINTF(2, 3);

/* The template of a MappingKey, filled in. NULL: there is none, or nothing stands there. */
MUST_CHECK int row_fill(RowContext *c, size_t key, const char **ret_text);

/* Goes through the columns that the templates of @mapped name; begins as { .mapped = ... }. */
typedef struct RowColumns {
        const MappedReport *mapped;
        size_t key;
        const char *at;
        char name[128];
} RowColumns;

/* Fills in the next one's name. False: there are no more. */
bool row_columns_next(RowColumns *columns);

enum { ROW_DIGEST_BYTES = 16 };
/* Of what the row says in the columns that @mapped uses. */
void row_digest(uint8_t ret_digest[ROW_DIGEST_BYTES], const CsvFile *csv, const CsvRow *row,
                const MappedReport *mapped);

/* 0 if @text is a number to be parsed, else the PlekMissing that says why it is absent. */
uint32_t row_missing_why(const Mapping *mapping, const char *text);
MUST_CHECK int row_number(RowContext *c, const char *text, double *ret_number);
/* "{a} + {b}"; absent (*ret_why) as soon as one of them is, since a part is not the sum. */
MUST_CHECK int row_sum(RowContext *c, const char *text, double *ret_sum, uint32_t *ret_why);
/* By the mapping's format and zone. */
MUST_CHECK int row_time(RowContext *c, const char *text, int64_t *ret_ms);
/* The code of this name, filled in; as it was where nothing stands there. */
MUST_CHECK int row_code(RowContext *c, size_t key, PlekCodeList list, uint32_t *ret_code);

typedef enum CalendarPeriod { PERIOD_DAY, PERIOD_MONTH } CalendarPeriod;
/* The day or the month, in the mapping's zone, that @text is in. */
MUST_CHECK int row_period(RowContext *c, CalendarPeriod which, const char *text,
                          int64_t *ret_from_ms, int64_t *ret_until_ms);
