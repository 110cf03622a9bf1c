#pragma once

/*
 * StopsLook: what one look at a location finds of its stop for a care
 *
 * The state is that of the most lenient of the location's doors for the care. Pure.
 */

#include "derived/door.h"

typedef struct StopsLook {
        bool has_door;   /* for the care */
        bool stands;     /* one that says so is not past its end */
        bool is_partly;  /* for some patient groups or urgencies a stop stands */
        uint32_t state;  /* PlekDoorState or DOOR_UNKNOWN */
        int64_t next_ms; /* when it will be another by time alone, at the earliest; INT64_MAX: never
                          */
} StopsLook;

StopsLook stops_look(const DoorWord *words, size_t n_words, uint32_t care, int64_t now_ms);
