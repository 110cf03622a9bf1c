#include <sys/mman.h>
#include <sys/stat.h>

#include "store/disk.h"
#include "store/environment.h"
#include "store/error.h"
#include "store/transaction.h"

/*
 * Room: more of it for the map, whether a failure is for want of it on the disk, and what is used
 */

enum {
        ROOM_BYTES = 256 * 1024, /* beside what is written: pages that it touches on the way */
        PROBE_BYTES = 64 * 1024,
        MAP_STEP_MIN = 1024 * 1024,
};

#define MAP_STEP_MAX ((size_t)16 * 1024 * 1024 * 1024)

/* Whether @n_bytes of addresses are to be had; LMDB gives up its map before it asks. */
static bool addresses_are_free(size_t n_bytes)
{
        void *map;

        map = mmap(NULL, n_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (map == MAP_FAILED)
                return false;
        munmap(map, n_bytes);
        return true;
}

int environment_grow(Environment *environment)
{
        size_t step, map_bytes;
        int rc;

        step = MIN(MAX(environment->map_bytes, MAP_STEP_MIN), MAP_STEP_MAX);
        map_bytes = MIN(environment->map_bytes + step, environment->map_bytes_max);
        if (map_bytes <= environment->map_bytes ||
            !addresses_are_free(map_bytes - environment->map_bytes))
                return STORE_E_FULL;

        pthread_rwlock_wrlock(&environment->reading);
        rc = mdb_env_set_mapsize(environment->env, map_bytes);
        pthread_rwlock_unlock(&environment->reading);
        if (rc)
                return STORE_E_BROKEN;

        environment->map_bytes = map_bytes;
        return 0;
}

static bool environment_is_poisoned(Environment *environment)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;

        return environment->writable &&
               transaction_write(&transaction, environment) == STORE_E_BROKEN;
}

int environment_judge(Environment *environment, int failure, size_t n_bytes)
{
        if (failure == STORE_E_BROKEN || environment_is_poisoned(environment))
                return STORE_E_BROKEN;
        if (failure != STORE_E_IO)
                return failure;

        if (disk_free_bytes(environment->directory_fd) < n_bytes + ROOM_BYTES)
                return STORE_E_FULL;
        if (disk_probe(environment->directory_fd, PROBE_BYTES) == STORE_E_FULL)
                return STORE_E_FULL;
        return STORE_E_BROKEN;
}

int environment_probe(Environment *environment, size_t n_bytes)
{
        MDB_envinfo info;
        MDB_stat stat;
        int r;

        if (environment_is_poisoned(environment))
                return STORE_E_BROKEN;

        mdb_env_info(environment->env, &info);
        mdb_env_stat(environment->env, &stat);
        if (environment->map_bytes_max < n_bytes + ROOM_BYTES + info.me_last_pgno * stat.ms_psize)
                return STORE_E_FULL;

        r = disk_probe(environment->directory_fd, n_bytes + ROOM_BYTES);
        if (r == STORE_E_IO)
                return environment_judge(environment, r, n_bytes);
        return r;
}

static uint64_t table_bytes(Transaction *transaction, MDB_dbi dbi)
{
        MDB_stat stat;

        if (mdb_stat(transaction->txn, dbi, &stat))
                return 0;
        return (uint64_t)(stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) *
               stat.ms_psize;
}

void environment_measure(Environment *environment, EnvironmentSize *ret_size)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        struct stat status;
        MDB_envinfo info;

        *ret_size = (EnvironmentSize){ 0 };
        if (fstatat(environment->directory_fd, ENVIRONMENT_DATA_NAME, &status, 0) == 0)
                ret_size->file_bytes = (uint64_t)status.st_size;
        if (transaction_read(&transaction, environment))
                return;

        if (!mdb_env_info(environment->env, &info))
                ret_size->map_bytes = info.me_mapsize;
        ret_size->used_bytes = table_bytes(&transaction, environment->root) +
                               table_bytes(&transaction, environment->journal);
        for (size_t i = 1; i < environment->tables_end; i++)
                ret_size->used_bytes += table_bytes(&transaction, environment->tables[i]);
}
