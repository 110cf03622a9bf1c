#include <stdio.h>
#include <string.h>

#include "formats/field.h"
#include "formats/have-reader.h"

/* ------------------------------------------------------------------ nodes */

static const char *name_of(const xmlNode *node)
{
        return (const char *)node->name;
}

static bool is_named(const xmlNode *node, const char *name)
{
        return node->type == XML_ELEMENT_NODE && !strcmp(name_of(node), name);
}

/* The first element of that name below @node, at any depth; in any namespace, as prefixes of this
 * family of standards changed between drafts. */
static xmlNode *find(xmlNode *node, const char *name)
{
        for (xmlNode *child = node ? node->children : NULL; child; child = child->next) {
                xmlNode *found;

                if (is_named(child, name))
                        return child;
                found = child->type == XML_ELEMENT_NODE ? find(child, name) : NULL;
                if (found)
                        return found;
        }
        return NULL;
}

/* Its text, kept; with @trim without what is around it. NULL: none, or *ret_r is -ENOMEM. */
static const char *text_of(HaveReader *reader, xmlNode *node, bool trim, int *ret_r)
{
        xmlChar *content = node ? xmlNodeGetContent(node) : NULL;
        const char *start = (const char *)content, *kept;
        size_t n;

        if (!content)
                return NULL;
        if (trim)
                start += strspn(start, " \t\r\n");
        n = strlen(start);
        while (trim && n && strchr(" \t\r\n", start[n - 1]))
                n--;
        kept = n ? format_keep(reader->picture, start, n) : NULL;
        if (n && !kept)
                *ret_r = err_raise(-ENOMEM);
        xmlFree(content);
        return kept;
}

static const char *attribute_of(HaveReader *reader, xmlNode *node, const char *name, int *ret_r)
{
        for (xmlAttr *at = node->properties; at; at = at->next)
                if (!strcmp((const char *)at->name, name))
                        return text_of(reader, (xmlNode *)at, false, ret_r);
        return NULL;
}

static int note_name(HaveReader *reader, const char *what, const char *name)
{
        format_notef(reader->notes, &reader->base, NULL,
                     "%s '%.64s' is none of ours; it is not "
                     "taken",
                     what, name);
        return 0;
}

/* ------------------------------------------------------------------ who and where */

static int take_identifier(HaveReader *reader, xmlNode *node)
{
        PlekLocationCard *card = &reader->card.card;
        int r = 0;
        const char *type = attribute_of(reader, node, "Type", &r);
        const char *id = text_of(reader, find(node, "IdentifierElement"), true, &r);

        if (r || !id)
                return r;
        if (type && !strcmp(type, "plek:location")) {
                reader->base.report.location = id;
                reader->is_ours = true;
        } else if (type && !strcmp(type, "plek:party")) {
                reader->base.party = id;
        } else if (!type || card->n_identifiers == PLEK_IDENTIFIERS_MAX) {
                return note_name(reader, "identifier", id);
        } else {
                card->identifiers[card->n_identifiers++] = (PlekIdentifier){ type, id };
        }
        return 0;
}

static int take_contact(HaveReader *reader, xmlNode *node)
{
        PlekLocationCard *card = &reader->card.card;
        int r = 0;
        const char *usage = attribute_of(reader, node, "Usage", &r);
        const char *media = attribute_of(reader, node, "CommunicationMediaType", &r);
        const char *number = text_of(reader, find(node, "ContactNumberElement"), true, &r);

        if (r || !number)
                return r;
        if (card->n_contacts == PLEK_CONTACTS_MAX || (media && strcmp(media, "Telephone") != 0))
                return note_name(reader, "contact", number);
        card->contacts[card->n_contacts++] =
                (PlekContact){ .function = usage ? usage : "telephone", .phone = number };
        return 0;
}

static int take_each(HaveReader *reader, xmlNode *parent, const char *name,
                     int (*take)(HaveReader *, xmlNode *))
{
        int r = 0;

        for (xmlNode *at = parent ? parent->children : NULL; !r && at; at = at->next)
                if (is_named(at, name))
                        r = take(reader, at);
        return r;
}

