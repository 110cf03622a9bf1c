/*
 * plek open-document: whether a public file is what a broker of our region signed
 *
 * Anybody may hand the file out, so nobody who does has to be believed.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "files.h"
#include "peer.h"
#include "sentences.h"
#include "when.h"
#include "wire/open-document.h"
#include "words.h"

typedef struct OpenOptions {
        Common common;
        const char *path;
} OpenOptions;

static error_t parse(int key, char *argument, struct argp_state *state)
{
        OpenOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case ARGP_KEY_ARG:
                if (o->path)
                        argp_usage(state);
                o->path = argument;
                return 0;
        case ARGP_KEY_END:
                if (!o->path)
                        usage_error(state, "which FILE?");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* What the file says of itself, once it is known who signed it. */
static int tell(const OpenOptions *o, const Blob *file)
{
        const Language language = o->common.language;
        json_int_t revision, time_ms;
        const char *network;
        json_t *document, *records;
        char age[DURATION_TEXT_BYTES];

        document = json_loadb((const char *)file->bytes, file->n_bytes, 0, NULL);
        if (!document ||
            json_unpack(document, "{s:s, s:I, s:I, s:o}", "network_name", &network, "revision",
                        &revision, "time_ms", &time_ms, "records", &records) ||
            !json_is_array(records)) {
                json_decref(document);
                return fail(EXIT_REFUSED, "%s is signed, and is not an open document.", o->path);
        }
        if (o->common.json) {
                print_json_line(json_pack("{s:b, s:s, s:I, s:I, s:I}", "signed", true,
                                          "network_name", network, "revision", revision, "time_ms",
                                          time_ms, "records",
                                          (json_int_t)json_array_size(records)));
        } else {
                duration_format(MAX(wall_clock_ms() - (int64_t)time_ms, (int64_t)0), age);
                printf("%s %s, %s %" JSON_INTEGER_FORMAT ", %s %s, %zu %s\n",
                       word(language, "signed by a broker of"), network, word(language, "revision"),
                       revision, age, word(language, "ago"), json_array_size(records),
                       word(language, "records"));
        }
        json_decref(document);
        return EXIT_DONE;
}

int command_open_document(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .parser = parse,
                .args_doc = "FILE",
                .doc = "Checks that a broker named on our region card signed the public file, and "
                       "says how old it is.",
                .children = children,
        };
        CLEANUP(plek_region_card_freep) PlekRegionCard *card = NULL;
        CLEANUP(blob_unrefp) Blob *file = NULL;
        OpenOptions o = { 0 };
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);

        r = plek_region_card_load(&card, o.common.card);
        if (r)
                return fail(EXIT_FILE, "%s: %s.", o.common.card, spoken(plek_result_text(r)));
        r = load_file(&file, o.path, OPEN_DOCUMENT_BYTES_MAX);
        if (r)
                return r;
        r = plek_region_card_check_open(card, file->bytes, file->n_bytes);
        switch (r) {
        case 0:
                return tell(&o, file);
        case PLEK_E_INVALID:
                return fail(EXIT_REFUSED, "%s does not end in a signature: it is not whole.",
                            o.path);
        case PLEK_E_UNTRUSTED:
                return fail(EXIT_REFUSED,
                            "%s was not signed by a broker on our region card, or "
                            "was altered.",
                            o.path);
        default:
                return fail(EXIT_FILE, "%s: %s.", o.path, spoken(plek_result_text(r)));
        }
}
