#pragma once

/*
 * What the commands that ask the past have in common: --quarter, --from, --to, and how they end
 */

#include "command.h"

/* Into the two times; or argp_error(). */
void past_quarter(struct argp_state *state, const char *argument, int64_t *ret_from_ms,
                  int64_t *ret_to_ms);
/* @option is its name, for the sentence of argp_error(). */
void past_time(struct argp_state *state, const char *option, const char *argument, int64_t now_ms,
               int64_t *ret_ms);

/* Where what is kept begins, if that is within a time from @from_ms; else 0. */
int64_t past_begins_late(int64_t from_ms, int64_t kept_from_ms);
/* Says so, in a line. */
void past_say_begin(int64_t from_ms, int64_t kept_from_ms, Language language);

/* Says if entries of the answer were left out because they could be false. Returns an Exit. */
int past_exit(size_t n_doubtful);
