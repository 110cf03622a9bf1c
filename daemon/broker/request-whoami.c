#include <stdio.h>
#include <string.h>

#include "broker/parts.h"
#include "broker/request.h"

enum { TEXT_MAX = 320 };

static void sentence(char text[TEXT_MAX], const Caller *caller)
{
        const Party *party = caller->party;
        char key[KEY_ID_TEXT_BYTES];

        key_id_format(caller->session->user, key);
        if (caller->is_control)
                snprintf(text, TEXT_MAX, "you are the operator on this host (uid %u)",
                         (unsigned)caller->session->uid);
        else if (!party)
                snprintf(text, TEXT_MAX,
                         "key %s is not enrolled here; the region's authority must enrol it", key);
        else if (caller->why == PLEK_REFUSED_NOT_ENROLLED)
                snprintf(text, TEXT_MAX, "key %s was of %s and is not any more; use its new one",
                         key, party->id);
        else if (caller->why == PLEK_REFUSED_EXPIRED)
                snprintf(text, TEXT_MAX,
                         "key %s is of %s, whose enrolment is not valid now; ask the region's "
                         "authority for a new one",
                         key, party->id);
        else if (party_is_revoked(party))
                snprintf(text, TEXT_MAX, "key %s is of %s, whose enrolment was revoked", key,
                         party->id);
        else if (party_is_suspended(party) || party_key_is_suspended(party, caller->owner.key))
                snprintf(text, TEXT_MAX, "key %s is of %s and is suspended by the operator", key,
                         party->id);
        else
                snprintf(text, TEXT_MAX, "key %s is enrolled for %s", key, party->id);
}

static void describe_party(Reply *reply, const Caller *caller)
{
        const Enrolment *enrolment = caller->party->newest->enrolment;

        reply->whoami.enrolled = !caller->is_guest;
        reply->whoami.party = caller->party->id;
        reply->whoami.roles = enrolment->roles;
        reply->whoami.audience = caller->audience;
        reply->whoami.locations = enrolment->locations;
        reply->whoami.n_locations = enrolment->n_locations;
        reply->whoami.valid_from_ms = enrolment->valid_from_ms;
        reply->whoami.valid_until_ms = enrolment->valid_until_ms;
        reply->whoami.suspended = party_key_is_suspended(caller->party, caller->owner.key);
        reply->whoami.revoked = party_is_revoked(caller->party);
        reply->whoami.serial = enrolment->serial;
        memcpy(reply->whoami.transport_key, caller->owner.key->transport, KEY_BYTES);
}

int request_whoami(Broker *broker, const Caller *caller, const Request *request)
{
        Reply reply = { .id = request->id, .kind = REPLY_WHOAMI };
        const uint8_t *guest;
        char text[TEXT_MAX];

        sentence(text, caller);
        reply.whoami.text = text;
        reply.whoami.valid_from_ms = reply.whoami.valid_until_ms = TIME_ABSENT;
        if (caller->party) {
                describe_party(&reply, caller);
        } else if (!caller->is_control) {
                guest = gatekeeper_guest_key(&broker->gatekeeper, caller->session->user);
                if (guest)
                        memcpy(reply.whoami.transport_key, guest, KEY_BYTES);
        }
        return session_reply(broker, caller->session, &reply);
}
