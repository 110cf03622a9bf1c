/*
 * Moves a program's wall clock, as a host's clock moves: LD_PRELOAD this, and write an offset in
 * milliseconds (8 bytes, native) into the file that $PLEK_TEST_CLOCK names. The monotonic clock
 * stays as it is, which is how a program tells a jump from time passing.
 *
 * A second offset, if the file has one, moves the monotonic clock: time that a program has spent. A
 * third moves the clock that goes on while a host sleeps: with the first, days pass in a moment for
 * the programs that are given one file, and nothing that counts its own seconds has timed out.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { WALL, MONOTONIC, BOOT, N_CLOCKS };

static const volatile int64_t *offsets_ms; /* by clock */

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
        mapping = mmap(NULL, N_CLOCKS * sizeof(*offsets_ms), PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        if (mapping != MAP_FAILED)
                offsets_ms = mapping;
}

static int64_t offset_of(size_t clock)
{
        return offsets_ms ? offsets_ms[clock] : 0;
}

static void shim_move(struct timespec *at, int64_t ms)
{
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
                shim_move(ret_at, offset_of(WALL));
        else if (!r && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE))
                shim_move(ret_at, offset_of(MONOTONIC));
        else if (!r && clock == CLOCK_BOOTTIME)
                shim_move(ret_at, offset_of(BOOT));
        return r;
}

/* Set for a time of the moved clock, it is the kernel's that has to get there. */
int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *ret_old)
{
        static int (*real)(int, int, const struct itimerspec *, struct itimerspec *);
        struct itimerspec moved = *when;

        if (!real)
                *(void **)&real = dlsym(RTLD_NEXT, "timerfd_settime");
        if (flags & TFD_TIMER_ABSTIME && (when->it_value.tv_sec || when->it_value.tv_nsec)) {
                shim_move(&moved.it_value, -offset_of(BOOT));
                if (moved.it_value.tv_sec < 0)
                        moved.it_value = (struct timespec){ .tv_nsec = 1 };
        }
        return real(fd, flags, &moved, ret_old);
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
