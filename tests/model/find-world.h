#pragma once

/*
 * What three parties say of one kind of care at five locations, at random, and a picture that holds
 * it; the key of one of them turns out to have been in other hands
 */

#include <sodium.h>
#include <string.h>

#include "chance.h"
#include "derived/places.h"
#include "picture/picture.h"
#include "picture/registry.h"

#define NOW 1700000000000
#define DAY (24LL * 3600 * 1000)

enum {
        N_STEPS = 2500,
        REVOKED_AT_STEP = 1200,
        N_PARTIES = 3, /* the key of the last one turns out to have been in other hands */
        N_LOCATIONS = 5,
        N_UNITS = 5, /* the first is the location as a whole */
        N_PLANS = 3,
        N_CANDIDATES = N_LOCATIONS * N_PARTIES * N_UNITS,
};

typedef enum Kind {
        SAID_CARD,
        SAID_COUNTS,
        SAID_DOOR,
        SAID_DOOR_OF_CARE,
        SAID_OFFER,
        N_KINDS
} Kind;

#define N_SAID (N_KINDS * N_PARTIES * N_LOCATIONS * N_UNITS * N_PLANS)

static const char *const parties[] = { "p", "q", "r" };
static const char *const locations[] = { "bron", "duin", "kust", "strand", "zee" };
static const char *const units[] = { NULL, "a", "b", "c", "d" };
static const char *const all_hours[] = { NULL, "24/7", "Mo-Su 06:00-18:00", "Tu 12:00-06:00" };
static const uint32_t exceptions[] = { PLEK_EXCEPTION_STROKE, PLEK_EXCEPTION_MULTITRAUMA };

/* What one party said last of one thing. */
typedef struct Said {
        bool is_there;
        Kind kind;
        unsigned party, location, unit, plan;
        int64_t at_ms, valid_for_ms;
        int64_t withdrawn_ms; /* while it is not there; 0: it never was */
        RecordKey key;
        int32_t available; /* or -1: not said */
        bool is_inconsistent;
        Door door;
        Offering offering;
        LocationCard card;
} Said;

typedef struct World {
        Chance chance;
        uint32_t care; /* that all of it is about */
        int64_t now_ms, distrusted_since_ms;
        uint64_t revision;
        bool is_revoked;
        Picture *picture;
        Registry *registry;
        SecretKey *authority, *keys[N_PARTIES];
        NetworkId network;
        Change change;
        Said said[N_SAID];
} World;

/* ------------------------------------------------------------------ what is said */

static inline int64_t near_now(World *world)
{
        if (chance_below(&world->chance, 2))
                return TIME_ABSENT;
        return world->now_ms - DAY / 2 + chance_below(&world->chance, (unsigned)DAY);
}

static inline Said *draw_place(World *world)
{
        Kind kind = chance_below(&world->chance, N_KINDS);
        bool has_unit = kind == SAID_COUNTS || kind == SAID_DOOR || kind == SAID_DOOR_OF_CARE;
        bool has_plan = kind != SAID_COUNTS && kind != SAID_CARD;
        unsigned party = chance_below(&world->chance, N_PARTIES - world->is_revoked);
        unsigned location = chance_below(&world->chance, N_LOCATIONS);
        unsigned unit = has_unit ? chance_below(&world->chance, N_UNITS) : 0;
        unsigned plan = has_plan ? chance_below(&world->chance, N_PLANS) : 0;
        size_t at;

        /* What the whole says keeps its units from joining: that is to be rare. */
        if (kind == SAID_COUNTS && !unit && chance_below(&world->chance, 4))
                unit = 1;
        at = (((kind * N_PARTIES + party) * N_LOCATIONS + location) * N_UNITS + unit) * N_PLANS +
             plan;

        world->said[at].kind = kind;
        world->said[at].party = party;
        world->said[at].location = location;
        world->said[at].unit = unit;
        world->said[at].plan = plan;
        return &world->said[at];
}

