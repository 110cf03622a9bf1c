#include "broker/epoch.h"
#include "broker/parts.h"
#include "broker/request.h"

static int say_hello(Broker *broker, const Caller *caller, const Request *request)
{
        const Enrolment *enrolment = caller->party ? caller->party->newest->enrolment : NULL;
        Blob *epoch = state_epoch_envelope(broker->state);
        Reply reply = { .id = request->id, .kind = REPLY_HELLO };
        uint64_t card_serial = 0;
        size_t n_topics = 0;
        int r;

        if (caller->audience) {
                r = beats_positions(&broker->beats, caller->audience, 0, &n_topics);
                if (r)
                        return r;
        }
        registry_card(state_registry(broker->state), &card_serial, NULL);

        reply.hello.time_us = broker->clock.now_us;
        reply.hello.network = broker->network;
        reply.hello.party = caller->party ? caller->party->id : "";
        reply.hello.epoch = (Bytes){ epoch->bytes, epoch->n_bytes };
        reply.hello.head = (Bytes){ broker->head.current->bytes, broker->head.current->n_bytes };
        reply.hello.audience = caller->audience;
        reply.hello.roles = enrolment ? enrolment->roles : 0;
        reply.hello.floor = caller->party ? state_floor(broker->state, caller->party->id) : 0;
        reply.hello.enrolment_serial = enrolment ? enrolment->serial : 0;
        reply.hello.card_serial = card_serial;
        reply.hello.topics = broker->beats.positions;
        reply.hello.n_topics = n_topics;
        reply.hello.accepting = !health_closed(&broker->health);
        reply.hello.valid_until_ms = enrolment ? enrolment->valid_until_ms : TIME_ABSENT;
        reply.hello.read_until_ms = TIME_ABSENT;
        if (enrolment &&
            __builtin_add_overflow(enrolment->valid_until_ms, (int64_t)broker->config->grace_ms,
                                   &reply.hello.read_until_ms))
                reply.hello.read_until_ms = INT64_MAX;
        return session_reply(broker, caller->session, &reply);
}

/* A card that it does not have yet; one that it names and we do not know is the authority's to hand
 * in. */
static int tell_newer_card(Broker *broker, const Caller *caller, uint64_t has_serial)
{
        uint64_t serial;
        Blob *card = registry_card(state_registry(broker->state), &serial, NULL);

        if (!card || serial <= has_serial)
                return 0;
        return session_reply(
                broker, caller->session,
                &(Reply){ .kind = REPLY_CARD, .envelope = { card->bytes, card->n_bytes } });
}

/* Who reads is told, so that all judge alike who is overdue. */
static int tell_agreed(Broker *broker, const Caller *caller)
{
        Reply reply = agreed_reply(broker);

        return caller->audience ? session_reply(broker, caller->session, &reply) : 0;
}

int request_hello(Broker *broker, const Caller *caller, const Request *request)
{
        const Bytes *head = &request->hello.head;
        PeerKind kind = (PeerKind)request->hello.kind;
        int r;

        if (!state_epoch_envelope(broker->state))
                return session_refuse(broker, caller->session, request->id,
                                      PLEK_REFUSED_NO_AUTHORITY, NULL,
                                      "no authority is configured here yet");
        if (kind != PEER_FEED && kind != PEER_HAND)
                kind = PEER_READER;

        session_greet(&broker->sessions, caller->session, request->hello.instance, kind,
                      request->hello.program, broker_clock_now_ms(&broker->clock));
        if (session_has_twin(caller->session))
                log_limited(broker->log, broker_clock_now_ms(&broker->clock),
                            "two agents use its key at the same time", caller->party->id);

        r = say_hello(broker, caller, request);
        if (!r)
                r = tell_agreed(broker, caller);
        if (!r)
                r = tell_newer_card(broker, caller, request->hello.card_serial);
        if (!r)
                r = calls_greet(&broker->calls, caller->session);
        if (!r && head->bytes)
                r = epoch_show_head(broker, head->bytes, head->n_bytes);
        return r;
}
