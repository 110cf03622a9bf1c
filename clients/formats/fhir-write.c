#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "formats/fhir-internal.h"
#include "formats/field.h"

typedef struct Writer {
        json_t *entries;
        const FhirOptions *options;
        const FormatNotes *notes;
        unsigned n_resources;
} Writer;

static bool is_said(const PlekCounts *counts, size_t field)
{
        return counts->present[field] || counts->missing[field];
}

/* Whether one of the two families of codes has something for it. */
static bool has_codes(const PlekCounts *counts, bool is_saner)
{
        const FhirCode *code;

        for (size_t i = 0; (code = fhir_code_nth(i)); i++)
                if (!code->group == !is_saner && code->care == counts->care &&
                    is_said(counts, code->field))
                        return true;
        return false;
}

/* ------------------------------------------------------------------ parts */

static json_t *coding(const char *system, const char *code)
{
        return json_pack("{s:s, s:s}", "system", system, "code", code);
}

static json_t *identifier(const char *system, const char *value)
{
        return json_pack("{s:s, s:s}", "system", system, "value", value);
}

static json_t *meta_of(const FormatRecord *record)
{
        const PlekReport *report = &record->report;
        json_t *meta = json_object(), *tags = json_array();

        if (report->audience && report->audience != PLEK_AUDIENCE_CARE)
                json_array_append_new(
                        tags, coding(FHIR_OUR_AUDIENCE,
                                     plek_code_name(PLEK_CODES_AUDIENCE, report->audience)));
        if (report->status != PLEK_STATUS_ACTUAL) {
                json_array_append_new(
                        tags,
                        coding(FHIR_OUR_STATUS, plek_code_name(PLEK_CODES_STATUS, report->status)));
                json_object_set_new(meta, "security",
                                    json_pack("[o]", coding(FHIR_ACT_REASON, "HTEST")));
        }
        if (json_array_size(tags))
                json_object_set_new(meta, "tag", tags);
        else
                json_decref(tags);
        return meta;
}

static void add_resource(Writer *writer, const FormatRecord *record, json_t *resource,
                         const char *prefix)
{
        json_t *meta = meta_of(record);
        char id[32], url[64];

        snprintf(id, sizeof(id), "%s%u", prefix, ++writer->n_resources);
        snprintf(url, sizeof(url), "urn:plek:export:%s", id);
        json_object_set_new(resource, "id", json_string(id));
        if (json_object_size(meta))
                json_object_set(resource, "meta", meta);
        json_decref(meta);
        json_array_append_new(writer->entries,
                              json_pack("{s:s, s:o}", "fullUrl", url, "resource", resource));
}

/* Fields that are said, of which FHIR has none of @carried (NULL-ended). */
static void note_others(Writer *writer, const FormatRecord *record, const char *const *carried)
{
        char text[FIELD_TEXT_BYTES];
        const FhirCode *code;
        const char *name;

        format_note_derived(writer->notes, record, "a MeasureReport has no place for it");
        for (size_t i = 0; (name = field_name(i)); i++) {
                bool is_carried = false;
                uint32_t field;

                for (size_t j = 0; carried[j]; j++)
                        is_carried |= !strcmp(carried[j], name);
                if (record->report.kind == PLEK_REPORT_COUNTS &&
                    !plek_code_parse(&field, PLEK_CODES_COUNT_FIELD, name))
                        for (size_t j = 0; (code = fhir_code_nth(j)); j++)
                                is_carried |= code->care == record->report.counts.care &&
                                              code->field == field;
                if (!is_carried && field_get(&record->report, name, text))
                        format_note(writer->notes, record, name,
                                    "neither SANER nor SAFR has a code for it");
        }
}

/* ------------------------------------------------------------------ counts */

