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
#include <string.h>
#include <sys/resource.h>

#include <sodium.h>
#include <zmq.h>

#include "common/load.h"
#include "wire/block.h"
#include "wire/query.h"

enum {
        N_PARTIES = 200,
        N_UNITS = 65, /* of each: 13,000 records */
        N_SUBSCRIBERS = 500,
        N_CONNECTIONS = 1 + N_LANES, /* of each */
        N_RUNS = 5,
        N_RUNS_WITHOUT = 2,
        N_TOPICS = 3,
        CREDIT = 16,
        CHUNKS_MAX = 256,
        ARENA_BYTES = 64 * 1024 * 1024,
        SOCKETS_MAX = 16384,
        SYNC_MS = 120000,
        READY_A_TURN = 256,
        LIMIT = 3,
};

static const char *const topics[N_TOPICS] = { "reg/", "pic/oost/status/", "pic/oost/counts/" };
static const char *const lane_names[N_LANES] = { "status", "counts" };

typedef struct Position {
        bool is_known; /* from before */
        bool is_wanted, is_done;
        uint64_t revision;
        uint64_t request; /* 0: not asked */
        uint64_t transfer;
        uint32_t n_taken, n_credit;
} Position;

typedef struct Subscriber {
        const BenchParty *party;
        void *session, *session_monitor;
        void *lanes[N_LANES], *monitors[N_LANES];
        bool is_up[N_LANES];
        bool is_greeted, has_asked, is_in_sync;
        uint64_t epoch;
        uint64_t n_requests;
        Position positions[N_TOPICS];
} Subscriber;

/* Bytes that were checked for one of them. */
typedef struct Checked {
        uint8_t *bytes;
        size_t n_bytes;
} Checked;

/* The answer about a topic: all who ask the same are given the same. */
typedef struct Answered {
        Checked manifest;
        uint8_t digests[CHUNKS_MAX][DIGEST_BYTES];
        Checked chunks[CHUNKS_MAX];
        uint32_t n_chunks;
        uint64_t to, n_entries, n_entries_found;
        bool is_whole;
} Answered;

typedef struct Crew {
        BenchBroker *broker;
        void *zmq;
        Subscriber subscribers[N_SUBSCRIBERS];
        Crowd crowd;
        Arena *arena;
        size_t n_in_sync;
        Checked epoch, head;
        Answered answers[N_TOPICS];
        uint64_t epoch_number;
        uint64_t n_chunk_bytes;
        uint64_t n_lost; /* sessions that were cut, and begun anew */
} Crew;

/* ------------------------------------------------------------------ checking */

static bool was_checked(const Checked *checked, Bytes bytes)
{
        return checked->bytes && checked->n_bytes == bytes.n_bytes &&
               memcmp(checked->bytes, bytes.bytes, bytes.n_bytes) == 0;
}

static void remember(Checked *checked, Bytes bytes)
{
        free(checked->bytes);
        checked->bytes = malloc(MAX(bytes.n_bytes, 1));
        if (!checked->bytes)
                give_up("no memory");
        memcpy(checked->bytes, bytes.bytes, bytes.n_bytes);
        checked->n_bytes = bytes.n_bytes;
}

static void forget(Checked *checked)
{
        free(checked->bytes);
        *checked = (Checked){ 0 };
}

/* Verified, unless the very same bytes were. */
static Envelope open_envelope(Crew *crew, Checked *checked, Bytes bytes, EnvelopeKind kind)
{
        Envelope envelope;

        if (envelope_parse(&envelope, bytes.bytes, bytes.n_bytes) || envelope.kind != kind)
                give_up("an envelope is not one");
        if (was_checked(checked, bytes))
                return envelope;
        if (envelope_verify(&envelope, secret_key_public(crew->broker->key)->sign))
                give_up("a signature is not the broker's");
        remember(checked, bytes);
        return envelope;
}

static void check_manifest(Crew *crew, size_t number, Bytes bytes)
{
        Answered *answer = &crew->answers[number];
        Manifest manifest;
        Envelope envelope;

        if (was_checked(&answer->manifest, bytes))
                return;
        if (answer->manifest.bytes)
                give_up("two answers to one question about %s", topics[number]);
        envelope = open_envelope(crew, &answer->manifest, bytes, ENVELOPE_MANIFEST);
        if (manifest_decode(&manifest, crew->arena, envelope.body, envelope.n_body) ||
            strcmp(manifest.topic, topics[number]) != 0 || manifest.n_digests > CHUNKS_MAX)
                give_up("a manifest is not one of %s", topics[number]);
        memcpy(answer->digests, manifest.digests, manifest.n_digests * DIGEST_BYTES);
        answer->n_chunks = (uint32_t)manifest.n_digests;
        answer->n_entries = manifest.n_entries;
        answer->to = manifest.to;
        answer->is_whole = manifest.whole;
}

