#pragma once

/*
 * Threads as the daemon starts them: with a name, and deaf to signals, which are the loop's
 */

#include <pthread.h>

#include "internal/err.h"

/* @name has at most 15 characters. Returns 0 or -errno. */
MUST_CHECK int thread_start(pthread_t *ret_thread, const char *name, void *(*fn)(void *),
                            void *arg);
