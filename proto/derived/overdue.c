#include "derived/overdue.h"

#include <string.h>

enum { TOLERANCE_MAX_MS = 60 * 1000 };

/* 0: it is not about this. */
static unsigned rule_fits(const AgreedInterval *rule, UpdateKind report, uint32_t care,
                          const char *kind)
{
        if (rule->report != (uint32_t)report || (rule->care && rule->care != care) ||
            (*rule->kind && (!kind || strcmp(rule->kind, kind) != 0)))
                return 0;
        return 1 + 2 * (rule->care != 0) + (*rule->kind != '\0');
}

uint32_t agreed_interval_s(const AgreedInterval *rules, size_t n_rules, const Record *record,
                           const char *kind)
{
        const char *party, *location;
        uint32_t interval_s = 0;
        unsigned best = 0;
        RecordRef ref;

        if (!n_rules || record->status != STATUS_ACTUAL)
                return 0;
        record_describe(record, &party, &location, &ref);
        if (ref.plan || !freshness_default_valid_for_s(ref.report))
                return 0;
        for (size_t i = 0; i < n_rules; i++) {
                unsigned fit = rule_fits(&rules[i], ref.report, ref.care, kind);

                if (fit > best) {
                        best = fit;
                        interval_s = rules[i].interval_s;
                }
        }
        return interval_s;
}

bool group_reports(const RecordGroup *group)
{
        const char *party, *location;
        RecordRef ref;

        if (!group)
                return false;
        list_for_each (link, &group->records) {
                record_describe(list_entry(link, Record, in_group), &party, &location, &ref);
                if (ref.report == UPDATE_COUNTS || ref.report == UPDATE_DOOR ||
                    ref.report == UPDATE_PRESSURE)
                        return true;
        }
        return false;
}

static int64_t tolerance_ms(uint32_t interval_s)
{
        return MIN((int64_t)interval_s * 500, (int64_t)TOLERANCE_MAX_MS);
}

int64_t record_overdue_ms(const Record *record, uint32_t interval_s, int64_t now_ms)
{
        int64_t age_ms = record_age_ms(record, now_ms), interval_ms = (int64_t)interval_s * 1000;

        if (!interval_s || age_ms <= interval_ms + tolerance_ms(interval_s))
                return 0;
        return age_ms - interval_ms;
}

int64_t record_overdue_at_ms(const Record *record, uint32_t interval_s, int64_t now_ms)
{
        int64_t age_ms = record_age_ms(record, now_ms);
        int64_t left_ms = (int64_t)interval_s * 1000 + tolerance_ms(interval_s) + 1 - age_ms;
        int64_t at_ms;

        if (!interval_s || left_ms <= 0)
                return INT64_MAX;
        return __builtin_add_overflow(now_ms, left_ms, &at_ms) ? INT64_MAX : at_ms;
}
