#include "areas.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "csv-file.h"
#include "sentences.h"

enum { ROWS_MAX = 10 * 1000 * 1000 };

/* A file that is being read. */
typedef struct AreaTable {
        const char *path;
        FILE *file;
        CsvFile *csv;
} AreaTable;

static void table_close(AreaTable *table)
{
        csv_file_free(table->csv);
        if (table->file)
                fclose(table->file);
}

static int table_open(AreaTable *table, const char *path)
{
        int r;

        table->path = path;
        table->file = fopen(path, "re");
        if (!table->file)
                return fail(EXIT_FILE, "%s cannot be read: %s.", path, strerror(errno));
        r = csv_file_new(&table->csv, table->file, ',');
        if (r == CSV_FILE_E_HEADER)
                return fail(EXIT_FILE, "%s has no header, or two columns of one name.", path);
        return r ? fail(EXIT_FILE, "%s cannot be read: %s.", path, spoken(plek_result_text(r)))
                 : EXIT_DONE;
}

static int column(const AreaTable *table, const char *name, size_t *ret_column)
{
        *ret_column = csv_file_find(table->csv, name);
        if (*ret_column == SIZE_MAX)
                return fail(EXIT_FILE, "%s has no column '%s'.", table->path, name);
        return EXIT_DONE;
}

static int next(const AreaTable *table, CsvRow *ret_row, bool *ret_end)
{
        int r = csv_file_next(table->csv, ret_row);

        *ret_end = r == CSV_FILE_E_END;
        if (r == CSV_FILE_E_FIELDS)
                return fail(EXIT_FILE, "%s, line %lu has %zu fields, the header %zu.", table->path,
                            ret_row->line, ret_row->n_fields, csv_file_n_columns(table->csv));
        if (r == CSV_FILE_E_ROW || r == CSV_FILE_E_CUT)
                return fail(EXIT_FILE, "%s, line %lu: not a row of CSV.", table->path,
                            ret_row->line);
        return r && !*ret_end ? fail(EXIT_FILE, "%s cannot be read: %s.", table->path,
                                     spoken(plek_result_text(r)))
                              : EXIT_DONE;
}

static int number(const AreaTable *table, const CsvRow *row, size_t at, double least, double most,
                  double *ret_number)
{
        const char *text = row->fields[at] ? row->fields[at] : "";
        char *end;

        *ret_number = strtod(text, &end);
        if (end == text || *end || !isfinite(*ret_number) || *ret_number < least ||
            *ret_number > most)
                return fail(EXIT_FILE,
                            "%s, line %lu, column %s: '%.64s' is not a number from %g "
                            "to %g.",
                            table->path, row->line, csv_file_column(table->csv, at), text, least,
                            most);
        return EXIT_DONE;
}

static int text(const AreaTable *table, const CsvRow *row, size_t at, const char **ret_text)
{
        const char *field = row->fields[at];

        if (!field || !*field)
                return fail(EXIT_FILE, "%s, line %lu, column %s: empty.", table->path, row->line,
                            csv_file_column(table->csv, at));
        *ret_text = strdup(field);
        return *ret_text ? EXIT_DONE : fail(EXIT_FILE, "no memory.");
}

/* Room for one more in an array that doubles. */
static int need(void **array, size_t n, size_t size, const char *path)
{
        void *grown;

        if (n == ROWS_MAX)
                return fail(EXIT_FILE, "%s has more than %d rows.", path, ROWS_MAX);
        if (n & (n - 1))
                return EXIT_DONE;
        grown = reallocarray(*array, n ? 2 * n : 1, size);
        if (!grown)
                return fail(EXIT_FILE, "no memory.");
        *array = grown;
        return EXIT_DONE;
}

/* ------------------------------------------------------------------ areas */

typedef struct AreaColumns {
        size_t id, name, latitude, longitude, weight;
} AreaColumns;

