#include <sodium.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/envelope.h"

typedef struct Fixture {
        SecretKey *key;
        NetworkId network;
        Blob *blob;
} Fixture;

static const uint8_t body[] = "a body";

static int setup(void **state)
{
        static const uint8_t bytes[KEY_BYTES] = { 7 };
        Fixture *fixture = calloc(1, sizeof(*fixture));

        memset(&fixture->network, 0x5a, sizeof(fixture->network));
        if (secret_key_from_bytes(&fixture->key, bytes) ||
            envelope_sign(&fixture->blob, ENVELOPE_UPDATE, &fixture->network, fixture->key, body,
                          sizeof(body)))
                return -1;
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        Fixture *fixture = *state;

        blob_unref(fixture->blob);
        secret_key_free(fixture->key);
        free(fixture);
        return 0;
}

/* Parses and verifies; what either says. */
static int check(const Fixture *fixture)
{
        Envelope envelope;
        int r;

        r = envelope_parse(&envelope, fixture->blob->bytes, fixture->blob->n_bytes);
        if (r)
                return r;
        return envelope_verify(&envelope, secret_key_public(fixture->key)->sign);
}

static void test_signed_envelope_says_what_was_put_in(void **state)
{
        Fixture *fixture = *state;
        KeyId id = key_id_of(secret_key_public(fixture->key)->sign);
        Envelope envelope;

        assert_int_equal(envelope_parse(&envelope, fixture->blob->bytes, fixture->blob->n_bytes),
                         0);
        assert_int_equal(envelope.kind, ENVELOPE_UPDATE);
        assert_memory_equal(&envelope.network, &fixture->network, NETWORK_BYTES);
        assert_memory_equal(&envelope.key_id, &id, sizeof(id));
        assert_int_equal(envelope.n_body, sizeof(body));
        assert_memory_equal(envelope.body, body, sizeof(body));
        assert_ptr_equal(envelope.whole, fixture->blob->bytes);
        assert_int_equal(envelope.n_whole, fixture->blob->n_bytes);
        assert_int_equal(check(fixture), 0);
}

static void test_signature_is_over_context_header_and_body(void **state)
{
        Fixture *fixture = *state;
        uint8_t message[256];
        size_t n = 0;

        memcpy(message, "plek.v1.update", 15);
        n += 15;
        memcpy(message + n, fixture->blob->bytes, 32);
        n += 32;
        memcpy(message + n, body, sizeof(body));
        n += sizeof(body);
        assert_int_equal(crypto_sign_verify_detached(fixture->blob->bytes + 32, message, n,
                                                     secret_key_public(fixture->key)->sign),
                         0);
}

static void test_every_flipped_bit_is_found(void **state)
{
        Fixture *fixture = *state;

        for (size_t i = 0; i < fixture->blob->n_bytes * 8; i++) {
                fixture->blob->bytes[i / 8] ^= (uint8_t)(1 << i % 8);
                assert_int_not_equal(check(fixture), 0);
                fixture->blob->bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        }
        assert_int_equal(check(fixture), 0);
}

static void test_another_kind_is_another_signature(void **state)
{
        Fixture *fixture = *state;

        fixture->blob->bytes[5] = ENVELOPE_ENROLMENT;
        assert_int_equal(check(fixture), ENVELOPE_E_SIGNATURE);
}

static void test_another_key_does_not_verify(void **state)
{
        Fixture *fixture = *state;
        CLEANUP(secret_key_freep) SecretKey *other = NULL;
        Envelope envelope;

        assert_int_equal(secret_key_new(&other), 0);
        assert_int_equal(envelope_parse(&envelope, fixture->blob->bytes, fixture->blob->n_bytes),
                         0);
        assert_int_equal(envelope_verify(&envelope, secret_key_public(other)->sign),
                         ENVELOPE_E_SIGNATURE);
}

static void test_every_truncation_is_found(void **state)
{
        Fixture *fixture = *state;

        for (; fixture->blob->n_bytes > ENVELOPE_OVERHEAD_BYTES;) {
                fixture->blob->n_bytes--;
                assert_int_equal(check(fixture), ENVELOPE_E_SIGNATURE);
        }
        for (; fixture->blob->n_bytes;) {
                fixture->blob->n_bytes--;
                assert_int_equal(check(fixture), ENVELOPE_E_MALFORMED);
        }
}

