#pragma once

/*
 * Identity: who we are (a secret key) and whom we speak to (a region card)
 *
 * Both never change once made and may be used by several threads and objects at once; whoever is
 * given one keeps a reference of its own, so the caller may free its own at any time.
 */

#include "plek/context.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
        PLEK_KEY_TEXT_BYTES = 160, /* a public key as text, with its NUL */
        PLEK_KEY_ID_BYTES = 17,    /* sixteen hexadecimal digits and a NUL */
        PLEK_CHECKSUM_BYTES = 32,  /* a card's checksum as text, with its NUL */
};

typedef struct PlekKey PlekKey;
typedef struct PlekRegionCard PlekRegionCard;

/* ------------------------------------------------------------------ secret key */

/* A new random one, in locked memory. Returns 0 or -ENOMEM. */
PLEK_PUBLIC int plek_key_new(PlekKey **ret_key);

/* From a file of one line and mode 0600 or stricter. Returns 0, PLEK_E_KEY_TEXT, PLEK_E_KEY_MODE
 * or -errno of opening and reading (-ENOENT, -EACCES, ...). */
PLEK_PUBLIC int plek_key_load(PlekKey **ret_key, const char *path);

/* Creates @path with mode 0600 and syncs it. Never overwrites: -EEXIST. Returns 0 or -errno. */
PLEK_PUBLIC int plek_key_save(const PlekKey *key, const char *path);

/* Wipes it when nobody uses it any more. */
PLEK_PUBLIC PlekKey *plek_key_free(PlekKey *key);

/* The public part, as it is given to the authority: one line that can be read over the phone. */
PLEK_PUBLIC void plek_key_text(const PlekKey *key, char ret_text[PLEK_KEY_TEXT_BYTES]);

/* The short id of the key that signs, as the broker's messages and logs have it. */
PLEK_PUBLIC void plek_key_id(const PlekKey *key, char ret_text[PLEK_KEY_ID_BYTES]);

/* ------------------------------------------------------------------ region card */

/* What a card says. Strings are borrowed from the card. */
typedef struct PlekRegionCardInfo {
        const char *network_name;
        const char *title; /* NULL: none */
        uint64_t serial;
        uint8_t network[16];
        const char *updates, *care, *query, *coord; /* endpoints: tcp://host:port */
        size_t n_authorities;
        size_t n_brokers;
} PlekRegionCardInfo;

/*
 * From a file as `plek card` writes it. Checks that the authority named in the card has signed it,
 * which only says that it is whole: a first card must be confirmed by its checksum, over another
 * way than it came.
 *
 * Returns 0, PLEK_E_CARD or -errno of opening and reading.
 */
PLEK_PUBLIC int plek_region_card_load(PlekRegionCard **ret_card, const char *path);

/* The same from memory: the envelope's bytes, or the text of such a file. Copies them. */
PLEK_PUBLIC int plek_region_card_parse(PlekRegionCard **ret_card, const void *bytes,
                                       size_t n_bytes);

/* Replaces @path by this card in one step, synced. Returns 0 or -errno. */
PLEK_PUBLIC int plek_region_card_save(const PlekRegionCard *card, const char *path);

/* NULL is allowed. What uses the card holds a reference of its own. Returns NULL. */
PLEK_PUBLIC PlekRegionCard *plek_region_card_free(PlekRegionCard *card);

/* What it says. Strings are good as long as the card is. Any thread. */
PLEK_PUBLIC void plek_region_card_info(const PlekRegionCard *card, PlekRegionCardInfo *ret_info);

/*
 * The checksum that two people compare over the phone: four groups of five characters without
 * look-alikes, of the authority's keys and the network. It stays the same for later cards of the
 * same authority.
 */
PLEK_PUBLIC void plek_region_card_checksum(const PlekRegionCard *card,
                                           char ret_text[PLEK_CHECKSUM_BYTES]);

/*
 * Whether a broker of @card signed this open document, the whole file with what is public in its
 * region; PROTOCOL.md says what is in it. How old it is stands in its time_ms.
 *
 * Returns 0, PLEK_E_UNTRUSTED, PLEK_E_INVALID (it does not end as it must) or -ENOMEM. Any thread.
 */
PLEK_PUBLIC int plek_region_card_check_open(const PlekRegionCard *card, const void *bytes,
                                            size_t n_bytes);

/* ------------------------------------------------------------------ what both are used with */

/*
 * How an object reaches the broker. All strings and pointers are copied or referenced by the
 * constructor that is given this. All zero but key and card is a sensible default.
 */
typedef struct PlekPeer {
        PlekKey *key;
        PlekRegionCard *card;
        /* Where a newer card that the broker hands out is stored, so that a new broker host means
         * no visit; usually where the card was loaded from. NULL: it is used, but not stored. */
        const char *card_path;
        /* A small file in which the last verified head of the broker's journal is kept over
         * restarts, so that a broker that was rolled back is noticed. NULL: not kept. */
        const char *head_path;
        const char *program; /* name and version, for the operator; NULL: "libplek VERSION" */
} PlekPeer;

#ifdef __cplusplus
}
#endif
