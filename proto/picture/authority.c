#include <string.h>

#include "picture/registry-internal.h"

/*
 * The authority: who may sign enrolments and cards
 *
 * Before the first card it is the key of the first ledger entry; from then on the keys that the
 * newest card names, present and next. Those of older cards sign nothing new, but what they signed
 * in their time stays good.
 */

void registry_set_genesis(Registry *registry, const Genesis *genesis)
{
        registry->has_genesis = true;
        registry->network = genesis->network;
        memcpy(registry->authority, genesis->authority, KEY_BYTES);
}

bool registry_has_authority(const Registry *registry)
{
        return registry->has_genesis || registry->card;
}

static const uint8_t (*authority_keys(const Registry *registry, size_t *ret_n))[KEY_BYTES]
{
        if (registry->card) {
                *ret_n = registry->card->n_authority;
                return registry->card->authority;
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

static const uint8_t *find_key(const uint8_t (*keys)[KEY_BYTES], size_t n_keys, KeyId id)
{
        for (size_t i = 0; i < n_keys; i++) {
                KeyId own = key_id_of(keys[i]);

                if (memcmp(&own, &id, sizeof(id)) == 0)
                        return keys[i];
        }
        return NULL;
}

const uint8_t *registry_authority_key(const Registry *registry, KeyId id)
{
        size_t n_keys;
        const uint8_t(*keys)[KEY_BYTES] = authority_keys(registry, &n_keys);

        return find_key(keys, n_keys, id);
}

const uint8_t *registry_past_authority_key(const Registry *registry, KeyId id)
{
        const uint8_t *key = NULL;

        if (registry->has_genesis)
                key = find_key(&registry->authority, 1, id);
        for (const CardVersion *card = registry->card; card && !key; card = card->older)
                key = find_key(card->authority, card->n_authority, id);
        return key;
}

bool region_card_is_founding(const RegionCard *card)
{
        NetworkId id;

        if (!card->n_authority)
                return false;
        id = network_id_of(card->network_name, card->authority[0]);
        return memcmp(&id, &card->network, sizeof(id)) == 0;
}

int registry_check_card(const Registry *registry, const RegionCard *card,
                        const uint8_t digest[DIGEST_BYTES], WireRefusal *ret_refusal)
{
        const CardVersion *held = registry->card;

        if (registry->has_genesis &&
            memcmp(&card->network, &registry->network, sizeof(card->network)) != 0)
                return registry_refuse(ret_refusal, PLEK_REFUSED_NETWORK, "network",
                                       "the card is for another network");
        if (held && card->serial == held->serial &&
            memcmp(digest, held->digest, DIGEST_BYTES) == 0)
                return REGISTRY_E_REPEATED;
        if (held && card->serial <= held->serial)
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

CardVersion *card_version_free(CardVersion *version)
{
        if (version)
                blob_unref(version->envelope);
        free(version);
        return NULL;
}

/* Among those that are held, by serial; one that is held already is let go. */
static void insert_card(Registry *registry, CardVersion *version)
{
        CardVersion **at = &registry->card;

        while (*at && (*at)->serial > version->serial)
                at = &(*at)->older;
        if (*at && (*at)->serial == version->serial) {
                card_version_free(version);
                return;
        }
        version->older = *at;
        *at = version;
}

int registry_apply_card(Registry *registry, uint64_t revision, int64_t received_at_ms,
                        Blob *envelope)
{
        CardVersion *version;
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

        version = calloc(1, sizeof(*version));
        if (!version)
                return err_raise(-ENOMEM);
        version->revision = revision;
        version->received_at_ms = received_at_ms;
        version->serial = card.serial;
        version->envelope = blob_ref(envelope);
        version->n_authority = card.n_authority;
        digest_of(version->digest, envelope->bytes, envelope->n_bytes);
        memcpy(version->authority, card.authority, sizeof(version->authority));
        insert_card(registry, version);
        registry->revision = MAX(registry->revision, revision);
        return 0;
}

const CardVersion *registry_cards(const Registry *registry)
{
        return registry->card;
}

Blob *registry_card(const Registry *registry, uint64_t *ret_serial, uint64_t *ret_revision)
{
        const CardVersion *card = registry->card;

        if (ret_serial)
                *ret_serial = card ? card->serial : 0;
        if (ret_revision)
                *ret_revision = card ? card->revision : 0;
        return card ? card->envelope : NULL;
}
