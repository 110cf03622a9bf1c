#include "store-kit.h"

#include <sys/wait.h>

#include "store/backup.h"

static char target[128];

static int make_directories(void **state)
{
        if (kit_make_directory(state))
                return -1;
        snprintf(target, sizeof(target), "%s/copy", kit_directory);
        return 0;
}

static const char *source(void)
{
        static char path[128];

        snprintf(path, sizeof(path), "%s/source", kit_directory);
        return path;
}

static Ledger *open_at(const char *directory)
{
        LedgerOptions options = { .directory = directory };
        Ledger *ledger = NULL;
        const char *text = "";

        if (ledger_open(&ledger, &options, &text))
                fail_msg("%s", text);
        return ledger;
}

static void append_epoch(Ledger *ledger)
{
        CLEANUP(plan_freep) Plan *plan = kit_plan(ledger_last_revision(ledger), 1, 50);

        plan->entries[0].kind = ENTRY_EPOCH;
        assert_int_equal(ledger_append(ledger, plan, KIT_NOW_MS, NULL), 0);
}

static void back_up(uint64_t expected_revision)
{
        const char *text = "";
        uint64_t revision;
        int r;

        r = ledger_backup(source(), target, &revision, &text);
        if (r)
                fail_msg("%d: %s", r, text);
        assert_int_equal(revision, expected_revision);
}

static void test_copy_has_everything_and_says_that_it_is_one(void **state)
{
        Ledger *ledger = open_at(source());
        struct stat status;

        assert_int_equal(kit_append(ledger, 500, 300), 0);
        assert_false(ledger_is_restored(ledger));
        ledger_close(ledger);
        back_up(500);
        assert_int_equal(stat(target, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0700);

        ledger = open_at(target);
        assert_true(ledger_is_restored(ledger));
        assert_int_equal(kit_drain(ledger, 1), 500);
        ledger_close(ledger);
}

static void test_copy_is_one_until_an_epoch_is_opened_on_it(void **state)
{
        Ledger *ledger = open_at(source());

        assert_int_equal(kit_append(ledger, 5, 300), 0);
        ledger_close(ledger);
        back_up(5);

        ledger = open_at(target);
        assert_int_equal(kit_append(ledger, 1, 50), 0);
        assert_true(ledger_is_restored(ledger));
        append_epoch(ledger);
        assert_false(ledger_is_restored(ledger));
        ledger_close(ledger);

        ledger = open_at(target);
        assert_false(ledger_is_restored(ledger));
        assert_int_equal(ledger_last_revision(ledger), 7);
        ledger_close(ledger);
}

/* As an operator does it: from another process, while the daemon writes. */
static void test_live_directory_is_copied_at_a_commit(void **state)
{
        Ledger *ledger = open_at(source());
        int status, ready[2];
        uint64_t revision;
        char byte;
        pid_t pid;

        assert_int_equal(kit_append(ledger, 1000, 300), 0);
        assert_int_equal(pipe(ready), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (!pid) {
                const char *text;

                /* The daemon's environment is the parent's; nothing of it is touched here. */
                if (write(ready[1], "x", 1) != 1)
                        _exit(2);
                _exit(ledger_backup(source(), target, &revision, &text) || revision < 1000);
        }
        assert_int_equal(read(ready[0], &byte, 1), 1);
        for (unsigned i = 0; i < 50; i++)
                assert_int_equal(kit_append(ledger, 64, 300), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_int_equal(kit_append(ledger, 64, 300), 0);
        ledger_close(ledger);

        ledger = open_at(target);
        revision = ledger_last_revision(ledger);
        assert_int_equal((revision - 1000) % 64, 0);
        assert_int_equal(kit_drain(ledger, 1), revision);
        ledger_close(ledger);
        close(ready[0]);
        close(ready[1]);
}

static void test_copy_over_a_database_is_refused(void **state)
{
        const char *text = "";
        uint64_t revision;

        ledger_close(open_at(source()));
        back_up(0);
        assert_int_equal(ledger_backup(source(), target, &revision, &text), BACKUP_E_EXISTS);
        assert_non_null(strstr(text, "holds a database already"));
}

static void test_copy_of_nothing_is_refused(void **state)
{
        const char *text = "";
        uint64_t revision;

        assert_int_equal(ledger_backup(source(), target, &revision, &text), -ENOENT);
        assert_non_null(strstr(text, "source cannot be opened"));
        assert_int_equal(access(target, F_OK), -1);
}

static void test_copy_that_finds_no_room_leaves_no_database(void **state)
{
        Ledger *ledger;
        const char *text = "";
        uint64_t revision;

        if (!kit_small_disk(2 * 1024 * 1024)) {
                print_message("# no right to mount a small file system: skipped\n");
                skip();
        }
        ledger = open_at(source());
        assert_int_equal(kit_append(ledger, 1000, 600), 0);
        ledger_close(ledger);
        kit_fill_disk("ballast", 300 * 1024);

        assert_int_equal(ledger_backup(source(), target, &revision, &text), -ENOSPC);
        assert_non_null(strstr(text, "No space left"));
        assert_int_equal(access(kit_path("copy/data.mdb"), F_OK), -1);
        assert_int_equal(access(kit_path("copy/data.mdb.part"), F_OK), -1);

        assert_int_equal(unlink(kit_path("ballast")), 0);
        back_up(1000);
}

int main(void)
{
#define TEST(_name)  cmocka_unit_test_setup_teardown(_name, make_directories, kit_remove_directory)
#define MOUNT(_name) cmocka_unit_test_setup_teardown(_name, make_directories, kit_drop_small_disk)
        const struct CMUnitTest tests[] = {
                TEST(test_copy_has_everything_and_says_that_it_is_one),
                TEST(test_copy_is_one_until_an_epoch_is_opened_on_it),
                TEST(test_live_directory_is_copied_at_a_commit),
                TEST(test_copy_over_a_database_is_refused),
                TEST(test_copy_of_nothing_is_refused),
                MOUNT(test_copy_that_finds_no_room_leaves_no_database),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/backup", tests, NULL, NULL);
}
