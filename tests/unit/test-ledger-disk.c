#include "store-kit.h"

#include "faulty-disk.h"

static Ledger *open_with(size_t n_entries)
{
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, n_entries, 300), 0);
        assert_int_equal(kit_drain(ledger, 1), n_entries);
        return ledger;
}

/* What a restart finds is what was committed, and nothing of what failed. */
static void check_after_restart(Ledger *ledger, size_t n_entries)
{
        ledger_close(ledger);
        ledger = kit_open();
        assert_int_equal(ledger_last_revision(ledger), n_entries);
        assert_int_equal(kit_drain(ledger, 1), n_entries);
        ledger_close(ledger);
}

static void test_failed_data_sync_is_the_end_when_there_is_room(void **state)
{
        Ledger *ledger = open_with(5);

        disk_fail(DISK_SYNC, 1, EIO, false);
        assert_int_equal(kit_append(ledger, 3, 300), LEDGER_E_BROKEN);
        assert_int_equal(faulty_disk.n_failed, 1);
        assert_int_equal(kit_drain(ledger, 6), 0);
        check_after_restart(ledger, 5);
}

/* P21: a failed meta write makes every later one MDB_PANIC. */
static void test_failed_meta_write_is_the_end(void **state)
{
        Ledger *ledger = open_with(5);

        disk_fail(DISK_META, 1, EIO, false);
        assert_int_equal(kit_append(ledger, 3, 300), LEDGER_E_BROKEN);
        assert_int_equal(faulty_disk.n_failed, 1);
        assert_int_equal(ledger_probe(ledger, 4096), LEDGER_E_BROKEN);
        assert_int_equal(kit_append(ledger, 3, 300), LEDGER_E_BROKEN);
        check_after_restart(ledger, 5);
}

/* Even when it says that the disk is full: the environment is poisoned all the same. */
static void test_full_disk_at_the_meta_write_is_the_end(void **state)
{
        Ledger *ledger = open_with(5);

        disk_fail(DISK_META, 1, ENOSPC, false);
        assert_int_equal(kit_append(ledger, 3, 300), LEDGER_E_BROKEN);
        check_after_restart(ledger, 5);
}

static void test_no_space_at_any_write_is_full_and_changes_nothing(void **state)
{
        static const size_t batches[] = { 1, 64, 512 };

        for (size_t i = 0; i < N_ELEMENTS(batches); i++) {
                Ledger *ledger = open_with(5);
                unsigned n_failed = 0;
                size_t n_held = 5;

                for (unsigned nth = 1; nth < 40; nth++) {
                        int r;

                        disk_fail(DISK_WRITE, nth, ENOSPC, false);
                        r = kit_append(ledger, batches[i], 300);
                        if (!r) {
                                n_held += batches[i];
                                disk_heal();
                                break;
                        }
                        /* The last write of a commit is the meta page's: see above. */
                        if (r == LEDGER_E_BROKEN)
                                break;
                        assert_int_equal(r, LEDGER_E_FULL);
                        assert_int_equal(ledger_last_revision(ledger), 5);
                        n_failed++;
                }
                assert_true(n_failed >= 1);
                if (n_held > 5)
                        assert_int_equal(kit_drain(ledger, 6), n_held - 5);
                check_after_restart(ledger, n_held);
                assert_int_equal(unlink(kit_path("data.mdb")), 0);
        }
}

/* LMDB makes EIO of a short write: with room on the disk by its own word, it is a broken one. */
static void test_short_write_with_room_is_the_end(void **state)
{
        Ledger *ledger = open_with(5);

        disk_fail(DISK_WRITE, 1, DISK_SHORT_WRITE, false);
        assert_int_equal(kit_append(ledger, 64, 300), LEDGER_E_BROKEN);
        check_after_restart(ledger, 5);
}

static void test_eio_where_a_probe_finds_no_room_is_full(void **state)
{
        Ledger *ledger = open_with(5);

        disk_fail(DISK_WRITE, 1, DISK_SHORT_WRITE, true);
        assert_int_equal(kit_append(ledger, 64, 300), LEDGER_E_FULL);
        assert_int_equal(ledger_probe(ledger, 4096), LEDGER_E_FULL);
        disk_heal();
        assert_int_equal(ledger_probe(ledger, 4096), 0);
        assert_int_equal(kit_append(ledger, 64, 300), 0);
        assert_int_equal(kit_drain(ledger, 6), 64);
        check_after_restart(ledger, 69);
}

enum {
        SMALL_DISK_BYTES = 4 * 1024 * 1024,
};

static void fill_and_recover(size_t n_batch)
{
        Ledger *ledger = kit_open();
        size_t n_held = 0;
        int r;

        kit_fill_disk("ballast", SMALL_DISK_BYTES / 4);
        while (!(r = kit_append(ledger, n_batch, 600)))
                n_held += n_batch;
        assert_int_equal(r, LEDGER_E_FULL);
        assert_true(n_held > 0);

        /* Still full, and nothing half-written. */
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(kit_append(ledger, n_batch, 600), LEDGER_E_FULL);
        kit_fill_disk("ballast2", 0);
        assert_int_equal(ledger_probe(ledger, 600 * n_batch), LEDGER_E_FULL);
        assert_int_equal(ledger_last_revision(ledger), n_held);
        assert_int_equal(kit_drain(ledger, 1), n_held);

        assert_int_equal(unlink(kit_path("ballast")), 0);
        assert_int_equal(ledger_probe(ledger, 600 * n_batch), 0);
        assert_int_equal(kit_append(ledger, n_batch, 600), 0);
        assert_int_equal(kit_drain(ledger, n_held + 1), n_batch);
        check_after_restart(ledger, n_held + n_batch);
}