static json_t *number_of(json_t *population, const PlekCounts *counts, size_t field)
{
        if (counts->present[field])
                json_object_set_new(population, "count", json_integer(counts->value[field]));
        else
                json_object_set_new(population, "_count",
                                    json_pack("{s:[{s:s, s:s}]}", "extension", "url",
                                              FHIR_ABSENT_REASON, "valueCode",
                                              fhir_absent_of(counts->missing[field])));
        return population;
}

/* One group a code, as SAFR has it. */
static void add_loinc(json_t *groups, const FhirCode *code, const PlekCounts *counts)
{
        json_t *population = json_pack("{s:{s:[o]}}", "code", "coding",
                                       coding(FHIR_POPULATION, "initial-population"));

        json_array_append_new(groups, json_pack("{s:{s:[o]}, s:[o]}", "code", "coding",
                                                coding(FHIR_LOINC, code->code), "population",
                                                number_of(population, counts, code->field)));
}

/* One group for all, in which each population has its code, as SANER has it. */
static void add_saner(json_t *groups, const FhirCode *code, const PlekCounts *counts)
{
        json_t *population, *first = json_array_get(groups, 0);
        bool is_first = !strcmp(code->code, "numVent");

        if (!first) {
                first = json_pack("{s:{s:[o]}, s:[]}", "code", "coding",
                                  coding(FHIR_SANER_GROUPS, code->group), "population");
                json_array_append_new(groups, first);
        }
        population = json_pack(
                "{s:{s:[o, o]}}", "code", "coding", coding(FHIR_SANER_VALUES, code->code),
                coding(FHIR_POPULATION, is_first ? "initial-population" : "measure-population"));
        json_array_append_new(json_object_get(first, "population"),
                              number_of(population, counts, code->field));
}

static json_t *subject_of(const PlekReport *report)
{
        char id[2 * 64 + 2];
        json_t *subject;

        snprintf(id, sizeof(id), "%s%s%s", report->location, report->unit ? "/" : "",
                 report->unit ? report->unit : "");
        subject = json_pack("{s:s, s:o}", "type", "Location", "identifier",
                            identifier(report->unit ? FHIR_OUR_UNIT : FHIR_OUR_LOCATION, id));
        if (report->label && *report->label)
                json_object_set_new(subject, "display", json_string(report->label));
        return subject;
}

static void add_counts(Writer *writer, const FormatRecord *record, bool is_saner)
{
        const PlekReport *report = &record->report;
        char time[FORMAT_TIME_BYTES];
        json_t *groups = json_array(), *resource;
        const FhirCode *code;

        for (size_t i = 0; (code = fhir_code_nth(i)); i++) {
                if (!code->group == is_saner || code->care != report->counts.care ||
                    !is_said(&report->counts, code->field))
                        continue;
                if (is_saner)
                        add_saner(groups, code, &report->counts);
                else
                        add_loinc(groups, code, &report->counts);
        }

        format_time(report->observed_at_ms, time);
        resource = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:{s:s, s:s}, s:o}", "resourceType",
                             "MeasureReport", "status", "complete", "type", "summary", "measure",
                             is_saner ? FHIR_SANER_MEASURE : FHIR_SAFR_MEASURE, "subject",
                             subject_of(report), "date", time, "period", "start", time, "end", time,
                             "group", groups);
        if (record->party)
                json_object_set_new(resource, "reporter",
                                    json_pack("{s:s, s:o}", "type", "Organization", "identifier",
                                              identifier(FHIR_OUR_PARTY, record->party)));
        add_resource(writer, record, resource, "m");
}

static void put_counts(Writer *writer, const FormatRecord *record)
{
        static const char *const carried[] = { "location", "unit",        "care", "audience",
                                               "label",    "observed_at", NULL };
        const PlekCounts *counts = &record->report.counts;
        bool saner = has_codes(counts, true), safr = has_codes(counts, false);

        if (!saner && !safr) {
                format_note(writer->notes, record, NULL,
                            "neither SANER nor SAFR has a code for what it says");
                return;
        }
        if (saner)
                add_counts(writer, record, true);
        if (safr)
                add_counts(writer, record, false);
        note_others(writer, record, carried);
}

