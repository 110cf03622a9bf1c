/*
 * plek-agent: turns what a hospital's systems say into signed updates
 *
 * One kind of feed a file; so far there is one: CSV.
 */

#include <locale.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"

static const Command kinds[] = {
        { "csv", agent_csv, "rows of a file that another system writes" },
};

static void help(FILE *to)
{
        fputs("plek-agent: publishes what a source says, and only while it says it\n\n"
              "usage: plek-agent KIND ...        plek-agent KIND --help says more\n\n",
              to);
        for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
                fprintf(to, "  %-10s %s\n", kinds[i].name, kinds[i].summary);
        fputs("\nExit status: 0 done, 1 refused or with bad rows (--once, --replay, --check),\n"
              "2 wrong usage, 3 the broker does not answer, 4 a file or key.\n",
              to);
}

int main(int argc, char **argv)
{
        const char *name = argc > 1 ? argv[1] : "--help";

        setlocale(LC_CTYPE, "");
        if (sodium_init() < 0)
                return fail(EXIT_FILE, "libsodium does not start. Is /dev/urandom there?");

        if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h")) {
                help(stdout);
                return EXIT_DONE;
        }
        if (!strcmp(name, "--version")) {
                puts("plek-agent " PLEK_VERSION);
                return EXIT_DONE;
        }
        for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
                if (!strcmp(name, kinds[i].name)) {
                        char whole[32];

                        snprintf(whole, sizeof(whole), "plek-agent %s", name);
                        argv[1] = whole;
                        argp_err_exit_status = EXIT_USAGE;
                        return kinds[i].run(argc - 1, argv + 1);
                }
        return fail(EXIT_USAGE, "there is no kind of feed '%s'. plek-agent help lists them.", name);
}
