#include "common/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include <sodium.h>
#include <zmq.h>

#include "common/sockets.h"
#include "lib/paper.h"
#include "wire/query.h"

enum {
        READY_MS = 120000,
        SUBMITTED_AT_ONCE = 32,
        ARENA_BYTES = 4 * 1024 * 1024,
        TREE_DEPTH = 16,
        DAY_MS = 24 * 3600 * 1000,
};

static const char network_name[] = "bench";

/* What is left to be ended and removed. */
static BenchBroker *running;

/* ------------------------------------------------------------------ the end */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
        return remove(path);
}

/*
 * A process that outlives us removes the directory: it sees the end of a pipe that nobody else
 * has, and that comes whatever we die of.
 */
static void start_remover(BenchBroker *broker)
{
        int ends[2];
        char byte;

        if (pipe2(ends, O_CLOEXEC) < 0)
                give_up("no pipe: %s", strerror(errno));
        fflush(NULL);
        broker->remover = fork();
        if (broker->remover < 0)
                give_up("no process: %s", strerror(errno));

        if (broker->remover == 0) {
                setsid(); /* what a terminal sends is not for it */
                signal(SIGHUP, SIG_IGN);
                signal(SIGTERM, SIG_IGN);
                close(ends[1]);
                while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
                        ;
                nftw(broker->directory, remove_one, TREE_DEPTH, FTW_DEPTH | FTW_PHYS);
                _exit(0);
        }
        close(ends[0]);
        broker->remover_fd = ends[1];
}

static void print_log(const BenchBroker *broker)
{
        char path[BENCH_PATH_MAX + 16], line[512];
        FILE *file;

        snprintf(path, sizeof(path), "%s/plekd.log", broker->directory);
        file = fopen(path, "re");
        while (file && fgets(line, sizeof(line), file))
                fprintf(stderr, "plekd said: %s", line);
        if (file)
                fclose(file);
}

/* At exit, and when a broker was stopped. */
static void clean_up(void)
{
        BenchBroker *broker = STEAL(running);

        if (!broker)
                return;
        if (broker->pid > 0) {
                kill(broker->pid, SIGKILL);
                waitpid(broker->pid, NULL, 0);
                print_log(broker);
        }
        close(broker->remover_fd);
        waitpid(broker->remover, NULL, 0);
}

/* ------------------------------------------------------------------ files */

static FILE *create(const BenchBroker *broker, const char *name)
{
        char path[BENCH_PATH_MAX + 16];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", broker->directory, name);
        file = fopen(path, "we");
        if (!file)
                give_up("%s: %s", path, strerror(errno));
        return file;
}

static void make_directory(BenchBroker *broker)
{
        const char *parent = getenv("TMPDIR");

        snprintf(broker->directory, sizeof(broker->directory), "%s/plek-bench-XXXXXX",
                 parent ? parent : "/var/tmp");
        if (!mkdtemp(broker->directory))
                give_up("%s: %s", broker->directory, strerror(errno));
}

static void make_data_directory(const BenchBroker *broker)
{
        char path[BENCH_PATH_MAX + 16];

        snprintf(path, sizeof(path), "%s/data", broker->directory);
        if (mkdir(path, 0700) < 0)
                give_up("%s: %s", path, strerror(errno));
}

/* A loopback address that only this process uses, so that any port of it is free. */
static void choose_addresses(BenchBroker *broker)
{
        unsigned place = (unsigned)getpid() & 0x3fffff;
        char host[32];

        snprintf(host, sizeof(host), "127.%u.%u.%u", 64 + (place >> 16), place >> 8 & 255,
                 MAX(place & 255, 1));
        snprintf(broker->updates, ENDPOINT_MAX, "tcp://%s:7301", host);
        snprintf(broker->care, ENDPOINT_MAX, "tcp://%s:7302", host);
        snprintf(broker->query, ENDPOINT_MAX, "tcp://%s:7303", host);
        snprintf(broker->coord, ENDPOINT_MAX, "tcp://%s:7304", host);
        snprintf(broker->control, ENDPOINT_MAX, "ipc://%.200s/control", broker->directory);
}

static void write_configuration(BenchBroker *broker, const char *settings)
{
        char authority[KEY_TEXT_BYTES], path[BENCH_PATH_MAX + 16];
        FILE *file;

        snprintf(path, sizeof(path), "%s/plekd.key", broker->directory);
        must(secret_key_save(broker->key, path), path);

        public_key_format(secret_key_public(broker->authority), authority);
        file = create(broker, "plekd.conf");
        fprintf(file, "network = %s\nauthority = %s\nkey = %s\ndirectory = %s/data\n", network_name,
                authority, path, broker->directory);
        fprintf(file, "updates = %s\ncare = %s\nquery = %s\ncoord = %s\ncontrol = %s\n",
                broker->updates, broker->care, broker->query, broker->coord, broker->control);
        /* No party here is to be held to what one party may ask for. */
        fputs("http = off\nupdates-per-second = 1000000\nupdates-at-once = 1000000\n", file);
        fputs("requests-per-second = 1000000\nrequests-at-once = 1000000\n", file);
        fputs(settings ? settings : "", file);
        fclose(file);
}