static inline void draw_door(World *world, Said *said)
{
        Door *door = &said->door;

        *door = (Door){
                .state = chance_below(&world->chance, 2)
                                 ? PLEK_DOOR_OPEN
                                 : PLEK_DOOR_OPEN + chance_below(&world->chance, 5),
                .care = said->kind == SAID_DOOR ? CODE_ABSENT : world->care,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .plan = said->plan,
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = near_now(world),
                .review_at_ms = TIME_ABSENT,
                .on_expiry = PLEK_ON_EXPIRY_KEEP,
        };
        if (chance_below(&world->chance, 2))
                door->exceptions[door->n_exceptions++] =
                        exceptions[chance_below(&world->chance, 2)];
        if (said->plan) {
                door->starts_at_ms =
                        world->now_ms - DAY / 2 + chance_below(&world->chance, (unsigned)DAY);
                door->ends_at_ms =
                        door->starts_at_ms + 1 + chance_below(&world->chance, (unsigned)DAY);
        } else {
                door->on_expiry = PLEK_ON_EXPIRY_KEEP + chance_below(&world->chance, 3);
        }
}

static inline void draw_offer(World *world, Said *said)
{
        Offering *offering = &said->offering;

        *offering = (Offering){
                .care = world->care,
                .plan = said->plan,
                .not_offered = chance_percent(&world->chance, 30),
                .hours = all_hours[chance_below(&world->chance, N_ELEMENTS(all_hours))],
                .holds_from_ms = near_now(world),
                .holds_until_ms = TIME_ABSENT,
        };
        if (said->plan && offering->holds_from_ms == TIME_ABSENT)
                offering->holds_from_ms = world->now_ms;
        if (!said->plan && offering->holds_from_ms > world->now_ms)
                offering->holds_from_ms = world->now_ms;
        if (chance_below(&world->chance, 2))
                offering->holds_until_ms =
                        (offering->holds_from_ms == TIME_ABSENT ? world->now_ms
                                                                : offering->holds_from_ms) +
                        1 + chance_below(&world->chance, (unsigned)DAY);
}

static inline Update draw(World *world, Said *said)
{
        Update update = {
                .party = parties[said->party],
                .instance = 1,
                .seq = world->revision,
                .sent_at_ms = world->now_ms,
                .not_after_ms = world->now_ms + 1000,
                .observed_at_ms = world->now_ms,
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = locations[said->location],
                .unit = units[said->unit],
        };

        said->is_there = true;
        said->at_ms = world->now_ms;
        said->valid_for_ms = 60000 * (1 + chance_below(&world->chance, 600));
        update.valid_for_s = (uint32_t)(said->valid_for_ms / 1000);
        switch (said->kind) {
        case SAID_CARD:
                update.kind = UPDATE_CARD;
                update.valid_for_s = 0;
                said->card = (LocationCard){
                        .name = "n",
                        .kind = "V6",
                        .has_position = chance_percent(&world->chance, 80),
                        .hours = all_hours[chance_below(&world->chance, N_ELEMENTS(all_hours))],
                        .time_zone = "Europe/Amsterdam",
                };
                if (said->card.has_position) {
                        said->card.latitude_e7 =
                                520000000 + (int32_t)chance_below(&world->chance, 4) * 500000;
                        said->card.longitude_e7 = 50000000;
                }
                update.card = said->card;
                break;
        case SAID_COUNTS:
                update.kind = UPDATE_COUNTS;
                update.counts.care = world->care;
                said->available = (int32_t)chance_below(&world->chance, 5) - 1;
                said->is_inconsistent = said->available > 0 && chance_percent(&world->chance, 20);
                update.counts.present[COUNT_AVAILABLE] = said->available >= 0;
                update.counts.value[COUNT_AVAILABLE] = MAX(said->available, 0);
                if (said->is_inconsistent) {
                        update.counts.present[COUNT_STAFFED] =
                                update.counts.present[COUNT_OCCUPIED] = true;
                        update.counts.value[COUNT_STAFFED] = update.counts.value[COUNT_OCCUPIED] =
                                7;
                }
                break;
        case SAID_OFFER:
                update.kind = UPDATE_OFFERING;
                update.valid_for_s = 0;
                draw_offer(world, said);
                update.offering = said->offering;
                break;
        default:
                update.kind = UPDATE_DOOR;
                draw_door(world, said);
                update.door = said->door;
        }
        return update;
}

