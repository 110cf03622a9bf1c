#pragma once

/*
 * Clock: the broker's time, as learnt by round trips, on our monotonic clock
 *
 * Pure: both clocks are given. Microseconds.
 */

#include <stdbool.h>
#include <stdint.h>

typedef struct Clock {
        bool is_known;
        int64_t offset_us;      /* broker's time less our monotonic time */
        int64_t uncertainty_us; /* when learnt: half the round trip */
        int64_t learnt_us;      /* our time at which it was */
} Clock;

/*
 * A round trip: sent at @sent_us and answered at @received_us of our clock with the broker's
 * @time_us. One that tells less than what is known (it took longer, and agrees with it) is not
 * taken. Returns whether it was.
 */
bool clock_learn(Clock *clock, int64_t sent_us, int64_t received_us, int64_t time_us);

/* The broker's time at @now_us of ours; -1: not known. */
int64_t clock_us(const Clock *clock, int64_t now_us);
int64_t clock_ms(const Clock *clock, int64_t now_us);

/* CLOCK_BOOTTIME: monotonic, and does not stand still while a laptop sleeps. */
int64_t monotonic_us(void);
