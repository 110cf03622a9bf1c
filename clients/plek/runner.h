#pragma once

/*
 * Runner: programs that are run because something happened
 *
 * Without a shell: the program and its arguments are the command line's, and what somebody else
 * wrote reaches it in the environment alone, without control characters. Few run at once, each for
 * a while and no longer, and nothing else ever waits for one.
 *
 * What finds no place waits for one, the most urgent first; what is said anew of the same thing
 * takes the place of what waits, so that a program is told how it is and not how it was.
 *
 * A party that has none running gets the next free place. Beyond its first it gets one only while
 * RUNNER_SHARED_MAX are not taken, and RUNNER_OF_ONE_MAX at the most: a few who make theirs hang
 * keep nobody else's from being run, and how many there would have to be is the places less the
 * shared ones.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "internal/err.h"

enum {
        RUNNER_CHILDREN_MAX = 16,
        RUNNER_SHARED_MAX = 8, /* that those who have one running already may fill */
        RUNNER_OF_ONE_MAX = 4,
        RUNNER_WAITING_MAX = 4096,
        RUNNER_VARIABLES_MAX = 40,
};

typedef struct RunnerChild {
        pid_t pid; /* 0: free */
        int64_t until_ms;
        bool was_killed;
        const char *program;
        char *whose;
} RunnerChild;

typedef struct RunnerWaiting RunnerWaiting;

typedef struct Runner {
        RunnerChild children[RUNNER_CHILDREN_MAX];
        RunnerWaiting *waiting; /* the longest first */
        size_t n_waiting;
        int64_t timeout_ms;
} Runner;

/* What a program is told: copied variables, then those of ours that it may need (PATH, HOME, ...).
 */
typedef struct RunnerVariables {
        char *variables[RUNNER_VARIABLES_MAX + 1];
        size_t n_variables;
        bool out_of_memory;
} RunnerVariables;

#define RUNNER_VARIABLES_NULL ((RunnerVariables){ 0 })
void runner_variables_deinit(RunnerVariables *variables);
/* @value NULL: it is not set. Control characters become blanks. */
void runner_set(RunnerVariables *variables, const char *name, const char *value);

typedef struct RunnerTask {
        char *const *argv; /* its strings outlive the runner */
        const char *about; /* the thing that it tells of */
        const char *whose; /* the party whose thing it is */
        unsigned urgency;  /* the highest first */
} RunnerTask;

/* Starts @task->argv[0] as soon as there is a place, with @variables, which are its from now on.
 * What cannot be started is said on standard error. */
void runner_run(Runner *runner, const RunnerTask *task, RunnerVariables *variables, int64_t now_ms);
/* Looks who has ended, says how if not well, kills who takes too long, and starts who waits. */
void runner_look(Runner *runner, int64_t now_ms);
/* Some are running, or wait: look again soon. */
bool runner_is_busy(const Runner *runner);
/* Kills what is running, and forgets what waits. */
void runner_deinit(Runner *runner);
