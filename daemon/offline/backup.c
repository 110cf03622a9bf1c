#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "offline/offline.h"
#include "store/backup.h"

typedef struct BackupArguments {
        const char *directory;
        const char *to;
} BackupArguments;

static error_t on_option(int key, char *value, struct argp_state *state)
{
        BackupArguments *arguments = state->input;

        switch (key) {
        case ARGP_KEY_ARG:
                if (!arguments->directory)
                        arguments->directory = value;
                else if (!arguments->to)
                        arguments->to = value;
                else
                        argp_usage(state);
                return 0;
        case ARGP_KEY_END:
                if (!arguments->to)
                        argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp parser = {
        NULL,
        on_option,
        "DIRECTORY TO",
        "Copies a data directory, live or not, into a new one as of one commit. A broker that is "
        "started on the copy opens an epoch that does not continue: readers and agents state "
        "everything anew.",
};

int offline_backup(int argc, char **argv)
{
        BackupArguments arguments = { 0 };
        const char *text = "";
        uint64_t revision;
        int r;

        argp_err_exit_status = OFFLINE_USAGE;
        if (argp_parse(&parser, argc, argv, 0, NULL, &arguments))
                return OFFLINE_USAGE;

        r = ledger_backup(arguments.directory, arguments.to, &revision, &text);
        if (r) {
                fprintf(stderr, "plekd: %s\n", *text ? text : strerror(r < 0 ? -r : EIO));
                return r == BACKUP_E_DAMAGED ? OFFLINE_DAMAGED : OFFLINE_FILE;
        }

        printf("%s is a copy of %s up to revision %" PRIu64 ".\n", arguments.to,
               arguments.directory, revision);
        return OFFLINE_DONE;
}
