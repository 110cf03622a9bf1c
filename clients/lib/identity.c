#include "lib/identity.h"

#include <sodium.h>
#include <string.h>

#include "lib/file.h"
#include "lib/paper.h"
#include "plek/plek.h"
#include "wire/base32.h"

enum {
        /* Room for a card at its largest, decoded. */
        CARD_ARENA_BYTES = ARENA_MESSAGE_BYTES,
        CHECKSUM_GROUPS = 4,
        CHECKSUM_GROUP_SYMBOLS = 5,
        CHECKSUM_SYMBOLS = CHECKSUM_GROUPS * CHECKSUM_GROUP_SYMBOLS,
};

/* ------------------------------------------------------------------ keys */

static int key_wrap(PlekKey **ret_key, SecretKey *secret)
{
        PlekKey *key;

        key = malloc(sizeof(*key));
        if (!key) {
                secret_key_free(secret);
                return err_raise(-ENOMEM);
        }
        atomic_init(&key->n_references, 1);
        key->secret = secret;
        *ret_key = key;
        return 0;
}

int plek_key_new(PlekKey **ret_key)
{
        SecretKey *secret;
        int r;

        if (sodium_init() < 0)
                return err_raise(-EOPNOTSUPP);
        r = secret_key_new(&secret);
        return r ? err_fold(r) : key_wrap(ret_key, secret);
}

int plek_key_load(PlekKey **ret_key, const char *path)
{
        SecretKey *secret;
        int r;

        if (sodium_init() < 0)
                return err_raise(-EOPNOTSUPP);
        r = secret_key_load(&secret, path);
        switch (r) {
        case KEY_OK:
                return key_wrap(ret_key, secret);
        case KEY_E_TEXT:
                return PLEK_E_KEY_TEXT;
        case KEY_E_MODE:
                return PLEK_E_KEY_MODE;
        default:
                return err_fold(r);
        }
}

int plek_key_save(const PlekKey *key, const char *path)
{
        return err_fold(secret_key_save(key->secret, path));
}

PlekKey *key_ref(PlekKey *key)
{
        if (key)
                atomic_fetch_add_explicit(&key->n_references, 1, memory_order_relaxed);
        return key;
}

PlekKey *plek_key_free(PlekKey *key)
{
        if (key && atomic_fetch_sub_explicit(&key->n_references, 1, memory_order_acq_rel) == 1) {
                secret_key_free(key->secret);
                free(key);
        }
        return NULL;
}

void plek_key_text(const PlekKey *key, char ret_text[PLEK_KEY_TEXT_BYTES])
{
        static_assert((int)PLEK_KEY_TEXT_BYTES == (int)KEY_TEXT_BYTES, "as wire/key.h has it");

        public_key_format(secret_key_public(key->secret), ret_text);
}

void plek_key_id(const PlekKey *key, char ret_text[PLEK_KEY_ID_BYTES])
{
        static_assert((int)PLEK_KEY_ID_BYTES == (int)KEY_ID_TEXT_BYTES, "as wire/key.h has it");

        key_id_format(key_id_of(secret_key_public(key->secret)->sign), ret_text);
}

/* ------------------------------------------------------------------ cards */

PlekRegionCard *region_card_ref(PlekRegionCard *card)
{
        if (card)
                atomic_fetch_add_explicit(&card->n_references, 1, memory_order_relaxed);
        return card;
}

PlekRegionCard *plek_region_card_free(PlekRegionCard *card)
{
        if (card && atomic_fetch_sub_explicit(&card->n_references, 1, memory_order_acq_rel) == 1) {
                blob_unref(card->envelope);
                arena_free(card->arena);
                free(card);
        }
        return NULL;
}

static bool signed_by_authority(const RegionCard *card, const Envelope *envelope)
{
        for (size_t i = 0; i < card->n_authority; i++)
                if (envelope_verify(envelope, card->authority[i]) == 0)
                        return true;
        return false;
}

int region_card_new(PlekRegionCard **ret_card, Blob *blob)
{
        CLEANUP(plek_region_card_freep) PlekRegionCard *card = NULL;
        Envelope envelope;
        int r;

        if (envelope_parse(&envelope, blob->bytes, blob->n_bytes) || envelope.kind != ENVELOPE_CARD)
                return PLEK_E_CARD;

        card = calloc(1, sizeof(*card));
        if (!card)
                return err_raise(-ENOMEM);
        atomic_init(&card->n_references, 1);
        card->envelope = blob_ref(blob);
        r = arena_new(&card->arena, CARD_ARENA_BYTES);
        if (r)
                return r;
        if (region_card_decode(&card->card, NULL, card->arena, envelope.body, envelope.n_body))
                return PLEK_E_CARD;
        if (!card->card.n_brokers ||
            memcmp(&card->card.network, &envelope.network, sizeof(envelope.network)) ||
            !signed_by_authority(&card->card, &envelope))
                return PLEK_E_CARD;

        *ret_card = STEAL(card);
        return 0;
}

int plek_region_card_parse(PlekRegionCard **ret_card, const void *bytes, size_t n_bytes)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        int r;

        if (sodium_init() < 0)
                return err_raise(-EOPNOTSUPP);
        r = paper_parse(&envelope, bytes, n_bytes);
        if (r)
                return r == PAPER_E_FORMAT ? PLEK_E_CARD : err_fold(r);
        return region_card_new(ret_card, envelope);
}