#define NEEDS_SMALL_DISK()                                                                         \
        do {                                                                                       \
                if (!kit_small_disk(SMALL_DISK_BYTES)) {                                           \
                        print_message("# no right to mount a small file system: skipped\n");       \
                        skip();                                                                    \
                }                                                                                  \
        } while (0)

static void test_full_disk_is_told_and_recovered_from_with_batches_of_1(void **state)
{
        NEEDS_SMALL_DISK();
        fill_and_recover(1);
}

static void test_full_disk_is_told_and_recovered_from_with_batches_of_64(void **state)
{
        NEEDS_SMALL_DISK();
        fill_and_recover(64);
}

static void test_full_disk_is_told_and_recovered_from_with_batches_of_512(void **state)
{
        NEEDS_SMALL_DISK();
        fill_and_recover(512);
}

static void test_restart_on_a_full_disk_serves_what_it_has(void **state)
{
        Ledger *ledger;

        NEEDS_SMALL_DISK();
        ledger = open_with(20);
        ledger_close(ledger);
        kit_fill_disk("ballast", 0);

        ledger = kit_open();
        assert_int_equal(kit_drain(ledger, 1), 20);
        assert_int_equal(kit_append(ledger, 64, 600), LEDGER_E_FULL);
        assert_int_equal(unlink(kit_path("ballast")), 0);
        assert_int_equal(kit_append(ledger, 64, 600), 0);
        assert_int_equal(kit_drain(ledger, 21), 64);
        check_after_restart(ledger, 84);
}

/* LMDB maps its lock file: made anew on a full disk it would be sparse, and touching it a SIGBUS.
 */
static void test_full_disk_without_a_lock_file_is_served_and_then_written_again(void **state)
{
        Ledger *ledger;

        NEEDS_SMALL_DISK();
        ledger = open_with(20);
        ledger_close(ledger);
        assert_int_equal(unlink(kit_path("lock.mdb")), 0);
        kit_fill_disk("ballast", 0);

        ledger = kit_open();
        assert_false(ledger_is_writable(ledger));
        assert_int_equal(kit_drain(ledger, 1), 20);
        assert_int_equal(kit_append(ledger, 1, 600), LEDGER_E_FULL);
        assert_int_equal(ledger_probe(ledger, 600), LEDGER_E_FULL);

        assert_int_equal(unlink(kit_path("ballast")), 0);
        assert_int_equal(ledger_probe(ledger, 600), 0);
        assert_true(ledger_is_writable(ledger));
        assert_int_equal(kit_append(ledger, 1, 600), 0);
        assert_int_equal(kit_drain(ledger, 21), 1);
        check_after_restart(ledger, 21);
}

static void test_read_only_disk_is_served_and_then_written_again(void **state)
{
        Ledger *ledger;

        NEEDS_SMALL_DISK();
        ledger = open_with(20);
        ledger_close(ledger);
        assert_int_equal(mount(NULL, kit_directory, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);

        ledger = kit_open();
        assert_false(ledger_is_writable(ledger));
        assert_int_equal(kit_drain(ledger, 1), 20);
        assert_int_equal(kit_append(ledger, 1, 600), LEDGER_E_FULL);

        assert_int_equal(mount(NULL, kit_directory, NULL, MS_REMOUNT, NULL), 0);
        assert_int_equal(kit_append(ledger, 1, 600), 0);
        assert_true(ledger_is_writable(ledger));
        assert_int_equal(kit_drain(ledger, 21), 1);
        check_after_restart(ledger, 21);
}

static void test_new_directory_on_a_full_disk_is_refused_with_a_sentence(void **state)
{
        LedgerOptions options = kit_options();
        Ledger *ledger = NULL;
        const char *text = "";

        NEEDS_SMALL_DISK();
        kit_fill_disk("ballast", 0);
        assert_int_equal(ledger_open(&ledger, &options, &text), -ENOSPC);
        assert_non_null(strstr(text, "full"));
}

int main(void)
{
#define TEST(_name)  cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
#define MOUNT(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_drop_small_disk)
        const struct CMUnitTest tests[] = {
                TEST(test_failed_data_sync_is_the_end_when_there_is_room),
                TEST(test_failed_meta_write_is_the_end),
                TEST(test_full_disk_at_the_meta_write_is_the_end),
                TEST(test_no_space_at_any_write_is_full_and_changes_nothing),
                TEST(test_short_write_with_room_is_the_end),
                TEST(test_eio_where_a_probe_finds_no_room_is_full),
                MOUNT(test_full_disk_is_told_and_recovered_from_with_batches_of_1),
                MOUNT(test_full_disk_is_told_and_recovered_from_with_batches_of_64),
                MOUNT(test_full_disk_is_told_and_recovered_from_with_batches_of_512),
                MOUNT(test_restart_on_a_full_disk_serves_what_it_has),
                MOUNT(test_full_disk_without_a_lock_file_is_served_and_then_written_again),
                MOUNT(test_read_only_disk_is_served_and_then_written_again),
                MOUNT(test_new_directory_on_a_full_disk_is_refused_with_a_sentence),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/ledger-disk", tests, NULL, NULL);
}
