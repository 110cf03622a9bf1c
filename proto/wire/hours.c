#include "wire/hours.h"

#include <string.h>

typedef struct HoursReader {
        const char *at;
        const char *why;
} HoursReader;

static int unreadable(HoursReader *reader, const char *why)
{
        reader->why = why;
        return HOURS_E_UNREADABLE;
}

static void skip_spaces(HoursReader *reader)
{
        while (*reader->at == ' ')
                reader->at++;
}

static bool take(HoursReader *reader, char wanted)
{
        skip_spaces(reader);
        if (*reader->at != wanted)
                return false;
        reader->at++;
        return true;
}

/* 0 for Monday; -1: not a day. */
static int take_day(HoursReader *reader)
{
        static const char days[7][3] = { "Mo", "Tu", "We", "Th", "Fr", "Sa", "Su" };

        skip_spaces(reader);
        for (int day = 0; day < 7; day++)
                if (!strncmp(reader->at, days[day], 2)) {
                        reader->at += 2;
                        return day;
                }
        return -1;
}

/* "Mo-Fr,Su" as a bit a day; "Fr-Mo" goes round. */
static int take_days(HoursReader *reader, unsigned *ret_days)
{
        unsigned days = 0;

        do {
                int first = take_day(reader), last = first;

                if (first >= 0 && take(reader, '-'))
                        last = take_day(reader);
                if (first < 0 || last < 0)
                        return unreadable(reader, "days are Mo, Tu, We, Th, Fr, Sa, Su");
                for (int day = first;; day = (day + 1) % 7) {
                        days |= 1u << day;
                        if (day == last)
                                break;
                }
        } while (take(reader, ','));
        *ret_days = days;
        return 0;
}

static bool take_two_digits(HoursReader *reader, int most, int *ret_number)
{
        const char *at = reader->at;

        if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
                return false;
        *ret_number = (at[0] - '0') * 10 + at[1] - '0';
        reader->at += 2;
        return *ret_number <= most;
}

static int take_time(HoursReader *reader, int *ret_minute)
{
        int hour, minute;

        skip_spaces(reader);
        if (!take_two_digits(reader, 24, &hour) || *reader->at++ != ':' ||
            !take_two_digits(reader, 59, &minute) || hour * 60 + minute > MINUTES_A_DAY)
                return unreadable(reader, "a time is 00:00 to 24:00");
        *ret_minute = hour * 60 + minute;
        return 0;
}

static int add_span(HoursReader *reader, Hours *hours, unsigned days, int from, int to)
{
        if (from == to || from == MINUTES_A_DAY)
                return unreadable(reader, "a span has a begin and another end; a whole day is "
                                          "00:00-24:00");
        for (int day = 0; day < 7; day++) {
                if (!(days & 1u << day))
                        continue;
                if (hours->n_spans == HOURS_SPANS_MAX)
                        return unreadable(reader, "more than 84 spans in a week");
                hours->spans[hours->n_spans++] = (HoursSpan){
                        .from = day * MINUTES_A_DAY + from,
                        .to = day * MINUTES_A_DAY + to + (to < from ? MINUTES_A_DAY : 0),
                };
        }
        return 0;
}

/* "Mo-Fr 08:00-12:00,13:00-17:00" */
static int take_rule(HoursReader *reader, Hours *hours)
{
        unsigned days;
        int from, to, r;

        r = take_days(reader, &days);
        if (r)
                return r;
        do {
                r = take_time(reader, &from);
                if (r)
                        return r;
                if (!take(reader, '-'))
                        return unreadable(reader, "a span is FROM-TO, as in 08:00-17:00");
                r = take_time(reader, &to);
                if (!r)
                        r = add_span(reader, hours, days, from, to);
                if (r)
                        return r;
        } while (take(reader, ','));
        return 0;
}

static int take_hours(HoursReader *reader, Hours *hours)
{
        int r;

        if (!strcmp(reader->at, "24/7"))
                return add_span(reader, hours, 0x7f, 0, MINUTES_A_DAY);

        do {
                r = take_rule(reader, hours);
                if (r)
                        return r;
        } while (take(reader, ';'));
        skip_spaces(reader);
        return *reader->at ? unreadable(reader, "rules are separated by ;") : 0;
}

int hours_parse(Hours *ret_hours, const char *text, const char **ret_at, const char **ret_why)
{
        HoursReader reader = { .at = text };
        Hours hours = { .n_spans = 0 };
        int r;

        r = strlen(text) > HOURS_TEXT_MAX ? unreadable(&reader, "longer than 256 bytes")
                                          : take_hours(&reader, &hours);
        if (r) {
                *ret_at = reader.at;
                *ret_why = reader.why;
                return r;
        }
        *ret_hours = hours;
        return 0;
}

static int within_week(int minute)
{
        return (minute % MINUTES_A_WEEK + MINUTES_A_WEEK) % MINUTES_A_WEEK;
}

bool hours_are_open(const Hours *hours, int minute)
{
        int at = within_week(minute);

        for (size_t i = 0; i < hours->n_spans; i++) {
                const HoursSpan *span = &hours->spans[i];

                if ((at >= span->from && at < span->to) || at + MINUTES_A_WEEK < span->to)
                        return true;
        }
        return false;
}

/* It can only change where some span begins or ends. */
int hours_until_change(const Hours *hours, int minute)
{
        bool is_open = hours_are_open(hours, minute);
        int soonest = -1;

        for (size_t i = 0; i < 2 * hours->n_spans; i++) {
                const HoursSpan *span = &hours->spans[i / 2];
                int wait = within_week((i % 2 ? span->to : span->from) - within_week(minute));

                if (wait && (soonest < 0 || wait < soonest) &&
                    hours_are_open(hours, minute % MINUTES_A_WEEK + wait) != is_open)
                        soonest = wait;
        }
        return soonest;
}
