#pragma once

/*
 * Cells: rows counted into flows and refusals
 *
 * Rows that say the same but for the number are one cell; its count is theirs added up, withheld if
 * that of one is. Counted anew at each reading, and said when all rows were read: by then the
 * publisher knows what changed.
 */

#include <uthash.h>

#include "mapping.h"

#include "internal/err.h"

typedef struct Cell {
        UT_hash_handle hh;
        const MappedReport *mapped;
        unsigned long line; /* of its first row */
        int64_t count;
        bool is_withheld;
        size_t n_rows;
        PlekReport report; /* strings are in text */
        size_t n_text;
        char text[]; /* what makes it a cell of its own */
} Cell;

typedef struct Cells {
        Cell *all; /* in the order of their first rows */
} Cells;

void cells_deinit(Cells *cells);

/* One more row. Strings of @report are copied. Returns 0 or -ENOMEM. */
MUST_CHECK int cells_add(Cells *cells, const MappedReport *mapped, const PlekReport *report,
                         unsigned long line);

/* What is not said of cells, and why. */
typedef struct CellsLeft {
        size_t n_to_come;   /* their period is not over, or not for long enough */
        size_t n_too_old;   /* no broker takes them any more */
        int64_t next_at_ms; /* when the first of those to come can be said; INT64_MAX: none */
} CellsLeft;

/* Called with each report; returns 0 or what ends it. */
typedef int (*CellsFn)(void *arg, const Cell *cell, const PlekReport *report);

/*
 * Hands over what is to be said at @now_ms. A count of 1 to 4 is said with audience COORD, whatever
 * the mapping says. The refusals of a cell are one a row, each with an id made of what it says and
 * which of the equal ones it is: the same file read again says the same.
 */
MUST_CHECK int cells_tell(const Cells *cells, int64_t now_ms, int64_t complete_after_ms,
                          CellsFn tell, void *arg, CellsLeft *ret_left);
