#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "door-rows.h"
#include "look.h"
#include "row.h"
#include "sentences.h"
#include "text.h"
#include "when.h"
#include "words.h"

/* The card of a location, in one line. */
typedef struct Heading {
        char location[72];
        char text[ROW_TEXT_BYTES];
} Heading;

/* What a table is made of, gathered before it is put in order. */
typedef struct Gathered {
        Row *rows;
        size_t n_rows;
        Heading *headings;
        size_t n_headings;
} Gathered;

static void gathered_deinit(Gathered *gathered)
{
        free(gathered->rows);
        free(gathered->headings);
}

/* Room for one more in an array that doubles. */
static void *grow(void *array, size_t n, size_t size)
{
        return n & (n - 1) ? array : reallocarray(array, n ? 2 * n : 1, size);
}

bool table_wants_location(const TableFilter *filter, const PlekLocation *location)
{
        return !filter->care &&
               region_filter_has(&filter->regions, location->region, location->regions,
                                 location->n_regions) &&
               (!filter->location || !strcmp(filter->location, location->location));
}

bool table_wants(const TableFilter *filter, const PlekRecord *record)
{
        const PlekReport *report = &record->report;

        /* What happened is not what is: plek flows has it. */
        if (report->kind == PLEK_REPORT_FLOW || report->kind == PLEK_REPORT_REFUSAL)
                return false;
        if (filter->location && strcmp(filter->location, report->location))
                return false;
        if (!region_filter_has(&filter->regions, record->region, record->regions,
                               record->n_regions))
                return false;
        if (!filter->care || report->kind == PLEK_REPORT_CARD)
                return true;
        return (report->kind == PLEK_REPORT_COUNTS && report->counts.care == filter->care) ||
               (report->kind == PLEK_REPORT_OFFERING && report->offering.care == filter->care) ||
               (report->kind == PLEK_REPORT_DOOR &&
                (report->door.care == filter->care || report->door.care == PLEK_ANY));
}

int table_needs(const TableFilter *filter, PlekSubscriber *subscriber)
{
        int r = region_filter_needs(&filter->regions, subscriber);

        if (!r && filter->location)
                r = look_needs_location(subscriber, filter->location);
        return r;
}

static int gather_card(Gathered *gathered, const PlekRecord *record)
{
        const PlekLocationCard *card = &record->report.card;
        Heading *headings = grow(gathered->headings, gathered->n_headings, sizeof(*headings));
        Heading *heading;
        Text text;

        if (!headings)
                return err_raise(-ENOMEM);
        gathered->headings = headings;
        heading = &headings[gathered->n_headings++];
        snprintf(heading->location, sizeof(heading->location), "%s", record->report.location);
        text = (Text){ heading->text, sizeof(heading->text) };
        text_add(&text, "%s (%s)", card->name, card->kind);
        for (size_t i = 0; i < card->n_contacts; i++)
                text_add(&text, "  %s %s", card->contacts[i].function, card->contacts[i].phone);
        return 0;
}

static int need_row(Gathered *gathered, Row **ret_row)
{
        Row *rows = grow(gathered->rows, gathered->n_rows, sizeof(*rows));

        if (!rows)
                return err_raise(-ENOMEM);
        gathered->rows = rows;
        *ret_row = &rows[gathered->n_rows++];
        return 0;
}

/* What its record alone does not say of a door's row, and the line about the neighbours. */
static int gather_door(Gathered *gathered, PlekSubscriber *subscriber, const DoorOf *of,
                       const TableFilter *filter)
{
        size_t at = gathered->n_rows - 1;
        Row neighbours, *row;
        bool has_neighbours;
        DoorAsks asks;
        int r;

        r = door_row_finish(&gathered->rows[at], subscriber, of, filter, &asks);
        for (size_t i = 0; !r && i < asks.n_scopes; i++) {
                r = door_row_neighbours(&neighbours, subscriber, &gathered->rows[at], of, &asks, i,
                                        filter, &has_neighbours);
                if (r || !has_neighbours)
                        continue;
                r = need_row(gathered, &row);
                if (!r)
                        *row = neighbours;
        }
        return r;
}

static int gather_row(Gathered *gathered, PlekSubscriber *subscriber, const PlekRecord *record,
                      const TableFilter *filter)
{
        int64_t since_ms, away_ms = -1;
        bool connected;
        DoorOf of;
        Row *row;
        int r;

        r = need_row(gathered, &row);
        if (r)
                return r;
        if (record->freshness != PLEK_WITHDRAWN &&
            !plek_subscriber_presence(subscriber, record->party, &connected, &since_ms) &&
            !connected && record->report.source != PLEK_SOURCE_MANUAL)
                away_ms = MAX(plek_subscriber_now_ms(subscriber) - since_ms, 0);
        row_make(row, record, filter->language, away_ms, filter->columns);
        if (record->report.kind != PLEK_REPORT_DOOR || record->freshness == PLEK_WITHDRAWN)
                return 0;
        door_of(&of, record);
        return gather_door(gathered, subscriber, &of, filter);
}

