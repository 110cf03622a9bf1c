#include <csv.h>
#include <stdint.h>
#include <string.h>

#include "csv-file.h"

struct CsvFile {
        FILE *file;
        struct csv_parser parser;
        char *line;
        size_t n_allocated;
        unsigned long n_lines; /* read so far */

        char **columns;
        size_t n_columns;
        char **fields; /* of the row that is being read */
        size_t n_fields;
        bool too_many;
        bool has_nul;
        bool out_of_memory;
        bool ended;  /* the row */
        bool is_cut; /* by the end of the file */
};

/* libcsv is told to end fields with a NUL, and keeps a copy only until the callback returns. */
static void on_field(void *field, size_t n_field, void *arg)
{
        CsvFile *csv = arg;

        if (csv->n_fields == CSV_FILE_COLUMNS_MAX) {
                csv->too_many = true;
                return;
        }
        /* What is behind it would be cut off: 1 instead of 10. */
        csv->has_nul |= field && memchr(field, '\0', n_field);
        free(csv->fields[csv->n_fields]);
        csv->fields[csv->n_fields] = strndup(field ? field : "", n_field);
        if (!csv->fields[csv->n_fields])
                csv->out_of_memory = true;
        else
                csv->n_fields++;
}

static void on_row(int c, void *arg)
{
        CsvFile *csv = arg;

        csv->ended = true;
}

/* Hands over what has no newline behind it. Returns whether its quotes were still open. */
static bool end_file(CsvFile *csv)
{
        bool in_quotes;

        csv_set_opts(&csv->parser, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI);
        in_quotes = csv_fini(&csv->parser, on_field, on_row, csv) != 0;
        csv_set_opts(&csv->parser, CSV_APPEND_NULL);
        if (in_quotes)
                csv_fini(&csv->parser, NULL, NULL, NULL);
        return in_quotes;
}

/*
 * To the next newline. What is longer than a line may be is read, so that the next one can be
 * found, but not kept. Returns how long it was, 0 at the end of the file, -EIO or -ENOMEM.
 */
static ssize_t read_line(CsvFile *csv)
{
        size_t n = 0;
        int c;

        while ((c = getc_unlocked(csv->file)) != EOF) {
                if (n + 1 >= csv->n_allocated && n <= CSV_FILE_LINE_MAX) {
                        size_t n_room = MAX(2 * csv->n_allocated, (size_t)256);
                        char *line = realloc(csv->line, n_room);

                        if (!line)
                                return err_raise(-ENOMEM);
                        csv->line = line;
                        csv->n_allocated = n_room;
                }
                if (n <= CSV_FILE_LINE_MAX)
                        csv->line[n] = (char)c;
                n++;
                if (c == '\n')
                        break;
        }
        if (ferror(csv->file))
                return err_raise(-EIO);
        if (!n)
                return 0;
        csv->line[MIN(n, csv->n_allocated - 1)] = '\0';
        return (ssize_t)n;
}

/* From here to the end of a row, over as many lines as its quotes make it. */
static int read_row(CsvFile *csv, unsigned long *ret_line)
{
        size_t n_read = 0;
        bool in_quotes;
        ssize_t n;

        csv->n_fields = 0;
        csv->ended = csv->too_many = csv->has_nul = csv->is_cut = false;
        *ret_line = csv->n_lines + 1;

        while (!csv->ended) {
                n = read_line(csv);
                if (n < 0)
                        return (int)n;
                if (!n) {
                        in_quotes = end_file(csv);
                        if (!csv->ended && !csv->n_fields && !in_quotes)
                                return CSV_FILE_E_END;
                        /* Whole but for its newline is how many programs write the last one. */
                        csv->is_cut = in_quotes || csv->n_fields < csv->n_columns;
                        break;
                }

                csv->n_lines++;
                n_read += (size_t)n;
                if (n_read > CSV_FILE_LINE_MAX || csv_parse(&csv->parser, csv->line, (size_t)n,
                                                            on_field, on_row, csv) != (size_t)n) {
                        csv_fini(&csv->parser, NULL, NULL, NULL);
                        return CSV_FILE_E_ROW;
                }
                if (!csv->ended && !csv->n_fields &&
                    csv->line[strspn(csv->line, " \t\r\n")] == '\0')
                        *ret_line = csv->n_lines + 1; /* an empty line is no row */
        }
        if (csv->out_of_memory)
                return err_raise(-ENOMEM);
        if (csv->is_cut)
                return CSV_FILE_E_CUT;
        return csv->too_many || csv->has_nul ? CSV_FILE_E_ROW : 0;
}

static int read_header(CsvFile *csv)
{
        static const char bom[] = "\xef\xbb\xbf";
        unsigned long line;
        int r;

        for (size_t i = 0; i < sizeof(bom) - 1; i++) {
                int c = getc(csv->file);

                if (c != (unsigned char)bom[i]) {
                        if (c != EOF)
                                ungetc(c, csv->file);
                        break;
                }
        }

        r = read_row(csv, &line);
        if (r < 0)
                return r;
        if (r || !csv->n_fields)
                return CSV_FILE_E_HEADER;

        csv->columns = calloc(csv->n_fields, sizeof(*csv->columns));
        if (!csv->columns)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < csv->n_fields; i++) {
                if (csv_file_find(csv, csv->fields[i]) != SIZE_MAX)
                        return CSV_FILE_E_HEADER;
                csv->columns[csv->n_columns++] = STEAL(csv->fields[i]);
        }
        return 0;
}

int csv_file_new(CsvFile **ret_csv, FILE *file, char separator)
{
        CLEANUP(csv_file_freep) CsvFile *csv = NULL;
        int r;

        csv = calloc(1, sizeof(*csv));
        if (!csv)
                return err_raise(-ENOMEM);
        csv->file = file;
        csv->fields = calloc(CSV_FILE_COLUMNS_MAX, sizeof(*csv->fields));
        if (!csv->fields || csv_init(&csv->parser, CSV_APPEND_NULL))
                return err_raise(-ENOMEM);
        csv_set_delim(&csv->parser, (unsigned char)separator);

        r = read_header(csv);
        if (r)
                return r;
        *ret_csv = STEAL(csv);
        return 0;
}

CsvFile *csv_file_free(CsvFile *csv)
{
        if (!csv)
                return NULL;
        for (size_t i = 0; i < csv->n_columns; i++)
                free(csv->columns[i]);
        for (size_t i = 0; csv->fields && i < CSV_FILE_COLUMNS_MAX; i++)
                free(csv->fields[i]);
        csv_free(&csv->parser);
        free(csv->columns);
        free(csv->fields);
        free(csv->line);
        free(csv);
        return NULL;
}

size_t csv_file_n_columns(const CsvFile *csv)
{
        return csv->n_columns;
}

const char *csv_file_column(const CsvFile *csv, size_t column)
{
        return csv->columns[column];
}

size_t csv_file_find(const CsvFile *csv, const char *name)
{
        for (size_t i = 0; i < csv->n_columns; i++)
                if (!strcmp(csv->columns[i], name))
                        return i;
        return SIZE_MAX;
}

int csv_file_next(CsvFile *csv, CsvRow *ret_row)
{
        unsigned long line;
        int r;

        do {
                r = read_row(csv, &line);
                ret_row->line = line;
                if (r)
                        return r;
        } while (csv->n_fields == 0);

        ret_row->n_fields = csv->n_fields;
        if (csv->n_fields != csv->n_columns)
                return CSV_FILE_E_FIELDS;
        ret_row->fields = (const char *const *)csv->fields;
        return 0;
}
