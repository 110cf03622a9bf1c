#pragma once

/*
 * A replica in front of a broker's voice: what it asks, what it is answered, and in sync
 */

#include "replica-voice.h"

/* ------------------------------------------------------------------ answers */

typedef struct AnswerOf {
        const char *topic;
        uint64_t from, to;
        bool whole;
        const Entry *entries;
        size_t n_entries;
        const Entry *affirms;
        size_t n_affirms;
        Audience audience; /* 0: CARE */
        uint64_t reg_revision;
        bool spoil; /* the chunk is not what was signed */
} AnswerOf;

/* Answers the question under way, in one chunk. */
static inline int answer(Voice *voice, const AnswerOf *of)
{
        CLEANUP(blob_unrefp) Blob *head = head_at(voice, of->to);
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        CLEANUP(blob_unrefp) Blob *chunk = NULL;
        uint8_t digests[1][DIGEST_BYTES];
        Manifest manifest = {
                .head = head->bytes,
                .n_head = head->n_bytes,
                .topic = of->topic,
                .audience = of->audience ? of->audience : AUDIENCE_CARE,
                .from = of->from,
                .to = of->to,
                .whole = of->whole,
                .digests = digests,
                .n_digests = of->n_entries ? 1 : 0,
                .n_entries = of->n_entries,
                .reg_revision = of->reg_revision,
                .at_ms = voice->at_ms,
        };
        Blob *body;
        int r;

        for (size_t i = 0; i < of->n_affirms; i++)
                assert_int_equal(block_builder_add_affirm(voice->builder, &of->affirms[i]), 0);
        for (size_t i = 0; i < of->n_entries; i++)
                assert_int_equal(block_builder_add(voice->builder, &of->entries[i]), 0);
        assert_int_equal(block_builder_chunk(voice->builder, &chunk), 0);
        digest_of(digests[0], chunk->bytes, chunk->n_bytes);
        assert_int_equal(manifest_encode(&body, &manifest), 0);
        envelope = sign(voice, ENVELOPE_MANIFEST, voice->broker, body);

        r = replica_manifest(voice->replica, voice->request, voice->request + 100, envelope->bytes,
                             envelope->n_bytes, &voice->time);
        if (r || !of->n_entries)
                return r;
        if (of->spoil)
                chunk->bytes[chunk->n_bytes - 1] ^= 1;
        return replica_chunk(voice->replica, voice->request + 100, 0, chunk->bytes, chunk->n_bytes,
                             &voice->time);
}

static inline void pass_ms(Voice *voice, int64_t ms)
{
        voice->time.now_ms += ms;
        voice->time.broker_ms += ms;
        assert_int_equal(replica_tick(voice->replica, &voice->time), 0);
}

/* The replica's next question, which must be there within a second; it is sent. */
static inline ReplicaAsk expect_ask(Voice *voice, const char *topic)
{
        ReplicaAsk ask;

        for (int i = 0; !replica_next_ask(voice->replica, &voice->time, &ask); i++) {
                if (i == 20)
                        fail_msg("%s is not asked for", topic);
                pass_ms(voice, 50);
        }
        assert_string_equal(ask.topic, topic);
        replica_asked(voice->replica, ask.topic, ++voice->request, &voice->time);
        return ask;
}

static inline void expect_no_ask(Voice *voice)
{
        ReplicaAsk ask;

        pass_ms(voice, 1000);
        if (replica_next_ask(voice->replica, &voice->time, &ask))
                fail_msg("%s is asked for", ask.topic);
}

/* ------------------------------------------------------------------ a replica in sync */

