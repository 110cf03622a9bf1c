/* The operator's file: whatever is in it, a config or complaints, each with its line. */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
        static ConfigComplaints complaints;
        Config *config = NULL;
        int r;

        r = config_parse(&config, "fuzz", (const char *)bytes, n_bytes, &complaints);
        assert(r == 0 || r == CONFIG_E_REFUSED);
        assert(complaints.n_text == strlen(complaints.text));
        if (r) {
                assert(!config && complaints.n_complaints && complaints.n_text);
        } else {
                assert(config->key && config->directory && config->control);
                assert(!config->network == !config->has_authority);
                assert(!config_needs_restart(config, config));
        }
        config_free(config);
        return 0;
}
