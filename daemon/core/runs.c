#include "core/runs.h"

#include <string.h>

#include "internal/hash.h"

enum {
        RUNS_MAX = 20000, /* doors; the one that changed least lately is forgotten */
        SPELLS_MAX = 8, /* of one door; of more within a day the two with the shortest break become
                           one */
};

#define MS_A_DAY (INT64_C(24) * 3600 * 1000)

/* A time without a break. */
typedef struct Spell {
        uint32_t state;
        int64_t from_ms, to_ms; /* to: as stated, INT64_MAX without an end */
} Spell;

struct DoorRun {
        UT_hash_handle hh;
        Spell spells[SPELLS_MAX]; /* by time; an open door is a break */
        size_t n_spells;
        RecordKey key;
};

static DoorRun *run_find(const DoorRuns *runs, const RecordKey *key)
{
        DoorRun *run;

        HASH_FIND(hh, runs->by_key, key->bytes, key->n_bytes, run);
        return run;
}

/* The hash goes through them in the order in which they were added. */
static void run_touch(DoorRuns *runs, DoorRun *run)
{
        HASH_ADD_KEYPTR(hh, runs->by_key, run->key.bytes, run->key.n_bytes, run);
        if (!run->hh.tbl) {
                free(run);
                return;
        }
        if (HASH_COUNT(runs->by_key) > RUNS_MAX) {
                DoorRun *oldest = runs->by_key;

                HASH_DEL(runs->by_key, oldest);
                free(oldest);
        }
}

/* The next spell of the state of spells[@i]; SPELLS_MAX: none. */
static size_t next_of_state(const DoorRun *run, size_t i)
{
        for (size_t k = i + 1; k < run->n_spells; k++)
                if (run->spells[k].state == run->spells[i].state)
                        return k;
        return SPELLS_MAX;
}

static void remove_spell(DoorRun *run, size_t i)
{
        run->n_spells--;
        memmove(&run->spells[i], &run->spells[i + 1], (run->n_spells - i) * sizeof(run->spells[0]));
}

static void make_room(DoorRun *run, int64_t at_ms)
{
        size_t first = 0, second = SPELLS_MAX;

        if (run->spells[0].to_ms < at_ms - MS_A_DAY) {
                remove_spell(run, 0);
                return;
        }
        for (size_t i = 0; i < run->n_spells; i++) {
                size_t next = next_of_state(run, i);

                if (next < SPELLS_MAX &&
                    (second == SPELLS_MAX ||
                     run->spells[next].from_ms - run->spells[i].to_ms <
                             run->spells[second].from_ms - run->spells[first].to_ms)) {
                        first = i;
                        second = next;
                }
        }
        if (second < SPELLS_MAX)
                run->spells[second].from_ms = run->spells[first].from_ms;
        remove_spell(run, first);
}

void runs_note(DoorRuns *runs, const RecordKey *key, uint32_t state, int64_t at_ms,
               int64_t ends_at_ms)
{
        bool is_break = !state || state == PLEK_DOOR_OPEN;
        DoorRun *run = run_find(runs, key);
        int64_t to_ms = ends_at_ms == TIME_ABSENT ? INT64_MAX : MAX(ends_at_ms, at_ms);
        Spell *last;

        if (!run && is_break)
                return;
        if (run) {
                HASH_DEL(runs->by_key, run);
        } else {
                run = calloc(1, sizeof(*run));
                if (!run)
                        return;
                run->key = *key;
        }
        last = run->n_spells ? &run->spells[run->n_spells - 1] : NULL;
        if (last && last->state == state && at_ms <= last->to_ms) {
                last->to_ms = to_ms;
        } else {
                if (last)
                        last->to_ms = MIN(last->to_ms, at_ms);
                if (!is_break && run->n_spells == SPELLS_MAX)
                        make_room(run, at_ms);
                if (!is_break)
                        run->spells[run->n_spells++] = (Spell){ state, at_ms, to_ms };
        }
        run_touch(runs, run);
}

bool runs_find(const DoorRuns *runs, const RecordKey *key, uint32_t state, int64_t pause_ms,
               int64_t now_ms, int64_t *ret_begun_ms)
{
        const DoorRun *run = run_find(runs, key);
        int64_t begun_ms = now_ms;
        bool is_found = false;

        for (size_t i = run ? run->n_spells : 0; i-- > 0;) {
                const Spell *spell = &run->spells[i];

                if (spell->state != state)
                        continue;
                if (spell->to_ms < begun_ms && begun_ms - spell->to_ms >= pause_ms)
                        break;
                begun_ms = MIN(spell->from_ms, begun_ms);
                is_found = true;
        }
        *ret_begun_ms = begun_ms;
        return is_found;
}

bool runs_know(const DoorRuns *runs, const RecordKey *key)
{
        return run_find(runs, key) != NULL;
}

/* A record is decoded once for each door that changes after a start: an arena of its own will do.
 */
void runs_note_held(DoorRuns *runs, const Record *record)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        RecordKey key = { .n_bytes = record->n_key };
        Update update;

        memcpy(key.bytes, record->key, record->n_key);
        if (run_find(runs, &key) || arena_new(&arena, ARENA_MESSAGE_BYTES) ||
            record_decode(record, arena, &update) || update.kind != UPDATE_DOOR)
                return;
        runs_note(runs, &key, update.door.state, record->since_ms, update.door.ends_at_ms);
}

void runs_deinit(DoorRuns *runs)
{
        DoorRun *run, *next;

        HASH_ITER (hh, runs->by_key, run, next) {
                HASH_DEL(runs->by_key, run);
                free(run);
        }
}
