#include "common/reader.h"

#include <stdio.h>
#include <string.h>

#include <zmq.h>

enum {
        ARENA_BYTES = 32 * 1024 * 1024,
        HWM = 100000,
        FED_MS = 10000,
        SOCKETS_A_TURN = 256,
};

static void open_lanes(Reader *reader, const BenchBroker *broker, const BenchParty *party,
                       bool coord)
{
        static const char *const names[N_LANES] = { "status", "counts" };
        char topic[TOPIC_MAX];

        for (size_t i = 0; i < N_LANES; i++) {
                reader->lanes[i] = bench_socket_new(broker->zmq, ZMQ_SUB, party->key, broker->key,
                                                    coord ? broker->coord : broker->care);
                bench_socket_set(reader->lanes[i], ZMQ_RCVHWM, HWM);
                snprintf(topic, sizeof(topic), "pic/%s/%s/", party->region, names[i]);
                bench_socket_subscribe(reader->lanes[i], topic);
                snprintf(topic, sizeof(topic), "beat/%s/", names[i]);
                bench_socket_subscribe(reader->lanes[i], topic);
        }
}

static bool all_are_fed(const Readers *readers)
{
        for (size_t i = 0; i < readers->n_readers; i++)
                if (readers->readers[i].figures.n_beats < N_LANES)
                        return false;
        return true;
}

void readers_start(Readers *readers, const BenchBroker *broker, const BenchParty *parties,
                   size_t n_parties, size_t n_verifying, bool coord)
{
        int64_t until_ns = now_ns() + FED_MS * INT64_C(1000000);

        *readers = (Readers){ .broker = broker, .n_readers = n_parties, .crowd = CROWD_NULL };
        crowd_init(&readers->crowd);
        must(arena_new(&readers->arena, ARENA_BYTES), "an arena");
        readers->readers = calloc(n_parties, sizeof(*readers->readers));
        if (!readers->readers)
                give_up("no memory for readers");

        for (size_t i = 0; i < n_parties; i++) {
                Reader *reader = &readers->readers[i];

                reader->verifies = i < n_verifying;
                open_lanes(reader, broker, &parties[i], coord);
                for (size_t lane = 0; lane < N_LANES; lane++)
                        crowd_add(&readers->crowd, reader->lanes[lane], reader);
        }
        while (!all_are_fed(readers)) {
                if (now_ns() > until_ns)
                        give_up("a reader gets no beats");
                readers_turn(readers, 100);
        }
}

void readers_stop(Readers *readers)
{
        for (size_t i = 0; i < readers->n_readers; i++)
                for (size_t lane = 0; lane < N_LANES; lane++)
                        zmq_close(readers->readers[i].lanes[lane]);
        crowd_deinit(&readers->crowd);
        arena_free(readers->arena);
        free(readers->readers);
        *readers = (Readers){ .crowd = CROWD_NULL };
}

static size_t envelope_bytes(const Block *block)
{
        size_t n_bytes = 0;

        for (size_t i = 0; i < block->n_entries; i++)
                n_bytes += block->entries[i].n_envelope;
        return n_bytes;
}

/* What every reader has to do with a block before it looks at what parties signed. */
static void check(Readers *readers, Reader *reader, const uint8_t *frame, size_t n_frame)
{
        ReaderFigures *figures = &reader->figures;
        Envelope envelope;
        size_t n_envelopes;
        Block block;
        Topic topic;

        arena_reset(readers->arena);
        arena_limit(readers->arena, ARENA_BYTES);
        if (block_frame_parse(&topic, &envelope, frame, n_frame) ||
            envelope_verify(&envelope, secret_key_public(readers->broker->key)->sign) ||
            block_decode(&block, readers->arena, envelope.body, envelope.n_body)) {
                figures->n_bad++;
                return;
        }
        if (block.beat) {
                figures->n_beats++;
                return;
        }

        if (reader->position && block.previous != reader->position)
                figures->n_gaps++;
        reader->position = block.last;
        n_envelopes = envelope_bytes(&block);
        figures->n_blocks++;
        figures->n_entries += block.n_entries;
        figures->n_block_bytes += n_frame;
        figures->n_envelope_bytes += n_envelopes;
        if (readers->block)
                readers->block(readers->arg, &block, n_frame, n_envelopes);
}

static void take(Readers *readers, Reader *reader, const uint8_t *frame, size_t n_frame)
{
        reader->figures.n_frame_bytes += n_frame;
        if (reader->verifies)
                check(readers, reader, frame, n_frame);
        else if (n_frame > 5 && memcmp(frame, "beat/", 5) == 0)
                reader->figures.n_beats++;
        else
                reader->figures.n_blocks++;
}

void readers_turn(Readers *readers, int timeout_ms)
{
        void *ready[SOCKETS_A_TURN];
        size_t n = crowd_wait(&readers->crowd, ready, N_ELEMENTS(ready), timeout_ms);
        zmq_msg_t message;

        zmq_msg_init(&message);
        for (size_t i = 0; i < n; i++) {
                Reader *reader = ready[i];

                for (size_t lane = 0; lane < N_LANES; lane++)
                        while (zmq_msg_recv(&message, reader->lanes[lane], ZMQ_DONTWAIT) >= 0)
                                take(readers, reader, zmq_msg_data(&message),
                                     zmq_msg_size(&message));
        }
        zmq_msg_close(&message);
}

ReaderFigures readers_figures(const Readers *readers)
{
        ReaderFigures sum = { 0 };

        for (size_t i = 0; i < readers->n_readers; i++) {
                const ReaderFigures *figures = &readers->readers[i].figures;

                sum.n_blocks += figures->n_blocks;
                sum.n_beats += figures->n_beats;
                sum.n_entries += figures->n_entries;
                sum.n_block_bytes += figures->n_block_bytes;
                sum.n_envelope_bytes += figures->n_envelope_bytes;
                sum.n_frame_bytes += figures->n_frame_bytes;
                sum.n_gaps += figures->n_gaps;
                sum.n_bad += figures->n_bad;
        }
        return sum;
}
