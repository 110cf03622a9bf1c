#include "store-kit.h"

#include "internal/endian.h"
#include "store/environment.h"
#include "store/meta.h"
#include "store/rows.h"
#include "store/survey.h"

static Environment *environment_here(void)
{
        Environment *environment = NULL;
        const char *text = "";

        if (environment_open(&environment, kit_directory, 0, 0, &text))
                fail_msg("%s", text);
        return environment;
}

static size_t read_file(const char *name, uint8_t *bytes, size_t n_max, struct stat *ret_status)
{
        int fd = open(kit_path(name), O_RDONLY);
        ssize_t n;

        assert_true(fd >= 0);
        n = read(fd, bytes, n_max);
        assert_int_equal(fstat(fd, ret_status), 0);
        close(fd);
        return (size_t)n;
}

/* As version 1 left it: without the tables that came later. */
static void make_version_1(void)
{
        Environment *environment = environment_here();
        Transaction transaction;
        uint8_t *value, row[32];

        assert_int_equal(transaction_write(&transaction, environment), 0);
        for (CheckpointTable table = CHECKPOINT_NARROW; table < N_CHECKPOINT_TABLES; table++)
                assert_int_equal(mdb_drop(transaction.txn, environment->tables[table], 1), 0);
        memcpy(row + ROW_CHECKSUM_BYTES, "\0\0\0\x01plekd 0", 11);
        row_seal(ROW_TAG_META, "plek.schema", 11, row, ROW_CHECKSUM_BYTES + 11);
        value = transaction_reserve(&transaction, environment->root, "plek.schema", 11,
                                    ROW_CHECKSUM_BYTES + 11, TRANSACTION_REPLACE);
        assert_non_null(value);
        memcpy(value, row, ROW_CHECKSUM_BYTES + 11);
        assert_int_equal(transaction_commit(&transaction), 0);
        environment_close(environment);
}

static void assert_version(const Environment *environment, uint32_t expected)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        uint32_t version;

        assert_int_equal(transaction_read(&transaction, (Environment *)environment), 0);
        assert_int_equal(meta_get_schema(&transaction, &version), 0);
        assert_int_equal(version, expected);
}

static void test_directory_of_version_1_is_read_as_it_is(void **state)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        const char *text = "";

        make_version_1();
        assert_int_equal(environment_open_reader(&environment, kit_directory, &text), 0);
        assert_int_equal(environment->tables_end, CHECKPOINT_NARROW);
        assert_version(environment, 1);
}

static void test_directory_of_version_1_is_brought_up_when_it_is_opened_to_write(void **state)
{
        CLEANUP(environment_closep) Environment *environment = NULL;

        make_version_1();
        environment = environment_here();
        assert_int_equal(environment->tables_end, N_CHECKPOINT_TABLES);
        assert_version(environment, SCHEMA_VERSION);
        environment = environment_close(environment);
        environment = environment_here();
        assert_version(environment, SCHEMA_VERSION);
}

static void test_directory_of_a_newer_version_is_refused_untouched(void **state)
{
        static uint8_t before[1024 * 1024], after[1024 * 1024];
        LedgerOptions options = kit_options();
        struct stat status_before, status_after;
        Environment *environment = environment_here();
        Transaction transaction;
        Ledger *ledger = NULL;
        const char *text = "";
        uint8_t *value, row[32];
        size_t n_before;

        /* The row as a later version would write it. */
        memcpy(row + ROW_CHECKSUM_BYTES, "\0\0\0\x03plekd 9", 11);
        row_seal(ROW_TAG_META, "plek.schema", 11, row, ROW_CHECKSUM_BYTES + 11);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        value = transaction_reserve(&transaction, environment->root, "plek.schema", 11,
                                    ROW_CHECKSUM_BYTES + 11, TRANSACTION_REPLACE);
        assert_non_null(value);
        memcpy(value, row, ROW_CHECKSUM_BYTES + 11);
        assert_int_equal(transaction_commit(&transaction), 0);
        environment_close(environment);

        n_before = read_file("data.mdb", before, sizeof(before), &status_before);
        assert_int_equal(ledger_open(&ledger, &options, &text), LEDGER_E_NEWER);
        assert_non_null(strstr(text, "newer version"));
        assert_int_equal(read_file("data.mdb", after, sizeof(after), &status_after), n_before);
        assert_memory_equal(before, after, n_before);
        assert_memory_equal(&status_before.st_mtim, &status_after.st_mtim, sizeof(struct timespec));
        assert_memory_equal(&status_before.st_ctim, &status_after.st_ctim, sizeof(struct timespec));
}

static void test_database_of_somebody_else_is_refused_untouched(void **state)
{
        LedgerOptions options = kit_options();
        Ledger *ledger = NULL;
        const char *text = "";
        MDB_env *env;
        MDB_txn *txn;
        MDB_dbi dbi;
        MDB_val key = { 1, "k" }, value = { 1, "v" };

        assert_int_equal(mdb_env_create(&env), 0);
        assert_int_equal(mdb_env_open(env, kit_directory, 0, 0600), 0);
        assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
        assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
        assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
        assert_int_equal(mdb_txn_commit(txn), 0);
        mdb_env_close(env);

        assert_int_equal(ledger_open(&ledger, &options, &text), LEDGER_E_DAMAGED);
        assert_non_null(strstr(text, "not plekd's"));
}

