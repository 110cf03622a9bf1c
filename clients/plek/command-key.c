/*
 * plek key: a party's secret never leaves the file that it is made in
 */

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "files.h"

typedef struct KeyOptions {
        Common common;
        const char *verb;
        const char *path;
} KeyOptions;

static error_t parse(int key, char *argument, struct argp_state *state)
{
        KeyOptions *options = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &options->common;
                return 0;
        case ARGP_KEY_ARG:
                if (state->arg_num == 0)
                        options->verb = argument;
                else if (state->arg_num == 1)
                        options->path = argument;
                else
                        argp_usage(state);
                return 0;
        case ARGP_KEY_END:
                if (!options->path)
                        argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static int key_new(const char *path)
{
        CLEANUP(secret_key_freep) SecretKey *key = NULL;
        char text[KEY_TEXT_BYTES];
        int r;

        r = secret_key_new(&key);
        if (!r)
                r = secret_key_save(key, path);
        if (r == -EEXIST)
                return fail(EXIT_FILE,
                            "%s is there already and is not overwritten. Choose another "
                            "name, or move it away if nobody is enrolled with it.",
                            path);
        if (r)
                return fail(EXIT_FILE, "%s cannot be written: %s.", path, strerror(-r));

        public_key_format(secret_key_public(key), text);
        printf("%s\n", text);
        return EXIT_DONE;
}

static int key_show(const char *path)
{
        CLEANUP(secret_key_freep) SecretKey *key = NULL;
        char text[KEY_TEXT_BYTES];
        int r;

        r = load_key(&key, path);
        if (r)
                return r;

        public_key_format(secret_key_public(key), text);
        printf("%s\n", text);
        return EXIT_DONE;
}

int command_key(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .parser = parse,
                .args_doc = "new FILE\nshow FILE",
                .doc = "Makes a party's secret (mode 0600, never overwritten), or shows the public "
                       "part of one: a line that can be read over the phone.",
                .children = children,
        };
        KeyOptions options = { 0 };

        common_init(&options.common);
        argp_parse(&argp, argc, argv, 0, NULL, &options);

        if (!strcmp(options.verb, "new"))
                return key_new(options.path);
        if (!strcmp(options.verb, "show"))
                return key_show(options.path);
        return fail(EXIT_USAGE, "plek key knows new and show, not '%s'.", options.verb);
}
