#pragma once

/*
 * Overdue: whose report is older than its kind of sender has agreed
 *
 * Not the same as stale: a record is stale when it is older than its own sender said it would be,
 * and overdue when it is older than the region agreed. A sender that claims a week for its beds is
 * fresh all week and overdue after minutes.
 */

#include "picture/freshness.h"
#include "picture/picture.h"
#include "wire/agreed.h"

/*
 * What is agreed for @record of a location whose kind is @kind (NULL: not known). Of several rules
 * the one that names its care and kind counts, then its care, then its kind; of equals the first.
 * 0: nothing is agreed, as for all that is not ACTUAL and all that does not age.
 */
uint32_t agreed_interval_s(const AgreedInterval *rules, size_t n_rules, const Record *record,
                           const char *kind);
/* Whether anything is reported of a location: counts, doors or pressure. A card alone says that it
 * is there, and nothing of how it is. NULL: nothing is held of it. */
bool group_reports(const RecordGroup *group);
/*
 * For how long @record has been overdue at @now_ms; 0: it is not. It is once the agreed interval
 * and a tolerance have passed, of half the interval and a minute at the most, so that a report that
 * is on its way alarms nobody; the time counts from the end of the interval.
 */
int64_t record_overdue_ms(const Record *record, uint32_t interval_s, int64_t now_ms);
/* When it will be, if nothing is said; INT64_MAX: it is already, or never. */
int64_t record_overdue_at_ms(const Record *record, uint32_t interval_s, int64_t now_ms);
