#include <string.h>

#include "cmocka-all.h"
#include "core/row.h"
#include "internal/endian.h"

static const uint8_t envelope[] = "an envelope's bytes";

static RecordRow record_row(void)
{
        return (RecordRow){ .topic = "pic/noord/counts/",
                            .n_topic = 17,
                            .revision = UINT64_MAX - 1,
                            .changed_revision = UINT64_MAX,
                            .received_at_ms = -5,
                            .since_ms = INT64_MAX,
                            .flags = 0x80000001,
                            .rests_on = 7,
                            .envelope = envelope,
                            .n_envelope = sizeof(envelope) };
}

static TombstoneRow tombstone_row(void)
{
        return (TombstoneRow){ .topic = "reg/",
                               .n_topic = 4,
                               .at_ms = 99,
                               .from = AUDIENCE_CARE,
                               .to = AUDIENCE_COORD,
                               .cause = WITHDRAWN_REGION,
                               .key = { .n_bytes = 5, .bytes = "\1abc" } };
}

/* ------------------------------------------------------------------ there and back */

static void test_a_record_comes_back_as_it_was(void **state)
{
        CLEANUP(blob_unrefp) Blob *value = NULL;
        RecordRow row = record_row(), back;

        assert_int_equal(row_of_record(&value, &row), 0);
        assert_int_equal(row_to_record(&back, value->bytes, value->n_bytes), 0);
        assert_int_equal(back.n_topic, row.n_topic);
        assert_memory_equal(back.topic, row.topic, row.n_topic);
        assert_true(back.revision == row.revision);
        assert_true(back.changed_revision == row.changed_revision);
        assert_int_equal(back.received_at_ms, row.received_at_ms);
        assert_int_equal(back.since_ms, row.since_ms);
        assert_int_equal(back.flags, row.flags);
        assert_int_equal(back.rests_on, row.rests_on);
        assert_int_equal(back.n_envelope, row.n_envelope);
        assert_memory_equal(back.envelope, row.envelope, row.n_envelope);
        /* borrowed, not copied */
        assert_ptr_equal(back.envelope + back.n_envelope, value->bytes + value->n_bytes);
}

static void test_an_affirmation_comes_back_as_it_was(void **state)
{
        CLEANUP(blob_unrefp) Blob *value = NULL;
        AffirmRow row = { .received_at_ms = 1,
                          .sent_at_ms = 2,
                          .envelope = envelope,
                          .n_envelope = sizeof(envelope) },
                  back;

        assert_int_equal(row_of_affirm(&value, &row), 0);
        assert_int_equal(row_to_affirm(&back, value->bytes, value->n_bytes), 0);
        assert_int_equal(back.received_at_ms, 1);
        assert_int_equal(back.sent_at_ms, 2);
        assert_int_equal(back.n_envelope, sizeof(envelope));
        assert_memory_equal(back.envelope, envelope, sizeof(envelope));
}

static void test_a_tombstone_comes_back_as_it_was(void **state)
{
        CLEANUP(blob_unrefp) Blob *value = NULL;
        TombstoneRow row = tombstone_row(), back;

        assert_int_equal(row_of_tombstone(&value, &row), 0);
        assert_int_equal(row_to_tombstone(&back, value->bytes, value->n_bytes), 0);
        assert_memory_equal(back.topic, "reg/", 4);
        assert_int_equal(back.at_ms, 99);
        assert_int_equal(back.from, AUDIENCE_CARE);
        assert_int_equal(back.to, AUDIENCE_COORD);
        assert_int_equal(back.cause, WITHDRAWN_REGION);
        assert_int_equal(back.key.n_bytes, 5);
        assert_memory_equal(back.key.bytes, row.key.bytes, 5);
}

