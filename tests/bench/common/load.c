#include "common/load.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>
#include <zmq.h>

#include "wire/query.h"

enum {
        ARENA_BYTES = 4 * 1024 * 1024,
        SIGNERS = 2,
        TELL_MS = 5000, /* a receipt that takes longer does not come */
        TURN_MS = 100,
        AGENTS_A_TURN = 64,
        SCATTER = 7919, /* a prime: neither all of one page nor in the order of their keys */
};

/* ------------------------------------------------------------------ signing */

static const char *const labels[] = { "Intensive care volwassenen 1 noord",
                                      "Verpleegafdeling B3 chirurgie" };

static Update report_of(unsigned number, unsigned n_units, char unit[32])
{
        unsigned unit_number = (unsigned)((uint64_t)number * SCATTER % n_units);
        Update update = {
                .kind = UPDATE_COUNTS,
                .unit = unit,
                .label = labels[number % N_ELEMENTS(labels)],
                .source = PLEK_SOURCE_DERIVED,
                .definition = "lcps-geopend-2",
                .valid_for_s = 900,
                .counts.care = unit_number % 30 + 1,
        };
        static const CountField fields[] = {
                COUNT_PHYSICAL,     COUNT_STAFFED,   COUNT_OCCUPIED,
                COUNT_RESERVED,     COUNT_BLOCKED,   COUNT_EXPECTED_IN,
                COUNT_EXPECTED_OUT, COUNT_SURGE_24H, COUNT_SURGE_72H,
        };

        snprintf(unit, 32, "afdeling-%u", unit_number);
        for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
                update.counts.present[fields[i]] = true;
                update.counts.value[fields[i]] = (int32_t)(150 + (number + i * 7) % 90);
        }
        return update;
}

static Blob *sign_next(const Load *load, LoadAgent *agent, LoadKind kind, unsigned number)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        WireRefusal refusal = { 0 };
        struct timespec now;
        Blob *envelope = NULL;
        int64_t now_us;
        char unit[32];
        Update update;

        clock_gettime(CLOCK_REALTIME, &now);
        now_us = now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000 + load->broker_offset_us;
        if (kind.is_affirm)
                update =
                        (Update){ .kind = UPDATE_AFFIRM,
                                  .affirm = { .lane = LANE_COUNTS, .up_to_seq = agent->last_seq } };
        else
                update = report_of(number, kind.n_units, unit);

        agent->last_seq = MAX(agent->last_seq + 1, (uint64_t)now_us);
        update.party = agent->party->id;
        update.location = agent->party->id;
        update.instance = agent->instance;
        update.seq = agent->last_seq;
        update.sent_at_ms = now_us / 1000;
        update.observed_at_ms = kind.is_affirm ? update.sent_at_ms : update.sent_at_ms - 1500;
        update.not_after_ms = update.sent_at_ms + 3600 * 1000;
        update.status = STATUS_ACTUAL;
        update.audience = AUDIENCE_CARE;
        if (update_encode(&body, &refusal, &update))
                give_up("an update that the wire refuses: %s %s", refusal.field, refusal.text);
        must(envelope_sign(&envelope, ENVELOPE_UPDATE, &load->broker->network, agent->party->key,
                           body->bytes, body->n_bytes),
             "an update");
        return envelope;
}

typedef struct Signer {
        pthread_t thread;
        Load *load;
        LoadKind kind;
        size_t first, n_each;
} Signer;

static void *sign(void *arg)
{
        Signer *signer = arg;

        for (size_t i = signer->first; i < signer->load->n_agents; i += SIGNERS) {
                LoadAgent *agent = &signer->load->agents[i];

                agent->signed_updates = calloc(signer->n_each, sizeof(Blob *));
                if (!agent->signed_updates)
                        give_up("no memory for updates");
                for (; agent->n_signed < signer->n_each; agent->n_signed++)
                        agent->signed_updates[agent->n_signed] =
                                sign_next(signer->load, agent, signer->kind,
                                          signer->kind.first + (unsigned)agent->n_signed);
        }
        return NULL;
}

size_t load_sign(Load *load, LoadKind kind, size_t n_each)
{
        Signer signers[SIGNERS];

        for (size_t i = 0; i < SIGNERS; i++) {
                signers[i] = (Signer){ .load = load, .kind = kind, .first = i, .n_each = n_each };
                if (pthread_create(&signers[i].thread, NULL, sign, &signers[i]))
                        give_up("no thread");
        }
        for (size_t i = 0; i < SIGNERS; i++)
                pthread_join(signers[i].thread, NULL);
        return load_envelope_bytes(load) - ENVELOPE_OVERHEAD_BYTES;
}

size_t load_envelope_bytes(const Load *load)
{
        return load->agents[0].signed_updates[0]->n_bytes;
}

/* ------------------------------------------------------------------ connecting */

static void say_hello(LoadAgent *agent)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        Request request = {
                .id = 1,
                .kind = REQUEST_HELLO,
                .hello = { .instance = agent->instance, .kind = PEER_FEED, .program = "bench" }
        };

        must(request_encode(&bytes, &request), "hello");
        bench_socket_send(agent->session, bytes->bytes, bytes->n_bytes);
}

static void hear_hello(Load *load, LoadAgent *agent)
{
        struct timespec now;
        zmq_msg_t message;
        Reply reply;

        bench_socket_receive(agent->session, &message, "the answer to hello");
        arena_reset(load->arena);
        arena_limit(load->arena, ARENA_BYTES);
        must(reply_decode(&reply, load->arena, zmq_msg_data(&message), zmq_msg_size(&message)),
             "the answer to hello");
        if (reply.kind != REPLY_HELLO)
                give_up("%s was not greeted: %s", agent->party->id, reply.refusal.text);
        clock_gettime(CLOCK_REALTIME, &now);
        load->broker_offset_us =
                reply.hello.time_us - (now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000);
        agent->last_seq = reply.hello.floor;
        zmq_msg_close(&message);

        bench_socket_receive(agent->updates, &message, "the broker's subscription");
        zmq_msg_close(&message);
}

