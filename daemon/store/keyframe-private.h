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
/* One part, copied, without its version. Returns 0, STORE_E_NONE (there are no more), or as the
 * store does. */
MUST_CHECK int keyframe_read_part(Environment *environment, uint64_t revision, uint32_t part,
                                  Blob **ret_part);
/* Where the records of a part begin. Returns 0 or -EBADMSG. */
MUST_CHECK int keyframe_read_topics(const Blob *part, const char *topics[KEYFRAME_TOPICS_MAX],
                                    size_t *ret_n, const uint8_t **ret_at);
/* The store's codes as -errno. */
int keyframe_fold(int r);
