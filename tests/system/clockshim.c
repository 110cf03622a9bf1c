/*
 * Moves a program's wall clock, as a host's clock moves: LD_PRELOAD this, and write an offset in
 * milliseconds (8 bytes, native) into the file that $PLEK_TEST_CLOCK names. The monotonic clock
 * stays as it is, which is how a program tells a jump from time passing.
 *
 * A second offset, if the file has one, moves the monotonic clock: time that a program has spent.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offsets_ms; /* the wall clock's, the monotonic clock's */

__attribute__((constructor)) static void shim_open(void)
{
        const char *path = getenv("PLEK_TEST_CLOCK");
        void *mapping;
        int fd;

        if (!path)
                return;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return;
        mapping = mmap(NULL, 2 * sizeof(*offsets_ms), PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        if (mapping != MAP_FAILED)
                offsets_ms = mapping;
}

static void shim_move(struct timespec *at, size_t clock)
{
        int64_t ms = offsets_ms ? offsets_ms[clock] : 0;

        at->tv_sec += ms / 1000;
        at->tv_nsec += ms % 1000 * 1000000;
        if (at->tv_nsec < 0) {
                at->tv_nsec += 1000000000;
                at->tv_sec--;
        } else if (at->tv_nsec >= 1000000000) {
                at->tv_nsec -= 1000000000;
                at->tv_sec++;
        }
}

int clock_gettime(clockid_t clock, struct timespec *ret_at)
{
        static int (*real)(clockid_t, struct timespec *);
        int r;

        if (!real)
                *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
        r = real(clock, ret_at);
        if (!r && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                shim_move(ret_at, 0);
        else if (!r && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE))
                shim_move(ret_at, 1);
        return r;
}

int gettimeofday(struct timeval *restrict ret_at, void *restrict zone)
{
        struct timespec at;

        (void)zone;
        if (clock_gettime(CLOCK_REALTIME, &at))
                return -1;
        ret_at->tv_sec = at.tv_sec;
        ret_at->tv_usec = at.tv_nsec / 1000;
        return 0;
}

time_t time(time_t *ret_at)
{
        struct timespec at;

        if (clock_gettime(CLOCK_REALTIME, &at))
                return -1;
        if (ret_at)
                *ret_at = at.tv_sec;
        return at.tv_sec;
}
