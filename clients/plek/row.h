#pragma once

/*
 * Row: one record in words
 */

#include "table.h"

enum { ROW_TEXT_BYTES = 512 };

typedef struct Row {
        char region[40];
        char location[72];
        char text[ROW_TEXT_BYTES];
        TableStyle style;
        int rank;        /* doors, then pressure, then counts; withdrawn last */
        char order[200]; /* among those of one rank */
} Row;

/* What a record is about, and what it says, each in words. */
void row_say(const PlekRecord *record, Language language, char *ret_about, size_t n_about,
             char *ret_value, size_t n_value);

/* @away_ms: since when the party's agent is away, or -1. */
void row_make(Row *ret_row, const PlekRecord *record, Language language, int64_t away_ms);
/* Of a location of which nothing was said. */
void row_make_never(Row *ret_row, const char *region, const char *location, Language language);
