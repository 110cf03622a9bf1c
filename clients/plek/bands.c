#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bands.h"
#include "words.h"

enum { BANDS_MAX = 64, BAND_METHOD_BYTES = 33, BAND_NAME_BYTES = 49 };

static struct {
        bool is_read;
        PlekPressureBand bands[BANDS_MAX];
        char methods[BANDS_MAX][BAND_METHOD_BYTES];
        char names[BANDS_MAX][BAND_NAME_BYTES];
        size_t n;
} read_bands;

/* Returns a sentence, or NULL. */
static const char *take_line(const char *line)
{
        const size_t n = read_bands.n;
        PlekPressureBand *band = &read_bands.bands[n];
        char above[32], *end;
        int n_read = 0;

        if (n == BANDS_MAX)
                return "these are more bands than anybody tells apart";
        if (sscanf(line, " %32s %31s %48[^\n]%n", read_bands.methods[n], above, read_bands.names[n],
                   &n_read) != 3)
                return "a band is METHOD ABOVE NAME, as in nedocs 60 druk";
        if (line[n_read] && line[n_read] != '\n')
                return "this name is too long";

        band->method = read_bands.methods[n];
        band->name = read_bands.names[n];
        band->above = strcmp(above, "-") ? strtod(above, &end) : -INFINITY;
        if (strcmp(above, "-") != 0 && (*end || end == above || !isfinite(band->above)))
                return "where a band begins is a number, or - for the bottom";
        read_bands.n++;
        return NULL;
}

int bands_use(const char *path)
{
        CLEANUP(freep) char *line = NULL;
        const char *wrong = NULL;
        size_t n_line = 0;
        unsigned number = 0;
        FILE *file;

        if (!path)
                path = getenv("PLEK_BANDS");
        if (!path || !*path)
                return EXIT_DONE;
        file = fopen(path, "re");
        if (!file)
                return fail(EXIT_FILE, "%s: %s.", path, strerror(errno));

        read_bands.is_read = true;
        read_bands.n = 0;
        while (!wrong && getline(&line, &n_line, file) > 0) {
                number++;
                if (line[strspn(line, " \t\n")] && line[strspn(line, " \t")] != '#')
                        wrong = take_line(line);
        }
        fclose(file);
        return wrong ? fail(EXIT_FILE, "%s:%u: %s.", path, number, wrong) : EXIT_DONE;
}

const char *bands_name(const char *method, double score, Language language)
{
        const PlekPressureBand *band;

        band = plek_pressure_band(read_bands.is_read ? read_bands.bands : NULL, read_bands.n,
                                  method, score);
        if (!band)
                return NULL;
        return read_bands.is_read ? band->name : word(language, band->name);
}
