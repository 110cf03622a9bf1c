#pragma once

/*
 * Outlet: standard output and error that never wait for whoever reads them
 *
 * For a command that has something better to do than to wait for a terminal that was stopped, or a
 * pipe that nobody empties. What is printed is written by threads; what does not fit into
 * OUTLET_BYTES_MAX is left out in whole lines, and how many these were is said as soon as somebody
 * reads again: as a line of JSON where these are read. A reader that has gone is an error of the
 * stream, as ever.
 */

#include <stdbool.h>

#include "internal/err.h"

enum {
        OUTLET_BYTES_MAX = 1024 * 1024,
        OUTLET_LINE_BYTES_MAX = 64 * 1024, /* a longer one may be left out in part */
};

/* Once, before anything is printed. @is_json: standard output is for scripts. Returns 0, -ENOMEM or
 * -errno. */
MUST_CHECK int outlets_open(bool is_json);
/* Waits for what is printed, but not for long. Nothing may be printed after it. */
void outlets_finish(void);
