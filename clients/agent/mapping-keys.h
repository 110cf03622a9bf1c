#pragma once

/*
 * Mapping keys: which keys a [report ...] may have, and which it must
 */

#include "mapping.h"

/* The MappingKey of this name, or N_MAPPING_KEYS. */
size_t mapping_key_find(const char *name);

/* Whether @report has what its kind needs, and nothing else; if not, what is wrong. */
bool mapping_check_keys(const MappedReport *report, char ret_why[MAPPING_TEXT_BYTES]);

/* What happened, and is counted over rows; not what holds. */
static inline bool report_kind_is_event(PlekReportKind kind)
{
        return kind == PLEK_REPORT_FLOW || kind == PLEK_REPORT_REFUSAL;
}
