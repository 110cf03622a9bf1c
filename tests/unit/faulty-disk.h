#pragma once

/*
 * Faulty disk: the one seam through which a store's test makes the nth write or sync fail
 *
 * These definitions stand before libc's for the whole program, LMDB included, so that its own error
 * paths run and not a mock of them. To be included by one file of a test program.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

typedef enum DiskCall {
        DISK_NONE,
        DISK_WRITE, /* any of pwrite() and writev() */
        DISK_SYNC,  /* fdatasync() */
        DISK_META,  /* the write after a sync: LMDB's meta page */
} DiskCall;

enum {
        DISK_SHORT_WRITE = -1, /* in place of an errno: half of it is written */
};

static struct {
        DiskCall call;
        unsigned n_left;
        int error;
        bool stays;  /* fails from then on */
        bool synced; /* a sync since it was armed */
        unsigned n_failed;
} faulty_disk;

/* The @nth such call from now fails with @error; if it @stays, all after it do. */
static inline void disk_fail(DiskCall call, unsigned nth, int error, bool stays)
{
        faulty_disk.call = call;
        faulty_disk.n_left = nth;
        faulty_disk.error = error;
        faulty_disk.stays = stays;
        faulty_disk.synced = false;
        faulty_disk.n_failed = 0;
}

static inline void disk_heal(void)
{
        faulty_disk.call = DISK_NONE;
}

static inline bool disk_fails_now(DiskCall call)
{
        if (call == DISK_WRITE && faulty_disk.call == DISK_META && faulty_disk.synced)
                call = DISK_META;
        if (call == DISK_SYNC)
                faulty_disk.synced = true;
        if (faulty_disk.call != call || (faulty_disk.n_left && --faulty_disk.n_left))
                return false;
        if (!faulty_disk.stays)
                faulty_disk.call = DISK_NONE;
        faulty_disk.n_failed++;
        return true;
}

/* libc's two names of it: LMDB was built for the one, we are for the other. */
ssize_t faulty_pwrite(int fd, const void *bytes, size_t n_bytes, off_t offset) __asm__("pwrite");
ssize_t faulty_pwrite64(int fd, const void *bytes, size_t n_bytes,
                        off_t offset) __asm__("pwrite64");

ssize_t faulty_pwrite(int fd, const void *bytes, size_t n_bytes, off_t offset)
{
        if (disk_fails_now(DISK_WRITE)) {
                if (faulty_disk.error == DISK_SHORT_WRITE)
                        return syscall(SYS_pwrite64, fd, bytes, n_bytes / 2, offset);
                errno = faulty_disk.error;
                return -1;
        }
        return syscall(SYS_pwrite64, fd, bytes, n_bytes, offset);
}

ssize_t faulty_pwrite64(int fd, const void *bytes, size_t n_bytes, off_t offset)
{
        return faulty_pwrite(fd, bytes, n_bytes, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int n_pieces)
{
        if (disk_fails_now(DISK_WRITE)) {
                if (faulty_disk.error == DISK_SHORT_WRITE)
                        return syscall(SYS_writev, fd, pieces, n_pieces / 2);
                errno = faulty_disk.error;
                return -1;
        }
        return syscall(SYS_writev, fd, pieces, n_pieces);
}

int fdatasync(int fd)
{
        if (disk_fails_now(DISK_SYNC)) {
                errno = faulty_disk.error;
                return -1;
        }
        return (int)syscall(SYS_fdatasync, fd);
}
