#include "broker/parts.h"
#include "broker/request.h"

int request_presence(Broker *broker, const Caller *caller, const Request *request)
{
        CLEANUP(freep) Presence *presence = NULL;
        Activity *activity, *next;
        size_t n = 0;

        presence = calloc(HASH_COUNT(broker->activities.activities) + 1, sizeof(*presence));
        if (!presence)
                return err_raise(-ENOMEM);

        HASH_ITER (hh, broker->activities.activities, activity, next) {
                if (activity->since_ms == TIME_ABSENT)
                        continue; /* no agent of it was seen since the start */
                presence[n++] = (Presence){
                        .party = activity->party,
                        .connected = activity->n_feeds > 0,
                        .since_ms = activity->since_ms,
                };
        }
        return session_reply(broker, caller->session,
                             &(Reply){
                                     .id = request->id,
                                     .kind = REPLY_PRESENCE,
                                     .presence = { .presence = presence, .n_presence = n },
                             });
}
