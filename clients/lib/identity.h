#pragma once

/*
 * The inside of keys and cards, and what an object keeps of the peer that it was given
 */

#include <stdatomic.h>

#include "lib/context.h"
#include "plek/identity.h"
#include "wire/document.h"

struct PlekKey {
        _Atomic unsigned n_references;
        SecretKey *secret;
};

struct PlekRegionCard {
        _Atomic unsigned n_references;
        Blob *envelope;
        Arena *arena; /* what card points to */
        RegionCard card;
};

PlekKey *key_ref(PlekKey *key);
PlekRegionCard *region_card_ref(PlekRegionCard *card);
DEFINE_FREEP(PlekKey, plek_key_free);
DEFINE_FREEP(PlekRegionCard, plek_region_card_free);

/* From an envelope that must be signed by one of the card's own authority keys. Takes a reference.
 * Returns 0, PLEK_E_CARD or -ENOMEM. */
MUST_CHECK int region_card_new(PlekRegionCard **ret_card, Blob *envelope);

/* Whether one of the brokers in @card signed @envelope, for its network. */
bool region_card_signed_by_broker(const PlekRegionCard *card, const Envelope *envelope);

/* Whether one of the keys of the authority in @card signed @envelope, for its network. */
bool region_card_signed_by_authority(const PlekRegionCard *card, const Envelope *envelope);

/* Whether @next may follow @card: the same network, a higher serial, and signed by a key of the
 * authority that @card names. Returns 0, PLEK_E_NOT_FOUND (it is not newer) or PLEK_E_CARD_OTHER.
 */
MUST_CHECK int region_card_may_follow(const PlekRegionCard *card, const PlekRegionCard *next);

/* A copy of what the caller gave; the card changes when a newer one comes. */
typedef struct Peer {
        PlekKey *key; /* NULL: a guest */
        PlekRegionCard *card;
        char *card_path, *head_path, *program;
        size_t broker; /* which of the card's brokers answered last */
} Peer;

#define PEER_NULL ((Peer){ 0 })

/* Returns 0, -EINVAL (no card) or -ENOMEM. */
MUST_CHECK int peer_init(Peer *peer, const PlekPeer *given);
void peer_deinit(Peer *peer);

/* Takes a newer card from the broker into use, and stores it. Returns 0, PLEK_E_NOT_FOUND (it is
 * not newer), PLEK_E_CARD, PLEK_E_CARD_OTHER or -ENOMEM; not being able to store it is logged. */
MUST_CHECK int peer_take_card(Peer *peer, PlekContext *context, const void *bytes, size_t n_bytes);
