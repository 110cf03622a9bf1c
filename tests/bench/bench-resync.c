/*
 * bench-resync: 500 subscribers back at once after the broker was restarted
 *
 * The picture has 13,000 records of 200 parties. Each subscriber has what PROTOCOL.md gives it: a
 * session and a SUB a lane, three connections that are all made at the moment when the broker is
 * READY. It is in sync when it was greeted, its lanes are connected, and it has every topic up to
 * the broker's revision: with state, from a position before the restart and before the last report
 * of each party; without, from 0. Measured is the time until the last of them is.
 *
 * All 500 are objects of one process with one I/O thread, so that two cores can carry them beside
 * the broker. They check the broker's signatures of epoch, head and manifests and the digests of
 * chunks, and not what parties signed; and what is byte for byte what one of them has checked is
 * not checked again. That work is done on 500 hosts, not on the broker's.
 *
 * The yardstick is 500 bare CURVE handshakes: as many DEALERs that say a word to a ROUTER, each
 * side with one I/O thread, without ZAP. The subscribers' 1,500 connections take 1,500 of them,
 * which is printed as well.
 */

#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>

#include <zmq.h>

#include "resync.h"

enum {
        N_RUNS = 5,
        N_RUNS_WITHOUT = 2,
        LIMIT = 3,
};

/* ------------------------------------------------------------------ the yardstick */

typedef struct Server {
        pthread_t thread;
        void *router;
        size_t n_expected;
} Server;

static void *hear_all(void *arg)
{
        Server *server = arg;
        zmq_msg_t message;

        zmq_msg_init(&message);
        for (size_t n_parts = 0; n_parts < 2 * server->n_expected; n_parts++)
                if (zmq_msg_recv(&message, server->router, 0) < 0)
                        give_up("the bare server hears nothing");
        zmq_msg_close(&message);
        return NULL;
}