static void check_chunk(Crew *crew, Answered *answer, uint32_t index, Bytes body)
{
        uint8_t digest[DIGEST_BYTES];
        ChunkBody chunk;

        if (was_checked(&answer->chunks[index], body))
                return;
        crypto_generichash(digest, sizeof(digest), body.bytes, body.n_bytes, NULL, 0);
        if (memcmp(digest, answer->digests[index], DIGEST_BYTES) != 0 ||
            chunk_body_decode(&chunk, crew->arena, body.bytes, body.n_bytes))
                give_up("a chunk is not the manifest's");
        answer->n_entries_found += chunk.n_entries;
        remember(&answer->chunks[index], body);
}

static void forget_answers(Crew *crew)
{
        forget(&crew->epoch);
        forget(&crew->head);
        for (size_t i = 0; i < N_TOPICS; i++) {
                forget(&crew->answers[i].manifest);
                for (size_t j = 0; j < CHUNKS_MAX; j++)
                        forget(&crew->answers[i].chunks[j]);
                crew->answers[i] = (Answered){ 0 };
        }
        crew->n_in_sync = crew->n_lost = 0;
        crew->n_chunk_bytes = 0;
}

/* ------------------------------------------------------------------ a session */

static void send_request(Subscriber *subscriber, Request *request)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;

        request->id = ++subscriber->n_requests;
        must(request_encode(&bytes, request), "a request");
        bench_socket_send(subscriber->session, bytes->bytes, bytes->n_bytes);
}

/* Each time that it is connected. One that was cut on its way begins anew. */
static void say_hello(Crew *crew, Subscriber *subscriber)
{
        crew->n_lost += subscriber->n_requests > 0;
        subscriber->is_greeted = subscriber->has_asked = false;
        for (size_t i = 0; i < N_TOPICS; i++) {
                Position *position = &subscriber->positions[i];

                *position = (Position){ .is_known = position->is_known,
                                        .revision = position->revision };
        }
        send_request(
                subscriber,
                &(Request){ .kind = REQUEST_HELLO,
                            .hello = { .instance = 1, .kind = PEER_READER, .program = "bench" } });
}

/* Subscribe first, ask second. */
static void ask(Subscriber *subscriber)
{
        if (subscriber->has_asked || !subscriber->is_greeted)
                return;
        for (size_t i = 0; i < N_LANES; i++)
                if (!subscriber->is_up[i])
                        return;

        subscriber->has_asked = true;
        for (size_t i = 0; i < N_TOPICS; i++) {
                Position *position = &subscriber->positions[i];
                Request request = {
                        .kind = REQUEST_SINCE,
                        .since = { .topic = topics[i],
                                   .epoch = subscriber->epoch,
                                   .audience = AUDIENCE_CARE,
                                   .revision = position->is_known ? position->revision : 0,
                                   .credit = CREDIT },
                };

                position->is_done = !position->is_wanted;
                if (!position->is_wanted)
                        continue;
                send_request(subscriber, &request);
                position->request = request.id;
                position->n_credit = CREDIT;
        }
}

static void take_hello(Crew *crew, Subscriber *subscriber, const Reply *reply)
{
        Envelope envelope;
        Epoch epoch;

        envelope = open_envelope(crew, &crew->epoch, reply->hello.epoch, ENVELOPE_EPOCH);
        if (epoch_decode(&epoch, crew->arena, envelope.body, envelope.n_body))
                give_up("an epoch is not one");
        crew->epoch_number = epoch.epoch;
        open_envelope(crew, &crew->head, reply->hello.head, ENVELOPE_HEAD);

        for (size_t i = 0; i < N_TOPICS; i++) {
                Position *position = &subscriber->positions[i];

                position->is_wanted = !position->is_known;
                for (size_t j = 0; j < reply->hello.n_topics; j++)
                        if (strcmp(reply->hello.topics[j].topic, topics[i]) == 0 &&
                            reply->hello.topics[j].revision > position->revision)
                                position->is_wanted = true;
        }
        subscriber->is_greeted = true;
}

static void note_done(Crew *crew, Subscriber *subscriber)
{
        if (!subscriber->has_asked || subscriber->is_in_sync)
                return;
        for (size_t i = 0; i < N_TOPICS; i++)
                if (!subscriber->positions[i].is_done)
                        return;
        subscriber->is_in_sync = true;
        crew->n_in_sync++;
}

