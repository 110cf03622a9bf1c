#include "store/postings.h"

#include <sodium.h>
#include <string.h>

#include "core/dirty.h"
#include "internal/endian.h"
#include "store/error.h"
#include "store/extract.h"
#include "store/rows.h"
#include "wire/arena.h"

enum {
        POSTINGS_VERSION = 1,
        N_KEY_MAX = 8 + 1 + 8,
};

void postings_deinit(Postings *postings)
{
        free(postings->revisions);
        *postings = POSTINGS_NULL;
}

uint64_t location_hash(const char *location)
{
        static const uint8_t key[crypto_shorthash_KEYBYTES] = "plek.location";
        uint8_t hash[crypto_shorthash_BYTES];

        crypto_shorthash(hash, (const uint8_t *)location, strlen(location), key);
        return be64_get(hash);
}

static int fold(int r)
{
        switch (r) {
        case STORE_E_NONE:
        case STORE_E_DAMAGED:
                return err_raise(-EBADMSG);
        default:
                return r > 0 ? err_raise(-EIO) : r;
        }
}

/* ------------------------------------------------------------------ what an entry is about */

typedef struct Subject {
        bool is_registry, is_door, is_event;
        bool has_location;
        uint64_t location;
} Subject;

static bool is_door_kind(UpdateKind kind)
{
        return kind == UPDATE_DOOR || kind == UPDATE_CARD;
}

/* Of one that cannot be read, nothing: whoever looks for it by another way will find that. */
static Subject subject_of(const LedgerEntry *entry, Arena *arena)
{
        Subject subject = { 0 };
        WireRefusal refusal;
        Envelope envelope;
        Update update;

        switch (entry->kind) {
        case ENTRY_GENESIS:
        case ENTRY_ENROLMENT:
        case ENTRY_CARD:
        case ENTRY_SUSPENSION:
                subject.is_registry = true;
                return subject;
        case ENTRY_EPOCH:
        case ENTRY_CONFIRM:
                return subject;
        case ENTRY_UPDATE:
                break;
        }

        arena_reset(arena);
        if (!entry->bytes ||
            envelope_parse(&envelope, entry->bytes->bytes, entry->bytes->n_bytes) ||
            update_decode(&update, &refusal, arena, envelope.body, envelope.n_body))
                return subject;
        subject.has_location = true;
        subject.location = location_hash(update.location);
        subject.is_door = is_door_kind(update.kind) ||
                          (update.kind == UPDATE_WITHDRAW && is_door_kind(update.withdraw.report));
        subject.is_event =
                report_is_event(update.kind) ||
                (update.kind == UPDATE_WITHDRAW && report_is_event(update.withdraw.report));
        return subject;
}

/* ------------------------------------------------------------------ making a segment */

typedef struct Posting {
        uint8_t tag;
        uint64_t location;
        uint64_t revision;
} Posting;

typedef struct Segment {
        Posting *postings; /* an entry has two at the most */
        size_t n;
        uint64_t first, last;
} Segment;

static void segment_deinit(Segment *segment)
{
        free(segment->postings);
}

static int compare(const void *a, const void *b)
{
        const Posting *x = a, *y = b;

        if (x->tag != y->tag)
                return x->tag < y->tag ? -1 : 1;
        if (x->location != y->location)
                return x->location < y->location ? -1 : 1;
        return x->revision < y->revision ? -1 : x->revision > y->revision;
}

static void segment_take(Segment *segment, const LedgerEntry *entry, Arena *arena)
{
        Subject subject = subject_of(entry, arena);

        if (subject.is_registry)
                segment->postings[segment->n++] = (Posting){ POSTING_REGISTRY, 0, entry->revision };
        if (subject.is_door)
                segment->postings[segment->n++] = (Posting){ POSTING_DOOR, 0, entry->revision };
        if (subject.is_event)
                segment->postings[segment->n++] = (Posting){ POSTING_EVENT, 0, entry->revision };
        if (subject.has_location)
                segment->postings[segment->n++] =
                        (Posting){ POSTING_LOCATION, subject.location, entry->revision };
}

