#include <stdio.h>
#include <string.h>

#include "formats/field.h"
#include "formats/have-writer.h"

/* Notes each field that is said and not among @carried, a NULL-ended list. */
static void note_others(HaveWriter *writer, const FormatRecord *record, const char *const *carried)
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

/* ------------------------------------------------------------------ doors and beds */

static void put_door(HaveWriter *writer, const FormatRecord *record)
{
        static const char *const texts[] = { "text", "authorised_by" };
        char reason[HAVE_REASON_BYTES], room[HAVE_REASON_BYTES], value[FIELD_TEXT_BYTES];
        HaveWriter quiet = *writer;

        quiet.notes = NULL;
        have_begin(writer, "have:EMSTraffic");
        have_element(writer, "have:EMSTrafficStatus", have_traffic(record));
        if (have_reason_write(record, reason))
                have_element(writer, "have:EMSTrafficReason",
                             have_sayable(&quiet, record, NULL, reason, room, sizeof(room)));
        have_end(writer);
        for (size_t i = 0; i < N_ELEMENTS(texts); i++)
                if (field_get(&record->report, texts[i], value))
                        have_sayable(writer, record, texts[i], value, room, sizeof(room));
}

static void put_triage(HaveWriter *writer, const FormatRecord *record)
{
        const PlekCounts *counts = &record->report.counts;

        have_begin(writer, "have:EMSCapacity");
        for (size_t i = 0; i < HAVE_N_TRIAGE; i++) {
                const HaveCount *triage = &have_triage[i];

                if (counts->missing[triage->field])
                        format_note(writer->notes, record, triage->name,
                                    "EDXL-HAVE cannot say why a number is absent");
                if (!counts->present[triage->field])
                        continue;
                have_begin(writer, "have:TriageCode");
                have_element(writer, "have:TriageCodeValue", triage->element);
                XML(xmlTextWriterWriteFormatElement(writer->xml,
                                                    BAD_CAST "have:TriageCountQuantity", "%d",
                                                    counts->value[triage->field]));
                have_end(writer);
        }
        have_end(writer);
}

