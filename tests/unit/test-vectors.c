/*
 * Test vectors: what the wire looks like, byte by byte
 *
 * tests/vectors/ has a file for each subject, for whoever writes a client in another language. They
 * are what this program makes of fixed secrets and times; the test makes them again and compares,
 * then reads the files back and checks what it finds there. After a change that is meant:
 *
 *         build/tests/unit/test-vectors --write tests/vectors
 *
 * A line is a name, a blank and a value in hex, or in quotes if it is text.
 */

#include <sodium.h>
#include <string.h>

#include "vectors.h"

#define FOLDER "tests/vectors"

World world;

/* ------------------------------------------------------------------ writing */

void put_hex(FILE *out, const char *name, const void *bytes, size_t n_bytes)
{
        fprintf(out, "%s ", name);
        for (size_t i = 0; i < n_bytes; i++)
                fprintf(out, "%02x", ((const uint8_t *)bytes)[i]);
        fputc('\n', out);
}

void put_text(FILE *out, const char *name, const char *text)
{
        fprintf(out, "%s \"%s\"\n", name, text);
}

Blob *put_envelope(FILE *out, const char *name, EnvelopeKind kind, const SecretKey *key,
                   const Blob *body)
{
        char line[64];
        Blob *envelope;

        assert_int_equal(
                envelope_sign(&envelope, kind, &world.network, key, body->bytes, body->n_bytes), 0);
        snprintf(line, sizeof(line), "%s.body", name);
        put_hex(out, line, body->bytes, body->n_bytes);
        snprintf(line, sizeof(line), "%s.signed", name);
        fprintf(out, "%s ", line);
        for (const char *at = envelope_context(kind); *at; at++)
                fprintf(out, "%02x", (uint8_t)*at);
        fprintf(out, "00");
        for (size_t i = 0; i < envelope->n_bytes; i++)
                if (i < ENVELOPE_HEADER_BYTES || i >= ENVELOPE_OVERHEAD_BYTES)
                        fprintf(out, "%02x", envelope->bytes[i]);
        fputc('\n', out);
        snprintf(line, sizeof(line), "%s.signature", name);
        put_hex(out, line, envelope->bytes + ENVELOPE_HEADER_BYTES, SIGNATURE_BYTES);
        snprintf(line, sizeof(line), "%s.envelope", name);
        put_hex(out, line, envelope->bytes, envelope->n_bytes);
        return envelope;
}

/* ------------------------------------------------------------------ the files */

/* In this order: later ones use envelopes of earlier ones. */
static const struct {
        const char *name;
        void (*write)(FILE *out);
} files[] = {
        { "keys.txt", write_keys },       { "updates.txt", write_updates },
        { "refused.txt", write_refused }, { "documents.txt", write_documents },
        { "heads.txt", write_heads },     { "blocks.txt", write_blocks },
        { "queries.txt", write_queries }, { "calls.txt", write_calls },
};

static void world_deinit(void)
{
        secret_key_free(world.authority);
        secret_key_free(world.broker);
        secret_key_free(world.agent);
        arena_free(world.arena);
        blob_unref(world.head);
        blob_unref(world.epoch);
        blob_unref(world.update);
        blob_unref(world.affirm);
        world = (World){ 0 };
}

static void world_init(void)
{
        uint8_t secret[KEY_BYTES];
        SecretKey **keys[] = { &world.agent, &world.authority, &world.broker };

        for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
                for (size_t j = 0; j < KEY_BYTES; j++)
                        secret[j] = (uint8_t)(0x20 * i + j);
                assert_int_equal(secret_key_from_bytes(keys[i], secret), 0);
        }
        world.network = network_id_of("voorbeeld", secret_key_public(world.authority)->sign);
        assert_int_equal(arena_new(&world.arena, 4 * 1024 * 1024), 0);
}

static char *read_file(const char *name)
{
        char path[128], *text = calloc(1, 256 * 1024);
        FILE *file;

        snprintf(path, sizeof(path), FOLDER "/%s", name);
        file = fopen(path, "r");
        assert_non_null(file);
        assert_true(fread(text, 1, 256 * 1024 - 1, file) > 0);
        fclose(file);
        return text;
}

static void test_wire_is_what_it_was(void **state)
{
        for (size_t i = 0; i < N_ELEMENTS(files); i++) {
                CLEANUP(freep) char *made = NULL, *saved = read_file(files[i].name);
                size_t n_made;
                FILE *out = open_memstream(&made, &n_made);

                files[i].write(out);
                fclose(out);
                assert_string_equal(made, saved);
        }
}

