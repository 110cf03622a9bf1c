#pragma once

/*
 * The context's inside
 */

#include <stdatomic.h>

#include "internal/err.h"
#include "plek/context.h"

struct PlekContext {
        void *zmq;
        PlekLogFn log;
        void *log_arg;
        _Atomic unsigned n_names; /* of sockets inside the process, each used once */
};

void context_log(PlekContext *context, PlekLogLevel level, const char *format, ...) PRINTF(3, 4);
