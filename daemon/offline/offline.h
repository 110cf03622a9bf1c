#pragma once

/*
 * Offline: what plekd does with a data directory when it is not the broker of it
 *
 *         plekd --verify DIRECTORY [--witness FILE] [--authority KEY] [--json]
 *         plekd --backup DIRECTORY TO
 *
 * Both are for live directories as well as for copies, and write nothing to what they look at. The
 * exit status is plek's, since it is plek that people call.
 */

#include <stdbool.h>

enum {
        OFFLINE_DONE = 0,
        OFFLINE_USAGE = 2,
        OFFLINE_FILE = 4,    /* a file cannot be read or written */
        OFFLINE_DAMAGED = 5, /* something was found */
};

/* Whether the first argument asks for one of them; *ret_status is then the exit status. */
bool offline_run(int argc, char **argv, int *ret_status);

int offline_verify(int argc, char **argv);
int offline_backup(int argc, char **argv);
