/*
 * bench-fanout: what a delivery costs plekd, over what it costs a bare XPUB
 *
 * What 50 subscribers cost is plekd's processor time with them less that of the same run without,
 * at 500 updates a second. The bare one is libzmq with CURVE and nothing else: it sends frames of
 * the very sizes and at the very times that a subscriber of plekd's saw, to as many, and is
 * measured in the same way.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "common/load.h"
#include "common/reader.h"

enum {
        N_AGENTS = 64,
        N_SUBSCRIBERS = 50,
        N_ROUNDS = 2,
        N_UNITS = 20,
        RATE = 500,
        PACED_S = 5,
        SATURATED_S = 4,
        SATURATED_IN_FLIGHT = 32,
        BATCHED_S = 1,
        BATCHED_IN_FLIGHT = 2,
        SETTLE_MS = 300,
        BATCH = 64,
        SIGNED = 2500,
        FRAMES_MAX = 2 * RATE * PACED_S,
        FRAME_MAX = BLOCK_FRAME_MAX + TOPIC_MAX,
        BARE_ENDPOINT_MAX = 64,
        FED_MS = 10000,
};

static const double LIMIT = 1.2;
static const double OVERHEAD_ALONE = 400, OVERHEAD_BATCHED = 60;

/* ------------------------------------------------------------------ the bare one */

/* What a subscriber saw: when, since the run began, and how large. */
typedef struct Trace {
        size_t n;
        struct {
                int64_t at_ns;
                size_t n_bytes;
        } frames[FRAMES_MAX];
} Trace;

typedef struct Bare {
        SecretKey *server, *client;
        int order[2], answer[2];
        char endpoint[BARE_ENDPOINT_MAX];
        pid_t pid;
} Bare;

static void pipe_write(int fd, const void *bytes, size_t n_bytes)
{
        for (ssize_t n; n_bytes; bytes = (const char *)bytes + n, n_bytes -= (size_t)n) {
                n = write(fd, bytes, n_bytes);
                if (n <= 0)
                        give_up("the bare publisher is gone");
        }
}

static void pipe_read(int fd, void *bytes, size_t n_bytes)
{
        for (ssize_t n; n_bytes; bytes = (char *)bytes + n, n_bytes -= (size_t)n) {
                n = read(fd, bytes, n_bytes);
                if (n <= 0)
                        give_up("the bare publisher is gone");
        }
}

static void bare_send(void *socket, size_t n_bytes)
{
        static char frame[FRAME_MAX] = "pic/oost/counts/";
        zmq_msg_t message;

        zmq_msg_init_size(&message, n_bytes);
        memcpy(zmq_msg_data(&message), frame, n_bytes);
        if (zmq_msg_send(&message, socket, 0) < 0)
                give_up("the bare publisher: %s", zmq_strerror(errno));
        zmq_msg_init(&message);
        while (zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0)
                ;
        zmq_msg_close(&message);
}

/* Its process: a trace comes, is sent, and that is told. */
static void bare_run(void *arg)
{
        static Trace trace;
        Bare *bare = arg;
        void *socket = zmq_socket(zmq_ctx_new(), ZMQ_XPUB);
        size_t n_endpoint = sizeof(bare->endpoint);
        int64_t started_ns;

        bench_socket_set(socket, ZMQ_CURVE_SERVER, 1);
        if (zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key_transport(bare->server),
                           KEY_BYTES) < 0 ||
            zmq_bind(socket, "tcp://127.0.0.1:*") < 0 ||
            zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bare->endpoint, &n_endpoint) < 0)
                give_up("the bare publisher: %s", zmq_strerror(errno));
        pipe_write(bare->answer[1], bare->endpoint, sizeof(bare->endpoint));

        for (;;) {
                pipe_read(bare->order[0], &trace, sizeof(trace));
                started_ns = now_ns();
                for (size_t i = 0; i < trace.n; i++) {
                        wait_until(started_ns + trace.frames[i].at_ns);
                        bare_send(socket, trace.frames[i].n_bytes);
                }
                pipe_write(bare->answer[1], "", 1);
        }
}

static void bare_start(Bare *bare)
{
        must(secret_key_new(&bare->server), "a key");
        must(secret_key_new(&bare->client), "a key");
        if (pipe(bare->order) < 0 || pipe(bare->answer) < 0)
                give_up("no pipe: %s", strerror(errno));
        bare->pid = child_start(bare_run, bare);
        pipe_read(bare->answer[0], bare->endpoint, sizeof(bare->endpoint));
}

static void bare_stop(Bare *bare)
{
        child_stop(bare->pid);
        secret_key_free(bare->server);
        secret_key_free(bare->client);
        for (size_t i = 0; i < 2; i++) {
                close(bare->order[i]);
                close(bare->answer[i]);
        }
}

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
        int64_t started_ns; /* of the trace; 0: none is kept */
        Trace *trace;
        Overheads *overheads;
} Followers;

