#include "store/keyframe.h"

#include <string.h>

#include "core/dirty.h"
#include "core/row.h"
#include "internal/endian.h"
#include "store/error.h"
#include "store/extract.h"
#include "store/meta.h"
#include "store/postings.h"
#include "store/rows.h"

enum {
        KEYFRAME_VERSION = 1,
        N_KEY = 12,
        TOPICS_MAX = 2048, /* of a part: their bytes are bounded */
};

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

static void row_key(uint8_t key[N_KEY], uint64_t revision, uint32_t part)
{
        be64_put(key, revision);
        be32_put(key + 8, part);
}

/* ------------------------------------------------------------------ making one */

typedef struct Maker {
        uint64_t revision;
        uint32_t part;
        RowList rows;

        /* The part at hand. */
        char topics[2 * TOPICS_MAX];
        size_t n_topic_bytes;
        uint16_t n_topics;
        uint8_t records[KEYFRAME_PART_RECORDS * KEYFRAME_RECORD_BYTES];
        size_t n_records;

        uint8_t *meta; /* of part 0 */
        size_t n_meta;
        Arena *arena;
} Maker;

static void maker_free(Maker **maker)
{
        if (!*maker)
                return;
        row_list_deinit(&(*maker)->rows);
        arena_free((*maker)->arena);
        free((*maker)->meta);
        free(*maker);
}

static int maker_new(Maker **ret_maker, uint64_t revision)
{
        CLEANUP(maker_free) Maker *maker = calloc(1, sizeof(*maker));
        int r;

        if (!maker)
                return err_raise(-ENOMEM);
        maker->revision = revision;
        r = arena_new(&maker->arena, ARENA_MESSAGE_BYTES);
        if (r)
                return r;
        *ret_maker = STEAL(maker);
        return 0;
}

static int put_part(Maker *maker, const void *first, size_t n_first, const void *second,
                    size_t n_second)
{
        uint8_t key_bytes[N_KEY];
        Blob *key, *value;
        int r;

        row_key(key_bytes, maker->revision, maker->part++);
        r = blob_copy(&key, key_bytes, sizeof(key_bytes));
        if (r)
                return r;
        r = blob_new(&value, 1 + n_first + n_second);
        if (r) {
                blob_unref(key);
                return r;
        }
        value->bytes[0] = KEYFRAME_VERSION;
        if (n_first)
                memcpy(value->bytes + 1, first, n_first);
        if (n_second)
                memcpy(value->bytes + 1 + n_first, second, n_second);
        return row_list_add(&maker->rows, CHECKPOINT_KEYFRAMES, key, value);
}

static int close_part(Maker *maker)
{
        uint8_t head[2 + sizeof(maker->topics)];
        int r;

        if (!maker->n_records)
                return 0;
        be16_put(head, maker->n_topics);
        memcpy(head + 2, maker->topics, maker->n_topic_bytes);
        r = put_part(maker, head, 2 + maker->n_topic_bytes, maker->records,
                     maker->n_records * KEYFRAME_RECORD_BYTES);
        maker->n_records = maker->n_topics = 0;
        maker->n_topic_bytes = 0;
        return r;
}

/* Its place in the part's table; false: there is no room for one more. */
static bool find_topic(Maker *maker, const char *topic, size_t n_topic, uint16_t *ret_index)
{
        const char *at = maker->topics;

        for (uint16_t i = 0; i < maker->n_topics; i++) {
                size_t n = (uint8_t)*at;

                if (n == n_topic && !memcmp(at + 1, topic, n)) {
                        *ret_index = i;
                        return true;
                }
                at += 1 + n;
        }
        if (n_topic > UINT8_MAX || maker->n_topic_bytes + 1 + n_topic > sizeof(maker->topics))
                return false;
        maker->topics[maker->n_topic_bytes] = (char)n_topic;
        memcpy(maker->topics + maker->n_topic_bytes + 1, topic, n_topic);
        maker->n_topic_bytes += 1 + n_topic;
        *ret_index = maker->n_topics++;
        return true;
}

static int put_record(Maker *maker, const PastRecord *record, uint64_t location, uint8_t report)
{
        uint16_t topic;
        uint8_t *at;
        int r;

        if (maker->n_records == KEYFRAME_PART_RECORDS ||
            !find_topic(maker, record->topic, record->n_topic, &topic)) {
                r = close_part(maker);
                if (r)
                        return r;
                if (!find_topic(maker, record->topic, record->n_topic, &topic))
                        return err_raise(-EBADMSG);
        }

        at = maker->records + maker->n_records++ * KEYFRAME_RECORD_BYTES;
        be64_put(at, location);
        be64_put(at + 8, record->revision);
        be64_put(at + 16, record->changed_revision);
        be64_put(at + 24, (uint64_t)record->since_ms);
        be64_put(at + 32, record->rests_on);
        be32_put(at + 40, record->flags);
        be16_put(at + 44, topic);
        at[46] = report;
        return 0;
}

