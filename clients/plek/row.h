#pragma once

/*
 * Row: one record in words
 */

#include "table.h"

enum { ROW_TEXT_BYTES = 640 };

typedef struct Row {
        char region[40];
        char location[72];
        char name[72]; /* of the location; its id where there is no card: what it is sorted by */
        char text[ROW_TEXT_BYTES];
        TableStyle style;
        size_t value_at; /* in the text: where what is said begins */
        int rank;        /* doors, then pressure, then counts; withdrawn last */
        char order[200]; /* among those of one rank */
        size_t order_at; /* in that: of one scope, what leads, what does not, plans not in force */
} Row;

enum { ROW_SIGN_AT = 2, ROW_LEADS = '0', ROW_DOES_NOT_LEAD, ROW_NOT_IN_FORCE };

/* What a record is about, and what it says, each in words. */
void row_say(const PlekRecord *record, Language language, char *ret_about, size_t n_about,
             char *ret_value, size_t n_value);

/*
 * @away_ms: since when the party's agent is away, or -1. @columns: how wide the terminal is, or 0.
 * In a narrow one age, source and marks come before the end of what is said, so that they are seen
 * first; nothing is left out but the end of a name.
 */
void row_make(Row *ret_row, const PlekRecord *record, Language language, int64_t away_ms,
              int columns);
/* Of a location of which nothing was said; or, in a past that was thinned, of which nothing is
 * kept. */
void row_make_never(Row *ret_row, const char *region, const char *location, bool is_thinned,
                    Language language);
