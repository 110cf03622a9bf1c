#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <uthash.h>

#include "formats/field.h"
#include "lib/report.h"

/* ------------------------------------------------------------------ notes */

void format_note(const FormatNotes *notes, const FormatRecord *record, const char *field,
                 const char *why)
{
        if (notes && notes->note)
                notes->note(notes->arg, record, field, why);
}

void format_notef(const FormatNotes *notes, const FormatRecord *record, const char *field,
                  const char *format, ...)
{
        char why[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(why, sizeof(why), format, arguments);
        va_end(arguments);
        format_note(notes, record, field, why);
}

void format_note_derived(const FormatNotes *notes, const FormatRecord *record, const char *why)
{
        if (record->freshness == PLEK_STALE || record->freshness == PLEK_SILENT)
                format_notef(notes, record, "freshness", "is %s: %s",
                             record->freshness == PLEK_STALE ? "STALE" : "SILENT", why);
        if (record->enrolled == PLEK_NO_LONGER_ENROLLED)
                format_notef(notes, record, "enrolled", "is NO_LONGER_ENROLLED: %s", why);
        if (record->flags & (PLEK_FLAG_OVERCROWDED | PLEK_FLAG_INCONSISTENT))
                format_notef(notes, record, "flags", "is %s: %s",
                             !(record->flags & PLEK_FLAG_OVERCROWDED) ? "INCONSISTENT"
                             : record->flags & PLEK_FLAG_INCONSISTENT ? "OVERCROWDED, INCONSISTENT"
                                                                      : "OVERCROWDED",
                             why);
}

/* ------------------------------------------------------------------ words */

const char *format_code(PlekCodeList list, uint32_t code, char text[16])
{
        const char *name = plek_code_name(list, code);

        if (!name)
                snprintf(text, 16, "%u", code);
        return name ? name : text;
}

static size_t append_code(char *id, size_t n, PlekCodeList list, uint32_t code)
{
        char text[16];

        return n + (size_t)snprintf(id + n, FORMAT_ID_BYTES - n, "/%s",
                                    code == PLEK_ANY ? "-" : format_code(list, code, text));
}

void format_id(const FormatRecord *record, char ret_id[FORMAT_ID_BYTES])
{
        const PlekReport *report = &record->report;
        PlekRecordKey key;
        size_t n;

        plek_report_key(report, &key);
        n = (size_t)snprintf(ret_id, FORMAT_ID_BYTES, "%s/%.64s/%.64s/%s",
                             plek_code_name(PLEK_CODES_STATUS, report->status),
                             record->party ? record->party : "-",
                             report->location ? report->location : "-",
                             plek_code_name(PLEK_CODES_REPORT, report->kind));
        if (report->kind == PLEK_REPORT_COUNTS || report->kind == PLEK_REPORT_DOOR ||
            report->kind == PLEK_REPORT_PRESSURE)
                n += (size_t)snprintf(ret_id + n, FORMAT_ID_BYTES - n, "/%.64s",
                                      key.unit ? key.unit : "-");
        if (report->kind == PLEK_REPORT_PRESSURE)
                n += (size_t)snprintf(ret_id + n, FORMAT_ID_BYTES - n, "/%.32s",
                                      key.method ? key.method : "-");
        else if (report->kind != PLEK_REPORT_CARD)
                n = append_code(ret_id, n, PLEK_CODES_CARE, key.care);
        if (report->kind == PLEK_REPORT_DOOR &&
            (key.patient_group != PLEK_ANY || key.urgency != PLEK_ANY || key.plan)) {
                n = append_code(ret_id, n, PLEK_CODES_PATIENT_GROUP, key.patient_group);
                n += (size_t)(key.urgency == PLEK_ANY
                                      ? snprintf(ret_id + n, FORMAT_ID_BYTES - n, "/-")
                                      : snprintf(ret_id + n, FORMAT_ID_BYTES - n, "/u%u",
                                                 key.urgency));
        }
        if (key.plan)
                snprintf(ret_id + n, FORMAT_ID_BYTES - n, "/plan%u", key.plan);
}

void format_time(int64_t ms, char ret_text[FORMAT_TIME_BYTES])
{
        const time_t seconds = (time_t)(ms / 1000);
        struct tm tm;
        size_t n;

        gmtime_r(&seconds, &tm);
        n = strftime(ret_text, FORMAT_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(ret_text + n, FORMAT_TIME_BYTES - n, ".%03dZ", (int)(ms % 1000));
}

/* "Z", "+02:00", "-0500" or nothing, which is Z: minutes east of it. Returns 0 or -EINVAL. */
static int parse_offset(const char *text, int *ret_minutes)
{
        int hours, minutes, n = 0;

        *ret_minutes = 0;
        if (!*text || !strcmp(text, "Z"))
                return 0;
        if ((*text != '+' && *text != '-') || !isdigit((unsigned char)text[1]) ||
            !isdigit((unsigned char)text[2]))
                return -EINVAL;
        hours = (text[1] - '0') * 10 + text[2] - '0';
        text[3] == ':' ? sscanf(text + 4, "%2d%n", &minutes, &n)
                       : sscanf(text + 3, "%2d%n", &minutes, &n);
        if (n != 2 || text[3 + (text[3] == ':') + n] || hours > 14 || minutes < 0 || minutes > 59)
                return -EINVAL;
        *ret_minutes = (*text == '-' ? -1 : 1) * (hours * 60 + minutes);
        return 0;
}

int format_time_parse(int64_t *ret_ms, const char *text)
{
        struct tm tm = { .tm_mday = 1 };
        int64_t ms = 0, whole;
        int minutes, scale = 100;
        const char *end;

        end = strptime(text, "%Y-%m-%d", &tm);
        if (!end)
                return -EINVAL;
        if (*end == 'T' || *end == ' ') {
                end = strptime(end + 1, "%H:%M:%S", &tm);
                if (!end)
                        return -EINVAL;
        }
        if (*end == '.') {
                for (end++; isdigit((unsigned char)*end); end++, scale /= 10)
                        ms += (*end - '0') * scale;
        }
        if (parse_offset(end, &minutes))
                return -EINVAL;

        whole = (int64_t)timegm(&tm) - minutes * 60;
        if (whole < 0 || whole > INT64_C(253402300799))
                return -EINVAL;
        *ret_ms = whole * 1000 + ms;
        return 0;
}

/* ------------------------------------------------------------------ what was read */

typedef struct Chunk {
        struct Chunk *next;
        char bytes[];
} Chunk;

/* Where a record of an id is. */
typedef struct Known {
        UT_hash_handle hh;
        size_t index;
        char id[];
} Known;

struct FormatPicture {
        FormatRecord *records;
        size_t n_records, n_allocated;
        Known *known;

        Chunk *chunks; /* the first has room */
        size_t n_used, n_chunk;
};

enum { CHUNK_BYTES = 64 * 1024 };

int format_picture_new(FormatPicture **ret_picture)
{
        FormatPicture *picture = calloc(1, sizeof(*picture));

        if (!picture)
                return err_raise(-ENOMEM);
        *ret_picture = picture;
        return 0;
}

FormatPicture *format_picture_free(FormatPicture *picture)
{
        Known *known, *next;

        if (!picture)
                return NULL;
        HASH_ITER (hh, picture->known, known, next) {
                HASH_DEL(picture->known, known);
                free(known);
        }
        for (Chunk *chunk = picture->chunks, *later; chunk; chunk = later) {
                later = chunk->next;
                free(chunk);
        }
        free(picture->records);
        free(picture);
        return NULL;
}

const FormatRecord *format_picture_records(const FormatPicture *picture, size_t *ret_n)
{
        *ret_n = picture->n_records;
        return picture->records;
}

const char *format_keep(FormatPicture *picture, const char *text, size_t n_text)
{
        char *copy;

        if (!picture->chunks || picture->n_chunk - picture->n_used <= n_text) {
                size_t n_chunk = MAX(n_text + 1, (size_t)CHUNK_BYTES);
                Chunk *chunk = malloc(sizeof(*chunk) + n_chunk);

                if (!chunk)
                        return NULL;
                chunk->next = picture->chunks;
                picture->chunks = chunk;
                picture->n_chunk = n_chunk;
                picture->n_used = 0;
        }
        copy = picture->chunks->bytes + picture->n_used;
        memcpy(copy, text, n_text);
        copy[n_text] = '\0';
        picture->n_used += n_text + 1;
        return copy;
}

const char *format_location_from(FormatPicture *picture, const char *text)
{
        char name[LOCATION_MAX + 1];
        size_t n = 0;

        for (; *text && n < LOCATION_MAX; text++) {
                if (isalnum((unsigned char)*text) || strchr("._", *text))
                        name[n++] = *text;
                else if (n && name[n - 1] != '-')
                        name[n++] = '-';
        }
        while (n && name[n - 1] == '-')
                n--;
        return n ? format_keep(picture, name, n) : NULL;
}

/* Whether it could be published: what an encoder refuses, the broker does. */
static int check(const FormatRecord *record, const FormatNotes *notes)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        WireRefusal refusal = { 0 };
        Update update;
        int r;

        if (record->party && !party_is_valid(record->party)) {
                format_note(notes, record, "party", "is no name of a party; it is left out");
                return UPDATE_E_REFUSED;
        }
        r = report_to_update(&record->report, &update, &refusal) ? 0 : UPDATE_E_REFUSED;
        if (!r) {
                update.party = record->party ? record->party : "unknown";
                update.instance = update.seq = 1;
                update.observed_at_ms = record->report.observed_at_ms;
                update.sent_at_ms = update.observed_at_ms;
                update.not_after_ms = update.sent_at_ms + 1;
                /* What begins later is judged when it is published. */
                if (record->report.kind == PLEK_REPORT_OFFERING && !update.offering.plan &&
                    update.offering.holds_from_ms != TIME_ABSENT)
                        update.sent_at_ms = MAX(update.sent_at_ms, update.offering.holds_from_ms);
                update.not_after_ms = update.sent_at_ms + 1;
                r = update_encode(&blob, &refusal, &update);
        }
        if (r == UPDATE_E_REFUSED)
                format_notef(notes, record, refusal.field, "%s; it is left out",
                             refusal.text ? refusal.text : "is not allowed");
        return r;
}

static int append(FormatPicture *picture, const FormatRecord *record)
{
        if (picture->n_records == picture->n_allocated) {
                size_t n = picture->n_allocated ? 2 * picture->n_allocated : 64;
                FormatRecord *records = reallocarray(picture->records, n, sizeof(*records));

                if (!records)
                        return err_raise(-ENOMEM);
                picture->records = records;
                picture->n_allocated = n;
        }
        picture->records[picture->n_records++] = *record;
        return 0;
}

/* Fields of @from that @to does not say; what both say must be the same. */
static int merge(FormatPicture *picture, FormatRecord *to, const FormatRecord *from,
                 const FormatNotes *notes)
{
        char ours[FIELD_TEXT_BYTES], theirs[FIELD_TEXT_BYTES];
        const char *name;
        int r;

        for (size_t i = 0; (name = field_name(i)); i++) {
                bool said = field_get(&to->report, name, ours);

                if (!field_get(&from->report, name, theirs))
                        continue;
                if (!said) {
                        r = field_set(&to->report, name, theirs, picture);
                        if (r)
                                return err_fold(r);
                } else if (strcmp(ours, theirs) != 0) {
                        format_notef(notes, to, name,
                                     "is said twice: %.64s and %.64s; the first "
                                     "is taken",
                                     ours, theirs);
                }
        }
        return 0;
}

int format_picture_add(FormatPicture *picture, const FormatRecord *record, bool merges,
                       const FormatNotes *notes)
{
        char id[FORMAT_ID_BYTES];
        Known *known;
        int r;

        r = check(record, notes);
        if (r)
                return r == UPDATE_E_REFUSED ? 0 : err_fold(r);
        if (picture->n_records == FORMAT_RECORDS_MAX) {
                format_note(notes, record, NULL, "is one record too many; it is left out");
                return 0;
        }

        format_id(record, id);
        HASH_FIND_STR(picture->known, id, known);
        if (known && merges)
                return merge(picture, &picture->records[known->index], record, notes);
        if (known) {
                format_note(notes, record, NULL, "is said twice; the last one is taken");
                picture->records[known->index] = *record;
                return 0;
        }

        known = calloc(1, sizeof(*known) + strlen(id) + 1);
        if (!known)
                return err_raise(-ENOMEM);
        strcpy(known->id, id);
        known->index = picture->n_records;
        r = append(picture, record);
        if (r) {
                free(known);
                return r;
        }
        HASH_ADD_STR(picture->known, id, known);
        return 0;
}
