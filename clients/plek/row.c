#include <stdio.h>
#include <string.h>

#include "bands.h"
#include "door-words.h"
#include "row.h"
#include "text.h"
#include "when.h"
#include "words.h"

static uint32_t record_care(const PlekRecord *record)
{
        return record->report.kind == PLEK_REPORT_COUNTS     ? record->report.counts.care
               : record->report.kind == PLEK_REPORT_DOOR     ? record->report.door.care
               : record->report.kind == PLEK_REPORT_OFFERING ? record->report.offering.care
               : record->report.kind == PLEK_REPORT_FLOW     ? record->report.flow.care
               : record->report.kind == PLEK_REPORT_REFUSAL  ? record->report.refusal.care
                                                             : PLEK_ANY;
}

/* What it is about: care, unit, and for a door whom. */
static void what(const PlekRecord *record, Language language, char *to, size_t n_to)
{
        const PlekReport *report = &record->report;
        const char *unit = report->label ? report->label : report->unit;
        uint32_t care = record_care(record);
        Text text = { to, n_to };

        if (care != PLEK_ANY)
                text_add(&text, "%s", label(PLEK_CODES_CARE, care, language));
        else
                text_add(&text, "%s",
                         report->kind == PLEK_REPORT_PRESSURE ? word(language, "pressure")
                                                              : word(language, "whole location"));
        if (unit)
                text_add(&text, " %s", unit);
        if (report->kind != PLEK_REPORT_DOOR)
                return;
        if (report->door.patient_group != PLEK_ANY)
                text_add(&text, ", %s",
                         label(PLEK_CODES_PATIENT_GROUP, report->door.patient_group, language));
        if (report->door.urgency != PLEK_ANY)
                text_add(&text, ", U%u", report->door.urgency);
}

static void add_time(Text *text, const char *before, int64_t ms, Language language)
{
        char when[WHEN_TEXT_BYTES];

        if (ms == PLEK_NO_TIME)
                return;
        when_format_soon(ms, language, when);
        text_add(text, " · %s %s", word(language, before), when);
}

static void door_words(const PlekRecord *record, Language language, Text *text)
{
        static const char *const standings[] = {
                [PLEK_ANNOUNCED] = "announced",
                [PLEK_EXPIRED] = "expired",
                [PLEK_LAPSED] = "unknown since its end",
                [PLEK_REOPENED] = "reopened, unconfirmed",
                [PLEK_OVER] = "over",
        };
        const PlekDoor *door = &record->report.door;

        /* What was open until then is not open after it, and what reopened is. */
        text_add(text, "%s",
                 record->standing == PLEK_REOPENED ? door_state_words(PLEK_DOOR_OPEN, language)
                 : record->standing == PLEK_EXPIRED && door->state == PLEK_DOOR_OPEN
                         ? word(language, "unknown")
                         : door_state_words(door->state, language));
        if (record->standing != PLEK_STANDS)
                text_add(text, " (%s)", word(language, standings[record->standing]));
        exceptions_words(door->exceptions, door->n_exceptions, language, text);
        if (door->reason)
                text_add(text, " · %s", label(PLEK_CODES_REASON, door->reason, language));
        add_time(text, door->plan ? "from" : "since",
                 door->plan                          ? door->starts_at_ms
                 : record->standing == PLEK_REOPENED ? door->ends_at_ms
                                                     : record->since_ms,
                 language);
        if (record->standing != PLEK_REOPENED)
                add_time(text, "until", door->ends_at_ms, language);
        if (door->text)
                text_add(text, " · %s", door->text);
}

/* One number, or why it is not there. */
static void count_words(const PlekCounts *counts, PlekCountField field, Language language,
                        Text *text)
{
        if (counts->present[field])
                text_add(text, "%d", counts->value[field]);
        else if (counts->missing[field] == PLEK_MISSING_SUPPRESSED)
                text_add(text, "%s", word(language, "suppressed"));
        else if (counts->missing[field] == PLEK_MISSING_UNKNOWN)
                text_add(text, "%s", word(language, "unknown"));
        else
                text_add(text, "-");
}

