/*
 * Makes a program's disk fail: LD_PRELOAD this, and write two numbers (8 bytes each, native) into
 * the file that $PLEK_TEST_DISK names: the errno of the next data syncs, and of the next writes of
 * pages (one at an offset, several in one go, which is how LMDB writes). 0: as the disk has it.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SYNC, WRITE, N_FAULTS };

static const volatile int64_t *faults;

__attribute__((constructor)) static void shim_open(void)
{
        const char *path = getenv("PLEK_TEST_DISK");
        void *mapping;
        int fd;

        if (!path)
                return;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return;
        mapping = mmap(NULL, N_FAULTS * sizeof(*faults), PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        if (mapping != MAP_FAILED)
                faults = mapping;
}

/* Whether the call is to fail, with errno set. */
static int shim_fails(int which)
{
        if (!faults || !faults[which])
                return 0;
        errno = (int)faults[which];
        return 1;
}

int fdatasync(int fd)
{
        static int (*real)(int);

        if (!real)
                *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
        return shim_fails(SYNC) ? -1 : real(fd);
}

/* A library calls either name, as it was built. */
#define DEFINE_PWRITE(_name, _offset)                                                              \
        ssize_t _name(int fd, const void *bytes, size_t n_bytes, _offset at)                       \
        {                                                                                          \
                static ssize_t (*real)(int, const void *, size_t, _offset);                        \
                                                                                                   \
                if (!real)                                                                         \
                        *(void **)&real = dlsym(RTLD_NEXT, #_name);                                \
                return shim_fails(WRITE) ? -1 : real(fd, bytes, n_bytes, at);                      \
        }

DEFINE_PWRITE(pwrite, off_t)
DEFINE_PWRITE(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *parts, int n_parts)
{
        static ssize_t (*real)(int, const struct iovec *, int);

        if (!real)
                *(void **)&real = dlsym(RTLD_NEXT, "writev");
        return shim_fails(WRITE) ? -1 : real(fd, parts, n_parts);
}
