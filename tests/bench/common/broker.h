#pragma once

/*
 * A broker to be measured: the real daemon, as a process of its own, on an address and in a
 * directory that are nobody else's
 *
 * The directory is made in $TMPDIR, or /var/tmp, which is a disk more often than /tmp is. The
 * daemon and the directory go when the benchmark ends, also if it is killed.
 */

#include <stdbool.h>

#include "common/measure.h"
#include "wire/document.h"

enum { BENCH_PATH_MAX = 256 };

typedef struct BenchBroker {
        char program[BENCH_PATH_MAX];
        char directory[BENCH_PATH_MAX];
        char updates[ENDPOINT_MAX], care[ENDPOINT_MAX], query[ENDPOINT_MAX], coord[ENDPOINT_MAX];
        char control[ENDPOINT_MAX];
        pid_t pid;
        pid_t remover;
        int remover_fd;
        void *zmq;
        SecretKey *authority;
        SecretKey *key;
        NetworkId network;
        const char *network_name;
} BenchBroker;

typedef struct BenchParty {
        char id[PARTY_MAX + 1]; /* and of its only location */
        const char *region;
        SecretKey *key;
} BenchParty;

/* Starts plekd, of $PLEK_BUILD or of the build that @program is in, and waits until it is READY.
 * @settings: more lines of its configuration. One at a time. */
void bench_broker_start(BenchBroker *broker, const char *program, const char *settings);
/* All but starting the process: what it is to find in directory/data may be put there first. */
void bench_broker_prepare(BenchBroker *broker, const char *program, const char *settings);
/* As a service manager would, and waits. What it said is printed if it did not end well. */
void bench_broker_stop(BenchBroker *broker);
/* Ends only the process; what it wrote, its addresses and its keys stay. None may be there. */
void bench_broker_halt(BenchBroker *broker);
/* Starts the process, or starts it again. Returns after how many nanoseconds it was READY. */
int64_t bench_broker_resume(BenchBroker *broker);

/* New keys, enrolled over the control socket: @roles as ROLE_BIT()s; they may read @audience. */
void bench_parties_new(BenchBroker *broker, BenchParty *parties, size_t n_parties,
                       const char *prefix, const char *region, uint32_t roles, Audience audience);
void bench_parties_free(BenchParty *parties, size_t n_parties);

/* The signed region card of this broker, for whoever wants to be configured with it. */
Blob *bench_broker_card(const BenchBroker *broker);

/* A metric of the daemon's, summed over its labels. */
double bench_broker_metric(BenchBroker *broker, const char *name);
