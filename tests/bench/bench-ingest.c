/*
 * bench-ingest: updates accepted in a second of plekd's processor time, over Ed25519 verifications
 * in one
 *
 * Verifying who signed cannot be had for less, so it is the yardstick: what is left of it after
 * CURVE, admission, journal, picture, blocks and receipts. 200 parties on 200 connections, each
 * with 32 updates of one report in flight, 65 records each, one region, full sync, two subscribers
 * that check every block, one on care and one on coord.
 *
 * A second of a processor is worth less while its neighbour is busy too (shared caches, shared
 * cores, shared hosts: a third less has been seen). So the yardstick of the ratio is laid during
 * each run, by a thread that verifies a little at a time; that of a machine with nothing else to do
 * is measured before and after, best of all, and what it gives is printed beside.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/load.h"
#include "common/reader.h"

enum {
        N_PARTIES = 200,
        N_UNITS = 65, /* of each: 13,000 records */
        N_RUNS = 3,
        IN_FLIGHT = 32,
        MEASURED_MS = 3500,
        DISCARDED_MS = 500,
        LIMIT_PERCENT = 65,
};

static const double LIMIT = LIMIT_PERCENT / 100.0;

typedef struct Figures {
        double per_cpu_second;
        double per_second;
        double yard; /* verifications in a CPU-second, meanwhile */
        double batch;
        double outcomes_a_receipt;
        CpuUse use;
        uint64_t n;
} Figures;

/* ------------------------------------------------------------------ subscribers */

typedef struct Subscribers {
        pthread_t thread;
        const BenchBroker *broker;
        BenchParty parties[2];
        atomic_bool is_fed, is_stopping;
        ReaderFigures figures;
} Subscribers;

static void *follow(void *arg)
{
        Subscribers *subscribers = arg;
        Readers care, coord;
        ReaderFigures other;

        readers_start(&care, subscribers->broker, &subscribers->parties[0], 1, 1, false);
        readers_start(&coord, subscribers->broker, &subscribers->parties[1], 1, 1, true);
        atomic_store(&subscribers->is_fed, true);
        while (!atomic_load(&subscribers->is_stopping)) {
                readers_turn(&care, 1);
                readers_turn(&coord, 1);
        }
        subscribers->figures = readers_figures(&care);
        other = readers_figures(&coord);
        subscribers->figures.n_gaps += other.n_gaps;
        subscribers->figures.n_bad += other.n_bad;
        readers_stop(&care);
        readers_stop(&coord);
        return NULL;
}

static void subscribers_start(Subscribers *subscribers, BenchBroker *broker)
{
        *subscribers = (Subscribers){ .broker = broker };
        bench_parties_new(broker, subscribers->parties, 2, "meldkamer", "oost",
                          ROLE_BIT(ROLE_SUBSCRIBER) | ROLE_BIT(ROLE_COORDINATOR), AUDIENCE_COORD);
        if (pthread_create(&subscribers->thread, NULL, follow, subscribers))
                give_up("no thread");
        while (!atomic_load(&subscribers->is_fed))
                wait_until(now_ns() + 1000000);
}

static void subscribers_stop(Subscribers *subscribers)
{
        atomic_store(&subscribers->is_stopping, true);
        pthread_join(subscribers->thread, NULL);
        bench_parties_free(subscribers->parties, 2);
        if (subscribers->figures.n_bad)
                give_up("a subscriber got blocks that are not right");
        printf("  subscribers: %.0f reports a block, %llu gaps\n",
               (double)subscribers->figures.n_entries /
                       (double)MAX(subscribers->figures.n_blocks, 1),
               (unsigned long long)subscribers->figures.n_gaps);
}

/* ------------------------------------------------------------------ a run */

/* Of an update with a body of @n_body. */
static size_t signed_bytes(size_t n_body)
{
        return sizeof("plek.v1.update") + ENVELOPE_HEADER_BYTES + n_body;
}

static Figures measure(Load *load, BenchBroker *broker, size_t n_in_flight, LoadKind kind,
                       size_t n_each)
{
        size_t n_body;
        double n_commits, seconds;
        Yardstick *yardstick;
        uint64_t n_before, n_receipts;
        int64_t started_ns;
        CpuUse before;
        Figures figures;

        n_body = load_sign(load, kind, n_each);
        if (!load_run(load, n_in_flight, now_ns() + DISCARDED_MS * INT64_C(1000000)))
                give_up("all was said before it could be measured");

        n_commits = bench_broker_metric(broker, "plek_commits_total");
        n_before = load->n_accepted;
        n_receipts = load->n_receipts;
        yardstick = yardstick_start(signed_bytes(n_body));
        cpu_use_of(broker->pid, &before);
        started_ns = now_ns();
        load_run(load, n_in_flight, started_ns + MEASURED_MS * INT64_C(1000000));
        seconds = (double)(now_ns() - started_ns) / 1e9;
        cpu_use_of(broker->pid, &figures.use);
        figures.yard = yardstick_stop(yardstick);
        figures.n = load->n_accepted - n_before;
        n_commits = bench_broker_metric(broker, "plek_commits_total") - n_commits;
        n_receipts = load->n_receipts - n_receipts;
        load_finish(load);

        cpu_use_since(&figures.use, &before);
        figures.per_cpu_second = (double)figures.n / figures.use.seconds;
        figures.per_second = (double)figures.n / seconds;
        figures.batch = (double)figures.n / MAX(n_commits, 1);
        figures.outcomes_a_receipt = (double)figures.n / (double)MAX(n_receipts, 1);
        return figures;
}

