#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <string.h>

#include "formats/field.h"
#include "formats/have-internal.h"

/* libxml2's writer keeps its first failure; asked once, at the end. */
typedef struct Writer {
        xmlTextWriter *xml;
        const FormatNotes *notes;
        bool failed;
} Writer;

#define XML(_call) (writer->failed |= (_call) < 0)

static void begin(Writer *writer, const char *name)
{
        XML(xmlTextWriterStartElement(writer->xml, BAD_CAST name));
}

static void end(Writer *writer)
{
        XML(xmlTextWriterEndElement(writer->xml));
}

static void attribute(Writer *writer, const char *name, const char *text)
{
        XML(xmlTextWriterWriteAttribute(writer->xml, BAD_CAST name, BAD_CAST text));
}

static void element(Writer *writer, const char *name, const char *text)
{
        XML(xmlTextWriterWriteElement(writer->xml, BAD_CAST name, BAD_CAST text));
}

/* What XML 1.0 has no way to say: control characters, U+FFFE and U+FFFF. */
static bool is_strange(const char *at)
{
        const unsigned char *c = (const unsigned char *)at;

        if (*c < 0x20)
                return *c && !strchr("\t\n\r", *c);
        return c[0] == 0xef && c[1] == 0xbf && (c[2] == 0xbe || c[2] == 0xbf);
}

/* @text with a question mark for each byte of what cannot be said, which is noted. */
static const char *sayable(Writer *writer, const FormatRecord *record, const char *field,
                           const char *text, char *room, size_t n_room)
{
        bool changed = false;

        snprintf(room, n_room, "%s", text);
        for (char *at = room; *at; at++)
                if (is_strange(at)) {
                        *at = '?';
                        changed = true;
                        if (at[1] && (unsigned char)at[1] >= 0x80 && at[2])
                                at[1] = at[2] = '?';
                }
        if (changed)
                format_note(writer->notes, record, field,
                            "has control characters, which XML cannot have");
        return room;
}

/* Notes each field that is said and not among @carried, a NULL-ended list. */
static void note_others(Writer *writer, const FormatRecord *record, const char *const *carried)
{
        char text[FIELD_TEXT_BYTES];
        const char *name;

        for (size_t i = 0; (name = field_name(i)); i++) {
                size_t j = 0;

                while (carried[j] && strcmp(carried[j], name) != 0)
                        j++;
                if (carried[j] || !field_get(&record->report, name, text))
                        continue;
                if (!strcmp(name, "audience") && !strcmp(text, "CARE"))
                        continue; /* what is read back without a word of it */
                format_note(writer->notes, record, name, "EDXL-HAVE has no place for it");
        }
}

/* ------------------------------------------------------------------ who and where */

/* Elements and attributes as in OASIS CIQ 3.0, xNL and xPIL: a ContactNumber has its
 * CommunicationMediaType (Telephone, Fax, ...) and, as Usage, what it is for. */
static void put_identifier(Writer *writer, const char *type, const char *id)
{
        begin(writer, "xpil:Identifier");
        attribute(writer, "xpil:Type", type);
        element(writer, "xpil:IdentifierElement", id);
        end(writer);
}

static void put_contacts(Writer *writer, const FormatRecord *record)
{
        const PlekLocationCard *card = &record->report.card;
        bool with_care = false, changed = false;
        char room[256];

        if (!card->n_contacts)
                return;
        begin(writer, "xpil:ContactNumbers");
        for (size_t i = 0; i < card->n_contacts; i++) {
                Writer quiet = *writer;

                quiet.notes = NULL;
                sayable(&quiet, record, NULL, card->contacts[i].function, room, sizeof(room));
                changed |= strcmp(room, card->contacts[i].function) != 0;
                with_care |= card->contacts[i].care != 0;
                begin(writer, "xpil:ContactNumber");
                attribute(writer, "xpil:CommunicationMediaType", "Telephone");
                attribute(writer, "xpil:Usage", room);
                element(writer, "xpil:ContactNumberElement", card->contacts[i].phone);
                end(writer);
        }
        end(writer);
        if (with_care || changed)
                format_note(writer->notes, record, "contacts",
                            changed ? "has control characters, which XML cannot have"
                                    : "the care that a contact is for has no place in EDXL-HAVE");
}

