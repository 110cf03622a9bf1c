#pragma once

/*
 * Envelope: a header, a signature, a body
 *
 *         0  magic "PLEK"
 *         4  version, 1
 *         5  kind
 *         6  zero, two bytes
 *         8  network id, 16 bytes
 *        24  key id, 8 bytes: a hint which key to try, nothing more
 *        32  signature, 64 bytes
 *        96  body: a protobuf message
 *
 * Signed is "plek.v1.<kind>", a zero byte, the header (32 bytes) and the body's bytes: never a
 * re-encoding, since protobuf has no canonical form. An envelope is stored and relayed as it came.
 */

#include <stdbool.h>
#include <stdint.h>

#include "internal/blob.h"
#include "wire/key.h"

enum {
        ENVELOPE_VERSION = 1,
        ENVELOPE_HEADER_BYTES = 32,
        ENVELOPE_OVERHEAD_BYTES = ENVELOPE_HEADER_BYTES + SIGNATURE_BYTES,
        NETWORK_BYTES = 16,
        DIGEST_BYTES = 32,

        /* The largest whole envelope of each kind is envelope_max_bytes(). */
        ENVELOPE_UPDATE_MAX_BYTES = 64 * 1024,
        ENVELOPE_CUT_MAX_BYTES = 1024,
        ENVELOPE_MAX_BYTES = 4 * 1024 * 1024,
};

typedef enum EnvelopeKind {
        ENVELOPE_UPDATE = 1,    /* plek.v1.update */
        ENVELOPE_BLOCK = 2,     /* plek.v1.block */
        ENVELOPE_ENROLMENT = 3, /* plek.v1.enrolment */
        ENVELOPE_CARD = 4,      /* plek.v1.card */
        ENVELOPE_HEAD = 5,      /* plek.v1.head */
        ENVELOPE_EPOCH = 6,     /* plek.v1.epoch */
        ENVELOPE_MANIFEST = 7,  /* plek.v1.manifest */
        ENVELOPE_CUT = 8,       /* plek.v1.cut */
        ENVELOPE_CALL = 9,      /* plek.v1.call */
} EnvelopeKind;

enum {
        ENVELOPE_OK,
        ENVELOPE_E_MALFORMED, /* magic, version, zero bytes, kind, or a length out of bounds */
        ENVELOPE_E_SIGNATURE,
};

typedef struct NetworkId {
        uint8_t bytes[NETWORK_BYTES];
} NetworkId;

/* What the header says; @body and @whole are borrowed from what was parsed. */
typedef struct Envelope {
        EnvelopeKind kind;
        NetworkId network;
        KeyId key_id;
        const uint8_t *whole;
        size_t n_whole;
        const uint8_t *body;
        size_t n_body;
} Envelope;

/* Looks at the header and the length only. Returns 0 or ENVELOPE_E_MALFORMED. */
MUST_CHECK int envelope_parse(Envelope *ret_envelope, const uint8_t *bytes, size_t n_bytes);

/* Whether @sign_key made the signature. Returns 0, ENVELOPE_E_SIGNATURE or -ENOMEM.
 * Thread-safe. */
MUST_CHECK int envelope_verify(const Envelope *envelope, const uint8_t sign_key[KEY_BYTES]);

/* Signs @body. Returns 0, -E2BIG or -ENOMEM. */
MUST_CHECK int envelope_sign(Blob **ret_blob, EnvelopeKind kind, const NetworkId *network,
                             const SecretKey *key, const uint8_t *body, size_t n_body);

/*
 * The same without a copy: writes header and signature in front of a body that is in place already.
 * @at has room for ENVELOPE_OVERHEAD_BYTES before its @n_body bytes.
 */
void envelope_seal(uint8_t *at, EnvelopeKind kind, const NetworkId *network, const SecretKey *key,
                   size_t n_body);

size_t envelope_max_bytes(EnvelopeKind kind);
const char *envelope_context(EnvelopeKind kind); /* NULL: no such kind */

/* BLAKE2b-256 of the whole envelope. */
void digest_of(uint8_t ret_digest[DIGEST_BYTES], const void *bytes, size_t n_bytes);

/* The id of a network: BLAKE2b-128 of "plek.v1.network", a zero byte, the authority's first
 * signing key and the network's name. */
NetworkId network_id_of(const char *name, const uint8_t authority[KEY_BYTES]);
