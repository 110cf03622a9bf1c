#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "when.h"

static const struct {
        const char *name;
        int64_t ms;
} units[] = {
        { "ms", 1 },
        { "s", 1000 },
        { "m", 60 * 1000 },
        { "min", 60 * 1000 },
        { "h", 3600 * 1000 },
        { "d", 24 * 3600 * 1000 },
        { "w", 7LL * 24 * 3600 * 1000 },
        { "y", 366LL * 24 * 3600 * 1000 },
};

int duration_parse(int64_t *ret_ms, const char *text)
{
        char *end;
        long long number;

        errno = 0;
        number = strtoll(text, &end, 10);
        if (errno || end == text || number < 0)
                return -EINVAL;

        end += strspn(end, " ");
        for (size_t i = 0; i < N_ELEMENTS(units); i++)
                if (!strcmp(end, units[i].name))
                        return __builtin_mul_overflow(number, units[i].ms, ret_ms) ? -EINVAL : 0;
        return -EINVAL;
}

/* "18:00", to the end of @text. */
static bool hour_parse(const char *text, int *ret_hour, int *ret_minute)
{
        int n = 0;

        return sscanf(text, "%2d:%2d%n", ret_hour, ret_minute, &n) == 2 && !text[n] &&
               *ret_hour >= 0 && *ret_hour < 24 && *ret_minute >= 0 && *ret_minute < 60;
}

/*
 * When a clock here shows @hour:@minute next after @now_ms, or last until then if @is_past, on
 * @today or a day that is a multiple of @step days away from it. In autumn an hour is there twice,
 * and both count; one that spring leaves out is not there at all.
 */
static int pick(int64_t *ret_ms, const struct tm *today, int step, int hour, int minute,
                int64_t now_ms, bool is_past)
{
        bool found = false;

        for (int nth = 0; nth < 2 * 5; nth++) {
                struct tm at = { .tm_year = today->tm_year,
                                 .tm_mon = today->tm_mon,
                                 .tm_mday = today->tm_mday + (nth / 2 - 2) * step,
                                 .tm_hour = hour,
                                 .tm_min = minute,
                                 .tm_isdst = nth % 2 };
                int64_t ms = (int64_t)mktime(&at) * 1000;

                if (at.tm_hour != hour || at.tm_min != minute ||
                    (is_past ? ms > now_ms : ms <= now_ms) ||
                    (found && (is_past ? ms <= *ret_ms : ms >= *ret_ms)))
                        continue;
                *ret_ms = ms;
                found = true;
        }
        return found ? 0 : -EINVAL;
}

/* A clock time without a date: "06:00" said at night means this morning. */
static int clock_parse(int64_t *ret_ms, const char *text, int64_t now_ms, bool is_past)
{
        time_t now = now_ms / 1000;
        int hour, minute;
        struct tm tm;

        if (!hour_parse(text, &hour, &minute) || !localtime_r(&now, &tm))
                return -EINVAL;
        return pick(ret_ms, &tm, 1, hour, minute, now_ms, is_past);
}

/* From Sunday, as tm_wday counts. */
static const char *const weekdays[][7] = {
        [LANGUAGE_EN] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" },
        [LANGUAGE_NL] = { "zo", "ma", "di", "wo", "do", "vr", "za" },
};

/* The day that @text begins with, -1: none; *ret_rest is what follows it. */
static int weekday_parse(const char *text, const char **ret_rest)
{
        size_t n = strcspn(text, " ");

        for (size_t language = 0; language < N_ELEMENTS(weekdays); language++)
                for (int day = 0; day < 7; day++)
                        if (n == strlen(weekdays[language][day]) && text[n] == ' ' &&
                            !strncasecmp(text, weekdays[language][day], n)) {
                                *ret_rest = text + n + 1;
                                return day;
                        }
        return -1;
}

/* "fri 18:00" */
static int day_parse(int64_t *ret_ms, const char *text, int64_t now_ms, bool is_past)
{
        time_t now = now_ms / 1000;
        int hour, minute, day;
        const char *rest;
        struct tm tm;

        day = weekday_parse(text, &rest);
        if (day < 0 || !hour_parse(rest, &hour, &minute) || !localtime_r(&now, &tm))
                return -EINVAL;
        tm.tm_mday += day - tm.tm_wday;
        return pick(ret_ms, &tm, 7, hour, minute, now_ms, is_past);
}