static void test_the_longest_key_of_a_tombstone_fits_and_a_longer_one_is_damage(void **state)
{
        CLEANUP(blob_unrefp) Blob *value = NULL;
        TombstoneRow row = tombstone_row(), back;
        uint8_t *n_key;

        row.key.n_bytes = RECORD_KEY_MAX;
        memset(row.key.bytes, 'k', RECORD_KEY_MAX);
        assert_int_equal(row_of_tombstone(&value, &row), 0);
        assert_int_equal(row_to_tombstone(&back, value->bytes, value->n_bytes), 0);
        assert_memory_equal(back.key.bytes, row.key.bytes, RECORD_KEY_MAX);

        n_key = value->bytes + value->n_bytes - RECORD_KEY_MAX - 2;
        assert_int_equal(be16_get(n_key), RECORD_KEY_MAX);
        be16_put(n_key, RECORD_KEY_MAX + 1);
        assert_int_equal(row_to_tombstone(&back, value->bytes, value->n_bytes), ROW_E_DAMAGED);
}

static void test_the_rest_comes_back_as_it_was(void **state)
{
        PartyRow party = { .floor = 5, .revision = 6, .digest = { 1, 2, 3 } }, party_back;
        PositionRow position = { .revision = 9,
                                 .time_ms = 8,
                                 .head = { 7 },
                                 .epoch_floor = 6,
                                 .epoch_unconfirmed = 1 },
                    position_back;
        TopicRow topic = { .last = { 0, 1, 2, 3 }, .forgotten = 4 }, topic_back;
        SpanRow span = { .epoch = 1, .opened_at_ms = 2, .continues = 1 }, span_back;
        Blob *value = NULL;

        assert_int_equal(row_of_party(&value, &party), 0);
        assert_int_equal(row_to_party(&party_back, value->bytes, value->n_bytes), 0);
        assert_memory_equal(&party_back, &party, sizeof(party));
        blob_unref(value);

        assert_int_equal(row_of_position(&value, &position), 0);
        assert_int_equal(row_to_position(&position_back, value->bytes, value->n_bytes), 0);
        assert_int_equal(position_back.revision, 9);
        assert_int_equal(position_back.time_ms, 8);
        assert_memory_equal(position_back.head, position.head, DIGEST_BYTES);
        assert_int_equal(position_back.epoch_floor, 6);
        assert_int_equal(position_back.epoch_unconfirmed, 1);
        blob_unref(value);

        assert_int_equal(row_of_topic(&value, &topic), 0);
        assert_int_equal(row_to_topic(&topic_back, value->bytes, value->n_bytes), 0);
        assert_memory_equal(&topic_back, &topic, sizeof(topic));
        blob_unref(value);

        assert_int_equal(row_of_span(&value, &span), 0);
        assert_int_equal(row_to_span(&span_back, value->bytes, value->n_bytes), 0);
        assert_int_equal(span_back.epoch, 1);
        assert_int_equal(span_back.opened_at_ms, 2);
        assert_int_equal(span_back.continues, 1);
        blob_unref(value);
}

static void test_a_registry_row_and_bare_bytes_come_back_as_they_were(void **state)
{
        RegistryRow row = { .kind = ENTRY_CARD,
                            .received_at_ms = 5,
                            .bytes = envelope,
                            .n_bytes = sizeof(envelope) },
                    back;
        Blob *value = NULL, *bytes = NULL;
        const uint8_t *bare;
        size_t n_bare;

        assert_int_equal(row_of_registry(&value, &row), 0);
        assert_int_equal(row_to_registry(&back, value->bytes, value->n_bytes), 0);
        assert_int_equal(back.kind, ENTRY_CARD);
        assert_int_equal(back.received_at_ms, 5);
        assert_int_equal(back.n_bytes, sizeof(envelope));
        assert_memory_equal(back.bytes, envelope, sizeof(envelope));
        blob_unref(value);

        assert_int_equal(blob_copy(&bytes, envelope, sizeof(envelope)), 0);
        assert_int_equal(row_of_bytes(&value, bytes), 0);
        assert_int_equal(row_to_bytes(&bare, &n_bare, value->bytes, value->n_bytes), 0);
        assert_int_equal(n_bare, sizeof(envelope));
        assert_memory_equal(bare, envelope, sizeof(envelope));
        blob_unref(value);
        blob_unref(bytes);
}

