/*
 * plek import: a document of others, as reports of ours
 *
 * With --check it is only read, and said. Else what is about a location that the key may speak for
 * is published; what another party said is marked RELAYED.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "document.h"
#include "files.h"
#include "formats/field.h"
#include "peer.h"
#include "sentences.h"
#include "when.h"
#include "words.h"

typedef struct ImportOptions {
        Common common;
        const DocumentFormat *format;
        const char *path;
        bool check;
} ImportOptions;

enum { OPTION_FORMAT = 0x100, OPTION_CHECK };

static const struct argp_option options[] = {
        { "format", OPTION_FORMAT, "have|fhir|csv", 0,
          "EDXL-HAVE 1.0, FHIR R4 MeasureReports, or CSV as plek export writes it", 1 },
        { "check", OPTION_CHECK, NULL, 0,
          "Publish nothing: print what was read, one JSON object a record", 1 },
        { 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
        ImportOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_FORMAT:
                o->format = document_format(argument);
                if (!o->format)
                        usage_error(state, "--format is have, fhir or csv, not '%s'", argument);
                return 0;
        case OPTION_CHECK:
                o->check = true;
                return 0;
        case ARGP_KEY_ARG:
                if (o->path)
                        usage_error(state, "one FILE at a time");
                o->path = argument;
                return 0;
        case ARGP_KEY_END:
                if (!o->format || !o->path)
                        usage_error(state, "import needs a --format and a FILE");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ said */

static json_t *value_of(const char *field, const char *text)
{
        char *end;
        double value;

        if (!field_is_number(field))
                return json_string(text);
        value = strtod(text, &end);
        if (*end)
                return json_string(text); /* why a count is absent */
        return strspn(text, "-0123456789") == strlen(text) ? json_integer(strtoll(text, NULL, 10))
                                                           : json_real(value);
}

static void say_record(const FormatRecord *record)
{
        char text[FIELD_TEXT_BYTES], id[FORMAT_ID_BYTES];
        json_t *object;
        const char *name;

        format_id(record, id);
        object = json_pack("{s:s, s:s, s:s}", "id", id, "status",
                           plek_code_name(PLEK_CODES_STATUS, record->report.status), "report",
                           plek_code_name(PLEK_CODES_REPORT, record->report.kind));
        if (record->party)
                json_object_set_new(object, "party", json_string(record->party));
        for (size_t i = 0; (name = field_name(i)); i++)
                if (field_get(&record->report, name, text))
                        json_object_set_new(object, name, value_of(name, text));
        print_json_line(object);
}

/* ------------------------------------------------------------------ published */

typedef struct Import {
        const ImportOptions *options;
        size_t n_put, n_accepted, n_refused, n_not_ours;
} Import;

static void on_accepted(void *arg, const PlekRecordKey *key, uint64_t revision)
{
        Import *import = arg;

        import->n_accepted++;
}

static void on_refused(void *arg, const PlekRecordKey *key, const PlekFault *fault, bool is_final)
{
        Import *import = arg;

        if (!is_final)
                return;
        import->n_refused++;
        fail_answer_about(key->location, PLEK_E_REFUSED, fault);
}

static bool may_speak(const PlekWhoami *who, const char *location)
{
        for (size_t i = 0; i < who->n_locations; i++)
                if (!strcmp(who->locations[i].location, location))
                        return true;
        return false;
}

/* Returns 0 or -errno; what was wrong with one record has been said. */
static int put_record(PlekPublisher *publisher, Import *import, const FormatRecord *record,
                      const PlekWhoami *who)
{
        PlekReport report = record->report;
        PlekFault fault;
        int r;

        if (!may_speak(who, report.location)) {
                import->n_not_ours++;
                return 0;
        }
        if (!record->party || strcmp(record->party, who->party) != 0)
                report.source = PLEK_SOURCE_RELAYED;
        r = plek_publisher_put(publisher, &report, &fault);
        if (r == PLEK_E_INVALID) {
                import->n_refused++;
                fail_answer_about(report.location, r, &fault);
                return 0;
        }
        import->n_put += !r;
        return r;
}

