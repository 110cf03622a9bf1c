#include <string.h>

#include "internal/endian.h"
#include "store/error.h"
#include "store/extract.h"
#include "store/keyframe-private.h"
#include "store/rows.h"

int keyframe_read_part(Environment *environment, uint64_t revision, uint32_t part, Blob **ret_part)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        const uint8_t *value;
        uint8_t key[KEYFRAME_KEY_BYTES];
        size_t n_value;
        int r;

        keyframe_key(key, revision, part);
        r = transaction_read(&transaction, environment);
        if (!r)
                r = transaction_get(&transaction, environment->tables[CHECKPOINT_KEYFRAMES], key,
                                    sizeof(key), &value, &n_value);
        if (r)
                return r;
        if (!row_is_sealed(CHECKPOINT_KEYFRAMES, key, sizeof(key), value, n_value) ||
            n_value <= ROW_CHECKSUM_BYTES || value[ROW_CHECKSUM_BYTES] != KEYFRAME_VERSION)
                return STORE_E_DAMAGED;
        return blob_copy(ret_part, value + ROW_CHECKSUM_BYTES + 1,
                         n_value - ROW_CHECKSUM_BYTES - 1);
}

static int restore_meta(State *state, const Blob *part)
{
        const uint8_t *at = part->bytes, *end = at + part->n_bytes;

        while (at < end) {
                size_t n_left = (size_t)(end - at), n_key, n_value;
                int r;

                if (n_left < 6)
                        return err_raise(-EBADMSG);
                n_key = be16_get(at);
                n_value = be32_get(at + 2);
                if (n_left - 6 < n_key || n_left - 6 - n_key < n_value)
                        return err_raise(-EBADMSG);
                r = state_restore_row(state, CHECKPOINT_META, at + 6, n_key, at + 6 + n_key,
                                      n_value);
                if (r)
                        return r;
                at += 6 + n_key + n_value;
        }
        return 0;
}

typedef struct Reader {
        Environment *environment;
        State *state;
        const KeyframeFilter *filter;
        Extract extract;
        PastRecord records[EXTRACT_ENTRIES];
        size_t n_records;
        uint64_t revisions[EXTRACT_ENTRIES];
} Reader;

/* Finds all of the revisions, which rise; what is missing was cut off meanwhile. */
static int for_each_entry(Reader *reader, size_t n,
                          int (*func)(Reader *reader, size_t i, const LedgerEntry *entry))
{
        size_t n_before = 0;

        while (n_before < n) {
                size_t n_read;
                int r;

                r = extract_read(&reader->extract, reader->environment,
                                 reader->revisions + n_before, n - n_before, &n_read);
                if (r)
                        return keyframe_fold(r);
                if (reader->extract.n_entries != n_read)
                        return err_raise(-EBADMSG);
                for (size_t i = 0; i < n_read; i++) {
                        const LedgerEntry *entry = &reader->extract.entries[i];

                        if (!entry->bytes)
                                return err_raise(-EBADMSG);
                        r = func(reader, n_before + i, entry);
                        if (r)
                                return r;
                }
                n_before += n_read;
        }
        return 0;
}

static int put_affirm(Reader *reader, size_t i, const LedgerEntry *entry)
{
        return state_restore_affirm(reader->state, entry->revision, entry->time_ms, entry->bytes);
}

static int put_report(Reader *reader, size_t i, const LedgerEntry *entry)
{
        reader->records[i].received_at_ms = entry->time_ms;
        return state_restore_record(reader->state, &reader->records[i], entry->bytes);
}

static int by_revision(const void *a, const void *b)
{
        uint64_t x = ((const PastRecord *)a)->revision, y = ((const PastRecord *)b)->revision;

        return x < y ? -1 : x > y;
}

