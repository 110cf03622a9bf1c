#include "store/lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>

#include "store/error.h"

static const char lock_name[] = "plekd.lock";

static pid_t lock_holder(int fd)
{
        char text[32] = "";

        if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
                return 0;
        return (pid_t)strtol(text, NULL, 10);
}

int lock_take(int directory_fd, int *ret_fd, pid_t *ret_pid)
{
        CLEANUP(closep) int fd = -1;

        fd = openat(directory_fd, lock_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno == EROFS) {
                fd = openat(directory_fd, lock_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
                if (fd < 0 && errno == ENOENT) {
                        *ret_fd = -1;
                        return 0;
                }
        }
        if (fd < 0)
                return store_error(errno);

        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return err_raise(-errno);
                *ret_pid = lock_holder(fd);
                return STORE_E_LOCKED;
        }

        *ret_fd = STEAL_FD(fd);
        return 0;
}

void lock_sign(int fd)
{
        char text[32];
        int n_text;

        if (fd < 0)
                return;

        n_text = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
        if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n_text, 0) < 0)
                return;
}
