#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmocka-all.h"
#include "wire/base32.h"
#include "wire/key.h"

typedef struct Fixture {
        char directory[32];
        char path[64];
        SecretKey *key;
        char text[KEY_TEXT_BYTES];
} Fixture;

static int setup(void **state)
{
        static const uint8_t bytes[KEY_BYTES] = { 1, 2, 3, 4, 5 };
        Fixture *fixture = calloc(1, sizeof(*fixture));

        strcpy(fixture->directory, "/tmp/test-key-XXXXXX");
        if (!mkdtemp(fixture->directory))
                return -1;
        snprintf(fixture->path, sizeof(fixture->path), "%s/secret", fixture->directory);
        if (secret_key_from_bytes(&fixture->key, bytes))
                return -1;
        public_key_format(secret_key_public(fixture->key), fixture->text);
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        Fixture *fixture = *state;

        unlink(fixture->path);
        rmdir(fixture->directory);
        secret_key_free(fixture->key);
        free(fixture);
        return 0;
}

static void write_file(const Fixture *fixture, const char *text, mode_t mode)
{
        int fd = open(fixture->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        assert_int_equal(fchmod(fd, mode), 0);
        close(fd);
}

static int load(const Fixture *fixture)
{
        SecretKey *key = NULL;
        int r = secret_key_load(&key, fixture->path);

        secret_key_free(key);
        return r;
}

static void test_both_pairs_are_derived_and_differ(void **state)
{
        Fixture *fixture = *state;
        const PublicKey *public = secret_key_public(fixture->key);
        uint8_t product[KEY_BYTES], signature[SIGNATURE_BYTES];

        crypto_scalarmult_base(product, secret_key_transport(fixture->key));
        assert_memory_equal(product, public->transport, KEY_BYTES);
        assert_memory_not_equal(public->sign, public->transport, KEY_BYTES);

        secret_key_sign(fixture->key, "x", 1, signature);
        assert_int_equal(
                crypto_sign_verify_detached(signature, (const uint8_t *)"x", 1, public->sign), 0);
        assert_true(public_key_is_fit(public));
}

static void test_new_keys_differ(void **state)
{
        CLEANUP(secret_key_freep) SecretKey *a = NULL, *b = NULL;

        assert_int_equal(secret_key_new(&a), 0);
        assert_int_equal(secret_key_new(&b), 0);
        assert_memory_not_equal(secret_key_public(a), secret_key_public(b), sizeof(PublicKey));
}

static void test_derived_secret_depends_on_its_purpose_and_is_not_the_key(void **state)
{
        Fixture *fixture = *state;
        uint8_t a[KEY_BYTES], b[KEY_BYTES], again[KEY_BYTES];

        secret_key_derive(fixture->key, "session", a);
        secret_key_derive(fixture->key, "witness", b);
        secret_key_derive(fixture->key, "session", again);
        assert_memory_not_equal(a, b, KEY_BYTES);
        assert_memory_equal(a, again, KEY_BYTES);
        assert_memory_not_equal(a, secret_key_transport(fixture->key), KEY_BYTES);
}

static void test_text_has_the_documented_shape(void **state)
{
        Fixture *fixture = *state;

        assert_int_equal(strlen(fixture->text), 5 + 15 * 9);
        assert_memory_equal(fixture->text, "plek1-", 6);
        for (size_t i = 5; i < strlen(fixture->text); i += 9)
                assert_int_equal(fixture->text[i], '-');
        assert_null(strpbrk(fixture->text + 6, "ilou"));
}

static void test_text_is_read_back(void **state)
{
        Fixture *fixture = *state;
        unsigned group = 99;
        PublicKey key;

        assert_int_equal(public_key_parse(&key, fixture->text, &group), 0);
        assert_memory_equal(&key, secret_key_public(fixture->key), sizeof(key));
}

static void test_text_is_read_as_people_write_it(void **state)
{
        Fixture *fixture = *state;
        char text[2 * KEY_TEXT_BYTES], *at = text;
        PublicKey key;

        /* In capitals, with O and I or L for the digits, blanks between groups and no dashes. */
        for (const char *from = fixture->text; *from; from++) {
                if (*from == '-')
                        *at++ = ' ';
                else if (*from == '0')
                        *at++ = 'O';
                else if (*from == '1')
                        *at++ = (from - fixture->text) % 2 ? 'I' : 'l';
                else
                        *at++ = *from >= 'a' ? (char)(*from - 'a' + 'A') : *from;
        }
        *at = '\0';
        assert_int_equal(public_key_parse(&key, text, NULL), 0);
        assert_memory_equal(&key, secret_key_public(fixture->key), sizeof(key));
}

static void test_every_changed_symbol_is_found_in_its_group(void **state)
{
        Fixture *fixture = *state;
        char text[KEY_TEXT_BYTES];
        PublicKey key;

        for (size_t i = 6; fixture->text[i]; i++) {
                if (fixture->text[i] == '-')
                        continue;
                for (unsigned value = 0; value < 32; value++) {
                        unsigned group = 99;

                        if (base32_symbol(value) == fixture->text[i])
                                continue;
                        strcpy(text, fixture->text);
                        text[i] = base32_symbol(value);
                        assert_int_equal(public_key_parse(&key, text, &group), KEY_E_TEXT);
                        assert_int_equal(group, (i - 6) / 9 + 1);
                }
        }
}

static void test_every_exchange_within_a_group_is_found(void **state)
{
        Fixture *fixture = *state;
        char text[KEY_TEXT_BYTES];
        unsigned n_tried = 0;
        PublicKey key;

        for (size_t start = 6; fixture->text[start - 1]; start += 9) {
                for (size_t i = start; i < start + 8; i++) {
                        for (size_t j = i + 1; j < start + 8; j++) {
                                unsigned group = 99;

                                if (fixture->text[i] == fixture->text[j])
                                        continue;
                                strcpy(text, fixture->text);
                                text[i] = fixture->text[j];
                                text[j] = fixture->text[i];
                                assert_int_equal(public_key_parse(&key, text, &group), KEY_E_TEXT);
                                assert_int_equal(group, (start - 6) / 9 + 1);
                                n_tried++;
                        }
                }
        }
        assert_true(n_tried > 300);
}

static void test_groups_that_changed_places_are_found(void **state)
{
        Fixture *fixture = *state;
        char text[KEY_TEXT_BYTES];
        unsigned group = 99;
        PublicKey key;

        strcpy(text, fixture->text);
        memcpy(text + 6, fixture->text + 15, 8);
        memcpy(text + 15, fixture->text + 6, 8);
        assert_int_equal(public_key_parse(&key, text, &group), KEY_E_TEXT);
        assert_int_equal(group, 1);
}

static void test_lost_and_added_symbols_are_found_in_their_group(void **state)
{
        Fixture *fixture = *state;
        char text[KEY_TEXT_BYTES + 8];
        unsigned group = 99;
        PublicKey key;

        strcpy(text, fixture->text);
        memmove(text + 15, text + 16, strlen(text + 15));
        assert_int_equal(public_key_parse(&key, text, &group), KEY_E_TEXT);
        assert_int_equal(group, 2);

        strcpy(text, fixture->text);
        memmove(text + 25, text + 24, strlen(text + 23));
        assert_int_equal(public_key_parse(&key, text, &group), KEY_E_TEXT);
        assert_in_range(group, 3, 4);

        strcpy(text, fixture->text);
        text[strlen(text) - 9] = '\0';
        assert_int_equal(public_key_parse(&key, text, &group), KEY_E_TEXT);
        assert_int_equal(group, 15);

        strcpy(text, fixture->text);
        strcat(text, "0");
        assert_int_equal(public_key_parse(&key, text, &group), KEY_E_TEXT);
        assert_int_equal(group, 15);
}

static void test_what_is_no_key_at_all_is_refused_as_a_whole(void **state)
{
        static const char *const texts[] = {
                "", "plek", "plek1", "plek2-00000000", "-", "\xff", "plek-secret1-00000000"
        };
        unsigned group;
        PublicKey key;

        for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
                group = 99;
                assert_int_equal(public_key_parse(&key, texts[i], &group), KEY_E_TEXT);
                assert_in_range(group, 0, 1);
        }
}

