#include "store-place.h"
#include "store/journal.h"
#include "store/backup.h"
#include "store/rows.h"

/* ------------------------------------------------------------------ whole */

static unsigned n_progress;

static void count_progress(void *arg, uint64_t n_done, uint64_t n_all)
{
        assert_true(n_done <= n_all);
        n_progress++;
}

static void test_whole_directory_is_found_whole(void **state)
{
        VerifyOptions options = { .progress = count_progress };
        Place place;

        place_begin(&place, "data", 40);
        place_checkpoint(&place);
        place_say(&place, 5);
        place_write(&place, NULL);
        world_open_epoch(&place.world, true);
        place_write(&place, NULL);
        options.authority = secret_key_public(place.world.authority)->sign;
        verify(place.directory, &options);
        assert_clean();
        assert_string_equal(report.network, "test-region");
        assert_int_equal(report.n_entries, 50);
        assert_int_equal(report.last_revision, 50);
        assert_memory_equal(report.head, place.world.head, DIGEST_BYTES);
        assert_int_equal(report.n_signatures, 49); /* all but the genesis */
        assert_int_equal(report.n_epochs, 2);
        assert_int_equal(report.n_cuts, 0);
        assert_true(report.n_rows > 8);
        assert_true(report.has_card);
        assert_true(report.checkpoint_compared);
        assert_int_equal(report.unchecked_after, 0);
        assert_true(n_progress > 0);
        place_end(&place);
}

static void test_empty_directory_is_whole(void **state)
{
        Place place = { .directory = kit_path("data") };

        place_open(&place);
        verify(place.directory, NULL);
        assert_clean();
        assert_int_equal(report.n_entries, 0);
        ledger_close(place.ledger);
}

static void test_everything_that_a_ledger_may_hold_is_whole(void **state)
{
        Suspension suspension;
        Enrolment enrolment;
        Update update;
        Place place;
        uint8_t confirm = CONFIRM_EPOCH;
        Blob *bytes = NULL;

        place_begin(&place, "data", 3);
        update = world_affirm(&place.world, place.party, "loc", LANE_COUNTS);
        world_publish(&place.world, place.party, &update);
        update = world_withdraw(&place.world, place.party, "loc", 2);
        world_publish(&place.world, place.party, &update);
        suspension = world_suspension(place.party, true);
        world_suspend(&place.world, &suspension);
        suspension = world_suspension(place.party, false);
        world_suspend(&place.world, &suspension);
        place_say(&place, 3);
        enrolment = world_enrolment(&place.world, place.party, NULL, 0);
        enrolment.roles = 0;
        enrolment.audience = 0;
        enrolment.cause = "lost";
        world_enrol(&place.world, place.party, &enrolment);
        world_open_epoch(&place.world, false);
        assert_int_equal(blob_copy(&bytes, &confirm, 1), 0);
        world_apply(&place.world, ENTRY_CONFIRM, bytes);
        place_write(&place, NULL);
        place_checkpoint(&place);
        verify(place.directory, NULL);
        assert_clean();
        assert_int_equal(report.n_cuts, 1);
        assert_true(report.checkpoint_compared);
        place_end(&place);
}

/* ------------------------------------------------------------------ bits */

static void flip(const char *path, off_t at, uint8_t mask)
{
        int fd = open(path, O_RDWR);
        uint8_t byte;

        assert_true(fd >= 0);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= mask;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
}

/* Wherever @bytes stand: LMDB leaves older copies of a page behind. Flips one bit @at after. */
static void flip_where(const char *path, const void *bytes, size_t n_bytes, size_t at)
{
        static uint8_t file[8 * 1024 * 1024];
        int fd = open(path, O_RDONLY);
        unsigned n_found = 0;
        ssize_t n;

        assert_true(fd >= 0);
        n = read(fd, file, sizeof(file));
        close(fd);
        for (ssize_t i = 0; i + (ssize_t)n_bytes <= n; i++) {
                if (memcmp(file + i, bytes, n_bytes) != 0)
                        continue;
                flip(path, i + (off_t)at, 4);
                n_found++;
        }
        assert_true(n_found > 0);
}

static void test_flipped_bit_in_an_entry_is_named(void **state)
{
        const LedgerEntry *entry;
        Place place;

        place_begin(&place, "data", 20);
        copy_directory(place.directory, kit_path("copy"));
        entry = &place.world.ledger[11];
        flip_where(kit_path("copy/data.mdb"), entry->bytes->bytes, entry->bytes->n_bytes, 120);
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_BIT_FLIPPED, 12, "entry 12: its bytes are not those of its digest");
        assert_int_equal(report.n_findings, 1);
        assert_int_equal(report.n_entries, 24);
        assert_int_equal(report.n_signatures, 22);
        place_end(&place);
}

static void test_flipped_bit_in_a_journal_row_is_named(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        copy_directory(place.directory, kit_path("copy"));
        flip_where(kit_path("copy/data.mdb"), place.world.ledger[11].head, DIGEST_BYTES, 0);
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_BIT_FLIPPED, 12, "entry 12: its row is damaged");
        assert_int_equal(report.unchecked_after, 12);
        place_end(&place);
}

static void test_flipped_bit_in_a_checkpoint_row_is_told(void **state)
{
        uint8_t row[ROW_CHECKSUM_BYTES + 49] = { 0 };
        Place place;

        place_begin(&place, "data", 20);
        place_checkpoint(&place);
        copy_directory(place.directory, kit_path("copy"));
        row_seal(CHECKPOINT_PARTIES, "a", 1, row, sizeof(row));
        row[20] ^= 1;
        change_row(kit_path("copy"), CHECKPOINT_PARTIES, "a", 1, row, sizeof(row));
        verify(kit_path("copy"), NULL);
        assert_found(VERIFY_BIT_FLIPPED, 0, "in table parties, is damaged");
        place_end(&place);
}

