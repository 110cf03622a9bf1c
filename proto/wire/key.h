#pragma once

/*
 * Keys: one secret of 32 bytes a party, two key pairs derived from it
 *
 * crypto_kdf with context "plek-key" gives subkey 1, the seed of the Ed25519 pair that signs, and
 * subkey 2, the secret of the Curve25519 pair for CURVE: never one key for both. The public part
 * is one line that can be read over the phone:
 *
 *         plek1-xxxxxxxx-xxxxxxxx-...
 *
 * Crockford's base 32 without look-alikes (0-9 a-z less i l o u), fifteen groups of seven and a
 * check character for the group and its place, so that a slip is found in its own group.
 * PROTOCOL.md has the details and a test vector.
 */

#include <stdbool.h>
#include <stdint.h>

#include "internal/err.h"

enum {
        KEY_BYTES = 32,
        KEY_ID_BYTES = 8,
        KEY_TEXT_BYTES = 160,    /* room for a public key as text, with its NUL */
        KEY_ID_TEXT_BYTES = 17,
        SIGNATURE_BYTES = 64,
};

enum {
        KEY_OK,
        KEY_E_TEXT,  /* not a key's text; *ret_group says which group (from 1), 0: as a whole */
        KEY_E_UNFIT, /* not a point of the main subgroup, or all zero */
        KEY_E_MODE,  /* a secret's file that others may read */
};

typedef struct SecretKey SecretKey; /* in sodium_malloc() memory; cannot be printed */

typedef struct PublicKey {
        uint8_t sign[KEY_BYTES];
        uint8_t transport[KEY_BYTES];
} PublicKey;

typedef struct KeyId {
        uint8_t bytes[KEY_ID_BYTES];
} KeyId;

/* A new random one. sodium_init() must have been called. Returns 0 or -ENOMEM. */
MUST_CHECK int secret_key_new(SecretKey **ret_key);
/* From a file of one line, mode 0600 or stricter (a systemd credential is 0400). Returns 0,
 * KEY_E_TEXT, KEY_E_MODE or -errno. */
MUST_CHECK int secret_key_load(SecretKey **ret_key, const char *path);
/* Creates @path with mode 0600, synced; never overwrites (-EEXIST). */
MUST_CHECK int secret_key_save(const SecretKey *key, const char *path);
/* For tests and vectors. */
MUST_CHECK int secret_key_from_bytes(SecretKey **ret_key, const uint8_t bytes[KEY_BYTES]);
SecretKey *secret_key_free(SecretKey *key);
DEFINE_FREEP(SecretKey, secret_key_free);

const PublicKey *secret_key_public(const SecretKey *key);
/* The CURVE secret, for zmq_setsockopt() only; borrowed. */
const uint8_t *secret_key_transport(const SecretKey *key);
void secret_key_sign(const SecretKey *key, const void *bytes, size_t n_bytes,
                     uint8_t ret_signature[SIGNATURE_BYTES]);
/* A secret of 32 bytes for @purpose (at most 8 characters), derived: never the key itself. */
void secret_key_derive(const SecretKey *key, const char *purpose, uint8_t ret_bytes[KEY_BYTES]);

void public_key_format(const PublicKey *key, char ret_text[KEY_TEXT_BYTES]);
/* Returns 0, KEY_E_TEXT or KEY_E_UNFIT. Upper case, spaces and look-alikes (O for 0, I and L for
 * 1) are taken for what was meant. @ret_group may be NULL. */
MUST_CHECK int public_key_parse(PublicKey *ret_key, const char *text, unsigned *ret_group);
/* Whether both halves are fit for use (P24: a mixed-order point passes verification). */
bool public_key_is_fit(const PublicKey *key);

/* The first eight bytes of BLAKE2b-256 of a public key: of its signing half, or its transport. */
KeyId key_id_of(const uint8_t public_key[KEY_BYTES]);
void key_id_format(KeyId id, char ret_text[KEY_ID_TEXT_BYTES]);
MUST_CHECK int key_id_parse(KeyId *ret_id, const char *text); /* 0 or KEY_E_TEXT */
