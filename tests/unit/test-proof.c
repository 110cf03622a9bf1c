#include "cmocka-all.h"

#include <sodium.h>
#include <string.h>

#include "wire/proof.h"

enum { N_PROOFS_MAX = 1000 };

typedef struct Fixture {
        SecretKey *key, *other;
        Blob *envelopes[N_PROOFS_MAX];
        Proof proofs[N_PROOFS_MAX];
        size_t n;
} Fixture;

static const uint8_t *sign_key(const SecretKey *key)
{
        return secret_key_public(key)->sign;
}

/* Every third is another's, every fifth has a bit flipped. */
static void make(Fixture *fixture, size_t n)
{
        const NetworkId network = { { 1 } };

        assert_true(sodium_init() >= 0);
        *fixture = (Fixture){ .n = n };
        assert_int_equal(secret_key_new(&fixture->key), 0);
        assert_int_equal(secret_key_new(&fixture->other), 0);
        for (size_t i = 0; i < n; i++) {
                Proof *proof = &fixture->proofs[i];
                uint8_t body[4];

                memcpy(body, &(uint32_t){ (uint32_t)i }, sizeof(body));
                assert_int_equal(envelope_sign(&fixture->envelopes[i], ENVELOPE_UPDATE, &network,
                                               i % 3 ? fixture->key : fixture->other, body,
                                               sizeof(body)),
                                 0);
                if (i % 5 == 0)
                        fixture->envelopes[i]->bytes[fixture->envelopes[i]->n_bytes - 1] ^= 1;
                assert_int_equal(envelope_parse(&proof->envelope, fixture->envelopes[i]->bytes,
                                                fixture->envelopes[i]->n_bytes),
                                 0);
                proof->key = sign_key(fixture->key);
                proof->result = -1;
        }
}

static void drop(Fixture *fixture)
{
        for (size_t i = 0; i < fixture->n; i++)
                blob_unref(fixture->envelopes[i]);
        secret_key_free(fixture->key);
        secret_key_free(fixture->other);
}

static void test_each_is_judged_as_if_alone_however_many_there_are(void **state)
{
        static const size_t sizes[] = { 0, 1, 7, 8, 9, 63, 64, 65, 255, N_PROOFS_MAX };
        static Fixture fixture;

        for (size_t s = 0; s < N_ELEMENTS(sizes); s++) {
                make(&fixture, sizes[s]);
                proofs_check(fixture.proofs, fixture.n);
                for (size_t i = 0; i < fixture.n; i++)
                        assert_int_equal(fixture.proofs[i].result,
                                         i % 3 && i % 5 ? ENVELOPE_OK : ENVELOPE_E_SIGNATURE);
                drop(&fixture);
        }
}

static void test_what_has_no_key_is_left_alone(void **state)
{
        static Fixture fixture;

        make(&fixture, 100);
        for (size_t i = 0; i < fixture.n; i += 2)
                fixture.proofs[i] = (Proof){ .result = -7 };
        proofs_check(fixture.proofs, fixture.n);
        for (size_t i = 0; i < fixture.n; i++)
                if (i % 2 == 0)
                        assert_int_equal(fixture.proofs[i].result, -7);
                else
                        assert_int_equal(fixture.proofs[i].result,
                                         i % 3 && i % 5 ? ENVELOPE_OK : ENVELOPE_E_SIGNATURE);
        drop(&fixture);
}

static void test_a_proof_of_other_bytes_or_of_another_key_proves_nothing(void **state)
{
        const Proof *good, *bad;
        static Fixture fixture;

        make(&fixture, 2);
        good = &fixture.proofs[1];
        bad = &fixture.proofs[0];
        proofs_check(fixture.proofs, fixture.n);
        assert_int_equal(proof_verify(good, &good->envelope, sign_key(fixture.key)), ENVELOPE_OK);
        assert_int_equal(proof_verify(good, &good->envelope, sign_key(fixture.other)),
                         ENVELOPE_E_SIGNATURE);
        assert_int_equal(proof_verify(good, &bad->envelope, sign_key(fixture.key)),
                         ENVELOPE_E_SIGNATURE);
        assert_int_equal(proof_verify(bad, &good->envelope, sign_key(fixture.key)), ENVELOPE_OK);
        assert_int_equal(proof_verify(NULL, &good->envelope, sign_key(fixture.key)), ENVELOPE_OK);
        drop(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_is_judged_as_if_alone_however_many_there_are),
                cmocka_unit_test(test_what_has_no_key_is_left_alone),
                cmocka_unit_test(test_a_proof_of_other_bytes_or_of_another_key_proves_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
