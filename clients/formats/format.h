#pragma once

/*
 * Formats: records as documents of others, and back
 *
 * Each format is a pair of pure functions, x_write() and x_read(), between an array of records and
 * the bytes of a document. What a format has no place for is said through a FormatNotes, field by
 * field, so that nothing is dropped silently: who reads a document back lacks exactly what was said
 * when it was written.
 */

#include "plek/plek.h"

#include "internal/err.h"

/* A record, and what its reader derived from it, which is shown and not read back. */
typedef struct FormatRecord {
        const char *party; /* NULL: the document does not say */
        PlekReport report;

        const char *party_name, *region; /* or NULL */
        PlekFreshness freshness;         /* 0 (NEVER): not derived */
        PlekStanding standing;
        PlekEnrolled enrolled;
        uint32_t flags; /* PLEK_FLAG_* */
        int64_t received_at_ms; /* 0: not derived */
        bool leads_ed;          /* a door: it is the one that leads for ambulances at its ED */
} FormatRecord;

/*
 * What was not taken over. @record: NULL, it is about the document. @field: NULL, it is about all
 * of the record. Both are borrowed.
 */
typedef void (*FormatNoteFn)(void *arg, const FormatRecord *record, const char *field,
                             const char *why);

typedef struct FormatNotes {
        FormatNoteFn note; /* NULL: nobody listens */
        void *arg;
} FormatNotes;

void format_note(const FormatNotes *notes, const FormatRecord *record, const char *field,
                 const char *why);
void format_notef(const FormatNotes *notes, const FormatRecord *record, const char *field,
                  const char *format, ...) PRINTF(4, 5);

/* Notes what a reader would hold against @record, of a format with no place for any of it. */
void format_note_derived(const FormatNotes *notes, const FormatRecord *record, const char *why);

enum {
        FORMAT_OK,
        FORMAT_E_DOCUMENT, /* not a document of this format; a note says why */
};

enum {
        FORMAT_DOCUMENT_MAX = 64 * 1024 * 1024,
        FORMAT_RECORDS_MAX = 1000 * 1000,
        FORMAT_ID_BYTES = 512,
        FORMAT_TIME_BYTES = 32,
};

/* ------------------------------------------------------------------ what was read */

typedef struct FormatPicture FormatPicture;

MUST_CHECK int format_picture_new(FormatPicture **ret_picture);
FormatPicture *format_picture_free(FormatPicture *picture);
DEFINE_FREEP(FormatPicture, format_picture_free);

const FormatRecord *format_picture_records(const FormatPicture *picture, size_t *ret_n);

/* A copy that lives as long as @picture; NULL when out of memory. */
const char *format_keep(FormatPicture *picture, const char *text, size_t n_text);

/*
 * Adds @record, whose strings live as long as @picture, if it is a report that could be published;
 * else a note says which field is wrong. Where the document says a record twice, what the second
 * one has more is added to the first if @merges; else the first gives way. Returns 0 or -ENOMEM.
 */
MUST_CHECK int format_picture_add(FormatPicture *picture, const FormatRecord *record, bool merges,
                                  const FormatNotes *notes);

/* ------------------------------------------------------------------ words */

/* As PlekRecord's id: "ACTUAL/party/location/counts/unit/ICU_ADULT"; a party that is not known is
 * "-". */
void format_id(const FormatRecord *record, char ret_id[FORMAT_ID_BYTES]);

/* "2026-11-22T18:00:00.000Z". */
void format_time(int64_t ms, char ret_text[FORMAT_TIME_BYTES]);
/* The same, with any offset, with or without a fraction; a date alone is its midnight in UTC.
 * Returns 0 or -EINVAL. */
MUST_CHECK int format_time_parse(int64_t *ret_ms, const char *text);

/* A name that a location may have: what may not stand in one becomes "-". NULL: nothing is left, or
 * out of memory. */
const char *format_location_from(FormatPicture *picture, const char *text);

/* The name of a code, or its number, in @text if need be. */
const char *format_code(PlekCodeList list, uint32_t code, char text[16]);
