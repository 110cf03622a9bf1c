/*
 * bench-size: what a larger picture costs the broker that runs, and the one that starts
 *
 * Records are laid into the directory by the daemon's own core and ledger, without the network, as
 * what 200 parties signed. Then plekd is started on it, and the same 200 parties go on, each with
 * 32 updates in flight, to records all over the picture: at 1,000,000 hardly any of them is in a
 * cache, and each dirties a page of the file of its own. The processor time of plekd's threads is
 * counted, over three checkpoints (rows are written every two seconds here instead of ten), and
 * against verifications measured meanwhile, so that a machine that slows down does not pass for a
 * broker that does.
 *
 * What comes once after a start, however many updates follow, is not in the result. Each part of it
 * is printed beside, and so is the ratio from the first seconds on and with the scrub, which is
 * higher. At 1,000,000 records, on two cores:
 *
 *   - plekd indexes the journal that it was given: 2 s of processor time. It would have done so
 *     while that was written, as it does with what is said from then on, and that is counted.
 *     Nothing is said until it is through.
 *   - In the first seconds, commits cost 11 to 30 us an update more than later. In one profile of
 *     that thread three fifths of it were page faults: LMDB keeps the buffers of as many pages as a
 *     transaction ever changed, and has them from the kernel then (1.0 to 1.4 faults an update,
 *     0.04 later). The rest is no warming up: the first large checkpoint has more rows than the
 *     others, as none before it held updates up, and LMDB's list of changed pages costs the square
 *     of its length. So those seconds are a phase of their own, and the result is of a broker that
 *     has come to a steady pace.
 *   - The scrub looks through the journal as it was at the start: 1 to 2 us an update, with a share
 *     of a processor (the setting "scrub") and not of an update's time. It goes on throughout.
 *
 *         bench-size [RECORDS...]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/load.h"
#include "core/checkpoint.h"
#include "store/ledger.h"

enum {
        N_PARTIES = 200,
        IN_FLIGHT = 32,
        FILL_EACH = 250, /* updates of a party that are signed, then appended */
        FILL_ROWS = 32768,
        LOAD_EACH = 1400,
        MEASURED_MS = 6000,
        DISCARDED_MS = 500,
        SETTLE_MS = 50,
        FIRST_MS = 4000, /* the first large checkpoint, begun after 2 s, and its end */
        REST_LOOK_MS = 500,
        REST_PERCENT = 3, /* of a processor: a tick a second and the loop's turns */
        REST_MS_MAX = 60000,
        LIMIT_PERCENT = 150,
        SIZES_MAX = 8,
};

static const char settings[] = "checkpoint = 2 s\n";
static const double LIMIT = LIMIT_PERCENT / 100.0;

typedef struct Phase {
        double per_update_us, per_second, batch;
        double scrub_us; /* an update, not in the above */
        double yard;     /* verifications in a CPU-second, meanwhile */
        double faults;   /* pages that plekd had from the kernel, an update */
        CpuUse use;
        uint64_t n;
} Phase;

typedef struct Size {
        unsigned n_records;
        double rss_mib, peak_mib, file_mib, ready_s;
        double index_s; /* of processor time, between READY and the first update */
        Phase first, measured;
} Size;

/* ------------------------------------------------------------------ filling */

typedef struct Fill {
        Ledger *ledger;
        State *state;
        Plan *plan;
        Change change;
} Fill;

static void fill_open(Fill *fill, const BenchBroker *broker)
{
        char path[BENCH_PATH_MAX + 16];
        const StateOptions state = { .n_tombstones = 1000 };
        const LedgerOptions options = { .directory = path };
        LedgerEntry entry;

        *fill = (Fill){ .change = CHANGE_NULL };
        snprintf(path, sizeof(path), "%s/data", broker->directory);
        must(state_new(&fill->state, &state), "a state");
        must(plan_new(&fill->plan), "a plan");
        must(ledger_open(&fill->ledger, &options, NULL), "the ledger");
        must(ledger_load(fill->ledger, fill->state, NULL), "the checkpoint");
        while (ledger_next(fill->ledger, &entry) == 0) {
                must(state_apply(fill->state, &entry, &fill->change), "an entry");
                blob_unref(entry.bytes);
        }
        plan_reset(fill->plan, state_revision(fill->state));
}