static int put_record_row(const Row *row, void *arg)
{
        Maker *maker = arg;
        const char *party, *location;
        RecordKey key = { .n_bytes = (uint16_t)MIN(row->n_key, RECORD_KEY_MAX) };
        RecordRow record;
        Status status;
        RecordRef ref;

        memcpy(key.bytes, row->key, key.n_bytes);
        if (row->n_key > RECORD_KEY_MAX || row_to_record(&record, row->value, row->n_value) ||
            record_key_parse(&key, &status, &party, &location, &ref))
                return STORE_E_DAMAGED;
        return put_record(maker,
                          &(PastRecord){
                                  .topic = record.topic,
                                  .n_topic = record.n_topic,
                                  .revision = record.revision,
                                  .changed_revision = record.changed_revision,
                                  .since_ms = record.since_ms,
                                  .rests_on = record.rests_on,
                                  .flags = record.flags,
                          },
                          location_hash(location), (uint8_t)ref.report);
}

static int add_meta(Maker *maker, const uint8_t *key, size_t n_key, const uint8_t *value,
                    size_t n_value)
{
        uint8_t *grown, *at;

        grown = realloc(maker->meta, maker->n_meta + 6 + n_key + n_value);
        if (!grown)
                return err_raise(-ENOMEM);
        maker->meta = grown;
        at = grown + maker->n_meta;
        be16_put(at, (uint16_t)n_key);
        be32_put(at + 2, (uint32_t)n_value);
        memcpy(at + 6, key, n_key);
        memcpy(at + 6 + n_key, value, n_value);
        maker->n_meta += 6 + n_key + n_value;
        return 0;
}

static int add_meta_row(const Row *row, void *arg)
{
        return add_meta(arg, row->key, row->n_key, row->value, row->n_value);
}

static int maker_done(Maker *maker, Checkpoint **ret_rows)
{
        Checkpoint *rows;
        int r;

        r = close_part(maker);
        if (r)
                return r;
        rows = calloc(1, sizeof(*rows));
        if (!rows)
                return err_raise(-ENOMEM);
        rows->revision = maker->revision;
        rows->n_rows = maker->rows.n_rows;
        rows->rows = STEAL(maker->rows.rows);
        maker->rows = (RowList){ 0 };
        for (size_t i = 0; i < rows->n_rows; i++)
                rows->n_bytes += N_KEY + rows->rows[i].value->n_bytes;
        *ret_rows = rows;
        return 0;
}

/* The last keyframe's revision; 0: there is none. */
static int last_keyframe(Transaction *transaction, uint64_t *ret_revision)
{
        uint8_t key[TRANSACTION_KEY_MAX];
        size_t n_key;

        n_key = transaction_last_key(transaction,
                                     transaction->environment->tables[CHECKPOINT_KEYFRAMES], key);
        *ret_revision = n_key ? be64_get(key) : 0;
        return store_error(transaction->failure);
}

static int is_due(Transaction *transaction, bool always, uint64_t *ret_revision)
{
        MDB_dbi records = transaction->environment->tables[CHECKPOINT_RECORDS];
        uint64_t last;
        MDB_stat stat;
        int r;

        if (CHECKPOINT_KEYFRAMES >= transaction->environment->tables_end)
                return STORE_E_NONE;
        r = meta_get_checkpoint(transaction, ret_revision);
        if (!r)
                r = last_keyframe(transaction, &last);
        if (!r)
                r = store_error(mdb_stat(transaction->txn, records, &stat));
        if (r)
                return r;
        if (!*ret_revision || *ret_revision == last)
                return STORE_E_NONE;
        return always || *ret_revision - last >=
                                       MAX((uint64_t)KEYFRAME_ENTRIES, 2 * stat.ms_entries)
                       ? 0
                       : STORE_E_NONE;
}

int keyframe_make(Environment *environment, bool always, Checkpoint **ret_rows)
{
        CLEANUP(maker_free) Maker *maker = NULL;
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        uint64_t revision;
        Row damaged;
        int r;

        r = transaction_read(&transaction, environment);
        if (!r)
                r = is_due(&transaction, always, &revision);
        if (r == STORE_E_NONE)
                return KEYFRAME_E_NOTHING;
        if (!r)
                r = maker_new(&maker, revision);
        if (!r)
                r = rows_scan(&transaction, CHECKPOINT_META, add_meta_row, maker, &damaged);
        if (!r)
                r = put_part(maker, maker->meta, maker->n_meta, NULL, 0);
        if (!r)
                r = rows_scan(&transaction, CHECKPOINT_RECORDS, put_record_row, maker, &damaged);
        transaction_deinit(&transaction);
        return r ? fold(r) : maker_done(maker, ret_rows);
}

