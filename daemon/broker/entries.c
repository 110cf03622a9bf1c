#include "broker/entries.h"

int entries_add_record(BlockBuilder *builder, const Record *record, uint32_t flags)
{
        const Affirmation *affirmation = record->affirmation;
        Entry entry, affirm;
        int r;

        record_to_entry(record, &entry);
        entry.flags |= flags;
        if (affirmation) {
                affirmation_to_entry(affirmation, &affirm);
                r = block_builder_add_affirm(builder, &affirm);
                if (r)
                        return r;
        }
        return block_builder_add(builder, &entry);
}

int entries_add_tombstone(BlockBuilder *builder, const Tombstone *tombstone)
{
        WithdrawnRecord withdrawn;
        Entry entry;

        tombstone_to_entry(tombstone, &withdrawn, &entry);
        return block_builder_add(builder, &entry);
}

/* An envelope as it was accepted: an affirm's, or a document's on reg/. */
static int add_bytes(BlockBuilder *builder, const LedgerEntry *from)
{
        Entry entry = {
                .revision = from->revision,
                .changed_revision = from->revision,
                .received_at_ms = from->time_ms,
                .since_ms = from->time_ms,
        };

        if (from->kind == ENTRY_SUSPENSION) {
                entry.suspension = from->bytes->bytes;
                entry.n_suspension = from->bytes->n_bytes;
        } else {
                entry.envelope = from->bytes->bytes;
                entry.n_envelope = from->bytes->n_bytes;
        }
        return block_builder_add(builder, &entry);
}

int entries_add_item(BlockBuilder *builder, const LedgerEntry *entry, const ChangeItem *item)
{
        switch (item->kind) {
        case CHANGE_REPORT:
                return entries_add_record(builder, item->record, 0);
        case CHANGE_MOVED:
                return entries_add_record(builder, item->record, ENTRY_MOVED);
        case CHANGE_WITHDRAWN:
                return entries_add_tombstone(builder, item->tombstone);
        case CHANGE_AFFIRM:
        case CHANGE_REGISTRY:
                return add_bytes(builder, entry);
        }
        return err_raise(-EINVAL);
}
