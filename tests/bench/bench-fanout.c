/*
 * bench-fanout: what a delivery costs plekd, over what it costs a bare XPUB
 *
 * What 50 subscribers cost is plekd's processor time with them less that of the same run without,
 * at 500 updates a second. The bare one is libzmq with CURVE and nothing else: it sends frames of
 * the very sizes and at the very times that a subscriber of plekd's saw, to as many, and is
 * measured in the same way, at the same time.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "common/load.h"
#include "common/reader.h"
#include "fanout.h"

enum {
        N_AGENTS = 64,
        N_ROUNDS = 6,
        N_UNITS = 20,
        SATURATED_S = 4,
        SATURATED_IN_FLIGHT = 32,
        BATCHED_S = 1,
        BATCHED_IN_FLIGHT = 2,
        BATCH = 64,
        SIGNED = 2500,
};

static const double LIMIT = 1.2;
static const double OVERHEAD_ALONE = 400, OVERHEAD_BATCHED = 60;

/* ------------------------------------------------------------------ subscribers */

typedef struct Overheads {
        uint64_t n_blocks[BLOCK_ENTRIES_MAX + 1]; /* by how many reports are in them */
        uint64_t n_bytes[BLOCK_ENTRIES_MAX + 1];  /* beside what parties signed */
        uint64_t n_frames[BLOCK_ENTRIES_MAX + 1]; /* whole */
} Overheads;

/* On a thread of their own. */
typedef struct Followers {
        pthread_t thread;
        Readers readers;
        atomic_bool is_stopping;
        Trace *trace;
        _Atomic int64_t started_ns; /* of the trace; 0: not yet */
        Overheads *overheads;
} Followers;

static void on_block(void *arg, const Block *block, size_t n_frame, size_t n_envelopes)
{
        Followers *followers = arg;
        Trace *trace = followers->trace;
        int64_t started_ns = atomic_load(&followers->started_ns);

        followers->overheads->n_blocks[block->n_entries]++;
        followers->overheads->n_bytes[block->n_entries] += n_frame - n_envelopes;
        followers->overheads->n_frames[block->n_entries] += n_frame;
        if (!started_ns || trace->n == FRAMES_MAX)
                return;
        trace->frames[trace->n].at_ns = now_ns() - started_ns;
        trace->frames[trace->n++].n_bytes = n_frame;
}

static void *follow(void *arg)
{
        Followers *followers = arg;

        while (!atomic_load(&followers->is_stopping))
                readers_turn(&followers->readers, 10);
        return NULL;
}

static void followers_start(Followers *followers, const BenchBroker *broker,
                            const BenchParty *parties, Trace *trace, Overheads *overheads)
{
        *followers = (Followers){ .trace = trace, .overheads = overheads };
        readers_start(&followers->readers, broker, parties, N_SUBSCRIBERS, 1, false);
        followers->readers.block = on_block;
        followers->readers.arg = followers;
        if (pthread_create(&followers->thread, NULL, follow, followers))
                give_up("no thread");
}

/* From now on what comes is kept in the trace. */
static void followers_record(Followers *followers)
{
        followers->trace->n = 0;
        atomic_store(&followers->started_ns, now_ns());
}

static ReaderFigures followers_stop(Followers *followers)
{
        ReaderFigures figures;

        atomic_store(&followers->is_stopping, true);
        pthread_join(followers->thread, NULL);
        figures = readers_figures(&followers->readers);
        readers_stop(&followers->readers);
        if (figures.n_bad)
                give_up("a subscriber got blocks that are not right");
        return figures;
}

/* ------------------------------------------------------------------ runs */