static void put_organisation(Writer *writer, const FormatRecord *any, const FormatRecord *card)
{
        char room[512];

        begin(writer, "have:OrganizationInformation");
        begin(writer, "xnl:OrganisationName");
        element(writer, "xnl:NameElement",
                card ? sayable(writer, card, "name", card->report.card.name, room, sizeof(room))
                     : any->report.location);
        end(writer);
        if (card)
                put_contacts(writer, card);
        begin(writer, "xpil:Identifiers");
        put_identifier(writer, "plek:location", any->report.location);
        if (any->party)
                put_identifier(writer, "plek:party", any->party);
        for (size_t i = 0; card && i < card->report.card.n_identifiers; i++)
                put_identifier(writer, card->report.card.identifiers[i].scheme,
                               card->report.card.identifiers[i].id);
        end(writer);
        if (card) {
                begin(writer, "xpil:OrganisationInfo");
                attribute(writer, "xpil:Type", card->report.card.kind);
                end(writer);
        }
        end(writer);
}

static void put_position(Writer *writer, const FormatRecord *card)
{
        char latitude[FIELD_TEXT_BYTES], longitude[FIELD_TEXT_BYTES];

        if (!card || !field_get(&card->report, "latitude", latitude) ||
            !field_get(&card->report, "longitude", longitude))
                return;
        begin(writer, "have:OrganizationGeoLocation");
        begin(writer, "gml:Point");
        XML(xmlTextWriterWriteFormatElement(writer->xml, BAD_CAST "gml:pos", "%s %s", latitude,
                                            longitude));
        end(writer);
        end(writer);
}

/* ------------------------------------------------------------------ doors and beds */

static void put_door(Writer *writer, const FormatRecord *record)
{
        static const char *const texts[] = { "text", "authorised_by" };
        char reason[HAVE_REASON_BYTES], room[HAVE_REASON_BYTES], value[FIELD_TEXT_BYTES];
        Writer quiet = *writer;

        quiet.notes = NULL;
        begin(writer, "have:EmergencyDepartmentStatus");
        begin(writer, "have:EMSTraffic");
        element(writer, "have:EMSTrafficStatus", have_traffic(record));
        if (have_reason_write(record, reason))
                element(writer, "have:EMSTrafficReason",
                        sayable(&quiet, record, NULL, reason, room, sizeof(room)));
        end(writer);
        end(writer);
        for (size_t i = 0; i < N_ELEMENTS(texts); i++)
                if (field_get(&record->report, texts[i], value))
                        sayable(writer, record, texts[i], value, room, sizeof(room));
}

static void put_capacity(Writer *writer, const FormatRecord *record)
{
        const PlekCounts *counts = &record->report.counts;
        int32_t available;
        bool computed;

        begin(writer, "have:Capacity");
        if (plek_counts_available(counts, &available, &computed)) {
                element(writer, "have:CapacityStatus",
                        available > 0 ? "VacantAvailable" : "NotAvailable");
                XML(xmlTextWriterWriteFormatElement(writer->xml, BAD_CAST "have:AvailableCount",
                                                    "%d", available));
                if (computed)
                        format_note(writer->notes, record, "available",
                                    "is computed: staffed - occupied - reserved - blocked");
        }
        for (size_t i = 0; i < HAVE_N_COUNTS; i++) {
                const HaveCount *count = &have_counts[i];
                char name[64];

                if (counts->present[count->field] && count->field != PLEK_COUNT_AVAILABLE) {
                        snprintf(name, sizeof(name), "have:%s", count->element);
                        XML(xmlTextWriterWriteFormatElement(writer->xml, BAD_CAST name, "%d",
                                                            counts->value[count->field]));
                } else if (counts->missing[count->field] &&
                           (count->field != PLEK_COUNT_AVAILABLE ||
                            !plek_counts_available(counts, &available, &computed))) {
                        format_note(writer->notes, record, count->name,
                                    "EDXL-HAVE cannot say why a number is absent");
                }
        }
        end(writer);
}

static void put_bed(Writer *writer, const FormatRecord *record)
{
        const PlekReport *report = &record->report;
        const HaveBed *bed = have_bed_of(report->counts.care);
        char room[512];
        int32_t available;
        bool computed;

        begin(writer, "have:BedCapacity");
        element(writer, "have:BedType", bed->type);
        if (bed->is_sub || report->unit) {
                /* With sub-categories the type itself has a status at most, and not "none". */
                if (plek_counts_available(&report->counts, &available, &computed) &&
                    available > 0) {
                        begin(writer, "have:Capacity");
                        element(writer, "have:CapacityStatus", "VacantAvailable");
                        end(writer);
                }
                snprintf(room, sizeof(room), "%s%s%s",
                         plek_code_name(PLEK_CODES_CARE, report->counts.care),
                         report->unit ? "/" : "", report->unit ? report->unit : "");
                element(writer, "have:SubCategoryBedType", room);
        }
        put_capacity(writer, record);
        if (report->label && *report->label)
                element(writer, "have:CommentText",
                        sayable(writer, record, "label", report->label, room, sizeof(room)));
        end(writer);
}

