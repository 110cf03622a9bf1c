/*
 * Checkpoint: collecting what changed
 *
 * Rows are built from the state as it stands, so a key that changed a hundred times is written
 * once. Nothing is taken before all of them are built: a checkpoint that fails halfway leaves every
 * mark where it was.
 */

#include <stdlib.h>

#include "core/row.h"
#include "core/state-internal.h"

Checkpoint *checkpoint_free(Checkpoint *checkpoint)
{
        if (!checkpoint)
                return NULL;

        for (size_t i = 0; i < checkpoint->n_rows; i++) {
                blob_unref(checkpoint->rows[i].key);
                blob_unref(checkpoint->rows[i].value);
        }
        free(checkpoint->rows);
        free(checkpoint);
        return NULL;
}

size_t state_n_dirty(const State *state)
{
        const Dirty *dirty = &state->dirty;

        return dirty->n_records + HASH_COUNT(dirty->gone) + dirty->n_parties +
               HASH_COUNT(dirty->topics) + dirty->n_fresh + dirty->n_unwritten +
               dirty->ready.n_rows + dirty->n_spans + dirty->genesis + dirty->epoch +
               dirty->n_failed + state->narrow.n_dirty;
}

/* ------------------------------------------------------------------ building */

/* Adds the row of @r's making; frees the key if the value could not be made. */
static int add(RowList *list, CheckpointTable table, int r, Blob *key, Blob *value)
{
        if (r) {
                blob_unref(key);
                return r;
        }
        return row_list_add(list, table, key, value);
}

static int build_record(RowList *list, const Record *record)
{
        const PictureTopic *topic = record->topic;
        Blob *key, *value = NULL;
        int r;

        r = blob_copy(&key, record->key, record->n_key);
        if (r)
                return r;

        r = row_of_record(
                &value, &(RecordRow){
                                .topic = topic->text,
                                .n_topic = strlen(topic->text),
                                .revision = record->revision,
                                .changed_revision = record->changed_revision,
                                .received_at_ms = record->received_at_ms,
                                .since_ms = record->since_ms,
                                .flags = record->flags,
                                .rests_on = record->affirmation ? record->affirmation->revision : 0,
                                .envelope = record->envelope->bytes,
                                .n_envelope = record->envelope->n_bytes,
                        });
        return add(list, CHECKPOINT_RECORDS, r, key, value);
}

static int build_records(RowList *list, State *state)
{
        const GoneRecord *gone;
        Blob *key;
        int r;

        for (gone = state->dirty.gone; gone; gone = gone->hh.next) {
                if (picture_find(state->picture, &gone->key))
                        continue; /* it came back, and is among those that changed */
                r = blob_copy(&key, gone->key.bytes, gone->key.n_bytes);
                if (!r)
                        r = row_list_add(list, CHECKPOINT_RECORDS, key, NULL);
                if (r)
                        return r;
        }

        for (size_t i = 0; i < state->dirty.n_records; i++) {
                if (!state->dirty.records[i])
                        continue;
                r = build_record(list, state->dirty.records[i]);
                if (r)
                        return r;
        }
        return 0;
}

static int build_affirms(RowList *list, Dirty *dirty)
{
        const KeptAffirm *affirm;
        Blob *key, *value = NULL;
        int r;

        list_for_each (link, &dirty->fresh) {
                affirm = list_entry(link, KeptAffirm, fresh);
                r = row_key_of_revision(&key, affirm->revision);
                if (r)
                        return r;

                r = row_of_affirm(&value,
                                  &(AffirmRow){
                                          .received_at_ms = affirm->affirmation->received_at_ms,
                                          .sent_at_ms = affirm->affirmation->sent_at_ms,
                                          .envelope = affirm->affirmation->envelope->bytes,
                                          .n_envelope = affirm->affirmation->envelope->n_bytes,
                                  });
                r = add(list, CHECKPOINT_AFFIRMS, r, key, value);
                if (r)
                        return r;
        }
        return 0;
}

