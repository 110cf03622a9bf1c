#pragma once

/*
 * A registry, an authority that signs, and four keys; enrolments are valid from NOW - DAY to
 * NOW + DAY
 */

#include <sodium.h>
#include <string.h>

#include "cmocka-all.h"
#include "picture/registry.h"

#define NOW 1700000000000
#define DAY (24LL * 3600 * 1000)

typedef struct Fixture {
        Registry *registry;
        SecretKey *authority, *keys[4];
        NetworkId network;
        uint64_t revision;
} Fixture;

static inline SecretKey *key_new(uint8_t seed)
{
        uint8_t bytes[KEY_BYTES];
        SecretKey *key;

        memset(bytes, seed, sizeof(bytes));
        assert_int_equal(secret_key_from_bytes(&key, bytes), 0);
        return key;
}

static inline void setup(Fixture *fixture)
{
        Genesis genesis = { .network_name = "test" };

        *fixture = (Fixture){ .authority = key_new(100) };
        for (uint8_t i = 0; i < N_ELEMENTS(fixture->keys); i++)
                fixture->keys[i] = key_new(i + 1);
        fixture->network = network_id_of("test", secret_key_public(fixture->authority)->sign);
        genesis.network = fixture->network;
        memcpy(genesis.authority, secret_key_public(fixture->authority)->sign, KEY_BYTES);
        assert_int_equal(registry_new(&fixture->registry), 0);
        registry_set_genesis(fixture->registry, &genesis);
}

static inline void teardown(Fixture *fixture)
{
        registry_free(fixture->registry);
        secret_key_free(fixture->authority);
        for (size_t i = 0; i < N_ELEMENTS(fixture->keys); i++)
                secret_key_free(fixture->keys[i]);
}

static inline const PublicKey *public_key(const Fixture *fixture, size_t n)
{
        return secret_key_public(fixture->keys[n]);
}

static inline KeyId sign_id(const Fixture *fixture, size_t n)
{
        return key_id_of(public_key(fixture, n)->sign);
}

static inline KeyId transport_id(const Fixture *fixture, size_t n)
{
        return key_id_of(public_key(fixture, n)->transport);
}

/* ------------------------------------------------------------------ enrolments */

static const Region regions[] = { { "rav", "hollands-midden" }, { "province", "zuid-holland" } };
static const LocationGrant grants[] = {
        { "zeta", "west", regions, 2 },
        { "alpha", "oost", NULL, 0 },
        { "midi", "west", regions, 1 },
};

static inline Enrolment enrolment_of(const Fixture *fixture, const char *party, uint64_t serial,
                                     size_t key)
{
        return (Enrolment){
                .party = party,
                .serial = serial,
                .name = "A party",
                .keys = { *public_key(fixture, key) },
                .n_keys = 1,
                .roles = ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUBSCRIBER),
                .locations = grants,
                .n_locations = N_ELEMENTS(grants),
                .audience = AUDIENCE_CARE,
                .valid_from_ms = NOW - DAY,
                .valid_until_ms = NOW + DAY,
                .distrusted_since_ms = TIME_ABSENT,
        };
}

static inline Enrolment revocation_of(const Fixture *fixture, const char *party, uint64_t serial,
                                      size_t key, int64_t distrusted_since_ms)
{
        Enrolment enrolment = enrolment_of(fixture, party, serial, key);

        enrolment.roles = 0;
        enrolment.audience = 0;
        enrolment.n_locations = 0;
        enrolment.cause = "lost";
        enrolment.distrusted_since_ms = distrusted_since_ms;
        return enrolment;
}

static inline Blob *signed_by(const Fixture *fixture, EnvelopeKind kind, Blob *body)
{
        Blob *envelope = NULL;

        assert_int_equal(envelope_sign(&envelope, kind, &fixture->network, fixture->authority,
                                       body->bytes, body->n_bytes),
                         0);
        blob_unref(body);
        return envelope;
}

static inline Blob *enrolment_envelope(const Fixture *fixture, const Enrolment *enrolment)
{
        Blob *body = NULL;

        assert_int_equal(enrolment_encode(&body, enrolment), 0);
        return signed_by(fixture, ENVELOPE_ENROLMENT, body);
}

static inline int check(const Fixture *fixture, const Enrolment *enrolment, uint32_t *ret_code)
{
        CLEANUP(blob_unrefp) Blob *envelope = enrolment_envelope(fixture, enrolment);
        WireRefusal refusal = { 0 };
        uint8_t digest[DIGEST_BYTES];
        int r;

        digest_of(digest, envelope->bytes, envelope->n_bytes);
        r = registry_check_enrolment(fixture->registry, enrolment, digest, &refusal);
        assert_true((r == REGISTRY_E_REFUSED) == (refusal.code != 0));
        assert_true(r != REGISTRY_E_REFUSED || (refusal.field && refusal.text));
        *ret_code = refusal.code;
        return r;
}

static inline void assert_refused(const Fixture *fixture, const Enrolment *enrolment, uint32_t code)
{
        uint32_t refused = 0;

        assert_int_equal(check(fixture, enrolment, &refused), REGISTRY_E_REFUSED);
        assert_int_equal(refused, code);
}

static inline Party *apply_at(Fixture *fixture, const Enrolment *enrolment, uint64_t revision)
{
        CLEANUP(blob_unrefp) Blob *envelope = enrolment_envelope(fixture, enrolment);
        Party *party = NULL;

        assert_int_equal(registry_apply_enrolment(fixture->registry, revision,
                                                  NOW + (int64_t)revision, envelope, &party),
                         0);
        assert_string_equal(party->id, enrolment->party);
        return party;
}

static inline Party *apply(Fixture *fixture, const Enrolment *enrolment)
{
        uint32_t code;

        assert_int_equal(check(fixture, enrolment, &code), 0);
        return apply_at(fixture, enrolment, ++fixture->revision);
}

static inline uint32_t may_publish(const Fixture *fixture, size_t key, int64_t now_ms)
{
        KeyOwner owner;

        assert_true(registry_find_signer(fixture->registry, sign_id(fixture, key), &owner));
        return owner_may_publish(&owner, now_ms);
}

static inline uint32_t may_read(const Fixture *fixture, size_t key, int64_t now_ms,
                                Audience *ret_audience)
{
        KeyOwner owner;

        assert_true(registry_find_transport(fixture->registry, transport_id(fixture, key), &owner));
        return owner_may_read(&owner, now_ms, GRACE_DEFAULT_MS, ret_audience);
}
