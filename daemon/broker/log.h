#pragma once

/*
 * Log: one line to stderr, which the service manager keeps
 *
 * A healthy broker says nothing between start and stop. What a peer can cause goes through
 * log_limited(): its first occurrence is said, further ones are counted and said once a minute,
 * so that nobody can push a line of others out of the journal.
 *
 * Main thread only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "internal/err.h"

typedef enum LogLevel {
        LOG_LEVEL_ERROR = 3, /* as in syslog */
        LOG_LEVEL_WARNING,
        LOG_LEVEL_NOTICE,
        LOG_LEVEL_INFO,
} LogLevel;

enum {
        LOG_CAUSES_MAX = 1024, /* remembered at once; further ones are one, "others" */
        LOG_SUMMARY_MS = 60 * 1000,
};

typedef struct LogLimiter LogLimiter;

void log_line(LogLevel level, const char *format, ...) PRINTF(2, 3);

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)

MUST_CHECK int log_limiter_new(LogLimiter **ret_limiter);
LogLimiter *log_limiter_free(LogLimiter *limiter);
DEFINE_FREEP(LogLimiter, log_limiter_free);

/*
 * Something that @who did: @what is static ("wrong signature"), and the two together are what is
 * counted. Returns whether a line was written.
 */
bool log_limited(LogLimiter *limiter, int64_t now_ms, const char *what, const char *who);
/* Says what was counted since, where a minute has passed. */
void log_limiter_turn(LogLimiter *limiter, int64_t now_ms);
size_t log_limiter_n_causes(const LogLimiter *limiter);
