#include <math.h>
#include <string.h>

#include "row-event.h"

/* What holds ages and has a name for people; what happened has neither. */
static void make_event(PlekReport *report)
{
        report->valid_for_s = 0;
        report->observed_at_ms = 0;
        report->label = NULL;
}

static int need_code(RowContext *c, size_t key, PlekCodeList list, const char *what,
                     uint32_t *ret_code)
{
        int r;

        r = row_code(c, key, list, ret_code);
        if (!r && !*ret_code)
                return row_wrong(c, "the %s is not said", what);
        return r;
}

/* How many the row stands for; *ret_has: or it is withheld. */
static int count(RowContext *c, int32_t *ret_count, bool *ret_has)
{
        const char *template = c->mapped->templates[KEY_COUNT];
        double value = 1;
        uint32_t why = 0;
        int r = 0;

        c->column = NULL;
        if (template)
                r = row_sum(c, template, &value, &why);
        *ret_has = !why;
        if (r || why)
                return r;
        if (value != floor(value) || value < 0 || value > 100000)
                return row_wrong(c, "%g is not a whole number of 0 to 100000", value);
        *ret_count = (int32_t)value;
        return 0;
}

static int need_time(RowContext *c, size_t key, const char *what, int64_t *ret_ms)
{
        const char *text;
        int r;

        r = row_fill(c, key, &text);
        if (!r && !text)
                return row_wrong(c, "the %s is not said", what);
        return r ? r : row_time(c, text, ret_ms);
}

static int period(RowContext *c, PlekFlow *flow)
{
        CalendarPeriod which = c->mapped->templates[KEY_DAY] ? PERIOD_DAY : PERIOD_MONTH;
        const char *text;
        int r;

        if (!c->mapped->templates[KEY_BEGIN]) {
                r = row_fill(c, which == PERIOD_DAY ? KEY_DAY : KEY_MONTH, &text);
                if (!r && !text)
                        return row_wrong(c, "the day or month is not said");
                return r ? r : row_period(c, which, text, &flow->from_ms, &flow->until_ms);
        }
        r = need_time(c, KEY_BEGIN, "begin", &flow->from_ms);
        if (!r)
                r = need_time(c, KEY_END, "end", &flow->until_ms);
        if (!r && flow->until_ms <= flow->from_ms)
                return row_wrong(c, "the period ends before it begins");
        return r;
}

int row_flow(RowContext *c, PlekReport *report)
{
        PlekFlow *flow = &report->flow;
        int r;

        make_event(report);
        r = need_code(c, KEY_CARE, PLEK_CODES_CARE, "care", &flow->care);
        if (!r)
                r = need_code(c, KEY_FROM, PLEK_CODES_CHAIN, "link that they came from",
                              &flow->from);
        if (!r)
                r = need_code(c, KEY_TO, PLEK_CODES_CHAIN, "link that they came to", &flow->to);
        if (!r)
                r = row_fill(c, KEY_OTHER, &flow->other);
        if (!r)
                r = period(c, flow);
        return r ? r : count(c, &flow->count, &flow->has_count);
}

int row_refusal(RowContext *c, PlekReport *report)
{
        PlekCareRefusal *refusal = &report->refusal;
        bool has_count;
        int r;

        make_event(report);
        report->audience = PLEK_AUDIENCE_COORD;
        r = need_code(c, KEY_CARE, PLEK_CODES_CARE, "care", &refusal->care);
        if (!r)
                r = row_code(c, KEY_REASON, PLEK_CODES_REASON, &refusal->reason);
        if (!r)
                r = row_code(c, KEY_FROM, PLEK_CODES_CHAIN, &refusal->from);
        if (!r)
                r = need_time(c, KEY_AT, "time of the refusal", &refusal->at_ms);
        if (!r)
                r = count(c, &refusal->count, &has_count);
        if (!r && !has_count)
                return row_wrong(c, "how many were refused is not said");
        /* A row of none is a row about nothing. */
        return !r && !refusal->count ? ROW_REPORT_E_NOTHING : r;
}
