/*
 * plek verify: re-checks every signature and the chain of a data directory, or of a copy
 *
 * How the broker keeps its state is known to the broker alone, so it is plekd that looks; this
 * finds it and hands on what it was asked.
 */

#include <stdio.h>
#include <string.h>

#include "command.h"

/* The plekd beside this program, else the one in the path. */
static char *find_plekd(void)
{
        char self[4096], *plekd, *slash;
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

        if (n > 0) {
                self[n] = '\0';
                slash = strrchr(self, '/');
                if (slash && asprintf(&plekd, "%.*s/plekd", (int)(slash - self), self) > 0) {
                        if (!access(plekd, X_OK))
                                return plekd;
                        free(plekd);
                }
        }
        return strdup("plekd");
}

int command_verify(int argc, char **argv)
{
        CLEANUP(freep) char *plekd = find_plekd();
        CLEANUP(freep) char **arguments = calloc((size_t)argc + 2, sizeof(*arguments));

        if (!plekd || !arguments)
                return fail(EXIT_FILE, "out of memory.");

        arguments[0] = plekd;
        arguments[1] = (char *)"--verify";
        memcpy(arguments + 2, argv + 1, (size_t)(argc - 1) * sizeof(*argv));
        execvp(plekd, arguments);
        return fail(EXIT_FILE, "%s, which does the work, cannot be started: %s. Is plekd "
                    "installed on this machine?", plekd, strerror(errno));
}