static void test_malformed_headers_are_refused(void **state)
{
        static const struct {
                size_t at;
                uint8_t value;
        } changes[] = { { 0, 'p' }, { 3, 0 },   { 4, 0 }, { 4, 2 }, { 5, 0 },
                        { 5, 10 },  { 5, 255 }, { 6, 1 }, { 7, 1 } };
        Fixture *fixture = *state;

        for (size_t i = 0; i < N_ELEMENTS(changes); i++) {
                uint8_t *at = &fixture->blob->bytes[changes[i].at];
                uint8_t before = *at;

                *at = changes[i].value;
                assert_int_equal(check(fixture), ENVELOPE_E_MALFORMED);
                *at = before;
        }
}

static void test_each_kind_has_its_bound(void **state)
{
        Fixture *fixture = *state;

        for (EnvelopeKind kind = ENVELOPE_UPDATE; kind <= ENVELOPE_CALL; kind++) {
                CLEANUP(blob_unrefp) Blob *blob = NULL;
                CLEANUP(freep) uint8_t *bytes = NULL;
                size_t n_max = envelope_max_bytes(kind);
                Envelope envelope;

                assert_in_range(n_max, ENVELOPE_OVERHEAD_BYTES + 1, ENVELOPE_MAX_BYTES);
                bytes = calloc(1, n_max + 1);
                assert_int_equal(envelope_sign(&blob, kind, &fixture->network, fixture->key, bytes,
                                               n_max - ENVELOPE_OVERHEAD_BYTES + 1),
                                 -E2BIG);
                assert_int_equal(envelope_sign(&blob, kind, &fixture->network, fixture->key, bytes,
                                               n_max - ENVELOPE_OVERHEAD_BYTES),
                                 0);
                assert_int_equal(envelope_parse(&envelope, blob->bytes, blob->n_bytes), 0);
                assert_int_equal(envelope_verify(&envelope, secret_key_public(fixture->key)->sign),
                                 0);

                memcpy(bytes, blob->bytes, n_max);
                assert_int_equal(envelope_parse(&envelope, bytes, n_max + 1), ENVELOPE_E_MALFORMED);
        }
        assert_int_equal(envelope_max_bytes(0), 0);
        assert_null(envelope_context(ENVELOPE_CALL + 1));
}

static void test_sealing_in_place_is_the_same_as_signing(void **state)
{
        Fixture *fixture = *state;
        uint8_t frame[ENVELOPE_OVERHEAD_BYTES + sizeof(body)];

        memcpy(frame + ENVELOPE_OVERHEAD_BYTES, body, sizeof(body));
        envelope_seal(frame, ENVELOPE_UPDATE, &fixture->network, fixture->key, sizeof(body));
        assert_int_equal(fixture->blob->n_bytes, sizeof(frame));
        assert_memory_equal(frame, fixture->blob->bytes, sizeof(frame));
}

static void test_network_id_depends_on_name_and_authority(void **state)
{
        Fixture *fixture = *state;
        const uint8_t *authority = secret_key_public(fixture->key)->sign;
        NetworkId a = network_id_of("zwolle", authority);
        NetworkId b = network_id_of("zwolle-test", authority);
        NetworkId c = network_id_of("zwolle", secret_key_public(fixture->key)->transport);

        assert_memory_not_equal(&a, &b, sizeof(a));
        assert_memory_not_equal(&a, &c, sizeof(a));
}

#define TEST(_name) cmocka_unit_test_setup_teardown(_name, setup, teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_signed_envelope_says_what_was_put_in),
                TEST(test_signature_is_over_context_header_and_body),
                TEST(test_every_flipped_bit_is_found),
                TEST(test_another_kind_is_another_signature),
                TEST(test_another_key_does_not_verify),
                TEST(test_every_truncation_is_found),
                TEST(test_malformed_headers_are_refused),
                TEST(test_each_kind_has_its_bound),
                TEST(test_sealing_in_place_is_the_same_as_signing),
                TEST(test_network_id_depends_on_name_and_authority),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