static void put_capacity(HaveWriter *writer, const FormatRecord *record)
{
        const PlekCounts *counts = &record->report.counts;
        int32_t available;
        bool computed;

        have_begin(writer, "have:Capacity");
        if (plek_counts_available(counts, &available, &computed)) {
                have_element(writer, "have:CapacityStatus",
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
        have_end(writer);
}

static void put_bed(HaveWriter *writer, const FormatRecord *record)
{
        const PlekReport *report = &record->report;
        const HaveBed *bed = have_bed_of(report->counts.care);
        char room[512];
        int32_t available;
        bool computed;

        have_begin(writer, "have:BedCapacity");
        have_element(writer, "have:BedType", bed->type);
        if (bed->is_sub || report->unit) {
                /* With sub-categories the type itself has a status at most, and not "none". */
                if (plek_counts_available(&report->counts, &available, &computed) &&
                    available > 0) {
                        have_begin(writer, "have:Capacity");
                        have_element(writer, "have:CapacityStatus", "VacantAvailable");
                        have_end(writer);
                }
                snprintf(room, sizeof(room), "%s%s%s",
                         plek_code_name(PLEK_CODES_CARE, report->counts.care),
                         report->unit ? "/" : "", report->unit ? report->unit : "");
                have_element(writer, "have:SubCategoryBedType", room);
        }
        put_capacity(writer, record);
        if (report->label && *report->label)
                have_element(
                        writer, "have:CommentText",
                        have_sayable(writer, record, "label", report->label, room, sizeof(room)));
        have_end(writer);
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

static void note_none(HaveWriter *writer, const FormatRecord *record, const HaveOptions *options)
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

static void note_carried(HaveWriter *writer, const FormatRecord *record, Part part, bool has_triage,
                         int64_t time_ms)
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
        /* Those of beds follow on those of triage. */
        static const char *const of_ed[] = { "triage_red",   "triage_yellow",
                                             "triage_green", "triage_black",
                                             "location",     "unit",
                                             "care",         "label",
                                             "staffed",      "available",
                                             "surge_24h",    "surge_72h",
                                             "observed_at",  NULL };
        const char *const *const of_bed = of_ed + HAVE_N_TRIAGE;

        note_others(writer, record,
                    part == PART_CARD   ? of_card
                    : part == PART_DOOR ? of_door
                    : has_triage        ? of_ed
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

static void put_parts(HaveWriter *writer, const FormatRecord *const *records, size_t n,
                      const HaveOptions *options, Part part, int64_t time_ms)
{
        const FormatRecord *triage = have_triage_of(records, n, options->status);
        bool is_open = false;

        for (size_t i = 0; i < n; i++) {
                if (part_of(records[i], options) != part)
                        continue;
                if (part == PART_BED && !is_open)
                        have_begin(writer, "have:HospitalBedCapacityStatus");
                is_open = true;
                if (part == PART_BED)
                        put_bed(writer, records[i]);
                else if (part == PART_DOOR)
                        put_door(writer, records[i]);
                note_carried(writer, records[i], part, records[i] == triage, time_ms);
        }
        if (part == PART_BED && is_open)
                have_end(writer);
}

static void put_emergency(HaveWriter *writer, const FormatRecord *const *records, size_t n,
                          const HaveOptions *options, int64_t time_ms)
{
        const FormatRecord *triage = have_triage_of(records, n, options->status);
        bool is_there = triage;

        for (size_t i = 0; i < n; i++)
                is_there |= part_of(records[i], options) == PART_DOOR;
        if (!is_there)
                return;
        have_begin(writer, "have:EmergencyDepartmentStatus");
        put_parts(writer, records, n, options, PART_DOOR, time_ms);
        if (triage)
                put_triage(writer, triage);
        have_end(writer);
}

/* All that one party says of one location. */
static void put_hospital(HaveWriter *writer, const FormatRecord *const *records, size_t n,
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

        have_begin(writer, "have:Hospital");
        have_put_organisation(writer, any, card);
        have_put_position(writer, card);
        put_parts(writer, records, n, options, PART_CARD, time_ms);
        put_emergency(writer, records, n, options, time_ms);
        put_parts(writer, records, n, options, PART_BED, time_ms);
        if (time_ms) {
                format_time(time_ms, text);
                have_element(writer, "have:LastUpdateTime", text);
        }
        have_end(writer);
}

/* ------------------------------------------------------------------ the document */

static void open_distribution(HaveWriter *writer, const HaveOptions *options)
{
        char text[FORMAT_TIME_BYTES];

        format_time(options->now_ms, text);
        have_begin(writer, "EDXLDistribution");
        have_attribute(writer, "xmlns", DE_NAMESPACE);
        XML(xmlTextWriterWriteFormatElement(writer->xml, BAD_CAST "distributionID", "plek-%lld",
                                            (long long)options->now_ms));
        XML(xmlTextWriterWriteFormatElement(writer->xml, BAD_CAST "senderID", "%s@plek",
                                            options->sender ? options->sender : "unknown"));
        have_element(writer, "dateTimeSent", text);
        have_element(writer, "distributionStatus",
                     options->status == PLEK_STATUS_EXERCISE ? "Exercise" : "Test");
        have_element(writer, "distributionType", "Report");
        have_element(writer, "combinedConfidentiality", "for enrolled care parties");
        have_begin(writer, "contentObject");
        have_begin(writer, "xmlContent");
        have_begin(writer, "embeddedXMLContent");
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

static void put_document(HaveWriter *writer, const FormatRecord **sorted, size_t n,
                         const HaveOptions *options)
{
        XML(xmlTextWriterSetIndent(writer->xml, 1));
        XML(xmlTextWriterStartDocument(writer->xml, NULL, "UTF-8", NULL));
        if (options->status != PLEK_STATUS_ACTUAL)
                open_distribution(writer, options);
        have_begin(writer, "have:HospitalStatus");
        have_attribute(writer, "xmlns:have", HAVE_NAMESPACE);
        /* GML 3.1, which HAVE 1.0 imports; a reader of ours takes any, as samples leave out "www".
         */
        have_attribute(writer, "xmlns:gml", "http://www.opengis.net/gml");
        have_attribute(writer, "xmlns:xnl", "urn:oasis:names:tc:ciq:xnl:3");
        have_attribute(writer, "xmlns:xpil", "urn:oasis:names:tc:ciq:xpil:3");
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
        HaveWriter writer = { .notes = notes };

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
