/*
 * Formats: what is lost on the way out and back is what was said to be lost, and nothing else
 *
 * A picture at random is written in each format and read back. The model is a comparison of every
 * field of every record: those that differ, or are gone, must be exactly those that the writer
 * noted. CSV must lose nothing.
 */

#include "formats/csv-table.h"
#include "formats/fhir.h"
#include "formats/have.h"

#include "format-world.h"

typedef struct Format {
        const char *name;
        int (*write)(char **, size_t *, const FormatRecord *, size_t, const FormatNotes *);
        int (*read)(FormatPicture **, const void *, size_t, const FormatNotes *);
        bool loses_nothing;
} Format;

static int write_have(char **ret, size_t *ret_n, const FormatRecord *records, size_t n,
                      const FormatNotes *notes)
{
        const HaveOptions options = { .status = PLEK_STATUS_ACTUAL, .now_ms = 1700000000000 };

        return have_write(ret, ret_n, records, n, &options, notes);
}

static int write_fhir(char **ret, size_t *ret_n, const FormatRecord *records, size_t n,
                      const FormatNotes *notes)
{
        const FhirOptions options = { .status = PLEK_STATUS_ACTUAL, .now_ms = 1700000000000 };

        return fhir_write(ret, ret_n, records, n, &options, notes);
}

static const Format formats[] = {
        { "csv", csv_table_write, csv_table_read, true },
        { "have", write_have, have_read, false },
        { "fhir", write_fhir, fhir_read, false },
};

static void on_noted(void *arg, const FormatRecord *record, const char *field, const char *why)
{
        assert(record && *why);
        losses_add(arg, record, field);
}

/* Nothing of what we wrote may be strange to our own reader. */
static void on_strange(void *arg, const FormatRecord *record, const char *field, const char *why)
{
        printf("%s: reading noted %s: %s\n", (const char *)arg, field ? field : "-", why);
        abort();
}

static const FormatRecord *find_same(const FormatRecord *records, size_t n,
                                     const FormatRecord *record)
{
        char wanted[FORMAT_ID_BYTES], id[FORMAT_ID_BYTES];

        format_id(record, wanted);
        for (size_t i = 0; i < n; i++) {
                format_id(&records[i], id);
                if (!strcmp(id, wanted))
                        return &records[i];
        }
        return NULL;
}

static void compare(Losses *losses, const FormatRecord *before, const FormatRecord *after)
{
        char said[FIELD_TEXT_BYTES], read[FIELD_TEXT_BYTES];
        const char *name;

        for (size_t i = 0; (name = field_name(i)); i++) {
                field_get(&before->report, name, said);
                field_get(&after->report, name, read);
                if (strcmp(said, read) != 0)
                        losses_add(losses, before, name);
        }
}

static void print(const char *what, const Losses *losses, const Losses *others)
{
        for (size_t i = 0; i < losses->n; i++) {
                bool in_both = false;

                for (size_t j = 0; j < others->n; j++)
                        in_both |= !strcmp(losses->texts[i], others->texts[j]);
                if (!in_both)
                        printf("%s: %s\n", what, losses->texts[i]);
        }
}

/* Returns how many records came through. */
static size_t round_trip(const Format *format, const FormatRecord *records, size_t n)
{
        CLEANUP(format_picture_freep) FormatPicture *picture = NULL;
        CLEANUP(freep) char *bytes = NULL;
        static Losses noted, lost;
        const FormatNotes to_noted = { on_noted, &noted };
        const FormatNotes strange = { on_strange, (void *)format->name };
        const FormatRecord *after;
        size_t n_bytes, n_after;

        must(format->write(&bytes, &n_bytes, records, n, &to_noted));
        must(format->read(&picture, bytes, n_bytes, &strange));
        after = format_picture_records(picture, &n_after);

        for (size_t i = 0; i < n; i++) {
                const FormatRecord *same = find_same(after, n_after, &records[i]);

                if (same)
                        compare(&lost, &records[i], same);
                else
                        losses_add(&lost, &records[i], NULL);
        }
        for (size_t i = 0; i < n_after; i++)
                assert(find_same(records, n, &after[i])); /* nothing is invented */

        print("lost and not said", &lost, &noted);
        print("said and not lost", &noted, &lost);
        if (lost.n != noted.n)
                printf("%s\n%.*s\n", format->name, (int)n_bytes, bytes);
        losses_sort(&lost);
        losses_sort(&noted);
        assert(lost.n == noted.n);
        for (size_t i = 0; i < lost.n; i++)
                assert(!strcmp(lost.texts[i], noted.texts[i]));
        assert(!format->loses_nothing || !lost.n);
        losses_clear(&lost);
        losses_clear(&noted);
        return n_after;
}

/* One door at most leads for a location. */
static void choose_doors(World *world, FormatRecord *records, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                bool has_one = false;

                for (size_t j = 0; j < i; j++)
                        has_one |= records[j].leads_ed &&
                                   !strcmp(records[j].report.location, records[i].report.location);
                records[i].leads_ed = records[i].report.kind == PLEK_REPORT_DOOR && !has_one &&
                                      chance_percent(world->chance, 60);
                records[i].freshness = PLEK_FRESH;
                if (records[i].report.kind == PLEK_REPORT_DOOR)
                        records[i].standing = chance_below(world->chance, PLEK_OVER + 1);
        }
}

int main(int argc, char **argv)
{
        Chance chance = chance_new(argc, argv);
        size_t n_said = 0, n_carried[N_ELEMENTS(formats)] = { 0 };

        for (unsigned round = 0; round < 400; round++) {
                CLEANUP(format_picture_freep) FormatPicture *picture = NULL;
                static FormatRecord records[WORLD_RECORDS_MAX];
                World world = { .chance = &chance };
                const FormatRecord *held;
                size_t n;

                must(format_picture_new(&picture));
                world.picture = picture;
                for (unsigned i = chance_below(&chance, WORLD_RECORDS_MAX); i--;) {
                        FormatRecord record;

                        world_record(&world, &record);
                        must(format_picture_add(picture, &record, false, NULL));
                }
                held = format_picture_records(picture, &n);
                if (n)
                        memcpy(records, held, n * sizeof(*held));
                choose_doors(&world, records, n);
                for (size_t i = 0; i < N_ELEMENTS(formats); i++)
                        n_carried[i] += round_trip(&formats[i], records, n);
                n_said += n;
        }
        printf("%zu records", n_said);
        for (size_t i = 0; i < N_ELEMENTS(formats); i++) {
                printf(", %zu through %s", n_carried[i], formats[i].name);
                assert(n_carried[i] > n_said / 10);
        }
        putchar('\n');
        return 0;
}
