#pragma once

/*
 * Fields: everything that a report can say, each under a name and as text
 *
 * One table from which follow the columns of CSV, what a record shown as JSON has, and the names in
 * a list of what a format cannot say.
 */

#include "formats/format.h"

typedef struct Field Field;

enum { FIELD_TEXT_BYTES = 8192 };

enum {
        FIELD_OK,
        FIELD_E_VALUE, /* the text is none of its values */
        FIELD_E_NONE,  /* this kind of report has no such field */
};

/* The @n-th name that some report has, in the order of columns; NULL past the last. */
const char *field_name(size_t n);

/* Of @report, as text; false: it does not say it. */
bool field_get(const PlekReport *report, const char *name, char ret_text[FIELD_TEXT_BYTES]);

/*
 * Says it; status and kind first, and a field once. Strings are kept in @picture. Returns 0,
 * FIELD_E_VALUE, FIELD_E_NONE or -ENOMEM.
 */
MUST_CHECK int field_set(PlekReport *report, const char *name, const char *text,
                         FormatPicture *picture);

/* Whether it is a number wherever it is given at all: of a count also why it is not. */
bool field_is_number(const char *name);

/* An empty report of @kind: nothing is said. */
void field_report_init(PlekReport *ret_report, PlekReportKind kind);
