/*
 * plek admit, suspend, unsuspend, confirm: what an operator hands to or asks of a broker
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "files.h"
#include "peer.h"
#include "words.h"

typedef struct BrokerOptions {
        Common common;
        const char *key_id;
        const char *reason;
        char **arguments;
        int n_arguments;
} BrokerOptions;

enum { OPTION_KEY_ID = 0x100, OPTION_REASON };

static error_t parse(int key, char *argument, struct argp_state *state)
{
        BrokerOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_KEY_ID:
                o->key_id = argument;
                return 0;
        case OPTION_REASON:
                o->reason = argument;
                return 0;
        case ARGP_KEY_ARGS:
                o->arguments = state->argv + state->next;
                o->n_arguments = state->argc - state->next;
                return 0;
        case ARGP_KEY_NO_ARGS:
                argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };

/* ------------------------------------------------------------------ admit */

static int admit_file(PlekClient *client, const BrokerOptions *o, const char *path)
{
        CLEANUP(blob_unrefp) Blob *file = NULL;
        PlekFault fault = { 0 };
        uint64_t revision = 0;
        int r;

        r = load_file(&file, path, ENVELOPE_MAX_BYTES);
        if (r)
                return r;

        r = plek_client_submit(client, file->bytes, file->n_bytes, false, &revision, &fault);
        if (r)
                return fail_answer_about(path, r, &fault);

        if (o->common.json)
                print_json_line(
                        json_pack("{s:s, s:I}", "file", path, "revision", (json_int_t)revision));
        else
                printf("%s %s %" PRIu64 "\n", path,
                       word(o->common.language, "is in force since revision"), revision);
        return EXIT_DONE;
}

int command_admit(int argc, char **argv)
{
        static const struct argp argp = {
                .parser = parse,
                .args_doc = "FILE...",
                .doc = "Hands signed enrolments and region cards to a running broker. They prove "
                       "themselves, so anybody may carry them.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        BrokerOptions o = { 0 };
        int r, worst = EXIT_DONE;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        for (int i = 0; i < o.n_arguments && worst != EXIT_UNREACHABLE; i++) {
                r = admit_file(client, &o, o.arguments[i]);
                worst = MAX(worst, r);
        }
        return worst;
}

/* ------------------------------------------------------------------ suspend, unsuspend */

static int suspend(int argc, char **argv, bool suspended)
{
        static const struct argp_option options[] = {
                { "key-id", OPTION_KEY_ID, "ID", 0, "This key only, as plek parties shows it", 1 },
                { "reason", OPTION_REASON, "TEXT", 0, "For the journal", 1 },
                { 0 },
        };
        const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "PARTY",
                .doc = suspended ? "Cuts a party, or one key of it, off within a second. Journaled "
                                   "and reversible; what it said stays in the picture and ages."
                                 : "Lets a suspended party, or one key of it, back.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        BrokerOptions o = { 0 };
        PlekFault fault = { 0 };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        if (o.n_arguments != 1)
                return fail(EXIT_USAGE, "%s takes one party. plek parties lists them.", argv[0]);

        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        r = plek_client_suspend(client, o.arguments[0], o.key_id, suspended, o.reason, &fault);
        if (r)
                return fail_answer(r, &fault);
        printf("%s %s\n", o.arguments[0],
               word(o.common.language, suspended ? "is suspended" : "is back"));
        return EXIT_DONE;
}

int command_suspend(int argc, char **argv)
{
        return suspend(argc, argv, true);
}

int command_unsuspend(int argc, char **argv)
{
        return suspend(argc, argv, false);
}

/* ------------------------------------------------------------------ confirm */

int command_confirm(int argc, char **argv)
{
        static const struct argp argp = {
                .parser = parse,
                .args_doc = "epoch\nclock",
                .doc = "Accepts what the broker stopped at: that its registry is complete again "
                       "after a roll back, or that its clock is right.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        BrokerOptions o = { 0 };
        PlekFault fault = { 0 };
        bool clock;
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        clock = !strcmp(o.arguments[0], "clock");
        if (o.n_arguments != 1 || (!clock && strcmp(o.arguments[0], "epoch")))
                return fail(EXIT_USAGE, "plek confirm takes epoch or clock.");

        r = peer_client(&peer, &client, &o.common, false);
        if (r)
                return r;
        r = plek_client_confirm(client, clock ? PLEK_CONFIRM_CLOCK : PLEK_CONFIRM_EPOCH, &fault);
        if (r)
                return fail_answer(r, &fault);
        puts(word(o.common.language,
                  clock ? "the broker's clock is accepted" : "the registry is confirmed"));
        return EXIT_DONE;
}
