#pragma once

/*
 * Commands of plek: one file each, found through the table in main.c
 *
 * A command parses its own options with argp; those that every command knows (--card, --key, --json
 * ...) come from common_argp, so that they may stand anywhere after the command's name.
 */

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "internal/err.h"
#include "wire/codes.h"

/* What a script can rely on; plek(1) lists them. */
typedef enum Exit {
        EXIT_DONE = 0,
        EXIT_REFUSED = 1,     /* the broker, or a check, says no */
        EXIT_USAGE = 2,       /* the command line is wrong */
        EXIT_UNREACHABLE = 3, /* no answer from the broker in time */
        EXIT_FILE = 4,        /* a file or key cannot be read, written or trusted */
        EXIT_DAMAGED = 5,     /* verify found something */
        EXIT_UNANSWERED = 6,  /* a call is over, and not all have answered */
} Exit;

typedef struct Common {
        const char *card;    /* --card, $PLEK_CARD or ~/.config/plek/region.card */
        bool card_is_named;  /* it is not the default */
        const char *key;     /* --key, $PLEK_KEY or ~/.config/plek/plek.key */
        bool key_is_named;   /* it is not the default: it must be there */
        const char *control; /* --control or $PLEK_CONTROL; NULL: not given */
        bool json;
        Language language; /* --lang, or by the locale */
        int timeout_ms;
        int64_t started_at_ms; /* of the steady clock: the timeout is the whole command's */
} Common;

typedef struct Command {
        const char *name;
        int (*run)(int argc, char **argv); /* returns an Exit */
        const char *summary;
} Command;

extern const struct argp common_argp;
extern const struct argp peer_argp; /* the part of it that says who we are and whom we speak to */

/* Fills in what the environment says, and the defaults. A command's argp has common_argp as its
 * child 0 and sets state->child_inputs[0] to its Common at ARGP_KEY_INIT. */
void common_init(Common *common);

/* What is left of the timeout, in ms; not less than @least_ms. */
int common_left_ms(const Common *common, int least_ms);

/* What of it may be waited for an answer: a moment less, so that there is time to ask why none
 * came. */
int common_wait_ms(const Common *common);

/* Says on standard error what is wrong and what to do. Returns @code, for `return fail(...)`. */
int fail(Exit code, const char *format, ...) PRINTF(2, 3);

/* Says what is wrong with the command line, and ends the program. */
void usage_error(const struct argp_state *state, const char *format, ...) PRINTF(2, 3);

int command_key(int argc, char **argv);
int command_enrol(int argc, char **argv);
int command_codes(int argc, char **argv);
int command_call(int argc, char **argv);
int command_card(int argc, char **argv);
int command_admit(int argc, char **argv);
int command_suspend(int argc, char **argv);
int command_unsuspend(int argc, char **argv);
int command_confirm(int argc, char **argv);
int command_parties(int argc, char **argv);
int command_whoami(int argc, char **argv);
int command_put(int argc, char **argv);
int command_door(int argc, char **argv);
int command_open(int argc, char **argv);
int command_stop(int argc, char **argv);
int command_close(int argc, char **argv);
int command_get(int argc, char **argv);
int command_at(int argc, char **argv);
int command_history(int argc, char **argv);
int command_stops(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_open_document(int argc, char **argv);
int command_overdue(int argc, char **argv);
int command_totals(int argc, char **argv);
int command_export(int argc, char **argv);
int command_import(int argc, char **argv);
int command_find(int argc, char **argv);
int command_impact(int argc, char **argv);
int command_map(int argc, char **argv);
int command_alert(int argc, char **argv);
int command_ack(int argc, char **argv);
int command_refuse(int argc, char **argv);
int command_flow(int argc, char **argv);
int command_flows(int argc, char **argv);
int command_status(int argc, char **argv);
int command_witness(int argc, char **argv);
int command_verify(int argc, char **argv);
