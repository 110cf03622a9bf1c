#pragma once

/*
 * Agreed: the setting that says how often each kind of sender reports
 *
 *         counts V6 5 min, pressure 1 min, counts GP_POST 15 min
 *
 * A report, then the kind of location or the care that it is about, or both, or neither; then how
 * often.
 */

#include "config/config.h"

enum {
        AGREED_OK,
        AGREED_E_REFUSED, /* *ret_text says why, in memory of this function's */
};

/* @ret_intervals is the caller's to free. Returns 0, AGREED_E_REFUSED or -ENOMEM. */
MUST_CHECK int agreed_parse(AgreedInterval **ret_intervals, size_t *ret_n, const char *value,
                            const char **ret_text);
