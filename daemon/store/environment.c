#include "store/environment.h"

#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "store/disk.h"
#include "store/error.h"
#include "store/lock.h"
#include "store/meta.h"
#include "store/survey.h"

/*
 * Opening
 *
 * First only looked at, without LMDB's locks and for reading: a directory that a newer version
 * wrote stays as it is. Then opened to write, and if the disk takes no writes, to read once more.
 */

static const char *const table_names[N_CHECKPOINT_TABLES] = {
        [CHECKPOINT_RECORDS] = "records",
        [CHECKPOINT_AFFIRMS] = "affirms",
        [CHECKPOINT_TOMBSTONES] = "tombstones",
        [CHECKPOINT_PARTIES] = "parties",
        [CHECKPOINT_REGISTRY] = "registry",
        [CHECKPOINT_TOPICS] = "topics",
        [CHECKPOINT_META] = "meta",
        [CHECKPOINT_NARROW] = "narrow",
        [CHECKPOINT_KEYFRAMES] = "keyframes",
        [CHECKPOINT_POSTINGS] = "postings",
};

static const char data_name[] = ENVIRONMENT_DATA_NAME;
static const char lock_name[] = "lock.mdb";

enum {
        LOCK_FILE_BYTES = 8192, /* what LMDB makes of it for its default of 126 readers */
};

static int directory_create(const char *directory)
{
        CLEANUP(freep) char *copy = NULL;
        CLEANUP(closep) int parent_fd = -1;

        if (mkdir(directory, 0700) < 0)
                return errno == EEXIST ? 0 : err_raise(-errno);

        copy = strdup(directory);
        if (!copy)
                return err_raise(-ENOMEM);
        parent_fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (parent_fd < 0 || fsync(parent_fd) < 0)
                return err_raise(-errno);
        return 0;
}

static bool environment_has(const Environment *environment, const char *name)
{
        struct stat status;

        return fstatat(environment->directory_fd, name, &status, 0) == 0 && status.st_size > 0;
}

bool environment_is_restored(const Environment *environment)
{
        return environment_has(environment, ENVIRONMENT_RESTORED_NAME);
}

int environment_settle(Environment *environment)
{
        if (unlinkat(environment->directory_fd, ENVIRONMENT_RESTORED_NAME, 0) < 0 ||
            fsync(environment->directory_fd) < 0)
                return err_raise(-errno);
        return 0;
}

/*
 * LMDB maps its lock file and writes to it. Made sparse on a full disk, that would be a SIGBUS:
 * have its blocks first.
 */
