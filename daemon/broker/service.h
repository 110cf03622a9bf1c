#pragma once

/*
 * Service: signals, and what the service manager is told
 *
 *         SIGTERM, SIGINT   stop, when what is being committed is
 *         SIGHUP            read the configuration again
 */

#include "net/loop.h"

typedef struct Broker Broker;

typedef struct Service {
        Broker *broker;
        int fd; /* of signals */
        LoopWatch watch;
        int64_t watchdog_ns; /* 0: nobody asks */
        int64_t fed_at_ns;
        int64_t busy_since_ns; /* 0: nothing is in the pipeline */
        uint64_t n_progress;
        bool is_stopping;
        char status[256];
} Service;

/* Before there are threads. */
MUST_CHECK int service_block_signals(void);
MUST_CHECK int service_init(Service *service, Broker *broker);
void service_deinit(Service *service);
MUST_CHECK int service_ready(Service *service);
void service_stopping(Service *service);
/* Each second: the status line. */
MUST_CHECK int service_tick(Service *service);