static void print_head(void)
{
        printf("  %-34s %6s %10s %10s %10s %7s %8s\n", "", "ratio", "to quiet", "per CPU-s",
               "per s", "batch", "receipt");
}

static void print_figures(const char *what, const Figures *figures, double yard)
{
        printf("  %-34s %6.3f %10.3f %10.0f %10.0f %7.0f %8.1f\n", what,
               figures->per_cpu_second / figures->yard, figures->per_cpu_second / yard,
               figures->per_cpu_second, figures->per_second, figures->batch,
               figures->outcomes_a_receipt);
        fflush(stdout);
}

static void print_stages(const Figures *figures, double yard)
{
        printf("\n  of plekd's %.1f us an update (one verification: %.1f us):\n",
               1e6 / figures->per_cpu_second, 1e6 / yard);
        for (size_t i = 0; i < figures->use.n_threads; i++)
                if (figures->use.threads[i].seconds > 0)
                        printf("    %-16s %6.2f us\n", figures->use.threads[i].name,
                               figures->use.threads[i].seconds * 1e6 / (double)figures->n);
        putchar('\n');
}

static double yardstick(size_t n_body, double *best)
{
        double rate = verifications_per_second(signed_bytes(n_body));

        printf("  %.0f verifications of %zu bytes in a CPU-second\n", rate, n_body);
        *best = MAX(*best, rate);
        return rate;
}

typedef struct Setting {
        BenchBroker broker;
        BenchParty parties[N_PARTIES];
        Load load;
        Subscribers subscribers;
} Setting;

static void setting_start(Setting *setting, const char *program, const char *settings)
{
        bench_broker_start(&setting->broker, program, settings);
        bench_parties_new(&setting->broker, setting->parties, N_PARTIES, "ziekenhuis", "oost",
                          ROLE_BIT(ROLE_AGENT), 0);
        subscribers_start(&setting->subscribers, &setting->broker);
        load_start(&setting->load, &setting->broker, setting->parties, N_PARTIES);
}

static void setting_stop(Setting *setting)
{
        load_stop(&setting->load);
        subscribers_stop(&setting->subscribers);
        bench_parties_free(setting->parties, N_PARTIES);
        bench_broker_stop(&setting->broker);
}

int main(int argc, char **argv)
{
        static Setting setting;
        const LoadKind reports = { .n_units = N_UNITS }, affirms = { .is_affirm = true };
        CLEANUP(samples_deinit) Samples ratios = SAMPLES_NULL;
        Figures runs[N_RUNS], single, one_worker, affirm;
        double yard = 0;
        size_t n_body;

        printf("bench-ingest: %d parties, %d records each, two subscribers\n", N_PARTIES, N_UNITS);
        setting_start(&setting, argv[0], NULL);
        n_body = load_sign(&setting.load, reports, 1);
        load_run(&setting.load, 1, INT64_MAX);
        load_finish(&setting.load);
        yardstick(n_body, &yard);

        for (size_t i = 0; i < N_RUNS; i++)
                runs[i] = measure(&setting.load, &setting.broker, IN_FLIGHT, reports, 900);
        single = measure(&setting.load, &setting.broker, 1, reports, 500);
        affirm = measure(&setting.load, &setting.broker, IN_FLIGHT, affirms, 900);
        setting_stop(&setting);

        setting_start(&setting, argv[0], "workers = 1\n");
        one_worker = measure(&setting.load, &setting.broker, IN_FLIGHT, reports, 900);
        setting_stop(&setting);
        yardstick(n_body, &yard);

        putchar('\n');
        print_head();
        for (size_t i = 0; i < N_RUNS; i++) {
                samples_add(&ratios, runs[i].per_cpu_second / runs[i].yard);
                print_figures("32 in flight, 2 workers", &runs[i], yard);
        }
        print_figures("32 in flight, 1 worker", &one_worker, yard);
        print_figures("1 in flight, 2 workers", &single, yard);
        print_figures("affirms, 32 in flight, 2 workers", &affirm, yard);
        print_stages(&runs[N_RUNS - 1], yard);
        print_result("bench-ingest", samples_quantile(&ratios, 0.5), ">=", LIMIT);
        return 0;
}
