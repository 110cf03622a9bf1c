/*
 * Free places by triage colour, of what was reported since a call
 */

#include <string.h>

#include "derived/call-internal.h"
#include "derived/door.h"
#include "internal/hash.h"
#include "picture/freshness.h"

typedef struct Said {
        UT_hash_handle hh;
        const Record *record;
        const char *party;
        bool present[N_TRIAGE_COLOURS];
        int32_t value[N_TRIAGE_COLOURS];
        uint32_t care;
        const char *location, *unit; /* in the key; unit NULL: of the location as a whole */
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
        *said = (Said){ .care = care, .n_key = sizeof(care) + n_location + n_unit };
        said->location = said->key + sizeof(care);
        said->unit = unit ? said->location + n_location : NULL;
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

                if (!call_wants(scope, record, UPDATE_COUNTS) || !call_answers(scope, record) ||
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

/* ------------------------------------------------------------------ doors */

/* What anybody says of the doors of a location that was asked; strings are the records'. */
typedef struct CallDoor {
        const char *location;
        Door door; /* without its texts */
        DoorWord word;
} CallDoor;

typedef struct CallDoors {
        CallDoor *doors; /* by location */
        DoorWord *words; /* of each, in the same order */
        size_t n_doors;
} CallDoors;

static int compare_doors(const void *a, const void *b)
{
        const CallDoor *x = a, *y = b;

        return strcmp(x->location, y->location);
}

static void doors_deinit(CallDoors *doors)
{
        free(doors->doors);
        free(doors->words);
        *doors = (CallDoors){ 0 };
}

/* Plans too: one may be under way. */
static bool is_door(const CallScope *scope, const Record *record)
{
        return record->report == UPDATE_DOOR && call_sees(scope, record);
}

static size_t count_doors(const CallScope *scope, const RecordGroup *group)
{
        size_t n = 0;

        list_for_each (link, &group->records)
                n += is_door(scope, list_entry(link, Record, in_group));
        return n;
}

static int take_doors(CallDoors *doors, const CallScope *scope, const RecordGroup *group,
                      Arena *arena)
{
        list_for_each (link, &group->records) {
                const Record *record = list_entry(link, Record, in_group);
                CallDoor *door = &doors->doors[doors->n_doors];
                const char *party, *location;
                RecordRef ref;
                Update update;
                int r;

                if (!is_door(scope, record))
                        continue;
                r = record_decode(record, arena, &update);
                if (r)
                        return r;
                record_describe(record, &party, &location, &ref);
                *door = (CallDoor){ .location = location, .door = update.door };
                door->door.text = door->door.authorised_by = NULL;
                door->word = (DoorWord){ .unit = ref.unit,
                                         .party = party,
                                         .since_ms = record->since_ms,
                                         .withdrawn_ms = TIME_ABSENT };
                doors->n_doors++;
        }
        return 0;
}

static int gather_doors(CallDoors *doors, const CallScope *scope, const RecordGroup *const *groups,
                        size_t n_groups, Arena *arena)
{
        size_t n_room = 1;
        int r = 0;

        for (size_t i = 0; i < n_groups; i++)
                n_room += groups[i] ? count_doors(scope, groups[i]) : 0;
        doors->doors = calloc(n_room, sizeof(*doors->doors));
        doors->words = calloc(n_room, sizeof(*doors->words));
        if (!doors->doors || !doors->words)
                return err_raise(-ENOMEM);
        for (size_t i = 0; !r && i < n_groups; i++)
                if (groups[i])
                        r = take_doors(doors, scope, groups[i], arena);
        if (doors->n_doors)
                qsort(doors->doors, doors->n_doors, sizeof(*doors->doors), compare_doors);
        for (size_t i = 0; i < doors->n_doors; i++) {
                doors->words[i] = doors->doors[i].word;
                doors->words[i].door = &doors->doors[i].door;
        }
        return r;
}

/* Whether the door that leads for it asks not to bring patients; one past its end does, as nobody
 * has opened it. */
static bool is_shut(const CallDoors *doors, const Said *said, int64_t now_ms)
{
        const DoorQuestion question = {
                .scope = { said->unit, said->care, CODE_ABSENT, CODE_ABSENT },
        };
        const CallDoor key = { .location = said->location };
        const CallDoor *found = NULL;
        size_t begin, end;
        DoorLead lead;

        if (doors->n_doors)
                found = bsearch(&key, doors->doors, doors->n_doors, sizeof(*doors->doors),
                                compare_doors);
        if (!found)
                return false;
        begin = end = (size_t)(found - doors->doors);
        while (begin && !strcmp(doors->doors[begin - 1].location, said->location))
                begin--;
        while (end < doors->n_doors && !strcmp(doors->doors[end].location, said->location))
                end++;
        door_lead(doors->words + begin, end - begin, &question, now_ms, &lead);
        return door_is_stopped(lead.state);
}

/* ------------------------------------------------------------------ the sums */

static void add_up(CallTriage *triage, const Said *saids, const CallDoors *doors, int64_t now_ms)
{
        for (const Said *said = saids; said; said = said->hh.next) {
                const Said *whole = said->unit ? find_whole(saids, said) : NULL;
                bool shut = is_shut(doors, said, now_ms);
                bool counts = false;

                for (size_t i = 0; i < N_TRIAGE_COLOURS; i++) {
                        if (!said->present[i] || (whole && whole->present[i]))
                                continue;
                        counts = true;
                        triage->present[i] = true;
                        triage->value[i] += said->value[i];
                        triage->shut[i] += shut ? said->value[i] : 0;
                }
                triage->n_places += counts;
        }
}

static int take_places(Said **saids, const CallScope *scope, const RecordGroup *const *groups,
                       CallPlace (*place_at)(const void *arg, size_t index), const void *arg,
                       size_t n_places, Arena *arena)
{
        int r = 0;

        for (size_t i = 0; !r && i < n_places; i++) {
                CallPlace place = place_at(arg, i);

                if (groups[i])
                        r = take_place(saids, scope, groups[i], &place, arena);
        }
        return r;
}

int call_triage(CallTriage *ret_triage, const CallScope *scope, const Picture *picture,
                CallPlace (*place_at)(const void *arg, size_t index), const void *arg,
                size_t n_places, int64_t now_ms, Arena *arena)
{
        CLEANUP(freep) const RecordGroup **groups = calloc(n_places + 1, sizeof(*groups));
        CLEANUP(doors_deinit) CallDoors doors = { 0 };
        CallTriage triage = { .is_there = true };
        Said *saids = NULL;
        int r;

        if (!groups)
                return err_raise(-ENOMEM);
        for (size_t i = 0; i < n_places; i++) {
                CallPlace place = place_at(arg, i);

                groups[i] = picture_find_group(picture, place.party, place.location);
        }
        r = gather_doors(&doors, scope, groups, n_places, arena);
        if (r)
                return r;
        arena_reset(arena);
        r = take_places(&saids, scope, groups, place_at, arg, n_places, arena);
        if (!r)
                add_up(&triage, saids, &doors, now_ms);
        HASH_CLEAR(hh, saids);
        if (!r)
                *ret_triage = triage;
        return r;
}
