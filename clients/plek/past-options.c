#include "past-options.h"

#include <stdio.h>

#include "when.h"
#include "words.h"

void past_quarter(struct argp_state *state, const char *argument, int64_t *ret_from_ms,
                  int64_t *ret_to_ms)
{
        if (quarter_parse(ret_from_ms, ret_to_ms, argument, wall_clock_ms()))
                usage_error(state, "--quarter is as in 2026Q3, this or last, not '%s'", argument);
}

void past_time(struct argp_state *state, const char *option, const char *argument, int64_t now_ms,
               int64_t *ret_ms)
{
        if (when_parse_past(ret_ms, argument, now_ms))
                usage_error(state, "%s is a time, or how long ago, not '%s'", option, argument);
}

int64_t past_begins_late(int64_t from_ms, int64_t kept_from_ms)
{
        return kept_from_ms > from_ms ? kept_from_ms : 0;
}

void past_say_begin(int64_t from_ms, int64_t kept_from_ms, Language language)
{
        char when[WHEN_TEXT_BYTES];

        if (!past_begins_late(from_ms, kept_from_ms))
                return;
        when_format(kept_from_ms, when);
        printf("%s %s\n", word(language, "what is kept of it begins"), when);
}

int past_exit(size_t n_doubtful)
{
        return n_doubtful ? fail(EXIT_REFUSED,
                                 "%zu entries were left out: their signatures do not hold, or they "
                                 "are not what was asked for, and the broker is at fault.",
                                 n_doubtful)
                          : EXIT_DONE;
}
