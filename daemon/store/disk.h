#pragma once

/*
 * Disk: is there room?
 *
 * A full disk often arrives as EIO: LMDB calls a short write one. What it was can be told only by
 * looking: is there room by the file system's word, and can it be written?
 */

#include <stddef.h>
#include <stdint.h>

#include "internal/err.h"

/* Writes @n_bytes to a file without a name in @directory_fd, syncs and forgets them. Returns 0,
 * STORE_E_FULL, STORE_E_IO or -errno. */
MUST_CHECK int disk_probe(int directory_fd, size_t n_bytes);

/* What an unprivileged process may still write; 0 if that cannot be known. */
uint64_t disk_free_bytes(int directory_fd);