/* Looks through the entries from @segment's first to its last. */
static int segment_read(Segment *segment, Environment *environment)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        CLEANUP(freep) Extract *extract = calloc(1, sizeof(*extract));
        uint64_t next = segment->first;
        int r;

        if (!extract)
                return err_raise(-ENOMEM);
        r = arena_new(&arena, ARENA_MESSAGE_BYTES);
        while (!r && next <= segment->last) {
                r = extract_range(extract, environment, next, segment->last, &next);
                for (size_t i = 0; !r && i < extract->n_entries; i++)
                        segment_take(segment, &extract->entries[i], arena);
        }
        extract_clear(extract);
        if (!r)
                qsort(segment->postings, segment->n, sizeof(*segment->postings), compare);
        return fold(r);
}

static int segment_new(Segment *segment, uint64_t first, uint64_t last)
{
        *segment = (Segment){ .first = first, .last = last };
        segment->postings = malloc(2 * (last - first + 1) * sizeof(*segment->postings));
        return segment->postings ? 0 : err_raise(-ENOMEM);
}

static uint8_t *put_number(uint8_t *to, uint64_t number)
{
        for (; number >= 0x80; number >>= 7)
                *to++ = (uint8_t)number | 0x80;
        *to++ = (uint8_t)number;
        return to;
}

static size_t row_key(uint8_t key[N_KEY_MAX], uint64_t first, uint8_t tag, uint64_t location)
{
        be64_put(key, first);
        key[8] = tag;
        if (tag != POSTING_LOCATION)
                return 9;
        be64_put(key + 9, location);
        return N_KEY_MAX;
}

static int add_row(RowList *list, uint64_t first, uint8_t tag, uint64_t location,
                   const uint8_t *bytes, size_t n_bytes)
{
        uint8_t bytes_of_key[N_KEY_MAX];
        Blob *key, *value;
        int r;

        r = blob_copy(&key, bytes_of_key, row_key(bytes_of_key, first, tag, location));
        if (r)
                return r;
        r = blob_new(&value, 1 + n_bytes);
        if (r) {
                blob_unref(key);
                return r;
        }
        value->bytes[0] = POSTINGS_VERSION;
        memcpy(value->bytes + 1, bytes, n_bytes);
        return row_list_add(list, CHECKPOINT_POSTINGS, key, value);
}

static int segment_rows(const Segment *segment, RowList *list)
{
        CLEANUP(freep) uint8_t *bytes = malloc(segment->n * 10 + 8);
        size_t i = 0;
        int r;

        if (!bytes)
                return err_raise(-ENOMEM);
        be64_put(bytes, segment->last);
        r = add_row(list, segment->first, POSTING_SEGMENT, 0, bytes, 8);

        while (!r && i < segment->n) {
                const Posting *first = &segment->postings[i];
                uint64_t before = segment->first - 1;
                uint8_t *to = bytes;

                for (; i < segment->n && segment->postings[i].tag == first->tag &&
                       segment->postings[i].location == first->location;
                     i++) {
                        to = put_number(to, segment->postings[i].revision - before);
                        before = segment->postings[i].revision;
                }
                r = add_row(list, segment->first, first->tag, first->location, bytes,
                            (size_t)(to - bytes));
        }
        return r;
}

/* The first revision that is in no segment. */
static int unposted(Environment *environment, uint64_t *ret_first)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        MDB_dbi dbi = environment->tables[CHECKPOINT_POSTINGS];
        uint8_t key[TRANSACTION_KEY_MAX];
        const uint8_t *value;
        size_t n_key, n_value;
        int r;

        *ret_first = 1;
        if (CHECKPOINT_POSTINGS >= environment->tables_end)
                return 0;
        r = transaction_read(&transaction, environment);
        if (r)
                return r;
        n_key = transaction_last_key(&transaction, dbi, key);
        if (!n_key)
                return store_error(transaction.failure);
        key[8] = POSTING_SEGMENT;
        r = transaction_get(&transaction, dbi, key, 9, &value, &n_value);
        if (r)
                return r;
        if (n_value != ROW_CHECKSUM_BYTES + 9)
                return STORE_E_DAMAGED;
        *ret_first = be64_get(value + ROW_CHECKSUM_BYTES + 1) + 1;
        return 0;
}

