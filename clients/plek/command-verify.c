/*
 * plek verify: re-checks every signature and the chain of a data directory, or of a copy
 *
 * How the broker keeps its state is known to the broker alone, so it is plekd that looks; this
 * finds it and hands on what it was asked.
 */

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

/* @below, where the program at @path is. NULL: nothing there that can be run. */
static char *beside(const char *path, const char *below)
{
        const char *slash = strrchr(path, '/');
        char *plekd;

        if (!slash || asprintf(&plekd, "%.*s/%s", (int)(slash - path), path, below) < 0)
                return NULL;
        if (!access(plekd, X_OK))
                return plekd;
        free(plekd);
        return NULL;
}

/*
 * The plekd beside this program: beside the name that it was started by, which may be a link, then
 * beside the file itself, then where a build leaves it. Else the one in the path.
 */
static char *find_plekd(void)
{
        char self[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        char *plekd;

        self[MAX(n, 0)] = '\0';
        plekd = beside(program_invocation_name, "plekd");
        if (!plekd)
                plekd = beside(self, "plekd");
        if (!plekd)
                plekd = beside(self, "../../daemon/plekd");
        return plekd ? plekd : strdup("plekd");
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
        return fail(EXIT_FILE,
                    "%s, which does the work, cannot be started: %s. Is plekd "
                    "installed on this machine?",
                    plekd, strerror(errno));
}
