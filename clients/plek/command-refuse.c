/*
 * plek refuse: a request that could not be taken, in one command
 * plek flow: how many went from one link of the chain to the next
 *
 *         plek refuse --care ICU_ADULT --reason BEDS_FULL --from AMBULANCE
 *         plek flow duinzicht --from AMBULANCE --to ED --care ED --count 41 --begin 2026-11-21
 *
 * Neither takes a word of text, so that nothing about a patient can be in it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"
#include "put.h"
#include "receipt.h"
#include "sentences.h"
#include "when.h"
#include "words.h"

#define MINUTE_MS ((int64_t)60 * 1000)

enum {
        OPTION_LOCATION = 0x100,
        OPTION_UNIT,
        OPTION_CARE,
        OPTION_REASON,
        OPTION_FROM,
        OPTION_TO,
        OPTION_OTHER,
        OPTION_AT,
        OPTION_BEGIN,
        OPTION_END,
        OPTION_COUNT,
        OPTION_STATUS,
        OPTION_AUDIENCE,
        OPTION_CHECK,
        OPTION_UNDO,
        OPTION_SURE,
};

static int64_t past_time(struct argp_state *state, const PutOptions *o, const char *text)
{
        int64_t ms = 0;

        if (when_parse_past(&ms, text, o->now_ms))
                usage_error(state, "'%s' is not a time; 14:30, -10min and 2026-11-22 18:00 are",
                            text);
        return ms;
}

static bool common_option(PutOptions *o, int key, char *argument, struct argp_state *state)
{
        PlekReport *report = &o->report;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return true;
        case ARGP_KEY_ARG:
                if (report->location)
                        usage_error(state, "'%s' is too much", argument);
                report->location = argument;
                return true;
        case OPTION_LOCATION:
                report->location = argument;
                return true;
        case OPTION_UNIT:
                report->unit = argument;
                return true;
        case OPTION_STATUS:
                report->status = put_code(state, PLEK_CODES_STATUS, "status", argument);
                return true;
        case OPTION_CHECK:
                o->check = true;
                return true;
        default:
                return false;
        }
}

/* ------------------------------------------------------------------ refuse */

static void check_refusal(const PutOptions *o, struct argp_state *state)
{
        const PlekCareRefusal *refusal = &o->report.refusal;

        if (o->withdraw && (o->check || refusal->care || refusal->reason || refusal->from ||
                            refusal->at_ms || refusal->count || o->report.location))
                usage_error(state, "--undo takes an id, and nothing beside it");
        if (!o->withdraw && !refusal->care)
                usage_error(state, "which --care was asked for?");
        if (!o->withdraw && !o->is_sure && refusal->count > REFUSED_SURE_ABOVE)
                exit(fail(EXIT_USAGE,
                          "--count %d is many at once, so nothing was sent; with --sure it is.",
                          refusal->count));
}

static error_t parse_refusal(int key, char *argument, struct argp_state *state)
{
        PutOptions *o = state->input;
        PlekCareRefusal *refusal = &o->report.refusal;

        switch (key) {
        case OPTION_CARE:
                refusal->care = put_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_REASON:
                refusal->reason = put_code(state, PLEK_CODES_REASON, "reason", argument);
                return 0;
        case OPTION_FROM:
                refusal->from = put_code(state, PLEK_CODES_CHAIN, "link", argument);
                return 0;
        case OPTION_AT:
                refusal->at_ms = past_time(state, o, argument);
                return 0;
        case OPTION_COUNT:
                refusal->count = (int32_t)put_number(state, "--count", argument, 100000);
                if (!refusal->count)
                        usage_error(state, "--count is how many were refused: 1 or more");
                return 0;
        case OPTION_UNDO:
                o->withdraw = true;
                if (receipt_id_parse(refusal->id, argument))
                        usage_error(state, "--undo takes the id that the receipt gave, 32 of 0-9 "
                                           "and a-f");
                return 0;
        case OPTION_SURE:
                o->is_sure = true;
                return 0;
        case ARGP_KEY_END:
                check_refusal(o, state);
                return 0;
        default:
                return common_option(o, key, argument, state) ? 0 : ARGP_ERR_UNKNOWN;
        }
}

/* Of a party with one location it need not be said which. Returns an Exit. */
static int find_location(Peer *peer, PutOptions *o, char ret_location[65])
{
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        PlekFault fault = { 0 };
        PlekWhoami whoami;
        int r;

        r = plek_client_new(&client, peer->context, &peer->peer);
        if (r)
                return fail(EXIT_FILE, "cannot connect: %s.", spoken(plek_result_text(r)));
        plek_client_set_timeout(client, common_left_ms(&o->common, 1));
        r = plek_client_whoami(client, &whoami, &fault);
        if (r)
                return fail_answer(r, &fault);
        if (!whoami.is_enrolled)
                return fail(EXIT_REFUSED, "%s.", whoami.text);
        if (whoami.n_locations != 1)
                return fail(EXIT_USAGE,
                            "%s speaks for %zu locations: say which refused, as in plek refuse "
                            "LOCATION --care CARE.",
                            whoami.party, whoami.n_locations);
        snprintf(ret_location, 65, "%s", whoami.locations[0].location);
        o->report.location = ret_location;
        return EXIT_DONE;
}

