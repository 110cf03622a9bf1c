/*
 * What the broker signed and sent, checked once for all who are given the same bytes
 */

#include <string.h>

#include <sodium.h>

#include "resync.h"

const char *const topics[N_TOPICS] = { "reg/", "pic/oost/status/", "pic/oost/counts/" };

static bool was_checked(const Checked *checked, Bytes bytes)
{
        return checked->bytes && checked->n_bytes == bytes.n_bytes &&
               memcmp(checked->bytes, bytes.bytes, bytes.n_bytes) == 0;
}

static void remember(Checked *checked, Bytes bytes)
{
        free(checked->bytes);
        checked->bytes = malloc(MAX(bytes.n_bytes, 1));
        if (!checked->bytes)
                give_up("no memory");
        memcpy(checked->bytes, bytes.bytes, bytes.n_bytes);
        checked->n_bytes = bytes.n_bytes;
}

static void forget(Checked *checked)
{
        free(checked->bytes);
        *checked = (Checked){ 0 };
}

Envelope resync_open(Crew *crew, Checked *checked, Bytes bytes, EnvelopeKind kind)
{
        Envelope envelope;

        if (envelope_parse(&envelope, bytes.bytes, bytes.n_bytes) || envelope.kind != kind)
                give_up("an envelope is not one");
        if (was_checked(checked, bytes))
                return envelope;
        if (envelope_verify(&envelope, secret_key_public(crew->broker->key)->sign))
                give_up("a signature is not the broker's");
        remember(checked, bytes);
        return envelope;
}

void resync_check_manifest(Crew *crew, size_t number, Bytes bytes)
{
        Answered *answer = &crew->answers[number];
        Manifest manifest;
        Envelope envelope;

        if (was_checked(&answer->manifest, bytes))
                return;
        if (answer->manifest.bytes)
                give_up("two answers to one question about %s", topics[number]);
        envelope = resync_open(crew, &answer->manifest, bytes, ENVELOPE_MANIFEST);
        if (manifest_decode(&manifest, crew->arena, envelope.body, envelope.n_body) ||
            strcmp(manifest.topic, topics[number]) != 0 || manifest.n_digests > CHUNKS_MAX)
                give_up("a manifest is not one of %s", topics[number]);
        memcpy(answer->digests, manifest.digests, manifest.n_digests * DIGEST_BYTES);
        answer->n_chunks = (uint32_t)manifest.n_digests;
        answer->n_entries = manifest.n_entries;
        answer->to = manifest.to;
        answer->is_whole = manifest.whole;
}

void resync_check_chunk(Crew *crew, Answered *answer, uint32_t index, Bytes body)
{
        uint8_t digest[DIGEST_BYTES];
        ChunkBody chunk;

        if (was_checked(&answer->chunks[index], body))
                return;
        crypto_generichash(digest, sizeof(digest), body.bytes, body.n_bytes, NULL, 0);
        if (memcmp(digest, answer->digests[index], DIGEST_BYTES) != 0 ||
            chunk_body_decode(&chunk, crew->arena, body.bytes, body.n_bytes))
                give_up("a chunk is not the manifest's");
        answer->n_entries_found += chunk.n_entries;
        remember(&answer->chunks[index], body);
}

void resync_forget(Crew *crew)
{
        forget(&crew->epoch);
        forget(&crew->head);
        for (size_t i = 0; i < N_TOPICS; i++) {
                forget(&crew->answers[i].manifest);
                for (size_t j = 0; j < CHUNKS_MAX; j++)
                        forget(&crew->answers[i].chunks[j]);
                crew->answers[i] = (Answered){ 0 };
        }
        crew->n_in_sync = crew->n_lost = 0;
        crew->n_chunk_bytes = 0;
}
