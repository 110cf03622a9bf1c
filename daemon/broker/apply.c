#include "broker/apply.h"

#include <string.h>

#include "broker/parts.h"
#include "internal/crashpoint.h"

/* What a commit changed beside the picture. */
typedef struct Aftermath {
        bool has_epoch;
        bool has_card;
        bool has_rights;
} Aftermath;

static void note(Aftermath *aftermath, const LedgerEntry *entry)
{
        switch (entry->kind) {
        case ENTRY_EPOCH:
                aftermath->has_epoch = true;
                return;
        case ENTRY_CARD:
                aftermath->has_card = true;
                return;
        case ENTRY_ENROLMENT:
        case ENTRY_SUSPENSION:
                aftermath->has_rights = true;
                return;
        case ENTRY_GENESIS:
        case ENTRY_UPDATE:
        case ENTRY_CONFIRM:
                return;
        }
}

static int complete_commit(Broker *broker, Aftermath *aftermath)
{
        int r;

        r = head_sign(broker);
        if (r)
                return r;
        crash_point("after-apply");

        r = publisher_flush(&broker->publisher, broker->head.current);
        if (!r && aftermath->has_rights)
                r = gatekeeper_rights_changed(&broker->gatekeeper);
        if (!r && aftermath->has_epoch)
                r = sessions_tell_epoch(broker);
        if (!r && aftermath->has_card)
                r = sessions_tell_card(broker);
        *aftermath = (Aftermath){};
        return r;
}

static int apply_entry(Broker *broker, const LedgerEntry *entry, Aftermath *aftermath)
{
        int r;

        r = state_apply(broker->state, entry, &broker->change);
        if (r) {
                log_error("revision %llu of the ledger cannot be applied (%s)",
                          (unsigned long long)entry->revision, strerror(-r));
                return r;
        }
        if (!aftermath)
                return 0;

        note(aftermath, entry);
        r = publisher_add(&broker->publisher, entry, &broker->change);
        if (r)
                return r;
        if (entry->kind == ENTRY_ENROLMENT || entry->kind == ENTRY_SUSPENSION)
                r = gatekeeper_note(&broker->gatekeeper, entry);
        if (!r && entry->ends_commit)
                r = complete_commit(broker, aftermath);
        return r;
}

static int apply_all(Broker *broker, Aftermath *aftermath)
{
        LedgerEntry entry;
        int r;

        for (;;) {
                r = ledger_next(broker->ledger, &entry);
                if (r == LEDGER_E_END)
                        return 0;
                if (r) {
                        log_error("the ledger cannot be read on after revision %llu",
                                  (unsigned long long)state_revision(broker->state));
                        return err_fold(r);
                }
                r = apply_entry(broker, &entry, aftermath);
                blob_unref(entry.bytes);
                if (r)
                        return r;
        }
}

int apply_committed(Broker *broker)
{
        Aftermath aftermath = {};

        return apply_all(broker, &aftermath);
}

int apply_replay(Broker *broker)
{
        int r;

        r = apply_all(broker, NULL);
        return r ? r : publisher_sync(&broker->publisher);
}