static void take_since(Crew *crew, Subscriber *subscriber, const Reply *reply)
{
        for (size_t i = 0; i < N_TOPICS; i++) {
                Position *position = &subscriber->positions[i];

                if (position->request != reply->id)
                        continue;
                check_manifest(crew, i, reply->since.manifest);
                position->transfer = reply->since.transfer;
                position->is_done = !crew->answers[i].n_chunks;
                return;
        }
}

static void take_chunk(Crew *crew, Subscriber *subscriber, const Reply *reply)
{
        for (size_t i = 0; i < N_TOPICS; i++) {
                Position *position = &subscriber->positions[i];
                Answered *answer = &crew->answers[i];
                uint32_t n_left;

                if (!position->request || position->transfer != reply->chunk.transfer)
                        continue;
                if (reply->chunk.index != position->n_taken || position->is_done)
                        return; /* of an answer that it was on before it was cut */
                check_chunk(crew, answer, reply->chunk.index, reply->chunk.body);
                crew->n_chunk_bytes += reply->chunk.body.n_bytes;
                n_left = answer->n_chunks - ++position->n_taken;
                position->is_done = !n_left;
                if (--position->n_credit <= CREDIT / 2 && n_left > position->n_credit) {
                        send_request(subscriber,
                                     &(Request){ .kind = REQUEST_CREDIT,
                                                 .credit = { position->transfer, CREDIT / 2 } });
                        position->n_credit += CREDIT / 2;
                }
                return;
        }
}

static void take_reply(Crew *crew, Subscriber *subscriber, zmq_msg_t *message)
{
        Reply reply;

        arena_reset(crew->arena);
        arena_limit(crew->arena, ARENA_BYTES);
        must(reply_decode(&reply, crew->arena, zmq_msg_data(message), zmq_msg_size(message)),
             "a reply");
        switch (reply.kind) {
        case REPLY_HELLO:
                take_hello(crew, subscriber, &reply);
                break;
        case REPLY_SINCE:
                take_since(crew, subscriber, &reply);
                break;
        case REPLY_CHUNK:
                take_chunk(crew, subscriber, &reply);
                break;
        default:
                if (reply.refusal.code != PLEK_REFUSED_NOT_ALLOWED) /* asked before it was cut */
                        give_up("%s was told no: %s", subscriber->party->id,
                                reply.refusal.text ? reply.refusal.text : "");
        }
}

/* That a socket is connected. Its address comes as a second part. */
static bool take_event(void *monitor)
{
        zmq_msg_t message;
        bool is_there;

        zmq_msg_init(&message);
        is_there = zmq_msg_recv(&message, monitor, ZMQ_DONTWAIT) >= 0;
        if (is_there)
                zmq_msg_recv(&message, monitor, 0);
        zmq_msg_close(&message);
        return is_there;
}

/* What has come of any of its sockets. */
static void turn(Crew *crew, Subscriber *subscriber)
{
        zmq_msg_t message;
        size_t n;

        zmq_msg_init(&message);
        do {
                n = 0;
                while (take_event(subscriber->session_monitor)) {
                        say_hello(crew, subscriber);
                        n++;
                }
                for (size_t i = 0; i < N_LANES; i++) {
                        for (; take_event(subscriber->monitors[i]); n++)
                                subscriber->is_up[i] = true;
                        while (zmq_msg_recv(&message, subscriber->lanes[i], ZMQ_DONTWAIT) >= 0)
                                n++; /* beats */
                }
                for (; zmq_msg_recv(&message, subscriber->session, ZMQ_DONTWAIT) >= 0; n++)
                        take_reply(crew, subscriber, &message);
                ask(subscriber);
                note_done(crew, subscriber);
        } while (n); /* sending may have taken the edge of what came meanwhile */
        zmq_msg_close(&message);
}

/* ------------------------------------------------------------------ all of them */

/* Tells when @socket is connected. */
static void *watch(Crew *crew, Subscriber *subscriber, void *socket)
{
        static size_t number;
        char text[64];
        void *monitor;

        snprintf(text, sizeof(text), "inproc://monitor-%zu", number++);
        if (zmq_socket_monitor(socket, text, ZMQ_EVENT_HANDSHAKE_SUCCEEDED))
                give_up("a socket cannot be watched");
        monitor = bench_socket_new(crew->zmq, ZMQ_PAIR, NULL, NULL, text);
        crowd_add(&crew->crowd, monitor, subscriber);
        return monitor;
}

