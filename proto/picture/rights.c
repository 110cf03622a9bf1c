#include <string.h>

#include "picture/registry.h"

/*
 * Rights: what the owner of a key may do now
 *
 * Always by the newest enrolment of the party, whichever one lists the key.
 */

bool party_has_role(const Party *party, Role role)
{
        return party->newest->enrolment->roles & ROLE_BIT(role);
}

bool party_is_revoked(const Party *party)
{
        return !party->newest->enrolment->roles;
}

bool party_is_suspended(const Party *party)
{
        for (const SuspensionWord *word = party->suspensions; word; word = word->next)
                if (word->suspended && !word->has_key_id)
                        return true;
        return false;
}

bool party_key_is_suspended(const Party *party, const PublicKey *key)
{
        KeyId id;

        if (!party->suspensions)
                return false;
        if (party_is_suspended(party))
                return true;

        id = key_id_of(key->sign);
        for (const SuspensionWord *word = party->suspensions; word; word = word->next)
                if (word->suspended && word->has_key_id &&
                    memcmp(&word->key_id, &id, sizeof(id)) == 0)
                        return true;
        return false;
}

int64_t party_distrusted_since(const Party *party, uint64_t revision)
{
        int64_t since_ms = TIME_ABSENT, named_ms;

        for (const EnrolmentVersion *version = party->newest; version; version = version->older) {
                named_ms = version->enrolment->distrusted_since_ms;
                if (version->revision <= revision || named_ms == TIME_ABSENT)
                        continue;
                if (since_ms == TIME_ABSENT || named_ms < since_ms)
                        since_ms = named_ms;
        }
        return since_ms;
}

/* What stops the owner whatever it wants to do. */
static uint32_t owner_is_stopped(const KeyOwner *owner, int64_t now_ms)
{
        const EnrolmentVersion *newest = owner->party->newest;

        if (party_is_revoked(owner->party))
                return PLEK_REFUSED_REVOKED;
        if (owner->version != newest)
                return PLEK_REFUSED_NOT_ENROLLED;
        if (party_key_is_suspended(owner->party, owner->key))
                return PLEK_REFUSED_SUSPENDED;
        if (now_ms < newest->enrolment->valid_from_ms)
                return PLEK_REFUSED_EXPIRED;
        return 0;
}

uint32_t owner_may_publish(const KeyOwner *owner, int64_t now_ms)
{
        uint32_t refusal = owner_is_stopped(owner, now_ms);

        if (refusal)
                return refusal;
        if (now_ms >= owner->party->newest->enrolment->valid_until_ms)
                return PLEK_REFUSED_EXPIRED;
        return party_has_role(owner->party, ROLE_AGENT) ? 0 : PLEK_REFUSED_ROLE;
}

uint32_t owner_may_read(const KeyOwner *owner, int64_t now_ms, int64_t grace_ms,
                        Audience *ret_audience)
{
        const uint32_t readers =
                ROLE_BIT(ROLE_SUBSCRIBER) | ROLE_BIT(ROLE_COORDINATOR) | ROLE_BIT(ROLE_OPERATOR);
        const Enrolment *enrolment = owner->party->newest->enrolment;
        uint32_t refusal = owner_is_stopped(owner, now_ms);
        int64_t end_ms;

        if (refusal)
                return refusal;
        if (__builtin_add_overflow(enrolment->valid_until_ms, grace_ms, &end_ms))
                end_ms = INT64_MAX;
        if (now_ms >= end_ms)
                return PLEK_REFUSED_EXPIRED;
        if (!(enrolment->roles & readers) || enrolment->audience < AUDIENCE_CARE)
                return PLEK_REFUSED_ROLE;

        *ret_audience = enrolment->audience;
        return 0;
}

PartyTrust party_trust(const Party *party, uint64_t revision, int64_t received_at_ms,
                       int64_t now_ms)
{
        int64_t distrusted_since_ms;

        if (!party || !party->newest)
                return PARTY_NO_LONGER_ENROLLED;
        distrusted_since_ms = party_distrusted_since(party, revision);
        if (distrusted_since_ms != TIME_ABSENT && received_at_ms >= distrusted_since_ms)
                return PARTY_DISTRUSTED;
        if (party_is_revoked(party) || party_is_suspended(party) ||
            party->newest->enrolment->valid_until_ms <= now_ms)
                return PARTY_NO_LONGER_ENROLLED;
        return PARTY_ENROLLED;
}
