/*
 * libplek-crash.so: dies inside LMDB's commit
 *
 * A commit is: pages written, fdatasync(), the meta page written through a descriptor that syncs by
 * itself. No code of ours runs in between, so these stand before libc's, and kill the process where
 * PLEK_CRASH_AT says, as internal/crashpoint.h does for the daemon's own points:
 *
 *         before-data-sync:n    the nth commit's pages are written, and nothing is synced
 *         after-data-sync:n     the pages are synced, the meta page is not written
 *         torn-meta-write:n     half of the meta page is
 *         after-meta-write:n    it is durable, and nobody has been told
 */

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum Point {
        POINT_NONE,
        POINT_BEFORE_DATA_SYNC,
        POINT_AFTER_DATA_SYNC,
        POINT_TORN_META_WRITE,
        POINT_AFTER_META_WRITE,
} Point;

static const struct {
        const char *name;
        Point point;
} points[] = {
        { "before-data-sync:", POINT_BEFORE_DATA_SYNC },
        { "after-data-sync:", POINT_AFTER_DATA_SYNC },
        { "torn-meta-write:", POINT_TORN_META_WRITE },
        { "after-meta-write:", POINT_AFTER_META_WRITE },
};

static Point armed;
static atomic_ulong n_left;
static _Thread_local bool synced; /* this thread's next write is of the meta page */

__attribute__((constructor)) static void arm(void)
{
        const char *text = getenv("PLEK_CRASH_AT");

        for (size_t i = 0; text && i < sizeof(points) / sizeof(points[0]); i++) {
                size_t n_name = strlen(points[i].name);

                if (strncmp(text, points[i].name, n_name) != 0)
                        continue;
                armed = points[i].point;
                n_left = strtoul(text + n_name, NULL, 10);
        }
}

static bool is_due(Point point)
{
        return armed == point && atomic_fetch_sub(&n_left, 1) == 1;
}

static void pass(Point point)
{
        if (is_due(point))
                raise(SIGKILL);
}

int fdatasync(int fd)
{
        int r;

        pass(POINT_BEFORE_DATA_SYNC);
        r = (int)syscall(SYS_fdatasync, fd);
        pass(POINT_AFTER_DATA_SYNC);
        synced = true;
        return r;
}

/* libc's two names of it: LMDB was built for the one, others are for the other. */
ssize_t crash_pwrite(int fd, const void *bytes, size_t n_bytes, off_t offset) __asm__("pwrite");
ssize_t crash_pwrite64(int fd, const void *bytes, size_t n_bytes, off_t offset) __asm__("pwrite64");

ssize_t crash_pwrite(int fd, const void *bytes, size_t n_bytes, off_t offset)
{
        bool is_meta = synced;
        ssize_t n;

        synced = false;
        if (is_meta && is_due(POINT_TORN_META_WRITE)) {
                n = syscall(SYS_pwrite64, fd, bytes, n_bytes / 2, offset);
                raise(SIGKILL);
                return n;
        }

        n = syscall(SYS_pwrite64, fd, bytes, n_bytes, offset);
        if (is_meta)
                pass(POINT_AFTER_META_WRITE);
        return n;
}

ssize_t crash_pwrite64(int fd, const void *bytes, size_t n_bytes, off_t offset)
{
        return crash_pwrite(fd, bytes, n_bytes, offset);
}
