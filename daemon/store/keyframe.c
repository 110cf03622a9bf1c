#include <string.h>

#include "core/dirty.h"
#include "core/row.h"
#include "internal/endian.h"
#include "store/error.h"
#include "store/keyframe-private.h"
#include "store/meta.h"
#include "store/postings.h"
#include "store/rows.h"

int keyframe_fold(int r)
{
        switch (r) {
        case STORE_E_NONE:
        case STORE_E_DAMAGED:
                return err_raise(-EBADMSG);
        default:
                return r > 0 ? err_raise(-EIO) : r;
        }
}

void keyframe_key(uint8_t key[KEYFRAME_KEY_BYTES], uint64_t revision, uint32_t part)
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
        char topics[2 * KEYFRAME_TOPICS_MAX];
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
        uint8_t key_bytes[KEYFRAME_KEY_BYTES];
        Blob *key, *value;
        int r;

        keyframe_key(key_bytes, maker->revision, maker->part++);
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
                rows->n_bytes += KEYFRAME_KEY_BYTES + rows->rows[i].value->n_bytes;
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
        return r ? keyframe_fold(r) : maker_done(maker, ret_rows);
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
        return r ? keyframe_fold(r) : maker_done(maker, ret_rows);
}
