/*
 * All subscribers at once: their sockets, and the time until the last of them is in sync
 */

#include <stdio.h>

#include <zmq.h>

#include "resync.h"

static const char *const lane_names[N_LANES] = { "status", "counts" };

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

void crew_start(Crew *crew, const BenchParty *parties, bool with_state)
{
        crew->zmq = zmq_ctx_new();
        zmq_ctx_set(crew->zmq, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
        crowd_init(&crew->crowd);
        resync_forget(crew);
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

void crew_stop(Crew *crew)
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

double crew_sync(Crew *crew)
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
                        subscriber_turn(crew, ready[i]);
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