static int rows_of(RowList *list, Checkpoint **ret_rows)
{
        Checkpoint *rows = calloc(1, sizeof(*rows));

        if (!rows)
                return err_raise(-ENOMEM);
        rows->n_rows = list->n_rows;
        rows->rows = STEAL(list->rows);
        list->n_rows = 0;
        for (size_t i = 0; i < rows->n_rows; i++)
                rows->n_bytes += rows->rows[i].key->n_bytes + rows->rows[i].value->n_bytes;
        *ret_rows = rows;
        return 0;
}

int postings_make(Environment *environment, uint64_t last_revision, Checkpoint **ret_rows)
{
        CLEANUP(segment_deinit) Segment segment = { 0 };
        CLEANUP(row_list_deinit) RowList list = { 0 };
        uint64_t first;
        int r;

        r = fold(unposted(environment, &first));
        if (r)
                return r;
        if (last_revision < first + POSTINGS_SEGMENT - 1)
                return POSTINGS_E_NOTHING;

        r = segment_new(&segment, first, first + POSTINGS_SEGMENT - 1);
        if (!r)
                r = segment_read(&segment, environment);
        if (!r)
                r = segment_rows(&segment, &list);
        return r ? r : rows_of(&list, ret_rows);
}

/* ------------------------------------------------------------------ finding */

static int found(Postings *postings, uint64_t revision)
{
        size_t n_room = postings->n_room ? 2 * postings->n_room : 1024;
        uint64_t *grown;

        if (postings->n == POSTINGS_MAX) {
                postings->is_too_many = true;
                return 0;
        }
        if (postings->n == postings->n_room) {
                grown = reallocarray(postings->revisions, n_room, sizeof(*grown));
                if (!grown)
                        return err_raise(-ENOMEM);
                postings->revisions = grown;
                postings->n_room = n_room;
        }
        postings->revisions[postings->n++] = revision;
        return 0;
}

typedef struct Search {
        Environment *environment;
        uint64_t first, last;
        uint8_t tag;
        uint64_t location;
        Postings *postings;
} Search;

/* The revisions of one row that are asked for. */
static int read_row(const Search *search, uint64_t segment, const uint8_t *value, size_t n_value)
{
        uint64_t revision = segment - 1, number = 0;
        unsigned shift = 0;
        int r;

        if (n_value < ROW_CHECKSUM_BYTES + 1 || value[ROW_CHECKSUM_BYTES] != POSTINGS_VERSION)
                return STORE_E_DAMAGED;
        for (size_t i = ROW_CHECKSUM_BYTES + 1; i < n_value; i++) {
                number |= (uint64_t)(value[i] & 0x7f) << shift;
                shift += 7;
                if (value[i] & 0x80) {
                        if (shift > 56)
                                return STORE_E_DAMAGED;
                        continue;
                }
                revision += number;
                number = shift = 0;
                if (revision < search->first || revision > search->last)
                        continue;
                r = found(search->postings, revision);
                if (r)
                        return r;
        }
        return 0;
}

static int search_row(const Search *search, Transaction *transaction, uint64_t segment, uint8_t tag)
{
        uint8_t key[N_KEY_MAX];
        size_t n_key = row_key(key, segment, tag, search->location);
        const uint8_t *value;
        size_t n_value;
        int r;

        r = transaction_get(transaction, search->environment->tables[CHECKPOINT_POSTINGS], key,
                            n_key, &value, &n_value);
        if (r)
                return r == STORE_E_NONE ? 0 : r;
        if (!row_is_sealed(CHECKPOINT_POSTINGS, key, n_key, value, n_value))
                return STORE_E_DAMAGED;
        return read_row(search, segment, value, n_value);
}

