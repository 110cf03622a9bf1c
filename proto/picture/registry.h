#pragma once

/*
 * Registry: which key is whose, and what its party may do, say and read
 *
 * The broker's and a reader's are the same code. It holds every enrolment of every party, newest
 * first, because a reader checks a record against the enrolment that was in force at the record's
 * revision. Pure: revisions and times are given. Checking and applying are apart, so that an
 * enrolment can be judged before it is ordered.
 *
 * The authority's signature is the caller's to verify, with registry_is_authority().
 */

#include "internal/hash.h"
#include "wire/document.h"

typedef struct Registry Registry;
typedef struct Party Party;

/* One enrolment as it was signed. Owned by its party; lives as long as the registry. */
typedef struct EnrolmentVersion {
        uint64_t revision; /* at which it came into force */
        int64_t received_at_ms;
        Blob *envelope;
        const Enrolment *enrolment; /* in the version's own memory; locations sorted by name */
        uint8_t digest[DIGEST_BYTES];
        struct EnrolmentVersion *older;
} EnrolmentVersion;

/* The last word on a party as a whole, or on one of its keys; that it was lifted is one, too. A
 * reader who comes later is told all of them. */
typedef struct SuspensionWord {
        uint64_t revision;
        int64_t received_at_ms;
        Blob *bytes;     /* the Suspension */
        bool has_key_id; /* else the party as a whole */
        KeyId key_id;
        bool suspended;
        struct SuspensionWord *next;
} SuspensionWord;

struct Party {
        char id[PARTY_MAX + 1];
        EnrolmentVersion *newest; /* NULL never */
        SuspensionWord *suspensions;
        UT_hash_handle hh;
};

/* One region card as it was signed. All are kept: an old one vouches for the key that signed what
 * is older still. */
typedef struct CardVersion {
        uint64_t revision;
        int64_t received_at_ms;
        uint64_t serial;
        Blob *envelope;
        uint8_t digest[DIGEST_BYTES];
        uint8_t authority[CARD_AUTHORITIES_MAX][KEY_BYTES];
        size_t n_authority;
        struct CardVersion *older;
} CardVersion;

/* What a key is. Borrowed from the registry. */
typedef struct KeyOwner {
        Party *party;
        const EnrolmentVersion *version; /* the newest that lists the key */
        const PublicKey *key;
} KeyOwner;

enum {
        REGISTRY_OK,
        REGISTRY_E_REFUSED, /* *ret_refusal says why */
        REGISTRY_E_UNKNOWN,
        REGISTRY_E_REPEATED, /* the same bytes as what is in force: done already */
};

/* Grace in which a reader whose enrolment has expired still reads. */
enum { GRACE_DEFAULT_MS = 14 * 24 * 3600 * 1000 };

MUST_CHECK int registry_new(Registry **ret_registry);
Registry *registry_free(Registry *registry);
DEFINE_FREEP(Registry, registry_free);

/* ------------------------------------------------------------------ the authority */

void registry_set_genesis(Registry *registry, const Genesis *genesis);
bool registry_has_authority(const Registry *registry);
/* Present or next, as the newest card says; before the first card, the genesis key. */
bool registry_is_authority(const Registry *registry, const uint8_t sign_key[KEY_BYTES]);
/* The authority's key with this id, or NULL. */
const uint8_t *registry_authority_key(const Registry *registry, KeyId id);
/* The same among all that it ever was, as far as the cards held here tell: for checking what was
 * signed then. */
const uint8_t *registry_past_authority_key(const Registry *registry, KeyId id);
/*
 * Whether @card names, as present authority, the key that its network's id is made of. Whoever
 * trusts the network trusts that key's cards of its time, however often the authority has changed
 * since.
 */
bool region_card_is_founding(const RegionCard *card);

/* A card's serial must be higher and it must keep the network. Returns 0, REGISTRY_E_REFUSED or
 * REGISTRY_E_REPEATED. */
MUST_CHECK int registry_check_card(const Registry *registry, const RegionCard *card,
                                   const uint8_t digest[DIGEST_BYTES], WireRefusal *ret_refusal);
MUST_CHECK int registry_apply_card(Registry *registry, uint64_t revision, int64_t received_at_ms,
                                   Blob *envelope);
