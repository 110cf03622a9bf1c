#include <string.h>

#include "picture/registry-internal.h"

/*
 * The authority: who may sign enrolments and cards
 *
 * Before the first card it is the key of the first ledger entry; from then on the keys that the
 * newest card names, present and next.
 */

void registry_set_genesis(Registry *registry, const Genesis *genesis)
{
        registry->has_genesis = true;
        registry->network = genesis->network;
        memcpy(registry->authority, genesis->authority, KEY_BYTES);
}

bool registry_has_authority(const Registry *registry)
{
        return registry->has_genesis || registry->card.envelope;
}

static const uint8_t (*authority_keys(const Registry *registry, size_t *ret_n))[KEY_BYTES]
{
        if (registry->card.envelope) {
                *ret_n = registry->card.n_authority;
                return registry->card.authority;
        }
        *ret_n = registry->has_genesis;
        return &registry->authority;
}

bool registry_is_authority(const Registry *registry, const uint8_t sign_key[KEY_BYTES])
{
        const uint8_t(*keys)[KEY_BYTES];
        size_t n_keys;

        keys = authority_keys(registry, &n_keys);
        for (size_t i = 0; i < n_keys; i++)
                if (memcmp(keys[i], sign_key, KEY_BYTES) == 0)
                        return true;
        return false;
}

const uint8_t *registry_authority_key(const Registry *registry, KeyId id)
{
        const uint8_t(*keys)[KEY_BYTES];
        size_t n_keys;
        KeyId own;

        keys = authority_keys(registry, &n_keys);
        for (size_t i = 0; i < n_keys; i++) {
                own = key_id_of(keys[i]);
                if (memcmp(&own, &id, sizeof(id)) == 0)
                        return keys[i];
        }
        return NULL;
}

int registry_check_card(const Registry *registry, const RegionCard *card,
                        const uint8_t digest[DIGEST_BYTES], WireRefusal *ret_refusal)
{
        const Card *held = &registry->card;

        if (registry->has_genesis &&
            memcmp(&card->network, &registry->network, sizeof(card->network)) != 0)
                return registry_refuse(ret_refusal, PLEK_REFUSED_NETWORK, "network",
                                       "the card is for another network");
        if (held->envelope && card->serial == held->serial &&
            memcmp(digest, held->digest, DIGEST_BYTES) == 0)
                return REGISTRY_E_REPEATED;
        if (held->envelope && card->serial <= held->serial)
                return registry_refuse(ret_refusal, PLEK_REFUSED_SERIAL, "serial",
                                       "a card with this serial or a higher one is in force");
        if (!card->n_authority)
                return registry_refuse(ret_refusal, PLEK_REFUSED_FIELD, "authority",
                                       "the card names no key of the authority");
        for (size_t i = 0; i < card->n_brokers; i++)
                if (!public_key_is_fit(&card->brokers[i]))
                        return registry_refuse(ret_refusal, PLEK_REFUSED_KEY, "brokers",
                                               "a broker's key is unfit for use");
        return 0;
}

int registry_apply_card(Registry *registry, uint64_t revision, int64_t received_at_ms,
                        Blob *envelope)
{
        Card *held = &registry->card;
        Envelope parsed;
        RegionCard card;
        int r;

        r = registry_body_of(&parsed, ENVELOPE_CARD, envelope);
        if (r)
                return r;
        arena_reset(registry->scratch);
        r = region_card_decode(&card, NULL, registry->scratch, parsed.body, parsed.n_body);
        if (r)
                return r < 0 ? r : err_raise(-EBADMSG);
        registry->revision = MAX(registry->revision, revision);
        if (held->envelope && card.serial <= held->serial)
                return 0; /* a reader was told of an older one late */

        blob_unref(held->envelope);
        *held = (Card){
                .envelope = blob_ref(envelope),
                .serial = card.serial,
                .revision = revision,
                .n_authority = card.n_authority,
        };
        digest_of(held->digest, envelope->bytes, envelope->n_bytes);
        memcpy(held->authority, card.authority, sizeof(held->authority));
        return 0;
}

Blob *registry_card(const Registry *registry, uint64_t *ret_serial, uint64_t *ret_revision)
{
        if (ret_serial)
                *ret_serial = registry->card.serial;
        if (ret_revision)
                *ret_revision = registry->card.revision;
        return registry->card.envelope;
}
