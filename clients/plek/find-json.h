#pragma once

#include <jansson.h>

#include "plek/plek.h"

typedef struct FindDoubt {
        uint32_t doubt; /* PLEK_DOUBT_* */
        const char *name, *text;
} FindDoubt;

typedef struct FindLeftOut {
        const char *name, *text;
} FindLeftOut;

/* In JSON and, through word(), for people. */
extern const char *const find_rank_words[]; /* by PlekFindRank */
extern const FindDoubt find_doubts[];       /* the last has no name */
extern const FindLeftOut find_left_out[];   /* by PlekFindLeftOut */

/* @status: what was asked about, 0: ACTUAL; @n: its place in the order. */
json_t *found_to_json(const PlekFound *found, PlekStatus status, size_t n);
