/*
 * One subscriber: greeted, its lanes connected, then asks for what it lacks of each topic
 */

#include <string.h>

#include <zmq.h>

#include "resync.h"

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

        envelope = resync_open(crew, &crew->epoch, reply->hello.epoch, ENVELOPE_EPOCH);
        if (epoch_decode(&epoch, crew->arena, envelope.body, envelope.n_body))
                give_up("an epoch is not one");
        crew->epoch_number = epoch.epoch;
        resync_open(crew, &crew->head, reply->hello.head, ENVELOPE_HEAD);

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
                resync_check_manifest(crew, i, reply->since.manifest);
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
                resync_check_chunk(crew, answer, reply->chunk.index, reply->chunk.body);
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
        case REPLY_AGREED:
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

void subscriber_turn(Crew *crew, Subscriber *subscriber)
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
