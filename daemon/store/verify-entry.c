#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/error.h"
#include "store/verify-private.h"
#include "wire/query.h"

/*
 * One entry: who signed it, and may they have?
 *
 * The state is built up as the entries come, so that each is held against the registry of its own
 * moment. What admission cannot have let through was not written by a broker.
 *
 * An epoch is signed by the broker with a key that it names itself. Whose key that is only the
 * region's card says, and the first card may come later than the first epoch.
 */

static int look_refuse(Look *look, const JournalRow *row, const char *what)
{
        look_found(look, VERIFY_RE_SIGNED, row->revision, "entry %" PRIu64 ": %s", row->revision,
                   what);
        if (row->kind != ENTRY_UPDATE)
                look_blind(look, row->revision);
        return 0;
}

/* Of this kind and network. */
static bool envelope_is_ours(const Look *look, const JournalRow *row, EnvelopeKind kind,
                             Envelope *ret_envelope)
{
        const Genesis *genesis = state_genesis(look->state);

        return genesis && !envelope_parse(ret_envelope, row->bytes, row->n_bytes) &&
               ret_envelope->kind == kind &&
               memcmp(&ret_envelope->network, &genesis->network, sizeof(NetworkId)) == 0;
}

static const char *check_genesis(Look *look, const JournalRow *row)
{
        NetworkId network;
        Genesis genesis;

        if (genesis_decode(&genesis, look->arena, row->bytes, row->n_bytes))
                return "it does not say which network this is";
        if (row->revision != 1)
                return "a second network begins here";

        network = network_id_of(genesis.network_name, genesis.authority);
        if (memcmp(&network, &genesis.network, sizeof(network)) != 0)
                return "the network's id is not that of its name and authority";
        if (look->options->authority &&
            memcmp(look->options->authority, genesis.authority, KEY_BYTES) != 0)
                return "the authority that it names is not the one that was given";

        snprintf(look->report->network, sizeof(look->report->network), "%s", genesis.network_name);
        return NULL;
}

static const char *check_authority(Look *look, const JournalRow *row, EnvelopeKind kind)
{
        const Registry *registry = state_registry(look->state);
        const uint8_t *authority;
        WireRefusal refusal;
        Enrolment enrolment;
        RegionCard card;
        Envelope envelope;
        int r;

        if (!envelope_is_ours(look, row, kind, &envelope))
                return "it is not what its kind says";
        authority = registry_authority_key(registry, envelope.key_id);
        if (!authority || envelope_verify(&envelope, authority))
                return "it was not signed by the authority";
        look->report->n_signatures++;

        if (kind == ENVELOPE_CARD) {
                look->report->has_card = true;
                r = region_card_decode(&card, NULL, look->arena, envelope.body, envelope.n_body);
                if (!r)
                        r = registry_check_card(registry, &card, row->digest, &refusal);
        } else {
                r = enrolment_decode(&enrolment, NULL, look->arena, envelope.body,
                                     envelope.n_body);
                if (!r)
                        r = registry_check_enrolment(registry, &enrolment, row->digest, &refusal);
        }
        return r ? "it could not follow what was in force" : NULL;
}

static const char *check_update(Look *look, const JournalRow *row)
{
        KeyOwner owner;
        Envelope envelope;

        if (!envelope_is_ours(look, row, ENVELOPE_UPDATE, &envelope))
                return "it is not an update of this network";
        if (!registry_find_signer(state_registry(look->state), envelope.key_id, &owner) ||
            owner.version != owner.party->newest)
                return "its key was nobody's then";
        if (envelope_verify(&envelope, owner.key->sign))
                return "its signature is not its party's";
        look->report->n_signatures++;

        if (party_is_revoked(owner.party) || party_key_is_suspended(owner.party, owner.key))
                return "its party was revoked or suspended then";
        return NULL;
}

/* What an epoch that continues says of the one before, against what is there. */
static bool epoch_follows(Look *look, const Epoch *epoch)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        JournalRow before;

        if (epoch->previous_revision == state_revision(look->state))
                return memcmp(epoch->previous_head, state_head(look->state), DIGEST_BYTES) == 0;
        return !transaction_read(&transaction, look->environment) &&
               !journal_get(&transaction, epoch->previous_revision, &before) &&
               memcmp(epoch->previous_head, before.head, DIGEST_BYTES) == 0;
}

/* The newest card's word on the keys of all epochs so far. */
static void look_list_epochs(Look *look)
{
        Blob *bytes;
        Envelope envelope;
        uint64_t serial, revision;
        RegionCard card;

        bytes = registry_card(state_registry(look->state), &serial, &revision);
        if (!bytes || envelope_parse(&envelope, bytes->bytes, bytes->n_bytes) ||
            region_card_decode(&card, NULL, look->arena, envelope.body, envelope.n_body))
                return;

        for (size_t i = 0; i < look->n_epochs; i++)
                for (size_t n = 0; n < card.n_brokers; n++)
                        if (memcmp(card.brokers[n].sign, look->epochs[i].sign_key, KEY_BYTES) == 0)
                                look->epochs[i].listed = true;
}