/* ------------------------------------------------------------------ the process */

/* build/tests/bench/bench-x is next to build/daemon/plekd. */
static void find_daemon(const char *program, char ret_path[BENCH_PATH_MAX])
{
        const char *build = getenv("PLEK_BUILD");
        char copy[BENCH_PATH_MAX];

        if (build) {
                snprintf(ret_path, BENCH_PATH_MAX, "%s/daemon/plekd", build);
        } else {
                snprintf(copy, sizeof(copy), "%s", program);
                snprintf(ret_path, BENCH_PATH_MAX, "%.200s/../../daemon/plekd", dirname(copy));
        }
        if (access(ret_path, X_OK) < 0)
                give_up("%s: %s; build it, or set PLEK_BUILD", ret_path, strerror(errno));
}

static int listen_for_ready(const BenchBroker *broker, char ret_path[BENCH_PATH_MAX])
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        snprintf(ret_path, BENCH_PATH_MAX, "%.200s/notify", broker->directory);
        snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", ret_path);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                give_up("%s: %s", ret_path, strerror(errno));
        return fd;
}

static _Noreturn void become_daemon(const BenchBroker *broker, const char *notify)
{
        char config[BENCH_PATH_MAX + 16], log[BENCH_PATH_MAX + 16];
        int fd;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(config, sizeof(config), "%s/plekd.conf", broker->directory);
        snprintf(log, sizeof(log), "%s/plekd.log", broker->directory);
        setenv("NOTIFY_SOCKET", notify, 1);
        unsetenv("WATCHDOG_USEC");

        fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd >= 0) {
                dup2(fd, STDOUT_FILENO);
                dup2(fd, STDERR_FILENO);
        }
        execl(broker->program, "plekd", "--config", config, NULL);
        _exit(127);
}

static void wait_ready(int fd)
{
        int64_t until_ns = now_ns() + READY_MS * INT64_C(1000000);
        struct pollfd item = { .fd = fd, .events = POLLIN };
        char text[1024];
        ssize_t n;

        for (;;) {
                int left_ms = (int)((until_ns - now_ns()) / 1000000);

                if (left_ms <= 0 || poll(&item, 1, left_ms) <= 0)
                        give_up("plekd was not READY in %d s", READY_MS / 1000);
                n = recv(fd, text, sizeof(text) - 1, 0);
                text[MAX(n, 0)] = '\0';
                if (strstr(text, "READY=1"))
                        return;
        }
}

int64_t bench_broker_resume(BenchBroker *broker)
{
        char notify[BENCH_PATH_MAX];
        CLEANUP(closep) int fd = listen_for_ready(broker, notify);
        int64_t started_ns;

        fflush(NULL);
        started_ns = now_ns();
        broker->pid = fork();
        if (broker->pid < 0)
                give_up("no process: %s", strerror(errno));
        if (broker->pid == 0)
                become_daemon(broker, notify);
        wait_ready(fd);
        unlink(notify);
        return now_ns() - started_ns;
}

void bench_broker_prepare(BenchBroker *broker, const char *program, const char *settings)
{
        static bool is_prepared;

        *broker = (BenchBroker){ .network_name = network_name };
        if (sodium_init() < 0)
                give_up("libsodium does not start");
        find_daemon(program, broker->program);
        make_directory(broker);
        start_remover(broker);
        running = broker;
        if (!is_prepared && atexit(clean_up))
                give_up("no memory");
        is_prepared = true;
        make_data_directory(broker);
        choose_addresses(broker);
        must(secret_key_new(&broker->authority), "a key");
        must(secret_key_new(&broker->key), "a key");
        broker->network = network_id_of(network_name, secret_key_public(broker->authority)->sign);
        write_configuration(broker, settings);
        broker->zmq = zmq_ctx_new();
}

void bench_broker_start(BenchBroker *broker, const char *program, const char *settings)
{
        bench_broker_prepare(broker, program, settings);
        bench_broker_resume(broker);
}

void bench_broker_halt(BenchBroker *broker)
{
        int status = 0;

        if (!broker->pid)
                return;
        kill(broker->pid, SIGTERM);
        waitpid(broker->pid, &status, 0);
        broker->pid = 0;
        if (status) {
                print_log(broker);
                give_up("plekd ended with status %d", status);
        }
}

void bench_broker_stop(BenchBroker *broker)
{
        zmq_ctx_term(broker->zmq);
        bench_broker_halt(broker);
        clean_up();
        secret_key_free(broker->authority);
        secret_key_free(broker->key);
        *broker = (BenchBroker){ 0 };
}