/* 500 a second, whatever comes back. Processor time of plekd. */
static double run_paced(Load *load, const BenchBroker *broker)
{
        CpuUse before, after;
        int64_t started_ns;

        load_sign(load, (LoadKind){ .n_units = N_UNITS }, RATE * PACED_S / N_AGENTS + 1);
        wait_until(now_ns() + SETTLE_MS * INT64_C(1000000));
        cpu_use_of(broker->pid, &before);
        started_ns = now_ns();
        for (size_t i = 0; i < RATE * PACED_S; i++) {
                wait_until(started_ns + (int64_t)i * 1000000000 / RATE);
                load_send(load, i % N_AGENTS);
                load_receive(load, 0);
        }
        load_finish(load);
        cpu_use_of(broker->pid, &after);
        cpu_use_since(&after, &before);
        return after.seconds;
}

typedef struct Costs {
        double plekd, plekd_alone, bare, bare_alone; /* seconds */
        double n_plekd, n_bare;                      /* deliveries */
} Costs;

/* What one subscriber of plekd's sees of a run. */
static void record(Trace *trace, Load *load, const BenchBroker *broker,
                   const BenchParty *subscribers, Overheads *overheads)
{
        Followers followers;

        followers_start(&followers, broker, subscribers, trace, overheads);
        followers_record(&followers);
        run_paced(load, broker);
        followers_stop(&followers);
}

/* What is measured of one run: plekd and the bare one work both times, so that each is measured
 * beside the same. */
typedef struct Bench {
        Trace *trace, *next; /* what a subscriber saw last, and of the run that goes on */
        Load *load;
        const BenchBroker *broker;
        const BenchParty *subscribers;
        const Bare *bare;
        Overheads *overheads;
        Costs costs;
} Bench;

static void measure_plekd(Bench *bench)
{
        BareFollowers bare_followers;
        Followers followers;
        ReaderFigures figures;

        followers_start(&followers, bench->broker, bench->subscribers, bench->next,
                        bench->overheads);
        bare_followers_start(&bare_followers, bench->bare, bench->trace, 0);
        followers_record(&followers);
        bench->costs.plekd += run_paced(bench->load, bench->broker);
        bench->costs.bare_alone += bare_followers_stop(&bare_followers);
        wait_until(now_ns() + SETTLE_MS * INT64_C(1000000));
        figures = followers_stop(&followers);
        bench->costs.n_plekd += (double)(figures.n_blocks + figures.n_beats);
        bench->next = bench->trace;
        bench->trace = followers.trace;
}

static void measure_bare(Bench *bench)
{
        BareFollowers followers;

        bare_followers_start(&followers, bench->bare, bench->trace, N_SUBSCRIBERS);
        bench->costs.plekd_alone += run_paced(bench->load, bench->broker);
        bench->costs.bare += bare_followers_stop(&followers);
        bench->costs.n_bare += (double)followers.n;
}

/* ------------------------------------------------------------------ saturation and size */

static void saturate(Load *load, const BenchBroker *broker, const BenchParty *subscribers,
                     Overheads *overheads)
{
        ReaderFigures figures;
        Followers followers;
        uint64_t n_entries, n_bytes, n_accepted = load->n_accepted;
        int64_t started_ns;
        double seconds, n_delivered;

        load_sign(load, (LoadKind){ .n_units = N_UNITS }, SIGNED);
        followers_start(&followers, broker, subscribers, NULL, overheads);
        started_ns = now_ns();
        load_run(load, SATURATED_IN_FLIGHT, started_ns + SATURATED_S * INT64_C(1000000000));
        seconds = (double)(now_ns() - started_ns) / 1e9;
        n_entries = followers.readers.readers[0].figures.n_entries;
        n_bytes = followers.readers.readers[0].figures.n_block_bytes;
        load_finish(load);
        figures = followers_stop(&followers);

        n_delivered = (double)figures.n_frame_bytes / ((double)n_bytes / (double)MAX(n_entries, 1));
        printf("  at saturation: %.0f updates/s accepted, %.0f frames/s and %.0f reports/s "
               "delivered (%.0f MB/s)\n",
               (double)(load->n_accepted - n_accepted) / seconds,
               (double)figures.n_blocks / seconds, n_delivered / seconds,
               (double)figures.n_frame_bytes / 1e6 / seconds);
}

