/*
 * CSV as plek export writes it
 */

#include <stdint.h>

#include "formats/csv-table.h"

#include "formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        fuzz_format(csv_table_read, data, n_data);
        return 0;
}
