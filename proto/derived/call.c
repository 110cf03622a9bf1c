#include "derived/call.h"

#include <string.h>

#include "picture/freshness.h"

static bool is_visible(const CallScope *scope, const Record *record)
{
        return record->status == scope->call->status && record->audience <= scope->audience;
}

static bool is_asked_for(const CallScope *scope, const Record *record, UpdateKind report)
{
        uint32_t care = record_care(record);

        if (!is_visible(scope, record) || record->report != report || record_plan(record))
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

                if (!is_visible(scope, record) || care == CODE_ABSENT ||
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
static bool is_answer(const CallScope *scope, const Record *record)
{
        return record->received_at_ms >= scope->since_ms && record->revision > scope->after &&
               record_freshness(record, record->received_at_ms) == FRESHNESS_FRESH;
}

static CallTally tally(const CallScope *scope, const RecordGroup *group, UpdateKind report)
{
        CallTally tally = { .last_ms = TIME_ABSENT };

        list_for_each (link, &group->records) {
                const Record *record = list_entry(link, Record, in_group);

                if (!is_asked_for(scope, record, report))
                        continue;
                tally.n_records++;
                if (!is_answer(scope, record))
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

/* ------------------------------------------------------------------ triage */

typedef struct Said {
        UT_hash_handle hh;
        const Record *record;
        const char *party;
        bool present[N_TRIAGE_COLOURS];
        int32_t value[N_TRIAGE_COLOURS];
        bool is_whole; /* of the location, not of a unit */
        size_t n_key;
        char key[]; /* care, location and unit, each with its NUL */
} Said;

static bool is_isolation(uint32_t care)
{
        return care == PLEK_CARE_ISOLATION_NEGATIVE || care == PLEK_CARE_ISOLATION_OTHER;
}

/* In @arena; NULL: no memory. */
static Said *said_new(Arena *arena, uint32_t care, const char *location, const char *unit)
{
        size_t n_location = strlen(location) + 1, n_unit = unit ? strlen(unit) + 1 : 1;
        Said *said = arena_alloc(arena, sizeof(*said) + sizeof(care) + n_location + n_unit);

        if (!said)
                return NULL;
        *said = (Said){ .is_whole = !unit, .n_key = sizeof(care) + n_location + n_unit };
        memcpy(said->key, &care, sizeof(care));
        memcpy(said->key + sizeof(care), location, n_location);
        memcpy(said->key + sizeof(care) + n_location, unit ? unit : "", n_unit);
        return said;
}

static bool is_preferred(const Said *one, const Said *other)
{
        if (one->record->received_at_ms != other->record->received_at_ms)
                return one->record->received_at_ms > other->record->received_at_ms;
        return strcmp(one->party, other->party) < 0;
}

/* False: it says nothing about triage. */
static bool take_numbers(Said *said, const Counts *counts)
{
        bool any = false;

        for (size_t i = 0; i < N_TRIAGE_COLOURS; i++) {
                said->present[i] = counts->present[COUNT_TRIAGE_RED + i];
                said->value[i] = counts->value[COUNT_TRIAGE_RED + i];
                any |= said->present[i];
        }
        return any;
}

static int take_record(Said **saids, const Record *record, const CallPlace *place, Arena *arena)
{
        WireRefusal refusal;
        Envelope envelope;
        Said *said, *other;
        Update update;

        if (envelope_parse(&envelope, record->envelope->bytes, record->envelope->n_bytes) ||
            update_decode(&update, &refusal, arena, envelope.body, envelope.n_body))
                return err_raise(-ENOMEM); /* it was decoded before */
        said = said_new(arena, update.counts.care, place->location, update.unit);
        if (!said)
                return err_raise(-ENOMEM);
        said->record = record;
        said->party = place->party;
        if (!take_numbers(said, &update.counts))
                return 0;
        HASH_FIND(hh, *saids, said->key, said->n_key, other);
        if (other && !is_preferred(said, other))
                return 0;
        if (other)
                HASH_DEL(*saids, other);
        HASH_ADD_KEYPTR(hh, *saids, said->key, said->n_key, said);
        return said->hh.tbl ? 0 : err_raise(-ENOMEM);
}

static int take_place(Said **saids, const CallScope *scope, const RecordGroup *group,
                      const CallPlace *place, Arena *arena)
{
        int r;

        list_for_each (link, &group->records) {
                const Record *record = list_entry(link, Record, in_group);

                if (!is_asked_for(scope, record, UPDATE_COUNTS) || !is_answer(scope, record) ||
                    is_isolation(record_care(record)))
                        continue;
                r = take_record(saids, record, place, arena);
                if (r)
                        return r;
        }
        return 0;
}

/* What the location as a whole has said for this care; or NULL. */
static const Said *find_whole(const Said *saids, const Said *unit)
{
        size_t n_key = sizeof(uint32_t) + strlen(unit->key + sizeof(uint32_t)) + 2;
        char key[sizeof(uint32_t) + LOCATION_MAX + 2];
        const Said *whole;

        memcpy(key, unit->key, n_key - 1);
        key[n_key - 1] = '\0';
        HASH_FIND(hh, saids, key, n_key, whole);
        return whole;
}

static void add_up(CallTriage *triage, const Said *saids)
{
        for (const Said *said = saids; said; said = said->hh.next) {
                const Said *whole = said->is_whole ? NULL : find_whole(saids, said);
                bool counts = false;

                for (size_t i = 0; i < N_TRIAGE_COLOURS; i++) {
                        if (!said->present[i] || (whole && whole->present[i]))
                                continue;
                        counts = true;
                        triage->present[i] = true;
                        triage->value[i] += said->value[i];
                }
                triage->n_places += counts;
        }
}

int call_triage(CallTriage *ret_triage, const CallScope *scope, const Picture *picture,
                CallPlace (*place_at)(const void *arg, size_t index), const void *arg,
                size_t n_places, Arena *arena)
{
        CallTriage triage = { .is_there = true };
        Said *saids = NULL;
        int r = 0;

        for (size_t i = 0; !r && i < n_places; i++) {
                CallPlace place = place_at(arg, i);
                const RecordGroup *group = picture_find_group(picture, place.party, place.location);

                if (group)
                        r = take_place(&saids, scope, group, &place, arena);
        }
        if (!r)
                add_up(&triage, saids);
        HASH_CLEAR(hh, saids);
        if (!r)
                *ret_triage = triage;
        return r;
}