/* So that blocks of about 64 reports are made. */
static void batch(Load *load, const BenchBroker *broker, const BenchParty *subscribers,
                  Overheads *overheads)
{
        Followers followers;

        load_sign(load, (LoadKind){ .n_units = N_UNITS }, SIGNED / 10);
        followers_start(&followers, broker, subscribers, NULL, overheads);
        load_run(load, BATCHED_IN_FLIGHT, now_ns() + BATCHED_S * INT64_C(1000000000));
        load_finish(load);
        followers_stop(&followers);
}

static void print_overhead(const Overheads *overheads, size_t n_wanted, double limit)
{
        size_t n = 0;

        for (size_t i = 1; i <= BLOCK_ENTRIES_MAX; i++)
                if (overheads->n_blocks[i] &&
                    (!n || llabs((long long)i - (long long)n_wanted) <
                                   llabs((long long)n - (long long)n_wanted)))
                        n = i;
        if (!n)
                give_up("no block was seen");
        printf("  a report in a batch of %zu: %.0f bytes, %.1f over the envelope, want <= %.0f\n",
               n, (double)overheads->n_frames[n] / (double)(overheads->n_blocks[n] * n),
               (double)overheads->n_bytes[n] / (double)(overheads->n_blocks[n] * n), limit);
}

int main(int argc, char **argv)
{
        static Overheads overheads;
        static Trace traces[2];
        static BenchBroker broker;
        static BenchParty agents[N_AGENTS], subscribers[N_SUBSCRIBERS];
        double delivery, bare_delivery;
        const Costs *costs;
        Bench bench;
        Bare bare;
        Load load;

        if (sodium_init() < 0)
                give_up("libsodium does not start");
        bare_start(&bare);
        bench_broker_start(&broker, argv[0], NULL);
        bench_parties_new(&broker, agents, N_AGENTS, "ziekenhuis", "oost", ROLE_BIT(ROLE_AGENT), 0);
        bench_parties_new(&broker, subscribers, N_SUBSCRIBERS, "meldkamer", "oost",
                          ROLE_BIT(ROLE_SUBSCRIBER), AUDIENCE_CARE);
        load_start(&load, &broker, agents, N_AGENTS);

        printf("bench-fanout: %d updates/s to %d subscribers\n", RATE, N_SUBSCRIBERS);
        bench = (Bench){
                .trace = &traces[0],
                .next = &traces[1],
                .load = &load,
                .broker = &broker,
                .subscribers = subscribers,
                .bare = &bare,
                .overheads = &overheads,
        };
        record(&traces[0], &load, &broker, subscribers, &overheads);
        for (size_t i = 0; i < N_ROUNDS; i++) {
                measure_plekd(&bench);
                measure_bare(&bench);
        }
        batch(&load, &broker, subscribers, &overheads);
        saturate(&load, &broker, subscribers, &overheads);

        load_stop(&load);
        bench_parties_free(agents, N_AGENTS);
        bench_parties_free(subscribers, N_SUBSCRIBERS);
        bench_broker_stop(&broker);
        bare_stop(&bare);

        print_overhead(&overheads, 1, OVERHEAD_ALONE);
        print_overhead(&overheads, BATCH, OVERHEAD_BATCHED);
        costs = &bench.costs;
        delivery = (costs->plekd - costs->plekd_alone) / costs->n_plekd;
        bare_delivery = (costs->bare - costs->bare_alone) / costs->n_bare;
        printf("  plekd: %.2f s with subscribers, %.2f s without, %.0f deliveries: %.2f us each\n",
               costs->plekd, costs->plekd_alone, costs->n_plekd, delivery * 1e6);
        printf("  bare XPUB: %.2f s, %.2f s, %.0f deliveries: %.2f us each\n\n", costs->bare,
               costs->bare_alone, costs->n_bare, bare_delivery * 1e6);
        print_result("bench-fanout", delivery / bare_delivery, "<=", LIMIT);
        return 0;
}
