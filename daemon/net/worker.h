#pragma once

/*
 * Worker: a thread that does one job at a time, such as committing a batch
 */

#include <stdbool.h>

#include "internal/err.h"
#include "net/loop.h"

typedef struct Worker Worker;

/* In the worker's thread; what it returns is handed to @done. */
typedef int (*WorkerFn)(void *arg);
/* In the loop's thread; < 0 ends the loop. */
typedef int (*WorkerDoneFn)(void *arg, int result);

/* @name has at most 15 characters. The thread takes no signals. */
MUST_CHECK int worker_new(Worker **ret_worker, Loop *loop, const char *name);
/* Waits for the job in progress. One that did not begin yet is dropped, and nothing is reported. */
Worker *worker_free(Worker *worker);
DEFINE_FREEP(Worker, worker_free);

/* Only when it is idle. */
void worker_submit(Worker *worker, WorkerFn fn, WorkerDoneFn done, void *arg);
/* From submission until @done is called. */
bool worker_is_busy(const Worker *worker);
