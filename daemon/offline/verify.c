#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "offline/offline.h"
#include "store/verify.h"
#include "wire/key.h"

enum {
        OPTION_WITNESS = 256,
        OPTION_AUTHORITY,
        OPTION_JSON,

        BAR_WIDTH = 40,
        HEAD_TEXT_BYTES = DIGEST_BYTES * 2 + 1,
};

typedef struct VerifyArguments {
        const char *directory;
        VerifyOptions options;
        PublicKey authority;
        bool json;
} VerifyArguments;

static const struct argp_option options[] = {
        { "witness", OPTION_WITNESS, "FILE", 0, "Signed heads that plek witness has kept" },
        { "authority", OPTION_AUTHORITY, "KEY", 0, "The authority's public key" },
        { "json", OPTION_JSON, 0, 0, "One object, for scripts" },
        { 0 },
};

static error_t on_option(int key, char *value, struct argp_state *state)
{
        VerifyArguments *arguments = state->input;

        switch (key) {
        case OPTION_WITNESS:
                arguments->options.witness = value;
                return 0;
        case OPTION_AUTHORITY:
                if (public_key_parse(&arguments->authority, value, NULL))
                        argp_error(state, "--authority: '%s' is not a public key", value);
                arguments->options.authority = arguments->authority.sign;
                return 0;
        case OPTION_JSON:
                arguments->json = true;
                return 0;
        case ARGP_KEY_ARG:
                if (arguments->directory)
                        argp_usage(state);
                arguments->directory = value;
                return 0;
        case ARGP_KEY_END:
                if (!arguments->directory)
                        argp_usage(state);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp parser = {
        options,
        on_option,
        "DIRECTORY",
        "Checks every signature and checksum of a data directory, or of a copy, and the chain of "
        "its journal. Says whether it is bit-flipped, truncated, re-signed or rolled back; the "
        "last "
        "two only the heads of a witness can show for certain.\v"
        "Exit status: 0 it is whole, 2 wrong usage, 4 it cannot be read, 5 something was found.",
};

/* ------------------------------------------------------------------ telling */

static void show_progress(void *arg, uint64_t n_done, uint64_t n_all)
{
        unsigned n_bar = n_all ? (unsigned)(n_done * BAR_WIDTH / n_all) : BAR_WIDTH;

        fprintf(stderr, "\r[%.*s%*s] %" PRIu64 " of %" PRIu64 " entries", (int)n_bar,
                "########################################", (int)(BAR_WIDTH - n_bar), "", n_done,
                n_all);
}

static void clear_progress(void)
{
        fputs("\r\033[K", stderr);
}

static void format_time(int64_t time_ms, char ret_text[32])
{
        time_t time_s = (time_t)(time_ms / 1000);
        struct tm tm;

        strftime(ret_text, 32, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&time_s, &tm));
}

static void tell_facts(const VerifyReport *report)
{
        char head[HEAD_TEXT_BYTES], when[32];

        sodium_bin2hex(head, sizeof(head), report->head, DIGEST_BYTES);
        format_time(report->last_time_ms, when);
        printf("network     %s\n", *report->network ? report->network : "none yet");
        printf("entries     %" PRIu64, report->n_entries);
        if (report->n_entries)
                printf(", the last is revision %" PRIu64 " of %s", report->last_revision, when);
        if (report->n_thinned)
                printf("\nthinned     %" PRIu64 ": of these only the digests are left",
                       report->n_thinned);
        if (report->cut_revision) {
                format_time(report->cut_time_ms, when);
                printf("\nkept from   entry %" PRIu64 ", %s: what was older was cut off",
                       report->cut_revision, when);
        }
        if (report->n_unswept)
                printf("\n            %" PRIu64 " entries of that have yet to go",
                       report->n_unswept);
        printf("\nhead        %s\n", head);
        printf("signatures  %" PRIu64 " verified\n", report->n_signatures);
        if (report->unchecked_after)
                printf("            none after entry %" PRIu64
                       ": what says who may sign is damaged\n",
                       report->unchecked_after);
        printf("epochs      %" PRIu64, report->n_epochs);
        if (report->n_cuts)
                printf(", of which %" PRIu64 " did not continue: a roll-back or a restore that was "
                       "noticed",
                       report->n_cuts);
        printf("\ncheckpoint  %" PRIu64 " rows%s\n", report->n_rows,
               report->checkpoint_compared ? ", as the journal gives them" : "");
        if (report->n_heads)
                printf("witness     %" PRIu64 " heads\n", report->n_heads);
        if (!report->has_card && report->n_entries)
                printf("note        no region card is in the journal: whose key is the broker's, "
                       "only the broker says\n");
}

static void tell_findings(const VerifyReport *report)
{
        const char *separator = "";

        for (size_t i = 0; i < MIN(report->n_findings, VERIFY_FINDINGS_MAX); i++)
                printf("%s: %s\n", verify_defect_name(report->findings[i].defect),
                       report->findings[i].text);
        if (report->n_findings > VERIFY_FINDINGS_MAX)
                printf("... and %" PRIu64 " more\n", report->n_findings - VERIFY_FINDINGS_MAX);

        if (!report->n_findings) {
                printf("It is what its broker wrote.\n");
                return;
        }
        printf("This directory is ");
        for (VerifyDefect defect = 0; defect < N_VERIFY_DEFECTS; defect++) {
                if (!report->n_defects[defect])
                        continue;
                printf("%s%s", separator, verify_defect_name(defect));
                separator = ", ";
        }
        printf(".\n");
}

static json_t *findings_json(const VerifyReport *report)
{
        json_t *findings = json_array();

        for (size_t i = 0; i < MIN(report->n_findings, VERIFY_FINDINGS_MAX); i++) {
                const VerifyFinding *finding = &report->findings[i];

                json_array_append_new(findings, json_pack("{s:s, s:I, s:s}", "defect",
                                                          verify_defect_name(finding->defect),
                                                          "revision", (json_int_t)finding->revision,
                                                          "text", finding->text));
        }
        return findings;
}

static int tell_json(const VerifyReport *report)
{
        char head[HEAD_TEXT_BYTES];
        json_t *object;
        int r;

        sodium_bin2hex(head, sizeof(head), report->head, DIGEST_BYTES);
        object = json_pack(
                "{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:b, "
                "s:b, s:I, s:o}",
                "whole", report->n_findings == 0, "network", report->network, "entries",
                (json_int_t)report->n_entries, "thinned", (json_int_t)report->n_thinned,
                "kept_from_revision", (json_int_t)report->cut_revision, "kept_from_ms",
                (json_int_t)report->cut_time_ms, "unswept", (json_int_t)report->n_unswept,
                "revision", (json_int_t)report->last_revision, "time_ms",
                (json_int_t)report->last_time_ms, "head", head, "signatures",
                (json_int_t)report->n_signatures, "rows", (json_int_t)report->n_rows, "epochs",
                (json_int_t)report->n_epochs, "cuts", (json_int_t)report->n_cuts, "heads",
                (json_int_t)report->n_heads, "has_card", (int)report->has_card,
                "checkpoint_compared", (int)report->checkpoint_compared, "n_findings",
                (json_int_t)report->n_findings, "findings", findings_json(report));
        if (!object)
                return -1;

        r = json_dumpf(object, stdout, JSON_COMPACT);
        json_decref(object);
        putchar('\n');
        return r;
}

int offline_verify(int argc, char **argv)
{
        VerifyArguments arguments = { 0 };
        bool bar = isatty(STDERR_FILENO);
        const char *text = "";
        VerifyReport report;
        int r;

        argp_err_exit_status = OFFLINE_USAGE;
        if (argp_parse(&parser, argc, argv, 0, NULL, &arguments))
                return OFFLINE_USAGE;

        if (bar)
                arguments.options.progress = show_progress;
        r = ledger_verify(arguments.directory, &arguments.options, &report, &text);
        if (bar)
                clear_progress();
        if (r) {
                fprintf(stderr, "plekd: %s\n", r < 0 ? strerror(-r) : text);
                return OFFLINE_FILE;
        }

        if (arguments.json) {
                if (tell_json(&report))
                        return OFFLINE_FILE;
        } else {
                tell_facts(&report);
                tell_findings(&report);
        }
        return report.n_findings ? OFFLINE_DAMAGED : OFFLINE_DONE;
}
