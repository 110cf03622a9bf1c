#include <stdio.h>
#include <string.h>

#include "broker/order.h"
#include "broker/parts.h"

/* A party's key by either half; any that it ever had. */
static bool is_key_of(const Registry *registry, const Party *party, KeyId id)
{
        KeyOwner owner;

        return (registry_find_signer(registry, id, &owner) && owner.party == party) ||
               (registry_find_transport(registry, id, &owner) && owner.party == party);
}

int request_suspend(Broker *broker, const Caller *caller, const Request *request)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        const Registry *registry = state_registry(broker->state);
        Suspension suspension = request->suspend;
        const Party *party;
        char by[PARTY_MAX + 1];
        int r;

        party = registry_find(registry, suspension.party);
        if (!party)
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_NOT_FOUND,
                                      "suspend.party", "no such party is enrolled here");
        if (suspension.has_key_id && !is_key_of(registry, party, suspension.key_id))
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_NOT_FOUND,
                                      "suspend.key_id", "the party has no such key");

        if (caller->is_control)
                snprintf(by, sizeof(by), "uid %u", (unsigned)caller->session->uid);
        else
                snprintf(by, sizeof(by), "%s", caller->party->id);
        suspension.by = by;
        r = suspension_encode(&bytes, &suspension);
        if (r == -EINVAL)
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_MALFORMED,
                                      "suspend.reason", "the reason is too long, or not text");
        if (r)
                return err_fold(r);
        return order_entry(broker, caller, request->id, ENTRY_SUSPENSION, bytes);
}
