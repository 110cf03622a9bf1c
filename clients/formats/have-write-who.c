#include <stdio.h>
#include <string.h>

#include "formats/field.h"
#include "formats/have-writer.h"

void have_begin(HaveWriter *writer, const char *name)
{
        XML(xmlTextWriterStartElement(writer->xml, BAD_CAST name));
}

void have_end(HaveWriter *writer)
{
        XML(xmlTextWriterEndElement(writer->xml));
}

void have_attribute(HaveWriter *writer, const char *name, const char *text)
{
        XML(xmlTextWriterWriteAttribute(writer->xml, BAD_CAST name, BAD_CAST text));
}

void have_element(HaveWriter *writer, const char *name, const char *text)
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

const char *have_sayable(HaveWriter *writer, const FormatRecord *record, const char *field,
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

/* ------------------------------------------------------------------ who and where */

/* Elements and attributes as in OASIS CIQ 3.0, xNL and xPIL: a ContactNumber has its
 * CommunicationMediaType (Telephone, Fax, ...) and, as Usage, what it is for. */
static void put_identifier(HaveWriter *writer, const char *type, const char *id)
{
        have_begin(writer, "xpil:Identifier");
        have_attribute(writer, "xpil:Type", type);
        have_element(writer, "xpil:IdentifierElement", id);
        have_end(writer);
}

static void put_contacts(HaveWriter *writer, const FormatRecord *record)
{
        const PlekLocationCard *card = &record->report.card;
        bool with_care = false, changed = false;
        char room[256];

        if (!card->n_contacts)
                return;
        have_begin(writer, "xpil:ContactNumbers");
        for (size_t i = 0; i < card->n_contacts; i++) {
                HaveWriter quiet = *writer;

                quiet.notes = NULL;
                have_sayable(&quiet, record, NULL, card->contacts[i].function, room, sizeof(room));
                changed |= strcmp(room, card->contacts[i].function) != 0;
                with_care |= card->contacts[i].care != 0;
                have_begin(writer, "xpil:ContactNumber");
                have_attribute(writer, "xpil:CommunicationMediaType", "Telephone");
                have_attribute(writer, "xpil:Usage", room);
                have_element(writer, "xpil:ContactNumberElement", card->contacts[i].phone);
                have_end(writer);
        }
        have_end(writer);
        if (with_care || changed)
                format_note(writer->notes, record, "contacts",
                            changed ? "has control characters, which XML cannot have"
                                    : "the care that a contact is for has no place in EDXL-HAVE");
}

void have_put_organisation(HaveWriter *writer, const FormatRecord *any, const FormatRecord *card)
{
        char room[512];

        have_begin(writer, "have:OrganizationInformation");
        have_begin(writer, "xnl:OrganisationName");
        have_element(writer, "xnl:NameElement",
                     card ? have_sayable(writer, card, "name", card->report.card.name, room,
                                         sizeof(room))
                          : any->report.location);
        have_end(writer);
        if (card)
                put_contacts(writer, card);
        have_begin(writer, "xpil:Identifiers");
        put_identifier(writer, "plek:location", any->report.location);
        if (any->party)
                put_identifier(writer, "plek:party", any->party);
        for (size_t i = 0; card && i < card->report.card.n_identifiers; i++)
                put_identifier(writer, card->report.card.identifiers[i].scheme,
                               card->report.card.identifiers[i].id);
        have_end(writer);
        if (card) {
                have_begin(writer, "xpil:OrganisationInfo");
                have_attribute(writer, "xpil:Type", card->report.card.kind);
                have_end(writer);
        }
        have_end(writer);
}

void have_put_position(HaveWriter *writer, const FormatRecord *card)
{
        char latitude[FIELD_TEXT_BYTES], longitude[FIELD_TEXT_BYTES];

        if (!card || !field_get(&card->report, "latitude", latitude) ||
            !field_get(&card->report, "longitude", longitude))
                return;
        have_begin(writer, "have:OrganizationGeoLocation");
        have_begin(writer, "gml:Point");
        XML(xmlTextWriterWriteFormatElement(writer->xml, BAD_CAST "gml:pos", "%s %s", latitude,
                                            longitude));
        have_end(writer);
        have_end(writer);
}