/* ------------------------------------------------------------------ a hospital */

typedef enum Part { PART_NONE, PART_CARD, PART_DOOR, PART_BED } Part;

static Part part_of(const FormatRecord *record, const HaveOptions *options)
{
        const PlekReport *report = &record->report;

        if (report->status != options->status)
                return PART_NONE;
        if (report->kind == PLEK_REPORT_CARD)
                return PART_CARD;
        if (report->kind == PLEK_REPORT_DOOR && record->leads_ed && have_traffic(record))
                return PART_DOOR;
        if (report->kind == PLEK_REPORT_COUNTS && have_bed_of(report->counts.care))
                return PART_BED;
        return PART_NONE;
}

static void note_none(Writer *writer, const FormatRecord *record, const HaveOptions *options)
{
        const PlekReport *report = &record->report;

        format_note(writer->notes, record, NULL,
                    report->status != options->status ? "its status is not the document's"
                    : report->kind == PLEK_REPORT_DOOR
                            ? "EDXL-HAVE has one door, of the emergency department; another leads"
                    : report->kind == PLEK_REPORT_COUNTS
                            ? "no BedType of EDXL-HAVE is near this kind of care"
                            : "EDXL-HAVE has no place for it");
}

static void note_carried(Writer *writer, const FormatRecord *record, Part part, int64_t time_ms)
{
        static const char *const of_card[] = { "location",    "name",        "kind",
                                               "latitude",    "longitude",   "contacts",
                                               "identifiers", "observed_at", NULL };
        static const char *const of_door[] = {
                "location",      "unit",      "care",       "patient_group", "urgency",
                "plan",          "state",     "exceptions", "reason",        "text",
                "authorised_by", "starts_at", "ends_at",    "review_at",     "on_expiry",
                "observed_at",   NULL
        };
        static const char *const of_bed[] = { "location",    "unit",      "care",      "label",
                                              "staffed",     "available", "surge_24h", "surge_72h",
                                              "observed_at", NULL };

        note_others(writer, record,
                    part == PART_CARD   ? of_card
                    : part == PART_DOOR ? of_door
                                        : of_bed);
        format_note_derived(writer->notes, record, "EDXL-HAVE has no place for it");
        if (record->report.observed_at_ms != time_ms)
                format_note(writer->notes, record, "observed_at",
                            "EDXL-HAVE has one time for all of a hospital: the oldest");
}

/* The oldest of what is said of beds and the door, so that nothing looks newer than it is. */
static int64_t oldest(const FormatRecord *const *records, size_t n, const HaveOptions *options)
{
        int64_t oldest_ms = INT64_MAX, card_ms = 0;

        for (size_t i = 0; i < n; i++) {
                int64_t ms = records[i]->report.observed_at_ms;
                Part part = part_of(records[i], options);

                if (part == PART_CARD)
                        card_ms = ms;
                else if (part && ms)
                        oldest_ms = MIN(oldest_ms, ms);
        }
        return oldest_ms != INT64_MAX ? oldest_ms : card_ms;
}

static void put_parts(Writer *writer, const FormatRecord *const *records, size_t n,
                      const HaveOptions *options, Part part, int64_t time_ms)
{
        bool is_open = false;

        for (size_t i = 0; i < n; i++) {
                if (part_of(records[i], options) != part)
                        continue;
                if (part == PART_BED && !is_open)
                        begin(writer, "have:HospitalBedCapacityStatus");
                is_open = true;
                if (part == PART_BED)
                        put_bed(writer, records[i]);
                else if (part == PART_DOOR)
                        put_door(writer, records[i]);
                note_carried(writer, records[i], part, time_ms);
        }
        if (part == PART_BED && is_open)
                end(writer);
}

/* All that one party says of one location. */
static void put_hospital(Writer *writer, const FormatRecord *const *records, size_t n,
                         const HaveOptions *options)
{
        const FormatRecord *card = NULL, *any = NULL;
        int64_t time_ms = oldest(records, n, options);
        char text[FORMAT_TIME_BYTES];

        for (size_t i = 0; i < n; i++) {
                Part part = part_of(records[i], options);

                if (part == PART_NONE)
                        note_none(writer, records[i], options);
                else
                        any = records[i];
                if (part == PART_CARD)
                        card = records[i];
        }
        if (!any)
                return;

        begin(writer, "have:Hospital");
        put_organisation(writer, any, card);
        put_position(writer, card);
        put_parts(writer, records, n, options, PART_CARD, time_ms);
        put_parts(writer, records, n, options, PART_DOOR, time_ms);
        put_parts(writer, records, n, options, PART_BED, time_ms);
        if (time_ms) {
                format_time(time_ms, text);
                element(writer, "have:LastUpdateTime", text);
        }
        end(writer);
}

