#pragma once

/*
 * A key in plek watch: we have seen it
 *
 * The key asks first, and names what it would acknowledge: of all that leads the newest that we
 * have not seen. Only the same key again says so to the broker, and only if that is what leads
 * still: a stop that comes between two keys is not taken for seen.
 */

#include "door-rows.h"
#include "peer.h"

typedef struct WatchAck {
        Peer *peer;
        const Common *common;
        const char *function; /* of whoever watches; NULL: not said */

        char text[ROW_TEXT_BYTES]; /* for the person: what is asked, or what was done; "": nothing
                                    */
        PlekClient *client;
        bool is_asking;
        DoorOf asked;
        int64_t asked_since_ms; /* since when that is so */
} WatchAck;

void watch_ack_deinit(WatchAck *ack);

/* A key that was pressed. Returns 0 or -errno; what the broker or we refuse is in the text. */
MUST_CHECK int watch_ack_key(WatchAck *ack, PlekSubscriber *subscriber, const TableFilter *filter,
                             int key);
