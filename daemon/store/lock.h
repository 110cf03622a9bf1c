#pragma once

/*
 * Lock: one plekd a directory
 *
 * An flock(2) on a file beside the data: it goes with the process, however that ends. LMDB by
 * itself would let two writers take turns, each with a picture of its own.
 */

#include <sys/types.h>

#include "internal/err.h"

/*
 * The lock's descriptor, or -1 where the disk is read-only and has no lock file: then nobody
 * writes. Returns 0, STORE_E_LOCKED (*ret_pid is the holder, 0 if it has not said), STORE_E_FULL or
 * -errno.
 */
MUST_CHECK int lock_take(int directory_fd, int *ret_fd, pid_t *ret_pid);

/* Tells whoever comes second who is here. A disk that has no room for it is no reason to stop. */
void lock_sign(int fd);
