/*
 * Admission, first half: who says this, and may they say it about that place?
 *
 * The key decides who it was, the registry whose key it is. What an envelope calls itself is only
 * compared. The connection that brought it must be of the same party, or of one that carries for
 * others: otherwise one party's envelopes could be charged to, or held back by, another's line.
 */

#include "core/admission-internal.h"

static bool refuse_by_rights(Judgement *judgement, const KeyOwner *owner, uint32_t code)
{
        const Enrolment *enrolment = owner->party->newest->enrolment;
        char key[KEY_ID_TEXT_BYTES], from[TIME_TEXT_MAX], until[TIME_TEXT_MAX];
        const char *party = owner->party->id;

        switch (code) {
        case PLEK_REFUSED_EXPIRED:
                return judge_refuse(judgement, PLEK_REFUSED_EXPIRED, "party",
                                    "the enrolment of %s is valid from %s until %s; ask the "
                                    "region's authority for one that is valid now",
                                    party, time_text(from, enrolment->valid_from_ms),
                                    time_text(until, enrolment->valid_until_ms));
        case PLEK_REFUSED_REVOKED:
                return judge_refuse(judgement, PLEK_REFUSED_REVOKED, "party",
                                    "the enrolment of %s was revoked by the region's authority "
                                    "(%s); only the authority can enrol it again",
                                    party, enrolment->cause ? enrolment->cause : "no cause given");
        case PLEK_REFUSED_SUSPENDED:
                return judge_refuse(judgement, PLEK_REFUSED_SUSPENDED, "party",
                                    "%s, or this key of it, is suspended by the operator of this "
                                    "broker; call them",
                                    party);
        case PLEK_REFUSED_ROLE:
                if (update_is_about_ack(judgement->candidate->update))
                        return judge_refuse(judgement, PLEK_REFUSED_ROLE, "party",
                                            "%s is enrolled without a role that reads, so it has "
                                            "seen nothing; ask the region's authority for one",
                                            party);
                return judge_refuse(judgement, PLEK_REFUSED_ROLE, "party",
                                    "%s is enrolled without the role agent, so it may not publish; "
                                    "ask the region's authority for it",
                                    party);
        default:
                key_id_format(key_id_of(owner->key->sign), key);
                return judge_refuse(judgement, (PlekRefusal)code, "party",
                                    "key %s is not among the keys that %s is enrolled with now",
                                    key, party);
        }
}

/* A statement of one's own, or that one has seen another's: each has its roles. Returns 0 or the
 * refusal. */
static uint32_t may_say(Judgement *judgement, const KeyOwner *owner)
{
        if (update_is_about_ack(judgement->candidate->update))
                return owner_may_read(owner, judgement->now_ms, 0, &judgement->audience);
        return owner_may_publish(owner, judgement->now_ms);
}

static bool judge_signer(Judgement *judgement, KeyOwner *ret_owner)
{
        const Candidate *candidate = judgement->candidate;
        char key[KEY_ID_TEXT_BYTES];
        uint32_t code;

        if (!registry_find_signer(state_registry(judgement->state), candidate->key_id, ret_owner) ||
            memcmp(ret_owner->key->sign, candidate->signer, KEY_BYTES) != 0) {
                key_id_format(candidate->key_id, key);
                return judge_refuse(judgement, PLEK_REFUSED_NOT_ENROLLED, NULL,
                                    "key %s is not enrolled here; hand this broker the enrolment "
                                    "that the region's authority signed",
                                    key);
        }

        if (strcmp(ret_owner->party->id, candidate->update->party) != 0)
                return judge_refuse(judgement, PLEK_REFUSED_PARTY, "party",
                                    "the key that signed this is enrolled for %s, but the update "
                                    "says that it is from %s",
                                    ret_owner->party->id, candidate->update->party);

        code = may_say(judgement, ret_owner);
        return code ? refuse_by_rights(judgement, ret_owner, code) : false;
}

static bool judge_connection(Judgement *judgement, const KeyOwner *signer)
{
        const Candidate *candidate = judgement->candidate;
        char key[KEY_ID_TEXT_BYTES];
        Audience audience = judgement->audience; /* the signer's, whoever carries it */
        bool is_relay;
        KeyOwner owner;
        uint32_t code;

        if (!registry_find_transport(state_registry(judgement->state), candidate->connection,
                                     &owner)) {
                key_id_format(candidate->connection, key);
                return judge_refuse(judgement, PLEK_REFUSED_NOT_ENROLLED, NULL,
                                    "transport key %s of the connection is not enrolled here", key);
        }

        is_relay = party_has_role(owner.party, ROLE_RELAY);
        if (owner.party != signer->party && !is_relay)
                return judge_refuse(judgement, PLEK_REFUSED_PARTY, "party",
                                    "this update is from %s, but the connection is of %s, which is "
                                    "not enrolled as a relay",
                                    signer->party->id, owner.party->id);

        /* A relay carries; it need not have anything to say itself. */
        code = may_say(judgement, &owner);
        judgement->audience = audience;
        if (code == PLEK_REFUSED_ROLE && is_relay)
                code = 0;
        return code ? refuse_by_rights(judgement, &owner, code) : false;
}

bool judge_origin(Judgement *judgement)
{
        const Candidate *candidate = judgement->candidate;
        const Genesis *genesis = state_genesis(judgement->state);
        Envelope envelope;
        KeyOwner owner;

        if (!genesis)
                return judge_refuse(judgement, PLEK_REFUSED_NO_AUTHORITY, NULL,
                                    "this broker has no authority configured yet");

        if (envelope_parse(&envelope, candidate->envelope->bytes, candidate->envelope->n_bytes) ||
            envelope.kind != ENVELOPE_UPDATE)
                return judge_refuse(judgement, PLEK_REFUSED_MALFORMED, NULL,
                                    "this is not the envelope of an update");

        if (memcmp(&envelope.network, &genesis->network, sizeof(envelope.network)) != 0)
                return judge_refuse(judgement, PLEK_REFUSED_NETWORK, NULL,
                                    "this was signed for another network than %s; take this "
                                    "region's card",
                                    genesis->network_name);

        if (update_is_about_ack(candidate->update))
                return judge_ack_way(judgement) || judge_signer(judgement, &owner) ||
                       judge_connection(judgement, &owner);

        if (judge_signer(judgement, &owner) || judge_connection(judgement, &owner))
                return true;

        judgement->grant = party_grant(owner.party, candidate->update->location);
        if (!judgement->grant)
                return judge_refuse(judgement, PLEK_REFUSED_LOCATION, "location",
                                    "%s is not enrolled to speak for location %s", owner.party->id,
                                    candidate->update->location);
        return false;
}
