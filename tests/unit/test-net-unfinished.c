/*
 * A message of parts that never ends
 *
 * libzmq itself never sends one, so the client here is made by hand: greeting, the CURVE handshake
 * (RFC 26), and then encrypted frames that each say that more will come.
 */

#include "net-fixture.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "internal/endian.h"

enum {
        GREETING_BYTES = 64,
        HELLO_BYTES = 200,
        WELCOME_BYTES = 168,
        PART_BYTES = 64 * 1024,

        FLAG_MORE = 1, /* inside the box */
        FRAME_LONG = 2,
        FRAME_COMMAND = 4,
};

typedef struct Raw {
        Net *net;
        int fd;
        uint8_t public[32], secret[32]; /* the connection's own */
        uint8_t server[32];             /* the broker's for it */
        uint8_t cookie[96];
        uint64_t nonce;
        size_t n_sent;
} Raw;

static void nonce_of(uint8_t nonce[24], const char *prefix, uint64_t number)
{
        memcpy(nonce, prefix, 16);
        be64_put(nonce + 16, number);
}

/* The broker's threads do their part while ours waits, except the gate's, which is turned here. */
static void raw_read(Raw *raw, uint8_t *bytes, size_t n_bytes)
{
        for (size_t n = 0; n < n_bytes;) {
                ssize_t r = recv(raw->fd, bytes + n, n_bytes - n, MSG_DONTWAIT);

                assert_true(r > 0 || (r < 0 && errno == EAGAIN));
                if (r > 0)
                        n += (size_t)r;
                else
                        assert_int_equal(loop_turn(raw->net->loop, 5), 0);
        }
}

/* Returns false once the connection is gone. */
static bool raw_write(Raw *raw, const uint8_t *bytes, size_t n_bytes)
{
        while (n_bytes > 0) {
                ssize_t r = send(raw->fd, bytes, n_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (r < 0 && errno != EAGAIN)
                        return false;
                if (r < 0) {
                        assert_int_equal(loop_turn(raw->net->loop, 5), 0);
                        continue;
                }
                bytes += r;
                n_bytes -= (size_t)r;
        }
        return true;
}

static bool raw_frame(Raw *raw, uint8_t flags, const uint8_t *bytes, size_t n_bytes)
{
        uint8_t header[9] = { flags | FRAME_LONG };

        be64_put(header + 1, n_bytes);
        return raw_write(raw, header, sizeof(header)) && raw_write(raw, bytes, n_bytes);
}

static void raw_greet(Raw *raw)
{
        const char *address = endpoint_address(raw->net->endpoints[ENDPOINT_QUERY]);
        struct sockaddr_in to = {
                .sin_family = AF_INET,
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                .sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1)),
        };
        uint8_t greeting[GREETING_BYTES] = { 0xff, [9] = 0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E' };

        raw->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(raw->fd >= 0);
        assert_int_equal(connect(raw->fd, (struct sockaddr *)&to, sizeof(to)), 0);
        assert_true(raw_write(raw, greeting, sizeof(greeting)));
        raw_read(raw, greeting, sizeof(greeting));
}

static void raw_hello(Raw *raw)
{
        const uint8_t *broker = secret_key_public(raw->net->secret)->transport;
        uint8_t hello[HELLO_BYTES] = { "\5HELLO\1" }, welcome[2 + WELCOME_BYTES];
        uint8_t nonce[24], zeros[64] = {}, opened[128];

        crypto_box_keypair(raw->public, raw->secret);
        memcpy(hello + 80, raw->public, 32);
        be64_put(hello + 112, ++raw->nonce);
        nonce_of(nonce, "CurveZMQHELLO---", raw->nonce);
        assert_int_equal(crypto_box_easy(hello + 120, zeros, 64, nonce, broker, raw->secret), 0);
        assert_true(raw_frame(raw, FRAME_COMMAND, hello, sizeof(hello)));

        raw_read(raw, welcome, sizeof(welcome));
        assert_memory_equal(welcome + 2, "\7WELCOME", 8);
        memcpy(nonce, "WELCOME-", 8);
        memcpy(nonce + 8, welcome + 10, 16);
        assert_int_equal(
                crypto_box_open_easy(opened, welcome + 26, 144, nonce, broker, raw->secret), 0);
        memcpy(raw->server, opened, 32);
        memcpy(raw->cookie, opened + 32, 96);
}

