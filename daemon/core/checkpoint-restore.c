/*
 * Checkpoint: reading it back at a start
 *
 * Rows come by key, but a topic's records stand in the order in which they last changed. So records
 * are laid aside until all rows are in, sorted, and then put back one after the other, each at its
 * topic's end. What a record says is not in its row but in its envelope, which is decoded again.
 */

#include <stdlib.h>

#include "core/row.h"
#include "core/state-internal.h"
#include "internal/endian.h"

struct PendingRecord {
        PictureTopic *topic;
        Blob *envelope;
        uint64_t key_hash; /* of the row's key, which must be what the envelope is about; 0: none */
        uint64_t revision, changed_revision;
        int64_t received_at_ms, since_ms;
        uint64_t rests_on;
        uint32_t flags;
};

static int row_result(int r)
{
        switch (r) {
        case ROW_E_DAMAGED:
                return err_raise(-EBADMSG);
        case ROW_E_NEWER:
                return err_raise(-EPROTO);
        }
        return r;
}

static int find_topic(State *state, const char *text, size_t n_text, PictureTopic **ret_topic)
{
        Topic topic;

        if (topic_parse(&topic, text, n_text))
                return err_raise(-EBADMSG);
        return picture_need_topic(state->picture, &topic, ret_topic);
}

/* ------------------------------------------------------------------ tables */

static int restore_position(State *state, const uint8_t *value, size_t n_value)
{
        PositionRow row;
        int r;

        r = row_result(row_to_position(&row, value, n_value));
        if (r)
                return r;

        state->revision = row.revision;
        state->time_ms = row.time_ms;
        memcpy(state->head, row.head, DIGEST_BYTES);
        state->epoch_floor = MAX(state->epoch_floor, row.epoch_floor);
        state->epoch_unconfirmed = row.epoch_unconfirmed;
        return 0;
}

static int restore_span(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                        size_t n_value)
{
        uint64_t dropped, revision;
        SpanRow row;
        int r;

        r = row_result(row_to_span(&row, value, n_value));
        if (r)
                return r;

        revision = n_key == 9 ? be64_get(key + 1) : 0;
        if (row.opened_at_ms < 0 || row.opened_at_ms > INT64_MAX / 1000 ||
            (state->n_epochs && revision <= state->epochs[state->n_epochs - 1].first_revision))
                return err_raise(-EBADMSG);
        return state_push_epoch(state,
                                &(EpochSpan){ .epoch = row.epoch,
                                              .first_revision = revision,
                                              .opened_at_ms = row.opened_at_ms,
                                              .continues = row.continues },
                                &dropped);
}

static int restore_meta(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                        size_t n_value)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        const uint8_t *bytes;
        size_t n_bytes;
        int r;

        switch (n_key ? key[0] : 0) {
        case META_POSITION:
                return restore_position(state, value, n_value);
        case META_SPAN:
                return restore_span(state, key, n_key, value, n_value);
        case META_GENESIS:
        case META_EPOCH:
                break;
        default:
                return err_raise(-EBADMSG);
        }

        r = row_result(row_to_bytes(&bytes, &n_bytes, value, n_value));
        r = r ? r : blob_copy(&blob, bytes, n_bytes);
        if (r)
                return r;

        if (key[0] == META_GENESIS)
                return state_has_genesis(state) ? err_raise(-EBADMSG)
                                                : state_set_genesis(state, blob);
        blob_unref(state->epoch_envelope);
        state->epoch_envelope = STEAL(blob);
        return 0;
}

