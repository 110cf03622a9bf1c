#include <stdio.h>
#include <string.h>

#include "broker/order.h"
#include "broker/parts.h"

/* A party's key by either half; any that it ever had. */
static bool is_key_of(const Party *party, KeyId id)
{
        for (const EnrolmentVersion *version = party->newest; version; version = version->older) {
                for (size_t i = 0; i < version->enrolment->n_keys; i++) {
                        KeyId sign = key_id_of(version->enrolment->keys[i].sign);
                        KeyId transport = key_id_of(version->enrolment->keys[i].transport);

                        if (!memcmp(&sign, &id, sizeof(id)) || !memcmp(&transport, &id, sizeof(id)))
                                return true;
                }
        }
        return false;
}

int request_suspend(Broker *broker, const Caller *caller, const Request *request)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        Suspension suspension = request->suspend;
        const Party *party;
        char by[PARTY_MAX + 1];
        int r;

        party = registry_find(state_registry(broker->state), suspension.party);
        if (!party)
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_NOT_FOUND,
                                      "suspend.party", "no such party is enrolled here");
        if (suspension.has_key_id && !is_key_of(party, suspension.key_id))
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_NOT_FOUND,
                                      "suspend.key_id", "the party has no such key");

        if (caller->is_control)
                snprintf(by, sizeof(by), "uid %u", (unsigned)caller->session->uid);
        else
                snprintf(by, sizeof(by), "%s", caller->party->id);
        suspension.by = by;
        r = suspension_encode(&bytes, &suspension);
        if (r)
                return err_fold(r);
        return order_entry(broker, caller, request->id, ENTRY_SUSPENSION, bytes);
}