/* A day or an hour that is on no calendar here is no time: the library would take the next. */
static int date_parse(int64_t *ret_ms, const char *text)
{
        static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
                                             "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d" };

        for (size_t i = 0; i < N_ELEMENTS(forms); i++) {
                struct tm tm = { .tm_isdst = -1 }, at;
                const char *end = strptime(text, forms[i], &tm);
                int64_t ms;

                if (!end || (*end && strcmp(end, "Z")))
                        continue;
                at = tm;
                at.tm_isdst = -1;
                ms = (int64_t)(*end ? timegm(&at) : mktime(&at)) * 1000;
                if (at.tm_mday != tm.tm_mday || at.tm_hour != tm.tm_hour || at.tm_min != tm.tm_min)
                        return -EINVAL;
                *ret_ms = ms;
                return 0;
        }
        return -EINVAL;
}

/* "yesterday", "tomorrow 18:00": as the date of that day. What ends "tomorrow" could end at either
 * end of it, so that a day to come has its hour. */
static int near_day_parse(int64_t *ret_ms, const char *text, int64_t now_ms)
{
        static const struct {
                const char *word;
                int days;
        } words[] = {
                { "yesterday", -1 }, { "gisteren", -1 }, { "today", 0 },
                { "vandaag", 0 },    { "tomorrow", 1 },  { "morgen", 1 },
        };
        size_t n = strcspn(text, " ");
        time_t now = now_ms / 1000;
        char date[32];
        struct tm tm;

        for (size_t i = 0; i < N_ELEMENTS(words); i++) {
                if (n != strlen(words[i].word) || strncasecmp(text, words[i].word, n) ||
                    (words[i].days > 0 && !text[n]) || strlen(text + n) > strlen(" 00:00") ||
                    !localtime_r(&now, &tm))
                        continue;
                tm = (struct tm){ .tm_year = tm.tm_year,
                                  .tm_mon = tm.tm_mon,
                                  .tm_mday = tm.tm_mday + words[i].days,
                                  .tm_hour = 12,
                                  .tm_isdst = -1 };
                mktime(&tm);
                strftime(date, sizeof(date), "%Y-%m-%d", &tm);
                strcat(date, text + n);
                return date_parse(ret_ms, date);
        }
        return -EINVAL;
}

int when_parse(int64_t *ret_ms, const char *text, int64_t now_ms)
{
        int64_t ms;
        int r;

        if (!strcmp(text, "now") || !strcmp(text, "nu")) {
                *ret_ms = now_ms;
                return 0;
        }
        if (*text == '+' || *text == '-') {
                r = duration_parse(&ms, text + 1);
                if (r)
                        return r;
                ms = *text == '+' ? ms : -ms;
                return __builtin_add_overflow(now_ms, ms, ret_ms) ? -EINVAL : 0;
        }
        if (!duration_parse(&ms, text))
                return __builtin_add_overflow(now_ms, ms, ret_ms) ? -EINVAL : 0;
        r = clock_parse(ret_ms, text, now_ms, false);
        if (r)
                r = day_parse(ret_ms, text, now_ms, false);
        if (r)
                r = near_day_parse(ret_ms, text, now_ms);
        return r ? date_parse(ret_ms, text) : 0;
}

int when_parse_past(int64_t *ret_ms, const char *text, int64_t now_ms)
{
        int64_t ms;

        if (*text != '+' && !duration_parse(&ms, text)) {
                *ret_ms = now_ms - ms;
                return 0;
        }
        if (!clock_parse(&ms, text, now_ms, true) || !day_parse(&ms, text, now_ms, true)) {
                *ret_ms = ms;
                return 0;
        }
        return when_parse(ret_ms, text, now_ms);
}

int64_t when_day_after(int64_t ms, const char *text)
{
        size_t n = strlen(text);
        time_t at = ms / 1000;
        struct tm tm;

        if ((n && text[n - 1] == 'Z') || !localtime_r(&at, &tm))
                return ms + 24 * 3600 * 1000;
        tm.tm_mday++;
        tm.tm_isdst = -1;
        return (int64_t)mktime(&tm) * 1000;
}

static int64_t month_ms(int year, int month)
{
        struct tm at = { .tm_year = year - 1900, .tm_mon = month, .tm_mday = 1, .tm_isdst = -1 };

        return (int64_t)mktime(&at) * 1000;
}