static int restore_registry(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                            size_t n_value)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        RegistryRow row;
        Party *party;
        int r;

        r = row_result(row_to_registry(&row, value, n_value));
        if (!r && n_key != 8)
                r = err_raise(-EBADMSG);
        r = r ? r : blob_copy(&blob, row.bytes, row.n_bytes);
        if (r)
                return r;

        switch (row.kind) {
        case ENTRY_ENROLMENT:
                r = registry_apply_enrolment(state->registry, be64_get(key), row.received_at_ms,
                                             blob, &party);
                break;
        case ENTRY_CARD:
                r = registry_apply_card(state->registry, be64_get(key), row.received_at_ms, blob);
                break;
        case ENTRY_SUSPENSION:
                r = registry_apply_suspension(state->registry, be64_get(key), row.received_at_ms,
                                              blob, &party);
                break;
        default:
                r = err_raise(-EBADMSG);
        }
        return r > 0 ? err_raise(-EBADMSG) : r;
}

static int restore_topic(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                         size_t n_value)
{
        PictureTopic *topic;
        TopicRow row;
        int r;

        r = row_result(row_to_topic(&row, value, n_value));
        r = r ? r : find_topic(state, (const char *)key, n_key, &topic);
        if (r)
                return r;

        memcpy(topic->last, row.last, sizeof(topic->last));
        topic->forgotten = row.forgotten;
        return 0;
}

static int put_affirm(State *state, const AffirmRow *row, uint64_t revision, Blob *envelope)
{
        Affirmation *affirmation;
        int r;

        r = affirmation_new(&affirmation, revision, row->received_at_ms, row->sent_at_ms, envelope);
        if (r)
                return err_fold(r);

        r = dirty_keep_affirm(&state->dirty, affirmation, true);
        affirmation_unref(affirmation);
        return r;
}

static int restore_affirm(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                          size_t n_value)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        AffirmRow row;
        int r;

        r = row_result(row_to_affirm(&row, value, n_value));
        if (!r && (n_key != 8 || dirty_find_affirm(&state->dirty, be64_get(key))))
                r = err_raise(-EBADMSG);
        r = r ? r : blob_copy(&envelope, row.envelope, row.n_envelope);
        return r ? r : put_affirm(state, &row, be64_get(key), envelope);
}

int state_restore_affirm(State *state, uint64_t revision, int64_t received_at_ms, Blob *bytes)
{
        AffirmRow row = { .received_at_ms = received_at_ms };
        WireRefusal refusal;
        Envelope envelope;
        Update update;

        if (dirty_find_affirm(&state->dirty, revision))
                return 0;

        arena_reset(state->arena);
        arena_limit(state->arena, ARENA_MESSAGE_BYTES);
        if (envelope_parse(&envelope, bytes->bytes, bytes->n_bytes) ||
            envelope.kind != ENVELOPE_UPDATE ||
            update_decode(&update, &refusal, state->arena, envelope.body, envelope.n_body) ||
            update.kind != UPDATE_AFFIRM)
                return err_raise(-EBADMSG);
        row.sent_at_ms = update.sent_at_ms;
        return put_affirm(state, &row, revision, bytes);
}

/* The picture would take two for one; then its order and that of the rows would part. */
static bool topic_has_tombstone(const PictureTopic *topic, uint64_t revision,
                                const TombstoneRow *row)
{
        const Tombstone *tombstone;

        list_for_each_reverse(link, &topic->tombstones)
        {
                tombstone = list_entry(link, Tombstone, in_topic);
                if (tombstone->revision != revision)
                        break;
                if (tombstone->from == (Audience)row->from && tombstone->to == (Audience)row->to &&
                    tombstone->key.n_bytes == row->key.n_bytes &&
                    memcmp(tombstone->key.bytes, row->key.bytes, row->key.n_bytes) == 0)
                        return true;
        }
        return false;
}

