#include "lib/publisher-internal.h"

#include <string.h>

/*
 * A call: the broker hands on a coordinator's signed wish for reports now, and the enrolment that
 * makes its signer a coordinator. Both are checked here, against the authority that our region card
 * names: a broker by itself cannot make an agent report.
 */

enum {
        SKEW_MS = 120 * 1000,
        CALL_ARENA_BYTES = 16 * 1024 * 1024, /* an enrolment of 4,096 locations */
};

#define CALL_TRUST_TEXT "the broker handed on a call for reports that "

static bool has_key(const Enrolment *enrolment, const Envelope *envelope)
{
        for (size_t i = 0; i < enrolment->n_keys; i++) {
                KeyId id = key_id_of(enrolment->keys[i].sign);

                if (!memcmp(&id, &envelope->key_id, sizeof(id)) &&
                    envelope_verify(envelope, enrolment->keys[i].sign) == 0)
                        return true;
        }
        return false;
}

/* Returns why it is not to be followed, or NULL. */
static const char *check_enrolment(const PlekPublisher *publisher, Arena *arena, Bytes bytes,
                                   int64_t now_ms, Enrolment *ret_enrolment)
{
        Envelope envelope;

        if (envelope_parse(&envelope, bytes.bytes, bytes.n_bytes) ||
            envelope.kind != ENVELOPE_ENROLMENT ||
            !region_card_signed_by_authority(publisher->peer.card, &envelope) ||
            enrolment_decode(ret_enrolment, NULL, arena, envelope.body, envelope.n_body))
                return CALL_TRUST_TEXT "comes with no enrolment by our region's authority";
        if (!(ret_enrolment->roles & ROLE_BIT(ROLE_COORDINATOR)) ||
            now_ms < ret_enrolment->valid_from_ms || now_ms >= ret_enrolment->valid_until_ms)
                return CALL_TRUST_TEXT "is by a party that is no coordinator now";
        return NULL;
}

static const char *check_call(const PlekPublisher *publisher, Arena *arena, Bytes bytes,
                              const Enrolment *enrolment, int64_t now_ms, Call *ret_call)
{
        WireRefusal refusal;
        Envelope envelope;

        if (envelope_parse(&envelope, bytes.bytes, bytes.n_bytes) ||
            envelope.kind != ENVELOPE_CALL ||
            memcmp(&envelope.network, &publisher->peer.card->card.network, sizeof(NetworkId)) !=
                    0 ||
            !has_key(enrolment, &envelope))
                return CALL_TRUST_TEXT "its coordinator has not signed";
        if (call_decode(ret_call, &refusal, arena, envelope.body, envelope.n_body) ||
            strcmp(ret_call->party, enrolment->party) != 0 ||
            ret_call->asked_at_ms - now_ms > SKEW_MS)
                return CALL_TRUST_TEXT "cannot be read, or is another party's";
        return NULL;
}

/* True: it was there already. */
static bool see(CallsSeen *seen, const CallId *id)
{
        for (size_t i = 0; i < MIN(seen->n, CALLS_SEEN_MAX); i++)
                if (!memcmp(&seen->ids[i], id, sizeof(*id)))
                        return true;
        seen->ids[seen->n++ % CALLS_SEEN_MAX] = *id;
        return false;
}

static bool tell(PlekPublisher *publisher, const Call *call, const Enrolment *enrolment)
{
        if (!publisher->callbacks.called)
                return true;
        return publisher->callbacks.called(publisher->arg,
                                           &(PlekCall){
                                                   .party = call->party,
                                                   .name = enrolment->name,
                                                   .region = *call->region ? call->region : NULL,
                                                   .locations = call->locations,
                                                   .n_locations = call->n_locations,
                                                   .status = (PlekStatus)call->status,
                                                   .cares = call->cares,
                                                   .n_cares = call->n_cares,
                                                   .wants_triage = call->wants_triage,
                                                   .text = call->text,
                                                   .asked_at_ms = call->asked_at_ms,
                                                   .until_ms = call->until_ms,
                                           });
}

int call_take(PlekPublisher *publisher, const Reply *reply)
{
        int64_t now_ms = plek_publisher_now_ms(publisher);
        CLEANUP(arena_freep) Arena *arena = NULL;
        Enrolment enrolment;
        const char *fault;
        Call call;
        int r;

        r = arena_new(&arena, CALL_ARENA_BYTES);
        if (r)
                return err_fold(r);
        fault = check_enrolment(publisher, arena, reply->asked.enrolment, now_ms, &enrolment);
        if (!fault)
                fault = check_call(publisher, arena, reply->asked.envelope, &enrolment, now_ms,
                                   &call);
        if (fault) {
                context_log(publisher->context, PLEK_LOG_WARNING, "%s", fault);
                if (publisher->callbacks.alarm)
                        publisher->callbacks.alarm(publisher->arg, fault);
                return 0;
        }
        if (now_ms >= call.until_ms || see(&publisher->calls, &call.id))
                return 0;
        if (tell(publisher, &call, &enrolment))
                (void)outbox_state_again(publisher->outbox, &call);
        return 0;
}

void plek_publisher_state_again(PlekPublisher *publisher, PlekStatus status, const uint32_t *cares,
                                size_t n_cares)
{
        Call call = { .status = (Status)status, .n_cares = MIN(n_cares, (size_t)CALL_CARES_MAX) };

        if (call.n_cares)
                memcpy(call.cares, cares, call.n_cares * sizeof(*cares));
        (void)outbox_state_again(publisher->outbox, &call);
        poller_arm(&publisher->poller, 0);
}
