#pragma once

/*
 * A world for tests of core/: an authority, a broker, parties with keys, a clock that the test
 * holds, and a ledger that is an array
 */

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/admission.h"
#include "core/checkpoint.h"
#include "wire/query.h"

enum {
        WORLD_PARTIES_MAX = 16,
        WORLD_SKEW_MS = 120000,
};

#define WORLD_START_MS INT64_C(1770000000000)

typedef struct WorldParty {
        char id[PARTY_MAX + 1];
        SecretKey *key;
        uint64_t serial;
        uint64_t instance;
        uint64_t seq;
} WorldParty;

typedef struct World {
        SecretKey *authority, *broker;
        NetworkId network;
        int64_t now_ms;
        uint64_t revision;
        uint8_t head[DIGEST_BYTES];
        uint64_t epoch;
        WorldParty parties[WORLD_PARTIES_MAX];
        size_t n_parties;

        State *state;
        Change change; /* of the last entry */
        Arena *arena;

        LedgerEntry *ledger;
        size_t n_ledger, n_ledger_room;
} World;

/* The same key at each run, so that a failure repeats. */
static inline SecretKey *world_key(uint8_t kind, uint8_t number)
{
        uint8_t bytes[KEY_BYTES] = { kind, number, 1 };
        SecretKey *key;
        int r;

        r = secret_key_from_bytes(&key, bytes);
        assert(!r);
        return key;
}

static inline State *world_new_state(size_t n_tombstones)
{
        State *state;
        int r;

        r = state_new(&state, &(StateOptions){ .n_tombstones = n_tombstones });
        assert(!r);
        return state;
}

/* What the ledger would hand back. Takes over @bytes. */
static inline const LedgerEntry *world_append(World *world, EntryKind kind, Blob *bytes)
{
        LedgerEntry *entry;

        if (world->n_ledger == world->n_ledger_room) {
                world->n_ledger_room = world->n_ledger_room ? world->n_ledger_room * 2 : 64;
                world->ledger =
                        reallocarray(world->ledger, world->n_ledger_room, sizeof(*world->ledger));
                assert(world->ledger);
        }

        entry = &world->ledger[world->n_ledger++];
        *entry = (LedgerEntry){ .revision = ++world->revision,
                                .time_ms = world->now_ms,
                                .kind = kind,
                                .bytes = bytes,
                                .ends_commit = true };
        digest_of(entry->digest, bytes->bytes, bytes->n_bytes);
        head_chain(world->head, world->head, entry->revision, entry->time_ms, (uint8_t)kind,
                   entry->digest);
        memcpy(entry->head, world->head, DIGEST_BYTES);
        return entry;
}

static inline int world_try(World *world, EntryKind kind, Blob *bytes)
{
        return state_apply(world->state, world_append(world, kind, bytes), &world->change);
}

static inline void world_apply(World *world, EntryKind kind, Blob *bytes)
{
        int r;

        r = world_try(world, kind, bytes);
        assert(!r);
}

static inline Blob *world_sign(World *world, EnvelopeKind kind, const SecretKey *key, Blob *body)
{
        Blob *envelope;
        int r;

        r = envelope_sign(&envelope, kind, &world->network, key, body->bytes, body->n_bytes);
        assert(!r);
        blob_unref(body);
        return envelope;
}

static inline Blob *world_genesis(World *world)
{
        Genesis genesis = { .network = world->network, .network_name = "test-region" };
        Blob *body;
        int r;

        memcpy(genesis.authority, secret_key_public(world->authority)->sign, KEY_BYTES);
        r = genesis_encode(&body, &genesis);
        assert(!r);
        return body;
}

static inline Blob *world_epoch(World *world, uint64_t epoch, bool continues)
{
        Epoch body = { .epoch = epoch,
                       .opened_at_ms = world->now_ms,
                       .continues = continues,
                       .cause = continues ? "start" : "rolled-back",
                       .broker = *secret_key_public(world->broker) };
        Blob *encoded;
        int r;

        if (continues) {
                body.previous_epoch = world->epoch;
                body.previous_revision = world->revision;
                memcpy(body.previous_head, world->head, DIGEST_BYTES);
        }
        r = epoch_encode(&encoded, &body);
        assert(!r);
        return world_sign(world, ENVELOPE_EPOCH, world->broker, encoded);
}

