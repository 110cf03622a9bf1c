#include "derived/call-internal.h"

#include "picture/freshness.h"

bool call_sees(const CallScope *scope, const Record *record)
{
        return record->status == scope->call->status && record->audience <= scope->audience;
}

bool call_wants(const CallScope *scope, const Record *record, UpdateKind report)
{
        uint32_t care = record_care(record);

        if (!call_sees(scope, record) || record->report != report || record_plan(record))
                return false;
        /* A door of the location as a whole is about each care. */
        return care == CODE_ABSENT || call_asks_for(scope->call, care);
}

bool call_concerns(const CallScope *scope, const RecordGroup *group)
{
        bool says_care = false;

        if (!scope->call->n_cares || !group)
                return true;
        list_for_each (link, &group->records) {
                const Record *record = list_entry(link, Record, in_group);
                uint32_t care = record_care(record);

                if (!call_sees(scope, record) || care == CODE_ABSENT ||
                    (record->report != UPDATE_COUNTS && record->report != UPDATE_DOOR &&
                     record->report != UPDATE_OFFERING))
                        continue;
                if (call_asks_for(scope->call, care))
                        return true;
                says_care = true;
        }
        return !says_care;
}

/* What was old when it came is what a source said that nobody looks after. */
bool call_answers(const CallScope *scope, const Record *record)
{
        return record->received_at_ms >= scope->since_ms && record->revision > scope->after &&
               record_freshness(record, record->received_at_ms) == FRESHNESS_FRESH;
}

static CallTally tally(const CallScope *scope, const RecordGroup *group, UpdateKind report)
{
        CallTally tally = { .last_ms = TIME_ABSENT };

        list_for_each (link, &group->records) {
                const Record *record = list_entry(link, Record, in_group);

                if (!call_wants(scope, record, report))
                        continue;
                tally.n_records++;
                if (!call_answers(scope, record))
                        continue;
                tally.n_answered++;
                tally.last_ms = MAX(tally.last_ms, record->received_at_ms);
        }
        return tally;
}

CallTally call_tally(const CallScope *scope, const RecordGroup *group)
{
        CallTally counts;

        if (!group)
                return (CallTally){ .last_ms = TIME_ABSENT };
        counts = tally(scope, group, UPDATE_COUNTS);
        return counts.n_records ? counts : tally(scope, group, UPDATE_DOOR);
}

bool call_is_answered(const CallTally *tally)
{
        return tally->n_records && tally->n_answered == tally->n_records;
}
