#include "zone.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal/cleanup.h"

/* Of a zone that it does not know the C library makes UTC without a word. */
static bool is_known(const char *time_zone)
{
        const char *directory = getenv("TZDIR");
        char path[PATH_MAX];
        int n;

        if (*time_zone == '/' || strstr(time_zone, ".."))
                return false;
        n = snprintf(path, sizeof(path), "%s/%s", directory ? directory : "/usr/share/zoneinfo",
                     time_zone);
        return n < (int)sizeof(path) && access(path, R_OK) == 0;
}

static void set_zone(const char *time_zone)
{
        if (time_zone)
                setenv("TZ", time_zone, 1);
        else
                unsetenv("TZ");
        tzset();
}

bool zone_minute(void *arg, const char *time_zone, int64_t at_ms, int *ret_minute)
{
        const char *before = getenv("TZ");
        CLEANUP(freep) char *saved = before ? strdup(before) : NULL;
        time_t at = (time_t)(at_ms / 1000);
        bool is_read;
        struct tm tm;

        if (!is_known(time_zone) || (before && !saved))
                return false;
        set_zone(time_zone);
        is_read = localtime_r(&at, &tm) != NULL;
        set_zone(saved);
        if (is_read)
                *ret_minute = ((tm.tm_wday + 6) % 7 * 24 + tm.tm_hour) * 60 + tm.tm_min;
        return is_read;
}