static void test_unfit_keys_are_refused(void **state)
{
        Fixture *fixture = *state;
        PublicKey key = *secret_key_public(fixture->key), parsed;
        char text[KEY_TEXT_BYTES];

        memset(key.transport, 0, KEY_BYTES);
        assert_false(public_key_is_fit(&key));
        public_key_format(&key, text);
        assert_int_equal(public_key_parse(&parsed, text, NULL), KEY_E_UNFIT);

        key = *secret_key_public(fixture->key);
        memset(key.sign, 0, KEY_BYTES);
        key.sign[0] = 1; /* the neutral element: any signature of zero would verify */
        assert_false(public_key_is_fit(&key));
}

static void test_mixed_order_point_is_unfit(void **state)
{
        Fixture *fixture = *state;
        PublicKey key = *secret_key_public(fixture->key);
        /* The point of order 2, (0, -1): added to a good key it gives one of mixed order. */
        static const uint8_t order_two[KEY_BYTES] = {
                0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
        };
        uint8_t mixed[KEY_BYTES];

        /* -P = (-x, y) and P + (0, -1) = (-x, -y): the sign of y changed is what is wanted. */
        memcpy(mixed, key.sign, KEY_BYTES);
        if (crypto_core_ed25519_add(mixed, key.sign, order_two) == 0)
                memcpy(key.sign, mixed, KEY_BYTES);
        assert_memory_not_equal(key.sign, secret_key_public(fixture->key)->sign, KEY_BYTES);
        assert_false(public_key_is_fit(&key));
}