static void raw_initiate(Raw *raw, const SecretKey *own)
{
        static const uint8_t metadata[] = "\13Socket-Type\0\0\0\6DEALER";
        const uint8_t *broker = secret_key_public(raw->net->secret)->transport;
        uint8_t plain[128 + sizeof(metadata) - 1], vouch[64], nonce[24], ready[257];
        uint8_t initiate[9 + 96 + 8 + 16 + sizeof(plain)];

        memcpy(plain, secret_key_public(own)->transport, 32);
        memcpy(vouch, raw->public, 32);
        memcpy(vouch + 32, broker, 32);
        memcpy(nonce, "VOUCH---", 8);
        randombytes_buf(nonce + 8, 16);
        memcpy(plain + 32, nonce + 8, 16);
        assert_int_equal(crypto_box_easy(plain + 48, vouch, 64, nonce, raw->server,
                                         secret_key_transport(own)),
                         0);
        memcpy(plain + 128, metadata, sizeof(metadata) - 1);

        memcpy(initiate, "\10INITIATE", 9);
        memcpy(initiate + 9, raw->cookie, 96);
        be64_put(initiate + 105, ++raw->nonce);
        nonce_of(nonce, "CurveZMQINITIATE", raw->nonce);
        assert_int_equal(crypto_box_easy(initiate + 113, plain, sizeof(plain), nonce, raw->server,
                                         raw->secret),
                         0);
        assert_true(raw_frame(raw, FRAME_COMMAND, initiate, sizeof(initiate)));

        raw_read(raw, ready, 2);
        raw_read(raw, ready + 2, ready[1]);
        assert_memory_equal(ready + 2, "\5READY", 6);
}

static bool raw_part(Raw *raw, uint8_t flags)
{
        static uint8_t plain[1 + PART_BYTES], message[8 + 8 + 16 + sizeof(plain)];
        uint8_t nonce[24];

        plain[0] = flags;
        memcpy(message, "\7MESSAGE", 8);
        be64_put(message + 8, ++raw->nonce);
        nonce_of(nonce, "CurveZMQMESSAGEC", raw->nonce);
        assert_int_equal(crypto_box_easy(message + 16, plain, sizeof(plain), nonce, raw->server,
                                         raw->secret),
                         0);
        raw->n_sent += PART_BYTES;
        return raw_frame(raw, 0, message, sizeof(message));
}

static void raw_connect(Raw *raw, Net *net, unsigned key)
{
        *raw = (Raw){ .net = net };
        raw_greet(raw);
        raw_hello(raw);
        raw_initiate(raw, net->keys[key]);
}

static size_t last_size(const char *xml, const char *element)
{
        size_t size = 0;

        for (const char *at = xml; (at = strstr(at, element)); at++)
                if (sscanf(strstr(at, " size="), " size=\"%zu\"", &size) != 1)
                        fail_msg("malloc_info() looks different");
        return size;
}

/* What malloc() has given out, in all of its arenas: the totals are the last in its report. */
static size_t n_held(void)
{
        CLEANUP(freep) char *xml = NULL;
        size_t n_xml = 0;
        FILE *file = open_memstream(&xml, &n_xml);

        assert_non_null(file);
        assert_int_equal(malloc_info(0, file), 0);
        fclose(file);
        return last_size(xml, "<system type=\"current\"") + last_size(xml, "<total type=\"mmap\"") -
               last_size(xml, "<total type=\"rest\"") - last_size(xml, "<total type=\"fast\"");
}

/* A sanitizer's malloc() does not tell. */
static bool malloc_tells(void)
{
        size_t n_before = n_held();
        CLEANUP(freep) char *probe = malloc(4 * PART_BYTES);

        assert_non_null(probe);
        return n_held() >= n_before + 4 * PART_BYTES;
}

static void drop_received(Net *net)
{
        while (net->n_received > 0)
                received_deinit(&net->received[--net->n_received]);
}

static void test_a_message_that_never_ends_is_cut_and_its_parts_are_freed(void **state)
{
        Net *net = *state;
        EndpointSettings settings = endpoint_default_settings(ENDPOINT_QUERY);
        size_t n_before, n_most = 0;
        Raw raw;

        net_open(net, ENDPOINT_QUERY, &settings);
        raw_connect(&raw, net, 0);
        assert_true(raw_part(&raw, 0));
        NET_UNTIL(net, net->n_received == 1);
        n_before = n_held();

        NET_UNTIL(net,
                  (raw_part(&raw, FLAG_MORE), n_most = MAX(n_most, n_held()), net->n_lost == 1));
        close(raw.fd);
        assert_int_equal(peers_counters(net->peers, ENDPOINT_QUERY)->n_cut_unread, 1);
        assert_true(raw.n_sent > 8 * 1024 * 1024);
        assert_int_equal(net->n_received, 1);
        if (malloc_tells()) {
                assert_true(n_most > n_before + 8 * 1024 * 1024);
                NET_UNTIL(net, n_held() < n_before + 1024 * 1024);
        }
}

static void test_messages_that_end_are_not_cut_however_many(void **state)
{
        Net *net = *state;
        EndpointSettings settings = endpoint_default_settings(ENDPOINT_QUERY);
        double from = net_now();
        Raw raw;

        net_open(net, ENDPOINT_QUERY, &settings);
        raw_connect(&raw, net, 0);

        /* Longer than two sweeps, and more than an unfinished message may be. */
        NET_UNTIL(net, (assert_true(raw_part(&raw, 0)), drop_received(net),
                        net_now() - from > 2.5 && raw.n_sent > 32 * 1024 * 1024));
        assert_int_equal(net->n_lost, 0);
        close(raw.fd);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                NET_TEST(test_a_message_that_never_ends_is_cut_and_its_parts_are_freed),
                NET_TEST(test_messages_that_end_are_not_cut_however_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
