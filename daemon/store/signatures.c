#include "store/signatures.h"

#include <string.h>

int signatures_init(Signatures *signatures)
{
        int r;

        *signatures = SIGNATURES_NULL;
        r = registry_new(&signatures->registry);
        if (!r)
                r = arena_new(&signatures->arena, ARENA_MESSAGE_BYTES);
        if (!r) {
                signatures->proofs = calloc(SIGNATURES_AHEAD, sizeof(*signatures->proofs));
                r = signatures->proofs ? 0 : err_raise(-ENOMEM);
        }
        if (r)
                signatures_deinit(signatures);
        return r;
}

void signatures_deinit(Signatures *signatures)
{
        registry_free(signatures->registry);
        arena_free(signatures->arena);
        free(signatures->proofs);
        *signatures = SIGNATURES_NULL;
}

bool signatures_envelope(const Signatures *signatures, const JournalRow *row, EnvelopeKind kind,
                         Envelope *ret_envelope)
{
        return signatures->has_network && !envelope_parse(ret_envelope, row->bytes, row->n_bytes) &&
               ret_envelope->kind == kind &&
               memcmp(&ret_envelope->network, &signatures->network, sizeof(NetworkId)) == 0;
}

static const char *check_genesis(Signatures *signatures, const JournalRow *row)
{
        NetworkId network;
        Genesis genesis;

        if (genesis_decode(&genesis, signatures->arena, row->bytes, row->n_bytes))
                return "it does not say which network this is";
        if (signatures->has_network)
                return "a second network begins here";

        network = network_id_of(genesis.network_name, genesis.authority);
        if (memcmp(&network, &genesis.network, sizeof(network)) != 0)
                return "the network's id is not that of its name and authority";

        signatures->network = network;
        signatures->has_network = true;
        registry_set_genesis(signatures->registry, &genesis);
        return NULL;
}

static const char *check_epoch(Signatures *signatures, const JournalRow *row)
{
        Envelope envelope;
        Epoch epoch;

        if (!signatures_envelope(signatures, row, ENVELOPE_EPOCH, &envelope) ||
            epoch_decode(&epoch, signatures->arena, envelope.body, envelope.n_body))
                return "it is not an epoch of this network";
        if (envelope_verify(&envelope, epoch.broker.sign))
                return "the epoch was not signed with the key that it names";
        signatures->n_verified++;
        return NULL;
}

/* Whose key has to have signed it; NULL: it was nobody's then. */
static const uint8_t *signer_of(const Signatures *signatures, const Envelope *envelope,
                                KeyOwner *ret_owner)
{
        return registry_find_signer(signatures->registry, envelope->key_id, ret_owner) &&
                               ret_owner->version == ret_owner->party->newest
                       ? ret_owner->key->sign
                       : NULL;
}

void signatures_foresee(Signatures *signatures, const JournalRow *rows, size_t n_rows)
{
        KeyOwner owner;

        assert(n_rows <= SIGNATURES_AHEAD);
        signatures->n_proofs = signatures->at_proof = 0;
        for (size_t i = 0; i < n_rows; i++) {
                Proof *proof = &signatures->proofs[signatures->n_proofs];

                if (rows[i].kind != ENTRY_UPDATE || rows[i].is_thinned ||
                    !signatures_envelope(signatures, &rows[i], ENVELOPE_UPDATE, &proof->envelope))
                        continue;
                proof->key = signer_of(signatures, &proof->envelope, &owner);
                signatures->n_proofs++;
        }
        proofs_check(signatures->proofs, signatures->n_proofs);
}

/* The one that was foreseen for it, or NULL. Those before it belong to rows that nobody asked of.
 */
static const Proof *foreseen(Signatures *signatures, const Envelope *envelope)
{
        for (size_t i = signatures->at_proof; i < signatures->n_proofs; i++)
                if (signatures->proofs[i].envelope.whole == envelope->whole) {
                        signatures->at_proof = i + 1;
                        return &signatures->proofs[i];
                }
        return NULL;
}

