#pragma once

/*
 * Runner: programs that are run because something happened
 *
 * Without a shell: the program and its arguments are the command line's, and what somebody else
 * wrote reaches it in the environment alone, without control characters. Few run at once, each for
 * a while and no longer, and nothing ever waits for one.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "internal/err.h"

enum {
        RUNNER_CHILDREN_MAX = 8,
        RUNNER_VARIABLES_MAX = 40,
};

typedef struct RunnerChild {
        pid_t pid; /* 0: free */
        int64_t until_ms;
        bool was_killed;
        const char *program;
} RunnerChild;

typedef struct Runner {
        RunnerChild children[RUNNER_CHILDREN_MAX];
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

/* Starts @argv[0]. What cannot be started is said on standard error. */
void runner_start(Runner *runner, char *const *argv, RunnerVariables *variables, int64_t now_ms);
/* Looks who has ended, says how if not well, and kills who takes too long. */
void runner_look(Runner *runner, int64_t now_ms);
/* Some are running: look again soon. */
bool runner_is_busy(const Runner *runner);
/* Kills what is running. */
void runner_deinit(Runner *runner);
