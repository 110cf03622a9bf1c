#pragma once

/*
 * Keep: copies of strings and arrays that live as long as an answer does
 *
 * What a picture says is decoded into memory that the next record overwrites, and a record's own
 * key goes when the record does. An answer keeps what it shows. Running out of memory is noticed
 * once, at the end: until then what was asked for is NULL.
 */

#include <stdbool.h>
#include <stddef.h>

#include "internal/err.h"

typedef struct Keep {
        struct KeepPiece *pieces; /* newest first */
        bool failed;
} Keep;

#define KEEP_NULL ((Keep){ 0 })

void keep_deinit(Keep *keep);
/* Zeroed and aligned for any type; NULL: out of memory, and failed. */
void *keep_alloc(Keep *keep, size_t n_elements, size_t n_bytes);
/* NULL stays NULL. */
const char *keep_text(Keep *keep, const char *text);
