#include <jansson.h>
#include <math.h>
#include <string.h>

#include "formats/fhir-internal.h"
#include "formats/field.h"

typedef struct Reader {
        FormatPicture *picture;
        const FormatNotes *notes;
} Reader;

/* ------------------------------------------------------------------ values */

static const char *string_at(const json_t *object, const char *name)
{
        return json_string_value(json_object_get(object, name));
}

static int keep(Reader *reader, const char **ret_kept, const char *text)
{
        *ret_kept = text ? format_keep(reader->picture, text, strlen(text)) : NULL;
        return text && !*ret_kept ? err_raise(-ENOMEM) : 0;
}

/* The code of a CodeableConcept's coding in @system; NULL: none. */
static const char *code_in(const json_t *concept, const char *system)
{
        const json_t *codings = json_object_get(concept, "coding"), *coding;
        size_t i;

        json_array_foreach(codings, i, coding)
        {
                const char *of = string_at(coding, "system");

                if (of && !strcmp(of, system))
                        return string_at(coding, "code");
        }
        return NULL;
}

/* The code among a resource's tags or labels. */
static const char *label_in(const json_t *resource, const char *list, const char *system)
{
        const json_t *labels = json_object_get(json_object_get(resource, "meta"), list), *label;
        size_t i;

        json_array_foreach(labels, i, label)
        {
                const char *of = string_at(label, "system");

                if (of && !strcmp(of, system))
                        return string_at(label, "code");
        }
        return NULL;
}

/* ------------------------------------------------------------------ who, where and for whom */

static int take_labels(Reader *reader, FormatRecord *record, const json_t *resource)
{
        const char *status = label_in(resource, "tag", FHIR_OUR_STATUS);
        const char *audience = label_in(resource, "tag", FHIR_OUR_AUDIENCE);
        const char *test = label_in(resource, "security", FHIR_ACT_REASON);
        uint32_t code;

        if (status && !plek_code_parse(&code, PLEK_CODES_STATUS, status))
                record->report.status = (PlekStatus)code;
        else if (status || (test && !strcmp(test, "HTEST")))
                record->report.status = PLEK_STATUS_TEST;
        if (!audience)
                return 0;
        if (plek_code_parse(&code, PLEK_CODES_AUDIENCE, audience)) {
                format_notef(reader->notes, NULL, "audience",
                             "there is no audience '%.32s'; the resource is left out", audience);
                return FORMAT_E_DOCUMENT;
        }
        record->report.audience = (PlekAudience)code;
        return 0;
}

static int take_party(Reader *reader, FormatRecord *record, const json_t *reference)
{
        const json_t *identifier = json_object_get(reference, "identifier");
        const char *system = string_at(identifier, "system");

        if (!system || strcmp(system, FHIR_OUR_PARTY) != 0)
                return 0;
        return keep(reader, &record->party, string_at(identifier, "value"));
}

/* A location by another's name for it. Returns 0, FORMAT_E_DOCUMENT (it has none) or -ENOMEM. */
static int name_location(Reader *reader, FormatRecord *record, const char *from)
{
        record->report.location = from ? format_location_from(reader->picture, from) : NULL;
        if (!record->report.location) {
                format_note(reader->notes, NULL, "location",
                            "a resource does not say what it is about; it is left out");
                return FORMAT_E_DOCUMENT;
        }
        format_notef(reader->notes, record, "location", "is made of '%.64s'", from);
        return 0;
}

static int take_subject(Reader *reader, FormatRecord *record, const json_t *subject)
{
        const json_t *identifier = json_object_get(subject, "identifier");
        const char *system = string_at(identifier, "system");
        const char *value = string_at(identifier, "value");
        const char *reference = string_at(subject, "reference"), *slash;
        int r;

        r = keep(reader, &record->report.label, string_at(subject, "display"));
        if (r)
                return r;
        if (value && system && !strcmp(system, FHIR_OUR_LOCATION))
                return keep(reader, &record->report.location, value);
        if (value && system && !strcmp(system, FHIR_OUR_UNIT) && (slash = strchr(value, '/'))) {
                record->report.location =
                        format_keep(reader->picture, value, (size_t)(slash - value));
                r = keep(reader, &record->report.unit, slash + 1);
                return r || record->report.location ? r : err_raise(-ENOMEM);
        }
        if (!value && reference) {
                slash = strrchr(reference, '/');
                value = slash ? slash + 1 : reference;
        }
        return name_location(reader, record, value);
}

/* ------------------------------------------------------------------ counts */

