#pragma once

/*
 * Environment: a directory with LMDB's files, open
 *
 * Default sync, no WRITEMAP, NOTLS. One process writes (lock.h); others may read beside it. Within
 * the process one thread writes while others read: growing the map needs that no transaction is
 * open, so readers share @reading while theirs is, and the writer takes it alone to grow.
 */

#include <lmdb.h>
#include <pthread.h>
#include <stdbool.h>

#include "core/checkpoint.h"
#include "store/transaction.h"

struct Environment {
        MDB_env *env;
        MDB_dbi root; /* meta rows */
        MDB_dbi journal;
        MDB_dbi tables[N_CHECKPOINT_TABLES];
        CheckpointTable tables_end; /* there are those before it */
        pthread_rwlock_t reading;
        size_t map_bytes;
        size_t map_bytes_max;
        int directory_fd;
        int lock_fd; /* -1: none */
        bool writable;
        char *directory;
};

#define ENVIRONMENT_DATA_NAME     "data.mdb"
#define ENVIRONMENT_RESTORED_NAME "restored" /* its presence says: a copy, not run since */

enum {
        ENVIRONMENT_MAP_BYTES = 256 * 1024 * 1024, /* where it starts, if nobody says */
};

/*
 * To write: creates the directory (0700) and its tables. What cannot be written but holds something
 * is opened all the same, to be served. On an error *ret_text is a sentence. Returns 0,
 * STORE_E_LOCKED, STORE_E_NEWER (untouched), STORE_E_DAMAGED or -errno.
 */
MUST_CHECK int environment_open(Environment **ret_environment, const char *directory,
                                size_t map_bytes_initial, size_t map_bytes_max,
                                const char **ret_text);
/*
 * To read a directory that another process may be writing, or a copy of one; writes nothing there.
 * Returns 0, STORE_E_NEWER, STORE_E_DAMAGED or -errno.
 */
MUST_CHECK int environment_open_reader(Environment **ret_environment, const char *directory,
                                       const char **ret_text);
Environment *environment_close(Environment *environment);
DEFINE_FREEP(Environment, environment_close);

/* The writer, with no transaction open. Returns 0, STORE_E_FULL (as large as it may be) or
 * STORE_E_BROKEN. */
MUST_CHECK int environment_grow(Environment *environment);
/* Tries again to open for writing what could only be read. Returns 0, STORE_E_FULL or -errno. */
MUST_CHECK int environment_reopen(Environment *environment);
/*
 * What @failure of a transaction that would have written about @n_bytes was: EIO with no room is a
 * full disk, with room a broken one; and whatever it was, a poisoned environment is the end.
 * Returns STORE_E_FULL, STORE_E_BROKEN or @failure.
 */
MUST_CHECK int environment_judge(Environment *environment, int failure, size_t n_bytes);
typedef struct EnvironmentSize {
        uint64_t file_bytes;
        uint64_t used_bytes; /* by the tables; the rest is free for what comes */
        uint64_t map_bytes;
} EnvironmentSize;

/* What cannot be known is 0. */
void environment_measure(Environment *environment, EnvironmentSize *ret_size);
/* Whether the directory is a copy that a backup made. */
bool environment_is_restored(const Environment *environment);
/* It is nobody's copy any more. Returns 0 or -errno. */
MUST_CHECK int environment_settle(Environment *environment);
/* Whether @n_bytes could be written now. Returns 0, STORE_E_FULL or STORE_E_BROKEN. */
MUST_CHECK int environment_probe(Environment *environment, size_t n_bytes);
