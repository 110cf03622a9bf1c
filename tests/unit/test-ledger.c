#include "store-kit.h"

#include <pthread.h>
#include <sys/wait.h>

#include "internal/crashpoint.h"

static void test_new_directory_is_private_and_empty(void **state)
{
        CLEANUP(ledger_closep) Ledger *ledger = NULL;
        LedgerOptions options = { .directory = kit_path("data") };
        struct stat status;
        LedgerEntry entry;

        assert_int_equal(ledger_open(&ledger, &options, NULL), 0);
        assert_int_equal(stat(options.directory, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0700);
        assert_true(ledger_is_writable(ledger));
        assert_int_equal(ledger_last_revision(ledger), 0);
        assert_int_equal(ledger_next(ledger, &entry), LEDGER_E_END);
}

static void test_appended_is_handed_back_in_order(void **state)
{
        CLEANUP(ledger_closep) Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 3, 100), 0);
        assert_int_equal(kit_append(ledger, 2, 100), 0);
        assert_int_equal(ledger_last_revision(ledger), 5);
        assert_int_equal(kit_drain(ledger, 1), 5);
        assert_int_equal(kit_append(ledger, 1, 100), 0);
        assert_int_equal(kit_drain(ledger, 6), 1);
}

static void test_what_does_not_fit_in_memory_comes_from_the_journal(void **state)
{
        CLEANUP(ledger_closep) Ledger *ledger = kit_open();

        for (unsigned i = 0; i < 5; i++)
                assert_int_equal(kit_append(ledger, 700, 60), 0);
        assert_int_equal(kit_drain(ledger, 1), 3500);
        assert_int_equal(kit_append(ledger, 5, 60), 0);
        assert_int_equal(kit_drain(ledger, 3501), 5);
}

static void test_large_entries_come_back_whole(void **state)
{
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 20, 256 * 1024), 0);
        assert_int_equal(kit_append(ledger, 1, 4 * 1024 * 1024), 0);
        ledger_close(ledger);

        ledger = kit_open();
        assert_int_equal(kit_drain(ledger, 1), 21);
        ledger_close(ledger);
}

static void test_restart_hands_back_everything_from_the_first(void **state)
{
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 1000, 200), 0);
        assert_int_equal(kit_append(ledger, 1, 200), 0);
        ledger_close(ledger);

        ledger = kit_open();
        assert_int_equal(ledger_last_revision(ledger), 1001);
        assert_int_equal(kit_drain(ledger, 1), 1001);
        assert_int_equal(kit_append(ledger, 1, 200), 0);
        assert_int_equal(kit_drain(ledger, 1002), 1);
        ledger_close(ledger);
}

static void check_commit_ends(Ledger *ledger, const bool *ends, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                LedgerEntry entry;

                assert_int_equal(ledger_next(ledger, &entry), 0);
                assert_int_equal(entry.ends_commit, ends[i]);
                blob_unref(entry.bytes);
        }
}

static void test_end_of_a_commit_is_known_after_a_restart(void **state)
{
        static const bool ends[] = { false, false, true, true, false, true };
        Ledger *ledger = kit_open();

        assert_int_equal(kit_append(ledger, 3, 50), 0);
        assert_int_equal(kit_append(ledger, 1, 50), 0);
        assert_int_equal(kit_append(ledger, 2, 50), 0);
        check_commit_ends(ledger, ends, N_ELEMENTS(ends));
        ledger_close(ledger);

        ledger = kit_open();
        check_commit_ends(ledger, ends, N_ELEMENTS(ends));
        ledger_close(ledger);
}

static void test_plan_on_an_old_base_conflicts(void **state)
{
        CLEANUP(ledger_closep) Ledger *ledger = kit_open();
        CLEANUP(plan_freep) Plan *plan = kit_plan(0, 1, 50);

        assert_int_equal(ledger_append(ledger, plan, KIT_NOW_MS, NULL), 0);
        assert_int_equal(ledger_append(ledger, plan, KIT_NOW_MS, NULL), LEDGER_E_CONFLICT);
        assert_int_equal(ledger_last_revision(ledger), 1);
        assert_int_equal(kit_drain(ledger, 1), 1);
}

