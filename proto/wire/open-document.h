#pragma once

/*
 * Open document: the public subset as a JSON file that the broker signs
 *
 * The file is one JSON object, and its last member is the signature of all that stands before it,
 * so that it is one file, replaced by one rename, and any reader of JSON can read it:
 *
 *         {"format":"plek-open-1", ... "records":[ ... ]
 *         ,"signature":"<128 hexadecimal digits>"}
 *
 * Signed is "plek.v1.open-document", a zero byte, and the file's bytes before the line of the
 * signature, its line feed excluded.
 */

#include "wire/key.h"

#define OPEN_DOCUMENT_CONTEXT "plek.v1.open-document"

enum {
        OPEN_DOCUMENT_OK,
        OPEN_DOCUMENT_E_MALFORMED, /* it does not end as it must */
        OPEN_DOCUMENT_E_SIGNATURE,

        OPEN_DOCUMENT_CONTEXT_BYTES = sizeof(OPEN_DOCUMENT_CONTEXT), /* with the zero byte */
        OPEN_DOCUMENT_TAIL_BYTES = 15 + 2 * SIGNATURE_BYTES + 3,
        OPEN_DOCUMENT_BYTES_MAX = 1024 * 1024 * 1024,
};

/* @signed_bytes begin with the context and its zero byte. The tail is no string. */
void open_document_sign(char ret_tail[OPEN_DOCUMENT_TAIL_BYTES], const SecretKey *key,
                        const void *signed_bytes, size_t n_signed);
/* A whole file against the signing half of a broker's key. Returns 0, OPEN_DOCUMENT_E_MALFORMED,
 * OPEN_DOCUMENT_E_SIGNATURE or -ENOMEM. */
MUST_CHECK int open_document_verify(const void *bytes, size_t n_bytes,
                                    const uint8_t sign_key[KEY_BYTES]);
