#pragma once

/*
 * Code lists: DOMAIN's terms as they stand in plek.proto, with their names
 *
 * Lists grow. A code without a name is shown as its number and never refused where it says a kind
 * of something (care, reason, exception, group); status, audience, lane and door state are closed.
 */

#include <stddef.h>
#include <stdint.h>

#include "internal/err.h"

typedef enum CodeList {
        CODES_STATUS,
        CODES_AUDIENCE,
        CODES_LANE,
        CODES_SOURCE,
        CODES_DOOR_STATE,
        CODES_EXCEPTION,
        CODES_REASON,
        CODES_ON_EXPIRY,
        CODES_MISSING,
        CODES_PATIENT_GROUP,
        CODES_CARE,
        CODES_ROLE,
        CODES_REFUSAL,
        CODES_WITHDRAWN,
        CODES_COUNT_FIELD, /* plek.proto's field numbers of Counts: "staffed", ... */
        CODES_REPORT,      /* field numbers of Update: "counts", "door", "card", ... */
        CODES_CHAIN,       /* links of the chain */
        N_CODE_LISTS,
} CodeList;

enum {
        CODES_OK,
        CODES_E_UNKNOWN,
};

typedef enum Language { LANGUAGE_EN, LANGUAGE_NL } Language;

/* The wire's name in capitals as DOMAIN has it ("ICU_ADULT"; fields and reports in lower case), or
 * NULL. */
const char *code_name(CodeList list, uint32_t code);
/* What people see. Where a list has no word in @language, the wire's name. NULL: no such code. */
const char *code_label(CodeList list, uint32_t code, Language language);
/* Any case; "-" and "_" are one; a number is itself if @list is open. Returns 0 or
 * CODES_E_UNKNOWN. */
MUST_CHECK int code_parse(uint32_t *ret_code, CodeList list, const char *name);
/* Walks a list: the @n-th code, or 0 past its end. */
uint32_t code_nth(CodeList list, size_t n);
