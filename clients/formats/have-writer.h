#pragma once

/*
 * Between have-write.c, which writes a document, and have-write-who.c, which writes who a Hospital
 * is and where
 */

#include <libxml/xmlwriter.h>

#include "formats/have-internal.h"

/* libxml2's writer keeps its first failure; asked once, at the end. */
typedef struct HaveWriter {
        xmlTextWriter *xml;
        const FormatNotes *notes;
        bool failed;
} HaveWriter;

#define XML(_call) (writer->failed |= (_call) < 0)

void have_begin(HaveWriter *writer, const char *name);
void have_end(HaveWriter *writer);
void have_attribute(HaveWriter *writer, const char *name, const char *text);
void have_element(HaveWriter *writer, const char *name, const char *text);
/* @text with a question mark for each byte of what cannot be said, which is noted. */
const char *have_sayable(HaveWriter *writer, const FormatRecord *record, const char *field,
                         const char *text, char *room, size_t n_room);

/* @card may be NULL. */
void have_put_organisation(HaveWriter *writer, const FormatRecord *any, const FormatRecord *card);
void have_put_position(HaveWriter *writer, const FormatRecord *card);