/* ------------------------------------------------------------------ what is no row */

/* Of the fixed forms every other length is damage; of those that end with bytes, a shorter one than
 * what comes before them. */
static void test_a_row_of_another_length_is_damage(void **state)
{
        TombstoneRow tombstone = tombstone_row();
        RecordRow record = record_row();
        Blob *value = NULL;
        PartyRow party = { 0 };
        uint8_t longer[256];

        assert_int_equal(row_of_party(&value, &party), 0);
        for (size_t n = 0; n < value->n_bytes; n++)
                assert_int_equal(row_to_party(&party, value->bytes, n), ROW_E_DAMAGED);
        memcpy(longer, value->bytes, value->n_bytes);
        assert_int_equal(row_to_party(&party, longer, value->n_bytes + 1), ROW_E_DAMAGED);
        blob_unref(value);

        assert_int_equal(row_of_tombstone(&value, &tombstone), 0);
        for (size_t n = 0; n < value->n_bytes; n++)
                assert_int_equal(row_to_tombstone(&tombstone, value->bytes, n), ROW_E_DAMAGED);
        blob_unref(value);

        assert_int_equal(row_of_record(&value, &record), 0);
        for (size_t n = 0; n < value->n_bytes - sizeof(envelope); n++)
                assert_int_equal(row_to_record(&record, value->bytes, n), ROW_E_DAMAGED);
        blob_unref(value);
}

static void test_a_newer_row_is_known_for_what_it_is(void **state)
{
        CLEANUP(blob_unrefp) Blob *value = NULL;
        PartyRow party = { .floor = 5 }, back = { .floor = 77 };

        assert_int_equal(row_of_party(&value, &party), 0);
        assert_int_equal(value->bytes[0], ROW_VERSION);
        value->bytes[0] = ROW_VERSION + 1;
        assert_int_equal(row_to_party(&back, value->bytes, value->n_bytes), ROW_E_NEWER);
        value->bytes[0] = 0;
        assert_int_equal(row_to_party(&back, value->bytes, value->n_bytes), ROW_E_DAMAGED);
        assert_int_equal(back.floor, 77); /* untouched */
}

static void test_keys_sort_as_revisions_do(void **state)
{
        static const uint64_t revisions[] = { 0, 1, 255, 256, 65536, UINT64_MAX };
        Blob *keys[N_ELEMENTS(revisions)] = { 0 }, *low = NULL, *high = NULL;

        for (size_t i = 0; i < N_ELEMENTS(revisions); i++)
                assert_int_equal(row_key_of_revision(&keys[i], revisions[i]), 0);
        for (size_t i = 1; i < N_ELEMENTS(revisions); i++)
                assert_true(memcmp(keys[i - 1]->bytes, keys[i]->bytes, keys[i]->n_bytes) < 0);
        for (size_t i = 0; i < N_ELEMENTS(revisions); i++)
                blob_unref(keys[i]);

        assert_int_equal(row_key_of_tombstone(&low, 1, 256), 0);
        assert_int_equal(row_key_of_tombstone(&high, 256, 1), 0);
        assert_true(memcmp(low->bytes, high->bytes, ROW_TOMBSTONE_KEY_BYTES) < 0);
        blob_unref(low);
        blob_unref(high);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_record_comes_back_as_it_was),
                cmocka_unit_test(test_an_affirmation_comes_back_as_it_was),
                cmocka_unit_test(test_a_tombstone_comes_back_as_it_was),
                cmocka_unit_test(
                        test_the_longest_key_of_a_tombstone_fits_and_a_longer_one_is_damage),
                cmocka_unit_test(test_the_rest_comes_back_as_it_was),
                cmocka_unit_test(test_a_registry_row_and_bare_bytes_come_back_as_they_were),
                cmocka_unit_test(test_a_row_of_another_length_is_damage),
                cmocka_unit_test(test_a_newer_row_is_known_for_what_it_is),
                cmocka_unit_test(test_keys_sort_as_revisions_do),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
