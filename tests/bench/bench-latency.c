/*
 * bench-latency: from an agent's send to the record in a reader's replica, verified, over the sum
 * of its parts
 *
 * One quiet update at a time. What cannot be done without: a CURVE round trip of that size (agent
 * to broker to reader are two ways), three verifications (the broker's of the party; the reader's
 * of the broker and of the party), the two signatures of a commit (head and block), and one synced
 * LMDB commit. Each part is measured after each update, so that what the machine does meanwhile
 * meets both alike. The reader is libplek's, the agent speaks ZeroMQ directly.
 */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <lmdb.h>
#include <sodium.h>
#include <zmq.h>

#include "common/load.h"
#include "plek/subscriber.h"

enum {
        N_WARM_UP = 200,
        N_MEASURED = 2000,
        N_VERIFICATIONS = 3,
        N_SIGNATURES = 2,
        SEEN_MS = 5000,
        REST_NS = 2 * 1000 * 1000,
        MAP_BYTES = 256 * 1024 * 1024,
        JOURNAL_ROW_BYTES = 80, /* what a row is more than its envelope, about */
        ECHO_ENDPOINT_MAX = 64,
};

static const double LIMIT = 1.2;
static const double NS_PER_US = 1000;

/* ------------------------------------------------------------------ the round trip */

typedef struct Echo {
        SecretKey *server, *client;
        int pipe[2];
        char endpoint[ECHO_ENDPOINT_MAX];
        pid_t pid;
        void *zmq, *socket;
} Echo;

static void echo(void *arg)
{
        Echo *self = arg;
        void *socket = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);
        size_t n_endpoint = sizeof(self->endpoint);
        zmq_msg_t message;

        bench_socket_set(socket, ZMQ_CURVE_SERVER, 1);
        if (zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key_transport(self->server),
                           KEY_BYTES) < 0 ||
            zmq_bind(socket, "tcp://127.0.0.1:*") < 0 ||
            zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, self->endpoint, &n_endpoint) < 0 ||
            write(self->pipe[1], self->endpoint, sizeof(self->endpoint)) < 0)
                give_up("the echo: %s", zmq_strerror(errno));
        for (;;) {
                zmq_msg_init(&message);
                if (zmq_msg_recv(&message, socket, 0) < 0 || zmq_msg_send(&message, socket, 0) < 0)
                        give_up("the echo: %s", zmq_strerror(errno));
        }
}

static void echo_start(Echo *self)
{
        must(secret_key_new(&self->server), "a key");
        must(secret_key_new(&self->client), "a key");
        if (pipe(self->pipe) < 0)
                give_up("no pipe: %s", strerror(errno));
        self->pid = child_start(echo, self);
        if (read(self->pipe[0], self->endpoint, sizeof(self->endpoint)) <= 0)
                give_up("the echo did not start");
        self->zmq = zmq_ctx_new();
        self->socket =
                bench_socket_new(self->zmq, ZMQ_DEALER, self->client, self->server, self->endpoint);
}

static void echo_stop(Echo *self)
{
        zmq_close(self->socket);
        zmq_ctx_term(self->zmq);
        child_stop(self->pid);
        secret_key_free(self->server);
        secret_key_free(self->client);
        close(self->pipe[0]);
        close(self->pipe[1]);
}

static int64_t time_round_trip(Echo *self, const Blob *update)
{
        int64_t started_ns = now_ns();
        zmq_msg_t message;

        bench_socket_send(self->socket, update->bytes, update->n_bytes);
        bench_socket_receive(self->socket, &message, "an echo");
        zmq_msg_close(&message);
        return now_ns() - started_ns;
}

/* ------------------------------------------------------------------ the commit */

typedef struct Store {
        MDB_env *env;
        MDB_dbi journal;
        uint64_t n_puts;
} Store;

static void lmdb(int rc)
{
        if (rc)
                give_up("LMDB: %s", mdb_strerror(rc));
}

/* On the same file system as the daemon's. */
static void store_start(Store *store, const BenchBroker *broker)
{
        char path[BENCH_PATH_MAX + 16];
        MDB_txn *txn;

        *store = (Store){ 0 };
        snprintf(path, sizeof(path), "%s/bare", broker->directory);
        if (mkdir(path, 0700) < 0)
                give_up("%s: %s", path, strerror(errno));
        lmdb(mdb_env_create(&store->env));
        lmdb(mdb_env_set_maxdbs(store->env, 1));
        lmdb(mdb_env_set_mapsize(store->env, MAP_BYTES));
        lmdb(mdb_env_open(store->env, path, 0, 0600));
        lmdb(mdb_txn_begin(store->env, NULL, 0, &txn));
        lmdb(mdb_dbi_open(txn, "journal", MDB_CREATE, &store->journal));
        lmdb(mdb_txn_commit(txn));
}