static int take_position(HaveReader *reader, xmlNode *hospital)
{
        static const char *const names[] = { "pos", "coordinates" };
        xmlNode *node = find(hospital, "OrganizationGeoLocation"), *found = NULL;
        char latitude[32], longitude[32];
        int r = 0;

        for (size_t i = 0; i < N_ELEMENTS(names) && !found; i++)
                found = find(node, names[i]);
        if (!found)
                return 0;
        const char *text = text_of(reader, found, true, &r);

        if (r || !text)
                return r;
        if (sscanf(text, "%31[-+.0-9eE]%*[, \t\r\n]%31[-+.0-9eE]", latitude, longitude) != 2 ||
            field_set(&reader->card, "latitude", latitude, reader->picture) ||
            field_set(&reader->card, "longitude", longitude, reader->picture)) {
                reader->card.card.has_position = false;
                format_notef(reader->notes, &reader->base, "latitude", "'%.64s' is no position",
                             text);
        }
        return 0;
}

/* The location, by whichever name the document has for it. */
static int name_location(HaveReader *reader)
{
        const PlekLocationCard *card = &reader->card.card;
        const char *from = reader->subject       ? reader->subject
                           : card->n_identifiers ? card->identifiers[0].id
                           : card->name          ? card->name
                                                 : "";

        if (reader->is_ours)
                return 0;
        reader->base.report.location = format_location_from(reader->picture, from);
        if (!reader->base.report.location)
                return FORMAT_E_DOCUMENT;
        format_notef(reader->notes, &reader->base, "location", "is made of '%.64s'", from);
        return 0;
}

static int take_organisation(HaveReader *reader, xmlNode *hospital)
{
        xmlNode *node = find(hospital, "OrganizationInformation"), *info;
        int r = 0;

        reader->card.card.name = text_of(reader, find(node, "NameElement"), false, &r);
        if (!r)
                r = take_each(reader, find(node, "Identifiers"), "Identifier", take_identifier);
        if (!r)
                r = take_each(reader, find(node, "ContactNumbers"), "ContactNumber", take_contact);
        info = find(node, "OrganisationInfo");
        if (!r && info)
                reader->card.card.kind = attribute_of(reader, info, "Type", &r);
        if (!r)
                r = take_position(reader, hospital);
        if (!r)
                r = name_location(reader);
        return r;
}

/* @merges: with what was said of it before. */
static int add(HaveReader *reader, const PlekReport *report, bool merges)
{
        FormatRecord record = reader->base;

        record.report = *report;
        record.report.status = reader->status;
        record.report.location = reader->base.report.location;
        record.report.observed_at_ms = reader->base.report.observed_at_ms;
        return format_picture_add(reader->picture, &record, merges, reader->notes);
}

/* Of ours a card has a kind; of others whatever is called a Hospital is one. */
static int add_card(HaveReader *reader)
{
        PlekLocationCard *card = &reader->card.card;

        if (!card->name || (reader->is_ours && !card->kind))
                return 0;
        if (!card->kind) {
                card->kind = "V4";
                format_note(reader->notes, &reader->base, "kind",
                            "is not said; taken for V4, a hospital");
        }
        return add(reader, &reader->card, false);
}

/* ------------------------------------------------------------------ doors and beds */

static int add_door(HaveReader *reader, xmlNode *hospital)
{
        xmlNode *traffic = find(hospital, "EMSTraffic");
        int r = 0;
        const char *status = text_of(reader, find(traffic, "EMSTrafficStatus"), true, &r);
        const char *reason = text_of(reader, find(traffic, "EMSTrafficReason"), false, &r);
        PlekReport report;

        if (r || !status)
                return r;
        r = have_reason_read(&report, status, reason, reader->picture, reader->notes);
        if (r == FORMAT_E_DOCUMENT)
                return note_name(reader, "EMSTrafficStatus", status);
        return r ? r : add(reader, &report, false);
}

/* "ECMO", "ICU_ADULT/ic-2", or what others call it, which then is a unit. */
static int take_sub(HaveReader *reader, PlekReport *report, const char *sub)
{
        size_t n_care = strcspn(sub, "/");
        const char *care = format_keep(reader->picture, sub, n_care);
        uint32_t code;

        if (!care)
                return err_raise(-ENOMEM);
        if (!plek_code_parse(&code, PLEK_CODES_CARE, care)) {
                report->counts.care = code;
                report->unit = sub[n_care] ? sub + n_care + 1 : NULL;
                return 0;
        }
        report->unit = format_location_from(reader->picture, sub);
        report->label = sub;
        return 0;
}