static void make_sockets(Crew *crew, Subscriber *subscriber)
{
        const SecretKey *key = subscriber->party->key, *server = crew->broker->key;
        char text[64];

        subscriber->session = bench_socket_make(crew->zmq, ZMQ_DEALER, key, server);
        crowd_add(&crew->crowd, subscriber->session, subscriber);
        subscriber->session_monitor = watch(crew, subscriber, subscriber->session);
        for (size_t i = 0; i < N_LANES; i++) {
                subscriber->lanes[i] = bench_socket_make(crew->zmq, ZMQ_SUB, key, server);
                snprintf(text, sizeof(text), "pic/oost/%s/", lane_names[i]);
                bench_socket_subscribe(subscriber->lanes[i], text);
                snprintf(text, sizeof(text), "beat/%s/", lane_names[i]);
                bench_socket_subscribe(subscriber->lanes[i], text);
                crowd_add(&crew->crowd, subscriber->lanes[i], subscriber);
                subscriber->monitors[i] = watch(crew, subscriber, subscriber->lanes[i]);
        }
}

static void crew_start(Crew *crew, const BenchParty *parties, bool with_state)
{
        crew->zmq = zmq_ctx_new();
        zmq_ctx_set(crew->zmq, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
        crowd_init(&crew->crowd);
        forget_answers(crew);
        for (size_t i = 0; i < N_SUBSCRIBERS; i++) {
                Subscriber *subscriber = &crew->subscribers[i];
                Subscriber before = *subscriber;

                *subscriber = (Subscriber){ .party = &parties[i], .epoch = before.epoch };
                for (size_t j = 0; with_state && j < N_TOPICS; j++)
                        subscriber->positions[j] =
                                (Position){ .is_known = true,
                                            .revision = before.positions[j].revision };
                make_sockets(crew, subscriber);
        }
}

static void crew_stop(Crew *crew)
{
        for (size_t i = 0; i < N_SUBSCRIBERS; i++) {
                Subscriber *subscriber = &crew->subscribers[i];

                zmq_socket_monitor(subscriber->session, NULL, 0);
                zmq_close(subscriber->session);
                zmq_close(subscriber->session_monitor);
                for (size_t j = 0; j < N_LANES; j++) {
                        zmq_socket_monitor(subscriber->lanes[j], NULL, 0);
                        zmq_close(subscriber->lanes[j]);
                        zmq_close(subscriber->monitors[j]);
                }
        }
        crowd_deinit(&crew->crowd);
        zmq_ctx_term(crew->zmq);
}

static _Noreturn void give_up_sync(const Crew *crew)
{
        size_t n_greeted = 0, n_up = 0, n_asked = 0;

        for (size_t i = 0; i < N_SUBSCRIBERS; i++) {
                n_greeted += crew->subscribers[i].is_greeted;
                n_asked += crew->subscribers[i].has_asked;
                for (size_t j = 0; j < N_LANES; j++)
                        n_up += crew->subscribers[i].is_up[j];
        }
        give_up("%zu of %d are in sync after %d s (%zu greeted, %zu asked, %zu lanes up)",
                crew->n_in_sync, N_SUBSCRIBERS, SYNC_MS / 1000, n_greeted, n_asked, n_up);
}

/* Returns how long it took until the last was in sync. */
static double crew_sync(Crew *crew)
{
        int64_t started_ns = now_ns(), until_ns = started_ns + SYNC_MS * INT64_C(1000000);
        void *ready[READY_A_TURN];
        int64_t ended_ns;

        for (size_t i = 0; i < N_SUBSCRIBERS; i++) {
                Subscriber *subscriber = &crew->subscribers[i];

                bench_socket_connect(subscriber->session, crew->broker->query);
                for (size_t j = 0; j < N_LANES; j++)
                        bench_socket_connect(subscriber->lanes[j], crew->broker->care);
        }
        while (crew->n_in_sync < N_SUBSCRIBERS) {
                size_t n = crowd_wait(&crew->crowd, ready, N_ELEMENTS(ready), 100);

                for (size_t i = 0; i < n; i++)
                        turn(crew, ready[i]);
                if (now_ns() > until_ns)
                        give_up_sync(crew);
        }
        ended_ns = now_ns();

        for (size_t i = 0; i < N_SUBSCRIBERS; i++) {
                Subscriber *subscriber = &crew->subscribers[i];

                subscriber->epoch = crew->epoch_number;
                for (size_t j = 0; j < N_TOPICS; j++)
                        if (crew->answers[j].manifest.bytes)
                                subscriber->positions[j].revision = crew->answers[j].to;
        }
        return (double)(ended_ns - started_ns) / 1e9;
}

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

        forget_answers(&crew);
        arena_free(crew.arena);
        bench_parties_free(agents, N_PARTIES);
        bench_parties_free(parties, N_SUBSCRIBERS);
        bench_broker_stop(&broker);
        print_result("bench-resync", samples_quantile(&ratios, 0.5), "<=", LIMIT);
        return 0;
}
