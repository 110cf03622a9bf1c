#pragma once

/*
 * Entries: records, tombstones and documents as they stand in blocks and chunks
 *
 * All return 0, BLOCK_E_FULL (nothing of it was added, affirms apart, which do no harm) or -errno.
 */

#include "core/state.h"

/* One item of what @entry, just applied, changed. */
MUST_CHECK int entries_add_item(BlockBuilder *builder, const LedgerEntry *entry,
                                const ChangeItem *item);
/* With the affirm that it rests on. */
MUST_CHECK int entries_add_record(BlockBuilder *builder, const Record *record, uint32_t flags);
MUST_CHECK int entries_add_tombstone(BlockBuilder *builder, const Tombstone *tombstone);
