#pragma once

/*
 * A broker's voice: frames and answers as a broker would sign them, for a replica to judge
 */

#include "cmocka-all.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "lib/replica.h"
#include "picture/freshness.h"
#include "plek/plek.h"

#define NOW_MS INT64_C(1767225600000)

enum {
        N_TOLD_MAX = 64,
        PARTY_KEY = 10, /* secrets are all of one byte */
        OTHER_KEY,
        AUTHORITY_KEY = 20,
        BROKER_KEY = 30,
};

typedef struct Told {
        PlekChange change;
        char unit[UNIT_MAX + 1];
        int32_t occupied;
        Freshness freshness;
} Told;

typedef struct Voice {
        SecretKey *authority, *broker, *party, *other;
        NetworkId network;
        PlekRegionCard *card;
        Heads *heads;
        Replica *replica;
        ReplicaTime time;
        Arena *arena;
        BlockBuilder *builder;

        Epoch epoch;
        uint64_t revision; /* of the last entry */
        uint8_t head[DIGEST_BYTES];
        uint64_t seq;
        uint64_t request;
        int64_t at_ms; /* of answers: 0 is the present */

        Told told[N_TOLD_MAX];
        size_t n_told, n_withdrawn, n_topics, n_alarms;
        size_t n_overdue, n_in_time; /* that began to be, and no longer were */
        WithdrawnCause cause;
        PlekAlarm alarm;
        const Beat *beat;
} Voice;

/* ------------------------------------------------------------------ what the replica tells */

static inline void on_record(void *arg, const Record *record, PlekChange change)
{
        Voice *voice = arg;
        WireRefusal refusal;
        Envelope envelope;
        Update update;
        Told *told = &voice->told[voice->n_told++ % N_TOLD_MAX];

        arena_reset(voice->arena);
        assert_int_equal(
                envelope_parse(&envelope, record->envelope->bytes, record->envelope->n_bytes), 0);
        assert_int_equal(
                update_decode(&update, &refusal, voice->arena, envelope.body, envelope.n_body), 0);
        *told = (Told){
                .change = change,
                .occupied = update.kind == UPDATE_COUNTS ? update.counts.value[COUNT_OCCUPIED] : -1,
                .freshness = record_freshness(record, voice->time.broker_ms),
        };
        snprintf(told->unit, sizeof(told->unit), "%s", update.unit ? update.unit : "");
}

static inline void on_withdrawn(void *arg, const Withdrawn *withdrawn)
{
        Voice *voice = arg;

        voice->n_withdrawn++;
        voice->cause = withdrawn->cause;
}

static inline void on_overdue(void *arg, const Record *record, bool is_overdue)
{
        Voice *voice = arg;

        voice->n_overdue += is_overdue;
        voice->n_in_time += !is_overdue;
}

static inline void on_topic(void *arg, const char *topic, Lane lane)
{
        ((Voice *)arg)->n_topics++;
}

static inline void on_alarm(void *arg, PlekAlarm alarm, const char *text, const Blob *evidence,
                            const Blob *other_evidence)
{
        Voice *voice = arg;

        voice->n_alarms++;
        voice->alarm = alarm;
}

/* ------------------------------------------------------------------ documents */

static inline SecretKey *secret_of(uint8_t byte)
{
        uint8_t bytes[KEY_BYTES];
        SecretKey *key;

        memset(bytes, byte, sizeof(bytes));
        assert_int_equal(secret_key_from_bytes(&key, bytes), 0);
        return key;
}

static inline Blob *sign(const Voice *voice, EnvelopeKind kind, const SecretKey *key, Blob *body)
{
        Blob *envelope;

        assert_int_equal(
                envelope_sign(&envelope, kind, &voice->network, key, body->bytes, body->n_bytes),
                0);
        blob_unref(body);
        return envelope;
}

static inline Blob *card_of(Voice *voice)
{
        RegionCard card = {
                .network = voice->network,
                .network_name = "oost-test",
                .serial = 1,
                .n_authority = 1,
                .n_brokers = 1,
                .updates = "tcp://127.0.0.1:7301",
                .care = "tcp://127.0.0.1:7302",
                .query = "tcp://127.0.0.1:7303",
                .coord = "tcp://127.0.0.1:7304",
        };
        Blob *body;

        memcpy(card.authority[0], secret_key_public(voice->authority)->sign, KEY_BYTES);
        card.brokers[0] = *secret_key_public(voice->broker);
        assert_int_equal(region_card_encode(&body, &card), 0);
        return sign(voice, ENVELOPE_CARD, voice->authority, body);
}

/* Of "duin", for the locations "noord" in oost and "zuid" in west. */
static inline Blob *enrolment_of(Voice *voice, const char *party, const SecretKey *key,
                                 uint64_t serial, uint32_t roles)
{
        LocationGrant grants[] = {
                { .location = "noord", .region = "oost" },
                { .location = "zuid", .region = "west" },
        };
        Enrolment enrolment = {
                .party = party,
                .serial = serial,
                .keys = { *secret_key_public(key) },
                .n_keys = 1,
                .roles = roles,
                .locations = roles ? grants : NULL,
                .n_locations = roles ? N_ELEMENTS(grants) : 0,
                .valid_from_ms = NOW_MS - 1000,
                .valid_until_ms = NOW_MS + 1000 * 1000,
                .distrusted_since_ms = TIME_ABSENT,
        };
        Blob *body;

        assert_int_equal(enrolment_encode(&body, &enrolment), 0);
        return sign(voice, ENVELOPE_ENROLMENT, voice->authority, body);
}

