/*
 * A checkpoint's rows, as they might lie on a damaged or forged disk, become a state or an error
 *
 * The input is a series of rows: table (1 byte), length of the key (1) and of the value (2), and
 * the two.
 */

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "core/checkpoint.h"
#include "internal/endian.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static void restore(State *state, const uint8_t *bytes, size_t n_bytes)
{
        size_t n_key, n_value;
        int r = 0;

        for (; !r && n_bytes >= 4; bytes += 4 + n_key + n_value, n_bytes -= 4 + n_key + n_value) {
                n_key = bytes[1];
                n_value = be16_get(bytes + 2);
                if (n_bytes - 4 < n_key + n_value)
                        return;
                r = state_restore_row(state, (CheckpointTable)(bytes[0] % N_CHECKPOINT_TABLES),
                                      bytes + 4, n_key, bytes + 4 + n_key, n_value);
                assert(r == 0 || r == -EBADMSG || r == -EPROTO);
        }
        if (!r)
                r = state_restore_done(state);
        assert(r == 0 || r == -EBADMSG || r == -EPROTO);
}

/* What was taken for a state can be written again. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
        CLEANUP(checkpoint_freep) Checkpoint *checkpoint = NULL;
        CLEANUP(state_freep) State *state = NULL;
        int r;

        if (sodium_init() < 0)
                abort();
        r = state_new(&state, &(StateOptions){ .n_tombstones = 8 });
        assert(!r);
        restore(state, bytes, n_bytes);
        r = state_checkpoint(state, &checkpoint);
        assert(!r);
        return 0;
}