static void test_time_never_goes_back(void **state)
{
        static const int64_t given[] = { 5000, 4000, 6000 };
        static const int64_t kept[] = { 5000, 5000, 6000 };
        Ledger *ledger = kit_open();

        for (size_t i = 0; i < N_ELEMENTS(given); i++) {
                CLEANUP(plan_freep) Plan *plan = kit_plan(i, 1, 50);
                LedgerEntry entry;

                assert_int_equal(ledger_append(ledger, plan, given[i], NULL), 0);
                assert_int_equal(ledger_next(ledger, &entry), 0);
                assert_int_equal(entry.time_ms, kept[i]);
                blob_unref(entry.bytes);
                ledger_close(ledger);
                ledger = kit_open();
                while (!ledger_next(ledger, &entry))
                        blob_unref(entry.bytes);
        }
        ledger_close(ledger);
}

static void test_head_is_known_at_every_revision(void **state)
{
        CLEANUP(ledger_closep) Ledger *ledger = kit_open();
        uint8_t head[DIGEST_BYTES];
        int64_t time_ms;
        LedgerEntry entry;

        assert_int_equal(ledger_head_at(ledger, 1, head, &time_ms), LEDGER_E_END);
        assert_int_equal(kit_append(ledger, 4, 50), 0);
        while (!ledger_next(ledger, &entry)) {
                assert_int_equal(ledger_head_at(ledger, entry.revision, head, &time_ms), 0);
                assert_memory_equal(head, entry.head, sizeof(head));
                assert_int_equal(time_ms, KIT_NOW_MS);
                blob_unref(entry.bytes);
        }
        assert_int_equal(ledger_head_at(ledger, 5, head, &time_ms), LEDGER_E_END);
}

static void test_map_grows_on_demand(void **state)
{
        LedgerOptions options = kit_options();
        LedgerStats stats;
        Ledger *ledger;

        options.map_bytes_initial = 256 * 1024;
        assert_int_equal(ledger_open(&ledger, &options, NULL), 0);
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(kit_append(ledger, 1024, 600), 0);
        ledger_stats(ledger, &stats);
        assert_true(stats.map_bytes >= 8 * 1024 * 1024);
        assert_int_equal(stats.n_commits, 10);
        assert_int_equal(stats.n_entries, 10240);
        assert_in_range(stats.used_bytes, 10240 * 600, stats.file_bytes);
        assert_int_equal(kit_drain(ledger, 1), 10240);
        ledger_close(ledger);

        ledger = kit_open();
        assert_int_equal(kit_drain(ledger, 1), 10240);
        ledger_close(ledger);
}

/* Of every size of batch there is one for which the last page is wanted only in the commit. */
static void test_map_grows_wherever_it_runs_out(void **state)
{
        for (size_t n = 1; n < 60; n++) {
                LedgerOptions options = kit_options();
                Ledger *ledger;

                options.map_bytes_initial = 128 * 1024;
                assert_int_equal(ledger_open(&ledger, &options, NULL), 0);
                for (unsigned i = 0; i < 8; i++)
                        assert_int_equal(kit_append(ledger, n, 1900), 0);
                assert_int_equal(kit_drain(ledger, 1), 8 * n);
                ledger_close(ledger);
                assert_int_equal(unlink(kit_path("data.mdb")), 0);
        }
}

enum {
        COMMITS = 60,
        COMMIT_ENTRIES = 100,
};

static void *commit_thread(void *arg)
{
        for (unsigned i = 0; i < COMMITS; i++)
                if (kit_append(arg, COMMIT_ENTRIES, 700))
                        return arg;
        return NULL;
}

/* Growing the map needs that nobody reads meanwhile; main reads all the time. */
static void test_main_reads_while_the_commit_thread_appends_and_grows_the_map(void **state)
{
        LedgerOptions options = kit_options();
        uint64_t n_taken = 0;
        pthread_t thread;
        LedgerStats stats;
        Ledger *ledger;
        void *failed;

        options.map_bytes_initial = 128 * 1024;
        assert_int_equal(ledger_open(&ledger, &options, NULL), 0);
        assert_int_equal(pthread_create(&thread, NULL, commit_thread, ledger), 0);
        while (n_taken < COMMITS * COMMIT_ENTRIES) {
                uint8_t head[DIGEST_BYTES];
                LedgerEntry entry;
                int64_t time_ms;
                int r;

                r = ledger_next(ledger, &entry);
                ledger_stats(ledger, &stats);
                if (r == LEDGER_E_END)
                        continue;
                assert_int_equal(r, 0);
                assert_int_equal(entry.revision, ++n_taken);
                assert_int_equal(ledger_head_at(ledger, n_taken, head, &time_ms), 0);
                assert_memory_equal(head, entry.head, sizeof(head));
                blob_unref(entry.bytes);
        }
        assert_int_equal(pthread_join(thread, &failed), 0);
        assert_null(failed);
        assert_int_equal(ledger_last_revision(ledger), COMMITS * COMMIT_ENTRIES);
        assert_true(stats.map_bytes > 4 * 1024 * 1024);
        ledger_close(ledger);
}

