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
        uint32_t exceptions[PLEK_EXCEPTIONS_MAX];
        size_t n_exceptions;
        int64_t ends_at_ms; /* expected and still to come, or PLEK_NO_TIME */
        bool counts;        /* not a plan before or after its time */
} DoorOf;

void door_of(DoorOf *ret_of, const PlekRecord *record);

enum { DOOR_ASKS_MAX = 16 };

/* Whether patients are kept out of @door, so that the neighbours are of interest. */
bool door_asks_for_neighbours(const PlekLeadingDoor *door);

/* Of what the neighbours are to be asked about a door. */
typedef struct DoorAsks {
        PlekDoorScope scopes[DOOR_ASKS_MAX]; /* each of one care, or of the location as a whole */
        size_t n_scopes;                     /* 0: nobody is kept out */
} DoorAsks;

/* @care: of this care only; 0: of all. A location that has stopped as a whole is asked about care
 * by care. */
void door_asks(PlekSubscriber *subscriber, const PlekLeadingDoor *door, uint32_t care,
               DoorAsks *ret_asks);

/* Adds to @row what it lacks. A row of neighbours for each of @ret_asks comes right after it.
 * Returns 0 or -ENOMEM. */
MUST_CHECK int door_row_finish(Row *row, PlekSubscriber *subscriber, const DoorOf *of,
                               const TableFilter *filter, DoorAsks *ret_asks);
/* The @n-th of these beneath @row, whose record is @of; *ret_has false: nobody says where it is. */
MUST_CHECK int door_row_neighbours(Row *ret_row, PlekSubscriber *subscriber, const Row *row,
                                   const DoorOf *of, const DoorAsks *asks, size_t n,
                                   const TableFilter *filter, bool *ret_has);
