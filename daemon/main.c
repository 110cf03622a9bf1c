/*
 * plekd: the capacity broker
 */

#include <argp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "broker/broker.h"
#include "config/config.h"
#include "internal/crashpoint.h"
#include "offline/offline.h"

const char *argp_program_version = "plekd " PLEK_VERSION;

typedef struct Arguments {
        const char *config;
        bool check;
        bool list;
        bool list_as_man;
} Arguments;

enum { OPTION_CHECK = 256, OPTION_LIST, OPTION_LIST_MAN, OPTION_OFFLINE };

static const struct argp_option options[] = {
        { "config", 'c', "FILE", 0, "The configuration (default: /etc/plek/plekd.conf)" },
        { "check-config", OPTION_CHECK, 0, 0, "Say what is wrong with it, and end" },
        { "list-settings", OPTION_LIST, 0, 0, "Every setting with its default, and end" },
        { "verify", OPTION_OFFLINE, "DIRECTORY", 0,
          "Check a data directory or a copy of one, and end; plek verify --help" },
        { "backup", OPTION_OFFLINE, "DIRECTORY TO", 0,
          "Copy a data directory, live or not, and end" },
        { "list-settings-man", OPTION_LIST_MAN, 0, OPTION_HIDDEN, NULL },
        { 0 },
};

static error_t on_option(int key, char *value, struct argp_state *state)
{
        Arguments *arguments = state->input;

        switch (key) {
        case 'c':
                arguments->config = value;
                return 0;
        case OPTION_CHECK:
                arguments->check = true;
                return 0;
        case OPTION_LIST_MAN:
                arguments->list_as_man = true;
                /* fall through */
        case OPTION_LIST:
                arguments->list = true;
                return 0;
        case OPTION_OFFLINE:
                argp_error(state, "--verify and --backup stand first, and alone");
                return EINVAL;
        case ARGP_KEY_ARG:
                argp_error(state, "plekd takes no arguments: '%s'", value);
                return EINVAL;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp parser = {
        options, on_option, NULL,
        "The capacity broker: receives signed capacity updates, keeps the latest of everything, "
        "and republishes the region's picture.\v"
        "Exit status: 0 stopped, 64 wrong usage, 71 the system does not give what a start needs, "
        "74 the disk or the ledger cannot be trusted, 78 the configuration, the key or the data "
        "directory does not allow a start. Of --verify and --backup: 0 done, 2 wrong usage, 4 a "
        "file cannot be read or written, 5 something was found."
};

static int run(Config *owned, const char *path)
{
        CLEANUP(config_freep) Config *config = owned;
        CLEANUP(broker_freep) Broker *broker = NULL;
        const char *text = NULL;
        int r;

        r = broker_new(&broker, config, path, &text);
        if (r == BROKER_E_REFUSED) {
                fprintf(stderr, "plekd: %s\n", text);
                return EX_CONFIG;
        }
        if (r) {
                fprintf(stderr, "plekd: cannot start: %s\n", strerror(-r));
                return EX_OSERR;
        }
        config = NULL; /* the broker's */

        r = broker_run(broker);
        if (r < 0) {
                fprintf(stderr, "plekd: cannot go on: %s\n", strerror(-r));
                return EXIT_STORE_BROKEN;
        }
        return r;
}

int main(int argc, char **argv)
{
        Arguments arguments = { .config = "/etc/plek/plekd.conf" };
        ConfigComplaints complaints = {};
        char warning[512];
        Config *config;
        int r;

        if (offline_run(argc, argv, &r))
                return r;

        argp_err_exit_status = EX_USAGE;
        if (argp_parse(&parser, argc, argv, 0, NULL, &arguments))
                return EX_USAGE;
        if (arguments.list) {
                config_list_settings(stdout, arguments.list_as_man);
                return 0;
        }
        if (sodium_init() < 0) {
                fprintf(stderr, "plekd: libsodium cannot be used here\n");
                return EX_OSERR;
        }

        r = config_load(&config, arguments.config, &complaints);
        if (r) {
                fputs(complaints.text, stderr);
                return EX_CONFIG;
        }
        if (arguments.check) {
                r = config_check_places(config, &complaints);
                fputs(complaints.text, stderr);
                if (config_directory_is_others(config, warning, sizeof(warning)))
                        fprintf(stderr, "warning: %s\n", warning);
                config_free(config);
                return r ? EX_CONFIG : 0;
        }

        crash_point_arm();
        return run(config, arguments.config);
}
