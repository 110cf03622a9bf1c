/*
 * EDXL-HAVE, reading: a Hospital at a time
 *
 * xmlReader walks to each Hospital and expands only that, so that a country's document takes the
 * memory of one hospital. Entities are never resolved, nothing is fetched, and whoever sends a DTD
 * is refused: no document of this format has one.
 */

#include <libxml/xmlreader.h>
#include <stdio.h>
#include <string.h>

#include "formats/have-reader.h"

static int take_distribution(HaveReader *reader, const char *status)
{
        if (!strcmp(status, "Exercise"))
                reader->status = PLEK_STATUS_EXERCISE;
        else if (!strcmp(status, "Test") || !strcmp(status, "System"))
                reader->status = PLEK_STATUS_TEST;
        else if (strcmp(status, "Actual") != 0) {
                format_notef(reader->notes, NULL, "status", "distributionStatus '%.32s' is not one",
                             status);
                return FORMAT_E_DOCUMENT;
        }
        return 0;
}

static int take_element(HaveReader *reader, xmlTextReader *xml)
{
        const char *name = (const char *)xmlTextReaderConstLocalName(xml);
        char **entry = !strcmp(name, "subject")    ? &reader->subject
                       : !strcmp(name, "observed") ? &reader->observed
                                                   : NULL;
        CLEANUP(freep) char *text = NULL;
        xmlNode *node;

        if (!strcmp(name, "entry")) {
                freep(&reader->subject);
                freep(&reader->observed);
                reader->subject = reader->observed = NULL;
        } else if (!strcmp(name, "Hospital")) {
                node = xmlTextReaderExpand(xml);
                return node ? have_take_hospital(reader, node) : FORMAT_E_DOCUMENT;
        } else if (!strcmp(name, "distributionStatus")) {
                text = (char *)xmlTextReaderReadString(xml);
                return take_distribution(reader, text ? text : "");
        } else if (entry) {
                free(*entry);
                *entry = (char *)xmlTextReaderReadString(xml);
        }
        return 0;
}

static int walk(HaveReader *reader, xmlTextReader *xml)
{
        bool skip = false, seen = false;
        int r = 0, more;

        while (!r && (more = skip ? xmlTextReaderNext(xml) : xmlTextReaderRead(xml)) == 1) {
                int type = xmlTextReaderNodeType(xml);

                skip = false;
                if (type == XML_READER_TYPE_DOCUMENT_TYPE) {
                        format_note(reader->notes, NULL, NULL, "it has a DTD, which is refused");
                        return FORMAT_E_DOCUMENT;
                }
                if (type != XML_READER_TYPE_ELEMENT)
                        continue;
                skip = !strcmp((const char *)xmlTextReaderConstLocalName(xml), "Hospital");
                seen |= skip ||
                        !strcmp((const char *)xmlTextReaderConstLocalName(xml), "HospitalStatus");
                r = take_element(reader, xml);
        }
        if (!r && (more < 0 || !seen)) {
                if (more >= 0)
                        format_note(reader->notes, NULL, NULL, "there is no HospitalStatus in it");
                r = FORMAT_E_DOCUMENT;
        }
        return r;
}

static void on_error(void *arg, xmlError *error)
{
        const HaveReader *reader = arg;
        char text[256];

        snprintf(text, sizeof(text), "%s", error->message ? error->message : "is no XML");
        text[strcspn(text, "\r\n")] = '\0';
        format_notef(reader->notes, NULL, NULL, "line %d: %s", error->line, text);
}

int have_read(FormatPicture **ret_picture, const void *bytes, size_t n_bytes,
              const FormatNotes *notes)
{
        CLEANUP(format_picture_freep) FormatPicture *picture = NULL;
        HaveReader reader = { .notes = notes, .status = PLEK_STATUS_ACTUAL };
        xmlTextReader *xml;
        int r;

        if (n_bytes > FORMAT_DOCUMENT_MAX)
                return FORMAT_E_DOCUMENT;
        r = format_picture_new(&picture);
        if (r)
                return r;
        reader.picture = picture;
        xml = xmlReaderForMemory(bytes, (int)n_bytes, NULL, NULL,
                                 XML_PARSE_NONET | XML_PARSE_COMPACT);
        if (!xml)
                return err_raise(-ENOMEM);
        xmlTextReaderSetStructuredErrorHandler(xml, (xmlStructuredErrorFunc)on_error, &reader);
        r = walk(&reader, xml);
        xmlFreeTextReader(xml);
        free(reader.subject);
        free(reader.observed);
        if (r)
                return r;
        *ret_picture = STEAL(picture);
        return 0;
}
