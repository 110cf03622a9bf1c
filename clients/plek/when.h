#pragma once

/*
 * Times and durations as people write them
 */

#include <stdint.h>

#include "internal/err.h"
#include "wire/codes.h"

/*
 * "now", "+2h", "2h" and "-15min" from @now_ms, "18:00" and "fri 18:00" or "vr 18:00" (the next
 * one), "yesterday" and "tomorrow 18:00" (or in Dutch), "2026-11-22", "2026-11-22 18:00",
 * "2026-11-22T18:00:00Z". Local time unless it ends in Z.
 * Returns 0 or -EINVAL; so is 30 February, and the hour that spring leaves out.
 */
MUST_CHECK int when_parse(int64_t *ret_ms, const char *text, int64_t now_ms);

/* The same of the past: "03:12" and "fri 18:00" are the last ones, and a duration is how long ago.
 */
MUST_CHECK int when_parse_past(int64_t *ret_ms, const char *text, int64_t now_ms);

/* A day after @ms, which @text said: when clocks here show the same again, 23 hours later in spring
 * and 25 in autumn; 24 of what ends in Z. */
int64_t when_day_after(int64_t ms, const char *text);

/* "2026Q3", "this" or "last" as seen from @now_ms: when that quarter begins and ends, local time.
 * Returns 0 or -EINVAL. */
MUST_CHECK int quarter_parse(int64_t *ret_from_ms, int64_t *ret_to_ms, const char *text,
                             int64_t now_ms);

/* "30s", "15 min", "6h", "14d", "2w", "1y". Returns 0 or -EINVAL. */
MUST_CHECK int duration_parse(int64_t *ret_ms, const char *text);

enum { WHEN_TEXT_BYTES = 32, DURATION_TEXT_BYTES = 32 };

/* "2026-11-22 18:00", local; with its zone in the hour that autumn has twice. */
void when_format(int64_t ms, char ret_text[WHEN_TEXT_BYTES]);
/* The same; today only "18:00". */
void when_format_near(int64_t ms, char ret_text[WHEN_TEXT_BYTES]);
/* The same; within the six days to come "Fri 18:00", or in Dutch "vr 18:00". */
void when_format_soon(int64_t ms, Language language, char ret_text[WHEN_TEXT_BYTES]);
/* The two largest units at most: "12 s", "4 min", "3 h 05", "2 d". */
void duration_format(int64_t ms, char ret_text[DURATION_TEXT_BYTES]);

/* This host's clock. */
int64_t wall_clock_ms(void);
/* For how long to wait: nobody sets this one. */
int64_t steady_clock_ms(void);
