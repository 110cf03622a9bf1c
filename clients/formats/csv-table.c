#include <csv.h>
#include <stdio.h>
#include <string.h>

#include "formats/csv-table.h"
#include "formats/field.h"

static const char *const derived[] = { "party_name",  "region",   "freshness", "standing",
                                       "received_at", "enrolled", "flags" };

enum { CSV_COLUMNS_MAX = 256 };

/* ------------------------------------------------------------------ writing */

/*
 * A spreadsheet takes what begins so for a formula, which can open a program or send the sheet
 * somewhere: a hospital's label must not. Numbers, of telephones too, are what they are.
 */
static bool is_formula(const char *text)
{
        return *text && strchr("=+-@", *text) && text[strspn(text, "+-0123456789.() ")];
}

/* Marked as text, which a spreadsheet understands and reading takes away again. */
static bool is_marked(const char *text)
{
        return *text == '\'' && is_formula(text + strspn(text, "'"));
}

/* Plain where nobody could misread it. */
static void put(FILE *to, const char *text)
{
        static const char plain[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";

        if (is_formula(text) || is_marked(text)) {
                fputs("\"'", to);
                for (; *text; text++) {
                        if (*text == '"')
                                fputc('"', to);
                        fputc(*text, to);
                }
                fputc('"', to);
        } else if (strspn(text, plain) == strlen(text)) {
                fputs(text, to);
        } else {
                csv_fwrite(to, text, strlen(text));
        }
}

static void put_next(FILE *to, const char *text)
{
        fputc(',', to);
        put(to, text ? text : "");
}

static void put_header(FILE *to)
{
        const char *name;

        fputs("status,party,report", to);
        for (size_t i = 0; (name = field_name(i)); i++)
                put_next(to, name);
        for (size_t i = 0; i < N_ELEMENTS(derived); i++)
                put_next(to, derived[i]);
        fputs("\r\n", to);
}

static const char *freshness_text(PlekFreshness freshness)
{
        static const char *const names[] = { [PLEK_FRESH] = "FRESH",
                                             [PLEK_STALE] = "STALE",
                                             [PLEK_SILENT] = "SILENT",
                                             [PLEK_WITHDRAWN] = "WITHDRAWN" };

        return names[freshness];
}

static const char *standing_text(PlekStanding standing)
{
        static const char *const names[] = {
                [PLEK_STANDS] = "STANDS",     [PLEK_ANNOUNCED] = "ANNOUNCED",
                [PLEK_EXPIRED] = "EXPIRED",   [PLEK_LAPSED] = "LAPSED",
                [PLEK_REOPENED] = "REOPENED", [PLEK_OVER] = "OVER",
        };

        return names[standing];
}

static const char *enrolled_text(PlekEnrolled enrolled)
{
        static const char *const names[] = { [PLEK_ENROLLED] = "ENROLLED",
                                             [PLEK_NO_LONGER_ENROLLED] = "NO_LONGER_ENROLLED",
                                             [PLEK_DISTRUSTED] = "DISTRUSTED" };

        return names[enrolled];
}

static const char *flags_text(uint32_t flags)
{
        bool is_overcrowded = flags & PLEK_FLAG_OVERCROWDED;

        if (flags & PLEK_FLAG_INCONSISTENT)
                return is_overcrowded ? "OVERCROWDED;INCONSISTENT" : "INCONSISTENT";
        return is_overcrowded ? "OVERCROWDED" : NULL;
}

static void put_record(FILE *to, const FormatRecord *record)
{
        char text[FIELD_TEXT_BYTES];
        const char *name;

        put(to, plek_code_name(PLEK_CODES_STATUS, record->report.status));
        put_next(to, record->party);
        put_next(to, plek_code_name(PLEK_CODES_REPORT, record->report.kind));
        for (size_t i = 0; (name = field_name(i)); i++) {
                field_get(&record->report, name, text);
                put_next(to, text);
        }
        put_next(to, record->party_name);
        put_next(to, record->region);
        put_next(to, freshness_text(record->freshness));
        put_next(to, record->freshness ? standing_text(record->standing) : NULL);
        if (record->received_at_ms)
                format_time(record->received_at_ms, text);
        put_next(to, record->received_at_ms ? text : NULL);
        put_next(to, record->freshness ? enrolled_text(record->enrolled) : NULL);
        put_next(to, flags_text(record->flags));
        fputs("\r\n", to);
}

int csv_table_write(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records,
                    size_t n_records, const FormatNotes *notes)
{
        FILE *to = open_memstream(ret_bytes, ret_n_bytes);
        bool failed;

        if (!to)
                return err_raise(-ENOMEM);
        put_header(to);
        for (size_t i = 0; i < n_records; i++)
                put_record(to, &records[i]);
        failed = ferror(to);
        if (!fclose(to) && !failed)
                return 0;
        free(*ret_bytes);
        return err_raise(-ENOMEM);
}

/* ------------------------------------------------------------------ reading */

typedef struct Reader {
        FormatPicture *picture;
        const FormatNotes *notes;
        const char *columns[CSV_COLUMNS_MAX];
        size_t n_columns;
        char *fields[CSV_COLUMNS_MAX]; /* of the row that is being read; NULL: empty */
        size_t n_fields;
        unsigned long n_rows;
        int result;
} Reader;

static void on_field(void *bytes, size_t n_bytes, void *arg)
{
        Reader *reader = arg;

        if (reader->result)
                return;
        if (reader->n_fields == CSV_COLUMNS_MAX) {
                format_notef(reader->notes, NULL, NULL, "row %lu has more than %d fields",
                             reader->n_rows + 1, CSV_COLUMNS_MAX);
                reader->result = FORMAT_E_DOCUMENT;
                return;
        }
        if (bytes && n_bytes && memchr(bytes, '\0', n_bytes)) {
                format_notef(reader->notes, NULL, NULL, "row %lu has a NUL in it",
                             reader->n_rows + 1);
                reader->result = FORMAT_E_DOCUMENT;
                return;
        }
        if (n_bytes && is_marked(bytes)) {
                bytes = (char *)bytes + 1;
                n_bytes--;
        }
        reader->fields[reader->n_fields] = n_bytes ? strndup(bytes, n_bytes) : NULL;
        if (n_bytes && !reader->fields[reader->n_fields])
                reader->result = err_raise(-ENOMEM);
        else
                reader->n_fields++;
}

static bool is_known(const char *name)
{
        const char *field;

        for (size_t i = 0; i < N_ELEMENTS(derived); i++)
                if (!strcmp(name, derived[i]))
                        return true;
        for (size_t i = 0; (field = field_name(i)); i++)
                if (!strcmp(name, field))
                        return true;
        return !strcmp(name, "status") || !strcmp(name, "party") || !strcmp(name, "report");
}

static int take_header(Reader *reader)
{
        for (size_t i = 0; i < reader->n_fields; i++) {
                const char *name = reader->fields[i] ? reader->fields[i] : "";

                if (!i && !strncmp(name, "\xef\xbb\xbf", 3))
                        name += 3;
                for (size_t j = 0; *name && j < i; j++)
                        if (!strcmp(reader->columns[j], name)) {
                                format_notef(reader->notes, NULL, NULL, "two columns are %.64s",
                                             name);
                                return FORMAT_E_DOCUMENT;
                        }
                if (!is_known(name))
                        format_notef(reader->notes, NULL, NULL,
                                     "column '%.64s' is none of ours; it is left out", name);
                reader->columns[i] = format_keep(reader->picture, name, strlen(name));
                if (!reader->columns[i])
                        return err_raise(-ENOMEM);
        }
        reader->n_columns = reader->n_fields;
        return 0;
}

static const char *field_of(const Reader *reader, const char *column)
{
        for (size_t i = 0; i < MIN(reader->n_columns, reader->n_fields); i++)
                if (!strcmp(reader->columns[i], column))
                        return reader->fields[i];
        return NULL;
}

/* What kind of statement the row is, and whose. */
static int begin(Reader *reader, FormatRecord *ret_record)
{
        const char *report = field_of(reader, "report"), *party = field_of(reader, "party");
        const char *status = field_of(reader, "status");
        uint32_t kind, code = PLEK_STATUS_ACTUAL;

        if (!report || plek_code_parse(&kind, PLEK_CODES_REPORT, report)) {
                format_notef(reader->notes, NULL, "report", "row %lu: there is no report '%.32s'",
                             reader->n_rows, report ? report : "");
                return FORMAT_E_DOCUMENT;
        }
        if (!status || plek_code_parse(&code, PLEK_CODES_STATUS, status)) {
                format_notef(reader->notes, NULL, "status", "row %lu: there is no status '%.32s'",
                             reader->n_rows, status ? status : "");
                return FORMAT_E_DOCUMENT;
        }
        *ret_record = (FormatRecord){ 0 };
        field_report_init(&ret_record->report, (PlekReportKind)kind);
        ret_record->report.status = (PlekStatus)code;
        if (party) {
                ret_record->party = format_keep(reader->picture, party, strlen(party));
                if (!ret_record->party)
                        return err_raise(-ENOMEM);
        }
        return 0;
}

static bool is_of_all(const char *column)
{
        for (size_t i = 0; i < N_ELEMENTS(derived); i++)
                if (!strcmp(column, derived[i]))
                        return true;
        return !strcmp(column, "status") || !strcmp(column, "party") || !strcmp(column, "report");
}

/* Returns 0, FORMAT_E_DOCUMENT (of this row only) or -ENOMEM. */
static int take_row(Reader *reader)
{
        FormatRecord record;
        int r;

        r = begin(reader, &record);
        if (r)
                return r;
        for (size_t i = 0; i < MIN(reader->n_columns, reader->n_fields); i++) {
                const char *column = reader->columns[i], *text = reader->fields[i];

                if (!text || is_of_all(column) || !is_known(column))
                        continue;
                r = field_set(&record.report, column, text, reader->picture);
                if (r == FIELD_E_VALUE || r == FIELD_E_NONE) {
                        format_notef(reader->notes, NULL, column,
                                     r == FIELD_E_VALUE ? "row %lu: there is no such value as "
                                                          "'%.64s'; the row is left out"
                                                        : "row %lu: this report has no such field "
                                                          "('%.64s'); the row is left out",
                                     reader->n_rows, text);
                        return FORMAT_E_DOCUMENT;
                }
                if (r)
                        return r;
        }
        return format_picture_add(reader->picture, &record, false, reader->notes);
}

static void on_row(int c, void *arg)
{
        Reader *reader = arg;
        int r = 0;

        reader->n_rows++;
        if (!reader->result && reader->n_rows == 1)
                reader->result = take_header(reader);
        else if (!reader->result && reader->n_fields)
                r = take_row(reader);
        if (r < 0)
                reader->result = r;
        for (size_t i = 0; i < reader->n_fields; i++)
                free(reader->fields[i]);
        reader->n_fields = 0;
}

static int read_rows(Reader *reader, const void *bytes, size_t n_bytes)
{
        struct csv_parser parser;
        int in_quotes;

        if (csv_init(&parser, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI))
                return err_raise(-ENOMEM);
        if (csv_parse(&parser, bytes, n_bytes, on_field, on_row, reader) != n_bytes) {
                int error = csv_error(&parser);

                if (!reader->result && error == CSV_ENOMEM)
                        reader->result = err_raise(-ENOMEM);
                else if (!reader->result) {
                        format_notef(reader->notes, NULL, NULL, "row %lu is no CSV: %s",
                                     reader->n_rows + 1, csv_strerror(error));
                        reader->result = FORMAT_E_DOCUMENT;
                }
        } else {
                in_quotes = csv_fini(&parser, on_field, on_row, reader);
                if (in_quotes && !reader->result) {
                        format_note(reader->notes, NULL, NULL, "it ends within quotes");
                        reader->result = FORMAT_E_DOCUMENT;
                }
        }
        for (size_t i = 0; i < reader->n_fields; i++)
                free(reader->fields[i]);
        csv_free(&parser);
        return reader->result;
}

int csv_table_read(FormatPicture **ret_picture, const void *bytes, size_t n_bytes,
                   const FormatNotes *notes)
{
        CLEANUP(format_picture_freep) FormatPicture *picture = NULL;
        Reader reader = { .notes = notes };
        int r;

        r = format_picture_new(&picture);
        if (r)
                return r;
        reader.picture = picture;
        r = read_rows(&reader, bytes, n_bytes);
        if (!r && !reader.n_columns) {
                format_note(notes, NULL, NULL, "it has no header");
                r = FORMAT_E_DOCUMENT;
        }
        if (r)
                return r;
        *ret_picture = STEAL(picture);
        return 0;
}
