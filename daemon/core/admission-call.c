/*
 * Admission of a call: may this party have a region's agents report now?
 *
 * It changes nothing that is kept, so there is no plan and no journal entry: whoever has answered
 * shows in the picture, also after a restart.
 */

#include "core/admission.h"

static int refuse(WireRefusal *ret_refusal, PlekRefusal code, const char *field, const char *text)
{
        *ret_refusal = (WireRefusal){ .code = code, .field = field, .text = text };
        return ADMISSION_E_REFUSED;
}

static int check_signer(const State *state, const Party *party, const Envelope *envelope,
                        WireRefusal *ret_refusal)
{
        const Genesis *genesis = state_genesis(state);
        KeyOwner signer;

        if (!genesis || memcmp(&envelope->network, &genesis->network, sizeof(NetworkId)) != 0)
                return refuse(ret_refusal, PLEK_REFUSED_NETWORK, NULL,
                              "this was signed for another network than this broker's");
        if (!registry_find_signer(state_registry(state), envelope->key_id, &signer) ||
            signer.party != party)
                return refuse(ret_refusal, PLEK_REFUSED_PARTY, NULL,
                              "a call is signed with a key of the party that asks");
        if (party_key_is_suspended(party, signer.key))
                return refuse(ret_refusal, PLEK_REFUSED_SUSPENDED, NULL,
                              "the key that signed this is suspended");
        if (envelope_verify(envelope, signer.key->sign))
                return refuse(ret_refusal, PLEK_REFUSED_SIGNATURE, NULL,
                              "the signature does not verify");
        return 0;
}

static int check_times(const Call *call, int64_t skew_ms, int64_t now_ms, WireRefusal *ret_refusal)
{
        if (call->asked_at_ms - now_ms > skew_ms)
                return refuse(ret_refusal, PLEK_REFUSED_SENT_AHEAD, "asked_at_ms",
                              "asked ahead of the broker's clock by more than its skew; ask it "
                              "for its time");
        if (call->until_ms <= now_ms)
                return refuse(ret_refusal, PLEK_REFUSED_TOO_LATE, "until_ms",
                              "the deadline of this call has passed; make another");
        return 0;
}

int admission_call(const State *state, const AdmissionOptions *options, const Party *party,
                   const uint8_t *bytes, size_t n_bytes, int64_t now_ms, Arena *arena,
                   Call *ret_call, WireRefusal *ret_refusal)
{
        const Enrolment *enrolment = party->newest->enrolment;
        Envelope envelope;
        int r;

        if (envelope_parse(&envelope, bytes, n_bytes) || envelope.kind != ENVELOPE_CALL)
                return refuse(ret_refusal, PLEK_REFUSED_MALFORMED, "call.envelope",
                              "this is not a call");
        r = check_signer(state, party, &envelope, ret_refusal);
        if (r)
                return r;
        if (call_decode(ret_call, ret_refusal, arena, envelope.body, envelope.n_body))
                return ADMISSION_E_REFUSED;
        if (strcmp(ret_call->party, party->id) != 0)
                return refuse(ret_refusal, PLEK_REFUSED_PARTY, "party",
                              "this call is another party's");
        if (!party_has_role(party, ROLE_COORDINATOR))
                return refuse(ret_refusal, PLEK_REFUSED_ROLE, NULL,
                              "only a coordinator may call for reports");
        if (now_ms < enrolment->valid_from_ms || now_ms >= enrolment->valid_until_ms)
                return refuse(ret_refusal, PLEK_REFUSED_EXPIRED, NULL,
                              "the enrolment is not valid now; whoever is in its grace may read, "
                              "not call");
        return check_times(ret_call, options->skew_ms, now_ms, ret_refusal);
}
