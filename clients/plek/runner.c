#include "runner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "clean.h"
#include "command.h"

/* Of our own environment; keys and cards are none of a program's business. */
static const char *const inherited[] = {
        "PATH",         "HOME", "USER",     "LOGNAME",         "LANG",
        "LC_ALL",       "TZ",   "DISPLAY",  "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR",
        "PULSE_SERVER", "TERM", "LC_CTYPE", "LC_MESSAGES",     "DBUS_SESSION_BUS_ADDRESS",
};

void runner_variables_deinit(RunnerVariables *variables)
{
        for (size_t i = 0; i < variables->n_variables; i++)
                free(variables->variables[i]);
        *variables = RUNNER_VARIABLES_NULL;
}

void runner_set(RunnerVariables *variables, const char *name, const char *value)
{
        char *text;

        if (!value)
                return;
        assert(variables->n_variables < RUNNER_VARIABLES_MAX);
        if (asprintf(&text, "%s=%s", name, value) < 0) {
                variables->out_of_memory = true;
                return;
        }
        clean(text);
        variables->variables[variables->n_variables++] = text;
}

/* ------------------------------------------------------------------ starting */

static RunnerChild *free_place(Runner *runner)
{
        for (size_t i = 0; i < RUNNER_CHILDREN_MAX; i++)
                if (!runner->children[i].pid)
                        return &runner->children[i];
        return NULL;
}

/* Nothing of ours but its standard output and error, in a group of its own, which ends together. */
static int spawn(pid_t *ret_pid, char *const *argv, char *const *environment)
{
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        int r;

        r = posix_spawn_file_actions_init(&files);
        if (r)
                return r;
        r = posix_spawnattr_init(&attributes);
        if (r) {
                posix_spawn_file_actions_destroy(&files);
                return r;
        }

        sigemptyset(&none);
        sigfillset(&all);
        r = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (!r)
                r = posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
        if (!r)
                r = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
        if (!r)
                r = posix_spawnattr_setsigmask(&attributes, &none);
        if (!r)
                r = posix_spawnattr_setsigdefault(&attributes, &all);
        if (!r)
                r = posix_spawnattr_setpgroup(&attributes, 0);
        if (!r)
                r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                                                  POSIX_SPAWN_SETSIGDEF |
                                                                  POSIX_SPAWN_SETPGROUP);
        if (!r)
                r = posix_spawnp(ret_pid, argv[0], &files, &attributes, argv, environment);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        return r;
}

void runner_start(Runner *runner, char *const *argv, RunnerVariables *variables, int64_t now_ms)
{
        RunnerChild *child = free_place(runner);
        int r;

        if (!child) {
                fail(EXIT_DONE, "*** %s is not run: %d of them have not ended yet.", argv[0],
                     RUNNER_CHILDREN_MAX);
                return;
        }
        for (size_t i = 0; i < N_ELEMENTS(inherited); i++)
                runner_set(variables, inherited[i], getenv(inherited[i]));
        if (variables->out_of_memory) {
                fail(EXIT_DONE, "*** %s is not run: there is no memory.", argv[0]);
                return;
        }

        r = spawn(&child->pid, argv, variables->variables);
        if (r) {
                child->pid = 0;
                fail(EXIT_DONE, "*** %s cannot be run: %s.", argv[0], strerror(r));
                return;
        }
        child->until_ms = now_ms + runner->timeout_ms;
        child->was_killed = false;
        child->program = argv[0];
}

/* ------------------------------------------------------------------ ending */

static void has_ended(RunnerChild *child, int status)
{
        child->pid = 0;
        if (child->was_killed)
                fail(EXIT_DONE, "*** %s did not end in time and was killed.", child->program);
        else if (WIFEXITED(status) && WEXITSTATUS(status))
                fail(EXIT_DONE, "*** %s ended with %d.", child->program, WEXITSTATUS(status));
        else if (WIFSIGNALED(status))
                fail(EXIT_DONE, "*** %s was ended by signal %d.", child->program, WTERMSIG(status));
}

void runner_look(Runner *runner, int64_t now_ms)
{
        for (size_t i = 0; i < RUNNER_CHILDREN_MAX; i++) {
                RunnerChild *child = &runner->children[i];
                int status;

                if (!child->pid)
                        continue;
                if (waitpid(child->pid, &status, WNOHANG) == child->pid) {
                        has_ended(child, status);
                } else if (now_ms >= child->until_ms && !child->was_killed) {
                        kill(-child->pid, SIGKILL);
                        child->was_killed = true;
                }
        }
}

bool runner_is_busy(const Runner *runner)
{
        for (size_t i = 0; i < RUNNER_CHILDREN_MAX; i++)
                if (runner->children[i].pid)
                        return true;
        return false;
}

void runner_deinit(Runner *runner)
{
        for (size_t i = 0; i < RUNNER_CHILDREN_MAX; i++) {
                RunnerChild *child = &runner->children[i];

                if (!child->pid)
                        continue;
                kill(-child->pid, SIGKILL);
                (void)waitpid(child->pid, NULL, 0);
                child->pid = 0;
        }
}