/* As a batch of the daemon's: rows of what changed before go with it. */
static void fill_append(Fill *fill, int64_t now_ms, size_t n_rows)
{
        CLEANUP(checkpoint_freep) Checkpoint *rows = NULL;
        LedgerEntry entry;

        if (state_n_dirty(fill->state) >= n_rows)
                must(state_checkpoint(fill->state, &rows), "a checkpoint");
        must(ledger_append(fill->ledger, fill->plan, now_ms, rows), "a batch");
        while (ledger_next(fill->ledger, &entry) == 0) {
                must(state_apply(fill->state, &entry, &fill->change), "an entry");
                blob_unref(entry.bytes);
        }
        plan_reset(fill->plan, state_revision(fill->state));
}

static void fill_close(Fill *fill, int64_t now_ms)
{
        if (fill->plan->n_entries)
                fill_append(fill, now_ms, SIZE_MAX);
        fill_append(fill, now_ms, 1);
        ledger_close(fill->ledger);
        plan_free(fill->plan);
        change_deinit(&fill->change);
        state_free(fill->state);
}

/* Parties speak in turn, so that what one said is nowhere near what it says next. */
static void fill_slice(Fill *fill, const Load *load)
{
        for (size_t i = 0; i < load->agents[0].n_signed; i++)
                for (size_t j = 0; j < load->n_agents; j++) {
                        if (plan_is_full(fill->plan))
                                fill_append(fill, (int64_t)(load->agents[j].last_seq / 1000),
                                            FILL_ROWS);
                        must(plan_add(fill->plan, ENTRY_UPDATE, load->agents[j].signed_updates[i]),
                             "an update");
                }
}

static void fill_records(const BenchBroker *broker, const BenchParty *parties, unsigned n_units)
{
        static LoadAgent agents[N_PARTIES];
        Load load = { .broker = broker, .agents = agents, .n_agents = N_PARTIES };
        LoadKind kind = { .n_units = n_units };
        Fill fill;

        for (size_t i = 0; i < N_PARTIES; i++)
                agents[i] = (LoadAgent){ .party = &parties[i], .instance = i + 1 };
        fill_open(&fill, broker);
        for (; kind.first < n_units; kind.first += FILL_EACH) {
                load_sign(&load, kind, MIN(n_units - kind.first, FILL_EACH));
                fill_slice(&fill, &load);
                load_finish(&load);
        }
        if (picture_n_records(state_picture(fill.state)) != (size_t)n_units * N_PARTIES)
                fill_append(&fill, (int64_t)(agents[0].last_seq / 1000), SIZE_MAX);
        if (picture_n_records(state_picture(fill.state)) != (size_t)n_units * N_PARTIES)
                give_up("%zu records instead of %zu", picture_n_records(state_picture(fill.state)),
                        (size_t)n_units * N_PARTIES);
        fill_close(&fill, (int64_t)(agents[0].last_seq / 1000));
}

/* ------------------------------------------------------------------ measuring */

static double file_mib(const BenchBroker *broker)
{
        char path[BENCH_PATH_MAX + 16];
        struct stat status;

        snprintf(path, sizeof(path), "%s/data/data.mdb", broker->directory);
        if (stat(path, &status) < 0)
                give_up("%s is not there", path);
        return (double)status.st_size / (1 << 20);
}

static double seconds_of(const CpuUse *use, const char *thread)
{
        double seconds = 0;

        for (size_t i = 0; i < use->n_threads; i++)
                if (!strcmp(use->threads[i].name, thread))
                        seconds += use->threads[i].seconds;
        return seconds;
}

