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

struct RunnerWaiting {
        RunnerWaiting *next;
        char **argv; /* its strings are the caller's */
        char *about, *whose;
        unsigned urgency;
        RunnerVariables variables;
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

/* False: said on standard error, and not to be tried again. */
static bool start(Runner *runner, RunnerChild *child, RunnerWaiting *task, int64_t now_ms)
{
        int r = spawn(&child->pid, task->argv, task->variables.variables);

        if (r) {
                child->pid = 0;
                fail(EXIT_DONE, "*** %s cannot be run: %s.", task->argv[0], strerror(r));
                return false;
        }
        child->until_ms = now_ms + runner->timeout_ms;
        child->was_killed = false;
        child->program = task->argv[0];
        child->whose = STEAL(task->whose);
        return true;
}

/* ------------------------------------------------------------------ waiting */

static RunnerWaiting *waiting_free(RunnerWaiting *task)
{
        if (!task)
                return NULL;
        runner_variables_deinit(&task->variables);
        free(task->argv);
        free(task->about);
        free(task->whose);
        free(task);
        return NULL;
}
DEFINE_FREEP(RunnerWaiting, waiting_free);

static int waiting_new(RunnerWaiting **ret_task, const RunnerTask *from, RunnerVariables *variables)
{
        CLEANUP(waiting_freep) RunnerWaiting *task = calloc(1, sizeof(*task));
        size_t n_argv = 0;

        if (!task)
                return -ENOMEM;
        task->variables = *variables;
        *variables = RUNNER_VARIABLES_NULL;
        for (size_t i = 0; i < N_ELEMENTS(inherited); i++)
                runner_set(&task->variables, inherited[i], getenv(inherited[i]));
        while (from->argv[n_argv])
                n_argv++;
        task->argv = calloc(n_argv + 1, sizeof(*task->argv));
        task->about = strdup(from->about);
        task->whose = strdup(from->whose);
        if (!task->argv || !task->about || !task->whose || task->variables.out_of_memory)
                return -ENOMEM;
        memcpy(task->argv, from->argv, n_argv * sizeof(*task->argv));
        task->urgency = from->urgency;
        *ret_task = STEAL(task);
        return 0;
}

static RunnerWaiting *take_out(Runner *runner, RunnerWaiting **at)
{
        RunnerWaiting *task = *at;

        *at = task->next;
        task->next = NULL;
        runner->n_waiting--;
        return task;
}

/* Where the task about the same thing waits, or the end. */
static RunnerWaiting **find_place(Runner *runner, const RunnerWaiting *task)
{
        RunnerWaiting **at = &runner->waiting;

        while (*at && strcmp((*at)->about, task->about) != 0)
                at = &(*at)->next;
        return at;
}

static void put_in(Runner *runner, RunnerWaiting *task)
{
        RunnerWaiting **at = find_place(runner, task);

        if (!*at && runner->n_waiting == RUNNER_WAITING_MAX) {
                fail(EXIT_DONE, "*** %s is not run: %d of them wait already.", task->argv[0],
                     RUNNER_WAITING_MAX);
                waiting_free(task);
                return;
        }
        /* It keeps its turn, and what was more urgent about it. */
        if (*at) {
                RunnerWaiting *before = take_out(runner, at);

                task->urgency = MAX(task->urgency, before->urgency);
                waiting_free(before);
        }
        task->next = *at;
        *at = task;
        runner->n_waiting++;
}

static bool may_run(const Runner *runner, const char *whose)
{
        size_t n = 0, n_of_them = 0;

        for (size_t i = 0; i < RUNNER_CHILDREN_MAX; i++) {
                const RunnerChild *child = &runner->children[i];

                n += child->pid != 0;
                n_of_them += child->pid && !strcmp(child->whose, whose);
        }
        return !n_of_them || (n < RUNNER_SHARED_MAX && n_of_them < RUNNER_OF_ONE_MAX);
}

/* The most urgent of those that may run now, of these the one that waits longest; or NULL. */
static RunnerWaiting **find_next(Runner *runner)
{
        RunnerWaiting **next = NULL;

        for (RunnerWaiting **at = &runner->waiting; *at; at = &(*at)->next)
                if ((!next || (*at)->urgency > (*next)->urgency) && may_run(runner, (*at)->whose))
                        next = at;
        return next;
}

static void start_waiting(Runner *runner, int64_t now_ms)
{
        RunnerWaiting **next = find_next(runner);
        RunnerChild *child = free_place(runner);

        while (next && child) {
                RunnerWaiting *task = take_out(runner, next);

                (void)start(runner, child, task, now_ms);
                waiting_free(task);
                next = find_next(runner);
                child = free_place(runner);
        }
}

void runner_run(Runner *runner, const RunnerTask *task, RunnerVariables *variables, int64_t now_ms)
{
        RunnerWaiting *waiting;

        if (waiting_new(&waiting, task, variables)) {
                fail(EXIT_DONE, "*** %s is not run: there is no memory.", task->argv[0]);
                return;
        }
        put_in(runner, waiting);
        start_waiting(runner, now_ms);
}

/* ------------------------------------------------------------------ ending */

static void has_ended(RunnerChild *child, int status)
{
        child->pid = 0;
        free(STEAL(child->whose));
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
        start_waiting(runner, now_ms);
}

bool runner_is_busy(const Runner *runner)
{
        for (size_t i = 0; i < RUNNER_CHILDREN_MAX; i++)
                if (runner->children[i].pid)
                        return true;
        return runner->n_waiting > 0;
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
                free(STEAL(child->whose));
        }
        while (runner->waiting)
                waiting_free(take_out(runner, &runner->waiting));
}