static int64_t time_commit(Store *store, const Blob *update)
{
        uint64_t number = __builtin_bswap64(++store->n_puts);
        MDB_val key = { sizeof(number), &number };
        MDB_val value = { update->n_bytes + JOURNAL_ROW_BYTES, NULL };
        int64_t started_ns = now_ns();
        MDB_txn *txn;

        lmdb(mdb_txn_begin(store->env, NULL, 0, &txn));
        lmdb(mdb_put(txn, store->journal, &key, &value, MDB_APPEND | MDB_RESERVE));
        memset(value.mv_data, 0, value.mv_size);
        memcpy(value.mv_data, update->bytes, update->n_bytes);
        lmdb(mdb_txn_commit(txn));
        return now_ns() - started_ns;
}

/* ------------------------------------------------------------------ signatures */

static int64_t time_verifications(const Blob *update, const SecretKey *party)
{
        int64_t started_ns = now_ns();
        Envelope envelope;

        must(envelope_parse(&envelope, update->bytes, update->n_bytes), "an update");
        for (size_t i = 0; i < N_VERIFICATIONS; i++)
                must(envelope_verify(&envelope, secret_key_public(party)->sign), "a signature");
        return now_ns() - started_ns;
}

static int64_t time_signatures(const Blob *update, const SecretKey *key)
{
        uint8_t signature[SIGNATURE_BYTES];
        int64_t started_ns = now_ns();

        for (size_t i = 0; i < N_SIGNATURES; i++)
                secret_key_sign(key, update->bytes, update->n_bytes, signature);
        return now_ns() - started_ns;
}

/* ------------------------------------------------------------------ the replica */

typedef struct Replica {
        PlekContext *context;
        PlekSubscriber *subscriber;
        size_t n_seen;
        int64_t seen_ns;
} Replica;

static void on_record(void *arg, const PlekRecord *record, PlekChange change)
{
        Replica *replica = arg;

        if (change != PLEK_CHANGE_NEW && change != PLEK_CHANGE_CONTENT)
                return;
        replica->seen_ns = now_ns();
        replica->n_seen++;
}

static void on_alarm(void *arg, PlekAlarm alarm, const char *text, const void *const evidence[2],
                     const size_t n_evidence[2])
{
        give_up("the reader is alarmed: %s", text);
}

static void replica_start(Replica *replica, const BenchBroker *broker, const BenchParty *party)
{
        static const PlekSubscriberCallbacks callbacks = { .record = on_record, .alarm = on_alarm };
        CLEANUP(blob_unrefp) Blob *card = bench_broker_card(broker);
        char path[BENCH_PATH_MAX + 16];
        PlekPeer peer = { .program = "bench-latency" };

        *replica = (Replica){ 0 };
        snprintf(path, sizeof(path), "%s/reader.key", broker->directory);
        must(secret_key_save(party->key, path), path);
        must(plek_context_new(&replica->context, NULL), "libplek");
        must(plek_key_load(&peer.key, path), path);
        must(plek_region_card_parse(&peer.card, card->bytes, card->n_bytes), "the region card");
        must(plek_subscriber_new(&replica->subscriber, replica->context, &peer, NULL, &callbacks,
                                 replica),
             "a subscriber");
        must(plek_subscriber_sync(replica->subscriber, 10000), "the reader's first picture");
        plek_key_free(peer.key);
        plek_region_card_free(peer.card);
}

static void replica_stop(Replica *replica)
{
        plek_subscriber_free(replica->subscriber);
        plek_context_free(replica->context);
}

static int64_t time_update(Load *load, Replica *replica)
{
        size_t n_wanted = replica->n_seen + 1;
        int64_t started_ns = now_ns();

        load_send(load, 0);
        while (replica->n_seen < n_wanted) {
                must(plek_subscriber_run(replica->subscriber, SEEN_MS), "the reader");
                if (now_ns() - started_ns > SEEN_MS * INT64_C(1000000))
                        give_up("an update did not get to the reader");
        }
        return replica->seen_ns - started_ns;
}