static void counts_words(const PlekRecord *record, Language language, Text *text)
{
        const PlekCounts *counts = &record->report.counts;

        if (record->available_known) {
                text_add(text, "%d %s %s ", record->available, word(language, "free"),
                         word(language, "of"));
                count_words(counts, PLEK_COUNT_STAFFED, language, text);
        } else {
                text_add(text, "%s ", word(language, "occupied"));
                count_words(counts, PLEK_COUNT_OCCUPIED, language, text);
                text_add(text, ", %s ", word(language, "staffed"));
                count_words(counts, PLEK_COUNT_STAFFED, language, text);
        }
        if (record->flags & PLEK_FLAG_OVERCROWDED)
                text_add(text, " · %s", word(language, "overcrowded"));
        if (record->flags & PLEK_FLAG_INCONSISTENT)
                text_add(text, " · %s", word(language, "contradicts itself"));
        if (record->report.definition)
                text_add(text, " · %s", record->report.definition);
}

static void offering_words(const PlekRecord *record, Language language, Text *text)
{
        const PlekOffering *offering = &record->report.offering;
        char when[WHEN_TEXT_BYTES];

        text_add(text, "%s", word(language, offering->not_offered ? "not offered" : "offered"));
        if (record->standing != PLEK_STANDS)
                text_add(text, " (%s)",
                         word(language, record->standing == PLEK_ANNOUNCED ? "announced" : "over"));
        if (offering->level)
                text_add(text, " · %s %s", word(language, "level"), offering->level);
        if (offering->hours)
                text_add(text, " · %s", offering->hours);
        if (offering->holds_from_ms != PLEK_NO_TIME) {
                when_format_near(offering->holds_from_ms, when);
                text_add(text, " · %s %s", word(language, "from"), when);
        }
        if (offering->holds_until_ms != PLEK_NO_TIME) {
                when_format_near(offering->holds_until_ms, when);
                text_add(text, " · %s %s", word(language, "until"), when);
        }
}

/* The method stands before the number: two scores of different methods cannot be compared. */
static void pressure_words(const PlekPressure *pressure, Language language, Text *text)
{
        PlekPressureReading reading;
        const char *band;

        plek_pressure_read(pressure, &reading);
        if (!reading.is_known) {
                text_add(text, "%s -", pressure->method);
                return;
        }
        text_add(text, "%s %.4g", pressure->method, reading.score);
        if (reading.is_computed)
                text_add(text, " (%s)", word(language, "computed"));
        band = bands_name(pressure->method, reading.score, language);
        if (band)
                text_add(text, " · %s", band);
        if (reading.differs)
                text_add(text, " · %s %.4g", word(language, "its inputs say"), reading.computed);
}

static void flow_words(const PlekFlow *flow, Language language, Text *text)
{
        char when[WHEN_TEXT_BYTES];

        text_add(text, "%s > %s ", label(PLEK_CODES_CHAIN, flow->from, language),
                 label(PLEK_CODES_CHAIN, flow->to, language));
        if (flow->has_count)
                text_add(text, "%d", flow->count);
        else
                text_add(text, "%s", word(language, "suppressed"));
        when_format_near(flow->from_ms, when);
        text_add(text, " · %s", when);
        when_format_near(flow->until_ms, when);
        text_add(text, " %s %s", word(language, "until"), when);
        if (flow->other)
                text_add(text, " · %s %s", word(language, "from"), flow->other);
}

static void refusal_words(const PlekCareRefusal *refusal, Language language, Text *text)
{
        char when[WHEN_TEXT_BYTES];

        when_format_near(refusal->at_ms, when);
        text_add(text, "%s %d · %s", word(language, "refused"), refusal->count, when);
        if (refusal->reason)
                text_add(text, " · %s", label(PLEK_CODES_REASON, refusal->reason, language));
        if (refusal->from)
                text_add(text, " · %s %s", word(language, "from"),
                         label(PLEK_CODES_CHAIN, refusal->from, language));
}

static TableStyle style_of(const PlekRecord *record)
{
        static const TableStyle doors[] = {
                [PLEK_DOOR_OPEN] = TABLE_GREEN,
                [PLEK_DOOR_RESTRICTED] = TABLE_ORANGE,
                [PLEK_DOOR_STOP] = TABLE_RED,
                [PLEK_DOOR_CLOSED] = TABLE_BLACK,
                [PLEK_DOOR_NOT_APPLICABLE] = TABLE_GREY,
        };
        uint32_t state = record->report.kind == PLEK_REPORT_DOOR ? record->report.door.state : 0;

        if (record->freshness == PLEK_WITHDRAWN || record->freshness == PLEK_SILENT ||
            record->enrolled == PLEK_DISTRUSTED)
                return TABLE_GREY;
        if (state == PLEK_DOOR_STOP && record->standing == PLEK_EXPIRED)
                return TABLE_ORANGE;
        if (record->standing != PLEK_STANDS || record->freshness == PLEK_STALE ||
            record->freshness == PLEK_THINNED)
                return TABLE_GREY;
        return state < N_ELEMENTS(doors) && state ? doors[state] : TABLE_PLAIN;
}