static inline void world_open_epoch(World *world, bool continues)
{
        uint64_t epoch = world->epoch + 1;

        world_apply(world, ENTRY_EPOCH, world_epoch(world, epoch, continues));
        world->epoch = epoch;
}

static inline Enrolment world_enrolment(const World *world, const WorldParty *party,
                                        const LocationGrant *locations, size_t n_locations)
{
        return (Enrolment){ .party = party->id,
                            .serial = party->serial + 1,
                            .keys = { *secret_key_public(party->key) },
                            .n_keys = 1,
                            .roles = ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_SUBSCRIBER),
                            .locations = locations,
                            .n_locations = n_locations,
                            .audience = AUDIENCE_CARE,
                            .valid_from_ms = world->now_ms - 1000,
                            .valid_until_ms = world->now_ms + INT64_C(365) * 24 * 3600 * 1000,
                            .distrusted_since_ms = TIME_ABSENT };
}

static inline Blob *world_enrolment_envelope(World *world, const Enrolment *enrolment)
{
        Blob *body;
        int r;

        r = enrolment_encode(&body, enrolment);
        assert(!r);
        return world_sign(world, ENVELOPE_ENROLMENT, world->authority, body);
}

static inline WorldParty *world_new_party(World *world, const char *id)
{
        WorldParty *party = &world->parties[world->n_parties];

        assert(world->n_parties < WORLD_PARTIES_MAX);
        strcpy(party->id, id);
        party->key = world_key(3, (uint8_t)world->n_parties++);
        party->instance = 1000 + world->n_parties;
        return party;
}

static inline void world_enrol(World *world, WorldParty *party, const Enrolment *enrolment)
{
        party->serial = enrolment->serial;
        world_apply(world, ENTRY_ENROLMENT, world_enrolment_envelope(world, enrolment));
}

/* A party of one location, enrolled. */
static inline WorldParty *world_add_party(World *world, const char *id, const char *location,
                                          const char *region)
{
        WorldParty *party = world_new_party(world, id);
        LocationGrant grant = { .location = location, .region = region };
        Enrolment enrolment = world_enrolment(world, party, &grant, 1);

        world_enrol(world, party, &enrolment);
        return party;
}

static inline Suspension world_suspension(const WorldParty *party, bool suspended)
{
        return (Suspension){
                .party = party->id, .suspended = suspended, .reason = "a test", .by = "uid 0"
        };
}

static inline void world_suspend(World *world, const Suspension *suspension)
{
        Blob *body;
        int r;

        r = suspension_encode(&body, suspension);
        assert(!r);
        world_apply(world, ENTRY_SUSPENSION, body);
}

/* Fields of an update that most tests do not care about. */
static inline Update world_update(World *world, WorldParty *party, const char *location)
{
        uint64_t seq = (uint64_t)world->now_ms * 1000;

        party->seq = MAX(party->seq + 1, seq);
        return (Update){ .party = party->id,
                         .instance = party->instance,
                         .seq = party->seq,
                         .sent_at_ms = world->now_ms,
                         .not_after_ms = world->now_ms + 3600000,
                         .status = STATUS_ACTUAL,
                         .audience = AUDIENCE_CARE,
                         .location = location,
                         .observed_at_ms = world->now_ms };
}

static inline Update world_counts(World *world, WorldParty *party, const char *location,
                                  uint32_t care, int32_t staffed)
{
        Update update = world_update(world, party, location);

        update.kind = UPDATE_COUNTS;
        update.counts.care = care;
        update.counts.present[COUNT_STAFFED] = true;
        update.counts.value[COUNT_STAFFED] = staffed;
        return update;
}

