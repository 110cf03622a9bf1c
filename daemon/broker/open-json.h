#pragma once

/*
 * A record of the open document as JSON, under the names of plek.proto and of plek get --json
 */

#include <jansson.h>

#include "picture/freshness.h"
#include "wire/document.h"

/* What is known of a record apart from its envelope, taken while the picture stood still. */
typedef struct OpenRecord {
        Blob *envelope;
        char region[REGION_MAX + 1];
        char party_name[LABEL_MAX + 1]; /* "": none */
        uint64_t revision;
        int64_t received_at_ms, since_ms, age_ms;
        Freshness freshness;
        uint32_t flags;
        bool is_enrolled, is_distrusted;
} OpenRecord;

/*
 * A new reference; NULL: not for the public after all, or no memory. A card's contacts are never
 * in it. @now_ms is when the rest was taken.
 */
json_t *open_record_to_json(const OpenRecord *record, Arena *arena, int64_t now_ms);
