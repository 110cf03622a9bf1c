/*
 * The ledger about itself: its network, and the epochs in which it was written
 *
 * An epoch that does not continue the one before it says that revisions after it may have meant
 * something else once. What was signed before it must not come back, so every party's floor rises
 * to its start; and the registry may be older than the authority's last word, so it waits for the
 * operator to say that it is not.
 */

#include <stdlib.h>

#include "core/state-internal.h"
#include "wire/query.h"

int state_set_genesis(State *state, Blob *bytes)
{
        Genesis genesis;

        if (genesis_decode(&genesis, state->arena, bytes->bytes, bytes->n_bytes) ||
            strlen(genesis.network_name) > REGION_MAX)
                return err_raise(-EBADMSG);

        strcpy(state->network_name, genesis.network_name);
        genesis.network_name = state->network_name;
        state->genesis = genesis;
        state->genesis_bytes = blob_ref(bytes);
        registry_set_genesis(state->registry, &state->genesis);
        return 0;
}

int state_apply_genesis(State *state, const LedgerEntry *entry)
{
        state->dirty.genesis = true;
        return state_set_genesis(state, entry->bytes);
}

int state_push_epoch(State *state, const EpochSpan *span, uint64_t *ret_dropped)
{
        uint64_t dropped = 0;
        EpochSpan *grown;

        if (state->n_epochs == EPOCH_SPANS_MAX) {
                dropped = state->epochs[0].first_revision;
                state->n_epochs--;
                memmove(&state->epochs[0], &state->epochs[1],
                        state->n_epochs * sizeof(state->epochs[0]));
        }

        grown = reallocarray(state->epochs, state->n_epochs + 1, sizeof(*grown));
        if (!grown)
                return err_raise(-ENOMEM);

        state->epochs = grown;
        state->epochs[state->n_epochs++] = *span;
        if (!span->continues)
                state->epoch_floor = MAX(state->epoch_floor, (uint64_t)span->opened_at_ms * 1000);
        *ret_dropped = dropped;
        return 0;
}

static bool epoch_is_known(const State *state, uint64_t epoch)
{
        for (size_t i = 0; i < state->n_epochs; i++)
                if (state->epochs[i].epoch == epoch)
                        return true;
        return false;
}

/* The entry before it may be one that was cut off: then it is not the state's last. */
int state_apply_epoch(State *state, const LedgerEntry *entry)
{
        bool first = state->n_epochs == 0;
        uint64_t dropped;
        Envelope envelope;
        Epoch epoch;
        int r;

        r = envelope_parse(&envelope, entry->bytes->bytes, entry->bytes->n_bytes);
        if (r || envelope.kind != ENVELOPE_EPOCH ||
            epoch_decode(&epoch, state->arena, envelope.body, envelope.n_body) ||
            epoch.opened_at_ms < 0 || epoch.opened_at_ms > INT64_MAX / 1000 ||
            epoch_is_known(state, epoch.epoch))
                return err_raise(-EBADMSG);
        if (epoch.continues && (epoch.previous_epoch != state_epoch(state) || first ||
                                epoch.previous_revision >= entry->revision))
                return err_raise(-EBADMSG);

        r = state_push_epoch(state,
                             &(EpochSpan){ .epoch = epoch.epoch,
                                           .first_revision = entry->revision,
                                           .opened_at_ms = epoch.opened_at_ms,
                                           .continues = epoch.continues },
                             &dropped);
        if (r)
                return r;

        if (!epoch.continues && !first)
                state->epoch_unconfirmed = true;
        blob_unref(state->epoch_envelope);
        state->epoch_envelope = blob_ref(entry->bytes);
        return dirty_add_span(&state->dirty, dropped);
}

int state_apply_confirm(State *state, const LedgerEntry *entry)
{
        if (entry->bytes->n_bytes != 1)
                return err_raise(-EBADMSG);

        switch (entry->bytes->bytes[0]) {
        case CONFIRM_EPOCH:
                state->epoch_unconfirmed = false;
                return 0;
        case CONFIRM_CLOCK: /* it is in the ledger for the auditor; the state rests on no clock */
                return 0;
        }
        return err_raise(-EBADMSG);
}

uint64_t state_epoch(const State *state)
{
        return state->n_epochs ? state->epochs[state->n_epochs - 1].epoch : 0;
}

Blob *state_epoch_envelope(const State *state)
{
        return state->epoch_envelope;
}

const EpochSpan *state_epochs(const State *state, size_t *ret_n)
{
        *ret_n = state->n_epochs;
        return state->epochs;
}

bool state_epoch_is_unconfirmed(const State *state)
{
        return state->epoch_unconfirmed;
}

bool state_has_genesis(const State *state)
{
        return state->genesis_bytes;
}

const Genesis *state_genesis(const State *state)
{
        return state_has_genesis(state) ? &state->genesis : NULL;
}