/* The value of the line that begins with @name and a blank. */
static size_t find_value(const char *text, const char *name, uint8_t *ret_bytes, size_t n_max)
{
        char start[64];
        const char *at;
        size_t n_bytes;

        snprintf(start, sizeof(start), "\n%s ", name);
        at = strstr(text, start);
        assert_non_null(at);
        at += strlen(start);
        assert_int_equal(
                sodium_hex2bin(ret_bytes, n_max, at, strcspn(at, "\n"), NULL, &n_bytes, NULL), 0);
        return n_bytes;
}

static void test_envelopes_in_the_files_verify(void **state)
{
        static const struct {
                const char *file, *name;
                EnvelopeKind kind;
        } envelopes[] = {
                { "updates.txt", "counts.envelope", ENVELOPE_UPDATE },
                { "updates.txt", "door.envelope", ENVELOPE_UPDATE },
                { "updates.txt", "affirm.envelope", ENVELOPE_UPDATE },
                { "updates.txt", "ack.envelope", ENVELOPE_UPDATE },
                { "documents.txt", "enrolment.envelope", ENVELOPE_ENROLMENT },
                { "documents.txt", "revocation.envelope", ENVELOPE_ENROLMENT },
                { "documents.txt", "card.envelope", ENVELOPE_CARD },
                { "heads.txt", "head.envelope", ENVELOPE_HEAD },
                { "heads.txt", "epoch.envelope", ENVELOPE_EPOCH },
                { "blocks.txt", "manifest.envelope", ENVELOPE_MANIFEST },
                { "calls.txt", "call.envelope", ENVELOPE_CALL },
        };
        static uint8_t bytes[64 * 1024];
        const SecretKey *signers[] = {
                [ENVELOPE_UPDATE] = world.agent,   [ENVELOPE_ENROLMENT] = world.authority,
                [ENVELOPE_CARD] = world.authority, [ENVELOPE_HEAD] = world.broker,
                [ENVELOPE_EPOCH] = world.broker,   [ENVELOPE_MANIFEST] = world.broker,
                [ENVELOPE_CALL] = world.agent,
        };

        for (size_t i = 0; i < N_ELEMENTS(envelopes); i++) {
                CLEANUP(freep) char *text = read_file(envelopes[i].file);
                size_t n_bytes = find_value(text, envelopes[i].name, bytes, sizeof(bytes));
                const SecretKey *signer = signers[envelopes[i].kind];
                Envelope envelope;

                assert_int_equal(envelope_parse(&envelope, bytes, n_bytes), 0);
                assert_int_equal(envelope.kind, envelopes[i].kind);
                assert_int_equal(envelope_verify(&envelope, secret_key_public(signer)->sign), 0);
        }
}

static void test_block_in_the_file_is_read(void **state)
{
        CLEANUP(freep) char *text = read_file("blocks.txt");
        static uint8_t bytes[64 * 1024];
        size_t n_bytes = find_value(text, "block.frame", bytes, sizeof(bytes));
        Envelope envelope;
        Block block;
        Topic topic;

        assert_int_equal(block_frame_parse(&topic, &envelope, bytes, n_bytes), 0);
        assert_int_equal(envelope_verify(&envelope, secret_key_public(world.broker)->sign), 0);
        assert_int_equal(block_decode(&block, world.arena, envelope.body, envelope.n_body), 0);
        assert_int_equal(block.n_entries, 2);
        assert_int_equal(block.n_affirms, 1);
        assert_int_equal(block.entries[0].rests_on, 6);
}

static int write_all(const char *folder)
{
        for (size_t i = 0; i < N_ELEMENTS(files); i++) {
                char path[4096];
                FILE *out;

                snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
                out = fopen(path, "w");
                if (!out) {
                        perror(path);
                        return 1;
                }
                files[i].write(out);
                fclose(out);
        }
        return 0;
}

int main(int argc, char **argv)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_wire_is_what_it_was),
                cmocka_unit_test(test_envelopes_in_the_files_verify),
                cmocka_unit_test(test_block_in_the_file_is_read),
        };
        int r;

        if (sodium_init() < 0)
                return 1;
        world_init();
        r = argc == 3 && !strcmp(argv[1], "--write") ? write_all(argv[2])
                                                     : cmocka_run_group_tests(tests, NULL, NULL);
        world_deinit();
        return r;
}
