/*
 * Rows
 *
 * Writing and reading are one walk: a form lists a row's parts once, and the same list measures,
 * writes and reads. So what is written can be read, and a part that is added cannot be forgotten in
 * one of the three.
 */

#include <string.h>

#include "core/row.h"
#include "internal/endian.h"

typedef enum WalkMode { WALK_MEASURE, WALK_WRITE, WALK_READ } WalkMode;

typedef struct Walk {
        WalkMode mode;
        uint8_t *to;         /* WRITE */
        const uint8_t *from; /* READ */
        size_t n;            /* walked so far */
        size_t n_bytes;      /* READ: there are */
        bool damaged;
} Walk;

/* Whether there are @n bytes more; reading past the end makes the row damaged for good. */
static bool walk_has(Walk *walk, size_t n)
{
        if (walk->mode == WALK_READ && (walk->damaged || walk->n_bytes - walk->n < n)) {
                walk->damaged = true;
                return false;
        }
        return true;
}

static void walk_bytes(Walk *walk, void *bytes, size_t n)
{
        if (!walk_has(walk, n))
                return;
        if (walk->mode == WALK_WRITE && n)
                memcpy(walk->to + walk->n, bytes, n);
        if (walk->mode == WALK_READ && n)
                memcpy(bytes, walk->from + walk->n, n);
        walk->n += n;
}

static void walk_u8(Walk *walk, uint8_t *value)
{
        walk_bytes(walk, value, 1);
}

static void walk_u16(Walk *walk, uint16_t *value)
{
        uint8_t bytes[2];

        be16_put(bytes, *value);
        walk_bytes(walk, bytes, sizeof(bytes));
        if (walk->mode == WALK_READ && !walk->damaged)
                *value = be16_get(bytes);
}

static void walk_u32(Walk *walk, uint32_t *value)
{
        uint8_t bytes[4];

        be32_put(bytes, *value);
        walk_bytes(walk, bytes, sizeof(bytes));
        if (walk->mode == WALK_READ && !walk->damaged)
                *value = be32_get(bytes);
}

static void walk_u64(Walk *walk, uint64_t *value)
{
        uint8_t bytes[8];

        be64_put(bytes, *value);
        walk_bytes(walk, bytes, sizeof(bytes));
        if (walk->mode == WALK_READ && !walk->damaged)
                *value = be64_get(bytes);
}

static void walk_i64(Walk *walk, int64_t *value)
{
        uint64_t bits = (uint64_t)*value;

        walk_u64(walk, &bits);
        *value = (int64_t)bits;
}

/* @n bytes at *bytes, borrowed when read. */
static void walk_borrowed(Walk *walk, const void **bytes, size_t n)
{
        if (!walk_has(walk, n))
                return;
        if (walk->mode == WALK_WRITE && n)
                memcpy(walk->to + walk->n, *bytes, n);
        if (walk->mode == WALK_READ)
                *bytes = walk->from + walk->n;
        walk->n += n;
}

static void walk_text(Walk *walk, const char **text, size_t *n_text)
{
        uint16_t n = (uint16_t)*n_text;
        const void *bytes = *text;

        walk_u16(walk, &n);
        if (walk->damaged)
                return;
        walk_borrowed(walk, &bytes, n);
        *text = bytes;
        *n_text = n;
}

/* All that is left. */
static void walk_rest(Walk *walk, const uint8_t **rest, size_t *n_rest)
{
        const void *bytes = *rest;

        if (walk->mode == WALK_READ && !walk->damaged)
                *n_rest = walk->n_bytes - walk->n;
        walk_borrowed(walk, &bytes, *n_rest);
        *rest = bytes;
}

/* ------------------------------------------------------------------ forms */

static void form_record(Walk *walk, void *row)
{
        RecordRow *record = row;

        walk_text(walk, &record->topic, &record->n_topic);
        walk_u64(walk, &record->revision);
        walk_u64(walk, &record->changed_revision);
        walk_i64(walk, &record->received_at_ms);
        walk_i64(walk, &record->since_ms);
        walk_u32(walk, &record->flags);
        walk_u64(walk, &record->rests_on);
        walk_rest(walk, &record->envelope, &record->n_envelope);
}

static void form_affirm(Walk *walk, void *row)
{
        AffirmRow *affirm = row;

        walk_i64(walk, &affirm->received_at_ms);
        walk_i64(walk, &affirm->sent_at_ms);
        walk_rest(walk, &affirm->envelope, &affirm->n_envelope);
}

static void form_tombstone(Walk *walk, void *row)
{
        TombstoneRow *tombstone = row;

        walk_text(walk, &tombstone->topic, &tombstone->n_topic);
        walk_i64(walk, &tombstone->at_ms);
        walk_u8(walk, &tombstone->from);
        walk_u8(walk, &tombstone->to);
        walk_u8(walk, &tombstone->cause);
        walk_u16(walk, &tombstone->key.n_bytes);
        if (tombstone->key.n_bytes > RECORD_KEY_MAX)
                walk->damaged = true;
        else
                walk_bytes(walk, tombstone->key.bytes, tombstone->key.n_bytes);
}

static void form_party(Walk *walk, void *row)
{
        PartyRow *party = row;

        walk_u64(walk, &party->floor);
        walk_u64(walk, &party->revision);
        walk_bytes(walk, party->digest, sizeof(party->digest));
}

