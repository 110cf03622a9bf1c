/*
 * plek: for operators, and everybody else
 */

#include <locale.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "sentences.h"

static const Command commands[] = {
        { "get", command_get, "the picture as it is now" },
        { "watch", command_watch, "the picture as it changes" },
        { "totals", command_totals, "how much there is of each care, and how much of that is old" },
        { "find", command_find, "where a patient can be taken now, ranked" },
        { "impact", command_impact, "what follows if a location closes" },
        { "map", command_map, "which care is given where, and when" },
        { "alert", command_alert, "what must be looked at now, until somebody has seen it" },
        { "ack", command_ack, "say that we have seen it" },
        { "overdue", command_overdue, "who is later than agreed, and whom to call" },
        { "at", command_at, "the picture as it was held at a time" },
        { "history", command_history, "what was said of a location, and when" },
        { "stops", command_stops,
          "how many stops in a quarter, how long, and what neighbours did" },
        { "flows", command_flows, "who went where along the chain, and what was refused" },
        { "door", command_door, "which door leads, who says so, and what the neighbours do" },
        { "open", command_open, "one's own door, and what was announced for it is called off" },
        { "stop", command_stop, "ask that patients are not brought, exceptions apart" },
        { "close", command_close, "a door, now or announced ahead" },
        { "put", command_put, "one report by hand: counts, a door, a card, an offering, pressure" },
        { "refuse", command_refuse, "a request that could not be taken, in one command" },
        { "flow", command_flow, "how many went from one link of the chain to the next" },
        { "call", command_call, "all agents of a region are asked to report now" },
        { "export", command_export, "the picture as EDXL-HAVE, FHIR or CSV" },
        { "import", command_import, "such a document, as reports of ours" },
        { "codes", command_codes, "the codes of care, reasons, exceptions and the rest" },
        { "whoami", command_whoami, "what the broker knows of our key" },

        { "key", command_key, "make a party's secret, show its public part" },
        { "enrol", command_enrol, "sign an enrolment, with the authority's secret" },
        { "card", command_card, "sign the region card, or show one" },

        { "admit", command_admit, "hand enrolments and cards to a running broker" },
        { "suspend", command_suspend, "cut a party off at once" },
        { "unsuspend", command_unsuspend, "let it back" },
        { "parties", command_parties, "who takes part, and how they are" },
        { "status", command_status, "how the broker is" },
        { "confirm", command_confirm, "accept what the broker stopped at" },

        { "witness", command_witness, "keep the broker's signed heads in a file elsewhere" },
        { "open-document", command_open_document, "check the file that is for the public" },
        { "verify", command_verify, "re-check a data directory, or a copy of one" },
};

static void help(FILE *to)
{
        fputs("plek: which acute care has room, who says so, and since when\n\n"
              "usage: plek COMMAND ...        plek COMMAND --help says more\n\n",
              to);
        for (size_t i = 0; i < N_ELEMENTS(commands); i++)
                fprintf(to, "  %-13s %s\n", commands[i].name, commands[i].summary);
        fputs("\nExit status: 0 done, 1 refused, 2 wrong usage, 3 the broker does not answer,\n"
              "4 a file or key, 5 verify found damage, 6 not all have answered a call. man plek "
              "has\n"
              "the rest.\n",
              to);
}

/* By the locale; but what is wrong with a command line is said in the language that it asks for,
 * wherever in it that stands. */
static void speak_as_asked(int argc, char **argv)
{
        const char *messages = setlocale(LC_MESSAGES, NULL);

        if (messages && !strncmp(messages, "nl", 2))
                sentences_speak(LANGUAGE_NL);
        for (int i = 1; i < argc; i++)
                if (!strcmp(argv[i], "--lang=nl") ||
                    (!strcmp(argv[i], "--lang") && i + 1 < argc && !strcmp(argv[i + 1], "nl")))
                        sentences_speak(LANGUAGE_NL);
}

int main(int argc, char **argv)
{
        const char *name = argc > 1 ? argv[1] : "help";

        setlocale(LC_ALL, "");
        setlocale(LC_NUMERIC, "C"); /* 52.95,4.02 is a position in every language */
        speak_as_asked(argc, argv);
        if (sodium_init() < 0)
                return fail(EXIT_FILE, "libsodium does not start. Is /dev/urandom there?");

        if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h")) {
                help(stdout);
                return EXIT_DONE;
        }
        if (!strcmp(name, "--version")) {
                puts("plek " PLEK_VERSION);
                return EXIT_DONE;
        }

        for (size_t i = 0; i < N_ELEMENTS(commands); i++)
                if (!strcmp(name, commands[i].name)) {
                        char whole[32];

                        /* argp takes the program's name for its messages from here. */
                        snprintf(whole, sizeof(whole), "plek %s", name);
                        argv[1] = whole;
                        argp_err_exit_status = EXIT_USAGE;
                        return commands[i].run(argc - 1, argv + 1);
                }

        return fail(EXIT_USAGE, "there is no command '%s'. plek help lists them.", name);
}
