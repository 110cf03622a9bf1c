#pragma once

/*
 * Measuring: clocks, processes and what they use, samples, what a verification costs here and now
 *
 * A benchmark that cannot go on says why and ends: there is nobody to whom an error would be passed
 * up. What it has started or created is ended and removed on the way out (broker.h).
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "internal/cleanup.h"

_Noreturn void give_up(const char *format, ...) PRINTF(1, 2);
/* Whatever is not 0 is not expected here. */
void must(int result, const char *what);

int64_t now_ns(void);
/* Of the calling thread. */
int64_t cpu_ns(void);
/* Until @at_ns, however long that is. */
void wait_until(int64_t at_ns);

/* A process of its own that does @fn and ends with us. To be started before there are threads. */
pid_t child_start(void (*fn)(void *arg), void *arg);
void child_stop(pid_t pid);

/* ------------------------------------------------------------------ samples */

typedef struct Samples {
        double *values;
        size_t n;
        size_t n_allocated;
} Samples;

#define SAMPLES_NULL ((Samples){ 0 })

void samples_deinit(Samples *samples);
void samples_add(Samples *samples, double value);
/* @part 0.5 is the median. There must be at least one. */
double samples_quantile(Samples *samples, double part);

/* ------------------------------------------------------------------ processor time */

enum {
        THREADS_MAX = 32,
        THREAD_NAME_MAX = 16,
};

/* User and system time of a process, by thread. */
typedef struct CpuUse {
        double seconds;
        size_t n_threads;
        struct {
                pid_t id;
                char name[THREAD_NAME_MAX];
                double seconds;
        } threads[THREADS_MAX];
} CpuUse;

void cpu_use_of(pid_t pid, CpuUse *ret_use);
/* *@after becomes what was used since @before. */
void cpu_use_since(CpuUse *after, const CpuUse *before);

/* What /proc/PID/status says, in MiB: "VmRSS", or "VmHWM" for the most there was of it. */
double memory_of(pid_t pid, const char *what);
/* How often it touched a page that it did not have, so far. */
double page_faults_of(pid_t pid);

/* ------------------------------------------------------------------ the yardstick */

/*
 * Ed25519 verifications of @n_bytes in a second of processor time: half a second is discarded,
 * since a machine that was idle is up to a third slower at first, then the best of five slices.
 */
double verifications_per_second(size_t n_bytes);

/*
 * The same while something else is measured: a few at a time, so that it takes little from that.
 * What slows the machine down slows both.
 */
typedef struct Yardstick Yardstick;

Yardstick *yardstick_start(size_t n_bytes);
/* The rate since it was started. */
double yardstick_stop(Yardstick *yardstick);

/* The last line, which is what is looked for. */
void print_result(const char *name, double ratio, const char *bound, double limit);
