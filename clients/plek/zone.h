#pragma once

/*
 * Zone: what the clocks show elsewhere, for opening hours
 *
 * The C library is asked, which has one time zone for the whole process: for programs of one
 * thread.
 */

#include <stdbool.h>
#include <stdint.h>

/* A PlekClockFn; @arg is not used. False: this host knows no such zone. */
bool zone_minute(void *arg, const char *time_zone, int64_t at_ms, int *ret_minute);
