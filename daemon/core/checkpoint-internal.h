#pragma once

/*
 * What the two parts of reading a checkpoint back share
 */

#include "core/state-internal.h"

/* A result of row_to_*() as ours: 0, -EBADMSG or -EPROTO. */
MUST_CHECK int checkpoint_row_result(int r);
/* Makes it if there is none. Returns 0, -EBADMSG or -ENOMEM. */
MUST_CHECK int checkpoint_find_topic(State *state, const char *text, size_t n_text,
                                     PictureTopic **ret_topic);
/* A row of the records, which is laid aside. Returns as state_restore_row(). */
MUST_CHECK int checkpoint_restore_record(State *state, const uint8_t *key, size_t n_key,
                                         const uint8_t *value, size_t n_value);