/* The segment that @revision is in, or the next: its first and last; NONE: there is none. */
static int find_segment(const Search *search, Transaction *transaction, uint64_t revision,
                        uint64_t *ret_first, uint64_t *ret_last)
{
        MDB_dbi dbi = search->environment->tables[CHECKPOINT_POSTINGS];
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        uint8_t bytes[9];
        MDB_val key = { sizeof(bytes), bytes }, value;
        const uint8_t *last;
        size_t n_last;
        int r;

        /* Behind all rows of segments that begin at @revision or before. */
        be64_put(bytes, revision + 1);
        bytes[8] = 0;
        r = transaction_cursor(transaction, dbi, &cursor);
        if (r)
                return r;
        r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
        r = store_error(mdb_cursor_get(cursor, &key, &value, r ? MDB_LAST : MDB_PREV));
        if (r == STORE_E_NONE) /* all begin later */
                r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_FIRST));
        if (r)
                return r;
        if (key.mv_size < sizeof(bytes))
                return STORE_E_DAMAGED;

        memcpy(bytes, key.mv_data, 8);
        bytes[8] = POSTING_SEGMENT;
        r = transaction_get(transaction, dbi, bytes, sizeof(bytes), &last, &n_last);
        if (r)
                return r == STORE_E_NONE ? STORE_E_DAMAGED : r;
        if (n_last != ROW_CHECKSUM_BYTES + 9 ||
            !row_is_sealed(CHECKPOINT_POSTINGS, bytes, sizeof(bytes), last, n_last))
                return STORE_E_DAMAGED;
        *ret_first = be64_get(bytes);
        *ret_last = be64_get(last + ROW_CHECKSUM_BYTES + 1);
        return *ret_last < revision ? STORE_E_NONE : 0;
}

enum { SEGMENTS_AT_ONCE = 256 };

/* Some segments from @next on; STORE_E_NONE: there are no more. */
static int search_segments(const Search *search, uint64_t *next)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        uint64_t first, last;
        int r;

        r = transaction_read(&transaction, search->environment);
        for (size_t i = 0; !r && i < SEGMENTS_AT_ONCE && *next <= search->last; i++) {
                r = find_segment(search, &transaction, *next, &first, &last);
                if (!r)
                        r = search_row(search, &transaction, first, search->tag);
                if (!r)
                        r = search_row(search, &transaction, first, POSTING_REGISTRY);
                if (!r)
                        *next = last + 1;
        }
        return r;
}

/* What is in no segment yet, one by one. */
static int search_rest(const Search *search, uint64_t next)
{
        int r = 0;

        while (!r && next <= search->last) {
                CLEANUP(segment_deinit) Segment segment = { 0 };
                uint64_t last = MIN(search->last, next + POSTINGS_SEGMENT - 1);

                r = segment_new(&segment, next, last);
                if (!r)
                        r = segment_read(&segment, search->environment);
                for (size_t i = 0; !r && i < segment.n; i++) {
                        const Posting *posting = &segment.postings[i];

                        if (posting->tag == POSTING_REGISTRY ||
                            (posting->tag == search->tag && posting->location == search->location))
                                r = found(search->postings, posting->revision);
                }
                next = last + 1;
        }
        return r;
}

static int by_revision(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

int postings_find(Postings *ret_postings, Environment *environment, uint64_t first, uint64_t last,
                  PostingTag tag, const char *location)
{
        CLEANUP(postings_deinit) Postings postings = POSTINGS_NULL;
        Search search = {
                .environment = environment,
                .first = first,
                .last = last,
                .tag = (uint8_t)tag,
                .location = location ? location_hash(location) : 0,
                .postings = &postings,
        };
        uint64_t next = first;
        int r = STORE_E_NONE;

        if (CHECKPOINT_POSTINGS < environment->tables_end)
                do
                        r = search_segments(&search, &next);
                while (!r && next <= last);
        if (!r || r == STORE_E_NONE)
                r = search_rest(&search, next);
        if (r)
                return fold(r);
        if (postings.is_too_many)
                return POSTINGS_E_TOO_MANY;

        if (postings.n)
                qsort(postings.revisions, postings.n, sizeof(*postings.revisions), by_revision);
        *ret_postings = postings;
        postings = POSTINGS_NULL;
        return 0;
}
