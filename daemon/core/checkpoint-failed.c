/*
 * Checkpoints that were not written after all
 *
 * Handing one back must not fail, so it is only laid aside; its rows are looked at when the next is
 * taken. What a row is about may have changed since, or be gone: so it is the key that is marked as
 * changed, and the row is built again. Only rows that never change are used a second time.
 */

#include "core/row.h"
#include "core/state-internal.h"
#include "internal/endian.h"

void state_checkpoint_failed(State *state, Checkpoint *checkpoint)
{
        checkpoint->next = state->dirty.failed;
        state->dirty.failed = checkpoint;
        state->dirty.n_failed += checkpoint->n_rows;
}

static int mark_record(State *state, const CheckpointRow *row)
{
        Record *record;
        RecordKey key;

        key.n_bytes = (uint16_t)row->key->n_bytes;
        memcpy(key.bytes, row->key->bytes, key.n_bytes);
        record = picture_find(state->picture, &key);
        return record ? dirty_add_record(&state->dirty, record)
                      : dirty_add_gone(&state->dirty, key.bytes, key.n_bytes);
}

/* One that nothing rests on any more was let go since, and is deleted already. */
static int mark_affirm(State *state, const CheckpointRow *row)
{
        KeptAffirm *affirm = dirty_find_affirm(&state->dirty, be64_get(row->key->bytes));

        if (affirm)
                dirty_unwrite_affirm(&state->dirty, affirm);
        return 0;
}

static int mark_tombstone(State *state, const CheckpointRow *row)
{
        KeptTombstone *tombstone = dirty_find_tombstone(&state->dirty, be64_get(row->key->bytes),
                                                        be32_get(row->key->bytes + 8));

        if (tombstone && !tombstone->value) {
                tombstone->value = blob_ref(row->value);
                state->dirty.n_unwritten++;
        }
        return 0;
}

static int mark_party(State *state, const CheckpointRow *row)
{
        char party[PARTY_MAX + 1] = { 0 };
        PartyState *found;

        memcpy(party, row->key->bytes, row->key->n_bytes);
        found = state_party(state, party);
        assert(found); /* a party that has published is never forgotten */
        return dirty_add_party(&state->dirty, found);
}

static int mark_topic(State *state, const CheckpointRow *row)
{
        char text[TOPIC_MAX] = { 0 };
        PictureTopic *topic;

        memcpy(text, row->key->bytes, row->key->n_bytes);
        topic = picture_find_topic(state->picture, text);
        assert(topic); /* nor is a topic */
        return dirty_add_topic(&state->dirty, topic);
}

static int keep(State *state, const CheckpointRow *row)
{
        return row_list_add(&state->dirty.ready, row->table, blob_ref(row->key),
                            blob_ref(row->value));
}

static int mark_meta(State *state, const CheckpointRow *row)
{
        switch (row->key->bytes[0]) {
        case META_GENESIS:
                state->dirty.genesis = true;
                return 0;
        case META_EPOCH:
                state->dirty.epoch = true;
                return 0;
        case META_SPAN:
                return keep(state, row);
        default: /* the position is part of every checkpoint */
                return 0;
        }
}

static int mark(State *state, const CheckpointRow *row)
{
        switch (row->table) {
        case CHECKPOINT_RECORDS:
                return mark_record(state, row);
        case CHECKPOINT_AFFIRMS:
                return row->value ? mark_affirm(state, row) : keep(state, row);
        case CHECKPOINT_TOMBSTONES:
                return row->value ? mark_tombstone(state, row) : keep(state, row);
        case CHECKPOINT_PARTIES:
                return mark_party(state, row);
        case CHECKPOINT_REGISTRY:
                return keep(state, row);
        case CHECKPOINT_TOPICS:
                return mark_topic(state, row);
        case CHECKPOINT_META:
                return mark_meta(state, row);
        case CHECKPOINT_NARROW:
                return narrow_mark(&state->narrow, row->key->bytes, row->key->n_bytes);
        case CHECKPOINT_KEYFRAMES:
        case CHECKPOINT_POSTINGS:
        case N_CHECKPOINT_TABLES:
                break;
        }
        return err_raise(-ENOTRECOVERABLE);
}

/* Row by row from the end, so that what failed for want of memory goes on where it was. */
int dirty_mark_failed(State *state)
{
        Checkpoint *checkpoint;
        CheckpointRow *row;
        int r;

        while ((checkpoint = state->dirty.failed)) {
                while (checkpoint->n_rows) {
                        row = &checkpoint->rows[checkpoint->n_rows - 1];
                        r = mark(state, row);
                        if (r)
                                return r;
                        row->key = blob_unref(row->key);
                        row->value = blob_unref(row->value);
                        checkpoint->n_rows--;
                        state->dirty.n_failed--;
                }
                state->dirty.failed = checkpoint->next;
                checkpoint_free(checkpoint);
        }
        return 0;
}
