#include <math.h>
#include <sodium.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "row-field.h"

int row_wrong(RowContext *c, const char *format, ...)
{
        va_list arguments;
        int n;

        n = snprintf(c->fault, ROW_FAULT_BYTES, "line %lu, ", c->row->line);
        if (c->column)
                n += snprintf(c->fault + n, (size_t)(ROW_FAULT_BYTES - n),
                              "column %.64s: ", c->column);
        va_start(arguments, format);
        vsnprintf(c->fault + n, (size_t)(ROW_FAULT_BYTES - n), format, arguments);
        va_end(arguments);
        return ROW_REPORT_E_WRONG;
}

/* ------------------------------------------------------------------ templates */

/* What stands for one {column} or {column:values}; @inside is between the braces. */
static int placeholder(RowContext *c, const char *inside, size_t n_inside, const char **ret_text)
{
        const char *colon = memchr(inside, ':', n_inside), *field;
        char column[128], values[64];
        size_t index;

        snprintf(column, sizeof(column), "%.*s", (int)(colon ? colon - inside : (long)n_inside),
                 inside);
        index = csv_file_find(c->csv, column);
        c->column = index == SIZE_MAX ? NULL : csv_file_column(c->csv, index);
        if (index == SIZE_MAX)
                return row_wrong(c, "there is no column '%s' in this file", column);
        field = c->row->fields[index] ? c->row->fields[index] : "";
        *ret_text = field;
        if (!colon)
                return 0;

        snprintf(values, sizeof(values), "%.*s", (int)(inside + n_inside - colon - 1), colon + 1);
        *ret_text = mapping_value(c->mapping, values, field);
        if (!*ret_text)
                return row_wrong(c, "[values %s] does not know '%.64s'", values, field);
        return strcmp(*ret_text, "-") ? 0 : ROW_REPORT_E_NOTHING;
}

static int append(RowContext *c, const char *text, size_t n_text)
{
        RowScratch *scratch = c->scratch;

        if (n_text >= sizeof(scratch->bytes) - scratch->n_used)
                return row_wrong(c, "the row is too long");
        memcpy(scratch->bytes + scratch->n_used, text, n_text);
        scratch->n_used += n_text;
        scratch->bytes[scratch->n_used] = '\0';
        return 0;
}

int row_fill(RowContext *c, size_t key, const char **ret_text)
{
        const char *at = c->mapped->templates[key];
        char *start = c->scratch->bytes + c->scratch->n_used;
        int r = 0;

        *ret_text = NULL;
        c->column = NULL;
        if (!at)
                return 0;

        while (!r && *at) {
                size_t n = strcspn(at, "{");
                const char *text;

                r = append(c, at, n);
                at += n;
                if (r || !*at)
                        continue;
                n = strcspn(at, "}");
                r = placeholder(c, at + 1, n - 1, &text);
                if (!r)
                        r = append(c, text, strlen(text));
                at += n + 1;
        }
        if (r)
                return r;
        r = append(c, "", 0);
        c->scratch->n_used++; /* keeps its NUL */
        if (!r && *start)
                *ret_text = start;
        return r;
}

bool row_columns_next(RowColumns *c)
{
        for (; c->key < N_MAPPING_KEYS; c->key++, c->at = NULL) {
                if (!c->at)
                        c->at = c->mapped->templates[c->key];
                c->at = c->at ? strchr(c->at, '{') : NULL;
                if (!c->at)
                        continue;
                c->at++;
                snprintf(c->name, sizeof(c->name), "%.*s", (int)strcspn(c->at, ":}"), c->at);
                return true;
        }
        return false;
}

void row_digest(uint8_t ret_digest[ROW_DIGEST_BYTES], const CsvFile *csv, const CsvRow *row,
                const MappedReport *mapped)
{
        RowColumns columns = { .mapped = mapped };
        crypto_generichash_state state;

        crypto_generichash_init(&state, NULL, 0, ROW_DIGEST_BYTES);
        while (row_columns_next(&columns)) {
                size_t index = csv_file_find(csv, columns.name);
                const char *field = index == SIZE_MAX ? NULL : row->fields[index];

                field = field ? field : "";
                crypto_generichash_update(&state, (const uint8_t *)field, strlen(field) + 1);
        }
        crypto_generichash_final(&state, ret_digest, ROW_DIGEST_BYTES);
}

/* ------------------------------------------------------------------ numbers and times */

/* Whether @text is one of the comma-separated @words. */
static bool is_one_of(const char *text, const char *words)
{
        size_t n_text = strlen(text);

        for (const char *at = words; at && *at;) {
                size_t n = strcspn(at, ",");

                if (n == n_text && !memcmp(at, text, n))
                        return true;
                at += n + (at[n] == ',');
        }
        return false;
}

/* -999999.0 is -999999 written with decimals: a sentinel is compared as a number, too. */
static bool is_sentinel(const char *text, const char *words)
{
        double number, sentinel;
        char *end;

        if (is_one_of(text, words))
                return true;
        number = strtod(text, &end);
        if (end == text || *end)
                return false;
        for (const char *at = words; at && *at;) {
                sentinel = strtod(at, &end);
                if (end != at && (*end == ',' || !*end) && sentinel == number)
                        return true;
                at += strcspn(at, ",");
                at += *at == ',';
        }
        return false;
}

uint32_t row_missing_why(const Mapping *m, const char *text)
{
        if (!*text || is_one_of(text, m->missing))
                return PLEK_MISSING_NOT_ASKED;
        if (is_sentinel(text, m->suppressed))
                return PLEK_MISSING_SUPPRESSED;
        if (is_sentinel(text, m->unknown))
                return PLEK_MISSING_UNKNOWN;
        return 0;
}