static inline Blob *update_of(Voice *voice, Update *update, const SecretKey *key)
{
        WireRefusal refusal;
        Blob *body;

        update->party = update->party ? update->party : "duin";
        update->instance = 7;
        update->seq = ++voice->seq;
        update->sent_at_ms = update->observed_at_ms = voice->time.broker_ms;
        update->not_after_ms = update->sent_at_ms + 1000;
        update->status = update->status ? update->status : STATUS_ACTUAL;
        update->audience = update->audience ? update->audience : AUDIENCE_CARE;
        update->location = update->location ? update->location : "noord";
        if (update_encode(&body, &refusal, update))
                fail_msg("%s: %s", refusal.field, refusal.text);
        return sign(voice, ENVELOPE_UPDATE, key, body);
}

static inline Blob *counts_of(Voice *voice, const char *unit, int32_t occupied)
{
        Update update = {
                .unit = unit,
                .valid_for_s = 60,
                .kind = UPDATE_COUNTS,
                .counts = { .care = PLEK_CARE_WARD },
        };

        update.counts.present[COUNT_OCCUPIED] = true;
        update.counts.value[COUNT_OCCUPIED] = occupied;
        return update_of(voice, &update, voice->party);
}

static inline Blob *affirm_of(Voice *voice)
{
        Update update = {
                .kind = UPDATE_AFFIRM,
                .affirm = { .lane = LANE_COUNTS, .up_to_seq = voice->seq },
        };

        return update_of(voice, &update, voice->party);
}

static inline Blob *head_at(Voice *voice, uint64_t revision)
{
        Head head = {
                .epoch = voice->epoch.epoch,
                .revision = revision,
                .time_ms = voice->time.broker_ms,
        };
        Blob *body;

        memcpy(head.head, voice->head, DIGEST_BYTES);
        memcpy(head.head, &revision, sizeof(revision));
        assert_int_equal(head_encode(&body, &head), 0);
        return sign(voice, ENVELOPE_HEAD, voice->broker, body);
}

static inline Blob *epoch_of(Voice *voice, const Epoch *epoch)
{
        Blob *body;

        assert_int_equal(epoch_encode(&body, epoch), 0);
        return sign(voice, ENVELOPE_EPOCH, voice->broker, body);
}

/* ------------------------------------------------------------------ entries and frames */

static inline Entry entry_of(Voice *voice, const Blob *envelope, uint64_t revision)
{
        return (Entry){
                .revision = revision,
                .changed_revision = revision,
                .received_at_ms = voice->time.broker_ms,
                .since_ms = voice->time.broker_ms,
                .envelope = envelope->bytes,
                .n_envelope = envelope->n_bytes,
        };
}

typedef struct BlockOf {
        const char *topic;
        const Entry *entries;
        size_t n_entries;
        const Beat *beat;
        uint64_t first, last, previous, reg_revision;
        const SecretKey *key; /* NULL: the broker's */
} BlockOf;

static inline Blob *block_of(Voice *voice, const BlockOf *of)
{
        CLEANUP(blob_unrefp) Blob *head = head_at(voice, of->last);
        Block block = {
                .head = head->bytes,
                .n_head = head->n_bytes,
                .first = of->first,
                .last = of->last,
                .previous = of->previous,
                .reg_revision = of->reg_revision,
                .beat = of->beat,
        };
        Blob *frame;
        Topic topic;

        assert_int_equal(topic_parse(&topic, of->topic, strlen(of->topic)), 0);
        for (size_t i = 0; i < of->n_entries; i++)
                assert_int_equal(block_builder_add(voice->builder, &of->entries[i]), 0);
        assert_int_equal(block_builder_seal(voice->builder, &frame, &topic, &block, &voice->network,
                                            of->key ? of->key : voice->broker),
                         0);
        return frame;
}

static inline int take_frame(Voice *voice, Blob *frame, Lane lane)
{
        int r = replica_frame(voice->replica, lane, frame->bytes, frame->n_bytes, &voice->time,
                              &voice->beat);

        blob_unref(frame);
        return r;
}

static inline Lane lane_of(const char *topic)
{
        return strstr(topic, "counts") ? LANE_COUNTS : LANE_STATUS;
}

/* One entry of @envelope, which is taken, as the next revision. */
static inline int publish(Voice *voice, const char *topic, Blob *envelope, uint64_t previous)
{
        Entry entry = entry_of(voice, envelope, ++voice->revision);
        Blob *frame = block_of(voice, &(BlockOf){
                                              .topic = topic,
                                              .entries = &entry,
                                              .n_entries = 1,
                                              .first = voice->revision,
                                              .last = voice->revision,
                                              .previous = previous,
                                              .reg_revision = 2,
                                      });

        blob_unref(envelope);
        return take_frame(voice, frame, lane_of(topic));
}

static inline int beat(Voice *voice, Lane lane, const TopicPosition *topics, size_t n_topics)
{
        CLEANUP(blob_unrefp) Blob *epoch = epoch_of(voice, &voice->epoch);
        Beat said = {
                .time_ms = voice->time.broker_ms,
                .epoch = epoch->bytes,
                .n_epoch = epoch->n_bytes,
                .topics = topics,
                .n_topics = n_topics,
                .accepting = true,
                .beat = 1,
        };
        /* A beat's own head is that of the journal. */
        Blob *frame = block_of(
                voice, &(BlockOf){
                               .topic = lane == LANE_STATUS ? "beat/status/" : "beat/counts/",
                               .beat = &said,
                               .last = voice->revision,
                               .first = voice->revision,
                       });

        return take_frame(voice, frame, lane);
}
