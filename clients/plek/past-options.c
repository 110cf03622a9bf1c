#include "past-options.h"

#include "when.h"

void past_quarter(struct argp_state *state, const char *argument, int64_t *ret_from_ms,
                  int64_t *ret_to_ms)
{
        if (quarter_parse(ret_from_ms, ret_to_ms, argument))
                argp_error(state, "--quarter is as in 2026Q3, not '%s'", argument);
}

void past_time(struct argp_state *state, const char *option, const char *argument, int64_t now_ms,
               int64_t *ret_ms)
{
        if (when_parse_past(ret_ms, argument, now_ms))
                argp_error(state, "%s is a time, or how long ago, not '%s'", option, argument);
}

int past_exit(size_t n_doubtful)
{
        return n_doubtful ? fail(EXIT_REFUSED,
                                 "%zu entries were left out: their signatures do not hold, and the "
                                 "broker is at fault.",
                                 n_doubtful)
                          : EXIT_DONE;
}