static int by_number(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

/* The affirms first, each once: what rests on them looks them up. */
static int flush(Reader *reader)
{
        size_t n = 0, n_affirms = 0;
        int r;

        for (size_t i = 0; i < reader->n_records; i++)
                if (reader->records[i].rests_on)
                        reader->revisions[n++] = reader->records[i].rests_on;
        if (n)
                qsort(reader->revisions, n, sizeof(*reader->revisions), by_number);
        for (size_t i = 0; i < n; i++)
                if (!n_affirms || reader->revisions[i] != reader->revisions[n_affirms - 1])
                        reader->revisions[n_affirms++] = reader->revisions[i];
        r = for_each_entry(reader, n_affirms, put_affirm);
        if (r)
                return r;

        if (reader->n_records)
                qsort(reader->records, reader->n_records, sizeof(*reader->records), by_revision);
        for (size_t i = 0; i < reader->n_records; i++)
                reader->revisions[i] = reader->records[i].revision;
        r = for_each_entry(reader, reader->n_records, put_report);
        reader->n_records = 0;
        return r;
}

static bool is_wanted(const KeyframeFilter *filter, const uint8_t *record)
{
        if (filter->has_location && be64_get(record) != filter->location)
                return false;
        if (filter->events_only)
                return report_is_event(record[46]);
        return !filter->doors_only || record[46] == UPDATE_DOOR || record[46] == UPDATE_CARD;
}

/* The part's table of topics; *at ends behind it. */
int keyframe_read_topics(const Blob *part, const char *topics[KEYFRAME_TOPICS_MAX], size_t *ret_n,
                         const uint8_t **at)
{
        const uint8_t *end = part->bytes + part->n_bytes;

        if (part->n_bytes < 2)
                return err_raise(-EBADMSG);
        *ret_n = be16_get(part->bytes);
        if (*ret_n > KEYFRAME_TOPICS_MAX)
                return err_raise(-EBADMSG);
        *at = part->bytes + 2;
        for (size_t i = 0; i < *ret_n; i++) {
                if (*at == end || (size_t)(end - *at) < 1u + **at)
                        return err_raise(-EBADMSG);
                topics[i] = (const char *)*at;
                *at += 1 + **at;
        }
        return (end - *at) % KEYFRAME_RECORD_BYTES ? err_raise(-EBADMSG) : 0;
}

static int restore_part(Reader *reader, const Blob *part, const char **topics)
{
        const uint8_t *at, *end = part->bytes + part->n_bytes;
        size_t n_topics;
        int r;

        r = keyframe_read_topics(part, topics, &n_topics, &at);
        for (; !r && at < end; at += KEYFRAME_RECORD_BYTES) {
                size_t topic = be16_get(at + 44);

                if (topic >= n_topics)
                        return err_raise(-EBADMSG);
                if (!is_wanted(reader->filter, at))
                        continue;
                reader->records[reader->n_records++] = (PastRecord){
                        .topic = topics[topic] + 1,
                        .n_topic = (uint8_t)*topics[topic],
                        .revision = be64_get(at + 8),
                        .changed_revision = be64_get(at + 16),
                        .since_ms = (int64_t)be64_get(at + 24),
                        .rests_on = be64_get(at + 32),
                        .flags = be32_get(at + 40),
                };
                if (reader->n_records == EXTRACT_ENTRIES)
                        r = flush(reader);
        }
        return r ? r : flush(reader); /* topics are the part's */
}

static int find(Environment *environment, uint64_t revision, uint64_t *ret_revision)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        uint8_t bytes[KEYFRAME_KEY_BYTES];
        MDB_val key = { sizeof(bytes), bytes }, value;
        int r;

        if (CHECKPOINT_KEYFRAMES >= environment->tables_end)
                return STORE_E_NONE;
        keyframe_key(bytes, revision, UINT32_MAX);
        r = transaction_read(&transaction, environment);
        if (!r)
                r = transaction_cursor(&transaction, environment->tables[CHECKPOINT_KEYFRAMES],
                                       &cursor);
        if (r)
                return r;
        r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
        r = store_error(mdb_cursor_get(cursor, &key, &value, r ? MDB_LAST : MDB_PREV));
        if (r)
                return r;
        *ret_revision = key.mv_size == KEYFRAME_KEY_BYTES ? be64_get(key.mv_data) : 0;
        return *ret_revision ? 0 : STORE_E_DAMAGED;
}

enum { REGISTRY_AT_ONCE = 256 };

typedef struct RegistryPiece {
        Blob *rows[REGISTRY_AT_ONCE]; /* key, then value */
        size_t n_rows;
} RegistryPiece;

static void piece_deinit(RegistryPiece *piece)
{
        for (size_t i = 0; i < piece->n_rows; i++)
                blob_unref(piece->rows[i]);
        piece->n_rows = 0;
}

