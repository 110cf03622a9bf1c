/*
 * plek export: the picture as a document of others
 *
 * What the format cannot say is listed, a line a field. What is not for everybody enrolled, or is
 * no real thing, is only in a document that was asked for as such.
 */

#include <stdio.h>
#include <string.h>

#include "document.h"
#include "files.h"
#include "formats/field.h"
#include "known-code.h"
#include "look.h"
#include "region-filter.h"
#include "sentences.h"
#include "when.h"
#include "words.h"

typedef struct ExportOptions {
        Common common;
        const DocumentFormat *format;
        PlekSubscriberOptions subscriber;
        RegionFilter regions;
        const char *location;
        uint32_t care;
        PlekStatus status;
        PlekAudience audience; /* what it may read, at most */
        const char *output, *losses;
        bool complete;
} ExportOptions;

enum {
        OPTION_FORMAT = 0x100,
        OPTION_REGION,
        OPTION_LOCATION,
        OPTION_CARE,
        OPTION_STATUS,
        OPTION_AUDIENCE,
        OPTION_OUTPUT,
        OPTION_LOSSES,
        OPTION_COMPLETE,
};

static const struct argp_option options[] = {
        { "format", OPTION_FORMAT, "have|fhir|csv", 0,
          "EDXL-HAVE 1.0, FHIR R4 MeasureReports, or CSV, which loses nothing", 1 },
        REGION_OPTION(OPTION_REGION),
        { "location", OPTION_LOCATION, "ID", 0, "This location only", 1 },
        { "care", OPTION_CARE, "CARE", 0, "This care only, with what is said of the location", 1 },
        { "status", OPTION_STATUS, "ACTUAL|EXERCISE|TEST", 0,
          "One at a time (ACTUAL); of the others the document says that it is one", 1 },
        { "audience", OPTION_AUDIENCE, "OPEN|CARE|COORD", 0,
          "Who may read the document: what is for fewer is left out (CARE)", 1 },
        { "output", OPTION_OUTPUT, "FILE", 0, "Where to; all of it or nothing", 1 },
        { "losses", OPTION_LOSSES, "FILE", 0,
          "Where to list what the format cannot say (standard error)", 1 },
        { "complete", OPTION_COMPLETE, NULL, 0,
          "Write nothing, and fail, if something cannot be said", 1 },
        { 0 },
};

