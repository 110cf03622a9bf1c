#include "internal/endian.h"
#include "store-place.h"
#include "store/environment.h"
#include "store/meta.h"
#include "store/rows.h"

/* ------------------------------------------------------------------ truncated */

static void test_file_that_is_cut_is_truncated(void **state)
{
        static const unsigned percents[] = { 0, 1, 20, 50, 90 };
        Place place;

        place_begin(&place, "data", 100);
        place_checkpoint(&place);
        for (size_t i = 0; i < N_ELEMENTS(percents); i++) {
                copy_directory(place.directory, kit_path("copy"));
                assert_int_equal(
                        truncate(kit_path("copy/data.mdb"),
                                 (off_t)(file_size(kit_path("data/data.mdb")) * percents[i] / 100 +
                                         (percents[i] ? 0 : 100))),
                        0);
                verify(kit_path("copy"), NULL);
                assert_found(VERIFY_TRUNCATED, 0, "shorter than its last commit");
        }
        place_end(&place);
}

/* With LMDB's own tools: what is left is a whole database. */
static void delete_entries(const char *directory, uint64_t from, uint64_t to)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        Transaction transaction;
        const char *text;

        assert_int_equal(environment_open(&environment, directory, 0, 0, &text), 0);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        for (uint64_t revision = from; revision <= to; revision++) {
                uint8_t key[8];

                be64_put(key, revision);
                transaction_delete(&transaction, environment->journal, key, sizeof(key));
        }
        assert_int_equal(transaction_commit(&transaction), 0);
}

static void test_journal_without_its_last_entries_is_truncated(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        copy_directory(place.directory, kit_path("copy"));
        delete_entries(kit_path("copy"), 20, 24);
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_TRUNCATED, 20, "entries 20 to 24 are missing");
        place_end(&place);
}

static void test_journal_with_a_hole_is_truncated(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        copy_directory(place.directory, kit_path("copy"));
        delete_entries(kit_path("copy"), 9, 9);
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_TRUNCATED, 9, "entry 9 is missing");
        assert_int_equal(report.n_findings, 1);
        place_end(&place);
}

/* The tail was put right as well; the checkpoint still knows. */
static void test_checkpoint_ahead_of_its_journal_is_truncated(void **state)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        Transaction transaction;
        const char *text;
        Tail tail;
        Place place;

        place_begin(&place, "data", 20);
        place_checkpoint(&place);
        copy_directory(place.directory, kit_path("copy"));
        delete_entries(kit_path("copy"), 23, 24);
        assert_int_equal(environment_open(&environment, kit_path("copy"), 0, 0, &text), 0);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        tail = (Tail){ .revision = 22, .time_ms = place.world.ledger[21].time_ms };
        memcpy(tail.head, place.world.ledger[21].head, DIGEST_BYTES);
        meta_put_tail(&transaction, &tail);
        assert_int_equal(transaction_commit(&transaction), 0);
        environment = environment_close(environment);

        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_TRUNCATED, 24, "the checkpoint is of revision 24");
        place_end(&place);
}

/* ------------------------------------------------------------------ re-signed */

static void test_update_that_another_key_signed_is_told(void **state)
{
        Place place;
        Update update;
        Blob *body;
        WireRefusal refusal;
        CLEANUP(secret_key_freep) SecretKey *forger = world_key(9, 9);

        place_begin(&place, "data", 5);
        update = world_counts(&place.world, place.party, "loc", 1, 99);
        assert_int_equal(update_encode(&body, &refusal, &update), 0);
        world_append(&place.world, ENTRY_UPDATE,
                     world_sign(&place.world, ENVELOPE_UPDATE, forger, body));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "entry 10: its key was nobody's then");
        place_end(&place);
}

/* The key's id is a hint: here it is the party's, and the signature is not. */
static void test_update_whose_signature_is_not_its_partys_is_told(void **state)
{
        Place place;
        Update update;
        Blob *envelope;

        place_begin(&place, "data", 5);
        update = world_counts(&place.world, place.party, "loc", 1, 99);
        envelope = world_update_envelope(&place.world, place.party, &update);
        envelope->bytes[ENVELOPE_HEADER_BYTES + 3] ^= 1;
        world_append(&place.world, ENTRY_UPDATE, envelope);
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "entry 10: its signature is not its party's");
        place_end(&place);
}

