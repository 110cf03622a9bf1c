/*
 * What is looked at before any signature: envelopes, frames, topics; and what people type in: keys
 */

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "wire/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static void try_topic(const uint8_t *bytes, size_t n_bytes)
{
        char text[TOPIC_MAX];
        Topic topic;

        if (topic_parse(&topic, (const char *)bytes, n_bytes))
                return;
        /* A topic has one way to be written. */
        assert(topic_format(&topic, text) == n_bytes);
        assert(!memcmp(text, bytes, n_bytes));
}

static void try_envelope(const uint8_t *bytes, size_t n_bytes)
{
        static const uint8_t key[KEY_BYTES] = { 9 };
        Envelope envelope;

        if (envelope_parse(&envelope, bytes, n_bytes))
                return;
        assert(envelope.n_body + ENVELOPE_OVERHEAD_BYTES == n_bytes);
        assert(n_bytes <= envelope_max_bytes(envelope.kind));
        assert(envelope_verify(&envelope, key) == ENVELOPE_E_SIGNATURE);
}

static void try_text(const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(freep) char *text = strndup((const char *)bytes, n_bytes);
        char again[KEY_TEXT_BYTES];
        PublicKey key, second;
        unsigned group;
        KeyId id;

        if (text && !public_key_parse(&key, text, &group)) {
                public_key_format(&key, again);
                assert(!public_key_parse(&second, again, NULL));
                assert(!memcmp(&key, &second, sizeof(key)));
        }
        (void)!key_id_parse(&id, text ? text : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
        Envelope envelope;
        Topic topic;

        if (sodium_init() < 0)
                return 0;
        try_topic(bytes, n_bytes);
        try_envelope(bytes, n_bytes);
        try_text(bytes, n_bytes);
        if (!block_frame_parse(&topic, &envelope, bytes, n_bytes))
                assert(envelope.kind == ENVELOPE_BLOCK);
        return 0;
}
