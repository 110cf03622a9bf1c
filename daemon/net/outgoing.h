#pragma once

/*
 * Outgoing: frames that ZeroMQ has and has not let go of. For net/ alone
 *
 * One frame may be handed over to hundreds of sessions. It is held once, and so counted once.
 */

#include <pthread.h>
#include <stdbool.h>
#include <zmq.h>

#include "internal/blob.h"

typedef struct HandedOver HandedOver;

typedef struct Outgoing {
        pthread_mutex_t lock; /* frames are let go of on ZeroMQ's thread */
        HandedOver *blobs;    /* by address */
        _Atomic size_t n_bytes;
} Outgoing;

void outgoing_init(Outgoing *outgoing);
/* Everything must have been let go of. */
void outgoing_deinit(Outgoing *outgoing);

/* Makes @message of @blob, with a reference that goes with it. Returns 0 or -ENOMEM. */
MUST_CHECK int outgoing_message(Outgoing *outgoing, zmq_msg_t *message, Blob *blob);
size_t outgoing_bytes(const Outgoing *outgoing);
