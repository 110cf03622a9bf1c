#pragma once

/*
 * Spoken: what a broker would sign, made from the mail of a model
 */

#include "lib/identity.h"
#include "lib/transfer.h"
#include "mail.h"

typedef struct Speaker {
        SecretKey *authority, *broker;
        SecretKey *keys[N_PARTIES][2]; /* of each party, between which it rotates */
        NetworkId network;
        PlekRegionCard *card;
        BlockBuilder *builder;
        Epoch epoch;
        uint64_t reg_revision;
} Speaker;

static inline SecretKey *secret_of(uint8_t byte)
{
        uint8_t bytes[KEY_BYTES];
        SecretKey *key;

        memset(bytes, byte, sizeof(bytes));
        must(secret_key_from_bytes(&key, bytes));
        return key;
}

/* Takes @body. */
static inline Blob *speak(const Speaker *speaker, EnvelopeKind kind, const SecretKey *key,
                          Blob *body)
{
        Blob *envelope;

        must(envelope_sign(&envelope, kind, &speaker->network, key, body->bytes, body->n_bytes));
        blob_unref(body);
        return envelope;
}

static inline void speaker_init(Speaker *speaker)
{
        RegionCard card = {
                .network_name = "model",
                .serial = 1,
                .n_authority = 1,
                .n_brokers = 1,
                .updates = "tcp://127.0.0.1:1",
                .care = "tcp://127.0.0.1:2",
                .query = "tcp://127.0.0.1:3",
                .coord = "tcp://127.0.0.1:4",
        };
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        Blob *body;

        *speaker = (Speaker){ .authority = secret_of(1), .broker = secret_of(2) };
        for (unsigned i = 0; i < N_PARTIES; i++)
                for (unsigned j = 0; j < 2; j++)
                        speaker->keys[i][j] = secret_of((uint8_t)(10 + 2 * i + j));
        speaker->network = network_id_of("model", secret_key_public(speaker->authority)->sign);
        card.network = speaker->network;
        memcpy(card.authority[0], secret_key_public(speaker->authority)->sign, KEY_BYTES);
        card.brokers[0] = *secret_key_public(speaker->broker);
        must(region_card_encode(&body, &card));
        envelope = speak(speaker, ENVELOPE_CARD, speaker->authority, body);
        must(region_card_new(&speaker->card, envelope));
        must(block_builder_new(&speaker->builder, BLOCK_FRAME_MAX));
}

static inline void speaker_deinit(Speaker *speaker)
{
        plek_region_card_free(speaker->card);
        block_builder_free(speaker->builder);
        for (unsigned i = 0; i < N_PARTIES; i++)
                for (unsigned j = 0; j < 2; j++)
                        secret_key_free(speaker->keys[i][j]);
        secret_key_free(speaker->authority);
        secret_key_free(speaker->broker);
}

static inline Blob *speak_update(const Speaker *speaker, const SecretKey *key, const Update *update)
{
        WireRefusal refusal;
        Blob *body;

        must(update_encode(&body, &refusal, update));
        return speak(speaker, ENVELOPE_UPDATE, key, body);
}

static inline Blob *speak_enrolment(const Speaker *speaker, unsigned party, unsigned key,
                                    uint64_t serial, const unsigned numbers[N_LOCATIONS])
{
        LocationGrant grants[N_LOCATIONS];
        Enrolment enrolment = {
                .party = parties[party],
                .serial = serial,
                .keys = { *secret_key_public(speaker->keys[party][key]) },
                .n_keys = 1,
                .roles = ROLE_BIT(ROLE_AGENT),
                .locations = grants,
                .valid_until_ms = INT64_C(1) << 45,
                .distrusted_since_ms = TIME_ABSENT,
        };
        Blob *body;

        for (unsigned i = 0; i < N_LOCATIONS; i++)
                if (numbers[i] != NOWHERE)
                        grants[enrolment.n_locations++] =
                                (LocationGrant){ .location = locations[i],
                                                 .region = regions[numbers[i]] };
        must(enrolment_encode(&body, &enrolment));
        return speak(speaker, ENVELOPE_ENROLMENT, speaker->authority, body);
}

static inline Blob *speak_head(const Speaker *speaker, uint64_t revision)
{
        Head head = { .epoch = speaker->epoch.epoch, .revision = revision, .time_ms = NOW };
        Blob *body;

        memcpy(head.head, &head.epoch, sizeof(head.epoch));
        memcpy(head.head + 8, &revision, sizeof(revision));
        must(head_encode(&body, &head));
        return speak(speaker, ENVELOPE_HEAD, speaker->broker, body);
}

/* Puts the mail's letters into the builder. */
static inline void speak_letters(const Speaker *speaker, const Mail *mail)
{
        for (size_t i = 0; i < mail->affirms.n; i++) {
                Entry entry = mail->affirms.all[i].entry;

                must(block_builder_add_affirm(speaker->builder, &entry));
        }
        for (size_t i = 0; i < mail->entries.n; i++) {
                const Letter *letter = &mail->entries.all[i];
                WithdrawnRecord withdrawn = { 0 };
                Entry entry = letter->entry;

                if (!letter->envelope) {
                        must(record_key_parse(&letter->withdrawn, &withdrawn.status,
                                              &withdrawn.party, &withdrawn.location,
                                              &withdrawn.ref));
                        withdrawn.cause = letter->cause;
                        entry.withdrawn = &withdrawn;
                }
                must(block_builder_add(speaker->builder, &entry));
        }
}

static inline Blob *speak_frame(const Speaker *speaker, const Topic *topic, const Mail *mail,
                                uint64_t revision, const Beat *beat)
{
        CLEANUP(blob_unrefp) Blob *head = speak_head(speaker, revision);
        Block block = {
                .head = head->bytes,
                .n_head = head->n_bytes,
                .reg_revision = speaker->reg_revision,
                .beat = beat,
        };
        Blob *frame;

        if (mail) {
                block.first = block.last = mail->last;
                block.previous = mail->previous;
                speak_letters(speaker, mail);
        }
        must(block_builder_seal(speaker->builder, &frame, topic, &block, &speaker->network,
                                speaker->broker));
        return frame;
}

/* A manifest, and the one chunk (if there is any entry) that it is about. */
static inline Blob *speak_answer(const Speaker *speaker, const char *topic, Audience level,
                                 const Mail *mail, uint64_t from, uint64_t to, Blob **ret_chunk)
{
        CLEANUP(blob_unrefp) Blob *head = speak_head(speaker, to);
        uint8_t digests[1][DIGEST_BYTES];
        Manifest manifest = {
                .head = head->bytes,
                .n_head = head->n_bytes,
                .topic = topic,
                .audience = level,
                .from = from,
                .to = to,
                .whole = mail->whole,
                .digests = digests,
                .n_entries = mail->entries.n,
                .reg_revision = speaker->reg_revision,
        };
        Blob *body;

        *ret_chunk = NULL;
        if (mail->entries.n) {
                speak_letters(speaker, mail);
                must(block_builder_chunk(speaker->builder, ret_chunk));
                digest_of(digests[0], (*ret_chunk)->bytes, (*ret_chunk)->n_bytes);
                manifest.n_digests = 1;
        }
        must(manifest_encode(&body, &manifest));
        return speak(speaker, ENVELOPE_MANIFEST, speaker->broker, body);
}