static char sign_of(const PlekRecord *record)
{
        if (record->freshness == PLEK_WITHDRAWN)
                return 'x';
        if (record->enrolled == PLEK_DISTRUSTED)
                return '#';
        if (record->report.kind == PLEK_REPORT_DOOR && record->standing == PLEK_EXPIRED)
                return '!';
        if (record->freshness == PLEK_SILENT || record->standing == PLEK_LAPSED)
                return '?';
        if (record->freshness == PLEK_STALE || record->freshness == PLEK_THINNED)
                return '~';
        return record->available_known && !record->available ? '0' : ' ';
}

static void value_words(const PlekRecord *record, Language language, char *to, size_t n_to)
{
        const PlekReport *report = &record->report;
        Text text = { to, n_to };

        *to = '\0';
        /* At once: what is said after it must not be taken for what is so. */
        if (record->freshness != PLEK_WITHDRAWN && record->enrolled == PLEK_DISTRUSTED)
                text_add(&text, "%s · ", word(language, "does not count: distrusted"));
        if (record->freshness == PLEK_WITHDRAWN)
                text_add(&text, "%s", word(language, "withdrawn"));
        else if (report->kind == PLEK_REPORT_DOOR)
                door_words(record, language, &text);
        else if (report->kind == PLEK_REPORT_COUNTS)
                counts_words(record, language, &text);
        else if (report->kind == PLEK_REPORT_OFFERING)
                offering_words(record, language, &text);
        else if (report->kind == PLEK_REPORT_PRESSURE)
                pressure_words(&report->pressure, language, &text);
        else if (report->kind == PLEK_REPORT_FLOW)
                flow_words(&report->flow, language, &text);
        else if (report->kind == PLEK_REPORT_REFUSAL)
                refusal_words(&report->refusal, language, &text);
        else
                text_add(&text, "-");
}

void row_say(const PlekRecord *record, Language language, char *ret_about, size_t n_about,
             char *ret_value, size_t n_value)
{
        what(record, language, ret_about, n_about);
        value_words(record, language, ret_value, n_value);
}

/* What the reader must not overlook, in words. */
static void marks(const PlekRecord *record, Language language, int64_t away_ms, Text *text)
{
        char away[DURATION_TEXT_BYTES];

        text_add(text, "%s", status_mark(record->report.status, language));
        if (record->freshness == PLEK_STALE)
                text_add(text, "  %s", word(language, "stale"));
        if (record->freshness == PLEK_SILENT)
                text_add(text, "  %s", word(language, "silent"));
        if (record->freshness == PLEK_THINNED)
                text_add(text, "  %s", word(language, "or newer: numbers in between are not kept"));
        if (record->enrolled == PLEK_NO_LONGER_ENROLLED)
                text_add(text, "  %s", word(language, "no longer enrolled"));
        if (record->overdue_ms) {
                duration_format(record->overdue_ms, away);
                text_add(text, "  > %s %s", word(language, "overdue"), away);
        }
        if (away_ms >= 0) {
                duration_format(away_ms, away);
                text_add(text, "  %s %s", word(language, "agent away"), away);
        }
}

static void set_order(Row *row, const PlekRecord *record)
{
        bool is_in_force = record->standing != PLEK_ANNOUNCED && record->standing != PLEK_OVER;
        char part = !is_in_force                          ? ROW_NOT_IN_FORCE
                    : record->enrolled == PLEK_DISTRUSTED ? ROW_DOES_NOT_LEAD
                                                          : ROW_LEADS;
        Text text = { row->order, sizeof(row->order) };

        text_add(&text, "%010u %s ", record_care(record),
                 record->report.unit ? record->report.unit : "");
        row->order_at = (size_t)(text.at - row->order);
        text_add(&text, "%c %s", part, record->id ? record->id : "");
}

