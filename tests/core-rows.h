#pragma once

/*
 * For tests of the checkpoint: a store of rows that is an array, and whether two states are equal
 * down to what only a checkpoint would forget
 */

#include <stdio.h>

#include "core/checkpoint.h"
#include "core/state-internal.h"
#include "picture/picture-internal.h"

typedef struct StoredRow {
        CheckpointTable table;
        Blob *key;
        Blob *value;
} StoredRow;

typedef struct RowStore {
        StoredRow *rows; /* by table, then by key */
        size_t n_rows, n_room;
} RowStore;

static inline int stored_row_compare(const StoredRow *row, CheckpointTable table, const Blob *key)
{
        int r;

        if (row->table != table)
                return row->table < table ? -1 : 1;
        r = memcmp(row->key->bytes, key->bytes, MIN(row->key->n_bytes, key->n_bytes));
        if (r)
                return r;
        return row->key->n_bytes < key->n_bytes ? -1 : row->key->n_bytes > key->n_bytes;
}

/* Where it is, or would be. */
static inline size_t row_store_place(const RowStore *store, CheckpointTable table, const Blob *key)
{
        size_t low = 0, high = store->n_rows, middle;

        while (low < high) {
                middle = low + (high - low) / 2;
                if (stored_row_compare(&store->rows[middle], table, key) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static inline StoredRow *row_store_find(const RowStore *store, CheckpointTable table,
                                        const Blob *key)
{
        size_t at = row_store_place(store, table, key);

        if (at == store->n_rows || stored_row_compare(&store->rows[at], table, key) != 0)
                return NULL;
        return &store->rows[at];
}

static inline void row_store_put(RowStore *store, const CheckpointRow *row)
{
        StoredRow *found = row_store_find(store, row->table, row->key);
        size_t at;

        if (found && row->value) {
                blob_unref(found->value);
                found->value = blob_ref(row->value);
        } else if (found) {
                blob_unref(found->key);
                blob_unref(found->value);
                at = (size_t)(found - store->rows);
                store->n_rows--;
                memmove(found, found + 1, (store->n_rows - at) * sizeof(*found));
        } else if (row->value) {
                if (store->n_rows == store->n_room) {
                        store->n_room = store->n_room ? store->n_room * 2 : 64;
                        store->rows =
                                reallocarray(store->rows, store->n_room, sizeof(*store->rows));
                        assert(store->rows);
                }
                at = row_store_place(store, row->table, row->key);
                memmove(&store->rows[at + 1], &store->rows[at],
                        (store->n_rows - at) * sizeof(*store->rows));
                store->rows[at] =
                        (StoredRow){ row->table, blob_ref(row->key), blob_ref(row->value) };
                store->n_rows++;
        }
}

/* Whether @checkpoint names a key twice: then it would matter in which order it is written. */
static inline bool checkpoint_has_twins(const Checkpoint *checkpoint)
{
        RowStore seen = { 0 };
        bool twins = false;

        for (size_t i = 0; i < checkpoint->n_rows && !twins; i++) {
                CheckpointRow row = checkpoint->rows[i];

                twins = row_store_find(&seen, row.table, row.key);
                row.value = row.key;
                row_store_put(&seen, &row);
        }
        for (size_t i = 0; i < seen.n_rows; i++) {
                blob_unref(seen.rows[i].key);
                blob_unref(seen.rows[i].value);
        }
        free(seen.rows);
        return twins;
}

static inline void row_store_write(RowStore *store, const Checkpoint *checkpoint)
{
        for (size_t i = 0; i < checkpoint->n_rows; i++)
                row_store_put(store, &checkpoint->rows[i]);
}

static inline size_t row_store_count(const RowStore *store, CheckpointTable table)
{
        size_t n = 0;

        for (size_t i = 0; i < store->n_rows; i++)
                n += store->rows[i].table == table;
        return n;
}

static inline void row_store_deinit(RowStore *store)
{
        for (size_t i = 0; i < store->n_rows; i++) {
                blob_unref(store->rows[i].key);
                blob_unref(store->rows[i].value);
        }
        free(store->rows);
        *store = (RowStore){ 0 };
}

/* As a start would: table by table, each in the order of its keys. Returns what restoring did. */
static inline int row_store_restore(const RowStore *store, State *state)
{
        static const CheckpointTable order[] = {
                CHECKPOINT_META,   CHECKPOINT_REGISTRY, CHECKPOINT_TOPICS,     CHECKPOINT_AFFIRMS,
                CHECKPOINT_NARROW, CHECKPOINT_RECORDS,  CHECKPOINT_TOMBSTONES, CHECKPOINT_PARTIES,
        };
        int r;

        for (size_t table = 0; table < N_ELEMENTS(order); table++) {
                for (size_t i = 0; i < store->n_rows; i++) {
                        const StoredRow *row = &store->rows[i];

                        if (row->table != order[table])
                                continue;
                        r = state_restore_row(state, row->table, row->key->bytes, row->key->n_bytes,
                                              row->value->bytes, row->value->n_bytes);
                        if (r)
                                return r;
                }
        }
        return state_restore_done(state);
}

/* ------------------------------------------------------------------ equality */

/* The first thing in which two states differ; a macro, so that it names itself. */
#define DIFFERS(_condition)                                                                        \
        do {                                                                                       \
                if (_condition)                                                                    \
                        return #_condition;                                                        \
        } while (0)

static inline bool blobs_differ(const Blob *a, const Blob *b)
{
        if (!a || !b)
                return a != b;
        return a->n_bytes != b->n_bytes || memcmp(a->bytes, b->bytes, a->n_bytes) != 0;
}

static inline const char *records_differ(const Record *a, const Record *b)
{
        DIFFERS(strcmp(a->topic->text, b->topic->text));
        DIFFERS(blobs_differ(a->envelope, b->envelope));
        DIFFERS(a->revision != b->revision);
        DIFFERS(a->changed_revision != b->changed_revision);
        DIFFERS(a->received_at_ms != b->received_at_ms);
        DIFFERS(a->since_ms != b->since_ms);
        DIFFERS(a->instance != b->instance || a->seq != b->seq);
        DIFFERS(a->sent_at_ms != b->sent_at_ms || a->observed_at_ms != b->observed_at_ms);
        DIFFERS(a->valid_for_s != b->valid_for_s || a->flags != b->flags);
        DIFFERS(a->status != b->status || a->audience != b->audience || a->report != b->report);
        DIFFERS(memcmp(a->content_digest, b->content_digest, CONTENT_DIGEST_BYTES));
        DIFFERS(a->group->n_records != b->group->n_records);
        DIFFERS(!a->affirmation != !b->affirmation);
        if (a->affirmation) {
                DIFFERS(a->affirmation->revision != b->affirmation->revision);
                DIFFERS(a->affirmation->received_at_ms != b->affirmation->received_at_ms);
                DIFFERS(a->affirmation->sent_at_ms != b->affirmation->sent_at_ms);
                DIFFERS(blobs_differ(a->affirmation->envelope, b->affirmation->envelope));
        }
        return NULL;
}

static inline bool tombstones_differ(const Tombstone *a, const Tombstone *b)
{
        return a->revision != b->revision || a->at_ms != b->at_ms || a->from != b->from ||
               a->to != b->to || a->cause != b->cause || a->key.n_bytes != b->key.n_bytes ||
               memcmp(a->key.bytes, b->key.bytes, a->key.n_bytes) != 0;
}

/* Those of one revision stand in no particular order. */
static inline bool topic_has_tombstone(const PictureTopic *topic, const Tombstone *wanted)
{
        list_for_each (link, &topic->tombstones)
                if (!tombstones_differ(list_entry(link, Tombstone, in_topic), wanted))
                        return true;
        return false;
}

static inline const char *topics_differ(const PictureTopic *a, const PictureTopic *b)
{
        size_t n[2] = { 0 };
        uint64_t last = 0;

        DIFFERS(memcmp(a->last, b->last, sizeof(a->last)));
        DIFFERS(a->forgotten != b->forgotten);
        DIFFERS(a->n_records != b->n_records);
        list_for_each (link, &a->tombstones) {
                DIFFERS(!topic_has_tombstone(b, list_entry(link, Tombstone, in_topic)));
                n[0]++;
        }
        list_for_each (link, &b->tombstones) {
                DIFFERS(list_entry(link, Tombstone, in_topic)->revision < last);
                last = list_entry(link, Tombstone, in_topic)->revision;
                n[1]++;
        }
        DIFFERS(n[0] != n[1]);
        last = 0;
        list_for_each (link, &b->records) {
                DIFFERS(list_entry(link, Record, in_topic)->changed_revision < last);
                last = list_entry(link, Record, in_topic)->changed_revision;
        }
        return NULL;
}

static inline const char *pictures_differ(Picture *a, Picture *b)
{
        const char *difference;

        /* What the last change left over the bound goes with the next one. */
        picture_trim(a);
        picture_trim(b);

        DIFFERS(picture_n_records(a) != picture_n_records(b));
        for (Record *record = NULL; (record = picture_next(a, record));) {
                RecordKey key = { .n_bytes = record->n_key };
                const Record *other;

                memcpy(key.bytes, record->key, record->n_key);
                other = picture_find(b, &key);
                DIFFERS(!other);
                difference = records_differ(record, other);
                if (difference)
                        return difference;
        }
        for (PictureTopic *topic = NULL; (topic = picture_next_topic(a, topic));) {
                const PictureTopic *other = picture_find_topic(b, topic->text);

                if (!topic->last[AUDIENCE_COORD])
                        continue; /* nothing was ever there */
                DIFFERS(!other);
                difference = topics_differ(topic, other);
                if (difference)
                        return difference;
        }
        return NULL;
}

static inline const char *parties_differ(const Party *a, const Party *b)
{
        const EnrolmentVersion *old = b->newest;
        const SuspensionWord *word;

        for (const EnrolmentVersion *at = a->newest; at; at = at->older, old = old->older) {
                DIFFERS(!old);
                DIFFERS(at->revision != old->revision);
                DIFFERS(at->received_at_ms != old->received_at_ms);
                DIFFERS(blobs_differ(at->envelope, old->envelope));
        }
        DIFFERS(old);

        word = b->suspensions;
        for (const SuspensionWord *at = a->suspensions; at; at = at->next, word = word->next) {
                DIFFERS(!word);
                DIFFERS(at->revision != word->revision || at->suspended != word->suspended);
                DIFFERS(blobs_differ(at->bytes, word->bytes));
        }
        DIFFERS(word);
        return NULL;
}

static inline const char *registries_differ(const Registry *a, const Registry *b)
{
        uint64_t serial[2] = { 0 }, revision[2] = { 0 };
        const char *difference;

        DIFFERS(registry_n_parties(a) != registry_n_parties(b));
        DIFFERS(registry_revision(a) != registry_revision(b));
        DIFFERS(blobs_differ(registry_card(a, &serial[0], &revision[0]),
                             registry_card(b, &serial[1], &revision[1])));
        DIFFERS(serial[0] != serial[1] || revision[0] != revision[1]);
        for (Party *party = NULL; (party = registry_next(a, party));) {
                const Party *other = registry_find(b, party->id);

                DIFFERS(!other);
                difference = parties_differ(party, other);
                if (difference)
                        return difference;
        }
        return NULL;
}

static inline bool narrows_differ(const State *a, const State *b)
{
        CLEANUP(blob_unrefp) Blob *x = NULL;
        CLEANUP(blob_unrefp) Blob *y = NULL;

        if (state_narrow((State *)a, &x) || state_narrow((State *)b, &y))
                return true;
        return blobs_differ(x, y);
}

/* NULL: they are equal. */
static inline const char *states_differ(const State *a, const State *b)
{
        const char *difference;

        DIFFERS(a->revision != b->revision || a->time_ms != b->time_ms);
        DIFFERS(memcmp(a->head, b->head, DIGEST_BYTES));
        DIFFERS(blobs_differ(a->genesis_bytes, b->genesis_bytes));
        DIFFERS(strcmp(a->network_name, b->network_name));
        DIFFERS(blobs_differ(a->epoch_envelope, b->epoch_envelope));
        DIFFERS(a->n_epochs != b->n_epochs);
        for (size_t i = 0; i < a->n_epochs; i++) {
                DIFFERS(a->epochs[i].epoch != b->epochs[i].epoch);
                DIFFERS(a->epochs[i].first_revision != b->epochs[i].first_revision);
                DIFFERS(a->epochs[i].opened_at_ms != b->epochs[i].opened_at_ms);
                DIFFERS(a->epochs[i].continues != b->epochs[i].continues);
        }
        DIFFERS(a->epoch_floor != b->epoch_floor);
        DIFFERS(a->epoch_unconfirmed != b->epoch_unconfirmed);

        DIFFERS(HASH_COUNT(a->parties) != HASH_COUNT(b->parties));
        for (const PartyState *party = a->parties; party; party = party->hh.next) {
                const PartyState *other = state_party(b, party->party);

                DIFFERS(!other);
                DIFFERS(party->floor != other->floor || party->revision != other->revision);
                DIFFERS(memcmp(party->digest, other->digest, DIGEST_BYTES));
                DIFFERS(party->n_records != other->n_records);
        }

        DIFFERS(narrows_differ(a, b));
        difference = registries_differ(a->registry, b->registry);
        return difference ? difference : pictures_differ(a->picture, b->picture);
}