/* ------------------------------------------------------------------ the control socket */

static void ask(void *socket, const Request *request)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;

        must(request_encode(&bytes, request), "a request");
        bench_socket_send(socket, bytes->bytes, bytes->n_bytes);
}

/* *@ret_reply is in @arena, which is reset. */
static void hear(void *socket, Arena *arena, zmq_msg_t *message, Reply *ret_reply)
{
        arena_reset(arena);
        arena_limit(arena, ARENA_BYTES);
        bench_socket_receive(socket, message, "an answer on the control socket");
        must(reply_decode(ret_reply, arena, zmq_msg_data(message), zmq_msg_size(message)),
             "an answer");
        if (ret_reply->refusal.code)
                give_up("plekd refused: %s", ret_reply->refusal.text);
}

static void hear_admitted(void *socket, Arena *arena)
{
        zmq_msg_t message;
        Reply reply;

        hear(socket, arena, &message, &reply);
        zmq_msg_close(&message);
}

static void submit(BenchBroker *broker, void *socket, const BenchParty *party, uint32_t roles,
                   Audience audience)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        struct timespec now;
        int64_t now_ms;
        LocationGrant grant = { .location = party->id, .region = party->region };
        Enrolment enrolment = {
                .party = party->id,
                .serial = 1,
                .keys = { *secret_key_public(party->key) },
                .n_keys = 1,
                .roles = roles,
                .locations = roles & ROLE_BIT(ROLE_AGENT) ? &grant : NULL,
                .n_locations = roles & ROLE_BIT(ROLE_AGENT) ? 1 : 0,
                .audience = audience,
                .distrusted_since_ms = TIME_ABSENT,
        };

        clock_gettime(CLOCK_REALTIME, &now);
        now_ms = now.tv_sec * INT64_C(1000);
        enrolment.valid_from_ms = now_ms - DAY_MS;
        enrolment.valid_until_ms = now_ms + DAY_MS;
        must(paper_sign_enrolment(&envelope, &broker->network, broker->authority, &enrolment),
             "an enrolment");
        ask(socket, &(Request){ .id = 1,
                                .kind = REQUEST_SUBMIT,
                                .submit.envelope = { envelope->bytes, envelope->n_bytes } });
}

void bench_parties_new(BenchBroker *broker, BenchParty *parties, size_t n_parties,
                       const char *prefix, const char *region, uint32_t roles, Audience audience)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        void *socket = bench_socket_new(broker->zmq, ZMQ_DEALER, NULL, NULL, broker->control);
        size_t n_heard = 0;

        must(arena_new(&arena, ARENA_BYTES), "an arena");
        for (size_t i = 0; i < n_parties; i++) {
                parties[i].region = region;
                snprintf(parties[i].id, sizeof(parties[i].id), "%s-%03zu", prefix, i);
                must(secret_key_new(&parties[i].key), "a key");
                submit(broker, socket, &parties[i], roles, audience);
                for (; i + 1 - n_heard >= SUBMITTED_AT_ONCE; n_heard++)
                        hear_admitted(socket, arena);
        }
        for (; n_heard < n_parties; n_heard++)
                hear_admitted(socket, arena);
        zmq_close(socket);
}

void bench_parties_free(BenchParty *parties, size_t n_parties)
{
        for (size_t i = 0; i < n_parties; i++)
                parties[i].key = secret_key_free(parties[i].key);
}

Blob *bench_broker_card(const BenchBroker *broker)
{
        RegionCard card = {
                .network = broker->network,
                .network_name = network_name,
                .serial = 1,
                .n_authority = 1,
                .brokers = { *secret_key_public(broker->key) },
                .n_brokers = 1,
                .updates = broker->updates,
                .care = broker->care,
                .query = broker->query,
                .coord = broker->coord,
        };
        Blob *envelope = NULL;

        memcpy(card.authority[0], secret_key_public(broker->authority)->sign, KEY_BYTES);
        must(paper_sign_card(&envelope, broker->authority, &card), "a region card");
        return envelope;
}

double bench_broker_metric(BenchBroker *broker, const char *name)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        void *socket = bench_socket_new(broker->zmq, ZMQ_DEALER, NULL, NULL, broker->control);
        zmq_msg_t message;
        Reply reply;
        double sum = 0;

        must(arena_new(&arena, ARENA_BYTES), "an arena");
        ask(socket, &(Request){ .id = 1, .kind = REQUEST_STATUS });
        hear(socket, arena, &message, &reply);
        for (size_t i = 0; i < reply.status.n_metrics; i++)
                if (strcmp(reply.status.metrics[i].name, name) == 0)
                        sum += reply.status.metrics[i].value;
        zmq_msg_close(&message);
        zmq_close(socket);
        return sum;
}