/* @count may be NULL: then @reason says why. Values are added to what the record has already. */
static int add_value(Reader *reader, const FormatRecord *base, const FhirCode *code,
                     const json_t *count, const char *reason)
{
        FormatRecord record = *base;
        PlekCounts *counts = &record.report.counts;

        counts->care = code->care;
        if (count && (!json_is_integer(count) || json_integer_value(count) < 0 ||
                      json_integer_value(count) > 100000)) {
                format_notef(reader->notes, &record,
                             plek_code_name(PLEK_CODES_COUNT_FIELD, code->field),
                             "the count of %s is none", code->code);
                return 0;
        }
        counts->present[code->field] = count != NULL;
        counts->value[code->field] = count ? (int32_t)json_integer_value(count) : 0;
        if (!count)
                counts->missing[code->field] = (uint8_t)fhir_missing_of(reason);
        return format_picture_add(reader->picture, &record, true, reader->notes);
}

static const char *absent_reason(const json_t *population)
{
        const json_t *list = json_object_get(json_object_get(population, "_count"), "extension");
        const json_t *extension;
        size_t i;

        json_array_foreach(list, i, extension)
        {
                const char *url = string_at(extension, "url");

                if (url && !strcmp(url, FHIR_ABSENT_REASON))
                        return string_at(extension, "valueCode");
        }
        return NULL;
}

/* @group_loinc: the group is the code, as in SAFR; else the population has it, as in SANER. */
static int take_population(Reader *reader, const FormatRecord *base, const json_t *population,
                           const char *group_loinc)
{
        const json_t *concept = json_object_get(population, "code");
        const char *saner = code_in(concept, FHIR_SANER_VALUES);
        const char *loinc = group_loinc ? group_loinc : code_in(concept, FHIR_LOINC);
        const FhirCode *code = saner ? fhir_code_find(saner, true) : NULL;
        const json_t *count = json_object_get(population, "count");
        const char *reason = absent_reason(population);

        if (!code && loinc)
                code = fhir_code_find(loinc, false);
        if (!code) {
                format_notef(reader->notes, base, NULL,
                             "population '%.64s' is no number of one kind of care; it is not "
                             "taken",
                             saner   ? saner
                             : loinc ? loinc
                                     : "without a code");
                return 0;
        }
        return count || reason ? add_value(reader, base, code, count, reason) : 0;
}

static int take_group(Reader *reader, const FormatRecord *base, const json_t *group)
{
        const json_t *populations = json_object_get(group, "population"), *population;
        const char *loinc = code_in(json_object_get(group, "code"), FHIR_LOINC);
        int r = 0;
        size_t i;

        json_array_foreach(populations, i, population)
        {
                r = take_population(reader, base, population, loinc);
                if (r)
                        break;
        }
        return r;
}

static int take_date(Reader *reader, FormatRecord *record, const json_t *resource)
{
        const json_t *period = json_object_get(resource, "period");
        const char *text = string_at(resource, "date");

        if (!text)
                text = string_at(period, "end");
        if (text && format_time_parse(&record->report.observed_at_ms, text))
                format_notef(reader->notes, record, "observed_at", "'%.64s' is no time", text);
        return 0;
}

static int take_measure_report(Reader *reader, const json_t *resource)
{
        const json_t *groups = json_object_get(resource, "group"), *group;
        FormatRecord record = { 0 };
        size_t i;
        int r;

        field_report_init(&record.report, PLEK_REPORT_COUNTS);
        record.report.counts.care = PLEK_CARE_WARD; /* until a code says which; for notes only */
        r = take_labels(reader, &record, resource);
        if (!r)
                r = take_party(reader, &record, json_object_get(resource, "reporter"));
        if (!r)
                r = take_subject(reader, &record, json_object_get(resource, "subject"));
        if (!r)
                r = take_date(reader, &record, resource);
        json_array_foreach(groups, i, group)
        {
                if (!r)
                        r = take_group(reader, &record, group);
        }
        return r;
}

/* ------------------------------------------------------------------ cards */

static int take_identifier(Reader *reader, FormatRecord *record, const json_t *identifier)
{
        PlekLocationCard *card = &record->report.card;
        const char *system = string_at(identifier, "system");
        const char *value = string_at(identifier, "value"), *scheme;
        PlekIdentifier *next = &card->identifiers[card->n_identifiers];
        int r;

        if (!system || !value)
                return 0;
        if (!strcmp(system, FHIR_OUR_LOCATION))
                return keep(reader, &record->report.location, value);
        scheme = fhir_scheme_of(system);
        if (!scheme || card->n_identifiers == PLEK_IDENTIFIERS_MAX) {
                format_notef(reader->notes, NULL, "identifiers",
                             "identifier '%.64s' is none of ours; it is not taken", value);
                return 0;
        }
        r = keep(reader, &next->scheme, scheme);
        if (!r)
                r = keep(reader, &next->id, value);
        if (!r)
                card->n_identifiers++;
        return r;
}

static int take_telecom(Reader *reader, PlekLocationCard *card, const json_t *telecom)
{
        const char *system = string_at(telecom, "system"), *value = string_at(telecom, "value");
        PlekContact *contact = &card->contacts[card->n_contacts];

        if (!value || !system || strcmp(system, "phone") != 0 ||
            card->n_contacts == PLEK_CONTACTS_MAX)
                return 0;
        card->n_contacts++;
        contact->function = "telephone";
        return keep(reader, &contact->phone, value);
}