/* What is left to do after a start is done; the scrub goes on. */
static void wait_for_rest(Size *size, const BenchBroker *broker)
{
        int64_t until_ns = now_ns() + REST_MS_MAX * INT64_C(1000000);
        CpuUse first, before, after, use;

        cpu_use_of(broker->pid, &first);
        after = first;
        do {
                before = after;
                if (now_ns() > until_ns)
                        give_up("plekd did not come to rest in %d s", REST_MS_MAX / 1000);
                wait_until(now_ns() + REST_LOOK_MS * INT64_C(1000000));
                cpu_use_of(broker->pid, &after);
                use = after;
                cpu_use_since(&use, &before);
        } while ((use.seconds - seconds_of(&use, "scrub")) * 1000 * 100 >
                 REST_LOOK_MS * REST_PERCENT);

        cpu_use_since(&after, &first);
        size->index_s = after.seconds - seconds_of(&after, "scrub");
}

static void measure_phase(Phase *phase, Load *load, BenchBroker *broker, size_t n_body, int for_ms)
{
        double n_commits = bench_broker_metric(broker, "plek_commits_total");
        Yardstick *yardstick;
        int64_t started_ns;
        uint64_t n_before;
        double took_s, faults;
        CpuUse before;

        yardstick = yardstick_start(sizeof("plek.v1.update") + ENVELOPE_HEADER_BYTES + n_body);
        /* Receipts that came meanwhile are of what was paid for before. */
        load_run(load, IN_FLIGHT, now_ns() + SETTLE_MS * INT64_C(1000000));
        n_before = load->n_accepted;
        faults = page_faults_of(broker->pid);
        cpu_use_of(broker->pid, &before);
        started_ns = now_ns();
        if (!load_run(load, IN_FLIGHT, started_ns + for_ms * INT64_C(1000000)))
                give_up("all was said before it was measured");
        took_s = (double)(now_ns() - started_ns) / 1e9;
        cpu_use_of(broker->pid, &phase->use);
        phase->yard = yardstick_stop(yardstick);
        phase->n = load->n_accepted - n_before;
        n_commits = bench_broker_metric(broker, "plek_commits_total") - n_commits;

        cpu_use_since(&phase->use, &before);
        phase->faults = (page_faults_of(broker->pid) - faults) / (double)phase->n;
        phase->scrub_us = seconds_of(&phase->use, "scrub") * 1e6 / (double)phase->n;
        phase->per_update_us = phase->use.seconds * 1e6 / (double)phase->n - phase->scrub_us;
        phase->per_second = (double)phase->n / took_s;
        phase->batch = (double)phase->n / MAX(n_commits, 1);
}

static void measure_load(Size *size, BenchBroker *broker, const BenchParty *parties,
                         unsigned n_units)
{
        size_t n_body;
        Load load;

        load_start(&load, broker, parties, N_PARTIES);
        n_body = load_sign(&load, (LoadKind){ .n_units = n_units }, LOAD_EACH);
        if (!load_run(&load, IN_FLIGHT, now_ns() + DISCARDED_MS * INT64_C(1000000)))
                give_up("all was said before it could be measured");
        measure_phase(&size->first, &load, broker, n_body, FIRST_MS);
        measure_phase(&size->measured, &load, broker, n_body, MEASURED_MS);
        load_finish(&load);
        load_stop(&load);
}

static void measure(Size *size, const char *program, unsigned n_records)
{
        static BenchParty parties[N_PARTIES];
        unsigned n_units = n_records / N_PARTIES;
        BenchBroker broker;

        *size = (Size){ .n_records = n_records };
        bench_broker_start(&broker, program, settings);
        bench_parties_new(&broker, parties, N_PARTIES, "ziekenhuis", "oost", ROLE_BIT(ROLE_AGENT),
                          0);
        bench_broker_halt(&broker);
        fill_records(&broker, parties, n_units);

        size->ready_s = (double)bench_broker_resume(&broker) / 1e9;
        size->rss_mib = memory_of(broker.pid, "VmRSS");
        size->file_mib = file_mib(&broker);
        wait_for_rest(size, &broker);
        measure_load(size, &broker, parties, n_units);
        size->peak_mib = memory_of(broker.pid, "VmHWM");
        bench_parties_free(parties, N_PARTIES);
        bench_broker_stop(&broker);
}

