#pragma once

/*
 * Small files, read and replaced whole
 */

#include "internal/blob.h"

/* Returns 0, -E2BIG when it has more than @n_max bytes, or -errno. */
MUST_CHECK int file_load(Blob **ret_blob, const char *path, size_t n_max);
/* A reader sees the old one or the new one, also after a power cut. Returns 0 or -errno. */
MUST_CHECK int file_replace(const char *path, const void *bytes, size_t n_bytes);
