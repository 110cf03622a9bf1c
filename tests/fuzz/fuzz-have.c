/*
 * EDXL-HAVE, alone, in EDXL-DE and in a feed
 */

#include <stdint.h>

#include "formats/have.h"

#include "formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        fuzz_format(have_read, data, n_data);
        return 0;
}
