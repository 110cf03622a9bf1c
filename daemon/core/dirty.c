/*
 * Dirty: noting what an entry changed
 *
 * Most is read off what readers are told. An affirm tells them once, however many records it
 * renewed; those stand at the end of their topic, with its revision.
 */

#include <stdlib.h>

#include "core/dirty.h"
#include "core/row.h"
#include "core/state-internal.h"

/* ------------------------------------------------------------------ lists */

static int grow(void **array, size_t n, size_t *n_room, size_t size)
{
        size_t n_wanted = *n_room ? *n_room * 2 : 64;
        void *grown;

        if (n < *n_room)
                return 0;
        grown = reallocarray(*array, n_wanted, size);
        if (!grown)
                return err_raise(-ENOMEM);
        *array = grown;
        *n_room = n_wanted;
        return 0;
}

int row_list_add(RowList *list, CheckpointTable table, Blob *key, Blob *value)
{
        if (grow((void **)&list->rows, list->n_rows, &list->n_room, sizeof(*list->rows))) {
                blob_unref(key);
                blob_unref(value);
                return err_raise(-ENOMEM);
        }
        list->rows[list->n_rows++] = (CheckpointRow){ .table = table, .key = key, .value = value };
        return 0;
}

void row_list_deinit(RowList *list)
{
        for (size_t i = 0; i < list->n_rows; i++) {
                blob_unref(list->rows[i].key);
                blob_unref(list->rows[i].value);
        }
        free(list->rows);
        *list = (RowList){ 0 };
}

/* ------------------------------------------------------------------ records, parties, topics */

int dirty_add_record(Dirty *dirty, Record *record)
{
        if (record->user)
                return 0;
        if (grow((void **)&dirty->records, dirty->n_records, &dirty->n_records_room,
                 sizeof(*dirty->records)))
                return err_raise(-ENOMEM);

        dirty->records[dirty->n_records++] = record;
        record->user = (void *)(uintptr_t)dirty->n_records; /* index + 1 */
        return 0;
}

static void on_record_free(Record *record, void *arg)
{
        State *state = arg;

        if (record->user)
                state->dirty.records[(uintptr_t)record->user - 1] = NULL;
}

int dirty_add_gone(Dirty *dirty, const uint8_t *key, size_t n_key)
{
        GoneRecord *gone;

        HASH_FIND(hh, dirty->gone, key, n_key, gone);
        if (gone)
                return 0;

        gone = malloc(sizeof(*gone));
        if (!gone)
                return err_raise(-ENOMEM);

        gone->key.n_bytes = (uint16_t)n_key;
        memcpy(gone->key.bytes, key, n_key);
        HASH_ADD_KEYPTR(hh, dirty->gone, gone->key.bytes, n_key, gone);
        if (!gone->hh.tbl) {
                free(gone);
                return err_raise(-ENOMEM);
        }
        return 0;
}

int dirty_add_party(Dirty *dirty, PartyState *party)
{
        if (party->dirty)
                return 0;
        if (grow((void **)&dirty->parties, dirty->n_parties, &dirty->n_parties_room,
                 sizeof(*dirty->parties)))
                return err_raise(-ENOMEM);

        dirty->parties[dirty->n_parties++] = party;
        party->dirty = true;
        return 0;
}

/* There are few topics and each update is on one: most are found where they were put last. */
static const PictureTopic **recent_topic(Dirty *dirty, const PictureTopic *topic)
{
        return &dirty->recent[(uintptr_t)topic / sizeof(*topic) % DIRTY_RECENT_TOPICS];
}

int dirty_add_topic(Dirty *dirty, PictureTopic *topic)
{
        DirtyTopic *found;

        if (*recent_topic(dirty, topic) == topic)
                return 0;

        HASH_FIND_PTR(dirty->topics, &topic, found);
        if (found) {
                *recent_topic(dirty, topic) = topic;
                return 0;
        }

        found = malloc(sizeof(*found));
        if (!found)
                return err_raise(-ENOMEM);
        found->topic = topic;
        HASH_ADD_PTR(dirty->topics, topic, found);
        if (!found->hh.tbl) {
                free(found);
                return err_raise(-ENOMEM);
        }
        *recent_topic(dirty, topic) = topic;
        return 0;
}

int dirty_add_span(Dirty *dirty, uint64_t dropped)
{
        Blob *key;
        int r;

        dirty->epoch = true;
        if (dirty->n_spans < EPOCH_SPANS_MAX)
                dirty->n_spans++;
        else
                dropped = 0; /* it never had a row */
        if (!dropped)
                return 0;

        r = row_key_of_span(&key, dropped);
        return r ? r : row_list_add(&dirty->ready, CHECKPOINT_META, key, NULL);
}

/* ------------------------------------------------------------------ an entry */