/* "this" and "last": which quarter that is, counted from year 0. */
static int near_quarter(const char *text, int64_t now_ms, int *ret_number)
{
        bool is_last = !strcasecmp(text, "last") || !strcasecmp(text, "vorig");
        time_t now = now_ms / 1000;
        struct tm tm;

        if ((!is_last && strcasecmp(text, "this") && strcasecmp(text, "dit")) ||
            !localtime_r(&now, &tm))
                return -EINVAL;
        *ret_number = 4 * (tm.tm_year + 1900) + tm.tm_mon / 3 - is_last;
        return 0;
}

int quarter_parse(int64_t *ret_from_ms, int64_t *ret_to_ms, const char *text, int64_t now_ms)
{
        int year, quarter, number, n = 0;

        if (!near_quarter(text, now_ms, &number)) {
                year = number / 4;
                quarter = number % 4 + 1;
        } else if (sscanf(text, "%4d%*1[qQ]%1d%n", &year, &quarter, &n) != 2 || !n || text[n] ||
                   year < 1970 || quarter < 1 || quarter > 4)
                return -EINVAL;
        *ret_from_ms = month_ms(year, 3 * (quarter - 1));
        *ret_to_ms = month_ms(year, 3 * quarter);
        return 0;
}

/* Whether clocks here show the time @at twice that day: an hour before or after it, too. */
static bool is_twice(time_t at)
{
        struct tm tm, other;

        if (!localtime_r(&at, &tm))
                return false;
        for (int hours = -1; hours <= 1; hours += 2) {
                time_t then = at + hours * 3600;

                if (localtime_r(&then, &other) && other.tm_hour == tm.tm_hour &&
                    other.tm_min == tm.tm_min)
                        return true;
        }
        return false;
}

void when_format(int64_t ms, char ret_text[WHEN_TEXT_BYTES])
{
        time_t at = (time_t)(ms / 1000 - (ms % 1000 < 0));
        const char *form = is_twice(at) ? "%Y-%m-%d %H:%M %Z" : "%Y-%m-%d %H:%M";
        struct tm tm;

        if (!localtime_r(&at, &tm) || !strftime(ret_text, WHEN_TEXT_BYTES, form, &tm))
                strcpy(ret_text, "?");
}

void when_format_near(int64_t ms, char ret_text[WHEN_TEXT_BYTES])
{
        char today[WHEN_TEXT_BYTES];

        when_format(wall_clock_ms(), today);
        when_format(ms, ret_text);
        if (!strncmp(today, ret_text, strlen("2026-11-22 ")))
                memmove(ret_text, ret_text + strlen("2026-11-22 "),
                        strlen(ret_text + strlen("2026-11-22 ")) + 1);
}

void when_format_soon(int64_t ms, Language language, char ret_text[WHEN_TEXT_BYTES])
{
        time_t now = (time_t)(wall_clock_ms() / 1000), at = (time_t)(ms / 1000);
        struct tm today, then;
        char clock[16];

        when_format_near(ms, ret_text);
        if (at <= now || !localtime_r(&now, &today))
                return;
        today.tm_mday += 7;
        today.tm_hour = today.tm_min = today.tm_sec = 0;
        today.tm_isdst = -1;
        if (at >= mktime(&today) || !localtime_r(&at, &then) || ret_text[2] == ':' ||
            is_twice(at) || !strftime(clock, sizeof(clock), "%H:%M", &then))
                return;
        snprintf(ret_text, WHEN_TEXT_BYTES, "%s %s", weekdays[language][then.tm_wday], clock);
}

void duration_format(int64_t ms, char ret_text[DURATION_TEXT_BYTES])
{
        long long s = MAX(ms, 0) / 1000;

        if (s < 120)
                snprintf(ret_text, DURATION_TEXT_BYTES, "%lld s", s);
        else if (s < 2 * 3600)
                snprintf(ret_text, DURATION_TEXT_BYTES, "%lld min", s / 60);
        else if (s < 48 * 3600)
                snprintf(ret_text, DURATION_TEXT_BYTES, "%lld h %02lld", s / 3600, s / 60 % 60);
        else
                snprintf(ret_text, DURATION_TEXT_BYTES, "%lld d", s / 86400);
}

int64_t wall_clock_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t steady_clock_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
