#pragma once

/*
 * Receipt: what was understood of a report, said back to who typed it
 */

#include <jansson.h>

#include "put.h"
#include "text.h"

enum {
        RECEIPT_ID_TEXT_BYTES = PLEK_EVENT_ID_BYTES * 2 + 1,
        REFUSED_SURE_ABOVE = 20, /* one command says no more without --sure */
};

/* "duin-ed ic, IC: 8 staffed, 18 occupied, 0 free". */
void receipt_counts(const PutOptions *o, Text *text);
void receipt_counts_json(const PutOptions *o, json_t *object);

/* More are occupied than staffed, by so much that it may be a slip. It may be true, too. */
bool receipt_is_odd(const PlekCounts *counts);

/* "duin-ed, IC: 1 refused · beds full · from ambulance · 2026-11-22 09:00, 16 h 15 ago" */
void receipt_refusal(const PutOptions *o, Text *text);
/* How it is taken back: a command, without the options of every command. */
void receipt_undo(const PutOptions *o, Text *text);
void receipt_refusal_json(const PutOptions *o, json_t *object);

/* Behind the end of a door: that it has none, or that it is further off than it may seem. */
void receipt_door_end(const PutOptions *o, Text *text);

void receipt_id_format(const uint8_t id[PLEK_EVENT_ID_BYTES], char ret_text[RECEIPT_ID_TEXT_BYTES]);
/* Returns 0 or -EINVAL. */
MUST_CHECK int receipt_id_parse(uint8_t ret_id[PLEK_EVENT_ID_BYTES], const char *text);
