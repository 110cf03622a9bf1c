#pragma once

/*
 * Doors for scripts: events of plek watch --json, and what plek get --json says beside a record
 */

#include "door-json.h"
#include "door-rows.h"

/* What was told last of the neighbours of a location that has stopped. */
typedef struct NeighboursTold {
        PlekStatus status;
        char location[72];
        uint32_t care, patient_group, urgency;
        bool all_stopped;
        char next[72];
} NeighboursTold;

typedef struct DoorWatch {
        NeighboursTold *told;
        size_t n_told;
        bool is_due;    /* some door has changed, and so may what neighbours do */
        int64_t minute; /* when it was looked last: hours begin and end */
} DoorWatch;

void door_watch_deinit(DoorWatch *watch);

/* Whether a door of @scope is one that @filter asks for. */
bool door_watch_wants(const TableFilter *filter, PlekSubscriber *subscriber,
                      const PlekDoorScope *scope);

/* An event "door". */
void door_watch_event(DoorWatch *watch, PlekSubscriber *subscriber, const TableFilter *filter,
                      const PlekLeadingDoor *door);
/* What may change neighbours though no door does: what is offered, and who is enrolled. */
void door_watch_record(DoorWatch *watch, const PlekRecord *record, PlekChange change);
/* An event "neighbours" for each location that has stopped of which they are others than was told:
 * all stopped or not, or another who is next. Returns 0 or -ENOMEM. */
MUST_CHECK int door_watch_neighbours(DoorWatch *watch, PlekSubscriber *subscriber,
                                     const TableFilter *filter);

/*
 * Into @object: "neighbours" of a door that keeps patients out; of a location that has stopped as a
 * whole "neighbours_by_care", for each care that it gives, or for just @care if that is not 0.
 * @door's strings are not looked at but its scope's. Returns 0 or -ENOMEM.
 */
MUST_CHECK int neighbours_set(json_t *object, PlekSubscriber *subscriber,
                              const PlekLeadingDoor *door, uint32_t care,
                              const PlekNeighbourRule *rule);

/* Into the object of a record of a door: whether it leads, what does, and the
 * neighbours of what has stopped.
 * Returns 0 or -ENOMEM. */
MUST_CHECK int door_json_finish(json_t *object, PlekSubscriber *subscriber, const DoorOf *of,
                                const TableFilter *filter);