static void form_registry(Walk *walk, void *row)
{
        RegistryRow *registry = row;

        walk_u8(walk, &registry->kind);
        walk_i64(walk, &registry->received_at_ms);
        walk_rest(walk, &registry->bytes, &registry->n_bytes);
}

static void form_topic(Walk *walk, void *row)
{
        TopicRow *topic = row;

        for (unsigned level = AUDIENCE_OPEN; level <= AUDIENCE_COORD; level++)
                walk_u64(walk, &topic->last[level]);
        walk_u64(walk, &topic->forgotten);
}

static void form_position(Walk *walk, void *row)
{
        PositionRow *position = row;

        walk_u64(walk, &position->revision);
        walk_i64(walk, &position->time_ms);
        walk_bytes(walk, position->head, sizeof(position->head));
        walk_u64(walk, &position->epoch_floor);
        walk_u8(walk, &position->epoch_unconfirmed);
}

static void form_span(Walk *walk, void *row)
{
        SpanRow *span = row;

        walk_u64(walk, &span->epoch);
        walk_i64(walk, &span->opened_at_ms);
        walk_u8(walk, &span->continues);
}

typedef struct BytesRow {
        const uint8_t *bytes;
        size_t n_bytes;
} BytesRow;

static void form_bytes(Walk *walk, void *row)
{
        BytesRow *bytes = row;

        walk_rest(walk, &bytes->bytes, &bytes->n_bytes);
}

static void form_nothing(Walk *walk, void *row)
{
}

static int row_write(Blob **ret_value, void (*form)(Walk *walk, void *row), void *row)
{
        Walk walk = { .mode = WALK_MEASURE, .n = 1 };
        Blob *value;
        int r;

        form(&walk, row);
        assert(!walk.damaged);
        r = blob_new(&value, walk.n);
        if (r)
                return r;

        value->bytes[0] = ROW_VERSION;
        walk = (Walk){ .mode = WALK_WRITE, .to = value->bytes, .n = 1 };
        form(&walk, row);
        *ret_value = value;
        return 0;
}

/* @row is scratch, and good only if this returns 0. */
static int row_read(void (*form)(Walk *walk, void *row), void *row, const uint8_t *value,
                    size_t n_value)
{
        Walk walk = { .mode = WALK_READ, .from = value, .n = 1, .n_bytes = n_value };

        if (!n_value || value[0] < ROW_VERSION)
                return ROW_E_DAMAGED;
        if (value[0] > ROW_VERSION)
                return ROW_E_NEWER;

        form(&walk, row);
        return walk.damaged || walk.n != n_value ? ROW_E_DAMAGED : 0;
}

/* ------------------------------------------------------------------ tables */

#define DEFINE_ROW(_name, _type)                                                                   \
        int row_of_##_name(Blob **ret_value, const _type *row)                                     \
        {                                                                                          \
                _type copy = *row;                                                                 \
                                                                                                   \
                return row_write(ret_value, form_##_name, &copy);                                  \
        }                                                                                          \
                                                                                                   \
        int row_to_##_name(_type *ret_row, const uint8_t *value, size_t n_value)                   \
        {                                                                                          \
                _type row = { 0 };                                                                 \
                int r;                                                                             \
                                                                                                   \
                r = row_read(form_##_name, &row, value, n_value);                                  \
                if (!r)                                                                            \
                        *ret_row = row;                                                            \
                return r;                                                                          \
        }

DEFINE_ROW(record, RecordRow)
DEFINE_ROW(affirm, AffirmRow)
DEFINE_ROW(tombstone, TombstoneRow)
DEFINE_ROW(party, PartyRow)
DEFINE_ROW(registry, RegistryRow)
DEFINE_ROW(topic, TopicRow)
DEFINE_ROW(position, PositionRow)
DEFINE_ROW(span, SpanRow)

int row_of_narrow(Blob **ret_value)
{
        return row_write(ret_value, form_nothing, NULL);
}

int row_to_narrow(const uint8_t *value, size_t n_value)
{
        return row_read(form_nothing, NULL, value, n_value);
}

int row_of_bytes(Blob **ret_value, const Blob *bytes)
{
        return row_write(ret_value, form_bytes,
                         &(BytesRow){ .bytes = bytes->bytes, .n_bytes = bytes->n_bytes });
}

int row_to_bytes(const uint8_t **ret_bytes, size_t *ret_n, const uint8_t *value, size_t n_value)
{
        BytesRow row = { 0 };
        int r;

        r = row_read(form_bytes, &row, value, n_value);
        if (r)
                return r;

        *ret_bytes = row.bytes;
        *ret_n = row.n_bytes;
        return 0;
}

/* ------------------------------------------------------------------ keys */

int row_key_of_revision(Blob **ret_key, uint64_t revision)
{
        uint8_t key[8];

        be64_put(key, revision);
        return blob_copy(ret_key, key, sizeof(key));
}

int row_key_of_tombstone(Blob **ret_key, uint64_t revision, uint32_t number)
{
        uint8_t key[ROW_TOMBSTONE_KEY_BYTES];

        be64_put(key, revision);
        be32_put(key + 8, number);
        return blob_copy(ret_key, key, sizeof(key));
}

int row_key_of_span(Blob **ret_key, uint64_t first_revision)
{
        uint8_t key[9] = { META_SPAN };

        be64_put(key + 1, first_revision);
        return blob_copy(ret_key, key, sizeof(key));
}
