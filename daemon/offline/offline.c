#include "offline/offline.h"

#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "internal/cleanup.h"

static const struct {
        const char *option;
        const char *name; /* in its own help */
        int (*run)(int argc, char **argv);
} commands[] = {
        { "--verify", "plek verify", offline_verify },
        { "--backup", "plekd --backup", offline_backup },
};

bool offline_run(int argc, char **argv, int *ret_status)
{
        for (size_t i = 0; argc > 1 && i < N_ELEMENTS(commands); i++) {
                if (strcmp(argv[1], commands[i].option) != 0)
                        continue;
                if (sodium_init() < 0) {
                        fprintf(stderr, "plekd: libsodium cannot be used here\n");
                        *ret_status = OFFLINE_FILE;
                        return true;
                }
                argv[1] = (char *)commands[i].name;
                *ret_status = commands[i].run(argc - 1, argv + 1);
                return true;
        }
        return false;
}