/* Of some LMDB can only die. Whatever is flipped, there is an answer; mostly it is a finding: not
 * in the empty middle of a page, nor in numbers that nobody reads. */
static void test_every_flipped_bit_gets_an_answer(void **state)
{
        unsigned n_found = 0, n_tried = 0;
        char compact[128];
        const char *text;
        uint64_t revision;
        size_t n_bytes;
        Place place;

        place_begin(&place, "data", 250);
        place_checkpoint(&place);
        snprintf(compact, sizeof(compact), "%s", kit_path("compact"));
        assert_int_equal(ledger_backup(place.directory, compact, &revision, &text), 0);
        n_bytes = file_size(kit_path("compact/data.mdb"));
        for (size_t at = 0; at < n_bytes; at += 1021) {
                copy_directory(compact, kit_path("copy"));
                flip(kit_path("copy/data.mdb"), (off_t)at, (uint8_t)(1 << at % 8));
                verify(kit_path("copy"), NULL);
                n_found += report.n_findings > 0;
                n_tried++;
        }
        print_message("# %u of %u flipped bits were found\n", n_found, n_tried);
        assert_true(n_tried > 100);
        assert_true(n_found * 2 > n_tried);
        place_end(&place);
}

/* As a broker does to numbers that are old; or somebody to what may never go. */
static void thin(const char *directory, uint64_t revision)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        Transaction transaction;
        const char *text;
        JournalRow row;

        assert_int_equal(environment_open(&environment, directory, 0, 0, &text), 0);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        assert_int_equal(journal_get(&transaction, revision, &row), 0);
        journal_thin(&transaction, &row);
        assert_int_equal(transaction_commit(&transaction), 0);
}

static void test_chain_goes_through_numbers_that_were_thinned(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        place_checkpoint(&place);
        ledger_close(STEAL(place.ledger));
        thin(place.directory, 8);
        thin(place.directory, 9);
        verify(place.directory, NULL);
        assert_clean();
        assert_int_equal(report.n_thinned, 2);
        assert_int_equal(report.n_entries, place.world.n_ledger);
        assert_true(report.checkpoint_compared);
        place_end(&place);
}

static void test_word_on_who_is_who_that_was_thinned_is_found(void **state)
{
        Place place;

        place_begin(&place, "data", 20);
        ledger_close(STEAL(place.ledger));
        thin(place.directory, 4);
        verify(place.directory, NULL);
        assert_found(VERIFY_RE_SIGNED, 4, "only numbers are thinned");
        place_end(&place);
}

static void test_page_that_lmdb_dies_of_is_damage(void **state)
{
        unsigned n_found = 0;
        size_t n_bytes;
        Place place;

        place_begin(&place, "data", 60);
        n_bytes = file_size(kit_path("data/data.mdb"));
        copy_directory(place.directory, kit_path("copy"));
        /* The flags in every page's head: none is a leaf or a branch any more. */
        for (size_t at = 2 * 4096; at < n_bytes; at += 4096)
                flip(kit_path("copy/data.mdb"), (off_t)at + 10, 0xff);
        verify(kit_path("copy"), NULL);
        n_found += report.n_defects[VERIFY_BIT_FLIPPED];
        assert_int_equal(n_found, report.n_findings);
        assert_true(n_found > 0);
        place_end(&place);
}

static void test_file_that_is_no_database_is_damage(void **state)
{
        char garbage[20000];

        memset(garbage, 'x', sizeof(garbage) - 1);
        garbage[sizeof(garbage) - 1] = '\0';
        kit_write_file("data.mdb", garbage);
        verify(kit_directory, NULL);
        assert_found(VERIFY_BIT_FLIPPED, 0, "do not hold together");
}

/* ------------------------------------------------------------------ what cannot be judged */

static void test_directory_that_is_not_there_is_told(void **state)
{
        static const VerifyOptions none;

        assert_unreadable(kit_path("nowhere"), &none, "nowhere cannot be opened");
        assert_unreadable(kit_directory, &none, "cannot be opened");
}

static void test_looking_writes_nothing(void **state)
{
        Place place;

        place_begin(&place, "data", 3);
        copy_directory(place.directory, kit_path("copy"));
        assert_int_equal(unlink(kit_path("copy/plekd.lock")), 0);
        verify(kit_path("copy"), NULL);
        assert_clean();
        assert_int_equal(access(kit_path("copy/lock.mdb"), F_OK), -1);
        assert_int_equal(access(kit_path("copy/plekd.lock"), F_OK), -1);
        place_end(&place);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_whole_directory_is_found_whole),
                TEST(test_chain_goes_through_numbers_that_were_thinned),
                TEST(test_word_on_who_is_who_that_was_thinned_is_found),
                TEST(test_empty_directory_is_whole),
                TEST(test_everything_that_a_ledger_may_hold_is_whole),
                TEST(test_flipped_bit_in_an_entry_is_named),
                TEST(test_flipped_bit_in_a_journal_row_is_named),
                TEST(test_flipped_bit_in_a_checkpoint_row_is_told),
                TEST(test_every_flipped_bit_gets_an_answer),
                TEST(test_page_that_lmdb_dies_of_is_damage),
                TEST(test_file_that_is_no_database_is_damage),
                TEST(test_directory_that_is_not_there_is_told),
                TEST(test_looking_writes_nothing),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/verify", tests, NULL, NULL);
}
