#pragma once

/*
 * Told: how an alert reaches people: a line, the terminal's bell, a program
 */

#include "command.h"
#include "plek/plek.h"
#include "runner.h"

enum { TOLD_ARGUMENTS_MAX = 32 };

typedef struct Told {
        const Common *common;
        PlekSubscriber *subscriber;
        bool has_bell;
        const char *program, *escalate_program; /* NULL: none */
        char *arguments[TOLD_ARGUMENTS_MAX];
        size_t n_arguments;
        Runner runner;
        size_t n_alerts; /* raised, so far */
} Told;

void told_alert(Told *told, const PlekAlert *alert);
/* The picture is fed, or is not. @is_known: no program needs to hear of it. */
void told_link(Told *told, const PlekLinkState *link, bool is_known);