static inline void say(World *world, Said *said)
{
        Update update = draw(world, said);
        WireRefusal refusal;
        Blob *body, *envelope;

        memcpy(update.content_digest, &world->revision, sizeof(world->revision));
        must(update_encode(&body, &refusal, &update));
        must(envelope_sign(&envelope, ENVELOPE_UPDATE, &world->network, world->keys[said->party],
                           body->bytes, body->n_bytes));
        change_reset(&world->change);
        must(picture_report(world->picture, &update, envelope, world->revision, world->now_ms,
                            "west", &world->change));
        blob_unref(body);
        blob_unref(envelope);
}

static inline void withdraw(World *world, Said *said)
{
        const RecordRef ref = {
                .report = said->kind == SAID_CARD     ? UPDATE_CARD
                          : said->kind == SAID_COUNTS ? UPDATE_COUNTS
                          : said->kind == SAID_OFFER  ? UPDATE_OFFERING
                                                      : UPDATE_DOOR,
                .unit = units[said->unit],
                .care = said->kind == SAID_CARD || said->kind == SAID_DOOR ? CODE_ABSENT
                                                                           : world->care,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .plan = said->plan,
        };
        Update update = {
                .party = parties[said->party],
                .seq = world->revision,
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = locations[said->location],
                .kind = UPDATE_WITHDRAW,
                .withdraw = ref,
        };

        change_reset(&world->change);
        must(picture_withdraw(world->picture, &update, world->revision, world->now_ms,
                              &world->change));
        said->is_there = false;
        said->withdrawn_ms = world->now_ms;
        record_key_make(&said->key, STATUS_ACTUAL, update.party, update.location, &ref);
}

/* What a reader remembers of it. */
static inline bool next_gone(void *arg, const void **cursor, PlacesGone *ret_gone)
{
        const World *world = arg;
        const Said *said = *cursor ? (const Said *)*cursor + 1 : world->said;

        while (said < world->said + N_SAID && (said->is_there || !said->withdrawn_ms))
                said++;
        if (said == world->said + N_SAID)
                return false;
        *cursor = said;
        *ret_gone = (PlacesGone){ &said->key, "west", said->withdrawn_ms };
        return true;
}

/* ------------------------------------------------------------------ parties */

static inline void enrol(World *world, unsigned party, uint64_t serial, int64_t distrusted_since_ms)
{
        LocationGrant grants[N_LOCATIONS];
        Enrolment enrolment = {
                .party = parties[party],
                .serial = serial,
                .keys = { *secret_key_public(world->keys[party]) },
                .n_keys = 1,
                .valid_from_ms = NOW - DAY,
                .valid_until_ms = NOW + 1000 * DAY,
                .distrusted_since_ms = distrusted_since_ms,
        };
        Blob *body, *envelope;
        Party *enrolled;

        for (unsigned i = 0; i < N_LOCATIONS; i++)
                grants[i] = (LocationGrant){ .location = locations[i], .region = "west" };
        if (distrusted_since_ms == TIME_ABSENT) {
                enrolment.roles = ROLE_BIT(ROLE_AGENT);
                enrolment.locations = grants;
                enrolment.n_locations = N_LOCATIONS;
        } else {
                enrolment.cause = "compromised";
        }
        must(enrolment_encode(&body, &enrolment));
        must(envelope_sign(&envelope, ENVELOPE_ENROLMENT, &world->network, world->authority,
                           body->bytes, body->n_bytes));
        must(registry_apply_enrolment(world->registry, world->revision, world->now_ms, envelope,
                                      &enrolled));
        blob_unref(body);
        blob_unref(envelope);
}

static inline void world_init(World *world)
{
        uint8_t secret[KEY_BYTES] = { 99 };

        must(picture_new(&world->picture, 1000));
        must(registry_new(&world->registry));
        must(secret_key_from_bytes(&world->authority, secret));
        world->network = network_id_of("test", secret_key_public(world->authority)->sign);
        for (unsigned i = 0; i < N_PARTIES; i++) {
                secret[0] = (uint8_t)(i + 1);
                must(secret_key_from_bytes(&world->keys[i], secret));
                world->revision++;
                enrol(world, i, 1, TIME_ABSENT);
        }
}

static inline void world_deinit(World *world)
{
        for (unsigned i = 0; i < N_PARTIES; i++)
                secret_key_free(world->keys[i]);
        secret_key_free(world->authority);
        registry_free(world->registry);
        picture_free(world->picture);
        change_deinit(&world->change);
}