static int note_affirm(Dirty *dirty, const ChangeItem *item)
{
        Record *record;
        int r;

        list_for_each_reverse(link, &item->topic->records)
        {
                record = list_entry(link, Record, in_topic);
                if (record->changed_revision != item->revision)
                        break;
                r = dirty_add_record(dirty, record);
                if (r)
                        return r;
        }
        return dirty_keep_affirm(dirty, item->affirmation, false);
}

/* Its record may be elsewhere now, or gone. */
static int note_withdrawn(State *state, const ChangeItem *item, uint32_t number)
{
        const Tombstone *tombstone = item->tombstone;
        Blob *value;
        int r;

        r = row_of_tombstone(&value, &(TombstoneRow){ .topic = tombstone->topic->text,
                                                      .n_topic = strlen(tombstone->topic->text),
                                                      .at_ms = tombstone->at_ms,
                                                      .from = (uint8_t)tombstone->from,
                                                      .to = (uint8_t)tombstone->to,
                                                      .cause = (uint8_t)tombstone->cause,
                                                      .key = tombstone->key });
        if (r)
                return r;

        r = dirty_keep_tombstone(&state->dirty, tombstone->revision, number, value);
        if (r || picture_find(state->picture, &tombstone->key))
                return r;
        return dirty_add_gone(&state->dirty, tombstone->key.bytes, tombstone->key.n_bytes);
}

static int note_registry(Dirty *dirty, const LedgerEntry *entry)
{
        Blob *key, *value;
        int r;

        r = row_key_of_revision(&key, entry->revision);
        if (r)
                return r;

        r = row_of_registry(&value, &(RegistryRow){ .kind = (uint8_t)entry->kind,
                                                    .received_at_ms = entry->time_ms,
                                                    .bytes = entry->bytes->bytes,
                                                    .n_bytes = entry->bytes->n_bytes });
        if (r) {
                blob_unref(key);
                return r;
        }
        return row_list_add(&dirty->ready, CHECKPOINT_REGISTRY, key, value);
}

static int note_item(State *state, const LedgerEntry *entry, const ChangeItem *item,
                     uint32_t *n_tombstones)
{
        int r;

        if (item->topic) {
                r = dirty_add_topic(&state->dirty, item->topic);
                if (r)
                        return r;
        }

        switch (item->kind) {
        case CHANGE_REPORT:
                r = narrow_note(&state->narrow, item->record);
                return r ? r : dirty_add_record(&state->dirty, item->record);
        case CHANGE_MOVED:
                return dirty_add_record(&state->dirty, item->record);
        case CHANGE_AFFIRM:
                return note_affirm(&state->dirty, item);
        case CHANGE_WITHDRAWN:
                return note_withdrawn(state, item, (*n_tombstones)++);
        case CHANGE_REGISTRY:
                return note_registry(&state->dirty, entry);
        }
        return 0;
}

int dirty_note(State *state, const LedgerEntry *entry, const Change *change)
{
        uint32_t n_tombstones = 0;
        int r;

        for (size_t i = 0; i < change->n_items; i++) {
                r = note_item(state, entry, &change->items[i], &n_tombstones);
                if (r)
                        return r;
        }
        return state->dirty.out_of_memory ? err_raise(-ENOMEM) : 0;
}

/* ------------------------------------------------------------------ its life */

static void on_forget(const Tombstone *tombstone, void *arg)
{
        State *state = arg;
        Dirty *dirty = &state->dirty;

        if (dirty_forget_tombstone(dirty, tombstone->revision) ||
            dirty_add_topic(dirty, tombstone->topic))
                dirty->out_of_memory = true;
}

void dirty_init(Dirty *dirty, State *state)
{
        *dirty = (Dirty){ 0 };
        list_init(&dirty->fresh);
        picture_on_record_free(state->picture, on_record_free, state);
        picture_on_forget(state->picture, on_forget, state);
}

void dirty_deinit(Dirty *dirty)
{
        KeptAffirm *affirm, *next_affirm;
        DirtyTopic *topic, *next_topic;
        GoneRecord *gone, *next_gone;

        HASH_ITER (hh, dirty->gone, gone, next_gone) {
                HASH_DEL(dirty->gone, gone);
                free(gone);
        }
        HASH_ITER (hh, dirty->topics, topic, next_topic) {
                HASH_DEL(dirty->topics, topic);
                free(topic);
        }
        HASH_ITER (hh, dirty->affirms, affirm, next_affirm) {
                HASH_DEL(dirty->affirms, affirm);
                affirmation_unref(affirm->affirmation);
                free(affirm);
        }
        for (size_t i = 0; i < dirty->n_tombstones; i++)
                blob_unref(dirty_tombstone(dirty, i)->value);
        while (dirty->failed) {
                Checkpoint *next = dirty->failed->next;

                checkpoint_free(dirty->failed);
                dirty->failed = next;
        }
        row_list_deinit(&dirty->ready);
        free(dirty->tombstones);
        free(dirty->records);
        free(dirty->parties);
        *dirty = (Dirty){ 0 };
}
