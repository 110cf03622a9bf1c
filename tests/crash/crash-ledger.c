/*
 * A ledger that is killed again and again
 *
 * A child appends and hands out, and says through a pipe what it was told is durable and what it
 * saw at each revision; it dies at a random point, inside LMDB's commit or around it. The next one
 * goes on. Whatever was told must be there, the chain must hold, and no revision may ever have been
 * seen with two contents.
 *
 *         crash-ledger LIBPLEK-CRASH.SO [ROUNDS [SEED]]
 */

#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <sodium.h>

#include "internal/crashpoint.h"
#include "store/ledger.h"

enum {
        REVISIONS_MAX = 1000000,
        COMMITS = 12, /* of a round, if it lives that long */
};

static const char *const points[] = {
        "after-put",       "before-data-sync", "after-data-sync",
        "torn-meta-write", "after-meta-write", "after-meta-sync",
};

/* What a child tells. */
typedef struct Told {
        uint64_t revision;
        bool durable; /* append() has returned; else: handed out by next() */
        uint8_t head[DIGEST_BYTES];
} Told;

static void give_up(const char *what, uint64_t revision)
{
        fprintf(stderr, "crash-ledger: %s, revision %" PRIu64 "\n", what, revision);
        exit(1);
}

/* ------------------------------------------------------------------ the child */

static void tell(const Told *told)
{
        if (write(STDOUT_FILENO, told, sizeof(*told)) != sizeof(*told))
                exit(3);
}

static void hand_out(Ledger *ledger)
{
        LedgerEntry entry;
        int r;

        while (!(r = ledger_next(ledger, &entry))) {
                Told told = { .revision = entry.revision };

                memcpy(told.head, entry.head, DIGEST_BYTES);
                blob_unref(entry.bytes);
                tell(&told);
        }
        if (r != LEDGER_E_END)
                exit(4);
}

/* Unlike any other, so that a revision given twice is seen. */
static void fill(Plan *plan, uint64_t base, size_t n_entries)
{
        plan_reset(plan, base);
        for (size_t i = 0; i < n_entries; i++) {
                Blob *blob;

                if (blob_new(&blob, 100 + randombytes_uniform(900)))
                        exit(5);
                randombytes_buf(blob->bytes, blob->n_bytes);
                if (plan_add(plan, ENTRY_UPDATE, blob))
                        exit(5);
                blob_unref(blob);
        }
}

static int run_child(const char *directory)
{
        LedgerOptions options = {
                .directory = directory,
                .map_bytes_initial = 256 * 1024,
                .crash_point = crash_point,
        };
        const char *text = "";
        Ledger *ledger;
        Plan *plan;

        crash_point_arm();
        if (ledger_open(&ledger, &options, &text)) {
                fprintf(stderr, "crash-ledger: %s\n", text);
                return 2;
        }
        if (plan_new(&plan))
                return 5;

        hand_out(ledger);
        for (unsigned i = 0; i < COMMITS; i++) {
                Told told = { .durable = true };

                fill(plan, ledger_last_revision(ledger), 1 + randombytes_uniform(100));
                if (ledger_append(ledger, plan, (int64_t)time(NULL) * 1000, NULL))
                        return 6;
                told.revision = ledger_last_revision(ledger);
                tell(&told);
                hand_out(ledger);
        }
        plan_free(plan);
        ledger_close(ledger);
        return 0;
}

/* ------------------------------------------------------------------ the parent */

static uint8_t (*seen)[DIGEST_BYTES]; /* by revision; zero: not yet */
static uint64_t n_durable;

static void take(const Told *told)
{
        static const uint8_t unseen[DIGEST_BYTES];

        if (told->revision >= REVISIONS_MAX)
                give_up("too many", told->revision);
        if (told->durable) {
                n_durable = told->revision;
                return;
        }
        if (memcmp(seen[told->revision], unseen, DIGEST_BYTES) != 0 &&
            memcmp(seen[told->revision], told->head, DIGEST_BYTES) != 0)
                give_up("seen with two contents", told->revision);
        memcpy(seen[told->revision], told->head, DIGEST_BYTES);
}

