#pragma once

/*
 * Table: the picture as lines for a person, for a terminal or for a pipe
 *
 * A line a record, under its location with its phone numbers. The five facts that must never look
 * alike have a sign and a word each, so that colour only repeats what the line says:
 *
 *         (nothing)  fresh
 *         ~  stale       older than its sender said it would be; or as old or newer, in a past of
 *                        which numbers in between are not kept
 *         ?  silent      three times as old, or unknown
 *         !  expired     a stop whose end has passed
 *         x  withdrawn   no longer exists, or no longer for us
 *         /  overruled   a door where another one leads, which its line says
 *         0  zero        fresh, and nothing is free
 *         -  never       nothing was reported; also in the place of a number that is not there
 */

#include "plek/plek.h"

#include "command.h"
#include "region-filter.h"

typedef enum TableStyle {
        TABLE_PLAIN,
        TABLE_HEAD,
        TABLE_LOCATION,
        TABLE_GREEN,
        TABLE_ORANGE,
        TABLE_RED,
        TABLE_BLACK, /* closed */
        TABLE_GREY,  /* old, unknown, withdrawn */
        TABLE_ALARM, /* the picture itself is not what it should be */
} TableStyle;

typedef struct TableLine {
        char *text;
        TableStyle style;
} TableLine;

typedef struct TableFilter {
        const char *location; /* NULL: all */
        uint32_t care;        /* 0: all */
        RegionFilter regions;
        bool with_withdrawn;
        Language language;
        int columns; /* of the terminal; 0: lines are as long as they are */
        PlekNeighbourRule neighbours;
} TableFilter;

typedef struct Table {
        TableLine *lines;
        size_t n_lines;
} Table;

#define TABLE_NULL ((Table){ 0 })

/* All that @subscriber holds now, head line first. Returns 0 or -ENOMEM. */
MUST_CHECK int table_make(Table *ret_table, PlekSubscriber *subscriber, const TableFilter *filter);
void table_deinit(Table *table);

/* How far the picture itself is to be trusted, in one line: what comes first. */
void table_head(char *ret_text, size_t n_text, TableStyle *ret_style, PlekSubscriber *subscriber,
                Language language);

/* What was mistyped is not there, and so is never shown. Returns an Exit; what was wrong has been
 * said. */
MUST_CHECK int table_needs(const TableFilter *filter, PlekSubscriber *subscriber);

/* Whether a location of which nothing was said is to be shown. */
/* It is a past of which numbers are not all kept. */
bool table_is_thinned(const PlekSubscriber *subscriber);
bool table_wants_location(const TableFilter *filter, const PlekLocation *location);
/* Whether @record is one that the filter asks for. */
bool table_wants(const TableFilter *filter, const PlekRecord *record);
