#pragma once

/*
 * The command line of plek put, as a report
 */

#include "plek/plek.h"

#include "command.h"

typedef struct PutOptions {
        Common common;
        PlekReport report;
        bool check;    /* ask only whether it would be accepted */
        bool withdraw; /* of report, only the key */
        int64_t now_ms;
        unsigned n_arguments;
} PutOptions;

/* Says what is wrong and exits with EXIT_USAGE if it is not a report. Strings are argv's. */
void put_options_parse(PutOptions *ret_options, int argc, char **argv);
