#pragma once

/*
 * Crash points: places at which a test may ask the daemon to die
 *
 * PLEK_CRASH_AT=name, or name:n, kills the process (SIGKILL) at the nth pass of that point. Read
 * once, by crash_point_arm(); not set, a point costs a load and a branch. They are in every build,
 * since what is tested must be what runs.
 */

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct CrashPoint {
        bool armed;
        char name[64];
        atomic_ulong n_left;
} CrashPoint;

/* One for the whole program: the linker keeps one of the weak ones. */
__attribute__((weak)) CrashPoint crash_point_armed;

/* Before there are threads. */
static inline void crash_point_arm(void)
{
        const char *text = getenv("PLEK_CRASH_AT");
        size_t n_name;

        if (!text)
                return;

        n_name = strcspn(text, ":");
        if (n_name >= sizeof(crash_point_armed.name))
                return;

        memcpy(crash_point_armed.name, text, n_name);
        atomic_init(&crash_point_armed.n_left,
                    text[n_name] ? strtoul(text + n_name + 1, NULL, 10) : 1);
        crash_point_armed.armed = true;
}

static inline void crash_point(const char *name)
{
        if (__builtin_expect(!crash_point_armed.armed, 1) ||
            strcmp(name, crash_point_armed.name) != 0)
                return;
        if (atomic_fetch_sub(&crash_point_armed.n_left, 1) == 1)
                raise(SIGKILL);
}