static int take_number(HaveReader *reader, PlekReport *report, xmlNode *node, const char *field)
{
        int r = 0;
        const char *text = text_of(reader, node, true, &r);

        if (r || !text)
                return r;
        r = field_set(report, field, text, reader->picture);
        if (r == FIELD_E_VALUE) {
                format_notef(reader->notes, &reader->base, field, "'%.32s' is no count", text);
                return 0;
        }
        return r;
}

static int take_capacity(HaveReader *reader, PlekReport *report, xmlNode *capacity)
{
        PlekCounts *counts = &report->counts;
        int r = 0;
        const char *status = text_of(reader, find(capacity, "CapacityStatus"), true, &r);

        for (size_t i = 0; !r && i < HAVE_N_COUNTS; i++)
                r = take_number(reader, report, find(capacity, have_counts[i].element),
                                have_counts[i].name);
        if (!r && status && !strcmp(status, "NotAvailable") &&
            !counts->present[PLEK_COUNT_AVAILABLE])
                counts->present[PLEK_COUNT_AVAILABLE] = true;
        return r;
}

/* One code may have several values, each before its quantity. */
static int take_triage(HaveReader *reader, PlekReport *report, xmlNode *code)
{
        const HaveCount *triage = NULL;
        int r = 0;

        for (xmlNode *at = code->children; !r && at; at = at->next) {
                const char *value;

                if (is_named(at, "TriageCountQuantity") && triage) {
                        r = take_number(reader, report, at, triage->name);
                } else if (is_named(at, "TriageCodeValue")) {
                        value = text_of(reader, at, true, &r);
                        triage = NULL;
                        for (size_t i = 0; value && i < HAVE_N_TRIAGE; i++)
                                if (!strcmp(value, have_triage[i].element))
                                        triage = &have_triage[i];
                        if (value && !triage)
                                note_name(reader, "TriageCodeValue", value);
                }
        }
        return r;
}

static bool is_empty(const PlekCounts *counts)
{
        for (size_t i = 0; i < PLEK_N_COUNT_FIELDS; i++)
                if (counts->present[i])
                        return false;
        return true;
}

typedef struct Bed {
        PlekReport report;
        uint32_t care; /* that the type is; 0: none */
        bool has_capacity, is_sub;
} Bed;

/* A type beside its sub-categories says whether there is something, and no number. */
static int finish_bed(HaveReader *reader, Bed *bed, bool has_sub)
{
        int r = 0;

        if (bed->has_capacity && !(has_sub && !bed->is_sub && is_empty(&bed->report.counts))) {
                if (bed->report.counts.care == PLEK_CARE_ED) {
                        reader->n_eds++;
                        reader->has_ed |= !bed->report.unit;
                        reader->ed_unit = bed->report.unit;
                }
                r = add(reader, &bed->report, false);
        }
        bed->has_capacity = false;
        return r;
}

static int begin_bed(HaveReader *reader, Bed *bed, const char *type)
{
        field_report_init(&bed->report, PLEK_REPORT_COUNTS);
        bed->care = bed->report.counts.care = have_care_of(type);
        bed->has_capacity = bed->is_sub = false;
        return bed->care ? 0 : note_name(reader, "BedType", type);
}

static int begin_sub(HaveReader *reader, Bed *bed, const char *sub)
{
        if (!bed->care)
                return 0;
        field_report_init(&bed->report, PLEK_REPORT_COUNTS);
        bed->report.counts.care = bed->care;
        bed->is_sub = true;
        return take_sub(reader, &bed->report, sub);
}