static int look_keep_epoch(Look *look, const JournalRow *row, const Epoch *epoch)
{
        EpochSeen *grown;

        grown = realloc(look->epochs, (look->n_epochs + 1) * sizeof(*grown));
        if (!grown)
                return err_raise(-ENOMEM);

        look->epochs = grown;
        grown = &grown[look->n_epochs++];
        *grown = (EpochSeen){
                .epoch = epoch->epoch,
                .first_revision = row->revision,
                .opened_at_ms = epoch->opened_at_ms,
                .continues = epoch->continues,
        };
        memcpy(grown->sign_key, epoch->broker.sign, KEY_BYTES);

        look->report->n_epochs++;
        look->report->n_cuts += !epoch->continues && look->n_epochs > 1;
        return 0;
}

/* Returns 0 with *ret_what, or -ENOMEM. */
static int check_epoch(Look *look, const JournalRow *row, const char **ret_what)
{
        Envelope envelope;
        Epoch epoch;

        *ret_what = "it is not an epoch of this network";
        if (!envelope_is_ours(look, row, ENVELOPE_EPOCH, &envelope) ||
            epoch_decode(&epoch, look->arena, envelope.body, envelope.n_body))
                return 0;

        *ret_what = "the epoch was not signed with the key that it names";
        if (envelope_verify(&envelope, epoch.broker.sign))
                return 0;
        look->report->n_signatures++;

        *ret_what = "the epoch continues a history that is not this one";
        if (epoch.continues && !epoch_follows(look, &epoch))
                return 0;

        *ret_what = NULL;
        return look_keep_epoch(look, row, &epoch);
}

static int check_kind(Look *look, const JournalRow *row, const char **ret_what)
{
        *ret_what = NULL;
        switch (row->kind) {
        case ENTRY_GENESIS:
                *ret_what = check_genesis(look, row);
                return 0;
        case ENTRY_EPOCH:
                return check_epoch(look, row, ret_what);
        case ENTRY_ENROLMENT:
                *ret_what = check_authority(look, row, ENVELOPE_ENROLMENT);
                return 0;
        case ENTRY_CARD:
                *ret_what = check_authority(look, row, ENVELOPE_CARD);
                return 0;
        case ENTRY_UPDATE:
                *ret_what = check_update(look, row);
                return 0;
        case ENTRY_SUSPENSION:
        case ENTRY_CONFIRM:
                return 0;
        }
        *ret_what = "it is of a kind that there is not";
        return 0;
}

static int look_apply(Look *look, const JournalRow *row)
{
        LedgerEntry entry = {
                .revision = row->revision,
                .time_ms = row->time_ms,
                .kind = row->kind,
                .ends_commit = row->ends_commit,
        };
        int r;

        memcpy(entry.digest, row->digest, DIGEST_BYTES);
        memcpy(entry.head, row->head, DIGEST_BYTES);
        r = blob_copy(&entry.bytes, row->bytes, row->n_bytes);
        if (r)
                return err_fold(r);

        r = state_apply(look->state, &entry, &look->change);
        blob_unref(entry.bytes);
        if (r == -EBADMSG)
                return look_refuse(look, row, "no broker would have taken it after what stands "
                                              "before it");
        return r;
}

int look_at_entry(Look *look, const JournalRow *row)
{
        const char *what;
        int r;

        if (look->blind)
                return 0;

        arena_reset(look->arena);
        arena_limit(look->arena, ARENA_MESSAGE_BYTES);
        r = check_kind(look, row, &what);
        if (r)
                return r;
        if (what)
                return look_refuse(look, row, what);

        r = look_apply(look, row);
        if (!r && (row->kind == ENTRY_EPOCH || row->kind == ENTRY_CARD))
                look_list_epochs(look);
        return r;
}

void look_at_epochs(Look *look)
{
        if (look->blind || !look->report->has_card)
                return;

        for (size_t i = 0; i < look->n_epochs; i++)
                if (!look->epochs[i].listed)
                        look_found(look, VERIFY_RE_SIGNED, look->epochs[i].first_revision,
                                   "entry %" PRIu64 ": the epoch was opened with a broker's key "
                                   "that no card of the authority lists",
                                   look->epochs[i].first_revision);
}

const EpochSeen *look_epoch_at(const Look *look, uint64_t revision)
{
        const EpochSeen *found = NULL;

        for (size_t i = 0; i < look->n_epochs && look->epochs[i].first_revision <= revision; i++)
                found = &look->epochs[i];
        return found;
}
