#include "store/disk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "store/error.h"

enum {
        PROBE_PIECE_BYTES = 64 * 1024,
};

static const char probe_name[] = "probe";

/* Overlay file systems of older kernels have no files without a name. */
static int probe_open(int directory_fd)
{
        int fd;

        fd = openat(directory_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
                return fd;

        fd = openat(directory_fd, probe_name, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd >= 0)
                unlinkat(directory_fd, probe_name, 0);
        return fd;
}

int disk_probe(int directory_fd, size_t n_bytes)
{
        static const uint8_t piece[PROBE_PIECE_BYTES] = { 1 };
        CLEANUP(closep) int fd = -1;
        size_t n_written = 0;

        fd = probe_open(directory_fd);
        if (fd < 0)
                return store_error(errno);

        while (n_written < n_bytes) {
                size_t n = MIN(n_bytes - n_written, sizeof(piece));
                ssize_t n_now = pwrite(fd, piece, n, (off_t)n_written);

                if (n_now < 0)
                        return store_error(errno);
                if ((size_t)n_now < n)
                        return STORE_E_FULL;
                n_written += n;
        }

        return store_error(fdatasync(fd) < 0 ? errno : 0);
}

uint64_t disk_free_bytes(int directory_fd)
{
        struct statvfs status;

        if (fstatvfs(directory_fd, &status) < 0)
                return 0;
        return (uint64_t)status.f_bavail * status.f_frsize;
}
