/*
 * Checkpoint: reading its rows back at a start
 *
 * They come by key; records are laid aside until all are in (checkpoint-records.c).
 */

#include "core/checkpoint-internal.h"
#include "core/row.h"
#include "internal/endian.h"

int checkpoint_row_result(int r)
{
        switch (r) {
        case ROW_E_DAMAGED:
                return err_raise(-EBADMSG);
        case ROW_E_NEWER:
                return err_raise(-EPROTO);
        }
        return r;
}

int checkpoint_find_topic(State *state, const char *text, size_t n_text, PictureTopic **ret_topic)
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

        r = checkpoint_row_result(row_to_position(&row, value, n_value));
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

        r = checkpoint_row_result(row_to_span(&row, value, n_value));
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

        r = checkpoint_row_result(row_to_bytes(&bytes, &n_bytes, value, n_value));
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

        r = checkpoint_row_result(row_to_registry(&row, value, n_value));
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

        r = checkpoint_row_result(row_to_topic(&row, value, n_value));
        r = r ? r : checkpoint_find_topic(state, (const char *)key, n_key, &topic);
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

        r = checkpoint_row_result(row_to_affirm(&row, value, n_value));
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

        r = checkpoint_row_result(row_to_tombstone(&row, value, n_value));
        if (!r && (n_key != ROW_TOMBSTONE_KEY_BYTES || row.from < AUDIENCE_OPEN ||
                   row.from > row.to || row.to > AUDIENCE_COORD))
                r = err_raise(-EBADMSG);
        r = r ? r : checkpoint_find_topic(state, row.topic, row.n_topic, &topic);
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

        r = checkpoint_row_result(row_to_party(&row, value, n_value));
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

static int restore_narrow(State *state, const uint8_t *key, size_t n_key, const uint8_t *value,
                          size_t n_value)
{
        RecordKey parsed = { .n_bytes = (uint16_t)MIN(n_key, RECORD_KEY_MAX) };
        const char *party, *location;
        RecordRef ref;
        Status status;
        int r;

        r = checkpoint_row_result(row_to_narrow(value, n_value));
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
                return checkpoint_restore_record(state, key, n_key, value, n_value);
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