static int say_result(Peer *peer, const Import *import, int r)
{
        const Common *common = &import->options->common;

        if (r && r != PLEK_E_TIMEOUT && r != PLEK_E_REFUSED)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        if (common->json)
                print_json_line(json_pack(
                        "{s:I, s:I, s:I}", "accepted", (json_int_t)import->n_accepted, "refused",
                        (json_int_t)import->n_refused, "not_ours", (json_int_t)import->n_not_ours));
        else
                printf("%zu %s, %zu %s, %zu %s\n", import->n_accepted,
                       word(common->language, "accepted"), import->n_refused,
                       word(common->language, "refused"), import->n_not_ours,
                       word(common->language, "of locations that this key does not speak for"));
        if (r == PLEK_E_TIMEOUT)
                return fail_unanswered(
                        peer, common, PLEK_ROLE_BIT(PLEK_ROLE_AGENT),
                        "not all was acknowledged in time; importing again is safe.");
        if (import->n_refused)
                return EXIT_REFUSED;
        if (!import->n_put && import->n_not_ours)
                return fail(EXIT_REFUSED, "nothing in it is of a location that this key may speak "
                                          "for. plek whoami lists them.");
        return EXIT_DONE;
}

static int publish(Peer *peer, Import *import, const FormatRecord *records, size_t n,
                   const PlekWhoami *who)
{
        static const PlekPublisherCallbacks callbacks = {
                .accepted = on_accepted,
                .refused = on_refused,
        };
        const PlekPublisherOptions publisher_options = { .is_hand = true, .n_records_max = n + 1 };
        CLEANUP(plek_publisher_freep) PlekPublisher *publisher = NULL;
        int r;

        r = plek_publisher_new(&publisher, peer->context, &peer->peer, &publisher_options,
                               &callbacks, import);
        for (size_t i = 0; !r && i < n; i++)
                r = put_record(publisher, import, &records[i], who);
        if (!r && import->n_put)
                r = plek_publisher_flush(publisher, import->options->common.timeout_ms);
        return say_result(peer, import, r);
}

static int import_records(const ImportOptions *o, const FormatRecord *records, size_t n)
{
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        Import import = { .options = o };
        PlekFault fault = { 0 };
        PlekWhoami who;
        int r;

        r = peer_open(&peer, &o->common);
        if (r)
                return r;
        r = plek_client_new(&client, peer.context, &peer.peer);
        if (r)
                return fail(EXIT_FILE, "cannot connect: %s.", spoken(plek_result_text(r)));
        plek_client_set_timeout(client, o->common.timeout_ms);
        r = plek_client_whoami(client, &who, &fault);
        if (r)
                return fail_answer(r, &fault);
        if (!who.is_enrolled)
                return fail(EXIT_REFUSED, "refused: %s.", who.text);
        return publish(&peer, &import, records, n, &who);
}

/* ------------------------------------------------------------------ the command */

static int import_file(const ImportOptions *o)
{
        CLEANUP(format_picture_freep) FormatPicture *picture = NULL;
        CLEANUP(blob_unrefp) Blob *file = NULL;
        DocumentNotes said = { .to = stderr, .json = o->common.json };
        const FormatNotes notes = { document_note, &said };
        const FormatRecord *records;
        size_t n;
        int r;

        r = load_file(&file, o->path, FORMAT_DOCUMENT_MAX);
        if (r)
                return r;
        r = o->format->read(&picture, file->bytes, file->n_bytes, &notes);
        if (r == FORMAT_E_DOCUMENT)
                return fail(EXIT_REFUSED, "%s is no document of format %s.", o->path,
                            o->format->name);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));

        records = format_picture_records(picture, &n);
        if (!o->check)
                return import_records(o, records, n);
        for (size_t i = 0; i < n; i++)
                say_record(&records[i]);
        return EXIT_DONE;
}

int command_import(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .args_doc = "FILE",
                .doc = "A document of others, as reports of ours: those of locations that the key "
                       "may speak for are published. What cannot be taken is listed.",
                .children = children,
        };
        ImportOptions o = { 0 };

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        return import_file(&o);
}
