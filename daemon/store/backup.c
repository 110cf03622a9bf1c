#include "store/backup.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/environment.h"
#include "store/error.h"
#include "store/meta.h"

static const char part_name[] = "data.mdb.part";

static int fsync_parent(const char *path)
{
        CLEANUP(freep) char *copy = NULL;
        CLEANUP(closep) int fd = -1;

        copy = strdup(path);
        if (!copy)
                return err_raise(-ENOMEM);
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || fsync(fd) < 0 ? err_raise(-errno) : 0;
}

static int target_open(const char *to, int *ret_fd)
{
        CLEANUP(closep) int fd = -1;

        if (mkdir(to, 0700) < 0 && errno != EEXIST)
                return err_raise(-errno);
        fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return err_raise(-errno);
        if (faccessat(fd, ENVIRONMENT_DATA_NAME, F_OK, 0) == 0)
                return err_raise(-EEXIST);

        *ret_fd = STEAL_FD(fd);
        return 0;
}

/* What says that it is a copy is there before what is copied. */
static int target_mark(int to_fd, const char *directory)
{
        CLEANUP(closep) int fd = -1;

        fd = openat(to_fd, ENVIRONMENT_RESTORED_NAME, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC,
                    0600);
        if (fd < 0 || dprintf(fd, "a copy of %s\n", directory) < 0 || fsync(fd) < 0)
                return err_raise(-errno);
        return 0;
}

static int target_copy(Environment *environment, int to_fd)
{
        CLEANUP(closep) int fd = -1;
        int rc;

        fd = openat(to_fd, part_name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0)
                return err_raise(-errno);

        /* mdb_env_copyfd2() does not sync. */
        rc = mdb_env_copyfd2(environment->env, fd, MDB_CP_COMPACT);
        if (rc)
                return store_error(rc);
        if (fsync(fd) < 0 || renameat(to_fd, part_name, to_fd, ENVIRONMENT_DATA_NAME) < 0 ||
            fsync(to_fd) < 0)
                return err_raise(-errno);
        return 0;
}

/* Reads back what was written. */
static int target_check(const char *to, uint64_t *ret_revision, const char **ret_text)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        Tail tail;
        int r;

        r = environment_open_reader(&environment, to, ret_text);
        if (!r)
                r = transaction_read(&transaction, environment);
        if (!r)
                r = meta_get_tail(&transaction, &tail);
        if (!r)
                *ret_revision = tail.revision;
        return r;
}

static int backup_result(int r, const char *to, const char **ret_text)
{
        switch (r) {
        case 0:
                return 0;
        case -EEXIST:
                *ret_text = store_text("%s holds a database already; name a new directory", to);
                return BACKUP_E_EXISTS;
        case STORE_E_FULL:
        case STORE_E_IO:
                r = -ENOSPC;
                break;
        case STORE_E_NONE:
        case STORE_E_BROKEN:
                r = -EIO;
                break;
        }
        *ret_text = store_text("%s cannot be written: %s", to, strerror(r < 0 ? -r : EIO));
        return r < 0 ? r : err_raise(-EIO);
}

int ledger_backup(const char *directory, const char *to, uint64_t *ret_revision,
                  const char **ret_text)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        CLEANUP(closep) int to_fd = -1;
        int r;

        r = environment_open_reader(&environment, directory, ret_text);
        if (r == STORE_E_NEWER)
                return BACKUP_E_NEWER;
        if (r)
                return r == STORE_E_DAMAGED ? BACKUP_E_DAMAGED : err_fold(r);

        r = target_open(to, &to_fd);
        if (!r)
                r = target_mark(to_fd, directory);
        if (!r)
                r = target_copy(environment, to_fd);
        if (!r)
                r = fsync_parent(to);
        if (r) {
                if (to_fd >= 0)
                        unlinkat(to_fd, part_name, 0);
                return backup_result(r, to, ret_text);
        }

        r = target_check(to, ret_revision, ret_text);
        return r > 0 ? BACKUP_E_DAMAGED : r;
}
