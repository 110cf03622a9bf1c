#include "broker/parts.h"
#include "broker/request.h"

int request_clock(Broker *broker, const Caller *caller, const Request *request)
{
        /* As late as can be: the asker halves what it takes. */
        broker_update_clock(broker);
        return session_reply(
                broker, caller->session,
                &(Reply){
                        .id = request->id,
                        .kind = REPLY_CLOCK,
                        .clock = { .nonce = request->clock.nonce, .time_us = broker->clock.now_us },
                });
}
