#pragma once

/*
 * Poller: one descriptor that stands for sockets and for time
 *
 * Asking a ZeroMQ socket that has nothing costs as much as asking the kernel about all of them, so
 * they are looked at together, and only those are asked of which something was heard.
 */

#include <stdbool.h>
#include <stdint.h>

#include "internal/err.h"

/* A descriptor, where its owner is: must stay in place while it is watched. */
typedef struct PollerWatch {
        int fd;
        bool is_ready; /* since the owner said that it is not: was readable when looked at */
} PollerWatch;

#define POLLER_WATCH_NULL ((PollerWatch){ .fd = -1 })

typedef struct Poller {
        int epoll_fd; /* for any event loop: readable when there is something to do */
        int timer_fd;
} Poller;

#define POLLER_NULL ((Poller){ -1, -1 })

MUST_CHECK int poller_init(Poller *poller); /* 0 or -errno */
void poller_deinit(Poller *poller);

/* It counts as ready until it has been seen not to be. Returns 0 or -errno. */
MUST_CHECK int poller_add(Poller *poller, PollerWatch *watch, int fd);
void poller_remove(Poller *poller, PollerWatch *watch); /* also of one that was not added */

/* Readable at @due_us of monotonic_us(); now and the past: at once; INT64_MAX: not by time. */
void poller_arm(Poller *poller, int64_t due_us);
/* At most @timeout_ms, -1: for ever, 0: only looks. Marks what is ready. Returns 0 or -errno; a
 * signal ends the wait, and is no error. */
MUST_CHECK int poller_wait(const Poller *poller, int timeout_ms);