static inline void voice_setup(Voice *voice, const ReplicaOptions *options)
{
        static const ReplicaOptions defaults = { .n_withdrawn_max = 3 };
        ReplicaEvents events = { on_record, on_withdrawn, on_overdue, on_topic, on_alarm };
        CLEANUP(blob_unrefp) Blob *card = NULL;

        assert_true(sodium_init() >= 0);
        *voice = (Voice){ .time = { 1000, NOW_MS } };
        voice->authority = secret_of(AUTHORITY_KEY);
        voice->broker = secret_of(BROKER_KEY);
        voice->party = secret_of(PARTY_KEY);
        voice->other = secret_of(OTHER_KEY);
        voice->network = network_id_of("oost-test", secret_key_public(voice->authority)->sign);
        assert_int_equal(arena_new(&voice->arena, ARENA_MESSAGE_BYTES), 0);
        assert_int_equal(block_builder_new(&voice->builder, BLOCK_FRAME_MAX), 0);
        voice->epoch = (Epoch){
                .epoch = 1,
                .opened_at_ms = NOW_MS,
                .cause = "start",
                .broker = *secret_key_public(voice->broker),
        };
        card = card_of(voice);
        assert_int_equal(region_card_new(&voice->card, card), 0);
        assert_int_equal(heads_new(&voice->heads, NULL), 0);
        assert_int_equal(replica_new(&voice->replica, voice->card, voice->heads,
                                     options ? options : &defaults, &events, voice),
                         0);
}

static inline void voice_teardown(Voice *voice)
{
        replica_free(voice->replica);
        heads_free(voice->heads);
        plek_region_card_free(voice->card);
        block_builder_free(voice->builder);
        arena_free(voice->arena);
        secret_key_free(voice->authority);
        secret_key_free(voice->broker);
        secret_key_free(voice->party);
        secret_key_free(voice->other);
}

static inline void hello(Voice *voice, Audience audience)
{
        TopicPosition topics[] = {
                { "reg/", 2 },
                { "pic/oost/status/", voice->revision },
                { "pic/oost/counts/", voice->revision },
        };

        assert_int_equal(replica_hello(voice->replica, audience, &voice->epoch, topics,
                                       N_ELEMENTS(topics), &voice->time),
                         0);
}

/* The registry with "duin" enrolled at revision 2. */
static inline void answer_registry(Voice *voice)
{
        CLEANUP(blob_unrefp) Blob *enrolment = NULL;
        ReplicaAsk ask;
        Entry entry;

        ask = expect_ask(voice, "reg/");
        assert_int_equal(ask.revision, 0);
        enrolment = enrolment_of(voice, "duin", voice->party, 1,
                                 ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUBSCRIBER));
        entry = entry_of(voice, enrolment, 2);
        assert_int_equal(answer(voice,
                                &(AnswerOf){
                                        .topic = "reg/",
                                        .to = voice->revision,
                                        .whole = true,
                                        .entries = &entry,
                                        .n_entries = 1,
                                }),
                         0);
}

static inline void answer_empty(Voice *voice, const char *topic)
{
        (void)expect_ask(voice, topic);
        assert_int_equal(answer(voice,
                                &(AnswerOf){
                                        .topic = topic,
                                        .to = voice->revision,
                                        .whole = true,
                                        .reg_revision = 2,
                                }),
                         0);
}

/* Everything there is at revision 2: nothing but the registry. */
static inline void voice_sync(Voice *voice)
{
        voice->revision = 2;
        hello(voice, AUDIENCE_CARE);
        answer_registry(voice);
        answer_empty(voice, "pic/oost/status/");
        answer_empty(voice, "pic/oost/counts/");
        answer_empty(voice, "pic/west/status/");
        answer_empty(voice, "pic/west/counts/");
        assert_true(replica_is_in_sync(voice->replica));
        voice->n_told = 0;
}

static inline size_t n_records(const Voice *voice)
{
        return picture_n_records(replica_picture(voice->replica));
}

static inline const Told *last_told(const Voice *voice)
{
        assert_true(voice->n_told > 0);
        return &voice->told[(voice->n_told - 1) % N_TOLD_MAX];
}

static inline void assert_position(const Voice *voice, const char *topic, uint64_t epoch,
                                   uint64_t revision)
{
        uint64_t held_epoch, held_revision;

        replica_position(voice->replica, topic, &held_epoch, &held_revision);
        assert_int_equal(held_epoch, epoch);
        assert_int_equal(held_revision, revision);
}