/* ------------------------------------------------------------------ cards */

static json_t *identifiers_of(const PlekReport *report)
{
        json_t *identifiers = json_array();
        char system[64];

        json_array_append_new(identifiers, identifier(FHIR_OUR_LOCATION, report->location));
        for (size_t i = 0; i < report->card.n_identifiers; i++) {
                const PlekIdentifier *ours = &report->card.identifiers[i];
                const char *known = fhir_system_of(ours->scheme);

                snprintf(system, sizeof(system), FHIR_OUR_IDENTIFIER "%s", ours->scheme);
                json_array_append_new(identifiers, identifier(known ? known : system, ours->id));
        }
        return identifiers;
}

static void put_card(Writer *writer, const FormatRecord *record)
{
        static const char *const carried[] = { "location", "name",      "kind",
                                               "latitude", "longitude", "identifiers",
                                               "contacts", "audience",  NULL };
        const PlekLocationCard *card = &record->report.card;
        json_t *telecom = json_array();
        json_t *resource =
                json_pack("{s:s, s:o, s:s, s:[{s:[o]}]}", "resourceType", "Location", "identifier",
                          identifiers_of(&record->report), "name", card->name, "type", "coding",
                          coding(FHIR_ROLE_CODE_NL, card->kind));

        if (card->has_position)
                json_object_set_new(resource, "position",
                                    json_pack("{s:f, s:f}", "longitude", card->longitude_e7 / 1e7,
                                              "latitude", card->latitude_e7 / 1e7));
        for (size_t i = 0; i < card->n_contacts; i++)
                json_array_append_new(telecom, json_pack("{s:s, s:s}", "system", "phone", "value",
                                                         card->contacts[i].phone));
        if (card->n_contacts) {
                json_object_set(resource, "telecom", telecom);
                format_note(writer->notes, record, "contacts",
                            "a Location has numbers, and not whom they reach");
        }
        json_decref(telecom);
        if (record->party)
                json_object_set_new(resource, "managingOrganization",
                                    json_pack("{s:o}", "identifier",
                                              identifier(FHIR_OUR_PARTY, record->party)));
        add_resource(writer, record, resource, "l");
        note_others(writer, record, carried);
}

/* ------------------------------------------------------------------ the document */

static void put_record(Writer *writer, const FormatRecord *record)
{
        if (record->report.status != writer->options->status)
                format_note(writer->notes, record, NULL, "its status is not the document's");
        else if (record->report.kind == PLEK_REPORT_COUNTS)
                put_counts(writer, record);
        else if (record->report.kind == PLEK_REPORT_CARD)
                put_card(writer, record);
        else
                format_note(writer->notes, record, NULL,
                            "a MeasureReport of SANER or SAFR has no place for it");
}

int fhir_write(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records, size_t n_records,
               const FhirOptions *options, const FormatNotes *notes)
{
        Writer writer = { .entries = json_array(), .options = options, .notes = notes };
        char time[FORMAT_TIME_BYTES];
        json_t *bundle;

        for (size_t i = 0; i < n_records; i++)
                put_record(&writer, &records[i]);

        format_time(options->now_ms, time);
        bundle = json_pack("{s:s, s:s, s:s}", "resourceType", "Bundle", "type", "collection",
                           "timestamp", time);
        if (json_array_size(writer.entries))
                json_object_set(bundle, "entry", writer.entries);
        /* jansson drops what it has no memory for. */
        if (json_array_size(writer.entries) != writer.n_resources) {
                json_decref(writer.entries);
                json_decref(bundle);
                return err_raise(-ENOMEM);
        }
        json_decref(writer.entries);
        *ret_bytes = json_dumps(bundle, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
        json_decref(bundle);
        if (!*ret_bytes)
                return err_raise(-ENOMEM);
        *ret_n_bytes = strlen(*ret_bytes);
        return 0;
}
