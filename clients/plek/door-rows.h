#pragma once

/*
 * Door rows: what one record of a door does not know of itself
 *
 * Whether it leads, what is announced for it, and, beneath one that keeps patients out, whether the
 * neighbours have stopped too and who is next.
 */

#include "row.h"

/* Which record a row is about. A copy: looking up another one ends what a record points to. */
typedef struct DoorOf {
        PlekDoorScope scope;
        char location[72], unit[72];
        char id[512];
        uint32_t state;
        bool counts; /* not a plan before or after its time */
} DoorOf;

void door_of(DoorOf *ret_of, const PlekRecord *record);

/* Adds to @row what it lacks. *ret_neighbours comes right after it, if *ret_has_neighbours. Returns
 * 0 or -ENOMEM. */
MUST_CHECK int door_row_finish(Row *row, PlekSubscriber *subscriber, const DoorOf *of,
                               const TableFilter *filter, Row *ret_neighbours,
                               bool *ret_has_neighbours);

/* Whether patients are kept out of @door, so that the neighbours are of interest. */
bool door_asks_for_neighbours(const PlekLeadingDoor *door);
