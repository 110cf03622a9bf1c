#include "store-kit.h"

#include <jansson.h>
#include <sys/wait.h>

#include "offline/offline.h"

static char output[8192];

/* As `plekd ARGUMENTS`; returns its exit status, with what it said in @output. */
static int run(const char *const *arguments)
{
        char *argv[8] = { (char *)"plekd" };
        int argc = 1, status, fd;
        ssize_t n;
        pid_t pid;

        for (; arguments[argc - 1]; argc++)
                argv[argc] = (char *)arguments[argc - 1];

        fflush(NULL);
        pid = fork();
        assert_true(pid >= 0);
        if (!pid) {
                fd = open(kit_path("said"), O_CREAT | O_TRUNC | O_WRONLY, 0600);
                dup2(fd, STDOUT_FILENO);
                dup2(fd, STDERR_FILENO);
                if (!offline_run(argc, argv, &status))
                        status = 99;
                fflush(NULL);
                _exit(status);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));

        fd = open(kit_path("said"), O_RDONLY);
        n = read(fd, output, sizeof(output) - 1);
        assert_true(n >= 0);
        output[n] = '\0';
        close(fd);
        return WEXITSTATUS(status);
}

#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

static void assert_said(const char *words)
{
        if (!strstr(output, words))
                fail_msg("\"%s\" is not in: %s", words, output);
}

/* What no broker wrote: entries that nobody signed. */
static const char *make_data(size_t n_entries)
{
        static char path[128];
        LedgerOptions options = { .directory = path };
        Ledger *ledger;

        snprintf(path, sizeof(path), "%s", kit_path("data"));
        assert_int_equal(ledger_open(&ledger, &options, NULL), 0);
        if (n_entries)
                assert_int_equal(kit_append(ledger, n_entries, 100), 0);
        ledger_close(ledger);
        return path;
}

static void test_daemons_own_arguments_are_not_taken(void **state)
{
        assert_int_equal(RUN("--config", "x"), 99);
        assert_int_equal(RUN("--verification"), 99);
}

static void test_whole_directory_ends_with_0(void **state)
{
        assert_int_equal(RUN("--verify", make_data(0)), OFFLINE_DONE);
        assert_said("It is what its broker wrote.");
        assert_said("none yet");
}

static void test_finding_ends_with_5_and_is_told(void **state)
{
        assert_int_equal(RUN("--verify", make_data(40)), OFFLINE_DAMAGED);
        assert_said("entries     40, the last is revision 40 of ");
        assert_said("re-signed: entry 1: ");
        assert_said("... and 8 more");
        assert_said("This directory is re-signed.");
}

static void test_finding_is_told_to_scripts(void **state)
{
        json_t *object, *finding;

        assert_int_equal(RUN("--verify", "--json", make_data(1)), OFFLINE_DAMAGED);
        object = json_loads(output, 0, NULL);
        assert_non_null(object);
        assert_true(json_is_false(json_object_get(object, "whole")));
        assert_int_equal(json_integer_value(json_object_get(object, "entries")), 1);
        finding = json_array_get(json_object_get(object, "findings"), 0);
        assert_string_equal(json_string_value(json_object_get(finding, "defect")), "re-signed");
        assert_int_equal(json_integer_value(json_object_get(finding, "revision")), 1);
        json_decref(object);
}

static void test_what_cannot_be_read_ends_with_4(void **state)
{
        assert_int_equal(RUN("--verify", kit_path("nowhere")), OFFLINE_FILE);
        assert_said("nowhere cannot be opened: No such file or directory");
        assert_int_equal(RUN("--verify", make_data(0), "--witness", kit_path("nowhere")),
                         OFFLINE_FILE);
        assert_said("nowhere: No such file");
        assert_int_equal(RUN("--backup", kit_path("nowhere"), kit_path("copy")), OFFLINE_FILE);
        assert_said("nowhere cannot be opened");
}

static void test_wrong_usage_ends_with_2(void **state)
{
        assert_int_equal(RUN("--verify"), OFFLINE_USAGE);
        assert_said("Usage: plek verify [OPTION...] DIRECTORY");
        assert_int_equal(RUN("--verify", "a", "b"), OFFLINE_USAGE);
        assert_int_equal(RUN("--verify", "a", "--authority", "plek1-nonsense"), OFFLINE_USAGE);
        assert_said("'plek1-nonsense' is not a public key");
        assert_int_equal(RUN("--backup", "a"), OFFLINE_USAGE);
        assert_int_equal(RUN("--backup", "a", "b", "c"), OFFLINE_USAGE);
}

static void test_copy_is_made_and_told(void **state)
{
        const char *data = make_data(7);

        assert_int_equal(RUN("--backup", data, kit_path("copy")), OFFLINE_DONE);
        assert_said("up to revision 7.");
        assert_int_equal(access(kit_path("copy/data.mdb"), R_OK), 0);
        assert_int_equal(RUN("--backup", data, kit_path("copy")), OFFLINE_FILE);
        assert_said("holds a database already");
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, kit_make_directory, kit_remove_directory)
        const struct CMUnitTest tests[] = {
                TEST(test_daemons_own_arguments_are_not_taken),
                TEST(test_whole_directory_ends_with_0),
                TEST(test_finding_ends_with_5_and_is_told),
                TEST(test_finding_is_told_to_scripts),
                TEST(test_what_cannot_be_read_ends_with_4),
                TEST(test_wrong_usage_ends_with_2),
                TEST(test_copy_is_made_and_told),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("offline", tests, NULL, NULL);
}
