#include "neighbour-options.h"

#include "plek/plek.h"
#include "zone.h"

enum { OPTION_NEIGHBOURS = 0x2000, OPTION_WITHIN };

static const struct argp_option options[] = {
        { NULL, 0, NULL, 0, "Who are neighbours of a location that has stopped:", 50 },
        { "neighbours", OPTION_NEIGHBOURS, "N", 0, "The N nearest with such a door (3)", 50 },
        { "within", OPTION_WITHIN, "KM", 0, "Those within a distance, as the crow flies", 50 },
        { 0 },
};

static double number(struct argp_state *state, const char *name, const char *text, double most)
{
        char *end;
        double value = strtod(text, &end);

        if (end == text || *end || !(value > 0) || value > most)
                usage_error(state, "%s is a number up to %.0f, not '%s'", name, most, text);
        return value;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        PlekNeighbourRule *rule = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                rule->clock = zone_minute;
                return 0;
        case OPTION_NEIGHBOURS:
                rule->n_nearest =
                        (unsigned)number(state, "--neighbours", argument, PLEK_NEIGHBOURS_MAX);
                if (!rule->n_nearest)
                        usage_error(state, "--neighbours is 1 at least");
                return 0;
        case OPTION_WITHIN:
                rule->within_m = number(state, "--within", argument, 20100) * 1000;
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

const struct argp neighbour_argp = { .options = options, .parser = parse };
