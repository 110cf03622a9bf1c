#include <string.h>

#include "broker/parts.h"
#include "broker/request.h"

static bool has_twins(const Broker *broker, const Party *party)
{
        const Enrolment *enrolment = party->newest->enrolment;

        for (size_t i = 0; i < enrolment->n_keys; i++) {
                const Sender *sender =
                        sender_find(&broker->activities, key_id_of(enrolment->keys[i].transport));

                if (sender && sender->n_feeds > 1)
                        return true;
        }
        return false;
}

static PartyInfo describe(const Broker *broker, const Party *party, bool with_locations)
{
        const Activity *activity = activity_find(&broker->activities, party->id);
        const PartyState *state = state_party(broker->state, party->id);
        const Enrolment *enrolment = party->newest->enrolment;

        return (PartyInfo){
                .party = party->id,
                .name = enrolment->name,
                .roles = enrolment->roles,
                .audience = enrolment->audience,
                .serial = enrolment->serial,
                .valid_from_ms = enrolment->valid_from_ms,
                .valid_until_ms = enrolment->valid_until_ms,
                .suspended = party_is_suspended(party),
                .revoked = party_is_revoked(party),
                .keys = enrolment->keys,
                .n_keys = enrolment->n_keys,
                .locations = with_locations ? enrolment->locations : NULL,
                .n_locations = with_locations ? enrolment->n_locations : 0,
                .floor = state_floor(broker->state, party->id),
                .n_records = state ? state->n_records : 0,
                .connected = activity && activity->n_feeds,
                .since_ms = activity ? activity->since_ms : TIME_ABSENT,
                .n_accepted = activity ? activity->n_accepted : 0,
                .n_refused = activity ? activity->n_refused + activity->n_dropped : 0,
                .twins = has_twins(broker, party),
        };
}

static int reply_one(Broker *broker, const Caller *caller, uint64_t id, const char *name)
{
        const Party *party = registry_find(state_registry(broker->state), name);
        PartyInfo info;

        if (!party)
                return session_refuse(broker, caller->session, id, PLEK_REFUSED_NOT_FOUND,
                                      "parties.party", "no such party is enrolled here");
        info = describe(broker, party, true);
        return session_reply(broker, caller->session,
                             &(Reply){
                                     .id = id,
                                     .kind = REPLY_PARTIES,
                                     .parties = { .parties = &info, .n_parties = 1 },
                             });
}

/* Without their locations: thousands of parties must fit one frame. */
static int reply_all(Broker *broker, const Caller *caller, uint64_t id)
{
        const Registry *registry = state_registry(broker->state);
        CLEANUP(freep) PartyInfo *infos = NULL;
        Party *party = NULL;
        size_t n = 0;

        infos = calloc(registry_n_parties(registry) + 1, sizeof(*infos));
        if (!infos)
                return err_raise(-ENOMEM);
        while ((party = registry_next(registry, party)))
                infos[n++] = describe(broker, party, false);
        return session_reply(broker, caller->session,
                             &(Reply){
                                     .id = id,
                                     .kind = REPLY_PARTIES,
                                     .parties = { .parties = infos, .n_parties = n },
                             });
}

int request_parties(Broker *broker, const Caller *caller, const Request *request)
{
        const char *party = request->parties.party;

        if (caller_is(caller, CALLER_OPERATOR))
                return party ? reply_one(broker, caller, request->id, party)
                             : reply_all(broker, caller, request->id);

        if (party && strcmp(party, caller->party->id) != 0)
                return session_refuse(broker, caller->session, request->id,
                                      PLEK_REFUSED_NOT_ALLOWED, "parties.party",
                                      "only an operator may ask about other parties");
        return reply_one(broker, caller, request->id, caller->party->id);
}
