#include "broker/order.h"
#include "broker/parts.h"

int request_confirm(Broker *broker, const Caller *caller, const Request *request)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        uint8_t what = (uint8_t)request->confirm.what;
        int r;

        if (health_closed(&broker->health) == PLEK_REFUSED_NO_AUTHORITY)
                return session_refuse(broker, caller->session, request->id,
                                      PLEK_REFUSED_NO_AUTHORITY, NULL,
                                      health_sentence(&broker->health));

        switch (request->confirm.what) {
        case CONFIRM_EPOCH:
                if (!state_epoch_is_unconfirmed(broker->state))
                        return session_done(broker, caller->session, request->id);
                break;
        case CONFIRM_CLOCK:
                if (broker_clock_is_sane(&broker->clock))
                        return session_done(broker, caller->session, request->id);
                broker_confirm_clock(broker);
                break;
        default:
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_FIELD,
                                      "confirm.what", "there is no such thing to confirm");
        }

        r = blob_copy(&bytes, &what, 1);
        if (r)
                return err_fold(r);
        return order_entry(broker, caller, request->id, ENTRY_CONFIRM, bytes);
}
