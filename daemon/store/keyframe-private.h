#pragma once

/*
 * What keyframe.c and keyframe-restore.c share of a keyframe's form
 */

#include "store/keyframe.h"

enum {
        KEYFRAME_VERSION = 1,
        KEYFRAME_KEY_BYTES = 12,
        KEYFRAME_TOPICS_MAX = 2048, /* of a part: their bytes are bounded */
};

void keyframe_key(uint8_t key[KEYFRAME_KEY_BYTES], uint64_t revision, uint32_t part);
/* The store's codes as -errno. */
int keyframe_fold(int r);
