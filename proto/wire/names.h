#pragma once

/*
 * Names: character sets and lengths of what is not free text; and the range of times
 */

#include <stdbool.h>
#include <stdint.h>

typedef enum NameKind {
        NAME_PARTY,
        NAME_LOCATION, /* and a unit's id */
        NAME_DEFINITION,
        NAME_METHOD,
        NAME_INPUT, /* of a pressure score */
        NAME_REGION,
        NAME_LOCATION_KIND,
        NAME_PHONE,
        NAME_TIME_ZONE,
} NameKind;

bool name_is_valid(NameKind kind, const char *name);
/* "1 to 64 of a-z 0-9 . -" */
const char *name_rule(NameKind kind);

/* 1970 to 9999: no sum or difference of such times can overflow, here or anywhere else. */
bool time_is_valid(int64_t time_ms);