int row_number(RowContext *c, const char *text, double *ret_number)
{
        char plain[64], *end;
        size_t n = strlen(text);

        if (n >= sizeof(plain))
                return row_wrong(c, "'%.32s...' is not a number", text);
        memcpy(plain, text, n + 1);
        if (c->mapping->decimal != '.') {
                char *comma = strchr(plain, c->mapping->decimal);

                if (comma)
                        *comma = '.';
        }
        *ret_number = strtod(plain, &end);
        if (end == plain || *end || !isfinite(*ret_number) || strpbrk(plain, "xXpPiInN"))
                return row_wrong(c, "'%s' is not a number", text);
        return 0;
}

/* One summand: a {column} or a plain number. *ret_why: 0, or why it is absent. */
static int summand(RowContext *c, const char *at, size_t n, double *ret_number, uint32_t *ret_why)
{
        const char *text;
        char plain[64];
        int r;

        if (*at == '{' && at[n - 1] == '}') {
                r = placeholder(c, at + 1, n - 2, &text);
                if (r)
                        return r;
        } else {
                snprintf(plain, sizeof(plain), "%.*s", (int)n, at);
                text = plain;
        }
        *ret_why = row_missing_why(c->mapping, text);
        return *ret_why ? 0 : row_number(c, text, ret_number);
}

int row_sum(RowContext *c, const char *text, double *ret_sum, uint32_t *ret_why)
{
        *ret_sum = 0;
        *ret_why = 0;
        for (const char *at = text; *at;) {
                size_t n = *at == '{' ? strcspn(at, "}") + 1 : strcspn(at, " +");
                double value = 0;
                uint32_t why;
                int r;

                r = summand(c, at, n, &value, &why);
                if (r)
                        return r;
                *ret_sum += value;
                *ret_why = MAX(*ret_why, why);
                at += n;
                at += strspn(at, " +");
        }
        return 0;
}

/* The C library has one zone, the environment's. Returns what it was, for zone_leave(). */
static char *zone_enter(const char *zone)
{
        const char *current = getenv("TZ");
        char *old = current ? strdup(current) : NULL;

        if (zone) {
                setenv("TZ", zone, 1);
                tzset();
        }
        return old;
}

static void zone_leave(const char *zone, char *old)
{
        if (zone) {
                if (old)
                        setenv("TZ", old, 1);
                else
                        unsetenv("TZ");
                tzset();
        }
        free(old);
}

/* What strptime() left, in the mapping's zone. */
static int64_t zone_to_ms(struct tm *tm, const char *zone)
{
        char *old = zone_enter(zone);
        int64_t ms = (int64_t)mktime(tm) * 1000;

        zone_leave(zone, old);
        return ms;
}

int row_time(RowContext *c, const char *text, int64_t *ret_ms)
{
        static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
                                             "%Y-%m-%d %H:%M",    "%Y-%m-%d",
                                             "%Y/%m/%d %H:%M",    "%Y/%m/%d" };
        size_t n_forms = c->mapping->time_format ? 1 : N_ELEMENTS(forms);

        for (size_t i = 0; i < n_forms; i++) {
                struct tm tm = { .tm_isdst = -1, .tm_mday = 1 };
                const char *form = c->mapping->time_format ? c->mapping->time_format : forms[i];
                const char *end = strptime(text, form, &tm);
                long offset = tm.tm_gmtoff;

                if (!end || (*end && strcmp(end, "Z")))
                        continue;
                if (*end || strstr(form, "%z"))
                        *ret_ms = ((int64_t)timegm(&tm) - offset) * 1000;
                else
                        *ret_ms = zone_to_ms(&tm, c->mapping->time_zone);
                return 0;
        }
        return row_wrong(c, "'%.64s' is not a time%s", text,
                         c->mapping->time_format ? " of time-format" : ", as in 2026-11-22 18:00");
}

int row_period(RowContext *c, CalendarPeriod which, const char *text, int64_t *ret_from_ms,
               int64_t *ret_until_ms)
{
        const char *zone = c->mapping->time_zone;
        struct tm from = { 0 }, until;
        char month[16], *old;
        int64_t at_ms;
        time_t at;
        int r;

        /* As a month is written where nothing else is said. */
        if (which == PERIOD_MONTH && !c->mapping->time_format && strlen(text) == 7) {
                snprintf(month, sizeof(month), "%s-01", text);
                text = month;
        }
        r = row_time(c, text, &at_ms);
        if (r)
                return r;

        at = (time_t)(at_ms / 1000);
        old = zone_enter(zone);
        localtime_r(&at, &from);
        from = (struct tm){ .tm_year = from.tm_year,
                            .tm_mon = from.tm_mon,
                            .tm_mday = which == PERIOD_DAY ? from.tm_mday : 1,
                            .tm_isdst = -1 };
        until = from;
        if (which == PERIOD_DAY)
                until.tm_mday++;
        else
                until.tm_mon++;
        *ret_from_ms = (int64_t)mktime(&from) * 1000;
        *ret_until_ms = (int64_t)mktime(&until) * 1000;
        zone_leave(zone, old);
        return 0;
}

int row_code(RowContext *c, size_t key, PlekCodeList list, uint32_t *ret_code)
{
        const char *text;
        int r;

        r = row_fill(c, key, &text);
        if (r || !text)
                return r;
        if (plek_code_parse(ret_code, list, text))
                return row_wrong(c, "there is no '%.64s'", text);
        return 0;
}
