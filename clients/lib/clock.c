#include "lib/clock.h"

#include <time.h>

/*
 * Two clocks drift apart, so what was learnt becomes less certain with its age, and a longer round
 * trip than the first is worth taking in the end. One that contradicts what is known is always
 * taken: the broker's clock was set.
 */

enum {
        DRIFT_PPM = 100,
};

bool clock_learn(Clock *clock, int64_t sent_us, int64_t received_us, int64_t time_us)
{
        int64_t uncertainty_us = (received_us - sent_us) / 2;
        int64_t offset_us = time_us - (sent_us + uncertainty_us);
        int64_t known_us, apart_us;

        if (received_us < sent_us)
                return false;

        if (clock->is_known) {
                known_us = clock->uncertainty_us +
                           (received_us - clock->learnt_us) / (1000 * 1000) * DRIFT_PPM;
                apart_us = offset_us - clock->offset_us;
                if (apart_us < 0)
                        apart_us = -apart_us;
                if (uncertainty_us > known_us && apart_us <= uncertainty_us + known_us)
                        return false;
        }

        *clock = (Clock){
                .is_known = true,
                .offset_us = offset_us,
                .uncertainty_us = uncertainty_us,
                .learnt_us = received_us,
        };
        return true;
}

int64_t clock_us(const Clock *clock, int64_t now_us)
{
        return clock->is_known ? now_us + clock->offset_us : -1;
}

int64_t clock_ms(const Clock *clock, int64_t now_us)
{
        return clock->is_known ? (now_us + clock->offset_us) / 1000 : -1;
}

int64_t monotonic_us(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_BOOTTIME, &now);
        return (int64_t)now.tv_sec * 1000 * 1000 + now.tv_nsec / 1000;
}
