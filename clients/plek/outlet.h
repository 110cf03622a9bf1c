#pragma once

/*
 * Outlet: standard output and error that never wait for whoever reads them
 *
 * For a command that has something better to do than to wait for a terminal that was stopped, or a
 * pipe that nobody empties. What is printed is written by threads; what does not fit into
 * OUTLET_BYTES_MAX is left out, and how many lines that were is said as soon as somebody reads
 * again. A reader that has gone is an error of the stream, as ever.
 */

#include "internal/err.h"

enum { OUTLET_BYTES_MAX = 1024 * 1024 };

/* Once, before anything is printed. Returns 0, -ENOMEM or -errno. */
MUST_CHECK int outlets_open(void);
/* Waits for what is printed, but not for long. Nothing may be printed after it. */
void outlets_finish(void);
