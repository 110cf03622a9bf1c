#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <sys/select.h>

#include <zmq.h>

#include "fanout.h"

enum {
        FRAME_MAX = BLOCK_FRAME_MAX + TOPIC_MAX,
        FED_MS = 10000,
};

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

void bare_start(Bare *bare)
{
        must(secret_key_new(&bare->server), "a key");
        must(secret_key_new(&bare->client), "a key");
        if (pipe(bare->order) < 0 || pipe(bare->answer) < 0)
                give_up("no pipe: %s", strerror(errno));
        bare->pid = child_start(bare_run, bare);
        pipe_read(bare->answer[0], bare->endpoint, sizeof(bare->endpoint));
}

void bare_stop(Bare *bare)
{
        child_stop(bare->pid);
        secret_key_free(bare->server);
        secret_key_free(bare->client);
        for (size_t i = 0; i < 2; i++) {
                close(bare->order[i]);
                close(bare->answer[i]);
        }
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

static size_t run_trace(BareFollowers *followers, const Trace *trace)
{
        const Bare *bare = followers->bare;
        size_t n = 0, n_wanted = trace->n * followers->n_subscribers;
        int64_t until_ns = INT64_MAX;
        char done;

        pipe_write(bare->order[1], trace, sizeof(*trace));
        while (until_ns == INT64_MAX || (n < n_wanted && now_ns() < until_ns)) {
                n += take_bare(&followers->crowd);
                if (until_ns == INT64_MAX && bare_is_done(bare))
                        until_ns = now_ns() + FED_MS * INT64_C(1000000);
        }
        pipe_read(bare->answer[0], &done, 1);
        return n;
}

static void *follow_bare(void *arg)
{
        BareFollowers *followers = arg;

        followers->n = run_trace(followers, followers->trace);
        return NULL;
}

void bare_followers_start(BareFollowers *followers, const Bare *bare, const Trace *trace,
                          size_t n_subscribers)
{
        static const Trace hello = { .n = 1, .frames[0].n_bytes = 64 };
        int64_t until_ns = now_ns() + FED_MS * INT64_C(1000000);

        *followers = (BareFollowers){
                .bare = bare,
                .trace = trace,
                .zmq = zmq_ctx_new(),
                .n_subscribers = n_subscribers,
                .crowd = CROWD_NULL,
        };
        crowd_init(&followers->crowd);
        for (size_t i = 0; i < n_subscribers; i++) {
                followers->sockets[i] = bench_socket_new(followers->zmq, ZMQ_SUB, bare->client,
                                                         bare->server, bare->endpoint);
                bench_socket_subscribe(followers->sockets[i], "pic/oost/counts/");
                crowd_add(&followers->crowd, followers->sockets[i], followers->sockets[i]);
        }
        for (size_t n = 0; n < n_subscribers;) {
                wait_until(now_ns() + SETTLE_MS * INT64_C(1000000));
                n = run_trace(followers, &hello);
                if (now_ns() > until_ns)
                        give_up("subscribers of the bare publisher get nothing");
        }
        wait_until(now_ns() + SETTLE_MS * INT64_C(1000000));
        while (take_bare(&followers->crowd))
                ;
        cpu_use_of(bare->pid, &followers->before);
        if (pthread_create(&followers->thread, NULL, follow_bare, followers))
                give_up("no thread");
}

double bare_followers_stop(BareFollowers *followers)
{
        CpuUse after;

        pthread_join(followers->thread, NULL);
        cpu_use_of(followers->bare->pid, &after);
        cpu_use_since(&after, &followers->before);
        for (size_t i = 0; i < followers->n_subscribers; i++)
                zmq_close(followers->sockets[i]);
        crowd_deinit(&followers->crowd);
        zmq_ctx_term(followers->zmq);
        return after.seconds;
}
