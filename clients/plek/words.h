#pragma once

/*
 * How things are put into words, and into JSON
 */

#include <jansson.h>

#include "plek/plek.h"

#include "command.h"

enum { ROLES_TEXT_BYTES = 96 };

/* "AGENT, SUBSCRIBER" */
void roles_format(uint32_t roles, char ret_text[ROLES_TEXT_BYTES]);

/* One object a line, at once: whoever reads it in a pipe must not wait. Takes @object. */
void print_json_line(json_t *object);

/* Everything that is known of a record, under the names of plek.proto. A new reference. */
json_t *record_to_json(const PlekRecord *record);

json_t *card_to_json(const PlekLocationCard *card);
json_t *offering_to_json(const PlekRecord *record);
const char *enrolled_name(PlekEnrolled enrolled);
json_t *contacts_to_json(const PlekLocationCard *card);

/* The word for @english in the language that was chosen. */
const char *word(Language language, const char *english);

/* "  [exercise]" of what is no real thing, else "". */
const char *status_mark(uint32_t status, Language language);

const char *freshness_name(PlekFreshness freshness);
const char *standing_name(PlekStanding standing);
