#pragma once

/*
 * What LMDB and the disk answer, as the store's own codes
 */

#include "internal/cleanup.h"

enum {
        STORE_OK,
        STORE_E_NONE, /* no such row */
        STORE_E_GROW, /* the map is too small: grow it and do the whole transaction again */
        STORE_E_FULL, /* no room on the disk, or it takes no writes at the moment */
        STORE_E_IO,   /* EIO: a full disk or a broken one, which environment_judge() tells apart */
        STORE_E_BROKEN,  /* the environment is poisoned */
        STORE_E_DAMAGED, /* a page or a row is not what was written */
        STORE_E_NEWER,   /* written by a version that is newer than this one */
        STORE_E_LOCKED,  /* another plekd has it */
};

/* @rc is LMDB's, or an errno above zero. Returns 0, one of the above or -errno. */
int store_error(int rc);

/* A sentence for the operator, in memory of the calling thread until its next one. */
PRINTF(1, 2) const char *store_text(const char *format, ...);