static uint32_t code_of(struct argp_state *state, PlekCodeList list, const char *what,
                        const char *name)
{
        return known_code(state, list, what, name);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
        ExportOptions *o = state->input;

        switch (key) {
        case ARGP_KEY_INIT:
                state->child_inputs[0] = &o->common;
                return 0;
        case OPTION_FORMAT:
                o->format = document_format(argument);
                if (!o->format)
                        usage_error(state, "--format is have, fhir or csv, not '%s'", argument);
                return 0;
        case OPTION_REGION:
                region_filter_add(&o->regions, argument, state);
                return 0;
        case OPTION_LOCATION:
                o->location = argument;
                return 0;
        case OPTION_CARE:
                o->care = code_of(state, PLEK_CODES_CARE, "care", argument);
                return 0;
        case OPTION_STATUS:
                o->status = (PlekStatus)code_of(state, PLEK_CODES_STATUS, "status", argument);
                o->subscriber.with_test = o->status == PLEK_STATUS_TEST;
                return 0;
        case OPTION_AUDIENCE:
                o->audience =
                        (PlekAudience)code_of(state, PLEK_CODES_AUDIENCE, "audience", argument);
                return 0;
        case OPTION_OUTPUT:
                o->output = argument;
                return 0;
        case OPTION_LOSSES:
                o->losses = argument;
                return 0;
        case OPTION_COMPLETE:
                o->complete = true;
                return 0;
        case ARGP_KEY_ARG:
                argp_usage(state);
                return 0;
        case ARGP_KEY_END:
                if (!o->format)
                        usage_error(state, "--format is needed: have, fhir or csv");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

/* ------------------------------------------------------------------ what is exported */

static bool has_care(const PlekReport *report, uint32_t care)
{
        switch (report->kind) {
        case PLEK_REPORT_COUNTS:
                return report->counts.care == care;
        case PLEK_REPORT_DOOR:
                return report->door.care == care || report->door.care == PLEK_ANY;
        case PLEK_REPORT_OFFERING:
                return report->offering.care == care;
        case PLEK_REPORT_PRESSURE:
                return care == PLEK_CARE_ED;
        case PLEK_REPORT_FLOW:
                return report->flow.care == care;
        case PLEK_REPORT_REFUSAL:
                return report->refusal.care == care;
        default:
                return true;
        }
}

static bool wants(const ExportOptions *o, const PlekReport *report)
{
        PlekAudience audience = report->audience ? report->audience : PLEK_AUDIENCE_CARE;

        return report->status == o->status && audience <= o->audience &&
               (!o->location || !strcmp(o->location, report->location)) &&
               (!o->care || has_care(report, o->care));
}

static int keep(FormatPicture *picture, const char **ret_kept, const char *text)
{
        *ret_kept = text ? format_keep(picture, text, strlen(text)) : NULL;
        return text && !*ret_kept ? -ENOMEM : 0;
}

/* A number to call is for those who are enrolled, whoever may read the rest of its card. */
static bool is_withheld(const ExportOptions *o, const char *field)
{
        return o->audience == PLEK_AUDIENCE_OPEN && !strcmp(field, "contacts");
}

/* A copy, field by field, that outlives the subscriber's next call. */
static int take_record(FormatPicture *picture, const ExportOptions *o, const PlekRecord *from,
                       const FormatNotes *notes)
{
        FormatRecord record = {
                .freshness = from->freshness,
                .standing = from->standing,
                .enrolled = from->enrolled,
                .flags = from->flags,
                .received_at_ms = from->received_at_ms,
        };
        char text[FIELD_TEXT_BYTES];
        const char *name;
        int r;

        field_report_init(&record.report, from->report.kind);
        record.report.status = from->report.status;
        r = keep(picture, &record.party, from->party);
        if (!r)
                r = keep(picture, &record.party_name, from->party_name);
        if (!r)
                r = keep(picture, &record.region, from->region);
        for (size_t i = 0; !r && (name = field_name(i)); i++) {
                if (!field_get(&from->report, name, text))
                        continue;
                if (is_withheld(o, name))
                        format_note(notes, &record, name, "is never for everybody; it is left out");
                else
                        r = field_set(&record.report, name, text, picture);
        }
        if (!r && record.enrolled == PLEK_DISTRUSTED) {
                /* A document has no way to take it back. */
                format_note(notes, &record, NULL, "is distrusted; it is left out");
                return 0;
        }
        return r ? err_fold(r) : format_picture_add(picture, &record, false, notes);
}

/* What was never reported is no record, and must not be taken for what has no room. */
static void note_never(PlekSubscriber *subscriber, const ExportOptions *o, FILE *to)
{
        PlekCursor cursor = { 0 };
        PlekLocation location;

        while (!plek_subscriber_next_location(subscriber, &cursor, &location)) {
                bool is_ours = region_filter_has(&o->regions, location.region, location.regions,
                                                 location.n_regions);

                if (is_ours && !location.reports &&
                    (!o->location || !strcmp(o->location, location.location)))
                        fprintf(to, "# %s/%s: never reported\n", location.party, location.location);
        }
}

/* What happened is not what is, and none of these documents has a place for it. */
static bool note_event(const PlekRecord *record, const FormatNotes *notes)
{
        const FormatRecord event = { .party = record->party, .report = record->report };

        if (record->report.kind != PLEK_REPORT_FLOW && record->report.kind != PLEK_REPORT_REFUSAL)
                return false;
        format_note(notes, &event, NULL,
                    "it happened, and a picture is of what is: plek flows --json has it");
        return true;
}

static int collect(PlekSubscriber *subscriber, const ExportOptions *o, FormatPicture *picture,
                   const FormatNotes *notes)
{
        PlekCursor cursor = { 0 };
        PlekRecord record;
        int r;

        while (!(r = plek_subscriber_next(subscriber, &cursor, &record))) {
                if (!wants(o, &record.report) ||
                    !region_filter_has(&o->regions, record.region, record.regions,
                                       record.n_regions))
                        continue;
                if (note_event(&record, notes))
                        continue;
                r = take_record(picture, o, &record, notes);
                if (r)
                        return r;
        }
        return r == PLEK_E_END ? 0 : r;
}

/* Marks the door that leads for the emergency department of @location, if it is among them. */
static int mark_leading(PlekSubscriber *subscriber, FormatRecord *records, size_t n, size_t at)
{
        PlekDoorScope scope = PLEK_DOOR_SCOPE_INIT;
        char leads[FORMAT_ID_BYTES], id[FORMAT_ID_BYTES];
        PlekLeadingDoor door;
        FormatRecord leading;
        int r;

        scope.status = records[at].report.status;
        scope.location = records[at].report.location;
        scope.care = PLEK_CARE_ED;
        scope.patient_group = PLEK_GROUP_AMBULANCE; /* HAVE's door is for their traffic */
        r = plek_subscriber_leading_door(subscriber, &scope, &door);
        if (r || !door.has_record || door.state == PLEK_DOOR_UNKNOWN)
                return r;
        leading = (FormatRecord){ .party = door.record.party, .report = door.record.report };
        format_id(&leading, leads);
        for (size_t i = 0; i < n; i++) {
                format_id(&records[i], id);
                if (!strcmp(id, leads))
                        records[i].leads_ed = true;
        }
        return 0;
}

static int compare(const void *a, const void *b)
{
        const FormatRecord *left = a, *right = b;
        char left_id[FORMAT_ID_BYTES], right_id[FORMAT_ID_BYTES];
        int order = strcmp(left->report.location, right->report.location);

        if (order)
                return order;
        format_id(left, left_id);
        format_id(right, right_id);
        return strcmp(left_id, right_id);
}

/* Sorted, so that the same picture is the same document; with what leads. */
static int finish(PlekSubscriber *subscriber, FormatRecord *records, size_t n)
{
        int r = 0;

        qsort(records, n, sizeof(*records), compare);
        for (size_t i = 0, j; !r && i < n; i = j) {
                for (j = i + 1;
                     j < n && !strcmp(records[i].report.location, records[j].report.location);)
                        j++;
                r = mark_leading(subscriber, records + i, j - i, 0);
        }
        return r;
}

/* ------------------------------------------------------------------ the command */

static int save(const ExportOptions *o, const char *bytes, size_t n_bytes)
{
        if (o->output)
                return save_file(o->output, (const uint8_t *)bytes, n_bytes);
        if (fwrite(bytes, 1, n_bytes, stdout) != n_bytes || fflush(stdout))
                return fail(EXIT_FILE, "standard output cannot be written.");
        return EXIT_DONE;
}

static int export_to(PlekSubscriber *subscriber, const ExportOptions *o, DocumentNotes *said)
{
        CLEANUP(format_picture_freep) FormatPicture *picture = NULL;
        CLEANUP(freep) FormatRecord *records = NULL;
        CLEANUP(freep) char *bytes = NULL;
        const FormatNotes notes = { document_note, said };
        const DocumentOptions options_of = {
                .status = o->status,
                .sender = plek_subscriber_party(subscriber),
                .now_ms = plek_subscriber_now_ms(subscriber),
        };
        const FormatRecord *held;
        size_t n, n_bytes;
        int r;

        r = format_picture_new(&picture);
        if (!r)
                r = collect(subscriber, o, picture, &notes);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));
        held = format_picture_records(picture, &n);
        records = calloc(n + 1, sizeof(*records));
        if (!records)
                return fail(EXIT_FILE, "out of memory.");
        if (n)
                memcpy(records, held, n * sizeof(*records));
        r = finish(subscriber, records, n);
        if (!r)
                r = o->format->write(&bytes, &n_bytes, records, n, &options_of, &notes);
        if (r)
                return fail(EXIT_FILE, "%s.", spoken(plek_result_text(r)));

        note_never(subscriber, o, said->to);
        if (o->complete && said->n)
                return fail(EXIT_REFUSED, "%zu fields cannot be said in %s; nothing was written.",
                            said->n, o->format->name);
        r = save(o, bytes, n_bytes);
        if (!r && said->n)
                fprintf(stderr, "plek export: %zu %s, %zu %s\n", n,
                        word(o->common.language, "records"), said->n,
                        word(o->common.language, "fields that this format cannot say, as listed"));
        return r;
}