enum { WIDE_COLUMNS = 120, ABOUT_COLUMNS = 28, VALUE_COLUMNS = 46, AGE_COLUMNS = 9 };

/* How wide what it is about and what it says may be: beside the sign, the age, the source and,
 * where what is said has room enough, a mark. */
static void widths(int columns, int *ret_about, int *ret_value)
{
        enum { SIGN = 4, SOURCE = 10, MARK = 11, ENOUGH = 26 };
        int value;

        *ret_about = ABOUT_COLUMNS;
        *ret_value = VALUE_COLUMNS;
        if (!columns || columns >= WIDE_COLUMNS)
                return;
        *ret_about = MIN(MAX(columns / 4, 12), ABOUT_COLUMNS);
        value = columns - SIGN - AGE_COLUMNS - SOURCE - *ret_about;
        if (value > ENOUGH)
                value = MAX(value - MARK, ENOUGH);
        *ret_value = MIN(MAX(value, 14), VALUE_COLUMNS);
}

/* A name that is too long ends in an ellipsis; the column keeps its two blanks. */
static void add_about(Text *text, const char *about, int width, bool is_narrow)
{
        char cut[160];

        if (!is_narrow || text_width(about) <= width - 2) {
                text_add_padded(text, about, width);
                return;
        }
        snprintf(cut, sizeof(cut), "%.*s…", (int)text_fit(about, width - 3), about);
        text_add_padded(text, cut, width);
}

/* As many parts of it as there is room for. Returns what is left over. */
static const char *add_value(Text *text, char *value, int width, bool is_narrow)
{
        static const char between[] = " · ";
        size_t n = is_narrow ? text_break(value, width - 2) : strlen(value);
        char *rest = value + n;

        for (char *at = value; *rest && (at = strstr(at, between)) && at <= value + n; at++)
                rest = at;
        n = (size_t)(rest - value);
        if (!strncmp(rest, between, strlen(between)))
                rest += strlen(between);
        else
                rest += strspn(rest, " ");
        if (*rest)
                value[n] = '\0';
        text_add_padded(text, value, width);
        return rest;
}

void row_make(Row *ret_row, const PlekRecord *record, Language language, int64_t away_ms,
              int columns)
{
        char about[128], value[400], age[DURATION_TEXT_BYTES] = "";
        const PlekReport *report = &record->report;
        Text text = { ret_row->text, sizeof(ret_row->text) };
        int about_columns, value_columns;
        const char *rest;

        what(record, language, about, sizeof(about));
        value_words(record, language, value, sizeof(value));
        if (record->freshness != PLEK_WITHDRAWN)
                duration_format(record->age_ms, age);

        text_add(&text, "  %c ", sign_of(record));
        widths(columns, &about_columns, &value_columns);
        add_about(&text, about, about_columns, columns != 0);
        ret_row->value_at = (size_t)(text.at - ret_row->text);
        rest = add_value(&text, value, value_columns, columns != 0);
        text_add_padded(&text, age, AGE_COLUMNS);
        if (record->freshness != PLEK_WITHDRAWN && report->source)
                text_add(&text, "%s", label(PLEK_CODES_SOURCE, report->source, language));
        marks(record, language, away_ms, &text);
        if (*rest)
                text_add(&text, "  · %s", rest);

        ret_row->style = style_of(record);
        ret_row->rank = record->freshness == PLEK_WITHDRAWN    ? 3
                        : report->kind == PLEK_REPORT_DOOR     ? 0
                        : report->kind == PLEK_REPORT_PRESSURE ? 1
                                                               : 2;
        snprintf(ret_row->region, sizeof(ret_row->region), "%s",
                 record->region ? record->region : "");
        snprintf(ret_row->location, sizeof(ret_row->location), "%s", report->location);
        set_order(ret_row, record);
}

void row_make_never(Row *ret_row, const char *region, const char *location, bool is_thinned,
                    Language language)
{
        *ret_row = (Row){ .style = TABLE_GREY };
        snprintf(ret_row->region, sizeof(ret_row->region), "%s", region);
        snprintf(ret_row->location, sizeof(ret_row->location), "%s", location);
        snprintf(ret_row->text, sizeof(ret_row->text), "  - %s",
                 word(language, is_thinned ? "nothing of it is kept" : "no report"));
}