static int add_bed(HaveReader *reader, xmlNode *capacity)
{
        Bed bed = { 0 };
        bool has_sub = find(capacity, "SubCategoryBedType") != NULL;
        int r = 0;

        for (xmlNode *at = capacity->children; !r && at; at = at->next) {
                bool is_type = is_named(at, "BedType"), is_sub = is_named(at, "SubCategoryBedType");
                const char *text = NULL;

                if (is_type || is_sub)
                        r = finish_bed(reader, &bed, has_sub);
                if (!r && (is_type || is_sub || is_named(at, "CommentText")))
                        text = text_of(reader, at, is_type || is_sub, &r);
                if (r)
                        break;
                if (is_type)
                        r = begin_bed(reader, &bed, text ? text : "");
                else if (is_sub)
                        r = begin_sub(reader, &bed, text ? text : "");
                else if (is_named(at, "CommentText") && text)
                        bed.report.label = text;
                else if (is_named(at, "Capacity") && bed.care) {
                        bed.has_capacity = true;
                        r = take_capacity(reader, &bed.report, at);
                }
        }
        return r ? r : finish_bed(reader, &bed, has_sub);
}

/* EMSCapacity, which is of the emergency department as a whole: with the counts of its beds where
 * these are of no unit, or the only ones. */
static int add_triage(HaveReader *reader, xmlNode *hospital)
{
        xmlNode *capacity = find(hospital, "EMSCapacity");
        PlekReport report;
        const char *list;
        int r = 0;

        if (!capacity)
                return 0;
        list = text_of(reader, find(capacity, "TriageCodeListURN"), true, &r);
        if (list) /* Red is whatever that list says */
                return note_name(reader, "TriageCodeListURN", list);
        field_report_init(&report, PLEK_REPORT_COUNTS);
        report.counts.care = PLEK_CARE_ED;
        report.unit = reader->n_eds == 1 && !reader->has_ed ? reader->ed_unit : NULL;
        for (xmlNode *at = capacity->children; !r && at; at = at->next) {
                if (is_named(at, "TriageCode"))
                        r = take_triage(reader, &report, at);
                else if (at->type == XML_ELEMENT_NODE && !is_named(at, "TriageCodeListURN"))
                        note_name(reader, "element", name_of(at));
        }
        return r || is_empty(&report.counts) ? r : add(reader, &report, true);
}

/* ------------------------------------------------------------------ a hospital */

static int take_time(HaveReader *reader, xmlNode *hospital)
{
        int r = 0;
        const char *text = text_of(reader, find(hospital, "LastUpdateTime"), true, &r);

        if (reader->observed)
                text = reader->observed;
        if (!r && text && format_time_parse(&reader->base.report.observed_at_ms, text))
                format_notef(reader->notes, NULL, "observed_at", "'%.64s' is no time", text);
        return r;
}

/* What of a hospital is not looked at is named. */
static int note_rest(HaveReader *reader, xmlNode *hospital)
{
        static const char *const known[] = { "OrganizationInformation",
                                             "OrganizationGeoLocation",
                                             "EmergencyDepartmentStatus",
                                             "HospitalBedCapacityStatus",
                                             "LastUpdateTime",
                                             "EMSTraffic",
                                             "EMSCapacity" };

        for (xmlNode *at = hospital->children; at; at = at->next) {
                size_t i = 0;

                if (at->type != XML_ELEMENT_NODE)
                        continue;
                while (i < N_ELEMENTS(known) && strcmp(known[i], name_of(at)) != 0)
                        i++;
                if (i == N_ELEMENTS(known))
                        note_name(reader, "element", name_of(at));
                if (!strcmp(name_of(at), "EmergencyDepartmentStatus"))
                        note_rest(reader, at);
        }
        return 0;
}

int have_take_hospital(HaveReader *reader, xmlNode *hospital)
{
        int r;

        reader->base =
                (FormatRecord){ .report = { .status = reader->status, .kind = PLEK_REPORT_CARD } };
        reader->is_ours = reader->has_ed = false;
        reader->n_eds = 0;
        field_report_init(&reader->card, PLEK_REPORT_CARD);

        r = take_time(reader, hospital);
        if (!r)
                r = take_organisation(reader, hospital);
        if (r == FORMAT_E_DOCUMENT) {
                format_note(reader->notes, NULL, "location",
                            "a Hospital has no name and no identifier; it is left out");
                return 0;
        }
        if (!r)
                r = add_card(reader);
        if (!r)
                r = add_door(reader, hospital);
        if (!r)
                r = take_each(reader, find(hospital, "HospitalBedCapacityStatus"), "BedCapacity",
                              add_bed);
        if (!r)
                r = add_triage(reader, hospital);
        return r ? r : note_rest(reader, hospital);
}