/* What is offered is not what is free: the map has it. What is announced is shown here, too. */
static bool is_for_the_map(const PlekRecord *record)
{
        return record->report.kind == PLEK_REPORT_OFFERING && record->standing != PLEK_ANNOUNCED;
}

typedef int (*NextFn)(PlekSubscriber *subscriber, PlekCursor *cursor, PlekRecord *ret_record);

static int gather(Gathered *gathered, PlekSubscriber *subscriber, const TableFilter *filter,
                  NextFn next)
{
        PlekCursor cursor = { 0 };
        PlekRecord record;
        int r;

        while (!(r = next(subscriber, &cursor, &record))) {
                if (!table_wants(filter, &record) || is_for_the_map(&record))
                        continue;
                if (record.report.kind == PLEK_REPORT_CARD)
                        r = record.freshness == PLEK_WITHDRAWN ? 0 : gather_card(gathered, &record);
                else
                        r = gather_row(gathered, subscriber, &record, filter);
                if (r)
                        return r;
        }
        return r == PLEK_E_END ? 0 : r;
}

static int compare_places(const void *a, const void *b)
{
        const Row *x = a, *y = b;
        int order = strcmp(x->region, y->region);

        return order ? order : strcmp(x->location, y->location);
}

/* As people look for it: by what a location is called. */
static int compare_rows(const void *a, const void *b)
{
        const Row *x = a, *y = b;
        int order = strcmp(x->region, y->region);

        if (!order)
                order = strcasecmp(x->name, y->name);
        if (!order)
                order = strcmp(x->location, y->location);
        if (!order)
                order = x->rank - y->rank;
        return order ? order : strcmp(x->order, y->order);
}

static int compare_headings(const void *a, const void *b)
{
        return strcmp(((const Heading *)a)->location, ((const Heading *)b)->location);
}

static Heading *find_heading(const Gathered *gathered, const char *location)
{
        Heading key;

        snprintf(key.location, sizeof(key.location), "%s", location);
        return gathered->n_headings ? bsearch(&key, gathered->headings, gathered->n_headings,
                                              sizeof(key), compare_headings)
                                    : NULL;
}

/* Whether one of the first @n_rows, which are in order, is of it. */
static bool has_row(const Gathered *gathered, size_t n_rows, const PlekLocation *location)
{
        Row key;

        snprintf(key.region, sizeof(key.region), "%s", location->region);
        snprintf(key.location, sizeof(key.location), "%s", location->location);
        return n_rows && bsearch(&key, gathered->rows, n_rows, sizeof(Row), compare_places);
}

bool table_is_thinned(const PlekSubscriber *subscriber)
{
        uint64_t revision;
        int64_t time_ms;
        bool is_thinned;

        return !plek_subscriber_past(subscriber, &revision, &time_ms, NULL, &is_thinned) &&
               is_thinned;
}

/* A location that somebody is enrolled for and nobody said anything of is not an empty place. Rows
 * are in order, and are not any more. */
static int gather_never(Gathered *gathered, PlekSubscriber *subscriber, const TableFilter *filter)
{
        const size_t n_rows = gathered->n_rows;
        PlekCursor cursor = { 0 };
        PlekLocation location;

        while (!plek_subscriber_next_location(subscriber, &cursor, &location)) {
                Row *rows;

                if (!table_wants_location(filter, &location) ||
                    has_row(gathered, n_rows, &location))
                        continue;
                rows = grow(gathered->rows, gathered->n_rows, sizeof(*rows));
                if (!rows)
                        return err_raise(-ENOMEM);
                gathered->rows = rows;
                row_make_never(&rows[gathered->n_rows++], location.region, location.location,
                               table_is_thinned(subscriber), filter->language);
        }
        return 0;
}

static void name_rows(Gathered *gathered)
{
        for (size_t i = 0; i < gathered->n_rows; i++) {
                Row *row = &gathered->rows[i];
                const Heading *heading = find_heading(gathered, row->location);

                snprintf(row->name, sizeof(row->name), "%.*s", (int)sizeof(row->name) - 1,
                         heading ? heading->text : row->location);
        }
}

static int add_line(Table *table, TableStyle style, const char *text)
{
        TableLine *lines = grow(table->lines, table->n_lines, sizeof(*lines));

        if (!lines)
                return err_raise(-ENOMEM);
        table->lines = lines;
        lines[table->n_lines] = (TableLine){ .text = strdup(text), .style = style };
        if (!lines[table->n_lines].text)
                return err_raise(-ENOMEM);
        table->n_lines++;
        return 0;
}