void load_start(Load *load, const BenchBroker *broker, const BenchParty *parties, size_t n_parties)
{
        *load = (Load){ .broker = broker, .n_agents = n_parties, .crowd = CROWD_NULL };
        crowd_init(&load->crowd);
        must(arena_new(&load->arena, ARENA_BYTES), "an arena");
        load->agents = calloc(n_parties, sizeof(*load->agents));
        if (!load->agents)
                give_up("no memory for agents");

        for (size_t i = 0; i < n_parties; i++) {
                LoadAgent *agent = &load->agents[i];

                agent->party = &parties[i];
                agent->instance = i + 1;
                agent->updates = bench_socket_new(broker->zmq, ZMQ_XPUB, agent->party->key,
                                                  broker->key, broker->updates);
                agent->session = bench_socket_new(broker->zmq, ZMQ_DEALER, agent->party->key,
                                                  broker->key, broker->query);
                say_hello(agent);
        }
        for (size_t i = 0; i < n_parties; i++) {
                hear_hello(load, &load->agents[i]);
                crowd_add(&load->crowd, load->agents[i].session, &load->agents[i]);
        }
}

static void forget_signed(LoadAgent *agent)
{
        for (size_t i = 0; i < agent->n_signed; i++)
                blob_unref(agent->signed_updates[i]);
        free(agent->signed_updates);
        agent->signed_updates = NULL;
        agent->n_signed = agent->n_sent = agent->n_told = 0;
}

void load_stop(Load *load)
{
        for (size_t i = 0; i < load->n_agents; i++) {
                forget_signed(&load->agents[i]);
                zmq_close(load->agents[i].updates);
                zmq_close(load->agents[i].session);
        }
        crowd_deinit(&load->crowd);
        arena_free(load->arena);
        free(load->agents);
        *load = (Load){ .crowd = CROWD_NULL };
}

/* ------------------------------------------------------------------ saying and being told */

static void send_next(LoadAgent *agent)
{
        Blob *update = agent->signed_updates[agent->n_sent++];

        bench_socket_send(agent->updates, update->bytes, update->n_bytes);
}

void load_send(Load *load, size_t i)
{
        if (load->agents[i].n_sent == load->agents[i].n_signed)
                give_up("too few updates were signed");
        send_next(&load->agents[i]);
}

static void take_receipt(Load *load, LoadAgent *agent, zmq_msg_t *message)
{
        Reply reply;

        arena_reset(load->arena);
        arena_limit(load->arena, ARENA_BYTES);
        must(reply_decode(&reply, load->arena, zmq_msg_data(message), zmq_msg_size(message)),
             "a receipt");
        if (reply.kind != REPLY_RECEIPT)
                return;
        for (size_t i = 0; i < reply.receipt.n_outcomes; i++)
                if (reply.receipt.outcomes[i].refusal.code)
                        give_up("%s was refused: %s", agent->party->id,
                                reply.receipt.outcomes[i].refusal.text);
        agent->n_told += reply.receipt.n_outcomes;
        load->n_accepted += reply.receipt.n_outcomes;
        load->n_receipts++;
}

static void take_receipts(Load *load, LoadAgent *agent)
{
        zmq_msg_t message;

        zmq_msg_init(&message);
        while (zmq_msg_recv(&message, agent->session, ZMQ_DONTWAIT) >= 0)
                take_receipt(load, agent, &message);
        zmq_msg_close(&message);
}

void load_receive(Load *load, int timeout_ms)
{
        void *agents[AGENTS_A_TURN];
        size_t n = crowd_wait(&load->crowd, agents, N_ELEMENTS(agents), timeout_ms);

        for (size_t i = 0; i < n; i++)
                take_receipts(load, agents[i]);
}

/* False: it has said all. */
static bool fill_up(LoadAgent *agent, size_t n_in_flight)
{
        while (agent->n_sent - agent->n_told < n_in_flight) {
                if (agent->n_sent == agent->n_signed)
                        return false;
                send_next(agent);
        }
        return true;
}

bool load_run(Load *load, size_t n_in_flight, int64_t until_ns)
{
        int64_t told_ns = now_ns(), now;
        void *agents[AGENTS_A_TURN];
        bool has_more = true;

        for (size_t i = 0; i < load->n_agents; i++)
                has_more &= fill_up(&load->agents[i], n_in_flight);

        while (has_more && (now = now_ns()) < until_ns) {
                size_t n = crowd_wait(&load->crowd, agents, N_ELEMENTS(agents), TURN_MS);

                for (size_t i = 0; i < n; i++) {
                        take_receipts(load, agents[i]);
                        has_more &= fill_up(agents[i], n_in_flight);
                }
                told_ns = n ? now : told_ns;
                if (now - told_ns > TELL_MS * INT64_C(1000000))
                        give_up("no receipt for %d s", TELL_MS / 1000);
        }
        return has_more;
}

void load_finish(Load *load)
{
        int64_t until_ns = now_ns() + TELL_MS * INT64_C(1000000);

        for (size_t i = 0; i < load->n_agents; i++) {
                LoadAgent *agent = &load->agents[i];

                while (agent->n_told < agent->n_sent) {
                        if (now_ns() > until_ns)
                                give_up("%zu receipts of %s did not come",
                                        agent->n_sent - agent->n_told, agent->party->id);
                        load_receive(load, TURN_MS);
                }
                forget_signed(agent);
        }
}
