#include "wire/open-document.h"

#include <sodium.h>
#include <string.h>

static const char before[] = "\n,\"signature\":\"";
static const char after[] = "\"}\n";

static_assert(sizeof(before) - 1 + 2 * SIGNATURE_BYTES + sizeof(after) - 1 ==
                      OPEN_DOCUMENT_TAIL_BYTES,
              "the tail");

void open_document_sign(char ret_tail[OPEN_DOCUMENT_TAIL_BYTES], const SecretKey *key,
                        const void *signed_bytes, size_t n_signed)
{
        uint8_t signature[SIGNATURE_BYTES];
        char hex[2 * SIGNATURE_BYTES + 1];

        secret_key_sign(key, signed_bytes, n_signed, signature);
        sodium_bin2hex(hex, sizeof(hex), signature, sizeof(signature));
        memcpy(ret_tail, before, sizeof(before) - 1);
        memcpy(ret_tail + sizeof(before) - 1, hex, sizeof(hex) - 1);
        memcpy(ret_tail + sizeof(before) - 1 + sizeof(hex) - 1, after, sizeof(after) - 1);
}

/* The signature in the last bytes of a file; false: there is none. */
static bool read_tail(const char *tail, uint8_t ret_signature[SIGNATURE_BYTES])
{
        const char *hex = tail + sizeof(before) - 1;
        size_t n_read = 0;

        return !memcmp(tail, before, sizeof(before) - 1) &&
               !memcmp(hex + 2 * SIGNATURE_BYTES, after, sizeof(after) - 1) &&
               !sodium_hex2bin(ret_signature, SIGNATURE_BYTES, hex, 2 * SIGNATURE_BYTES, NULL,
                               &n_read, NULL) &&
               n_read == SIGNATURE_BYTES;
}

int open_document_verify(const void *bytes, size_t n_bytes, const uint8_t sign_key[KEY_BYTES])
{
        CLEANUP(freep) uint8_t *message = NULL;
        uint8_t signature[SIGNATURE_BYTES];
        size_t n_signed;

        if (n_bytes <= OPEN_DOCUMENT_TAIL_BYTES || n_bytes > OPEN_DOCUMENT_BYTES_MAX)
                return OPEN_DOCUMENT_E_MALFORMED;
        n_signed = n_bytes - OPEN_DOCUMENT_TAIL_BYTES;
        if (!read_tail((const char *)bytes + n_signed, signature))
                return OPEN_DOCUMENT_E_MALFORMED;

        message = malloc(OPEN_DOCUMENT_CONTEXT_BYTES + n_signed);
        if (!message)
                return err_raise(-ENOMEM);
        memcpy(message, OPEN_DOCUMENT_CONTEXT, OPEN_DOCUMENT_CONTEXT_BYTES);
        memcpy(message + OPEN_DOCUMENT_CONTEXT_BYTES, bytes, n_signed);
        return crypto_sign_verify_detached(signature, message,
                                           OPEN_DOCUMENT_CONTEXT_BYTES + n_signed, sign_key)
                       ? OPEN_DOCUMENT_E_SIGNATURE
                       : OPEN_DOCUMENT_OK;
}