static int piece_add(RegistryPiece *piece, const MDB_val *key, const MDB_val *value)
{
        Blob *row;
        int r;

        if (key->mv_size != 8 ||
            !row_is_sealed(CHECKPOINT_REGISTRY, key->mv_data, 8, value->mv_data, value->mv_size))
                return STORE_E_DAMAGED;
        r = blob_new(&row, key->mv_size + value->mv_size);
        if (r)
                return r;
        memcpy(row->bytes, key->mv_data, 8);
        memcpy(row->bytes + 8, value->mv_data, value->mv_size);
        piece->rows[piece->n_rows++] = row;
        return 0;
}

/* Rows from @next on, up to @revision. STORE_E_NONE: those were the last. */
static int piece_read(RegistryPiece *piece, Environment *environment, uint64_t next,
                      uint64_t revision)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        MDB_cursor_op op = MDB_SET_RANGE;
        uint8_t bytes[8];
        MDB_val key = { sizeof(bytes), bytes }, value;
        int r;

        be64_put(bytes, next);
        r = transaction_read(&transaction, environment);
        if (!r)
                r = transaction_cursor(&transaction, environment->tables[CHECKPOINT_REGISTRY],
                                       &cursor);
        for (; !r && piece->n_rows < REGISTRY_AT_ONCE; op = MDB_NEXT) {
                r = store_error(mdb_cursor_get(cursor, &key, &value, op));
                if (!r && key.mv_size == 8 && be64_get(key.mv_data) > revision)
                        return STORE_E_NONE;
                if (!r)
                        r = piece_add(piece, &key, &value);
        }
        return r;
}

/* All words on who is who up to @revision: they are kept for good. */
static int restore_registry(Environment *environment, uint64_t revision, State *state)
{
        uint64_t next = 1;
        int r = 0;

        while (!r) {
                CLEANUP(piece_deinit) RegistryPiece piece = { 0 };

                r = piece_read(&piece, environment, next, revision);
                if (r && r != STORE_E_NONE)
                        return keyframe_fold(r);
                for (size_t i = 0; i < piece.n_rows; i++) {
                        const Blob *row = piece.rows[i];
                        const size_t n_before = 8 + ROW_CHECKSUM_BYTES;
                        int s = state_restore_row(state, CHECKPOINT_REGISTRY, row->bytes, 8,
                                                  row->bytes + n_before, row->n_bytes - n_before);

                        if (s)
                                return s;
                        next = be64_get(row->bytes) + 1;
                }
        }
        return 0;
}

static int restore_records(Environment *environment, uint64_t revision,
                           const KeyframeFilter *filter, State *state)
{
        CLEANUP(freep) const char **topics = calloc(KEYFRAME_TOPICS_MAX, sizeof(*topics));
        CLEANUP(freep) Reader *reader = calloc(1, sizeof(*reader));
        int r = 0;

        if (!topics || !reader)
                return err_raise(-ENOMEM);
        reader->environment = environment;
        reader->state = state;
        reader->filter = filter;
        for (uint32_t number = 1; !r; number++) {
                CLEANUP(blob_unrefp) Blob *part = NULL;

                r = keyframe_read_part(environment, revision, number, &part);
                if (!r)
                        r = restore_part(reader, part, topics);
        }
        extract_clear(&reader->extract);
        return r == STORE_E_NONE ? 0 : keyframe_fold(r);
}

/* What is deleted goes part by part, the first one first: then what was read may not be all. */
static int still_there(Environment *environment, uint64_t revision)
{
        CLEANUP(blob_unrefp) Blob *part = NULL;

        return keyframe_fold(keyframe_read_part(environment, revision, 0, &part));
}

int keyframe_restore(Environment *environment, uint64_t revision, const KeyframeFilter *filter,
                     State *state, uint64_t *ret_revision)
{
        CLEANUP(blob_unrefp) Blob *meta = NULL;
        int r;

        r = find(environment, revision, ret_revision);
        if (r == STORE_E_NONE)
                return KEYFRAME_E_NOTHING;
        if (!r)
                r = keyframe_read_part(environment, *ret_revision, 0, &meta);
        if (r)
                return keyframe_fold(r);
        r = restore_meta(state, meta);
        if (!r)
                r = restore_registry(environment, *ret_revision, state);
        if (!r)
                r = restore_records(environment, *ret_revision, filter, state);
        return r ? r : still_there(environment, *ret_revision);
}

int keyframe_find(Environment *environment, uint64_t revision, uint64_t *ret_revision)
{
        int r = find(environment, revision, ret_revision);

        return r == STORE_E_NONE ? KEYFRAME_E_NOTHING : keyframe_fold(r);
}