static void test_map_at_its_limit_is_full_and_what_is_there_stays(void **state)
{
        LedgerOptions options = kit_options();
        Ledger *ledger;
        size_t n = 0;
        int r;

        options.map_bytes_initial = 256 * 1024;
        options.map_bytes_max = 1024 * 1024;
        assert_int_equal(ledger_open(&ledger, &options, NULL), 0);
        while (!(r = kit_append(ledger, 10, 600)))
                n += 10;
        assert_int_equal(r, LEDGER_E_FULL);
        assert_in_range(n, 500, 2000);
        assert_int_equal(ledger_probe(ledger, 1024 * 1024), LEDGER_E_FULL);
        assert_int_equal(kit_drain(ledger, 1), n);
        ledger_close(ledger);
}

static void test_second_daemon_is_refused_with_the_first_ones_pid(void **state)
{
        CLEANUP(ledger_closep) Ledger *ledger = kit_open();
        LedgerOptions options = kit_options();
        Ledger *second = NULL;
        const char *text = "";
        char pid[32];

        snprintf(pid, sizeof(pid), "%ld", (long)getpid());
        assert_int_equal(ledger_open(&second, &options, &text), LEDGER_E_LOCKED);
        assert_null(second);
        assert_non_null(strstr(text, pid));
        assert_non_null(strstr(text, kit_directory));
        assert_int_equal(kit_append(ledger, 1, 50), 0);
}

static void raise_here(const char *name)
{
        crash_point(name);
}

/* In a child: appends after one whole commit, and dies at @point. */
static void die_at(const char *point)
{
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (!pid) {
                LedgerOptions options = kit_options();
                Ledger *ledger;

                setenv("PLEK_CRASH_AT", point, 1);
                crash_point_arm();
                options.crash_point = raise_here;
                if (ledger_open(&ledger, &options, NULL))
                        _exit(1);
                (void)kit_append(ledger, 7, 90);
                (void)kit_append(ledger, 7, 90);
                _exit(2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void test_killed_before_the_commit_leaves_nothing_of_it(void **state)
{
        die_at("after-put:2");

        CLEANUP(ledger_closep) Ledger *ledger = kit_open();
        assert_int_equal(kit_drain(ledger, 1), 7);
        assert_int_equal(kit_append(ledger, 1, 90), 0);
        assert_int_equal(kit_drain(ledger, 8), 1);
}

static void test_killed_after_the_commit_has_all_of_it(void **state)
{
        die_at("after-meta-sync:2");

        CLEANUP(ledger_closep) Ledger *ledger = kit_open();
        assert_int_equal(kit_drain(ledger, 1), 14);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_new_directory_is_private_and_empty),
                TEST(test_appended_is_handed_back_in_order),
                TEST(test_what_does_not_fit_in_memory_comes_from_the_journal),
                TEST(test_large_entries_come_back_whole),
                TEST(test_restart_hands_back_everything_from_the_first),
                TEST(test_end_of_a_commit_is_known_after_a_restart),
                TEST(test_plan_on_an_old_base_conflicts),
                TEST(test_time_never_goes_back),
                TEST(test_head_is_known_at_every_revision),
                TEST(test_map_grows_on_demand),
                TEST(test_map_grows_wherever_it_runs_out),
                TEST(test_main_reads_while_the_commit_thread_appends_and_grows_the_map),
                TEST(test_map_at_its_limit_is_full_and_what_is_there_stays),
                TEST(test_second_daemon_is_refused_with_the_first_ones_pid),
                TEST(test_killed_before_the_commit_leaves_nothing_of_it),
                TEST(test_killed_after_the_commit_has_all_of_it),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/ledger", tests, NULL, NULL);
}