static void on_block(void *arg, const Block *block, size_t n_frame, size_t n_envelopes)
{
        Followers *followers = arg;
        Trace *trace = followers->trace;

        followers->overheads->n_blocks[block->n_entries]++;
        followers->overheads->n_bytes[block->n_entries] += n_frame - n_envelopes;
        followers->overheads->n_frames[block->n_entries] += n_frame;
        if (!trace || trace->n == FRAMES_MAX)
                return;
        trace->frames[trace->n].at_ns = now_ns() - followers->started_ns;
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
        followers->started_ns = now_ns();
        if (trace)
                trace->n = 0;
        if (pthread_create(&followers->thread, NULL, follow, followers))
                give_up("no thread");
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

static size_t take_bare(Crowd *crowd)
{
        void *ready[N_SUBSCRIBERS];
        size_t n_ready = crowd_wait(crowd, ready, N_SUBSCRIBERS, 10), n = 0;
        zmq_msg_t message;

        zmq_msg_init(&message);
        for (size_t i = 0; i < n_ready; i++)
                while (zmq_msg_recv(&message, ready[i], ZMQ_DONTWAIT) >= 0)
                        n++;
        zmq_msg_close(&message);
        return n;
}

static bool bare_is_done(const Bare *bare)
{
        fd_set set;
        struct timeval now = { 0 };

        FD_ZERO(&set);
        FD_SET(bare->answer[0], &set);
        return select(bare->answer[0] + 1, &set, NULL, NULL, &now) > 0;
}

static size_t run_trace(const Bare *bare, const Trace *trace, Crowd *crowd, size_t n_wanted)
{
        int64_t until_ns = INT64_MAX;
        size_t n = 0;
        char done;

        pipe_write(bare->order[1], trace, sizeof(*trace));
        while (until_ns == INT64_MAX || (n < n_wanted && now_ns() < until_ns)) {
                n += take_bare(crowd);
                if (until_ns == INT64_MAX && bare_is_done(bare))
                        until_ns = now_ns() + FED_MS * INT64_C(1000000);
        }
        pipe_read(bare->answer[0], &done, 1);
        return n;
}

/* Processor time of the bare publisher for @trace, and how many frames arrived. */
static double run_bare(const Bare *bare, const Trace *trace, size_t n_subscribers, size_t *ret_n)
{
        static const Trace hello = { .n = 1, .frames[0].n_bytes = 64 };
        CLEANUP(crowd_deinit) Crowd crowd = CROWD_NULL;
        void *sockets[N_SUBSCRIBERS], *zmq = zmq_ctx_new();
        int64_t until_ns = now_ns() + FED_MS * INT64_C(1000000);
        CpuUse before, after;

        crowd_init(&crowd);
        for (size_t i = 0; i < n_subscribers; i++) {
                sockets[i] =
                        bench_socket_new(zmq, ZMQ_SUB, bare->client, bare->server, bare->endpoint);
                bench_socket_subscribe(sockets[i], "pic/oost/counts/");
                crowd_add(&crowd, sockets[i], sockets[i]);
        }
        /* Until one frame gets to all of them. */
        for (size_t n = 0; n < n_subscribers;) {
                wait_until(now_ns() + SETTLE_MS * INT64_C(1000000));
                n = run_trace(bare, &hello, &crowd, 1);
                n += take_bare(&crowd);
                if (now_ns() > until_ns)
                        give_up("subscribers of the bare publisher get nothing");
        }

        wait_until(now_ns() + SETTLE_MS * INT64_C(1000000));
        while (take_bare(&crowd))
                ;
        cpu_use_of(bare->pid, &before);
        *ret_n = run_trace(bare, trace, &crowd, trace->n * n_subscribers);
        cpu_use_of(bare->pid, &after);
        cpu_use_since(&after, &before);

        for (size_t i = 0; i < n_subscribers; i++)
                zmq_close(sockets[i]);
        zmq_ctx_term(zmq);
        return after.seconds;
}

typedef struct Costs {
        double plekd, plekd_alone, bare, bare_alone; /* seconds */
        double n_plekd, n_bare;                      /* deliveries */
} Costs;

static void measure(Costs *costs, Load *load, const BenchBroker *broker,
                    const BenchParty *subscribers, const Bare *bare, Overheads *overheads)
{
        static Trace trace;
        Followers followers;
        ReaderFigures figures;
        size_t n;

        costs->plekd_alone += run_paced(load, broker);
        followers_start(&followers, broker, subscribers, &trace, overheads);
        costs->plekd += run_paced(load, broker);
        wait_until(now_ns() + SETTLE_MS * INT64_C(1000000));
        figures = followers_stop(&followers);
        costs->n_plekd += (double)(figures.n_blocks + figures.n_beats);

        costs->bare_alone += run_bare(bare, &trace, 0, &n);
        costs->bare += run_bare(bare, &trace, N_SUBSCRIBERS, &n);
        costs->n_bare += (double)n;
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
        static BenchBroker broker;
        static BenchParty agents[N_AGENTS], subscribers[N_SUBSCRIBERS];
        Costs costs = { 0 };
        double delivery, bare_delivery;
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
        for (size_t i = 0; i < N_ROUNDS; i++)
                measure(&costs, &load, &broker, subscribers, &bare, &overheads);
        batch(&load, &broker, subscribers, &overheads);
        saturate(&load, &broker, subscribers, &overheads);

        load_stop(&load);
        bench_parties_free(agents, N_AGENTS);
        bench_parties_free(subscribers, N_SUBSCRIBERS);
        bench_broker_stop(&broker);
        bare_stop(&bare);

        print_overhead(&overheads, 1, OVERHEAD_ALONE);
        print_overhead(&overheads, BATCH, OVERHEAD_BATCHED);
        delivery = (costs.plekd - costs.plekd_alone) / costs.n_plekd;
        bare_delivery = (costs.bare - costs.bare_alone) / costs.n_bare;
        printf("  plekd: %.2f s with subscribers, %.2f s without, %.0f deliveries: %.2f us each\n",
               costs.plekd, costs.plekd_alone, costs.n_plekd, delivery * 1e6);
        printf("  bare XPUB: %.2f s, %.2f s, %.0f deliveries: %.2f us each\n\n", costs.bare,
               costs.bare_alone, costs.n_bare, bare_delivery * 1e6);
        print_result("bench-fanout", delivery / bare_delivery, "<=", LIMIT);
        return 0;
}
