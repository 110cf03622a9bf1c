#pragma once

/*
 * Bucket: so much a second, and so much at once
 *
 * Pure: the time is given. Counts in thousandths, so that a slow rate loses nothing to rounding.
 */

#include <stdbool.h>
#include <stdint.h>

typedef struct Bucket {
        int64_t filled_at_ns; /* 0: full, never drawn from */
        int64_t n_milli;
} Bucket;

typedef struct BucketRate {
        uint32_t per_second;
        uint32_t at_once;
} BucketRate;

/* Draws @n, or nothing and false. */
bool bucket_draw(Bucket *bucket, const BucketRate *rate, uint32_t n, int64_t now_ns);
