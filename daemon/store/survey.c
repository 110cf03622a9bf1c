#include "store/survey.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/environment.h"
#include "store/error.h"

/* Only the first two pages are touched, and not through the map. */
uint64_t survey_written_bytes(const char *directory)
{
        uint64_t n_bytes = 0;
        MDB_envinfo info;
        MDB_stat stat;
        MDB_env *env;

        if (mdb_env_create(&env))
                return 0;
        if (!mdb_env_open(env, directory, MDB_RDONLY | MDB_NOLOCK, 0600) &&
            !mdb_env_info(env, &info) && !mdb_env_stat(env, &stat))
                n_bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
        mdb_env_close(env);
        return n_bytes;
}

static bool file_is_short(const char *directory)
{
        struct stat status;
        char path[4096];

        if (snprintf(path, sizeof(path), "%s/%s", directory, ENVIRONMENT_DATA_NAME) >=
                    (int)sizeof(path) ||
            stat(path, &status) < 0)
                return false;
        return (uint64_t)status.st_size < survey_written_bytes(directory);
}

static int touch_table(Transaction *transaction, MDB_dbi dbi)
{
        CLEANUP(cursor_closep) MDB_cursor *cursor = NULL;
        static volatile uint8_t touched;
        MDB_val key, value;
        int r;

        r = transaction_cursor(transaction, dbi, &cursor);
        while (!r) {
                r = store_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
                if (!r && value.mv_size)
                        touched = ((const uint8_t *)value.mv_data)[value.mv_size - 1];
        }
        (void)touched;
        return r == STORE_E_NONE ? 0 : r;
}

static int touch_all(const char *directory)
{
        CLEANUP(environment_closep) Environment *environment = NULL;
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        const char *text;
        int r;

        r = environment_open_reader(&environment, directory, &text);
        if (!r)
                r = transaction_read(&transaction, environment);
        if (!r)
                r = touch_table(&transaction, environment->journal);
        for (size_t i = 1; !r && i < environment->tables_end; i++)
                r = touch_table(&transaction, environment->tables[i]);
        return r;
}

void survey_expect_death(void)
{
        static const int deaths[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
        static const struct rlimit no_core = { 0 };
        int null_fd;

        for (size_t i = 0; i < N_ELEMENTS(deaths); i++)
                signal(deaths[i], SIG_DFL);
        setrlimit(RLIMIT_CORE, &no_core);
        null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null_fd >= 0)
                dup2(null_fd, STDERR_FILENO);
}

int survey(const char *directory)
{
        int status;
        pid_t pid;

        if (!file_is_short(directory))
                return 0;

        pid = fork();
        if (pid < 0)
                return err_raise(-errno);
        if (!pid) {
                survey_expect_death();
                _exit(touch_all(directory) != 0);
        }
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return err_raise(-errno);
        return status ? STORE_E_DAMAGED : 0;
}