/* ------------------------------------------------------------------ of another state */

static int put_state_record(Maker *maker, const Record *record)
{
        const char *party, *location;
        RecordRef ref;

        record_describe(record, &party, &location, &ref);
        return put_record(
                maker,
                &(PastRecord){
                        .topic = record->topic->text,
                        .n_topic = strlen(record->topic->text),
                        .revision = record->revision,
                        .changed_revision = record->changed_revision,
                        .since_ms = record->since_ms,
                        .rests_on = record->affirmation ? record->affirmation->revision : 0,
                        .flags = record->flags,
                },
                location_hash(location), (uint8_t)ref.report);
}

int keyframe_of(State *state, Checkpoint **ret_rows)
{
        CLEANUP(maker_free) Maker *maker = NULL;
        CLEANUP(row_list_deinit) RowList meta = { 0 };
        const Picture *picture = state_picture(state);
        int r;

        r = maker_new(&maker, state_revision(state));
        if (!r)
                r = state_meta_rows(state, &meta);
        for (size_t i = 0; !r && i < meta.n_rows; i++)
                r = add_meta(maker, meta.rows[i].key->bytes, meta.rows[i].key->n_bytes,
                             meta.rows[i].value->bytes, meta.rows[i].value->n_bytes);
        if (!r)
                r = put_part(maker, maker->meta, maker->n_meta, NULL, 0);
        for (const Record *record = picture_next(picture, NULL); !r && record;
             record = picture_next(picture, record))
                r = put_state_record(maker, record);
        return r ? fold(r) : maker_done(maker, ret_rows);
}

/* ------------------------------------------------------------------ reading one back */

/* One part, copied. STORE_E_NONE: there are no more. */
static int read_part(Environment *environment, uint64_t revision, uint32_t part, Blob **ret_part)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        const uint8_t *value;
        uint8_t key[N_KEY];
        size_t n_value;
        int r;

        row_key(key, revision, part);
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
                        return fold(r);
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
        return !filter->doors_only || record[46] == UPDATE_DOOR || record[46] == UPDATE_CARD;
}

/* The part's table of topics; *at ends behind it. */
static int read_topics(const Blob *part, const char *topics[TOPICS_MAX], size_t *ret_n,
                       const uint8_t **at)
{
        const uint8_t *end = part->bytes + part->n_bytes;

        if (part->n_bytes < 2)
                return err_raise(-EBADMSG);
        *ret_n = be16_get(part->bytes);
        if (*ret_n > TOPICS_MAX)
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

        r = read_topics(part, topics, &n_topics, &at);
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

static int find_keyframe(Environment *environment, uint64_t revision, uint64_t *ret_revision)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        uint8_t bytes[N_KEY];
        MDB_val key = { sizeof(bytes), bytes }, value;
        int r;

        if (CHECKPOINT_KEYFRAMES >= environment->tables_end)
                return STORE_E_NONE;
        row_key(bytes, revision, UINT32_MAX);
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
        *ret_revision = key.mv_size == N_KEY ? be64_get(key.mv_data) : 0;
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
                        return fold(r);
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
        CLEANUP(freep) const char **topics = calloc(TOPICS_MAX, sizeof(*topics));
        CLEANUP(freep) Reader *reader = calloc(1, sizeof(*reader));
        int r = 0;

        if (!topics || !reader)
                return err_raise(-ENOMEM);
        reader->environment = environment;
        reader->state = state;
        reader->filter = filter;
        for (uint32_t number = 1; !r; number++) {
                CLEANUP(blob_unrefp) Blob *part = NULL;

                r = read_part(environment, revision, number, &part);
                if (!r)
                        r = restore_part(reader, part, topics);
        }
        extract_clear(&reader->extract);
        return r == STORE_E_NONE ? 0 : fold(r);
}

int keyframe_restore(Environment *environment, uint64_t revision, const KeyframeFilter *filter,
                     State *state, uint64_t *ret_revision)
{
        CLEANUP(blob_unrefp) Blob *meta = NULL;
        int r;

        r = find_keyframe(environment, revision, ret_revision);
        if (r == STORE_E_NONE)
                return KEYFRAME_E_NOTHING;
        if (!r)
                r = read_part(environment, *ret_revision, 0, &meta);
        if (r)
                return fold(r);
        r = restore_meta(state, meta);
        if (!r)
                r = restore_registry(environment, *ret_revision, state);
        return r ? r : restore_records(environment, *ret_revision, filter, state);
}