static int take_kind(Reader *reader, PlekLocationCard *card, const json_t *resource)
{
        const json_t *types = json_object_get(resource, "type"), *type;
        const char *kind = NULL;
        size_t i;

        json_array_foreach(types, i, type)
        {
                if (!kind)
                        kind = code_in(type, FHIR_ROLE_CODE_NL);
        }
        return keep(reader, &card->kind, kind);
}

static void take_position(PlekLocationCard *card, const json_t *position)
{
        const json_t *latitude = json_object_get(position, "latitude");
        const json_t *longitude = json_object_get(position, "longitude");

        if (!json_is_number(latitude) || !json_is_number(longitude) ||
            fabs(json_number_value(latitude)) > 90 || fabs(json_number_value(longitude)) > 180)
                return;
        card->has_position = true;
        card->latitude_e7 = (int32_t)lround(json_number_value(latitude) * 1e7);
        card->longitude_e7 = (int32_t)lround(json_number_value(longitude) * 1e7);
}

static int take_location_parts(Reader *reader, FormatRecord *record, const json_t *resource)
{
        const json_t *list, *item;
        size_t i;
        int r;

        r = take_party(reader, record, json_object_get(resource, "managingOrganization"));
        if (!r)
                r = keep(reader, &record->report.card.name, string_at(resource, "name"));
        if (!r)
                r = take_kind(reader, &record->report.card, resource);
        list = json_object_get(resource, "identifier");
        json_array_foreach(list, i, item)
        {
                if (!r)
                        r = take_identifier(reader, record, item);
        }
        list = json_object_get(resource, "telecom");
        json_array_foreach(list, i, item)
        {
                if (!r)
                        r = take_telecom(reader, &record->report.card, item);
        }
        take_position(&record->report.card, json_object_get(resource, "position"));
        return r;
}

static int take_location(Reader *reader, const json_t *resource)
{
        FormatRecord record = { 0 };
        int r;

        field_report_init(&record.report, PLEK_REPORT_CARD);
        r = take_labels(reader, &record, resource);
        if (!r)
                r = take_location_parts(reader, &record, resource);
        if (!r && !record.report.location)
                r = name_location(reader, &record, string_at(resource, "id"));
        if (r)
                return r;
        if (!record.report.card.kind || !record.report.card.name) {
                format_note(reader->notes, &record, "kind",
                            "is not a code of RoleCodeNL, or there is no name; it is left out");
                return 0;
        }
        return format_picture_add(reader->picture, &record, false, reader->notes);
}

/* ------------------------------------------------------------------ the document */

/* Returns 0, FORMAT_E_DOCUMENT (of this resource only) or -ENOMEM. */
static int take_resource(Reader *reader, const json_t *resource)
{
        const char *type = string_at(resource, "resourceType");

        if (type && !strcmp(type, "MeasureReport"))
                return take_measure_report(reader, resource);
        if (type && !strcmp(type, "Location"))
                return take_location(reader, resource);
        format_notef(reader->notes, NULL, NULL, "a resource '%.32s' is not taken",
                     type ? type : "without a type");
        return 0;
}

static int take_root(Reader *reader, const json_t *root)
{
        const char *type = string_at(root, "resourceType");
        const json_t *entries, *entry;
        size_t i;
        int r = 0;

        if (type && !strcmp(type, "MeasureReport"))
                return take_resource(reader, root);
        if (!type || strcmp(type, "Bundle") != 0) {
                format_note(reader->notes, NULL, NULL,
                            "it is neither a Bundle nor a MeasureReport");
                return FORMAT_E_DOCUMENT;
        }
        entries = json_object_get(root, "entry");
        json_array_foreach(entries, i, entry)
        {
                r = take_resource(reader, json_object_get(entry, "resource"));
                if (r < 0)
                        break;
                r = 0;
        }
        return r;
}

int fhir_read(FormatPicture **ret_picture, const void *bytes, size_t n_bytes,
              const FormatNotes *notes)
{
        CLEANUP(format_picture_freep) FormatPicture *picture = NULL;
        Reader reader = { .notes = notes };
        json_error_t error;
        json_t *root;
        int r;

        if (n_bytes > FORMAT_DOCUMENT_MAX)
                return FORMAT_E_DOCUMENT;
        r = format_picture_new(&picture);
        if (r)
                return r;
        reader.picture = picture;
        root = json_loadb(bytes, n_bytes, JSON_REJECT_DUPLICATES, &error);
        if (!root) {
                format_notef(notes, NULL, NULL, "line %d: %s", error.line, error.text);
                return FORMAT_E_DOCUMENT;
        }
        r = take_root(&reader, root);
        json_decref(root);
        if (r)
                return r;
        *ret_picture = STEAL(picture);
        return 0;
}
