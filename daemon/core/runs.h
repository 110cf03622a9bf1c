#pragma once

/*
 * Runs: since when each door has been in a state, short breaks left out
 *
 * For a region that bounds how long a stop may last, and does not want it renewed for ever. A run
 * lasts from the first statement of a state to its stated end, or to the statement of another state
 * before that; a run that begins less than a pause after the one before goes on with it. What the
 * pause is the asker says, so that a setting may change.
 *
 * It is memory and not state: nobody else derives anything from it, it is not stored, and after a
 * restart what is held then is all that is known. Pure; not thread-safe.
 */

#include "picture/record.h"

typedef struct DoorRun DoorRun;

typedef struct DoorRuns {
        DoorRun *by_key;
} DoorRuns;

#define DOOR_RUNS_NULL ((DoorRuns){ 0 })
void runs_deinit(DoorRuns *runs);

/* At @at_ms the door with @key became @state until @ends_at_ms (or TIME_ABSENT); 0: it was
 * withdrawn. Without memory it is not noted. */
void runs_note(DoorRuns *runs, const RecordKey *key, uint32_t state, int64_t at_ms,
               int64_t ends_at_ms);
/* When the run began of which @state would be a part if it were stated at @now_ms. False: there is
 * none, it would begin. */
bool runs_find(const DoorRuns *runs, const RecordKey *key, uint32_t state, int64_t pause_ms,
               int64_t now_ms, int64_t *ret_begun_ms);
/* Whether anything of that door is remembered. */
bool runs_know(const DoorRuns *runs, const RecordKey *key);
/* Notes what @record says of a door, unless something of that door is remembered. */
void runs_note_held(DoorRuns *runs, const Record *record);