/* Returns how it ended. */
static int run_round(const char *self, const char *library, const char *directory,
                     const char *crash_at)
{
        int told_fds[2], status;
        Told told;
        FILE *file;
        pid_t pid;

        if (pipe(told_fds) < 0)
                give_up("pipe", 0);
        pid = fork();
        if (pid < 0)
                give_up("fork", 0);
        if (!pid) {
                setenv("LD_PRELOAD", library, 1);
                setenv("PLEK_CRASH_AT", crash_at, 1);
                dup2(told_fds[1], STDOUT_FILENO);
                close(told_fds[0]);
                close(told_fds[1]);
                execl(self, self, "--child", directory, NULL);
                _exit(127);
        }

        close(told_fds[1]);
        file = fdopen(told_fds[0], "r");
        if (!file)
                give_up("fdopen", 0);
        while (fread(&told, sizeof(told), 1, file) == 1)
                take(&told);
        fclose(file);
        if (waitpid(pid, &status, 0) != pid)
                give_up("waitpid", 0);
        return status;
}

/* All of it, from the first revision, as a start would find it. */
static uint64_t check(const char *directory)
{
        CLEANUP(ledger_closep) Ledger *ledger = NULL;
        LedgerOptions options = { .directory = directory };
        uint8_t head[DIGEST_BYTES] = { 0 };
        const char *text = "";
        LedgerEntry entry;
        uint64_t n = 0;
        int r;

        if (ledger_open(&ledger, &options, &text)) {
                fprintf(stderr, "%s\n", text);
                give_up("cannot be opened", 0);
        }
        while (!(r = ledger_next(ledger, &entry))) {
                Told told = { .revision = entry.revision };

                head_chain(head, head, entry.revision, entry.time_ms, (uint8_t)entry.kind,
                           entry.digest);
                if (entry.revision != ++n || memcmp(head, entry.head, DIGEST_BYTES) != 0)
                        give_up("the chain is broken", entry.revision);
                memcpy(told.head, entry.head, DIGEST_BYTES);
                take(&told);
                blob_unref(entry.bytes);
        }
        if (r != LEDGER_E_END)
                give_up("cannot be read", n + 1);
        if (n < n_durable)
                give_up("told to be durable, and gone", n_durable);
        return n;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
        return remove(path);
}

int main(int argc, char **argv)
{
        char directory[] = "/tmp/plek-crash-XXXXXX";
        unsigned n_rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 60;
        unsigned seed = argc > 3 ? (unsigned)atoi(argv[3]) : (unsigned)time(NULL);
        unsigned n_killed = 0, n_killed_at[N_ELEMENTS(points)] = { 0 };
        uint64_t n = 0;

        if (sodium_init() < 0)
                return 1;
        if (argc == 3 && strcmp(argv[1], "--child") == 0)
                return run_child(argv[2]);
        if (argc < 2 || !mkdtemp(directory))
                return 2;

        printf("seed %u\n", seed);
        srandom(seed);
        seen = calloc(REVISIONS_MAX, sizeof(*seen));
        for (unsigned i = 0; seen && i < n_rounds; i++) {
                size_t point = i % N_ELEMENTS(points);
                char crash_at[64];
                int status;

                snprintf(crash_at, sizeof(crash_at), "%s:%ld", points[point],
                         1 + random() % COMMITS);
                status = run_round("/proc/self/exe", argv[1], directory, crash_at);
                if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
                        n_killed++;
                        n_killed_at[point]++;
                } else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
                        fprintf(stderr, "%s\n", crash_at);
                        give_up("the child failed by itself", (uint64_t)status);
                }
                n = check(directory);
        }

        for (size_t i = 0; i < N_ELEMENTS(points); i++)
                if (!n_killed_at[i])
                        give_up("nobody died at a point", i);
        printf("%u kills in %u rounds, %" PRIu64 " entries, all as they were told\n", n_killed,
               n_rounds, n);
        free(seen);
        return nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