/* ------------------------------------------------------------------ all of it */

enum { WHOLE, ROUND_TRIP, VERIFICATIONS, SIGNATURES, COMMIT, N_FIGURES };

static const char *const names[N_FIGURES] = {
        [WHOLE] = "send to replica",
        [ROUND_TRIP] = "CURVE round trip",
        [VERIFICATIONS] = "three verifications",
        [SIGNATURES] = "two signatures",
        [COMMIT] = "one synced LMDB commit",
};

static void print_figures(Samples samples[N_FIGURES])
{
        printf("\n  %-26s %10s %10s %10s\n", "us", "p10", "median", "p99");
        for (size_t i = 0; i < N_FIGURES; i++)
                printf("  %-26s %10.1f %10.1f %10.1f\n", names[i],
                       samples_quantile(&samples[i], 0.1), samples_quantile(&samples[i], 0.5),
                       samples_quantile(&samples[i], 0.99));
        printf("\n  p99 %.0f us, that of the commit alone %.0f us\n",
               samples_quantile(&samples[WHOLE], 0.99), samples_quantile(&samples[COMMIT], 0.99));
}

/*
 * A quiet update finds the machine asleep: processors halted, caches somebody else's. Its parts have
 * to find the same, or what is compared is how warm they were.
 */
static void rest(void)
{
        wait_until(now_ns() + REST_NS);
}

static void measure(Samples samples[N_FIGURES], Load *load, Replica *replica, Echo *echo,
                    Store *store, const SecretKey *party)
{
        for (size_t i = 0; i < N_WARM_UP + N_MEASURED; i++) {
                const Blob *update = load->agents[0].signed_updates[i];
                int64_t took_ns[N_FIGURES];

                rest();
                took_ns[WHOLE] = time_update(load, replica);
                while (load->agents[0].n_told < load->agents[0].n_sent)
                        load_receive(load, SEEN_MS);
                rest();
                took_ns[ROUND_TRIP] = time_round_trip(echo, update);
                rest();
                took_ns[VERIFICATIONS] = time_verifications(update, party);
                rest();
                took_ns[SIGNATURES] = time_signatures(update, party);
                rest();
                took_ns[COMMIT] = time_commit(store, update);
                if (i >= N_WARM_UP)
                        for (size_t j = 0; j < N_FIGURES; j++)
                                samples_add(&samples[j], (double)took_ns[j] / NS_PER_US);
        }
}

int main(int argc, char **argv)
{
        Samples samples[N_FIGURES] = { 0 };
        static BenchBroker broker;
        BenchParty agent, reader;
        double parts = 0, ratio;
        Replica replica;
        Store store;
        Echo echo;
        Load load;

        if (sodium_init() < 0)
                give_up("libsodium does not start");
        echo_start(&echo);
        bench_broker_start(&broker, argv[0], NULL);
        bench_parties_new(&broker, &agent, 1, "ziekenhuis", "oost", ROLE_BIT(ROLE_AGENT), 0);
        bench_parties_new(&broker, &reader, 1, "meldkamer", "oost", ROLE_BIT(ROLE_SUBSCRIBER),
                          AUDIENCE_CARE);
        load_start(&load, &broker, &agent, 1);
        printf("bench-latency: %d updates of %zu bytes, one at a time\n", N_MEASURED,
               load_sign(&load, (LoadKind){ .n_units = 7 }, N_WARM_UP + N_MEASURED));
        replica_start(&replica, &broker, &reader);
        store_start(&store, &broker);

        measure(samples, &load, &replica, &echo, &store, agent.key);

        mdb_env_close(store.env);
        replica_stop(&replica);
        load_finish(&load);
        load_stop(&load);
        bench_parties_free(&agent, 1);
        bench_parties_free(&reader, 1);
        bench_broker_stop(&broker);
        echo_stop(&echo);

        print_figures(samples);
        for (size_t i = ROUND_TRIP; i < N_FIGURES; i++)
                parts += samples_quantile(&samples[i], 0.5);
        ratio = samples_quantile(&samples[WHOLE], 0.5) / parts;
        printf("  median %.0f us, the sum of its parts %.0f us\n\n",
               samples_quantile(&samples[WHOLE], 0.5), parts);
        for (size_t i = 0; i < N_FIGURES; i++)
                samples_deinit(&samples[i]);
        print_result("bench-latency", ratio, "<=", LIMIT);
        return 0;
}