/* @ok: else its signature is not what it was. */
static void say_once(Place *place, SecretKey *key, bool ok)
{
        WorldParty by = *place->party;
        Update update;
        Blob *envelope;

        place->world.now_ms += 10;
        update = world_counts(&place->world, place->party, "loc", 1, 9);
        by.key = key;
        envelope = world_update_envelope(&place->world, &by, &update);
        if (!ok)
                envelope->bytes[ENVELOPE_HEADER_BYTES + 3] ^= 1;
        if (ok && key == place->party->key)
                world_apply(&place->world, ENTRY_UPDATE, envelope);
        else
                world_append(&place->world, ENTRY_UPDATE, envelope);
}

static void assert_nth(size_t n, uint64_t revision, const char *words)
{
        assert_true(report.n_findings > n);
        assert_int_equal(report.findings[n].defect, VERIFY_RE_SIGNED);
        assert_int_equal(report.findings[n].revision, revision);
        if (!strstr(report.findings[n].text, words))
                fail_msg("not '%s': %s", words, report.findings[n].text);
}

static void test_of_many_entries_what_is_wrong_is_told_in_their_order(void **state)
{
        enum { N_MANY = 700, EVERY = 100, N_WRONG = N_MANY / EVERY, FIRST = 10 };
        CLEANUP(secret_key_freep) SecretKey *old = NULL;
        LocationGrant grant = { .location = "loc", .region = "noord" };
        Enrolment enrolment;
        Place place;

        place_begin(&place, "data", 5);
        for (size_t i = 0; i < N_MANY; i++)
                say_once(&place, place.party->key, i % EVERY != EVERY - 1);

        /* What its old key signs from here on is nobody's, and was the party's just before. */
        old = place.party->key;
        place.party->key = world_key(3, 99);
        enrolment = world_enrolment(&place.world, place.party, &grant, 1);
        world_enrol(&place.world, place.party, &enrolment);
        for (size_t i = 0; i < N_MANY; i++)
                say_once(&place, i % EVERY == EVERY - 2 ? old : place.party->key,
                         i % EVERY != EVERY - 1);

        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_int_equal(report.n_findings, 3 * N_WRONG);
        for (size_t i = 0; i < N_WRONG; i++) {
                uint64_t before = FIRST + i * EVERY, after = before + N_MANY + 1;

                assert_nth(i, before + EVERY - 1, "its signature is not its party's");
                assert_nth(N_WRONG + 2 * i, after + EVERY - 2, "its key was nobody's then");
                assert_nth(N_WRONG + 2 * i + 1, after + EVERY - 1,
                           "its signature is not its party's");
        }
        place_end(&place);
}

static void test_enrolment_that_the_authority_did_not_sign_is_told(void **state)
{
        LocationGrant grant = { .location = "elsewhere", .region = "noord" };
        Enrolment enrolment;
        WorldParty *party;
        Blob *body;
        Place place;

        place_begin(&place, "data", 5);
        party = world_new_party(&place.world, "b");
        enrolment = world_enrolment(&place.world, party, &grant, 1);
        assert_int_equal(enrolment_encode(&body, &enrolment), 0);
        world_append(&place.world, ENTRY_ENROLMENT,
                     world_sign(&place.world, ENVELOPE_ENROLMENT, place.world.broker, body));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "entry 10: it was not signed by the authority");
        assert_int_equal(report.unchecked_after, 10);
        place_end(&place);
}

static void test_update_of_a_place_that_is_not_its_partys_is_told(void **state)
{
        Update update;
        Place place;

        place_begin(&place, "data", 5);
        update = world_counts(&place.world, place.party, "elsewhere", 1, 99);
        world_append(&place.world, ENTRY_UPDATE,
                     world_update_envelope(&place.world, place.party, &update));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "no broker would have taken it");
        place_end(&place);
}

static void test_epoch_of_a_broker_that_no_card_lists_is_told(void **state)
{
        CLEANUP(secret_key_freep) SecretKey *listed = NULL;
        Place place;

        place_begin(&place, "data", 5);
        listed = place.world.broker;
        place.world.broker = world_key(2, 77);
        world_open_epoch(&place.world, true);
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "a broker's key that no card of the authority lists");

        /* A card that comes later lists it. */
        world_apply(&place.world, ENTRY_CARD, card_envelope(&place, place.world.broker, 2));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_clean();
        place_end(&place);
}

static void test_epoch_that_continues_another_history_is_told(void **state)
{
        Place place;

        place_begin(&place, "data", 5);
        place.world.head[0] ^= 1;
        world_append(&place.world, ENTRY_EPOCH, world_epoch(&place.world, 9, true));
        place_write(&place, NULL);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 10, "continues a history that is not this one");
        place_end(&place);
}

