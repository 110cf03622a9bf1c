#pragma once

/*
 * The command line of plek put, as a report
 */

#include "peer.h"

typedef struct PutOptions {
        Common common;
        PlekReport report;
        bool check;        /* ask only whether it would be accepted */
        bool is_sure;      /* it was asked back, and is meant */
        bool withdraw;     /* of report, only the key */
        bool ends_plans;   /* a door: those that are under way are withdrawn, too */
        const char *begin; /* of a flow, as it was typed */
        const char *until; /* a door's end, as it was typed: from its start, if it has one */
        const char *verb;  /* open, stop or close: the location is an argument; NULL: put */
        int64_t now_ms;
        unsigned n_arguments;
} PutOptions;

/* Says what is wrong and exits with EXIT_USAGE if it is not a report. Strings are argv's. */
void put_options_parse(PutOptions *ret_options, int argc, char **argv);

/* The same of plek open, stop and close: a door in @state, of the location that is its argument.
 * With --from it is a plan, whose number is its start's. */
void put_door_parse(PutOptions *ret_options, int argc, char **argv, const char *verb,
                    uint32_t door_state);

/* Sends it and waits for the receipt, or asks whether it would be accepted; says what came of it.
 * Returns an Exit. */
MUST_CHECK int put_run(Peer *peer, const PutOptions *o);

enum {
        PUT_LOCATION = 0x100,
        PUT_UNIT,
        PUT_LABEL,
        PUT_CARE,
        PUT_GROUP,
        PUT_URGENCY,
        PUT_STATUS,
        PUT_AUDIENCE,
        PUT_DEFINITION,
        PUT_OBSERVED,
        PUT_VALID,
        PUT_CHECK,
        PUT_SURE,
        PUT_EXCEPT,
        PUT_REASON,
        PUT_TEXT,
        PUT_BY,
        PUT_FROM,
        PUT_UNTIL,
        PUT_REVIEW,
        PUT_EXPIRY,
        PUT_PLAN,
        PUT_NAME,
        PUT_KIND,
        PUT_POSITION,
        PUT_PHONE,
        PUT_METHOD,
        PUT_LEVEL,
        PUT_HOURS,
        PUT_TIME_ZONE,
        PUT_IDENTIFIER,
        PUT_NOT_OFFERED,
        PUT_SCORE,
        PUT_INPUT, /* the last */
};

/* Options of one kind of report; false: not one of them. */
bool put_card_parse(PutOptions *o, int key, char *argument, struct argp_state *state);
bool put_offering_parse(PutOptions *o, int key, char *argument, struct argp_state *state);

/* Says and exits where a report says nothing or what cannot be; tells what is not known here. */
void put_check_report(const PutOptions *o, struct argp_state *state);

/* Each says what is wrong with what was typed, and exits. */
uint32_t put_code(struct argp_state *state, PlekCodeList list, const char *what, const char *name);
int64_t put_time(struct argp_state *state, const PutOptions *o, const char *text);
unsigned long put_number(struct argp_state *state, const char *what, const char *text,
                         unsigned long most);
