/*
 * What every command knows: where the region card and the key are, how to speak, how to fail
 */

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "sentences.h"
#include "when.h"

enum { WHY_MS = 1000 }; /* of a timeout is kept to ask why nothing came */

enum { OPTION_CARD = 0x1000, OPTION_KEY, OPTION_CONTROL, OPTION_JSON, OPTION_LANG, OPTION_TIMEOUT };

static const struct argp_option peer_options[] = {
        { "card", OPTION_CARD, "FILE", 0,
          "The region card (default $PLEK_CARD, or ~/.config/plek/region.card)", 100 },
        { "key", OPTION_KEY, "FILE", 0,
          "This party's secret (default $PLEK_KEY, or ~/.config/plek/plek.key)", 100 },
        { "timeout", OPTION_TIMEOUT, "DURATION", 0, "How long to wait for the broker (10s)", 100 },
        { 0 },
};

static error_t parse_peer(int key, char *argument, struct argp_state *state)
{
        Common *common = state->input;
        int64_t ms;

        switch (key) {
        case OPTION_CARD:
                common->card = argument;
                common->card_is_named = true;
                return 0;
        case OPTION_KEY:
                common->key = argument;
                common->key_is_named = true;
                return 0;
        case OPTION_TIMEOUT:
                if (duration_parse(&ms, argument) || ms < 1 || ms > 3600 * 1000)
                        usage_error(state, "--timeout is 1ms to 1h, as in 10s, not '%s'", argument);
                common->timeout_ms = (int)ms;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

const struct argp peer_argp = { .options = peer_options, .parser = parse_peer };

static const struct argp_option options[] = {
        { NULL, 0, NULL, 0, "For every command:", 100 },
        { "control", OPTION_CONTROL, "ENDPOINT", 0,
          "The broker's control socket on this host (default $PLEK_CONTROL; without a region card, "
          "the service's)",
          100 },
        { "json", OPTION_JSON, NULL, 0, "For scripts: one JSON object a line", 100 },
        { "lang", OPTION_LANG, "nl|en", 0, "Default: by the locale", 100 },
        { 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
        Common *common = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = common;
                return 0;
        case OPTION_CONTROL:
                common->control = argument;
                return 0;
        case OPTION_JSON:
                common->json = true;
                return 0;
        case OPTION_LANG:
                if (strcmp(argument, "nl") && strcmp(argument, "en"))
                        usage_error(state, "--lang is nl or en, not '%s'", argument);
                common->language = strcmp(argument, "nl") ? LANGUAGE_EN : LANGUAGE_NL;
                sentences_speak(common->language);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp_child children[] = { { &peer_argp, 0, NULL, 100 }, { 0 } };
const struct argp common_argp = { .options = options, .parser = parse, .children = children };

/* A default below the home directory, in @path, which lives as long as the program. */
static const char *at_home(char path[PATH_MAX], const char *name)
{
        const char *home = getenv("HOME");

        snprintf(path, PATH_MAX, "%s/.config/plek/%s", home ? home : "", name);
        return path;
}

static const char *from_environment(const char *variable)
{
        const char *value = getenv(variable);

        return value && *value ? value : NULL;
}

void common_init(Common *common)
{
        static char card[PATH_MAX], key[PATH_MAX];

        *common = (Common){
                .card = from_environment("PLEK_CARD"),
                .key = from_environment("PLEK_KEY"),
                .control = from_environment("PLEK_CONTROL"),
                .language = sentences_language(),
                .timeout_ms = 10 * 1000,
                .started_at_ms = steady_clock_ms(),
        };
        common->card_is_named = common->card != NULL;
        common->key_is_named = common->key != NULL;
        if (!common->card)
                common->card = at_home(card, "region.card");
        if (!common->key)
                common->key = at_home(key, "plek.key");
}

int common_left_ms(const Common *common, int least_ms)
{
        int64_t left_ms = common->started_at_ms + common->timeout_ms - steady_clock_ms();

        return (int)MAX(left_ms, (int64_t)least_ms);
}

int common_wait_ms(const Common *common)
{
        int64_t left_ms = common_left_ms(common, 1);

        return (int)(left_ms > 3 * WHY_MS ? left_ms - WHY_MS : left_ms * 2 / 3 + 1);
}

int fail(Exit code, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        fprintf(stderr, "%s: ", program_invocation_short_name);
        vfprintf(stderr, sentence(format), arguments);
        fputc('\n', stderr);
        va_end(arguments);
        return code;
}

void usage_error(const struct argp_state *state, const char *format, ...)
{
        char text[512];
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(text, sizeof(text), sentence(format), arguments);
        va_end(arguments);
        argp_error(state, "%s", text);
}
