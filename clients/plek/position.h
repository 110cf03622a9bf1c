#pragma once

/*
 * Positions as people write them
 */

#include <stdint.h>

#include "internal/err.h"

/* "52.95,4.02": latitude and longitude in degrees, WGS 84; of the result times 10^7. Returns 0 or
 * -EINVAL. */
MUST_CHECK int position_parse(int32_t *ret_latitude_e7, int32_t *ret_longitude_e7,
                              const char *text);

enum { POSITION_TEXT_BYTES = 40 };

/* "N 52.9500 E 4.0200": so that whoever said it sees which one is which. */
void position_format(int32_t latitude_e7, int32_t longitude_e7,
                     char ret_text[POSITION_TEXT_BYTES]);