/* Mostly the newest are unwritten; after a failure they may be anywhere. */
static int build_tombstones(RowList *list, Dirty *dirty)
{
        const KeptTombstone *tombstone;
        size_t n_left = dirty->n_unwritten;
        Blob *key;
        int r;

        for (size_t i = dirty->n_tombstones; n_left; i--) {
                tombstone = dirty_tombstone(dirty, i - 1);
                if (!tombstone->value)
                        continue;
                n_left--;
                r = row_key_of_tombstone(&key, tombstone->revision, tombstone->number);
                if (!r)
                        r = row_list_add(list, CHECKPOINT_TOMBSTONES, key,
                                         blob_ref(tombstone->value));
                if (r)
                        return r;
        }
        return 0;
}

static int build_parties(RowList *list, const Dirty *dirty)
{
        const PartyState *party;
        Blob *key, *value = NULL;
        PartyRow row;
        int r;

        for (size_t i = 0; i < dirty->n_parties; i++) {
                party = dirty->parties[i];
                r = blob_copy(&key, party->party, strlen(party->party));
                if (r)
                        return r;

                row = (PartyRow){ .floor = party->floor, .revision = party->revision };
                memcpy(row.digest, party->digest, DIGEST_BYTES);
                r = row_of_party(&value, &row);
                r = add(list, CHECKPOINT_PARTIES, r, key, value);
                if (r)
                        return r;
        }
        return 0;
}

static int build_narrow(RowList *list, const Narrow *narrow)
{
        const NarrowKey *narrow_key;
        Blob *key, *value;
        int r;

        list_for_each (link, &narrow->dirty) {
                narrow_key = list_entry(link, NarrowKey, dirty);
                value = NULL;
                r = blob_copy(&key, narrow_key->key, narrow_key->n_key);
                if (r)
                        return r;
                if (!narrow_key->is_wide)
                        r = row_of_narrow(&value);
                r = add(list, CHECKPOINT_NARROW, r, key, value);
                if (r)
                        return r;
        }
        return 0;
}

static int build_topics(RowList *list, const Dirty *dirty)
{
        const PictureTopic *topic;
        Blob *key, *value = NULL;
        TopicRow row;
        int r;

        for (const DirtyTopic *at = dirty->topics; at; at = at->hh.next) {
                topic = at->topic;
                r = blob_copy(&key, topic->text, strlen(topic->text));
                if (r)
                        return r;

                row.forgotten = topic->forgotten;
                memcpy(row.last, topic->last, sizeof(row.last));
                r = row_of_topic(&value, &row);
                r = add(list, CHECKPOINT_TOPICS, r, key, value);
                if (r)
                        return r;
        }
        return 0;
}

static int build_bytes(RowList *list, uint8_t tag, const Blob *bytes)
{
        Blob *key, *value = NULL;
        int r;

        r = blob_copy(&key, &tag, 1);
        if (r)
                return r;
        r = row_of_bytes(&value, bytes);
        return add(list, CHECKPOINT_META, r, key, value);
}

static int build_position(RowList *list, const State *state)
{
        PositionRow row = { .revision = state->revision,
                            .time_ms = state->time_ms,
                            .epoch_floor = state->epoch_floor,
                            .epoch_unconfirmed = state->epoch_unconfirmed };
        uint8_t tag = META_POSITION;
        Blob *key, *value = NULL;
        int r;

        r = blob_copy(&key, &tag, 1);
        if (r)
                return r;
        memcpy(row.head, state->head, DIGEST_BYTES);
        r = row_of_position(&value, &row);
        return add(list, CHECKPOINT_META, r, key, value);
}

static int build_span(RowList *list, const EpochSpan *span)
{
        Blob *key, *value = NULL;
        int r;

        r = row_key_of_span(&key, span->first_revision);
        if (r)
                return r;
        r = row_of_span(&value, &(SpanRow){ .epoch = span->epoch,
                                            .opened_at_ms = span->opened_at_ms,
                                            .continues = span->continues });
        return add(list, CHECKPOINT_META, r, key, value);
}

