#include <string.h>

#include "picture/registry-internal.h"

/*
 * Suspensions: the operator's word, which cuts at once and can be taken back
 *
 * Of each party the last word is kept on it as a whole and on each key that it ever had, so there
 * are never more of them than keys and one.
 */

/* The id of the signing half of @party's key that @id names by either half. */
static int key_of_party(const Registry *registry, const Party *party, KeyId id, KeyId *ret_id)
{
        KeyOwner owner;

        if (!(registry_find_signer(registry, id, &owner) && owner.party == party) &&
            !(registry_find_transport(registry, id, &owner) && owner.party == party))
                return REGISTRY_E_UNKNOWN;
        *ret_id = key_id_of(owner.key->sign);
        return 0;
}

static bool word_is_about(const SuspensionWord *word, const SuspensionWord *other)
{
        if (word->has_key_id != other->has_key_id)
                return false;
        return !word->has_key_id ||
               memcmp(&word->key_id, &other->key_id, sizeof(word->key_id)) == 0;
}

static int party_put_word(Party *party, const SuspensionWord *word)
{
        SuspensionWord *held = party->suspensions, *next;

        while (held && !word_is_about(held, word))
                held = held->next;
        if (held && held->revision > word->revision)
                return 0;
        if (!held) {
                held = calloc(1, sizeof(*held));
                if (!held)
                        return err_raise(-ENOMEM);
                held->next = party->suspensions;
                party->suspensions = held;
        }

        next = held->next;
        blob_ref(word->bytes);
        blob_unref(held->bytes);
        *held = *word;
        held->next = next;
        return 0;
}

int registry_apply_suspension(Registry *registry, uint64_t revision, int64_t received_at_ms,
                              Blob *bytes, Party **ret_party)
{
        SuspensionWord word = {
                .revision = revision,
                .received_at_ms = received_at_ms,
                .bytes = bytes,
        };
        Suspension suspension;
        Party *party;
        int r;

        arena_reset(registry->scratch);
        r = suspension_decode(&suspension, registry->scratch, bytes->bytes, bytes->n_bytes);
        if (r)
                return r < 0 ? r : err_raise(-EBADMSG);
        party = registry_find(registry, suspension.party);
        if (!party)
                return REGISTRY_E_UNKNOWN;

        word.suspended = suspension.suspended;
        word.has_key_id = suspension.has_key_id;
        if (suspension.has_key_id) {
                r = key_of_party(registry, party, suspension.key_id, &word.key_id);
                if (r)
                        return r;
        }
        r = party_put_word(party, &word);
        if (r)
                return r;
        registry->revision = MAX(registry->revision, revision);
        *ret_party = party;
        return 0;
}