static int area_columns(const AreaTable *table, AreaColumns *ret_columns)
{
        int r;

        ret_columns->name = csv_file_find(table->csv, "name");
        ret_columns->weight = csv_file_find(table->csv, "population");
        r = column(table, "id", &ret_columns->id);
        if (!r)
                r = column(table, "lat", &ret_columns->latitude);
        if (!r)
                r = column(table, "lon", &ret_columns->longitude);
        if (!r && ret_columns->weight == SIZE_MAX)
                r = column(table, "weight", &ret_columns->weight);
        return r;
}

static int take_area(const AreaTable *table, const AreaColumns *columns, const CsvRow *row,
                     PlekArea *area)
{
        double latitude = 0, longitude = 0;
        int r;

        r = number(table, row, columns->latitude, -90, 90, &latitude);
        if (!r)
                r = number(table, row, columns->longitude, -180, 180, &longitude);
        if (!r)
                r = number(table, row, columns->weight, 0, 1e12, &area->weight);
        if (!r)
                r = text(table, row, columns->id, &area->id);
        if (!r && columns->name != SIZE_MAX && row->fields[columns->name] &&
            *row->fields[columns->name])
                r = text(table, row, columns->name, &area->name);
        area->latitude_e7 = (int32_t)lround(latitude * 1e7);
        area->longitude_e7 = (int32_t)lround(longitude * 1e7);
        return r;
}

int areas_read(Areas *ret_areas, const char *path)
{
        CLEANUP(table_close) AreaTable table = { 0 };
        CLEANUP(areas_deinit) Areas areas = AREAS_NULL;
        AreaColumns columns;
        bool ended = false;
        CsvRow row;
        int r;

        r = table_open(&table, path);
        if (!r)
                r = area_columns(&table, &columns);
        while (!r && !ended) {
                r = next(&table, &row, &ended);
                if (r || ended)
                        break;
                r = need((void **)&areas.areas, areas.n_areas, sizeof(*areas.areas), path);
                if (r)
                        break;
                areas.areas[areas.n_areas] = (PlekArea){ 0 };
                r = take_area(&table, &columns, &row, &areas.areas[areas.n_areas++]);
        }
        if (!r && !areas.n_areas)
                r = fail(EXIT_FILE, "%s has no areas.", path);
        if (r)
                return r;
        *ret_areas = areas;
        areas = AREAS_NULL;
        return EXIT_DONE;
}

void areas_deinit(Areas *areas)
{
        for (size_t i = 0; i < areas->n_areas; i++) {
                free((void *)areas->areas[i].id);
                free((void *)areas->areas[i].name);
        }
        free(areas->areas);
        *areas = AREAS_NULL;
}

/* ------------------------------------------------------------------ travel times */

int travels_read(Travels *ret_travels, const char *path)
{
        CLEANUP(table_close) AreaTable table = { 0 };
        CLEANUP(travels_deinit) Travels travels = TRAVELS_NULL;
        size_t from = 0, to = 0, minutes = 0;
        bool ended = false;
        CsvRow row;
        int r;

        r = table_open(&table, path);
        if (!r)
                r = column(&table, "from", &from);
        if (!r)
                r = column(&table, "to", &to);
        if (!r)
                r = column(&table, "minutes", &minutes);
        while (!r && !ended) {
                PlekTravel *travel;

                r = next(&table, &row, &ended);
                if (r || ended)
                        break;
                r = need((void **)&travels.travels, travels.n_travels, sizeof(*travels.travels),
                         path);
                if (r)
                        break;
                travel = &travels.travels[travels.n_travels++];
                *travel = (PlekTravel){ 0 };
                r = number(&table, &row, minutes, 0, 1e6, &travel->minutes);
                if (!r)
                        r = text(&table, &row, from, &travel->from);
                if (!r)
                        r = text(&table, &row, to, &travel->to);
        }
        if (!r && !travels.n_travels)
                r = fail(EXIT_FILE, "%s has no travel times.", path);
        if (r)
                return r;
        *ret_travels = travels;
        travels = TRAVELS_NULL;
        return EXIT_DONE;
}

void travels_deinit(Travels *travels)
{
        for (size_t i = 0; i < travels->n_travels; i++) {
                free((void *)travels->travels[i].from);
                free((void *)travels->travels[i].to);
        }
        free(travels->travels);
        *travels = TRAVELS_NULL;
}
