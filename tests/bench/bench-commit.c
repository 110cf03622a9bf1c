/*
 * What making a batch durable costs
 *
 * The ledger alone, on the directory given (default: the present one): updates a second at several
 * sizes of batch, against bare LMDB putting the same bytes; then a checkpoint of many rows, written
 * and scanned. One fsync serves a whole batch, so the rate grows with it: that is the ratio.
 *
 *         bench-commit [DIRECTORY]
 */

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <lmdb.h>
#include <sodium.h>

#include "internal/endian.h"
#include "store/environment.h"
#include "store/ledger.h"
#include "store/rows.h"

enum {
        ENTRY_BYTES = 300, /* an update's envelope */
        SLICE_MS = 600,
        N_SLICES = 3,
        N_ROWS = 1000000,
        ROW_BYTES = 400,
};

static const size_t batches[] = { 1, 16, 256, 1024 };

static double now_s(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(int r, const char *what)
{
        if (!r)
                return;
        fprintf(stderr, "bench-commit: %s: %d\n", what, r);
        exit(1);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
        return remove(path);
}

/* A directory of its own under @base, and what is in it gone. */
static void make_directory(char *path, size_t n_path, const char *base)
{
        snprintf(path, n_path, "%s/bench-commit-XXXXXX", base);
        if (!mkdtemp(path)) {
                perror(path);
                exit(1);
        }
}

static void remove_directory(const char *path)
{
        nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

typedef struct Rate {
        double per_s;
        double cpu_us; /* of one update */
} Rate;

/* ------------------------------------------------------------------ the ledger */

typedef struct LedgerRun {
        Ledger *ledger;
        Plan *plan;
} LedgerRun;

static void ledger_once(void *arg, size_t n_batch)
{
        LedgerRun *run = arg;
        LedgerEntry entry;

        run->plan->base_revision = ledger_last_revision(run->ledger);
        run->plan->n_entries = n_batch;
        must(ledger_append(run->ledger, run->plan, 1, NULL), "ledger_append");
        while (!ledger_next(run->ledger, &entry))
                blob_unref(entry.bytes);
}

/* ------------------------------------------------------------------ bare LMDB */

typedef struct BareRun {
        MDB_env *env;
        MDB_dbi dbi;
        uint64_t key;
        uint8_t value[ENTRY_BYTES];
} BareRun;

static void bare_once(void *arg, size_t n_batch)
{
        BareRun *run = arg;
        MDB_txn *txn;

        must(mdb_txn_begin(run->env, NULL, 0, &txn), "mdb_txn_begin");
        for (size_t i = 0; i < n_batch; i++) {
                uint8_t key[8];
                MDB_val k = { sizeof(key), key };
                MDB_val v = { sizeof(run->value), run->value };

                be64_put(key, ++run->key);
                must(mdb_put(txn, run->dbi, &k, &v, MDB_APPEND), "mdb_put");
        }
        must(mdb_txn_commit(txn), "mdb_txn_commit");
}

/* The best of some slices: what else the machine does only makes it slower. */
static Rate measure(void (*once)(void *arg, size_t n_batch), void *arg, size_t n_batch)
{
        Rate best = { 0 };

        for (unsigned i = 0; i < N_SLICES; i++) {
                double started_s = now_s(), started_cpu_s = cpu_s(), took_s;
                uint64_t n = 0;

                do {
                        once(arg, n_batch);
                        n += n_batch;
                        took_s = now_s() - started_s;
                } while (took_s * 1000 < SLICE_MS);

                if ((double)n / took_s > best.per_s) {
                        best.per_s = (double)n / took_s;
                        best.cpu_us = (cpu_s() - started_cpu_s) * 1e6 / (double)n;
                }
        }
        return best;
}

static Rate measure_ledger(const char *base, size_t n_batch)
{
        LedgerRun run;
        LedgerOptions options;
        char directory[512];
        Rate rate;

        make_directory(directory, sizeof(directory), base);
        options = (LedgerOptions){ .directory = directory };
        must(ledger_open(&run.ledger, &options, NULL), "ledger_open");
        must(plan_new(&run.plan), "plan_new");
        plan_reset(run.plan, 0);
        while (!plan_is_full(run.plan)) {
                Blob *blob;

                must(blob_new(&blob, ENTRY_BYTES), "blob_new");
                randombytes_buf(blob->bytes, ENTRY_BYTES);
                must(plan_add(run.plan, ENTRY_UPDATE, blob), "plan_add");
                blob_unref(blob);
        }

        rate = measure(ledger_once, &run, n_batch);
        run.plan->n_entries = PLAN_ENTRIES_MAX;
        plan_free(run.plan);
        ledger_close(run.ledger);
        remove_directory(directory);
        return rate;
}

static Rate measure_bare(const char *base, size_t n_batch)
{
        BareRun run = { 0 };
        char directory[512];
        MDB_txn *txn;
        Rate rate;

        make_directory(directory, sizeof(directory), base);
        must(mdb_env_create(&run.env), "mdb_env_create");
        must(mdb_env_set_mapsize(run.env, (size_t)4 << 30), "mdb_env_set_mapsize");
        must(mdb_env_open(run.env, directory, 0, 0600), "mdb_env_open");
        must(mdb_txn_begin(run.env, NULL, 0, &txn), "mdb_txn_begin");
        must(mdb_dbi_open(txn, NULL, 0, &run.dbi), "mdb_dbi_open");
        must(mdb_txn_commit(txn), "mdb_txn_commit");
        rate = measure(bare_once, &run, n_batch);
        mdb_env_close(run.env);
        remove_directory(directory);
        return rate;
}

/* ------------------------------------------------------------------ rows */

static void make_rows(Checkpoint *checkpoint)
{
        checkpoint->rows = calloc(N_ROWS, sizeof(*checkpoint->rows));
        must(!checkpoint->rows, "calloc");
        for (size_t i = 0; i < N_ROWS; i++) {
                CheckpointRow *row = &checkpoint->rows[i];
                char key[64];

                /* As they come from a hash table: in no order. */
                snprintf(key, sizeof(key), "hospital-%06" PRIu64 ".ward.%08" PRIu64,
                         (uint64_t)(i * 7919 % 6000), (uint64_t)(i * 2654435761u % 1000000007));
                row->table = CHECKPOINT_RECORDS;
                must(blob_copy(&row->key, key, strlen(key)), "blob_copy");
                must(blob_new(&row->value, ROW_BYTES), "blob_new");
                memset(row->value->bytes, (int)i, ROW_BYTES);
        }
        checkpoint->n_rows = N_ROWS;
        checkpoint->revision = 1;
}

static int count_row(const Row *row, void *arg)
{
        ++*(uint64_t *)arg;
        return 0;
}

static void scan_rows(const char *directory)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        Environment *environment;
        double started_s;
        uint64_t n = 0;
        const char *text;
        Row row;

        must(environment_open_reader(&environment, directory, &text), "environment_open_reader");
        must(transaction_read(&transaction, environment), "transaction_read");
        started_s = now_s();
        must(rows_scan(&transaction, CHECKPOINT_RECORDS, count_row, &n, &row), "rows_scan");
        printf("%" PRIu64 " rows scanned and their checksums checked in %.2f s\n", n,
               now_s() - started_s);
        transaction_deinit(&transaction);
        environment_close(environment);
}

static void measure_rows(const char *base)
{
        Checkpoint checkpoint = { 0 };
        LedgerOptions options;
        LedgerStats stats;
        char directory[512];
        double started_s;
        Ledger *ledger;
        Plan *plan;

        make_directory(directory, sizeof(directory), base);
        options = (LedgerOptions){ .directory = directory };
        make_rows(&checkpoint);
        must(ledger_open(&ledger, &options, NULL), "ledger_open");
        must(plan_new(&plan), "plan_new");
        plan_reset(plan, 0);
        started_s = now_s();
        must(ledger_append(ledger, plan, 1, &checkpoint), "ledger_append");
        ledger_stats(ledger, &stats);
        printf("\n%u rows of %u bytes written in %.2f s, %" PRIu64 " MiB\n", N_ROWS, ROW_BYTES,
               now_s() - started_s, stats.file_bytes >> 20);
        plan_free(plan);
        ledger_close(ledger);
        scan_rows(directory);
        remove_directory(directory);
        for (size_t i = 0; i < N_ROWS; i++) {
                blob_unref(checkpoint.rows[i].key);
                blob_unref(checkpoint.rows[i].value);
        }
        free(checkpoint.rows);
}

int main(int argc, char **argv)
{
        const char *base = argc > 1 ? argv[1] : ".";
        Rate first = { 0 }, last = { 0 };

        if (sodium_init() < 0)
                return 1;

        printf("%8s %14s %12s %14s %12s %8s\n", "batch", "updates/s", "CPU us each", "bare LMDB/s",
               "CPU us each", "of bare");
        for (size_t i = 0; i < N_ELEMENTS(batches); i++) {
                Rate ledger = measure_ledger(base, batches[i]);
                Rate bare = measure_bare(base, batches[i]);

                printf("%8zu %14.0f %12.2f %14.0f %12.2f %8.2f\n", batches[i], ledger.per_s,
                       ledger.cpu_us, bare.per_s, bare.cpu_us, ledger.per_s / bare.per_s);
                if (i == 0)
                        first = ledger;
                if (batches[i] == 256)
                        last = ledger;
        }
        measure_rows(base);

        printf("bench-commit ratio %.1f want >= 8\n", last.per_s / first.per_s);
        return 0;
}