/* The newest card, or NULL; it links to the older ones. */
const CardVersion *registry_cards(const Registry *registry);
/* The newest card's envelope, or NULL. */
Blob *registry_card(const Registry *registry, uint64_t *ret_serial, uint64_t *ret_revision);

/* ------------------------------------------------------------------ parties */

/*
 * Whether @enrolment may follow what is in force: a higher serial, or the same bytes again
 * (REGISTRY_E_REPEATED); keys fit and nobody else's, ever. Returns 0, REGISTRY_E_REFUSED or
 * REGISTRY_E_REPEATED.
 */
MUST_CHECK int registry_check_enrolment(const Registry *registry, const Enrolment *enrolment,
                                        const uint8_t digest[DIGEST_BYTES],
                                        WireRefusal *ret_refusal);
/*
 * Takes a reference of @envelope and decodes it anew into memory of its own. A reader may apply
 * versions in any order: they sort by serial. Returns 0, -EBADMSG or -ENOMEM.
 */
MUST_CHECK int registry_apply_enrolment(Registry *registry, uint64_t revision,
                                        int64_t received_at_ms, Blob *envelope, Party **ret_party);
/* A key may be named by either of its halves; suspending one half cuts both. Of words on the same
 * thing the one with the highest revision stays. Returns 0, REGISTRY_E_UNKNOWN (no such party, or
 * not its key), -EBADMSG or -ENOMEM. */
MUST_CHECK int registry_apply_suspension(Registry *registry, uint64_t revision,
                                         int64_t received_at_ms, Blob *bytes, Party **ret_party);

Party *registry_find(const Registry *registry, const char *party);
/* The owner of a signing key, or of a transport key, by id; false: nobody's. */
bool registry_find_signer(const Registry *registry, KeyId id, KeyOwner *ret_owner);
bool registry_find_transport(const Registry *registry, KeyId id, KeyOwner *ret_owner);
/* What was in force at @revision, or NULL: for readers, who check a record against it. */
const EnrolmentVersion *registry_version_at(const Registry *registry, const char *party,
                                            uint64_t revision);
/*
 * The signing key with @id that was @party's at @revision; NULL: it was not its key then. Distrust
 * does not take it away: what it signed can still be checked, and is shown as distrusted.
 */
const uint8_t *registry_signer_at(const Registry *registry, const char *party, KeyId id,
                                  uint64_t revision);
/*
 * The time since which what @party said at @revision is distrusted: the earliest that any
 * revocation after it names; TIME_ABSENT: none. A record received at that time or later is shown as
 * distrusted.
 */
int64_t party_distrusted_since(const Party *party, uint64_t revision);

size_t registry_n_parties(const Registry *registry);
/* Walks all: NULL gives the first; NULL comes after the last. */
Party *registry_next(const Registry *registry, Party *party);

/* ------------------------------------------------------------------ rights */

/* 0 if the owner of this key may publish at @now_ms; else the PlekRefusal: EXPIRED, REVOKED,
 * SUSPENDED, ROLE or NOT_ENROLLED (a key of an older enrolment that the newest no longer lists). */
uint32_t owner_may_publish(const KeyOwner *owner, int64_t now_ms);
/* The same for connecting to read; within the grace it may. Which audience: *ret_audience. */
uint32_t owner_may_read(const KeyOwner *owner, int64_t now_ms, int64_t grace_ms,
                        Audience *ret_audience);
bool party_has_role(const Party *party, Role role);
bool party_is_revoked(const Party *party);
bool party_is_suspended(const Party *party);                           /* as a whole */
bool party_key_is_suspended(const Party *party, const PublicKey *key); /* it, or the party */
/* How far what @party (NULL: not known any more) said at @revision can be believed at @now_ms. */
typedef enum PartyTrust {
        PARTY_ENROLLED,
        PARTY_NO_LONGER_ENROLLED, /* expired, revoked or suspended since */
        PARTY_DISTRUSTED,         /* its key was in other hands */
} PartyTrust;

PartyTrust party_trust(const Party *party, uint64_t revision, int64_t received_at_ms,
                       int64_t now_ms);
/* What it may speak for, by the newest enrolment; NULL: not its location. */
const LocationGrant *party_grant(const Party *party, const char *location);
/* The last revision at which anything here changed: what reg/ stands at. */
uint64_t registry_revision(const Registry *registry);