static void test_file_that_is_no_database_is_refused(void **state)
{
        LedgerOptions options = kit_options();
        Ledger *ledger = NULL;

        kit_write_file("data.mdb", "this is not LMDB's");
        assert_int_equal(ledger_open(&ledger, &options, NULL), LEDGER_E_DAMAGED);
}

/* What is missing is mapped all the same: touching it would be a SIGBUS. */
static void test_file_that_was_cut_off_is_refused_with_a_sentence(void **state)
{
        LedgerOptions options = kit_options();
        Ledger *ledger = kit_open();
        const char *text = "";
        struct stat status;

        assert_int_equal(kit_append(ledger, 500, 300), 0);
        ledger_close(ledger);
        assert_int_equal(stat(kit_path("data.mdb"), &status), 0);
        assert_int_equal(truncate(kit_path("data.mdb"), status.st_size / 3), 0);

        ledger = NULL;
        assert_int_equal(ledger_open(&ledger, &options, &text), LEDGER_E_DAMAGED);
        assert_non_null(strstr(text, "is damaged"));
}

/* LMDB may leave its file so: what a transaction took and gave back is counted, and not written. */
static void test_file_that_is_short_of_pages_nobody_uses_is_opened(void **state)
{
        Environment *environment = environment_here();
        Transaction transaction;
        struct stat status;
        Ledger *ledger;
        uint8_t *value;

        /* A large row, gone again: what is written after that goes where it was, at the front. */
        assert_int_equal(transaction_write(&transaction, environment), 0);
        value = transaction_reserve(&transaction, environment->tables[CHECKPOINT_RECORDS], "x", 1,
                                    400000, TRANSACTION_REPLACE);
        assert_non_null(value);
        memset(value, 1, 400000);
        assert_int_equal(transaction_commit(&transaction), 0);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        transaction_delete(&transaction, environment->tables[CHECKPOINT_RECORDS], "x", 1);
        assert_int_equal(transaction_commit(&transaction), 0);
        environment_close(environment);
        ledger = kit_open();
        for (unsigned i = 0; i < 5; i++)
                assert_int_equal(kit_append(ledger, 2, 300), 0);
        ledger_close(ledger);

        assert_int_equal(stat(kit_path("data.mdb"), &status), 0);
        assert_int_equal(truncate(kit_path("data.mdb"), status.st_size - 4096), 0);
        assert_true((uint64_t)status.st_size - 4096 < survey_written_bytes(kit_directory));
        ledger = kit_open();
        assert_int_equal(kit_drain(ledger, 1), 10);
        ledger_close(ledger);
}

/* Killed between the making of the file and the first commit. */
static void test_empty_database_is_a_new_one(void **state)
{
        MDB_env *env;
        Ledger *ledger;

        assert_int_equal(mdb_env_create(&env), 0);
        assert_int_equal(mdb_env_open(env, kit_directory, 0, 0600), 0);
        mdb_env_close(env);

        ledger = kit_open();
        assert_int_equal(kit_append(ledger, 2, 50), 0);
        assert_int_equal(kit_drain(ledger, 1), 2);
        ledger_close(ledger);
}

static void test_journal_without_its_tail_is_refused(void **state)
{
        LedgerOptions options = kit_options();
        Environment *environment;
        Transaction transaction;
        Ledger *ledger = kit_open();
        const char *text = "";
        uint8_t key[8];

        assert_int_equal(kit_append(ledger, 5, 50), 0);
        ledger_close(ledger);
        environment = environment_here();
        be64_put(key, 5);
        assert_int_equal(transaction_write(&transaction, environment), 0);
        transaction_delete(&transaction, environment->journal, key, sizeof(key));
        assert_int_equal(transaction_commit(&transaction), 0);
        environment_close(environment);

        ledger = NULL;
        assert_int_equal(ledger_open(&ledger, &options, &text), LEDGER_E_DAMAGED);
        assert_non_null(strstr(text, "ends at revision 4, and should at 5"));
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_directory_of_version_1_is_read_as_it_is),
                TEST(test_directory_of_version_1_is_brought_up_when_it_is_opened_to_write),
                TEST(test_directory_of_a_newer_version_is_refused_untouched),
                TEST(test_database_of_somebody_else_is_refused_untouched),
                TEST(test_file_that_is_no_database_is_refused),
                TEST(test_file_that_was_cut_off_is_refused_with_a_sentence),
                TEST(test_file_that_is_short_of_pages_nobody_uses_is_opened),
                TEST(test_empty_database_is_a_new_one),
                TEST(test_journal_without_its_tail_is_refused),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("store/environment", tests, NULL, NULL);
}