int command_export(int argc, char **argv)
{
        static const struct argp_child children[] = { { &common_argp, 0, NULL, 0 }, { 0 } };
        static const struct argp argp = {
                .options = options,
                .parser = parse,
                .doc = "The picture as a document of others. What the format cannot say is listed, "
                       "a line a field; plek import --check reads the document back.",
                .children = children,
        };
        CLEANUP(peer_close) Peer peer = PEER_NULL;
        CLEANUP(plek_subscriber_freep) PlekSubscriber *subscriber = NULL;
        ExportOptions o = { .status = PLEK_STATUS_ACTUAL, .audience = PLEK_AUDIENCE_CARE };
        DocumentNotes said = { .to = stderr };
        Common to_people;
        int r;

        common_init(&o.common);
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        region_filter_follow(&o.regions, false, &o.subscriber);

        r = look_open(&peer, &subscriber, &o.common, &o.subscriber, NULL, NULL);
        if (!r)
                r = look_ready(&peer, subscriber, &o.common);
        if (!r)
                r = region_filter_needs(&o.regions, subscriber);
        if (!r && o.location)
                r = look_needs_location(subscriber, o.location);
        if (r)
                return r;
        to_people = o.common;
        to_people.json = false; /* standard output is the document's */
        look_warn(subscriber, &to_people);

        said.json = o.common.json;
        if (o.losses)
                said.to = fopen(o.losses, "we");
        if (!said.to)
                return fail(EXIT_FILE, "%s cannot be written: %s.", o.losses, strerror(errno));
        r = export_to(subscriber, &o, &said);
        if (said.to != stderr && fclose(said.to))
                return fail(EXIT_FILE, "%s cannot be written: %s.", o.losses, strerror(errno));
        return r;
}