static inline Update world_door(World *world, WorldParty *party, const char *location,
                                uint32_t state)
{
        Update update = world_update(world, party, location);

        update.kind = UPDATE_DOOR;
        update.door = (Door){ .state = state,
                              .care = CODE_ABSENT,
                              .patient_group = CODE_ABSENT,
                              .urgency = CODE_ABSENT,
                              .starts_at_ms = TIME_ABSENT,
                              .ends_at_ms = TIME_ABSENT,
                              .review_at_ms = TIME_ABSENT,
                              .on_expiry = PLEK_ON_EXPIRY_KEEP };
        return update;
}

static inline Update world_affirm(World *world, WorldParty *party, const char *location, Lane lane)
{
        Update update = world_update(world, party, location);

        update.kind = UPDATE_AFFIRM;
        update.affirm = (Affirm){ .lane = lane, .up_to_seq = update.seq - 1 };
        return update;
}

static inline Update world_withdraw(World *world, WorldParty *party, const char *location,
                                    uint32_t care)
{
        Update update = world_update(world, party, location);

        update.kind = UPDATE_WITHDRAW;
        update.withdraw = (RecordRef){ .report = UPDATE_COUNTS,
                                       .care = care,
                                       .patient_group = CODE_ABSENT,
                                       .urgency = CODE_ABSENT };
        return update;
}

static inline Blob *world_update_envelope(World *world, const WorldParty *party,
                                          const Update *update)
{
        WireRefusal refusal = { 0 };
        Blob *body;
        int r;

        r = update_encode(&body, &refusal, update);
        if (r)
                fprintf(stderr, "update_encode: %s\n", refusal.text);
        assert(!r);
        return world_sign(world, ENVELOPE_UPDATE, party->key, body);
}

static inline void world_publish(World *world, const WorldParty *party, const Update *update)
{
        world_apply(world, ENTRY_UPDATE, world_update_envelope(world, party, update));
}

/* As a verifier would hand it on. Borrows @envelope; @ret_update is where it is decoded to. */
static inline Candidate world_candidate(World *world, const WorldParty *party, Blob *envelope,
                                        Update *ret_update)
{
        const PublicKey *key = secret_key_public(party->key);
        Candidate candidate = { .envelope = envelope,
                                .key_id = key_id_of(key->sign),
                                .connection = key_id_of(key->transport) };
        Envelope parsed;
        int r;

        memcpy(candidate.signer, key->sign, KEY_BYTES);
        digest_of(candidate.digest, envelope->bytes, envelope->n_bytes);
        r = envelope_parse(&parsed, envelope->bytes, envelope->n_bytes);
        assert(!r);

        arena_limit(world->arena, ARENA_MESSAGE_BYTES);
        r = update_decode(ret_update, &candidate.refusal, world->arena, parsed.body, parsed.n_body);
        if (!r)
                candidate.refusal = (WireRefusal){ 0 };
        candidate.update = ret_update;
        return candidate;
}

static inline void world_init(World *world, size_t n_tombstones)
{
        int r;

        r = sodium_init();
        assert(r >= 0);
        *world = (World){ .now_ms = WORLD_START_MS };
        world->authority = world_key(1, 0);
        world->broker = world_key(2, 0);
        world->network = network_id_of("test-region", secret_key_public(world->authority)->sign);
        world->state = world_new_state(n_tombstones);
        r = arena_new(&world->arena, 16 * ARENA_MESSAGE_BYTES);
        assert(!r);
}

/* With its network and first epoch in the ledger. */
static inline void world_start(World *world, size_t n_tombstones)
{
        world_init(world, n_tombstones);
        world_apply(world, ENTRY_GENESIS, world_genesis(world));
        world_open_epoch(world, false);
        world->now_ms += 1000;
}

static inline void world_deinit(World *world)
{
        for (size_t i = 0; i < world->n_ledger; i++)
                blob_unref(world->ledger[i].bytes);
        for (size_t i = 0; i < world->n_parties; i++)
                secret_key_free(world->parties[i].key);
        free(world->ledger);
        change_deinit(&world->change);
        state_free(world->state);
        arena_free(world->arena);
        secret_key_free(world->authority);
        secret_key_free(world->broker);
}
