#pragma once

/*
 * Value: numbers as people write them, with their units
 *
 *         count      1200
 *         size       64 KiB, 1 MiB, 2 GiB, or bytes
 *         duration   500 ms, 90 s, 5 min, 2 h, 14 d
 */

#include <stddef.h>
#include <stdint.h>

#include "internal/err.h"

typedef enum ValueUnit {
        VALUE_COUNT,
        VALUE_BYTES,
        VALUE_MS,
} ValueUnit;

enum {
        VALUE_OK,
        VALUE_E_NUMBER, /* not a number, or one that is too large to hold */
        VALUE_E_UNIT,   /* not a unit of this kind, or none where one is needed */

        VALUE_TEXT_MAX = 32,
};

MUST_CHECK int value_parse(uint64_t *ret_value, ValueUnit unit, const char *text);
/* In the largest unit that it is a whole number of. */
void value_format(uint64_t value, ValueUnit unit, char ret_text[VALUE_TEXT_MAX]);
/* "size: 64 KiB, 1 MiB, 2 GiB, or bytes" */
const char *value_rule(ValueUnit unit);