static int environment_reserve_lock_file(Environment *environment)
{
        CLEANUP(closep) int fd = -1;

        fd = openat(environment->directory_fd, lock_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                return store_error(errno);
        return store_error(posix_fallocate(fd, 0, LOCK_FILE_BYTES));
}

static void env_closep(MDB_env **env)
{
        if (*env)
                mdb_env_close(*env);
}

static int environment_open_env(Environment *environment, unsigned flags, MDB_env **ret_env)
{
        CLEANUP(env_closep) MDB_env *env = NULL;
        int rc;

        if (!(flags & MDB_RDONLY)) {
                int r = environment_reserve_lock_file(environment);

                if (r)
                        return r;
        }

        rc = mdb_env_create(&env);
        if (!rc)
                rc = mdb_env_set_maxdbs(env, N_CHECKPOINT_TABLES);
        if (!rc && !(flags & MDB_RDONLY))
                rc = mdb_env_set_mapsize(env, environment->map_bytes);
        if (!rc)
                rc = mdb_env_open(env, environment->directory, flags | MDB_NOTLS, 0600);
        if (rc)
                return store_error(rc);

        *ret_env = STEAL(env);
        return 0;
}

/* A directory of version 1 that is only read has no tables but these. */
static CheckpointTable tables_end(uint32_t version)
{
        return version < 2 ? CHECKPOINT_NARROW : N_CHECKPOINT_TABLES;
}

/* Its version, or this one's if there is nothing yet; @writes: brought up to this version. */
static int environment_open_schema(Environment *environment, Transaction *transaction, bool writes,
                                   uint32_t *ret_version)
{
        uint32_t version;
        MDB_stat stat;
        int rc, r;

        r = meta_get_schema(transaction, &version);
        if (r == STORE_E_NONE && writes) {
                rc = mdb_stat(transaction->txn, environment->root, &stat);
                if (rc || stat.ms_entries)
                        return rc ? store_error(rc) : STORE_E_DAMAGED;
                version = 0;
        } else if (r) {
                return r;
        }

        if (writes && version < SCHEMA_VERSION) {
                meta_put_schema(transaction);
                version = SCHEMA_VERSION;
        }
        *ret_version = version;
        return 0;
}

/* Every table's handle; to write, makes what is not there, and the schema's row. */
static int environment_open_tables(Environment *environment, bool writes)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        unsigned flags = writes ? MDB_CREATE : 0;
        uint32_t version = 0;
        int rc, r;

        r = writes ? transaction_write(&transaction, environment)
                   : transaction_read(&transaction, environment);
        if (r)
                return r;

        rc = mdb_dbi_open(transaction.txn, NULL, 0, &environment->root);
        if (rc)
                return store_error(rc);
        r = environment_open_schema(environment, &transaction, writes, &version);
        if (r)
                return r;

        environment->tables_end = tables_end(version);
        rc = mdb_dbi_open(transaction.txn, "journal", flags, &environment->journal);
        for (size_t i = 1; !rc && i < environment->tables_end; i++)
                rc = mdb_dbi_open(transaction.txn, table_names[i], flags, &environment->tables[i]);
        if (rc == MDB_NOTFOUND)
                return STORE_E_DAMAGED;
        if (rc)
                return store_error(rc);

        return transaction_commit(&transaction);
}

/* Replaces what it has open, if it can. */
static int environment_attach(Environment *environment, unsigned flags)
{
        MDB_env *before = environment->env;
        MDB_env *env = NULL;
        int n_dead;
        int r;

        r = environment_open_env(environment, flags, &env);
        if (r)
                return r;

        environment->env = env;
        r = environment_open_tables(environment, !(flags & MDB_RDONLY));
        if (r) {
                mdb_env_close(env);
                environment->env = before;
                return r;
        }

        if (before)
                mdb_env_close(before);
        if (!(flags & MDB_RDONLY)) {
                MDB_envinfo info;

                mdb_env_info(env, &info);
                environment->map_bytes = info.me_mapsize;
                environment->writable = true;
                mdb_reader_check(env, &n_dead);
        }
        return 0;
}

static int environment_new(Environment **ret_environment, const char *directory)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        pthread_rwlockattr_t attributes;

        environment = calloc(1, sizeof(*environment));
        if (!environment)
                return err_raise(-ENOMEM);

        /* A writer that waits is not passed by readers who come later. */
        pthread_rwlockattr_init(&attributes);
        pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
        pthread_rwlock_init(&environment->reading, &attributes);
        pthread_rwlockattr_destroy(&attributes);
        environment->lock_fd = environment->directory_fd = -1;
        environment->directory = strdup(directory);
        if (!environment->directory)
                return err_raise(-ENOMEM);

        environment->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (environment->directory_fd < 0)
                return err_raise(-errno);

        *ret_environment = STEAL(environment);
        return 0;
}

Environment *environment_close(Environment *environment)
{
        if (!environment)
                return NULL;

        env_closep(&environment->env);
        closep(&environment->lock_fd);
        closep(&environment->directory_fd);
        pthread_rwlock_destroy(&environment->reading);
        free(environment->directory);
        free(environment);
        return NULL;
}

