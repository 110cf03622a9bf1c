#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/error.h"
#include "store/verify-private.h"

/*
 * One entry: who signed it, and could a broker have taken it?
 *
 * The state is built up as the entries come. What admission cannot have let through was not written
 * by a broker.
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

static const char *check_authority(Look *look, const JournalRow *row)
{
        Genesis genesis;

        if (genesis_decode(&genesis, look->signatures.arena, row->bytes, row->n_bytes))
                return "it does not say which network this is";
        if (look->options->authority &&
            memcmp(look->options->authority, genesis.authority, KEY_BYTES) != 0)
                return "the authority that it names is not the one that was given";

        snprintf(look->report->network, sizeof(look->report->network), "%s", genesis.network_name);
        return NULL;
}

/* ------------------------------------------------------------------ epochs */

/* What an epoch that continues says of the one before, against what is there. Of before a cut it
 * may not be. */
static bool epoch_follows(Look *look, const Epoch *epoch)
{
        CLEANUP(transaction_deinit) Transaction transaction = TRANSACTION_NULL;
        JournalRow before;
        int r;

        if (epoch->previous_revision == state_revision(look->state))
                return memcmp(epoch->previous_head, state_head(look->state), DIGEST_BYTES) == 0;
        r = transaction_read(&transaction, look->environment);
        if (!r)
                r = journal_get(&transaction, epoch->previous_revision, &before);
        if (r == STORE_E_NONE)
                return epoch->previous_revision < look->cut.revision;
        return !r && memcmp(epoch->previous_head, before.head, DIGEST_BYTES) == 0;
}

/* The newest card's word on the keys of all epochs so far. */
static void look_list_epochs(Look *look)
{
        Blob *bytes;
        Envelope envelope;
        uint64_t serial, revision;
        RegionCard card;

        bytes = registry_card(look->signatures.registry, &serial, &revision);
        if (!bytes || envelope_parse(&envelope, bytes->bytes, bytes->n_bytes) ||
            region_card_decode(&card, NULL, look->signatures.arena, envelope.body, envelope.n_body))
                return;

        look->report->has_card = true;
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

/* Its signature is its own key's. Returns 0 with *ret_what, or -ENOMEM. */
static int check_epoch(Look *look, const JournalRow *row, const char **ret_what)
{
        Envelope envelope;
        Epoch epoch;

        *ret_what = "it is not an epoch of this network";
        if (!signatures_envelope(&look->signatures, row, ENVELOPE_EPOCH, &envelope) ||
            epoch_decode(&epoch, look->signatures.arena, envelope.body, envelope.n_body))
                return 0;

        *ret_what = "the epoch continues a history that is not this one";
        if (epoch.continues && !epoch_follows(look, &epoch))
                return 0;

        *ret_what = NULL;
        return look_keep_epoch(look, row, &epoch);
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

/* ------------------------------------------------------------------ the entry */

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
                return look_refuse(look, row,
                                   "no broker would have taken it after what stands "
                                   "before it");
        return r;
}

/* Its bytes are gone, as only numbers' may be; the chain goes through it all the same. */
static int look_pass(Look *look, const JournalRow *row)
{
        look->report->n_thinned++;
        if (row->kind != ENTRY_UPDATE)
                return look_refuse(look, row, "its bytes are gone, and only numbers are thinned");
        if (state_pass(look->state, row->revision, row->time_ms, row->head))
                return look_refuse(look, row, "its time is before the one of the entry before");
        return 0;
}

int look_at_entry(Look *look, const JournalRow *row)
{
        const char *what;
        int r;

        if (look->blind)
                return 0;
        if (row->is_thinned)
                return look_pass(look, row);

        r = signatures_check(&look->signatures, row, &what);
        look->report->n_signatures = look->signatures.n_verified;
        if (!r && !what && row->kind == ENTRY_GENESIS)
                what = check_authority(look, row);
        if (!r && !what && row->kind == ENTRY_EPOCH)
                r = check_epoch(look, row, &what);
        if (r)
                return r;
        if (what)
                return look_refuse(look, row, what);

        if (row->kind == ENTRY_EPOCH || row->kind == ENTRY_CARD)
                look_list_epochs(look);
        return look_apply(look, row);
}
