#pragma once

/*
 * Files that commands read and write: each failure is said with what to do about it
 */

#include "command.h"
#include "wire/envelope.h"

/* Returns an Exit; what was wrong has been said. */
MUST_CHECK int load_key(SecretKey **ret_key, const char *path);
/* A whole file, at most @max_bytes. */
MUST_CHECK int load_file(Blob **ret_blob, const char *path, size_t max_bytes);
/* Through a temporary file and a rename, synced: all of it or nothing. */
MUST_CHECK int save_file(const char *path, const uint8_t *bytes, size_t n_bytes);
/* A public key as text; says which group is wrong. */
MUST_CHECK int read_public_key(PublicKey *ret_key, const char *text);