int state_meta_rows(const State *state, RowList *list)
{
        int r;

        r = build_position(list, state);
        if (!r && state->genesis_bytes)
                r = build_bytes(list, META_GENESIS, state->genesis_bytes);
        if (!r && state->epoch_envelope)
                r = build_bytes(list, META_EPOCH, state->epoch_envelope);
        for (size_t i = 0; !r && i < state->n_epochs; i++)
                r = build_span(list, &state->epochs[i]);
        return r;
}

static int build_meta(RowList *list, const State *state)
{
        int r;

        r = build_position(list, state);
        if (!r && state->dirty.genesis)
                r = build_bytes(list, META_GENESIS, state->genesis_bytes);
        if (!r && state->dirty.epoch)
                r = build_bytes(list, META_EPOCH, state->epoch_envelope);
        for (size_t i = state->n_epochs - state->dirty.n_spans; !r && i < state->n_epochs; i++)
                r = build_span(list, &state->epochs[i]);
        return r;
}

static int build_ready(RowList *list, const Dirty *dirty)
{
        const CheckpointRow *row;
        int r;

        for (size_t i = 0; i < dirty->ready.n_rows; i++) {
                row = &dirty->ready.rows[i];
                r = row_list_add(list, row->table, blob_ref(row->key), blob_ref(row->value));
                if (r)
                        return r;
        }
        return 0;
}

static int build(RowList *list, State *state)
{
        int r;

        r = build_ready(list, &state->dirty);
        r = r ? r : build_meta(list, state);
        r = r ? r : build_topics(list, &state->dirty);
        r = r ? r : build_affirms(list, &state->dirty);
        r = r ? r : build_records(list, state);
        r = r ? r : build_tombstones(list, &state->dirty);
        r = r ? r : build_narrow(list, &state->narrow);
        return r ? r : build_parties(list, &state->dirty);
}

/* ------------------------------------------------------------------ taking */

static void take_hashes(Dirty *dirty)
{
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
        memset(dirty->recent, 0, sizeof(dirty->recent));
}

static void take_tombstones(Dirty *dirty)
{
        KeptTombstone *tombstone;

        for (size_t i = dirty->n_tombstones; dirty->n_unwritten; i--) {
                tombstone = dirty_tombstone(dirty, i - 1);
                dirty->n_unwritten -= !!tombstone->value;
                tombstone->value = blob_unref(tombstone->value);
        }
}

/* What was marked is in the rows now. */
static void take(Dirty *dirty)
{
        for (size_t i = 0; i < dirty->n_records; i++)
                if (dirty->records[i])
                        dirty->records[i]->user = NULL;
        for (size_t i = 0; i < dirty->n_parties; i++)
                dirty->parties[i]->dirty = false;
        list_for_each (link, &dirty->fresh)
                list_unlink(link);

        take_hashes(dirty);
        take_tombstones(dirty);
        row_list_deinit(&dirty->ready);
        dirty->n_records = dirty->n_parties = dirty->n_fresh = dirty->n_spans = 0;
        dirty->genesis = dirty->epoch = false;
}

int state_checkpoint(State *state, Checkpoint **ret_checkpoint)
{
        CLEANUP(checkpoint_freep) Checkpoint *checkpoint = NULL;
        CLEANUP(row_list_deinit) RowList list = { 0 };
        int r;

        checkpoint = calloc(1, sizeof(*checkpoint));
        if (!checkpoint)
                return err_raise(-ENOMEM);

        r = dirty_mark_failed(state);
        r = r ? r : dirty_sweep_affirms(&state->dirty);
        r = r ? r : build(&list, state);
        if (r)
                return r;

        checkpoint->revision = state->revision;
        for (size_t i = 0; i < list.n_rows; i++)
                checkpoint->n_bytes += list.rows[i].key->n_bytes +
                                       (list.rows[i].value ? list.rows[i].value->n_bytes : 0);
        checkpoint->n_rows = list.n_rows;
        checkpoint->rows = STEAL(list.rows);
        list = (RowList){ 0 };

        take(&state->dirty);
        narrow_take(&state->narrow);
        *ret_checkpoint = STEAL(checkpoint);
        return 0;
}
