#pragma once

/*
 * Hours: when a location is open in a week, as its card or an offering says
 *
 *         Mo-Fr 08:00-17:00; Sa 09:00-12:00
 *         Mo-Fr 17:00-08:00; Sa,Su 00:00-24:00
 *         24/7
 *
 * A subset of OpenStreetMap's opening_hours: rules of days and spans, which add up. A span that
 * ends before it begins runs into the next day; 24:00 is the end of a day. What is an exception to
 * the week, such as a holiday, is announced as a plan.
 *
 * Hours are read off the wall clock of the location. What its clock shows is the caller's to know,
 * so that nothing here depends on time zones: on the night that clocks go back, 02:30 comes twice
 * and is twice as the hours say; an hour that is skipped is not there at all.
 */

#include <stdbool.h>
#include <stddef.h>

#include "internal/err.h"

enum {
        HOURS_TEXT_MAX = 256,
        HOURS_SPANS_MAX = 84,
        MINUTES_A_DAY = 24 * 60,
        MINUTES_A_WEEK = 7 * MINUTES_A_DAY,
};

/* In minutes since Monday 00:00; from is within the week, to may be up to a day past its end. */
typedef struct HoursSpan {
        int from, to;
} HoursSpan;

typedef struct Hours {
        HoursSpan spans[HOURS_SPANS_MAX];
        size_t n_spans;
} Hours;

enum {
        HOURS_OK,
        HOURS_E_UNREADABLE, /* *ret_at is where, *ret_why a sentence about it; both static or
                               @text's */
};

MUST_CHECK int hours_parse(Hours *ret_hours, const char *text, const char **ret_at,
                           const char **ret_why);

/* @minute: of the week, 0 is Monday 00:00; any number is taken modulo a week. */
bool hours_are_open(const Hours *hours, int minute);
/* Minutes until that is different, by the wall clock; -1: never. */
int hours_until_change(const Hours *hours, int minute);
