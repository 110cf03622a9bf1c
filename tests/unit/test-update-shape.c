/*
 * Bodies that have two readings, or none, are refused
 */

#include "update-fixture.h"

static void test_strings_that_are_not_text_are_refused(void **state)
{
        static const struct {
                const char *bytes;
                size_t n_bytes;
                bool is_text;
        } texts[] = {
                { "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x91", 14, true },
                { "", 0, true },
                { "a\0b", 3, false },
                { "a\nb", 3, false },
                { "\x1b[2J", 4, false },
                { "\x7f", 1, false },
                { "\xc2\x9b", 2, false }, /* CSI, as UTF-8 */
                { "\xff", 1, false },
                { "\xc3", 1, false },     /* cut short */
                { "\xc0\xaf", 2, false }, /* overlong */
                { "\xe0\x80\xaf", 3, false },
                { "\xed\xa0\x80", 3, false },     /* surrogate */
                { "\xf4\x90\x80\x80", 4, false }, /* past the last */
                { "\x80", 1, false },
        };

        for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
                fixture.body.n_bytes = 0;
                put_head(&fixture.body);
                put_bytes(&fixture.body, 10, texts[i].bytes, texts[i].n_bytes);
                put_bytes(&fixture.body, 20, "\x08\x01", 2);
                assert_int_equal(decode(), texts[i].is_text ? 0 : UPDATE_E_REFUSED);
                if (!texts[i].is_text) {
                        assert_int_equal(fixture.refusal.code, PLEK_REFUSED_FIELD);
                        assert_string_equal(fixture.refusal.field, "label");
                }
        }
}

static void test_what_is_given_twice_is_refused(void **state)
{
        put_head(&fixture.body);
        put_number(&fixture.body, 3, 43);
        put_bytes(&fixture.body, 20, "\x08\x01", 2);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(fixture.refusal.code, PLEK_REFUSED_MALFORMED);
        assert_string_equal(fixture.refusal.field, "seq");

        assert_int_equal(decode_with(20, "\x08\x01\x08\x01", 4), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "counts.care");
        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        put_bytes(&fixture.body, 20, "\x08\x01", 2);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "counts");
}

static void test_two_bodies_and_none_are_refused(void **state)
{
        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        put_bytes(&fixture.body, 21, "\x08\x01", 2);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(fixture.refusal.code, PLEK_REFUSED_MALFORMED);

        fixture.body.n_bytes = 0;
        put_head(&fixture.body);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(fixture.refusal.code, PLEK_REFUSED_MALFORMED);
        assert_null(fixture.refusal.field);
}

static void test_missing_required_field_is_named(void **state)
{
        assert_int_equal(decode_with(21, "", 0), UPDATE_E_REFUSED);
        assert_int_equal(fixture.refusal.code, PLEK_REFUSED_FIELD);
        assert_string_equal(fixture.refusal.field, "door.state");
        fixture.body.n_bytes = 0;
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_string_equal(fixture.refusal.field, "party");
}

static void test_sender_of_what_is_refused_is_known_if_it_can_be_read(void **state)
{
        assert_int_equal(decode_with(21, "", 0), UPDATE_E_REFUSED);
        assert_string_equal(fixture.decoded.party, "isala");
        assert_int_equal(fixture.decoded.seq, 42);
        assert_true(fixture.decoded.instance == UINT64_C(0x0807060504030201));

        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        put(&fixture.body, "\xff\xff\xff", 3);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(fixture.refusal.code, PLEK_REFUSED_MALFORMED);
        assert_string_equal(fixture.decoded.party, "isala");

        assert_int_equal(update_decode(&fixture.decoded, &fixture.refusal, fixture.arena,
                                       (const uint8_t *)"\xff", 1),
                         UPDATE_E_REFUSED);
        assert_null(fixture.decoded.party);
        assert_int_equal(fixture.decoded.seq, 0);
        assert_int_equal(update_decode(&fixture.decoded, &fixture.refusal, fixture.arena,
                                       (const uint8_t *)"\x0a\x03i\0a\x18\x07", 7),
                         UPDATE_E_REFUSED);
        assert_null(fixture.decoded.party);
        assert_int_equal(fixture.decoded.seq, 7);
}

static void test_every_truncation_is_refused(void **state)
{
        CLEANUP(blob_unrefp) Blob *blob = NULL;
        Update update = door_update();

        assert_int_equal(update_encode(&blob, &fixture.refusal, &update), 0);
        for (size_t n = 0; n < blob->n_bytes; n++) {
                CLEANUP(freep) uint8_t *copy = malloc(n ? n : 1);

                memcpy(copy, blob->bytes, n);
                assert_int_equal(
                        update_decode(&fixture.decoded, &fixture.refusal, fixture.arena, copy, n),
                        UPDATE_E_REFUSED);
                arena_reset(fixture.arena);
        }
}

static void test_body_of_tiny_fields_is_refused_cheaply(void **state)
{
        put_head(&fixture.body);
        put_bytes(&fixture.body, 20, "\x08\x01", 2);
        while (fixture.body.n_bytes < ENVELOPE_UPDATE_MAX_BYTES - ENVELOPE_OVERHEAD_BYTES - 8)
                put_number(&fixture.body, 15, 0);
        assert_int_equal(decode(), UPDATE_E_REFUSED);
        assert_int_equal(fixture.refusal.code, PLEK_REFUSED_MALFORMED);
        /* What is left is all but a few bytes: nothing was unpacked. */
        assert_non_null(arena_alloc(fixture.arena, 4 * ARENA_MESSAGE_BYTES - 4096));
}

static void test_what_takes_too_much_memory_is_refused(void **state)
{
        CLEANUP(arena_freep) Arena *small = NULL;

        assert_int_equal(arena_new(&small, 256), 0);
        assert_int_equal(decode_with(20, "\x08\x01", 2), 0);
        assert_int_equal(update_decode(&fixture.decoded, &fixture.refusal, small,
                                       fixture.body.bytes, fixture.body.n_bytes),
                         UPDATE_E_REFUSED);
        assert_int_equal(fixture.refusal.code, PLEK_REFUSED_MALFORMED);
}

static int run(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_strings_that_are_not_text_are_refused),
                TEST(test_what_is_given_twice_is_refused),
                TEST(test_two_bodies_and_none_are_refused),
                TEST(test_missing_required_field_is_named),
                TEST(test_sender_of_what_is_refused_is_known_if_it_can_be_read),
                TEST(test_every_truncation_is_refused),
                TEST(test_body_of_tiny_fields_is_refused_cheaply),
                TEST(test_what_takes_too_much_memory_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
        return fixture_run(run);
}