static void test_key_id_is_sixteen_hex_digits_and_read_back(void **state)
{
        Fixture *fixture = *state;
        KeyId id = key_id_of(secret_key_public(fixture->key)->sign), parsed;
        char text[KEY_ID_TEXT_BYTES];

        key_id_format(id, text);
        assert_int_equal(strlen(text), 16);
        assert_int_equal(key_id_parse(&parsed, text), 0);
        assert_memory_equal(&parsed, &id, sizeof(id));
        assert_int_equal(key_id_parse(&parsed, "0123"), KEY_E_TEXT);
        assert_int_equal(key_id_parse(&parsed, "0123456789abcdeg"), KEY_E_TEXT);
        assert_int_equal(key_id_parse(&parsed, "0123456789abcdef0"), KEY_E_TEXT);
}

static void test_secret_file_is_private_and_read_back(void **state)
{
        Fixture *fixture = *state;
        CLEANUP(secret_key_freep) SecretKey *key = NULL;
        struct stat st;

        assert_int_equal(secret_key_save(fixture->key, fixture->path), 0);
        assert_int_equal(stat(fixture->path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(secret_key_load(&key, fixture->path), 0);
        assert_memory_equal(secret_key_public(key), secret_key_public(fixture->key),
                            sizeof(PublicKey));
}

static void test_secret_file_is_never_overwritten(void **state)
{
        Fixture *fixture = *state;

        write_file(fixture, "mine", 0600);
        assert_int_equal(secret_key_save(fixture->key, fixture->path), -EEXIST);
        assert_int_equal(load(fixture), KEY_E_TEXT);
}

static void test_secret_file_that_others_may_read_is_refused(void **state)
{
        static const mode_t modes[] = { 0640, 0604, 0620, 0660, 0601 };
        Fixture *fixture = *state;

        assert_int_equal(secret_key_save(fixture->key, fixture->path), 0);
        for (size_t i = 0; i < N_ELEMENTS(modes); i++) {
                assert_int_equal(chmod(fixture->path, modes[i]), 0);
                assert_int_equal(load(fixture), KEY_E_MODE);
        }
        assert_int_equal(chmod(fixture->path, 0400), 0);
        assert_int_equal(load(fixture), 0);
}

static void test_credential_may_show_its_access_list_as_the_groups(void **state)
{
        Fixture *fixture = *state;

        assert_int_equal(secret_key_save(fixture->key, fixture->path), 0);
        assert_int_equal(chmod(fixture->path, 0440), 0);
        setenv("CREDENTIALS_DIRECTORY", fixture->directory, 1);
        assert_int_equal(load(fixture), 0);
        assert_int_equal(chmod(fixture->path, 0444), 0);
        assert_int_equal(load(fixture), KEY_E_MODE);
        assert_int_equal(chmod(fixture->path, 0440), 0);
        setenv("CREDENTIALS_DIRECTORY", "/run/credentials/plekd", 1);
        assert_int_equal(load(fixture), KEY_E_MODE);
        unsetenv("CREDENTIALS_DIRECTORY");
}

static void test_damaged_secret_file_is_refused(void **state)
{
        Fixture *fixture = *state;
        char text[256] = { 0 };
        int fd;

        assert_int_equal(load(fixture), -ENOENT);
        write_file(fixture, "", 0600);
        assert_int_equal(load(fixture), KEY_E_TEXT);

        unlink(fixture->path);
        assert_int_equal(secret_key_save(fixture->key, fixture->path), 0);
        fd = open(fixture->path, O_RDONLY);
        assert_int_equal(read(fd, text, sizeof(text) - 1), 13 + 56 + 1);
        close(fd);

        text[20] = text[20] == 'a' ? 'b' : 'a';
        write_file(fixture, text, 0600);
        assert_int_equal(load(fixture), KEY_E_TEXT);
        text[40] = '\0';
        write_file(fixture, text, 0600);
        assert_int_equal(load(fixture), KEY_E_TEXT);
        memset(text, '0', 200);
        write_file(fixture, text, 0600);
        assert_int_equal(load(fixture), KEY_E_TEXT);
}

static void test_secret_is_not_in_its_public_text(void **state)
{
        static const uint8_t bytes[KEY_BYTES] = { 1, 2, 3, 4, 5 };
        Fixture *fixture = *state;
        uint8_t values[52];
        char symbols[21];

        base32_split(values, bytes, KEY_BYTES);
        for (size_t i = 0; i < 20; i++)
                symbols[i] = base32_symbol(values[i]);
        symbols[20] = '\0';
        assert_null(strstr(fixture->text, symbols));
        assert_memory_not_equal(secret_key_public(fixture->key)->sign, bytes, KEY_BYTES);
}

#define TEST(_name) cmocka_unit_test_setup_teardown(_name, setup, teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_both_pairs_are_derived_and_differ),
                cmocka_unit_test(test_new_keys_differ),
                TEST(test_derived_secret_depends_on_its_purpose_and_is_not_the_key),
                TEST(test_text_has_the_documented_shape),
                TEST(test_text_is_read_back),
                TEST(test_text_is_read_as_people_write_it),
                TEST(test_every_changed_symbol_is_found_in_its_group),
                TEST(test_every_exchange_within_a_group_is_found),
                TEST(test_groups_that_changed_places_are_found),
                TEST(test_lost_and_added_symbols_are_found_in_their_group),
                cmocka_unit_test(test_what_is_no_key_at_all_is_refused_as_a_whole),
                TEST(test_unfit_keys_are_refused),
                TEST(test_mixed_order_point_is_unfit),
                TEST(test_key_id_is_sixteen_hex_digits_and_read_back),
                TEST(test_secret_file_is_private_and_read_back),
                TEST(test_secret_file_is_never_overwritten),
                TEST(test_secret_file_that_others_may_read_is_refused),
                TEST(test_credential_may_show_its_access_list_as_the_groups),
                TEST(test_damaged_secret_file_is_refused),
                TEST(test_secret_is_not_in_its_public_text),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