void table_head(char *ret_text, size_t n_text, TableStyle *ret_style, PlekSubscriber *subscriber,
                Language language)
{
        static const char *const links[] = {
                [PLEK_LINK_NOT_FED] = "not fed",
                [PLEK_LINK_NOT_ACCEPTING] = "not accepting",
                [PLEK_LINK_LIVE] = "live",
                [PLEK_LINK_PAST] = "as it was held",
        };
        char when[WHEN_TEXT_BYTES] = "?", since[DURATION_TEXT_BYTES] = "";
        int64_t now_ms = plek_subscriber_now_ms(subscriber);
        uint64_t epoch, revision;
        bool is_whole;
        const char *thinned = "";
        PlekLinkState link;

        plek_subscriber_link_state(subscriber, &link);
        plek_subscriber_position(subscriber, &epoch, &revision);
        is_whole = link.link == PLEK_LINK_LIVE || link.link == PLEK_LINK_PAST;
        if (table_is_thinned(subscriber))
                thinned = word(language, ", thinned: numbers in between are not kept");
        if (now_ms >= 0) {
                when_format(now_ms, when);
                duration_format(now_ms - link.since_ms, since);
        }
        *ret_style = is_whole ? TABLE_HEAD : TABLE_ALARM;
        if (is_whole)
                snprintf(ret_text, n_text, "Plek  %s  %s  (%" PRIu64 ")%s%s",
                         word(language, links[link.link]), when, revision,
                         link.in_sync ? "" : " ...", thinned);
        else
                snprintf(ret_text, n_text, "Plek  *** %s, %s ***  %s",
                         word(language, links[link.link]), since, link.why ? spoken(link.why) : "");
}

/* What a terminal is too narrow for goes on below, further in. */
static int add_wrapped(Table *table, TableStyle style, const char *text, int columns)
{
        char line[ROW_TEXT_BYTES + 8];
        const char *indent = "";
        int r = 0;

        do {
                int width = columns ? MAX(columns - (int)strlen(indent), 20) : INT_MAX;
                size_t n = text_break(text, width);

                snprintf(line, sizeof(line), "%s%.*s", indent, (int)n, text);
                r = add_line(table, style, line);
                text += n + strspn(text + n, " ");
                indent = "      ";
        } while (!r && *text);
        return r;
}

static int add_location(Table *table, const Gathered *gathered, const Row *row, int columns)
{
        const Heading *heading = find_heading(gathered, row->location);

        return add_wrapped(table, TABLE_LOCATION, heading ? heading->text : row->location, columns);
}

static int add_rows(Table *table, const Gathered *gathered, const TableFilter *filter)
{
        const Row *previous = NULL;
        int r = 0;

        for (size_t i = 0; !r && i < gathered->n_rows; i++) {
                const Row *row = &gathered->rows[i];

                if (!previous || strcmp(previous->region, row->region))
                        r = add_line(table, TABLE_HEAD, row->region);
                if (!r && (!previous || strcmp(previous->location, row->location)))
                        r = add_location(table, gathered, row, filter->columns);
                if (!r)
                        r = add_wrapped(table, row->style, row->text, filter->columns);
                previous = row;
        }
        if (!r && !gathered->n_rows)
                r = add_line(table, TABLE_GREY, word(filter->language, "no report"));
        return r;
}

int table_make(Table *ret_table, PlekSubscriber *subscriber, const TableFilter *filter)
{
        CLEANUP(gathered_deinit) Gathered gathered = { 0 };
        CLEANUP(table_deinit) Table table = TABLE_NULL;
        char head[ROW_TEXT_BYTES];
        TableStyle style;
        int r;

        r = gather(&gathered, subscriber, filter, plek_subscriber_next);
        if (!r && filter->with_withdrawn)
                r = gather(&gathered, subscriber, filter, plek_subscriber_next_withdrawn);
        if (r)
                return r;

        if (gathered.n_headings)
                qsort(gathered.headings, gathered.n_headings, sizeof(Heading), compare_headings);
        if (gathered.n_rows)
                qsort(gathered.rows, gathered.n_rows, sizeof(Row), compare_places);
        r = gather_never(&gathered, subscriber, filter);
        if (r)
                return r;
        name_rows(&gathered);
        if (gathered.n_rows)
                qsort(gathered.rows, gathered.n_rows, sizeof(Row), compare_rows);

        table_head(head, sizeof(head), &style, subscriber, filter->language);
        r = add_line(&table, style, head);
        if (!r)
                r = add_rows(&table, &gathered, filter);
        if (r)
                return r;
        *ret_table = table;
        table = TABLE_NULL;
        return 0;
}

void table_deinit(Table *table)
{
        for (size_t i = 0; i < table->n_lines; i++)
                free(table->lines[i].text);
        free(table->lines);
        *table = TABLE_NULL;
}
