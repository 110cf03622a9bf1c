#pragma once

/*
 * Policy: a line of a [policy REGION] section
 */

#include "config/config.h"

enum {
        POLICY_OK,
        POLICY_E_REFUSED, /* *ret_text says why, in memory of this function's */
};

/* "forbid" with a list of door states, or "longest-STATE" or "pause-STATE" with a duration. Returns 0,
 * POLICY_E_REFUSED or -ENOMEM. */
MUST_CHECK int policy_set(Config *config, const char *region, const char *name, const char *value,
                          const char **ret_text);