/* Nobody has it open to write: nobody but us could. */
static int environment_look(Environment *environment)
{
        int r;

        if (!environment_has(environment, data_name))
                return STORE_E_NONE;

        r = survey(environment->directory);
        if (!r)
                r = environment_attach(environment, MDB_RDONLY | MDB_NOLOCK);
        if (!r)
                env_closep(&environment->env);
        environment->env = NULL;
        return r;
}

static int environment_open_locked(Environment *environment)
{
        bool holds_something;
        int r;

        r = environment_look(environment);
        if (r && r != STORE_E_NONE)
                return r;
        holds_something = !r;

        r = environment_attach(environment, 0);
        if (r == STORE_E_FULL && holds_something)
                return environment_attach(environment, MDB_RDONLY | MDB_NOLOCK);
        if (r)
                return r;

        return fsync(environment->directory_fd) < 0 ? err_raise(-errno) : 0;
}

static const char *open_text(const char *directory, int r)
{
        switch (r) {
        case STORE_E_NEWER:
                return store_text("%s was written by a newer version of plekd; nothing in it was "
                                  "touched. Install that version, or name another directory",
                                  directory);
        case STORE_E_DAMAGED:
        case STORE_E_NONE:
                return store_text("%s/%s is damaged, or not plekd's. See what is wrong with it "
                                  "(plek verify), or restore a backup",
                                  directory, data_name);
        case STORE_E_FULL:
                return store_text("%s: the disk is full or read-only, and there is nothing yet to "
                                  "serve",
                                  directory);
        default:
                return store_text("%s cannot be opened: %s", directory, strerror(r < 0 ? -r : EIO));
        }
}

/* What the caller of an open function gets. */
static int open_result(int r)
{
        switch (r) {
        case STORE_E_NONE:
                return STORE_E_DAMAGED;
        case STORE_E_FULL:
                return err_raise(-ENOSPC);
        case STORE_E_IO:
        case STORE_E_BROKEN:
                return err_raise(-EIO);
        default:
                return r;
        }
}

int environment_open(Environment **ret_environment, const char *directory, size_t map_bytes_initial,
                     size_t map_bytes_max, const char **ret_text)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        pid_t pid = 0;
        int r;

        r = directory_create(directory);
        if (!r)
                r = environment_new(&environment, directory);
        if (!r)
                r = lock_take(environment->directory_fd, &environment->lock_fd, &pid);
        if (r == STORE_E_LOCKED) {
                *ret_text = pid ? store_text("%s is in use by another plekd, process %ld",
                                             directory, (long)pid)
                                : store_text("%s is in use by another plekd", directory);
                return r;
        }

        if (!r) {
                environment->map_bytes =
                        map_bytes_initial ? map_bytes_initial : ENVIRONMENT_MAP_BYTES;
                environment->map_bytes_max = map_bytes_max ? map_bytes_max : SIZE_MAX / 4;
                r = environment_open_locked(environment);
        }
        if (r) {
                *ret_text = open_text(directory, r);
                return open_result(r);
        }

        lock_sign(environment->lock_fd);
        *ret_environment = STEAL(environment);
        return 0;
}

/* A copy has no lock file, and making one would be writing there. */
int environment_open_reader(Environment **ret_environment, const char *directory,
                            const char **ret_text)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        int r;

        r = environment_new(&environment, directory);
        if (!r)
                r = environment_has(environment, data_name) ? 0 : -ENOENT;
        if (!r)
                r = environment_attach(
                        environment,
                        MDB_RDONLY | (environment_has(environment, lock_name) ? 0 : MDB_NOLOCK));
        if (r) {
                *ret_text = open_text(directory, r);
                return open_result(r);
        }

        *ret_environment = STEAL(environment);
        return 0;
}

int environment_reopen(Environment *environment)
{
        int r;

        pthread_rwlock_wrlock(&environment->reading);
        r = environment_attach(environment, 0);
        pthread_rwlock_unlock(&environment->reading);
        return r;
}
