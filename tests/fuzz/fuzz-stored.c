/*
 * What comes back from the disk: a row of the journal, or of a checkpoint's table
 *
 * The first byte says of which; 0 is the journal. Checksums are found anew here, since whoever can
 * write a row can write its checksum: what is behind them must hold, too.
 */

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "store/error.h"
#include "store/journal.h"
#include "store/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

enum {
        JOURNAL_KEY_BYTES = 8,
        JOURNAL_SEALED_BYTES = 84, /* what stands before an entry's bytes */
};

static void try_journal_row(uint8_t *row, size_t n_row)
{
        const uint8_t *key = row;
        uint8_t *value = row + JOURNAL_KEY_BYTES;
        JournalRow parsed = { 0 };
        size_t n_value;
        int r;

        if (n_row < JOURNAL_KEY_BYTES)
                return;

        n_value = n_row - JOURNAL_KEY_BYTES;
        if (n_value >= JOURNAL_SEALED_BYTES)
                row_seal(ROW_TAG_JOURNAL, key, JOURNAL_KEY_BYTES, value, JOURNAL_SEALED_BYTES);
        r = journal_row_parse(&parsed, key, JOURNAL_KEY_BYTES, value, n_value);
        assert(r == 0 || r == STORE_E_DAMAGED);
        if (r)
                return;

        assert(parsed.revision > 0);
        assert(parsed.bytes == value + JOURNAL_SEALED_BYTES);
        assert(parsed.n_bytes == n_value - JOURNAL_SEALED_BYTES);
        (void)journal_row_is_whole(&parsed);
        (void)journal_row_follows(&parsed, parsed.digest);
}

/* Rows one after the other, each: table, length of the key, length of the value (two bytes). */
static void try_tables(const uint8_t *bytes, size_t n_bytes)
{
        State *state;
        int r;

        r = state_new(&state, &(StateOptions){ .n_tombstones = 16 });
        assert(!r);
        while (n_bytes >= 4) {
                CheckpointTable table = bytes[0] % N_CHECKPOINT_TABLES;
                size_t n_key = bytes[1];
                size_t n_value = (size_t)bytes[2] << 8 | bytes[3];

                bytes += 4;
                n_bytes -= 4;
                n_key = MIN(n_key, n_bytes);
                n_value = MIN(n_value, n_bytes - n_key);
                r = table ? state_restore_row(state, table, bytes, n_key, bytes + n_key, n_value)
                          : state_restore_done(state);
                assert(r == 0 || r == -EBADMSG || r == -EPROTO || r == -ENOMEM);
                if (r)
                        break;
                bytes += n_key + n_value;
                n_bytes -= n_key + n_value;
        }
        state_free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
        uint8_t *row;

        if (sodium_init() < 0 || !n_bytes)
                return 0;

        if (bytes[0]) {
                try_tables(bytes + 1, n_bytes - 1);
                return 0;
        }

        row = malloc(n_bytes);
        assert(row);
        memcpy(row, bytes + 1, n_bytes - 1);
        try_journal_row(row, n_bytes - 1);
        free(row);
        return 0;
}
