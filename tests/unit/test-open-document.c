#include <sodium.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/open-document.h"

#define BODY "{\"format\":\"plek-open-1\",\"records\":[]"

typedef struct Signed {
        char bytes[OPEN_DOCUMENT_CONTEXT_BYTES + sizeof(BODY) - 1 + OPEN_DOCUMENT_TAIL_BYTES];
        const char *file;
        size_t n_file;
        SecretKey *key, *other;
} Signed;

static SecretKey *key_of(uint8_t byte)
{
        uint8_t bytes[KEY_BYTES];
        SecretKey *key;

        memset(bytes, byte, sizeof(bytes));
        assert_int_equal(secret_key_from_bytes(&key, bytes), 0);
        return key;
}

static void begin(Signed *s)
{
        const size_t n_signed = OPEN_DOCUMENT_CONTEXT_BYTES + sizeof(BODY) - 1;

        assert_true(sodium_init() >= 0);
        *s = (Signed){ .key = key_of(1), .other = key_of(2) };
        memcpy(s->bytes, OPEN_DOCUMENT_CONTEXT, OPEN_DOCUMENT_CONTEXT_BYTES);
        memcpy(s->bytes + OPEN_DOCUMENT_CONTEXT_BYTES, BODY, sizeof(BODY) - 1);
        open_document_sign(s->bytes + n_signed, s->key, s->bytes, n_signed);
        s->file = s->bytes + OPEN_DOCUMENT_CONTEXT_BYTES;
        s->n_file = sizeof(s->bytes) - OPEN_DOCUMENT_CONTEXT_BYTES;
}

static void end(Signed *s)
{
        secret_key_free(s->key);
        secret_key_free(s->other);
}

static int verify(const Signed *s, const SecretKey *key)
{
        return open_document_verify(s->file, s->n_file, secret_key_public(key)->sign);
}

static void test_what_was_signed_verifies_and_ends_as_json(void **state)
{
        Signed s;

        begin(&s);
        assert_int_equal(verify(&s, s.key), 0);
        assert_memory_equal(s.file + s.n_file - 3, "\"}\n", 3);
        assert_memory_equal(s.file + sizeof(BODY) - 1, "\n,\"signature\":\"", 15);
        end(&s);
}

static void test_another_key_does_not_verify(void **state)
{
        Signed s;

        begin(&s);
        assert_int_equal(verify(&s, s.other), OPEN_DOCUMENT_E_SIGNATURE);
        end(&s);
}

static void test_no_byte_can_be_changed(void **state)
{
        Signed s;

        begin(&s);
        for (size_t i = 0; i < s.n_file; i++) {
                char *at = s.bytes + OPEN_DOCUMENT_CONTEXT_BYTES + i;
                char was = *at;

                *at = was == '0' ? '1' : '0'; /* of the signature, too: it stays hexadecimal */
                assert_int_not_equal(verify(&s, s.key), 0);
                *at = was;
        }
        assert_int_equal(verify(&s, s.key), 0);
        end(&s);
}

static void test_what_does_not_end_in_a_signature_is_malformed(void **state)
{
        Signed s;

        begin(&s);
        s.n_file--;
        assert_int_equal(verify(&s, s.key), OPEN_DOCUMENT_E_MALFORMED);
        s.n_file = OPEN_DOCUMENT_TAIL_BYTES;
        s.file = s.bytes + sizeof(s.bytes) - OPEN_DOCUMENT_TAIL_BYTES; /* of nothing at all */
        assert_int_equal(verify(&s, s.key), OPEN_DOCUMENT_E_MALFORMED);
        s.n_file = 0;
        assert_int_equal(verify(&s, s.key), OPEN_DOCUMENT_E_MALFORMED);
        end(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_signed_verifies_and_ends_as_json),
                cmocka_unit_test(test_another_key_does_not_verify),
                cmocka_unit_test(test_no_byte_can_be_changed),
                cmocka_unit_test(test_what_does_not_end_in_a_signature_is_malformed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
