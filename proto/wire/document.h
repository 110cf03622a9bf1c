#pragma once

/*
 * Documents: what the authority signs (enrolment, region card) and what the broker writes into its
 * journal about itself (genesis, epoch, suspension, head, cut), decoded and checked
 *
 * Strings and arrays live in the arena. Decoders return 0 or DOCUMENT_E_MALFORMED with a sentence
 * in *ret_text (static or in the arena; may be NULL if nobody asks); encoders return 0, -EINVAL or
 * -ENOMEM.
 */

#include "wire/update.h"

enum {
        DOCUMENT_OK,
        DOCUMENT_E_MALFORMED,
};

enum {
        ENROLMENT_KEYS_MAX = 2,
        ENROLMENT_LOCATIONS_MAX = 4096,
        LOCATION_REGIONS_MAX = 16,
        CARD_BROKERS_MAX = 8,
        CARD_AUTHORITIES_MAX = 2,
        REGION_MAX = 32,
        ENDPOINT_MAX = 256,
};

typedef enum Role {
        ROLE_AGENT = 1,
        ROLE_SUBSCRIBER,
        ROLE_COORDINATOR,
        ROLE_OPERATOR,
        ROLE_RELAY,
} Role;

#define ROLE_BIT(_role) (1u << (_role))

typedef struct Region {
        const char *scheme;
        const char *id;
} Region;

typedef struct LocationGrant {
        const char *location;
        const char *region; /* home: names its topic */
        const Region *regions;
        size_t n_regions;
} LocationGrant;

typedef struct Enrolment {
        const char *party;
        uint64_t serial;
        const char *name; /* NULL: none */
        PublicKey keys[ENROLMENT_KEYS_MAX];
        size_t n_keys;
        uint32_t roles; /* ROLE_BIT()s; 0: a revocation */
        const LocationGrant *locations;
        size_t n_locations;
        Audience audience; /* may read; 0: nothing */
        int64_t valid_from_ms, valid_until_ms;
        const char *cause;
        int64_t distrusted_since_ms; /* or TIME_ABSENT */
} Enrolment;

typedef struct RegionCard {
        NetworkId network;
        const char *network_name;
        uint64_t serial;
        uint8_t authority[CARD_AUTHORITIES_MAX][KEY_BYTES];
        size_t n_authority;
        PublicKey brokers[CARD_BROKERS_MAX];
        size_t n_brokers;
        const char *updates, *care, *query, *coord;
        const char *title;
} RegionCard;

typedef struct Genesis {
        NetworkId network;
        const char *network_name;
        uint8_t authority[KEY_BYTES];
} Genesis;

typedef struct Suspension {
        const char *party;
        bool has_key_id;
        KeyId key_id;
        bool suspended;
        const char *reason;
        const char *by;
} Suspension;

typedef struct Epoch {
        uint64_t epoch;
        int64_t opened_at_ms;
        bool continues;
        uint64_t previous_epoch; /* these three: if it continues */
        uint64_t previous_revision;
        uint8_t previous_head[DIGEST_BYTES];
        const char *cause;
        PublicKey broker;
} Epoch;

typedef struct Head {
        uint64_t epoch;
        uint64_t revision;
        int64_t time_ms;
        uint8_t head[DIGEST_BYTES];
} Head;

/* What is left of the journal's beginning, and where its chain goes on. */
typedef struct Cut {
        uint64_t epoch;
        uint64_t revision; /* the entry at which the kept past begins */
        int64_t time_ms;   /* its own */
        uint8_t head[DIGEST_BYTES];
        int64_t cut_at_ms;
        uint64_t n_kept;            /* entries before it */
        uint8_t kept[DIGEST_BYTES]; /* the chain over these alone */
        uint8_t keyframe[DIGEST_BYTES];
} Cut;

MUST_CHECK int enrolment_decode(Enrolment *ret, const char **ret_text, Arena *arena,
                                const uint8_t *body, size_t n_body);
MUST_CHECK int enrolment_encode(Blob **ret_body, const Enrolment *enrolment);
MUST_CHECK int region_card_decode(RegionCard *ret, const char **ret_text, Arena *arena,
                                  const uint8_t *body, size_t n_body);
MUST_CHECK int region_card_encode(Blob **ret_body, const RegionCard *card);
MUST_CHECK int genesis_decode(Genesis *ret, Arena *arena, const uint8_t *body, size_t n_body);
MUST_CHECK int genesis_encode(Blob **ret_body, const Genesis *genesis);
MUST_CHECK int suspension_decode(Suspension *ret, Arena *arena, const uint8_t *body, size_t n_body);
MUST_CHECK int suspension_encode(Blob **ret_body, const Suspension *suspension);
MUST_CHECK int epoch_decode(Epoch *ret, Arena *arena, const uint8_t *body, size_t n_body);
MUST_CHECK int epoch_encode(Blob **ret_body, const Epoch *epoch);
MUST_CHECK int head_decode(Head *ret, Arena *arena, const uint8_t *body, size_t n_body);
MUST_CHECK int head_encode(Blob **ret_body, const Head *head);
MUST_CHECK int cut_decode(Cut *ret, Arena *arena, const uint8_t *body, size_t n_body);
MUST_CHECK int cut_encode(Blob **ret_body, const Cut *cut);

/*
 * The chain: head(r) = BLAKE2b-256(head(r-1), r, time, kind, digest of the entry's bytes), numbers
 * as 8 bytes big-endian (kind: 1 byte). Over digests, so that old entries can be thinned and what
 * is left still proves itself. The head before the first entry is zero.
 */
void head_chain(uint8_t ret_head[DIGEST_BYTES], const uint8_t previous[DIGEST_BYTES],
                uint64_t revision, int64_t time_ms, uint8_t kind,
                const uint8_t digest[DIGEST_BYTES]);

/* What a journal entry is. The bytes of those marked B are the broker's own and not an envelope. */
typedef enum EntryKind {
        ENTRY_GENESIS = 1,    /* B Genesis */
        ENTRY_EPOCH = 2,      /*   EPOCH envelope */
        ENTRY_ENROLMENT = 3,  /*   ENROLMENT envelope */
        ENTRY_CARD = 4,       /*   CARD envelope */
        ENTRY_SUSPENSION = 5, /* B Suspension */
        ENTRY_UPDATE = 6,     /*   UPDATE envelope */
        ENTRY_CONFIRM = 7,    /* B one byte: CONFIRM_EPOCH or CONFIRM_CLOCK */
} EntryKind;
