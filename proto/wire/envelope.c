/*
 * What is signed is not what lies there in one piece: between header and body stands the signature.
 * Its 64 bytes are just enough to hold the context, the zero byte and a copy of the header, so
 * sealing writes these into the signature's place, right before the body, signs in place and puts
 * the signature over them. Verifying may not write into bytes that others read and copies instead.
 */

#include <sodium.h>
#include <string.h>

#include "internal/endian.h"
#include "wire/envelope.h"

enum {
        CONTEXT_MAX = SIGNATURE_BYTES - ENVELOPE_HEADER_BYTES, /* with its zero byte */
        VERIFY_STACK_BYTES = 8 * 1024,
};

typedef struct KindInfo {
        const char *context;
        size_t max_bytes;
} KindInfo;

static const KindInfo kinds[] = {
        [ENVELOPE_UPDATE] = { "plek.v1.update", ENVELOPE_UPDATE_MAX_BYTES },
        [ENVELOPE_BLOCK] = { "plek.v1.block", 256 * 1024 },
        [ENVELOPE_ENROLMENT] = { "plek.v1.enrolment", 240 * 1024 },
        [ENVELOPE_CARD] = { "plek.v1.card", 64 * 1024 },
        [ENVELOPE_HEAD] = { "plek.v1.head", 1024 },
        [ENVELOPE_EPOCH] = { "plek.v1.epoch", 1024 },
        [ENVELOPE_MANIFEST] = { "plek.v1.manifest", ENVELOPE_MAX_BYTES },
        [ENVELOPE_CUT] = { "plek.v1.cut", ENVELOPE_CUT_MAX_BYTES },
        [ENVELOPE_CALL] = { "plek.v1.call", 4096 },
};

static const uint8_t magic[4] = { 'P', 'L', 'E', 'K' };

static const KindInfo *kind_info(EnvelopeKind kind)
{
        if ((size_t)kind >= N_ELEMENTS(kinds) || !kinds[kind].context)
                return NULL;
        return &kinds[kind];
}

size_t envelope_max_bytes(EnvelopeKind kind)
{
        const KindInfo *info = kind_info(kind);

        return info ? info->max_bytes : 0;
}

const char *envelope_context(EnvelopeKind kind)
{
        const KindInfo *info = kind_info(kind);

        return info ? info->context : NULL;
}

int envelope_parse(Envelope *ret_envelope, const uint8_t *bytes, size_t n_bytes)
{
        const KindInfo *info;

        if (n_bytes < ENVELOPE_OVERHEAD_BYTES || memcmp(bytes, magic, sizeof(magic)) ||
            bytes[4] != ENVELOPE_VERSION || be16_get(bytes + 6))
                return ENVELOPE_E_MALFORMED;

        info = kind_info(bytes[5]);
        if (!info || n_bytes > info->max_bytes)
                return ENVELOPE_E_MALFORMED;

        ret_envelope->kind = bytes[5];
        memcpy(ret_envelope->network.bytes, bytes + 8, NETWORK_BYTES);
        memcpy(ret_envelope->key_id.bytes, bytes + 24, KEY_ID_BYTES);
        ret_envelope->whole = bytes;
        ret_envelope->n_whole = n_bytes;
        ret_envelope->body = bytes + ENVELOPE_OVERHEAD_BYTES;
        ret_envelope->n_body = n_bytes - ENVELOPE_OVERHEAD_BYTES;
        return 0;
}

/* Writes context, zero byte and header at @at. Returns their length, at most SIGNATURE_BYTES. */
static size_t put_prefix(uint8_t *at, EnvelopeKind kind,
                         const uint8_t header[ENVELOPE_HEADER_BYTES])
{
        const char *context = envelope_context(kind);
        size_t n_context = strlen(context) + 1;

        assert(n_context <= CONTEXT_MAX);
        memcpy(at, context, n_context);
        memcpy(at + n_context, header, ENVELOPE_HEADER_BYTES);
        return n_context + ENVELOPE_HEADER_BYTES;
}

int envelope_verify(const Envelope *envelope, const uint8_t sign_key[KEY_BYTES])
{
        CLEANUP(freep) uint8_t *large = NULL;
        uint8_t small[VERIFY_STACK_BYTES], *message = small;
        size_t n_message;

        if (envelope->n_body > sizeof(small) - SIGNATURE_BYTES) {
                message = large = malloc(SIGNATURE_BYTES + envelope->n_body);
                if (!large)
                        return err_raise(-ENOMEM);
        }

        n_message = put_prefix(message, envelope->kind, envelope->whole);
        memcpy(message + n_message, envelope->body, envelope->n_body);
        n_message += envelope->n_body;

        if (crypto_sign_verify_detached(envelope->whole + ENVELOPE_HEADER_BYTES, message, n_message,
                                        sign_key))
                return ENVELOPE_E_SIGNATURE;
        return 0;
}

void envelope_seal(uint8_t *at, EnvelopeKind kind, const NetworkId *network, const SecretKey *key,
                   size_t n_body)
{
        uint8_t prefix[SIGNATURE_BYTES], signature[SIGNATURE_BYTES], *body, *message;
        KeyId key_id = key_id_of(secret_key_public(key)->sign);
        size_t n_prefix;

        memcpy(at, magic, sizeof(magic));
        at[4] = ENVELOPE_VERSION;
        at[5] = (uint8_t)kind;
        be16_put(at + 6, 0);
        memcpy(at + 8, network->bytes, NETWORK_BYTES);
        memcpy(at + 24, key_id.bytes, KEY_ID_BYTES);

        body = at + ENVELOPE_OVERHEAD_BYTES;
        n_prefix = put_prefix(prefix, kind, at);
        message = body - n_prefix;
        memcpy(message, prefix, n_prefix);
        secret_key_sign(key, message, n_prefix + n_body, signature);
        memcpy(at + ENVELOPE_HEADER_BYTES, signature, SIGNATURE_BYTES);
}

int envelope_sign(Blob **ret_blob, EnvelopeKind kind, const NetworkId *network,
                  const SecretKey *key, const uint8_t *body, size_t n_body)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        int r;

        if (n_body > envelope_max_bytes(kind) ||
            envelope_max_bytes(kind) - n_body < ENVELOPE_OVERHEAD_BYTES)
                return err_raise(-E2BIG);

        r = blob_new(&blob, ENVELOPE_OVERHEAD_BYTES + n_body);
        if (r)
                return r;

        if (n_body)
                memcpy(blob->bytes + ENVELOPE_OVERHEAD_BYTES, body, n_body);
        envelope_seal(blob->bytes, kind, network, key, n_body);
        *ret_blob = STEAL(blob);
        return 0;
}

void digest_of(uint8_t ret_digest[DIGEST_BYTES], const void *bytes, size_t n_bytes)
{
        crypto_generichash(ret_digest, DIGEST_BYTES, bytes, n_bytes, NULL, 0);
}

NetworkId network_id_of(const char *name, const uint8_t authority[KEY_BYTES])
{
        static const char context[] = "plek.v1.network"; /* its NUL is the zero byte */
        crypto_generichash_state state;
        NetworkId id;

        crypto_generichash_init(&state, NULL, 0, sizeof(id.bytes));
        crypto_generichash_update(&state, (const uint8_t *)context, sizeof(context));
        crypto_generichash_update(&state, authority, KEY_BYTES);
        crypto_generichash_update(&state, (const uint8_t *)name, strlen(name));
        crypto_generichash_final(&state, id.bytes, sizeof(id.bytes));
        return id;
}