static const char *check_update(Signatures *signatures, const JournalRow *row)
{
        const uint8_t *key;
        KeyOwner owner;
        Envelope envelope;

        if (!signatures_envelope(signatures, row, ENVELOPE_UPDATE, &envelope))
                return "it is not an update of this network";
        key = signer_of(signatures, &envelope, &owner);
        if (!key)
                return "its key was nobody's then";
        if (proof_verify(foreseen(signatures, &envelope), &envelope, key))
                return "its signature is not its party's";
        signatures->n_verified++;

        if (party_is_revoked(owner.party) || party_key_is_suspended(owner.party, owner.key))
                return "its party was revoked or suspended then";
        return NULL;
}

/* Whether an enrolment or card may follow what is in force. */
static bool document_follows(Signatures *signatures, const Envelope *envelope,
                             const JournalRow *row)
{
        WireRefusal refusal;
        Enrolment enrolment;
        RegionCard card;

        if (envelope->kind == ENVELOPE_CARD)
                return !region_card_decode(&card, NULL, signatures->arena, envelope->body,
                                           envelope->n_body) &&
                       !registry_check_card(signatures->registry, &card, row->digest, &refusal);
        return !enrolment_decode(&enrolment, NULL, signatures->arena, envelope->body,
                                 envelope->n_body) &&
               !registry_check_enrolment(signatures->registry, &enrolment, row->digest, &refusal);
}

static const char *check_document(Signatures *signatures, const JournalRow *row, EnvelopeKind kind)
{
        const uint8_t *authority;
        Envelope envelope;

        if (!signatures_envelope(signatures, row, kind, &envelope))
                return "it is not what its kind says";
        authority = registry_authority_key(signatures->registry, envelope.key_id);
        if (!authority || envelope_verify(&envelope, authority))
                return "it was not signed by the authority";
        signatures->n_verified++;

        return document_follows(signatures, &envelope, row)
                       ? NULL
                       : "it could not follow what was in force";
}

/* What says who may sign from now on. */
static int take_up(Signatures *signatures, const JournalRow *row)
{
        CLEANUP(blob_unrefp) Blob *bytes = NULL;
        Registry *registry = signatures->registry;
        Party *party;
        int r;

        r = blob_copy(&bytes, row->bytes, row->n_bytes);
        if (r)
                return err_fold(r);

        switch (row->kind) {
        case ENTRY_CARD:
                return registry_apply_card(registry, row->revision, row->time_ms, bytes);
        case ENTRY_ENROLMENT:
                return registry_apply_enrolment(registry, row->revision, row->time_ms, bytes,
                                                &party);
        case ENTRY_SUSPENSION:
                return registry_apply_suspension(registry, row->revision, row->time_ms, bytes,
                                                 &party);
        default:
                return 0;
        }
}

static const char *check_kind(Signatures *signatures, const JournalRow *row)
{
        switch (row->kind) {
        case ENTRY_GENESIS:
                return check_genesis(signatures, row);
        case ENTRY_EPOCH:
                return check_epoch(signatures, row);
        case ENTRY_ENROLMENT:
                return check_document(signatures, row, ENVELOPE_ENROLMENT);
        case ENTRY_CARD:
                return check_document(signatures, row, ENVELOPE_CARD);
        case ENTRY_UPDATE:
                return check_update(signatures, row);
        case ENTRY_SUSPENSION:
        case ENTRY_CONFIRM:
                return NULL;
        }
        return "it is of a kind that there is not";
}

int signatures_check(Signatures *signatures, const JournalRow *row, const char **ret_what)
{
        int r;

        arena_reset(signatures->arena);
        arena_limit(signatures->arena, ARENA_MESSAGE_BYTES);
        *ret_what = check_kind(signatures, row);
        if (*ret_what || row->kind == ENTRY_UPDATE)
                return 0;

        r = take_up(signatures, row);
        if (r > 0 || r == -EBADMSG) {
                *ret_what = "it could not follow what was in force";
                return 0;
        }
        return r;
}