/* ------------------------------------------------------------------ telling */

static void print_head(void)
{
        printf("  %9s %9s %9s %9s %9s %10s %9s %7s %9s\n", "records", "READY s", "RSS MiB",
               "peak MiB", "file MiB", "us/update", "verified", "batch", "per s");
}

static void print_size(const Size *size)
{
        const Phase *phase = &size->measured;

        printf("  %9u %9.3f %9.1f %9.1f %9.1f %10.2f %9.2f %7.0f %9.0f\n", size->n_records,
               size->ready_s, size->rss_mib, size->peak_mib, size->file_mib, phase->per_update_us,
               1e6 / phase->yard, phase->batch, phase->per_second);
        fflush(stdout);
}

static void print_threads(const Size *size)
{
        const Phase *phase = &size->measured;

        printf("  of the %.1f us an update at %u records:\n", phase->per_update_us,
               size->n_records);
        for (size_t i = 0; i < phase->use.n_threads; i++)
                if (phase->use.threads[i].seconds > 0 &&
                    strcmp(phase->use.threads[i].name, "scrub") != 0)
                        printf("    %-16s %6.2f us\n", phase->use.threads[i].name,
                               phase->use.threads[i].seconds * 1e6 / (double)phase->n);
        printf("    not counted: the scrub, %.2f us; %.2f s of indexing before the first update\n",
               phase->scrub_us, size->index_s);
        printf("    not counted: the first %d s, %.2f us an update, of which commits %.2f\n",
               FIRST_MS / 1000, size->first.per_update_us,
               seconds_of(&size->first.use, "commit") * 1e6 / (double)size->first.n);
        printf("    page faults an update: %.2f in those, then %.2f\n", size->first.faults,
               phase->faults);
}

/* In verifications, each as they were then. */
static double cost(const Phase *phase)
{
        return phase->per_update_us * phase->yard;
}

/* From the first seconds on, and with the scrub. */
static double cost_of_all(const Size *size)
{
        const Phase *first = &size->first, *then = &size->measured;

        return ((first->per_update_us + first->scrub_us) * (double)first->n * first->yard +
                (then->per_update_us + then->scrub_us) * (double)then->n * then->yard) /
               (double)(first->n + then->n);
}

int main(int argc, char **argv)
{
        static const unsigned defaults[] = { 1000, 13000, 100000, 1000000 };
        size_t n_sizes = argc > 1 ? MIN((size_t)argc - 1, SIZES_MAX) : N_ELEMENTS(defaults);
        Size sizes[SIZES_MAX];
        const Size *first = &sizes[0], *last = &sizes[n_sizes - 1];

        printf("bench-size: %d parties, %d updates in flight each, to records all over\n",
               N_PARTIES, IN_FLIGHT);
        print_head();
        for (size_t i = 0; i < n_sizes; i++) {
                unsigned n_records = argc > 1 ? (unsigned)atoi(argv[i + 1]) : defaults[i];

                measure(&sizes[i], argv[0], MAX(n_records, N_PARTIES));
                print_size(&sizes[i]);
        }
        print_threads(first);
        print_threads(last);
        printf("  without regard to what a verification cost meanwhile: %.3f\n",
               last->measured.per_update_us / first->measured.per_update_us);
        printf("  with the first seconds and the scrub: %.3f\n",
               cost_of_all(last) / cost_of_all(first));
        print_result("bench-size", cost(&last->measured) / cost(&first->measured), "<=", LIMIT);
        return 0;
}