/* ------------------------------------------------------------------ the document */

static void open_distribution(Writer *writer, const HaveOptions *options)
{
        char text[FORMAT_TIME_BYTES];

        format_time(options->now_ms, text);
        begin(writer, "EDXLDistribution");
        attribute(writer, "xmlns", DE_NAMESPACE);
        XML(xmlTextWriterWriteFormatElement(writer->xml, BAD_CAST "distributionID", "plek-%lld",
                                            (long long)options->now_ms));
        XML(xmlTextWriterWriteFormatElement(writer->xml, BAD_CAST "senderID", "%s@plek",
                                            options->sender ? options->sender : "unknown"));
        element(writer, "dateTimeSent", text);
        element(writer, "distributionStatus",
                options->status == PLEK_STATUS_EXERCISE ? "Exercise" : "Test");
        element(writer, "distributionType", "Report");
        element(writer, "combinedConfidentiality", "for enrolled care parties");
        begin(writer, "contentObject");
        begin(writer, "xmlContent");
        begin(writer, "embeddedXMLContent");
}

static int compare(const void *a, const void *b)
{
        const FormatRecord *left = *(const FormatRecord *const *)a;
        const FormatRecord *right = *(const FormatRecord *const *)b;
        int order = strcmp(left->report.location, right->report.location);

        if (!order)
                order = strcmp(left->party ? left->party : "", right->party ? right->party : "");
        return order ? order : (left > right) - (left < right);
}

static bool same_hospital(const FormatRecord *a, const FormatRecord *b)
{
        return !strcmp(a->report.location, b->report.location) &&
               !strcmp(a->party ? a->party : "", b->party ? b->party : "");
}

static void put_document(Writer *writer, const FormatRecord **sorted, size_t n,
                         const HaveOptions *options)
{
        XML(xmlTextWriterSetIndent(writer->xml, 1));
        XML(xmlTextWriterStartDocument(writer->xml, NULL, "UTF-8", NULL));
        if (options->status != PLEK_STATUS_ACTUAL)
                open_distribution(writer, options);
        begin(writer, "have:HospitalStatus");
        attribute(writer, "xmlns:have", HAVE_NAMESPACE);
        /* GML 3.1, which HAVE 1.0 imports; a reader of ours takes any, as samples leave out "www".
         */
        attribute(writer, "xmlns:gml", "http://www.opengis.net/gml");
        attribute(writer, "xmlns:xnl", "urn:oasis:names:tc:ciq:xnl:3");
        attribute(writer, "xmlns:xpil", "urn:oasis:names:tc:ciq:xpil:3");
        for (size_t i = 0, j; i < n; i = j) {
                for (j = i + 1; j < n && same_hospital(sorted[i], sorted[j]);)
                        j++;
                put_hospital(writer, &sorted[i], j - i, options);
        }
        XML(xmlTextWriterEndDocument(writer->xml));
}

int have_write(char **ret_bytes, size_t *ret_n_bytes, const FormatRecord *records, size_t n_records,
               const HaveOptions *options, const FormatNotes *notes)
{
        CLEANUP(freep) const FormatRecord **sorted = NULL;
        xmlBuffer *buffer = xmlBufferCreate();
        Writer writer = { .notes = notes };

        sorted = calloc(n_records + 1, sizeof(*sorted));
        writer.xml = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
        writer.failed = !sorted || !writer.xml;
        if (!writer.failed) {
                for (size_t i = 0; i < n_records; i++)
                        sorted[i] = &records[i];
                qsort(sorted, n_records, sizeof(*sorted), compare);
                put_document(&writer, sorted, n_records, options);
        }

        xmlFreeTextWriter(writer.xml);
        if (!writer.failed) {
                *ret_n_bytes = (size_t)xmlBufferLength(buffer);
                *ret_bytes = strndup((const char *)xmlBufferContent(buffer), *ret_n_bytes);
                writer.failed = !*ret_bytes;
        }
        xmlBufferFree(buffer);
        return writer.failed ? err_raise(-ENOMEM) : 0;
}
