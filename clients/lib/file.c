#include "lib/file.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>

int file_load(Blob **ret_blob, const char *path, size_t n_max)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        CLEANUP(closep) int fd = -1;
        size_t n_read = 0;
        ssize_t n;
        int r;

        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return err_raise(-errno);
        r = blob_new(&blob, n_max + 1);
        if (r)
                return r;

        for (;;) {
                n = read(fd, blob->bytes + n_read, n_max + 1 - n_read);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_raise(-errno);
                if (n == 0)
                        break;
                n_read += (size_t)n;
                if (n_read > n_max)
                        return err_raise(-E2BIG);
        }
        return blob_copy(ret_blob, blob->bytes, n_read);
}

static int write_all(int fd, const uint8_t *bytes, size_t n_bytes)
{
        while (n_bytes) {
                ssize_t n = write(fd, bytes, n_bytes);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_raise(-errno);
                bytes += n;
                n_bytes -= (size_t)n;
        }
        return fsync(fd) < 0 ? err_raise(-errno) : 0;
}

static int sync_directory(const char *path)
{
        CLEANUP(freep) char *copy = strdup(path);
        CLEANUP(closep) int fd = -1;

        if (!copy)
                return err_raise(-ENOMEM);
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) < 0)
                return err_raise(-errno);
        return 0;
}

int file_replace(const char *path, const void *bytes, size_t n_bytes)
{
        CLEANUP(freep) char *temporary = NULL;
        CLEANUP(closep) int fd = -1;
        int r;

        if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
                temporary = NULL;
                return err_raise(-ENOMEM);
        }
        fd = mkostemp(temporary, O_CLOEXEC);
        if (fd < 0)
                return err_raise(-errno);

        r = write_all(fd, bytes, n_bytes);
        if (!r && fchmod(fd, 0644) < 0)
                r = err_raise(-errno);
        if (!r && rename(temporary, path) < 0)
                r = err_raise(-errno);
        if (r) {
                (void)unlink(temporary);
                return r;
        }
        return sync_directory(path);
}
