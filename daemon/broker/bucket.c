#include "broker/bucket.h"

#include "internal/cleanup.h"

enum { NS_PER_US = 1000 };

static void fill(Bucket *bucket, const BucketRate *rate, int64_t now_ns)
{
        int64_t full = (int64_t)rate->at_once * 1000;
        int64_t elapsed_us, n_milli;

        if (!bucket->filled_at_ns) {
                bucket->filled_at_ns = now_ns;
                bucket->n_milli = full;
                return;
        }

        elapsed_us = (now_ns - bucket->filled_at_ns) / NS_PER_US;
        /* More than this fills it from empty, and would overflow one day. */
        elapsed_us = MIN(elapsed_us, INT64_C(1000000) * 3600);
        n_milli = elapsed_us * rate->per_second / 1000;
        if (n_milli <= 0)
                return;

        bucket->n_milli += n_milli;
        /* Only the time that was made into something: the rest counts next time. */
        bucket->filled_at_ns += n_milli * 1000 * NS_PER_US / rate->per_second;
        if (bucket->n_milli >= full) {
                bucket->n_milli = full;
                bucket->filled_at_ns = now_ns;
        }
}

bool bucket_draw(Bucket *bucket, const BucketRate *rate, uint32_t n, int64_t now_ns)
{
        int64_t n_milli = (int64_t)n * 1000;

        if (bucket->n_milli < n_milli || !bucket->filled_at_ns)
                fill(bucket, rate, now_ns);
        if (bucket->n_milli < n_milli)
                return false;

        bucket->n_milli -= n_milli;
        return true;
}
