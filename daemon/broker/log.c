#include "broker/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "internal/hash.h"

enum { WHO_MAX = 96 };

typedef struct LogCause {
        UT_hash_handle hh;
        int64_t said_at_ms;
        uint64_t n_since;
        const char *what;
        char key[]; /* what, a tab, who */
} LogCause;

struct LogLimiter {
        LogCause *causes;
};

/* journald takes the level from there, and says by this variable which stream is its own; a person
 * or a file needs none. */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat status;

        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
               !fstat(STDERR_FILENO, &status) && status.st_dev == device && status.st_ino == inode;
}

void log_line(LogLevel level, const char *format, ...)
{
        static int wants_prefix = -1;
        va_list args;

        if (wants_prefix < 0)
                wants_prefix = stderr_is_journal();

        if (wants_prefix)
                fprintf(stderr, "<%d>", level);
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
        fputc('\n', stderr);
}

int log_limiter_new(LogLimiter **ret_limiter)
{
        LogLimiter *limiter = calloc(1, sizeof(*limiter));

        if (!limiter)
                return err_raise(-ENOMEM);
        *ret_limiter = limiter;
        return 0;
}

LogLimiter *log_limiter_free(LogLimiter *limiter)
{
        LogCause *cause, *next;

        if (!limiter)
                return NULL;
        HASH_ITER (hh, limiter->causes, cause, next) {
                HASH_DEL(limiter->causes, cause);
                free(cause);
        }
        free(limiter);
        return NULL;
}

static LogCause *cause_find_or_add(LogLimiter *limiter, const char *what, const char *who,
                                   bool *ret_is_new)
{
        char key[WHO_MAX + 64];
        LogCause *cause;
        int n;

        if (HASH_COUNT(limiter->causes) >= LOG_CAUSES_MAX)
                who = "others";
        n = snprintf(key, sizeof(key), "%s\t%s", what, who);
        n = MIN(n, (int)sizeof(key) - 1);

        *ret_is_new = false;
        HASH_FIND(hh, limiter->causes, key, (unsigned)n, cause);
        if (cause)
                return cause;

        cause = calloc(1, sizeof(*cause) + (size_t)n + 1);
        if (!cause)
                return NULL;
        memcpy(cause->key, key, (size_t)n);
        cause->what = what;
        HASH_ADD_KEYPTR(hh, limiter->causes, cause->key, (unsigned)n, cause);
        if (!cause->hh.tbl) {
                free(cause);
                return NULL;
        }
        *ret_is_new = true;
        return cause;
}

bool log_limited(LogLimiter *limiter, int64_t now_ms, const char *what, const char *who)
{
        LogCause *cause;
        bool is_new;

        cause = cause_find_or_add(limiter, what, who, &is_new);
        if (!cause)
                return false;
        if (!is_new) {
                cause->n_since++;
                return false;
        }

        cause->said_at_ms = now_ms;
        log_warning("%s: %s", strchr(cause->key, '\t') + 1, what);
        return true;
}

void log_limiter_turn(LogLimiter *limiter, int64_t now_ms)
{
        LogCause *cause, *next;

        HASH_ITER (hh, limiter->causes, cause, next) {
                if (now_ms - cause->said_at_ms < LOG_SUMMARY_MS)
                        continue;
                if (cause->n_since) {
                        log_warning("%s: %s, %llu times more in the last minute",
                                    strchr(cause->key, '\t') + 1, cause->what,
                                    (unsigned long long)cause->n_since);
                        cause->n_since = 0;
                        cause->said_at_ms = now_ms;
                        continue;
                }
                HASH_DEL(limiter->causes, cause);
                free(cause);
        }
}

size_t log_limiter_n_causes(const LogLimiter *limiter)
{
        return HASH_COUNT(limiter->causes);
}
