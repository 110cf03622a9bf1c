#include "broker/parts.h"
#include "broker/request.h"

int request_card(Broker *broker, const Caller *caller, const Request *request)
{
        Blob *card = registry_card(state_registry(broker->state), NULL, NULL);

        if (!card)
                return session_refuse(broker, caller->session, request->id, PLEK_REFUSED_NOT_FOUND,
                                      NULL, "the authority has not handed in a region card yet");
        return session_reply(broker, caller->session,
                             &(Reply){ .id = request->id,
                                       .kind = REPLY_CARD,
                                       .envelope = { card->bytes, card->n_bytes } });
}