/* How long @n_clients handshakes take, until the server has a word of each. */
static double bare_handshakes(const BenchBroker *broker, const BenchParty *party, size_t n_clients)
{
        void *server_zmq = zmq_ctx_new(), *client_zmq = zmq_ctx_new();
        static void *clients[N_CONNECTIONS * N_SUBSCRIBERS];
        Server server = { .n_expected = n_clients };
        char endpoint[256];
        size_t n_endpoint = sizeof(endpoint);
        int64_t started_ns;
        double took_s;
        int yes = 1;

        zmq_ctx_set(client_zmq, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
        server.router = zmq_socket(server_zmq, ZMQ_ROUTER);
        bench_socket_set(server.router, ZMQ_LINGER, 0);
        bench_socket_set(server.router, ZMQ_BACKLOG, N_CONNECTIONS * N_SUBSCRIBERS);
        if (zmq_setsockopt(server.router, ZMQ_CURVE_SERVER, &yes, sizeof(yes)) ||
            zmq_setsockopt(server.router, ZMQ_CURVE_SECRETKEY, secret_key_transport(broker->key),
                           KEY_BYTES) ||
            zmq_bind(server.router, "tcp://127.0.0.1:*") ||
            zmq_getsockopt(server.router, ZMQ_LAST_ENDPOINT, endpoint, &n_endpoint))
                give_up("no bare server: %s", zmq_strerror(errno));
        for (size_t i = 0; i < n_clients; i++)
                clients[i] = bench_socket_make(client_zmq, ZMQ_DEALER, party->key, broker->key);
        if (pthread_create(&server.thread, NULL, hear_all, &server))
                give_up("no thread");

        started_ns = now_ns();
        for (size_t i = 0; i < n_clients; i++) {
                bench_socket_connect(clients[i], endpoint);
                bench_socket_send(clients[i], "", 1);
        }
        pthread_join(server.thread, NULL);
        took_s = (double)(now_ns() - started_ns) / 1e9;

        for (size_t i = 0; i < n_clients; i++)
                zmq_close(clients[i]);
        zmq_close(server.router);
        zmq_ctx_term(client_zmq);
        zmq_ctx_term(server_zmq);
        return took_s;
}

/* ------------------------------------------------------------------ runs */

typedef struct Run {
        double bare_s, bare_all_s, ready_s, sync_s;
        double peak_mib;
        double n_mib;
        uint64_t n_entries, n_lost;
} Run;

/* Each party states @n_each records, the first of them where they ended before. */
static void state_records(BenchBroker *broker, const BenchParty *agents, unsigned n_each)
{
        static unsigned first;
        Load load;

        load_start(&load, broker, agents, N_PARTIES);
        load_sign(&load, (LoadKind){ .n_units = N_UNITS, .first = first }, n_each);
        load_run(&load, n_each, INT64_MAX);
        load_finish(&load);
        load_stop(&load);
        first += n_each;
}

static Run run(Crew *crew, const BenchParty *agents, const BenchParty *parties, bool with_state)
{
        Run run = { 0 };

        state_records(crew->broker, agents, 1);
        bench_broker_halt(crew->broker);
        run.bare_s = bare_handshakes(crew->broker, &parties[0], N_SUBSCRIBERS);
        run.bare_all_s = bare_handshakes(crew->broker, &parties[0], N_CONNECTIONS * N_SUBSCRIBERS);

        crew_start(crew, parties, with_state);
        run.ready_s = (double)bench_broker_resume(crew->broker) / 1e9;
        run.sync_s = crew_sync(crew);
        run.peak_mib = memory_of(crew->broker->pid, "VmHWM");
        run.n_lost = crew->n_lost;
        run.n_mib = (double)crew->n_chunk_bytes / (1 << 20);
        for (size_t i = 0; i < N_TOPICS; i++) {
                const Answered *answer = &crew->answers[i];

                if (answer->n_entries_found != answer->n_entries ||
                    (answer->manifest.bytes && i > 0 && answer->is_whole == with_state))
                        give_up("an answer about %s is not what was asked for", topics[i]);
                run.n_entries += answer->n_entries;
        }
        crew_stop(crew);
        return run;
}

static void print_head(void)
{
        printf("  %-14s %9s %9s %9s %9s %9s %9s %9s %9s %6s\n", "", "READY s", "in sync s",
               "500 bare", "1500 bare", "ratio", "entries", "sent MiB", "peak MiB", "cut");
}

static void print_run(const char *what, const Run *run)
{
        printf("  %-14s %9.3f %9.3f %9.3f %9.3f %9.3f %9llu %9.1f %9.1f %6llu\n", what,
               run->ready_s, run->sync_s, run->bare_s, run->bare_all_s, run->sync_s / run->bare_s,
               (unsigned long long)run->n_entries, run->n_mib, run->peak_mib,
               (unsigned long long)run->n_lost);
        fflush(stdout);
}

/* Three connections a subscriber, each with a few descriptors on this side. */
static void raise_limit(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                (void)setrlimit(RLIMIT_NOFILE, &limit);
        }
}

int main(int argc, char **argv)
{
        static BenchParty agents[N_PARTIES], parties[N_SUBSCRIBERS];
        static Crew crew;
        CLEANUP(samples_deinit) Samples ratios = SAMPLES_NULL;
        BenchBroker broker;

        printf("bench-resync: %d subscribers, %d records\n", N_SUBSCRIBERS, N_PARTIES * N_UNITS);
        raise_limit();
        bench_broker_start(&broker, argv[0], NULL);
        bench_parties_new(&broker, agents, N_PARTIES, "ziekenhuis", "oost", ROLE_BIT(ROLE_AGENT),
                          0);
        bench_parties_new(&broker, parties, N_SUBSCRIBERS, "meldkamer", "oost",
                          ROLE_BIT(ROLE_SUBSCRIBER), AUDIENCE_CARE);
        crew.broker = &broker;
        must(arena_new(&crew.arena, ARENA_BYTES), "an arena");
        state_records(&broker, agents, N_UNITS);

        print_head();
        for (size_t i = 0; i < N_RUNS_WITHOUT; i++) {
                Run without = run(&crew, agents, parties, false);

                print_run("without state", &without);
        }
        for (size_t i = 0; i < N_RUNS; i++) {
                Run with = run(&crew, agents, parties, true);

                print_run("with state", &with);
                samples_add(&ratios, with.sync_s / with.bare_s);
        }

        resync_forget(&crew);
        arena_free(crew.arena);
        bench_parties_free(agents, N_PARTIES);
        bench_parties_free(parties, N_SUBSCRIBERS);
        bench_broker_stop(&broker);
        print_result("bench-resync", samples_quantile(&ratios, 0.5), "<=", LIMIT);
        return 0;
}
