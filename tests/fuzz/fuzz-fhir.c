/*
 * FHIR: Bundles and MeasureReports
 */

#include <stdint.h>

#include "formats/fhir.h"

#include "formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        fuzz_format(fhir_read, data, n_data);
        return 0;
}
