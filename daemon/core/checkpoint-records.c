/*
 * Checkpoint: its records, at a start
 *
 * Rows come by key, but a topic's records stand in the order in which they last changed. So records
 * are laid aside until all rows are in, sorted, and then put back one after the other, each at its
 * topic's end. What a record says is not in its row but in its envelope, which is decoded again.
 */

#include <stdlib.h>

#include "core/checkpoint-internal.h"
#include "core/row.h"

struct PendingRecord {
        PictureTopic *topic;
        Blob *envelope;
        uint64_t key_hash; /* of the row's key, which must be what the envelope is about; 0: none */
        uint64_t revision, changed_revision;
        int64_t received_at_ms, since_ms;
        uint64_t rests_on;
        uint32_t flags;
};

/* ------------------------------------------------------------------ laid aside */

static uint64_t key_hash(const uint8_t *key, size_t n_key)
{
        uint64_t hash = 14695981039346656037u;

        for (size_t i = 0; i < n_key; i++)
                hash = (hash ^ key[i]) * 1099511628211u;
        return hash;
}

/* Takes a reference of @envelope. @key_hash 0: there is no row whose key it would be of. */
static int lay_aside(State *state, const PastRecord *record, Blob *envelope, uint64_t key_hash)
{
        size_t n_room = state->n_pending_room ? state->n_pending_room * 2 : 1024;
        PendingRecord *pending;
        int r;

        if (state->n_pending == state->n_pending_room) {
                pending = reallocarray(state->pending, n_room, sizeof(*pending));
                if (!pending)
                        return err_raise(-ENOMEM);
                state->pending = pending;
                state->n_pending_room = n_room;
        }

        pending = &state->pending[state->n_pending];
        r = checkpoint_find_topic(state, record->topic, record->n_topic, &pending->topic);
        if (r)
                return r;

        pending->envelope = blob_ref(envelope);
        pending->key_hash = key_hash;
        pending->revision = record->revision;
        pending->changed_revision = record->changed_revision;
        pending->received_at_ms = record->received_at_ms;
        pending->since_ms = record->since_ms;
        pending->rests_on = record->rests_on;
        pending->flags = record->flags;
        state->n_pending++;
        return 0;
}

int state_restore_record(State *state, const PastRecord *record, Blob *envelope)
{
        return lay_aside(state, record, envelope, 0);
}

int checkpoint_restore_record(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                              size_t n_value)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        RecordRow row;
        int r;

        r = checkpoint_row_result(row_to_record(&row, value, n_value));
        r = r ? r : blob_copy(&envelope, row.envelope, row.n_envelope);
        if (r)
                return r;
        return lay_aside(state,
                         &(PastRecord){
                                 .topic = row.topic,
                                 .n_topic = row.n_topic,
                                 .revision = row.revision,
                                 .changed_revision = row.changed_revision,
                                 .received_at_ms = row.received_at_ms,
                                 .since_ms = row.since_ms,
                                 .flags = row.flags,
                                 .rests_on = row.rests_on,
                         },
                         envelope, key_hash(key, n_key));
}

/* ------------------------------------------------------------------ put back */

static int by_change(const void *a, const void *b)
{
        const PendingRecord *left = a, *right = b;

        if (left->changed_revision != right->changed_revision)
                return left->changed_revision < right->changed_revision ? -1 : 1;
        return 0;
}

static bool is_report(const Update *update)
{
        return update->kind != UPDATE_AFFIRM && update->kind != UPDATE_WITHDRAW;
}

static bool is_topic_of(const PictureTopic *topic, const Update *update)
{
        Topic expected = topic_of(update->status, topic->topic.region, report_lane(update->kind));

        return topic->topic.kind == expected.kind && topic->topic.lane == expected.lane;
}

static int put_back(State *state, const PendingRecord *pending)
{
        const KeptAffirm *affirm = NULL;
        PartyState *party;
        WireRefusal refusal;
        Envelope envelope;
        Record *record;
        Update update;
        int r;

        arena_reset(state->arena);
        arena_limit(state->arena, ARENA_MESSAGE_BYTES);
        if (envelope_parse(&envelope, pending->envelope->bytes, pending->envelope->n_bytes) ||
            envelope.kind != ENVELOPE_UPDATE ||
            update_decode(&update, &refusal, state->arena, envelope.body, envelope.n_body) ||
            !is_report(&update) || !is_topic_of(pending->topic, &update))
                return err_raise(-EBADMSG);

        if (pending->rests_on) {
                affirm = dirty_find_affirm(&state->dirty, pending->rests_on);
                if (!affirm)
                        return err_raise(-EBADMSG);
        }

        r = picture_restore(state->picture, pending->topic, &update, pending->envelope,
                            &(Entry){ .revision = pending->revision,
                                      .changed_revision = pending->changed_revision,
                                      .received_at_ms = pending->received_at_ms,
                                      .since_ms = pending->since_ms,
                                      .flags = pending->flags,
                                      .rests_on = pending->rests_on },
                            affirm ? affirm->affirmation : NULL, &record);
        if (r)
                return err_fold(r);
        if (pending->key_hash && key_hash(record->key, record->n_key) != pending->key_hash)
                return err_raise(-EBADMSG);

        /* A directory of before there was a table of those has no row for it. */
        if (record_is_narrow(record)) {
                r = narrow_restore(&state->narrow, record->key, record->n_key, true);
                if (r)
                        return r;
        }

        r = state_need_party(state, update.party, &party);
        if (!r)
                party->n_records++;
        return r;
}

static bool fits_together(const State *state)
{
        if (!state_has_genesis(state))
                return !state->revision && !state->n_pending && !state->n_epochs;
        if (!state->n_epochs != !state->epoch_envelope)
                return false;
        if (state->n_epochs && state->epochs[state->n_epochs - 1].first_revision > state->revision)
                return false;
        if (registry_revision(state->registry) > state->revision)
                return false;
        return !state->n_pending ||
               state->pending[state->n_pending - 1].changed_revision <= state->revision;
}

void state_restore_deinit(State *state)
{
        for (size_t i = 0; i < state->n_pending; i++)
                blob_unref(state->pending[i].envelope);
        free(state->pending);
        state->pending = NULL;
        state->n_pending = state->n_pending_room = 0;
}

int state_restore_done(State *state)
{
        int r = 0;

        if (state->n_pending)
                qsort(state->pending, state->n_pending, sizeof(*state->pending), by_change);
        if (!fits_together(state))
                return err_raise(-EBADMSG);

        for (size_t i = 0; !r && i < state->n_pending; i++)
                r = put_back(state, &state->pending[i]);
        if (!r && picture_n_records(state->picture) != state->n_pending)
                r = err_raise(-EBADMSG);

        state_restore_deinit(state);
        if (!r && state->dirty.out_of_memory)
                r = err_raise(-ENOMEM);
        return r;
}
