#include "store-place.h"

#include <sched.h>

#include "store/environment.h"
#include "store/scrub.h"

/* Until it has ended by itself; the test's timeout is the limit. */
static ScrubProgress scrub_to_its_end(Ledger *ledger)
{
        ScrubProgress progress;
        Scrub *scrub;

        assert_int_equal(scrub_new(&scrub, ledger, 100), 0);
        for (;;) {
                scrub_progress(scrub, &progress);
                if (progress.ended)
                        break;
                sched_yield();
        }
        scrub_free(scrub);
        return progress;
}

static void test_whole_journal_is_looked_at_to_its_end(void **state)
{
        ScrubProgress progress;
        Place place;

        place_begin(&place, "data", 300);
        progress = scrub_to_its_end(place.ledger);
        assert_int_equal(progress.n_all, 304);
        assert_int_equal(progress.n_done, 304);
        assert_int_equal(progress.damaged_revision, 0);
        place_end(&place);
}

static void test_empty_journal_is_at_its_end(void **state)
{
        ScrubProgress progress;
        Ledger *ledger = kit_open();

        progress = scrub_to_its_end(ledger);
        assert_int_equal(progress.n_all, 0);
        assert_int_equal(progress.damaged_revision, 0);
        ledger_close(ledger);
}

static void test_entry_that_nobody_signed_is_found(void **state)
{
        ScrubProgress progress;
        Update update;
        Blob *envelope;
        Place place;

        place_begin(&place, "data", 100);
        update = world_counts(&place.world, place.party, "loc", 1, 99);
        envelope = world_update_envelope(&place.world, place.party, &update);
        envelope->bytes[ENVELOPE_HEADER_BYTES + 3] ^= 1;
        world_append(&place.world, ENTRY_UPDATE, envelope);
        place_say(&place, 0);
        place_write(&place, NULL);
        progress = scrub_to_its_end(place.ledger);
        assert_int_equal(progress.damaged_revision, 105);
        assert_non_null(strstr(progress.what, "signature"));
        assert_int_equal(progress.n_done, 104);
        place_end(&place);
}

/* As a disk that rots would: the file changes under the daemon. */
static void test_bit_that_flips_under_the_daemon_is_found(void **state)
{
        static uint8_t file[4 * 1024 * 1024];
        const LedgerEntry *entry;
        ScrubProgress progress;
        Place place;
        ssize_t n;
        int fd;

        place_begin(&place, "data", 100);
        entry = &place.world.ledger[49];
        fd = open(kit_path("data/data.mdb"), O_RDWR);
        assert_true(fd >= 0);
        n = read(fd, file, sizeof(file));
        for (ssize_t i = 0; i + (ssize_t)entry->bytes->n_bytes <= n; i++) {
                uint8_t flipped = file[i + 110] ^ 2;

                if (memcmp(file + i, entry->bytes->bytes, entry->bytes->n_bytes) == 0)
                        assert_int_equal(pwrite(fd, &flipped, 1, i + 110), 1);
        }
        close(fd);

        progress = scrub_to_its_end(place.ledger);
        assert_int_equal(progress.damaged_revision, 50);
        assert_non_null(strstr(progress.what, "digest"));
        place_end(&place);
}

static void test_entry_that_is_gone_is_found(void **state)
{
        Environment *environment;
        ScrubProgress progress;
        Transaction transaction;
        uint8_t key[8] = { [7] = 40 };
        const char *text;
        Place place;

        place_begin(&place, "data", 100);
        ledger_close(place.ledger);
        assert_int_equal(environment_open(&environment, place.directory, 0, 0, &text), 0);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        transaction_delete(&transaction, environment->journal, key, sizeof(key));
        assert_int_equal(transaction_commit(&transaction), 0);
        environment_close(environment);

        place_open(&place);
        progress = scrub_to_its_end(place.ledger);
        assert_int_equal(progress.damaged_revision, 40);
        assert_int_equal(progress.n_done, 39);
        place_end(&place);
}

/* With one hundredth of a CPU it would take minutes, and appends go on beside it. */
static void test_scrub_stops_at_once_and_is_in_nobodys_way(void **state)
{
        ScrubProgress progress;
        Scrub *scrub;
        Place place;

        place_begin(&place, "data", 1000);
        assert_int_equal(scrub_new(&scrub, place.ledger, 1), 0);
        place_say(&place, 50);
        place_write(&place, NULL);
        scrub_progress(scrub, &progress);
        assert_false(progress.ended);
        assert_int_equal(progress.n_all, 1004);
        scrub_free(scrub);
        place_end(&place);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_whole_journal_is_looked_at_to_its_end),
                TEST(test_empty_journal_is_at_its_end),
                TEST(test_entry_that_nobody_signed_is_found),
                TEST(test_bit_that_flips_under_the_daemon_is_found),
                TEST(test_entry_that_is_gone_is_found),
                TEST(test_scrub_stops_at_once_and_is_in_nobodys_way),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/scrub", tests, NULL, NULL);
}
