#include "store/verify.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/error.h"
#include "store/survey.h"
#include "store/verify-private.h"

/*
 * Looking in a child
 *
 * LMDB trusts its pages. One flipped bit in the wrong place and it reads beyond its map, or
 * asserts. So a child does all the looking and writes what it finds into shared memory; if it dies,
 * that is a finding, too.
 */

enum {
        PROGRESS_EVERY_MS = 100,
        N_META_BYTES = 2 * 4096, /* less than that is no database at all */
};

const char *verify_defect_name(VerifyDefect defect)
{
        static const char *const names[N_VERIFY_DEFECTS] = {
                [VERIFY_BIT_FLIPPED] = "bit-flipped",
                [VERIFY_TRUNCATED] = "truncated",
                [VERIFY_RE_SIGNED] = "re-signed",
                [VERIFY_ROLLED_BACK] = "rolled back",
        };

        return names[defect];
}

static void report_add(VerifyReport *report, VerifyDefect defect, uint64_t revision,
                       const char *text)
{
        VerifyFinding *finding;

        report->n_defects[defect]++;
        if (report->n_findings++ >= VERIFY_FINDINGS_MAX)
                return;

        finding = &report->findings[report->n_findings - 1];
        finding->defect = defect;
        finding->revision = revision;
        snprintf(finding->text, sizeof(finding->text), "%s", text);
}

void look_found(Look *look, VerifyDefect defect, uint64_t revision, const char *format, ...)
{
        char text[VERIFY_TEXT_MAX];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        report_add(look->report, defect, revision, text);
}

void look_blind(Look *look, uint64_t revision)
{
        if (!look->blind)
                look->report->unchecked_after = revision;
        look->blind = true;
}

/* ------------------------------------------------------------------ the child */

static void look_deinit(Look *look)
{
        checkpoint_free(look->checkpoint);
        state_free(look->state);
        change_deinit(&look->change);
        signatures_deinit(&look->signatures);
        revisions_deinit(&look->cut_kept);
        free(look->epochs);
        environment_close(look->environment);
}

static int look_open(Look *look)
{
        const char *text = "";
        int r;

        /* A file that is shorter is why LMDB fails, if it does. */
        look->shared->written_bytes = MAX(survey_written_bytes(look->directory), N_META_BYTES);
        r = environment_open_reader(&look->environment, look->directory, &text);
        if (r) {
                snprintf(look->shared->text, sizeof(look->shared->text), "%s", text);
                return r;
        }

        r = signatures_init(&look->signatures);
        if (!r)
                r = state_new(&look->state, &(StateOptions){ .n_tombstones = 1000000 });
        return r;
}

static int look_at_all(Look *look)
{
        int r;

        r = look_open(look);
        if (r && !look->environment && !look_at_pages(look) && look->report->n_findings)
                return 0;
        if (!r)
                r = look_at_pages(look);
        if (!r)
                r = look_at_journal(look);
        if (!r)
                r = look_at_rows(look);
        if (!r && look->options->witness)
                r = look_at_witness(look);
        return r;
}

static void child_run(VerifyShared *shared, const char *directory, const VerifyOptions *options)
{
        Look look = {
                .directory = directory,
                .options = options,
                .shared = shared,
                .report = &shared->report,
        };

        survey_expect_death();
        shared->result = look_at_all(&look);
        look_deinit(&look);
        _exit(0);
}

/* ------------------------------------------------------------------ the parent */

static bool child_is_silent(int fd)
{
        struct pollfd poller = { .fd = fd, .events = POLLIN };

        return poll(&poller, 1, PROGRESS_EVERY_MS) == 0;
}

/* Until the child's end of the pipe closes, which it does however it ends. */
static int child_wait(pid_t pid, int fd, const VerifyShared *shared, const VerifyOptions *options)
{
        int status;

        while (child_is_silent(fd))
                if (options->progress)
                        options->progress(options->arg, shared->n_done, shared->n_all);

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return err_raise(-errno);
        if (options->progress && status == 0)
                options->progress(options->arg, shared->n_all, shared->n_all);
        return status;
}

/* 0: there is none. */
static uint64_t file_bytes(const char *directory, const char *below)
{
        struct stat status;
        char path[4096];

        if (snprintf(path, sizeof(path), "%s/%s%s", directory, below, ENVIRONMENT_DATA_NAME) >=
                    (int)sizeof(path) ||
            stat(path, &status) < 0)
                return 0;
        return (uint64_t)status.st_size;
}

static void report_structure(VerifyShared *shared, const char *directory)
{
        bool truncated = file_bytes(directory, "") < shared->written_bytes;

        report_add(&shared->report, truncated ? VERIFY_TRUNCATED : VERIFY_BIT_FLIPPED, 0,
                   truncated ? "the file is shorter than its last commit left it: pages are missing"
                             : "the file's pages do not hold together: the database cannot be read "
                               "to its end");
}

/* What ended the looking early is a finding, or a reason why nothing can be said. */
static int verify_result(VerifyShared *shared, const char *directory, int status,
                         const char **ret_text)
{
        if (status != 0) {
                report_structure(shared, directory);
                return 0;
        }

        switch (shared->result) {
        case 0:
                return 0;
        case STORE_E_NONE:
        case STORE_E_DAMAGED:
        case STORE_E_IO:
        case -EIO:
                report_structure(shared, directory);
                return 0;
        case STORE_E_NEWER:
                *ret_text = store_text("%s", shared->text);
                return VERIFY_E_NEWER;
        case -ENOMEM:
                return err_raise(-ENOMEM);
        default:
                /* Who keeps all that a broker has in one place names that place. */
                if (!file_bytes(directory, "") && file_bytes(directory, "data/"))
                        *ret_text = store_text("%s is no data directory; is %s/data meant?",
                                               directory, directory);
                else
                        *ret_text =
                                store_text("%s", *shared->text ? shared->text
                                                               : "the directory cannot be read");
                return VERIFY_E_FILE;
        }
}

static int verify_in_child(VerifyShared *shared, const char *directory,
                           const VerifyOptions *options, const char **ret_text)
{
        CLEANUP(closep) int read_fd = -1;
        int pipe_fds[2];
        int status;
        pid_t pid;

        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return err_raise(-errno);
        read_fd = pipe_fds[0];

        pid = fork();
        if (pid == 0)
                child_run(shared, directory, options);
        close(pipe_fds[1]);
        if (pid < 0)
                return err_raise(-errno);

        status = child_wait(pid, read_fd, shared, options);
        return status < 0 ? status : verify_result(shared, directory, status, ret_text);
}

int ledger_verify(const char *directory, const VerifyOptions *options, VerifyReport *ret_report,
                  const char **ret_text)
{
        VerifyShared *shared;
        int r;

        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                      0);
        if (shared == MAP_FAILED)
                return err_raise(-errno);

        r = verify_in_child(shared, directory, options, ret_text);
        if (!r)
                *ret_report = shared->report;
        munmap(shared, sizeof(*shared));
        return r;
}