int command_refuse(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "care", OPTION_CARE, "CARE", 0, "What was asked for: ICU_ADULT, ED, WARD, ...",
                  1 },
                { "reason", OPTION_REASON, "CODE", 0, "BEDS_FULL, STAFF, ED_CROWDING, ...", 1 },
                { "from", OPTION_FROM, "LINK", 0,
                  "Who asked: AMBULANCE, GP, ED, ...; plek codes link lists them", 1 },
                { "location", OPTION_LOCATION, "ID", 0, "Ours (the only one that we speak for)",
                  1 },
                { "unit", OPTION_UNIT, "ID", 0, "The unit that could not", 1 },
                { "at", OPTION_AT, "TIME", 0, "When (now)", 1 },
                { "count", OPTION_COUNT, "N", 0, "How many (1); above 20 with --sure", 1 },
                { "sure", OPTION_SURE, NULL, 0, "It is meant, however many", 1 },
                { "undo", OPTION_UNDO, "ID", 0,
                  "Take back the one with this id, which its receipt gave", 1 },
                { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0, "Default ACTUAL", 1 },
                { "check", OPTION_CHECK, NULL, 0, "Ask whether it would be accepted; write nothing",
                  1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse_refusal,
                .args_doc = "[LOCATION]",
                .doc = "Records a request that could not be taken, for coordination centres only. "
                       "It has no text: nothing about the patient.\v"
                       "plek refuse --care ICU_ADULT --reason BEDS_FULL --from AMBULANCE",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        char location[65];
        PutOptions o = {
                .report = { .status = PLEK_STATUS_ACTUAL,
                            .source = PLEK_SOURCE_MANUAL,
                            .audience = PLEK_AUDIENCE_COORD,
                            .kind = PLEK_REPORT_REFUSAL },
                .now_ms = wall_clock_ms(),
        };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        if (o.check && !o.report.refusal.at_ms)
                o.report.refusal.at_ms = o.now_ms;
        r = peer_open(&peer, &o.common);
        if (!r && !o.report.location && !o.withdraw)
                r = find_location(&peer, &o, location);
        return r ? r : put_run(&peer, &o);
}

/* ------------------------------------------------------------------ flow */

static void check_flow(PutOptions *o, struct argp_state *state)
{
        PlekFlow *flow = &o->report.flow;

        if (!o->report.location || !flow->from || !flow->to || !flow->care)
                usage_error(state,
                            "a flow has a LOCATION, --from and --to (links of the chain) and "
                            "--care");
        flow->from_ms -= flow->from_ms % MINUTE_MS;
        flow->until_ms -= flow->until_ms % MINUTE_MS;
        if (!flow->until_ms)
                flow->until_ms = flow->from_ms ? when_day_after(flow->from_ms, o->begin) : 0;
        if (!flow->from_ms || flow->until_ms > o->now_ms)
                usage_error(state, "in which period? --begin and --end say it, in the past; with "
                                   "--begin alone it is a day");
}

static error_t parse_flow(int key, char *argument, struct argp_state *state)
{
        PutOptions *o = state->input;
        PlekFlow *flow = &o->report.flow;

        switch (key) {
        case OPTION_CARE:
                flow->care = put_code(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_FROM:
                flow->from = put_code(state, PLEK_CODES_CHAIN, "link", argument);
                return 0;
        case OPTION_TO:
                flow->to = put_code(state, PLEK_CODES_CHAIN, "link", argument);
                return 0;
        case OPTION_OTHER:
                flow->other = argument;
                return 0;
        case OPTION_BEGIN:
                flow->from_ms = past_time(state, o, argument);
                o->begin = argument;
                return 0;
        case OPTION_END:
                flow->until_ms = past_time(state, o, argument);
                return 0;
        case OPTION_COUNT:
                flow->has_count = true;
                flow->count = (int32_t)put_number(state, "--count", argument, 100000);
                return 0;
        case OPTION_AUDIENCE:
                o->report.audience = put_code(state, PLEK_CODES_AUDIENCE, "audience", argument);
                return 0;
        case ARGP_KEY_END:
                check_flow(o, state);
                return 0;
        default:
                return common_option(o, key, argument, state) ? 0 : ARGP_ERR_UNKNOWN;
        }
}

int command_flow(int argc, char **argv)
{
        static const struct argp_option options[] = {
                { "from", OPTION_FROM, "LINK", 0,
                  "HOME, GP, AMBULANCE, ED, ...; plek codes link lists them", 1 },
                { "to", OPTION_TO, "LINK", 0, "The link that they came to", 1 },
                { "care", OPTION_CARE, "CARE", 0, "ED, WARD, ICU_ADULT, ...", 1 },
                { "count", OPTION_COUNT, "N", 0, "How many; not said: it is withheld", 1 },
                { "begin", OPTION_BEGIN, "TIME", 0, "When the period began, to the minute", 1 },
                { "end", OPTION_END, "TIME", 0, "And ended (a day later)", 1 },
                { "other", OPTION_OTHER, "ID", 0, "The location that they came from", 1 },
                { "unit", OPTION_UNIT, "ID", 0, "The unit that they came to", 1 },
                { "audience", OPTION_AUDIENCE, "OPEN|CARE|COORD", 0,
                  "Who may read it (CARE); 1 to 4 is for COORD", 1 },
                { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0, "Default ACTUAL", 1 },
                { "check", OPTION_CHECK, NULL, 0, "Ask whether it would be accepted; write nothing",
                  1 },
                { 0 },
        };
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse_flow,
                .args_doc = "LOCATION",
                .doc = "Says how many went from one link of the chain to the next in a period; "
                       "never who. Whom others may read of is said once: afterwards it can only "
                       "be kept from them, by the same with --audience COORD.\v"
                       "plek flow duinzicht --from AMBULANCE --to ED --care ED --count 41 "
                       "--begin 2026-11-21",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        PutOptions o = {
                .report = { .status = PLEK_STATUS_ACTUAL,
                            .source = PLEK_SOURCE_MANUAL,
                            .kind = PLEK_REPORT_FLOW },
                .now_ms = wall_clock_ms(),
        };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        r = peer_open(&peer, &o.common);
        return r ? r : put_run(&peer, &o);
}
