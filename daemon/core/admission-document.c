/*
 * Admission of what the authority signs: enrolments and region cards
 *
 * Anybody may hand one in: it is its signature that counts, not its bearer. It changes who may
 * speak, so it is a batch of its own, and everything after it is held against it.
 */

#include <stdio.h>
#include <string.h>

#include "core/admission.h"

static int refuse(WireRefusal *ret_refusal, PlekRefusal code, const char *field, const char *text)
{
        *ret_refusal = (WireRefusal){ .code = code, .field = field, .text = text };
        return ADMISSION_E_REFUSED;
}

/* Who has it would be believed to be the broker, and cut itself off. */
static bool is_brokers(const Enrolment *enrolment, const PublicKey *broker)
{
        for (size_t i = 0; i < enrolment->n_keys; i++)
                if (!memcmp(enrolment->keys[i].sign, broker->sign, KEY_BYTES) ||
                    !memcmp(enrolment->keys[i].transport, broker->transport, KEY_BYTES))
                        return true;
        return false;
}

static int check_enrolment(const Registry *registry, const PublicKey *broker,
                           const Envelope *envelope, const uint8_t digest[DIGEST_BYTES],
                           Arena *arena, uint64_t *ret_revision, WireRefusal *ret_refusal)
{
        Enrolment enrolment;
        const Party *party;
        const char *text;
        int r;

        if (enrolment_decode(&enrolment, &text, arena, envelope->body, envelope->n_body))
                return refuse(ret_refusal, PLEK_REFUSED_MALFORMED, NULL, text);

        if (is_brokers(&enrolment, broker))
                return refuse(ret_refusal, PLEK_REFUSED_KEY, "keys",
                              "the public key is this broker's own; a party has one of its own, "
                              "made with plek key new");
        r = registry_check_enrolment(registry, &enrolment, digest, ret_refusal);
        switch (r) {
        case REGISTRY_OK:
                return 0;
        case REGISTRY_E_REFUSED:
                return ADMISSION_E_REFUSED;
        case REGISTRY_E_REPEATED:
                party = registry_find(registry, enrolment.party);
                *ret_revision = party->newest->revision;
                return ADMISSION_E_REPEATED;
        default:
                return err_fold(r);
        }
}

static int check_card(const Registry *registry, const Envelope *envelope,
                      const uint8_t digest[DIGEST_BYTES], Arena *arena, uint64_t *ret_revision,
                      WireRefusal *ret_refusal)
{
        RegionCard card;
        const char *text;
        uint64_t serial;
        int r;

        if (region_card_decode(&card, &text, arena, envelope->body, envelope->n_body))
                return refuse(ret_refusal, PLEK_REFUSED_MALFORMED, NULL, text);

        r = registry_check_card(registry, &card, digest, ret_refusal);
        switch (r) {
        case REGISTRY_OK:
                return 0;
        case REGISTRY_E_REFUSED:
                return ADMISSION_E_REFUSED;
        case REGISTRY_E_REPEATED:
                registry_card(registry, &serial, ret_revision);
                return ADMISSION_E_REPEATED;
        default:
                return err_fold(r);
        }
}

/* Ours, and signed by our authority? */
static int check_authority(const State *state, const Envelope *envelope, WireRefusal *ret_refusal)
{
        const Genesis *genesis = state_genesis(state);
        const uint8_t *authority;

        if (!genesis)
                return refuse(ret_refusal, PLEK_REFUSED_NO_AUTHORITY, NULL,
                              "this broker has no authority configured yet");

        if (memcmp(&envelope->network, &genesis->network, sizeof(envelope->network)) != 0)
                return refuse(ret_refusal, PLEK_REFUSED_NETWORK, NULL,
                              "this was signed for another network than this broker's");

        authority = registry_authority_key(state_registry(state), envelope->key_id);
        if (!authority || envelope_verify(envelope, authority))
                return refuse(ret_refusal, PLEK_REFUSED_SIGNATURE, NULL,
                              "this was not signed by this region's authority");
        return 0;
}

int admission_document(const State *state, const PublicKey *broker, Plan *plan, Blob *bytes,
                       Arena *arena, uint64_t *ret_revision, WireRefusal *ret_refusal)
{
        const Registry *registry = state_registry(state);
        uint8_t digest[DIGEST_BYTES];
        Envelope envelope;
        EntryKind kind;
        int r;

        if (plan->n_entries)
                return err_raise(-ENOBUFS);

        if (envelope_parse(&envelope, bytes->bytes, bytes->n_bytes) ||
            (envelope.kind != ENVELOPE_ENROLMENT && envelope.kind != ENVELOPE_CARD))
                return refuse(ret_refusal, PLEK_REFUSED_MALFORMED, NULL,
                              "this is neither an enrolment nor a region card");

        r = check_authority(state, &envelope, ret_refusal);
        if (r)
                return r;

        digest_of(digest, bytes->bytes, bytes->n_bytes);
        if (envelope.kind == ENVELOPE_ENROLMENT) {
                kind = ENTRY_ENROLMENT;
                r = check_enrolment(registry, broker, &envelope, digest, arena, ret_revision,
                                    ret_refusal);
        } else {
                kind = ENTRY_CARD;
                r = check_card(registry, &envelope, digest, arena, ret_revision, ret_refusal);
        }
        return r ? r : plan_add_digested(plan, kind, bytes, digest);
}
