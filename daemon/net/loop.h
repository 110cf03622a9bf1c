#pragma once

/*
 * Loop: what the main thread waits for
 *
 * One turn is: wait, watches whose descriptor is ready, timers that are due, sources that have
 * something, deferred work, and then the hook for a whole turn. A turn comes at least every second,
 * also when nothing happens, so whoever feeds a watchdog in that hook proves that everything before
 * it came back.
 *
 * All of it belongs to one thread; only notifier_signal() may be called from others. The objects
 * are embedded in what uses them, so arming a timer or deferring cannot fail. A callback may add
 * and remove anything, itself included. A callback that returns < 0 ends loop_run() with that.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "internal/err.h"
#include "internal/list.h"

typedef struct Loop Loop;
typedef struct LoopDeferred LoopDeferred;
typedef struct LoopSource LoopSource;
typedef struct LoopTimer LoopTimer;
typedef struct LoopWatch LoopWatch;
typedef struct Notifier Notifier;

typedef int (*LoopFn)(void *arg);
typedef int (*LoopWatchFn)(void *arg, uint32_t epoll_events);

enum {
        LOOP_TURN_MAX_MS = 1000,
};

MUST_CHECK int loop_new(Loop **ret_loop);
/* Everything must have been removed before. */
Loop *loop_free(Loop *loop);
DEFINE_FREEP(Loop, loop_free);

/* Turns until loop_stop(), then returns its @result, or the first < 0 of a callback. */
MUST_CHECK int loop_run(Loop *loop);
/* One turn that waits at most @timeout_ms (-1: until something happens or LOOP_TURN_MAX_MS). */
MUST_CHECK int loop_turn(Loop *loop, int timeout_ms);
/* The turn in progress is finished first. */
void loop_stop(Loop *loop, int result);
/* After each whole turn. */
void loop_on_turned(Loop *loop, LoopFn turned, void *arg);

/* CLOCK_MONOTONIC as it was after this turn's wait: cheap, the same during a whole turn. */
int64_t loop_now_ns(const Loop *loop);
/* The same clock, read now: for what takes time within a turn. */
int64_t loop_clock_ns(void);

/* A descriptor, level-triggered; borrowed. Signals come as a signalfd watched like any other. */
struct LoopWatch {
        Loop *loop;
        int fd;
        LoopWatchFn fn;
        void *arg;
};

#define LOOP_WATCH_NULL ((LoopWatch){ .fd = -1 })

MUST_CHECK int loop_watch_add(LoopWatch *watch, Loop *loop, int fd, uint32_t epoll_events,
                              LoopWatchFn fn, void *arg);
MUST_CHECK int loop_watch_change(LoopWatch *watch, uint32_t epoll_events);
void loop_watch_remove(LoopWatch *watch);

/* A point in monotonic time, once. */
struct LoopTimer {
        Loop *loop;
        size_t place; /* in the loop's heap, from 1; 0: not armed */
        int64_t due_ns;
        LoopFn fn;
        void *arg;
};

#define LOOP_TIMER_NULL ((LoopTimer){})

/* Reserves its place, so that arming cannot fail. Returns 0 or -ENOMEM. */
MUST_CHECK int loop_timer_add(LoopTimer *timer, Loop *loop, LoopFn fn, void *arg);
void loop_timer_arm(LoopTimer *timer, int64_t due_ns);
void loop_timer_arm_in_ms(LoopTimer *timer, int64_t in_ms);
void loop_timer_disarm(LoopTimer *timer);
bool loop_timer_is_armed(const LoopTimer *timer);
void loop_timer_remove(LoopTimer *timer);

/* Work for the end of this turn, once; what is deferred by deferred work waits for the next. */
struct LoopDeferred {
        ListLink link;
        LoopFn fn;
        void *arg;
};

#define LOOP_DEFERRED_NULL ((LoopDeferred){})

void loop_deferred_init(LoopDeferred *deferred, LoopFn fn, void *arg);
void loop_defer(Loop *loop, LoopDeferred *deferred); /* no effect when it is waiting already */
void loop_deferred_cancel(LoopDeferred *deferred);

/*
 * Something whose readiness a descriptor does not tell by itself. @prepare is asked before each
 * wait whether there is work (then nothing is waited for); @dispatch is called in every turn.
 */
struct LoopSource {
        ListLink link;
        Loop *loop;
        bool (*prepare)(void *arg);
        LoopFn dispatch;
        void *arg;
};

#define LOOP_SOURCE_NULL ((LoopSource){})

void loop_source_add(LoopSource *source, Loop *loop, bool (*prepare)(void *arg), LoopFn dispatch,
                     void *arg);
void loop_source_remove(LoopSource *source);

/*
 * How another thread wakes the loop: any number of signals between two turns are one wake-up, and
 * one call of @fn. What was written before notifier_signal() is seen by @fn.
 */
struct Notifier {
        LoopWatch watch;
        int fd;
        _Atomic bool is_signalled;
        LoopFn fn;
        void *arg;
};

#define NOTIFIER_NULL ((Notifier){ .fd = -1, .watch = LOOP_WATCH_NULL })

MUST_CHECK int notifier_init(Notifier *notifier, Loop *loop, LoopFn fn, void *arg);
void notifier_deinit(Notifier *notifier);
void notifier_signal(Notifier *notifier); /* any thread */
