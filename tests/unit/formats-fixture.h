#pragma once

/*
 * A document of others, read: what it says, and what the reader noted
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka-all.h"
#include "formats/csv-table.h"
#include "formats/fhir.h"
#include "formats/field.h"
#include "formats/have.h"

/* What a reader noted, one line each. */
typedef struct Heard {
        char text[16 * 1024];
} Heard;

static inline void on_note(void *arg, const FormatRecord *record, const char *field,
                           const char *why)
{
        Heard *heard = arg;
        size_t n = strlen(heard->text);

        snprintf(heard->text + n, sizeof(heard->text) - n, "%s: %s\n", field ? field : "-", why);
}

typedef int (*ReadFn)(FormatPicture **, const void *, size_t, const FormatNotes *);

typedef struct Reading {
        FormatPicture *picture;
        const FormatRecord *records;
        size_t n;
        Heard heard;
        int result;
} Reading;

static inline void read_as(Reading *ret, ReadFn read, const void *bytes, size_t n_bytes)
{
        const FormatNotes notes = { on_note, &ret->heard };

        memset(ret, 0, sizeof(*ret));
        ret->result = read(&ret->picture, bytes, n_bytes, &notes);
        if (!ret->result)
                ret->records = format_picture_records(ret->picture, &ret->n);
}

static inline void read_text(Reading *ret, ReadFn read, const char *text)
{
        read_as(ret, read, text, strlen(text));
}

static inline void reading_deinit(Reading *reading)
{
        format_picture_free(reading->picture);
}

/* A file of the collection beside the project, which not everybody has. */
static inline void read_sample(Reading *ret, ReadFn read, const char *name)
{
        char path[256];
        static char bytes[64 * 1024];
        FILE *file;
        size_t n;

        snprintf(path, sizeof(path), "../shared/data/%s", name);
        file = fopen(path, "r");
        if (!file) {
                print_message("%s is not here\n", path);
                skip();
        }
        n = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        read_as(ret, read, bytes, n);
}

static const char *said(const FormatRecord *record, const char *field)
{
        static char text[FIELD_TEXT_BYTES];

        return field_get(&record->report, field, text) ? text : NULL;
}

static inline void assert_heard(const Reading *reading, const char *part)
{
        if (!strstr(reading->heard.text, part))
                fail_msg("'%s' does not say '%s'", reading->heard.text, part);
}
