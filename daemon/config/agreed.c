#include "config/agreed.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "wire/codes.h"
#include "wire/names.h"

enum { ITEM_BYTES = 128 };

PRINTF(2, 3) static int refuse(const char **ret_text, const char *format, ...)
{
        static _Thread_local char said[512];
        va_list args;

        va_start(args, format);
        vsnprintf(said, sizeof(said), format, args);
        va_end(args);
        *ret_text = said;
        return AGREED_E_REFUSED;
}

static int take_report(AgreedInterval *interval, const char *name, const char **ret_text)
{
        if (code_parse(&interval->report, CODES_REPORT, name) ||
            (interval->report != UPDATE_COUNTS && interval->report != UPDATE_DOOR &&
             interval->report != UPDATE_PRESSURE))
                return refuse(ret_text, "\"%.64s\" is not counts, door or pressure", name);
        return 0;
}

/* A care, or a kind of location: names of the two never meet. */
static int take_selector(AgreedInterval *interval, const char *name, const char **ret_text)
{
        uint32_t care;

        if (*name >= 'A' && *name <= 'Z' && !code_parse(&care, CODES_CARE, name)) {
                if (interval->care || interval->report == UPDATE_PRESSURE)
                        return refuse(ret_text, "%s: one care, and none of pressure", name);
                interval->care = care;
                return 0;
        }
        if (!name_is_valid(NAME_LOCATION_KIND, name))
                return refuse(ret_text, "\"%.64s\" is neither a kind of location (V6) nor a care",
                              name);
        if (*interval->kind)
                return refuse(ret_text, "%s: one kind of location", name);
        strcpy(interval->kind, name);
        return 0;
}

static int take_duration(AgreedInterval *interval, const char *text, const char **ret_text)
{
        uint64_t ms;

        if (value_parse(&ms, VALUE_MS, text) || ms < 1000 || ms % 1000 ||
            ms / 1000 > AGREED_INTERVAL_MAX_S)
                return refuse(ret_text, "\"%.64s\" is not a duration from 1 s to 30 d", text);
        interval->interval_s = (uint32_t)(ms / 1000);
        return 0;
}

/* "counts V6 5 min": all up to the first digit that begins a word is what it is about. */
static int take_item(AgreedInterval *interval, const char *item, const char **ret_text)
{
        char copy[ITEM_BYTES];
        char *rest = copy, *word;
        int r = 0;

        if (snprintf(copy, sizeof(copy), "%s", item) >= (int)sizeof(copy))
                return refuse(ret_text, "\"%.32s...\" is too long", item);

        while (!r && (rest += strspn(rest, " \t"), *rest) && !(*rest >= '0' && *rest <= '9')) {
                word = strsep(&rest, " \t");
                r = interval->report ? take_selector(interval, word, ret_text)
                                     : take_report(interval, word, ret_text);
                if (!rest)
                        break;
        }
        if (r)
                return r;
        if (!interval->report || !rest)
                return refuse(ret_text, "\"%.64s\" is not as in counts V6 5 min", item);
        return take_duration(interval, rest, ret_text);
}

static bool is_about_the_same(const AgreedInterval *a, const AgreedInterval *b)
{
        return a->report == b->report && a->care == b->care && !strcmp(a->kind, b->kind);
}

static int add_item(AgreedInterval *intervals, size_t *n, const char *item, const char **ret_text)
{
        AgreedInterval *interval = &intervals[*n];
        int r;

        if (*n == AGREED_MAX)
                return refuse(ret_text, "more than %d intervals", AGREED_MAX);
        *interval = (AgreedInterval){ 0 };
        r = take_item(interval, item, ret_text);
        if (r)
                return r;
        for (size_t i = 0; i < *n; i++)
                if (is_about_the_same(&intervals[i], interval))
                        return refuse(ret_text, "\"%.64s\" is agreed already", item);
        (*n)++;
        return 0;
}

int agreed_parse(AgreedInterval **ret_intervals, size_t *ret_n, const char *value,
                 const char **ret_text)
{
        CLEANUP(freep) AgreedInterval *intervals = NULL;
        CLEANUP(freep) char *copy = NULL;
        char *rest, *item;
        size_t n = 0;
        int r;

        intervals = calloc(AGREED_MAX + 1, sizeof(*intervals));
        copy = strdup(value);
        if (!intervals || !copy)
                return err_raise(-ENOMEM);

        rest = strcmp(value, "none") ? copy : NULL;
        while ((item = strsep(&rest, ","))) {
                item += strspn(item, " \t");
                r = add_item(intervals, &n, item, ret_text);
                if (r)
                        return r;
        }
        *ret_intervals = STEAL(intervals);
        *ret_n = n;
        return 0;
}