int plek_region_card_load(PlekRegionCard **ret_card, const char *path)
{
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        int r;

        if (sodium_init() < 0)
                return err_raise(-EOPNOTSUPP);
        r = paper_load(&envelope, path);
        if (r)
                return r == PAPER_E_FORMAT || r == -E2BIG ? PLEK_E_CARD : err_fold(r);
        return region_card_new(ret_card, envelope);
}

int plek_region_card_save(const PlekRegionCard *card, const char *path)
{
        return paper_save(card->envelope,
                          card->card.title ? card->card.title : card->card.network_name, path);
}

void plek_region_card_info(const PlekRegionCard *card, PlekRegionCardInfo *ret_info)
{
        *ret_info = (PlekRegionCardInfo){
                .network_name = card->card.network_name,
                .title = card->card.title,
                .serial = card->card.serial,
                .updates = card->card.updates,
                .care = card->card.care,
                .query = card->card.query,
                .coord = card->card.coord,
                .n_authorities = card->card.n_authority,
                .n_brokers = card->card.n_brokers,
        };
        memcpy(ret_info->network, card->card.network.bytes, sizeof(ret_info->network));
}

void plek_region_card_checksum(const PlekRegionCard *card, char ret_text[PLEK_CHECKSUM_BYTES])
{
        static const char context[] = "plek.v1.card-checksum"; /* with its zero byte */
        uint8_t hash[32], values[(sizeof(hash) * 8 + 4) / 5];
        crypto_generichash_state state;
        char *at = ret_text;

        crypto_generichash_init(&state, NULL, 0, sizeof(hash));
        crypto_generichash_update(&state, (const uint8_t *)context, sizeof(context));
        crypto_generichash_update(&state, card->card.network.bytes, NETWORK_BYTES);
        for (size_t i = 0; i < card->card.n_authority; i++)
                crypto_generichash_update(&state, card->card.authority[i], KEY_BYTES);
        crypto_generichash_final(&state, hash, sizeof(hash));

        base32_split(values, hash, sizeof(hash));
        for (size_t i = 0; i < CHECKSUM_SYMBOLS; i++) {
                if (i && i % CHECKSUM_GROUP_SYMBOLS == 0)
                        *at++ = '-';
                *at++ = base32_symbol(values[i]);
        }
        *at = '\0';
}

bool region_card_signed_by_broker(const PlekRegionCard *card, const Envelope *envelope)
{
        KeyId id;

        if (memcmp(&card->card.network, &envelope->network, sizeof(envelope->network)))
                return false;
        for (size_t i = 0; i < card->card.n_brokers; i++) {
                id = key_id_of(card->card.brokers[i].sign);
                if (memcmp(&id, &envelope->key_id, sizeof(id)))
                        continue;
                if (envelope_verify(envelope, card->card.brokers[i].sign) == 0)
                        return true;
        }
        return false;
}

bool region_card_signed_by_authority(const PlekRegionCard *card, const Envelope *envelope)
{
        return !memcmp(&card->card.network, &envelope->network, sizeof(envelope->network)) &&
               signed_by_authority(&card->card, envelope);
}

int region_card_may_follow(const PlekRegionCard *card, const PlekRegionCard *next)
{
        Envelope envelope;

        if (memcmp(&card->card.network, &next->card.network, sizeof(NetworkId)))
                return PLEK_E_CARD_OTHER;
        if (next->card.serial <= card->card.serial)
                return PLEK_E_NOT_FOUND;
        if (envelope_parse(&envelope, next->envelope->bytes, next->envelope->n_bytes) ||
            !signed_by_authority(&card->card, &envelope))
                return PLEK_E_CARD_OTHER;
        return 0;
}

/* ------------------------------------------------------------------ peers */

static int copy_string(char **ret_copy, const char *string)
{
        if (!string)
                return 0;
        *ret_copy = strdup(string);
        return *ret_copy ? 0 : err_raise(-ENOMEM);
}

int peer_init(Peer *peer, const PlekPeer *given)
{
        int r;

        *peer = PEER_NULL;
        if (!given || !given->card)
                return err_raise(-EINVAL);

        r = copy_string(&peer->card_path, given->card_path);
        if (!r)
                r = copy_string(&peer->head_path, given->head_path);
        if (!r)
                r = copy_string(&peer->program,
                                given->program ? given->program : "libplek " PLEK_VERSION);
        if (r) {
                peer_deinit(peer);
                return r;
        }
        peer->key = key_ref(given->key);
        peer->card = region_card_ref(given->card);
        return 0;
}

void peer_deinit(Peer *peer)
{
        plek_key_free(peer->key);
        plek_region_card_free(peer->card);
        free(peer->card_path);
        free(peer->head_path);
        free(peer->program);
        *peer = PEER_NULL;
}

int peer_take_card(Peer *peer, PlekContext *context, const void *bytes, size_t n_bytes)
{
        CLEANUP(plek_region_card_freep) PlekRegionCard *card = NULL;
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        int r;

        r = blob_copy(&envelope, bytes, n_bytes);
        if (r)
                return r;
        r = region_card_new(&card, envelope);
        if (r)
                return r;
        r = region_card_may_follow(peer->card, card);
        if (r)
                return r;

        if (peer->card_path) {
                r = plek_region_card_save(card, peer->card_path);
                if (r)
                        context_log(context, PLEK_LOG_WARNING,
                                    "cannot store region card %llu in %s: %s",
                                    (unsigned long long)card->card.serial, peer->card_path,
                                    plek_result_text(r));
        }
        plek_region_card_free(peer->card);
        peer->card = STEAL(card);
        peer->broker = 0;
        return 0;
}
