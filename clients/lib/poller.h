#pragma once

/*
 * Poller: one descriptor that stands for sockets and for time
 */

#include <stdint.h>

#include "internal/err.h"

typedef struct Poller {
        int epoll_fd; /* for any event loop: readable when there is something to do */
        int timer_fd;
} Poller;

#define POLLER_NULL ((Poller){ -1, -1 })

MUST_CHECK int poller_init(Poller *poller); /* 0 or -errno */
void poller_deinit(Poller *poller);

MUST_CHECK int poller_add(Poller *poller, int fd); /* 0 or -errno */
void poller_remove(Poller *poller, int fd);

/* Readable at @due_us of monotonic_us(); now and the past: at once; INT64_MAX: not by time. */
void poller_arm(Poller *poller, int64_t due_us);
/* At most @timeout_ms, -1: for ever. Returns 0 or -errno; a signal ends the wait, and is no error.
 */
MUST_CHECK int poller_wait(const Poller *poller, int timeout_ms);