static int restore_tombstone(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                             size_t n_value)
{
        const KeptTombstone *last;
        PictureTopic *topic;
        uint64_t revision;
        uint32_t number;
        TombstoneRow row;
        int r;

        r = row_result(row_to_tombstone(&row, value, n_value));
        if (!r && (n_key != ROW_TOMBSTONE_KEY_BYTES || row.from < AUDIENCE_OPEN ||
                   row.from > row.to || row.to > AUDIENCE_COORD))
                r = err_raise(-EBADMSG);
        r = r ? r : find_topic(state, row.topic, row.n_topic, &topic);
        if (r)
                return r;

        revision = be64_get(key);
        number = be32_get(key + 8);
        last = state->dirty.n_tombstones
                       ? dirty_tombstone(&state->dirty, state->dirty.n_tombstones - 1)
                       : NULL;
        if (topic_has_tombstone(topic, revision, &row) ||
            (last &&
             (last->revision > revision || (last->revision == revision && last->number >= number))))
                return err_raise(-EBADMSG);

        r = dirty_keep_tombstone(&state->dirty, revision, number, NULL);
        r = r ? r
              : picture_restore_tombstone(state->picture, topic, &row.key, revision, row.at_ms,
                                          (Audience)row.from, (Audience)row.to,
                                          (WithdrawnCause)row.cause);
        return err_fold(r);
}

static int restore_party(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                         size_t n_value)
{
        char name[PARTY_MAX + 1] = { 0 };
        PartyState *party;
        PartyRow row;
        int r;

        r = row_result(row_to_party(&row, value, n_value));
        if (!r && (!n_key || n_key > PARTY_MAX))
                r = err_raise(-EBADMSG);
        if (r)
                return r;

        memcpy(name, key, n_key);
        r = state_need_party(state, name, &party);
        if (r)
                return r;

        party->floor = row.floor;
        party->revision = row.revision;
        memcpy(party->digest, row.digest, DIGEST_BYTES);
        return 0;
}

/* ------------------------------------------------------------------ records */

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
        r = find_topic(state, record->topic, record->n_topic, &pending->topic);
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

static int restore_record(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                          size_t n_value)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        RecordRow row;
        int r;

        r = row_result(row_to_record(&row, value, n_value));
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

static int restore_narrow(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                          size_t n_value)
{
        RecordKey parsed = { .n_bytes = (uint16_t)MIN(n_key, RECORD_KEY_MAX) };
        const char *party, *location;
        RecordRef ref;
        Status status;
        int r;

        r = row_result(row_to_narrow(value, n_value));
        if (r)
                return r;
        memcpy(parsed.bytes, key, parsed.n_bytes);
        if (n_key > RECORD_KEY_MAX || record_key_parse(&parsed, &status, &party, &location, &ref))
                return err_raise(-EBADMSG);
        return narrow_restore(&state->narrow, key, n_key, false);
}

int state_restore_row(State *state, CheckpointTable table, const uint8_t *key, size_t n_key,
                      const uint8_t *value, size_t n_value)
{
        arena_reset(state->arena);
        arena_limit(state->arena, ARENA_MESSAGE_BYTES);

        switch (table) {
        case CHECKPOINT_RECORDS:
                return restore_record(state, key, n_key, value, n_value);
        case CHECKPOINT_AFFIRMS:
                return restore_affirm(state, key, n_key, value, n_value);
        case CHECKPOINT_TOMBSTONES:
                return restore_tombstone(state, key, n_key, value, n_value);
        case CHECKPOINT_PARTIES:
                return restore_party(state, key, n_key, value, n_value);
        case CHECKPOINT_REGISTRY:
                return restore_registry(state, key, n_key, value, n_value);
        case CHECKPOINT_TOPICS:
                return restore_topic(state, key, n_key, value, n_value);
        case CHECKPOINT_META:
                return restore_meta(state, key, n_key, value, n_value);
        case CHECKPOINT_NARROW:
                return restore_narrow(state, key, n_key, value, n_value);
        case CHECKPOINT_KEYFRAMES:
        case CHECKPOINT_POSTINGS:
        case N_CHECKPOINT_TABLES:
                break;
        }
        return err_raise(-EBADMSG);
}

/* ------------------------------------------------------------------ done */

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