static void test_journal_of_another_authority_is_told(void **state)
{
        CLEANUP(secret_key_freep) SecretKey *other = world_key(8, 8);
        VerifyOptions options = { .authority = secret_key_public(other)->sign };
        Place place;

        place_begin(&place, "data", 5);
        verify(place.directory, &options);
        assert_found(VERIFY_RE_SIGNED, 1, "the authority that it names is not the one");
        place_end(&place);
}

/* Whoever can write a row can write its checksum. */
static void test_checkpoint_that_the_journal_does_not_give_is_told(void **state)
{
        uint8_t row[ROW_CHECKSUM_BYTES + 49] = { 0 };
        Place place;

        place_begin(&place, "data", 5);
        place_checkpoint(&place);
        copy_directory(place.directory, kit_path("copy"));
        row_seal(CHECKPOINT_PARTIES, "a", 1, row, sizeof(row));
        change_row(kit_path("copy"), CHECKPOINT_PARTIES, "a", 1, row, sizeof(row));
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_RE_SIGNED, 9, "table parties is not what the journal amounts to");
        place_end(&place);
}

/* A region in which everything is affirmed, and something was withdrawn. */
static void begin_affirmed(Place *place)
{
        Update update;

        place_begin(place, "data", 9);
        for (unsigned i = 1; i <= 2; i++) {
                update = world_withdraw(&place->world, place->party, "loc", i);
                world_publish(&place->world, place->party, &update);
        }
        update = world_affirm(&place->world, place->party, "loc", LANE_COUNTS);
        world_publish(&place->world, place->party, &update);
        place_write(place, NULL);
        place_checkpoint(place);
}

/* One row's @at-th byte is another, and its checksum is found anew. */
static void bend_row(const char *directory, CheckpointTable table, size_t at)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        static uint8_t bytes[4096];
        uint8_t key_bytes[512];
        MDB_val key, value;
        Transaction transaction;
        const char *text;
        size_t n, n_key;

        assert_int_equal(environment_open(&environment, directory, 0, 0, &text), 0);
        assert_int_equal(transaction_read(&transaction, environment), 0);
        assert_int_equal(transaction_cursor(&transaction, environment->tables[table], &cursor), 0);
        assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_LAST), 0);
        n = value.mv_size;
        n_key = key.mv_size;
        memcpy(bytes, value.mv_data, n);
        memcpy(key_bytes, key.mv_data, n_key);
        cursor_closep(&cursor);
        cursor = NULL;
        transaction_deinit(&transaction);
        environment = environment_close(environment);
        bytes[ROW_CHECKSUM_BYTES + at] ^= 1;
        row_seal((uint8_t)table, key_bytes, n_key, bytes, n);
        change_row(directory, table, key_bytes, n_key, bytes, n);
}

static void test_affirm_withdrawal_or_topic_that_the_journal_does_not_give_is_told(void **state)
{
        static const struct {
                CheckpointTable table;
                size_t at; /* a byte of: when it was received, when it left, its last revision */
                const char *words;
        } rows[] = { { CHECKPOINT_AFFIRMS, 8, "table affirms is not" },
                     { CHECKPOINT_TOMBSTONES, 8, "table tombstones is not" },
                     { CHECKPOINT_TOPICS, 8, "table topics is not" } };
        Place place;

        begin_affirmed(&place);
        verify(place.directory, NULL);
        assert_clean();
        assert_true(report.checkpoint_compared);
        for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
                copy_directory(place.directory, kit_path("copy"));
                bend_row(kit_path("copy"), rows[i].table, rows[i].at);
                verify(kit_path("copy"), NULL);
                assert_found(VERIFY_RE_SIGNED, place.world.revision, rows[i].words);
        }
        place_end(&place);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_file_that_is_cut_is_truncated),
                TEST(test_journal_without_its_last_entries_is_truncated),
                TEST(test_journal_with_a_hole_is_truncated),
                TEST(test_checkpoint_ahead_of_its_journal_is_truncated),
                TEST(test_update_that_another_key_signed_is_told),
                TEST(test_update_whose_signature_is_not_its_partys_is_told),
                TEST(test_of_many_entries_what_is_wrong_is_told_in_their_order),
                TEST(test_enrolment_that_the_authority_did_not_sign_is_told),
                TEST(test_update_of_a_place_that_is_not_its_partys_is_told),
                TEST(test_epoch_of_a_broker_that_no_card_lists_is_told),
                TEST(test_epoch_that_continues_another_history_is_told),
                TEST(test_journal_of_another_authority_is_told),
                TEST(test_checkpoint_that_the_journal_does_not_give_is_told),
                TEST(test_affirm_withdrawal_or_topic_that_the_journal_does_not_give_is_told),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/verify-history", tests, NULL, NULL);
}
