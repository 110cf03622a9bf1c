#pragma once

/*
 * Two parties and what they say of three locations, in a picture; care is that of an ED
 */

#include "derived/places.h"
#include "registry-fixture.h"

#define HOUR (3600 * 1000)

typedef struct PlacesWorld {
        Fixture fixture; /* parties a and b speak for zeta and midi (west) and alpha (oost) */
        Picture *picture;
        Change change;
        uint64_t seq;
} PlacesWorld;

static inline void places_begin(PlacesWorld *world)
{
        Enrolment a, b;

        *world = (PlacesWorld){ .change = CHANGE_NULL };
        setup(&world->fixture);
        a = enrolment_of(&world->fixture, "a", 1, 0);
        b = enrolment_of(&world->fixture, "b", 1, 1);
        apply(&world->fixture, &a);
        apply(&world->fixture, &b);
        assert_int_equal(picture_new(&world->picture, 100), 0);
}

static inline void places_end(PlacesWorld *world)
{
        picture_free(world->picture);
        change_deinit(&world->change);
        teardown(&world->fixture);
}

static inline Update update_of(UpdateKind kind, const char *party, const char *location)
{
        return (Update){
                .party = party,
                .instance = 1,
                .sent_at_ms = NOW,
                .not_after_ms = NOW + HOUR,
                .observed_at_ms = NOW,
                .status = STATUS_ACTUAL,
                .audience = AUDIENCE_CARE,
                .location = location,
                .kind = kind,
        };
}

static inline void say(PlacesWorld *world, Update *update)
{
        CLEANUP(blob_unrefp) Blob *body = NULL;
        CLEANUP(blob_unrefp) Blob *envelope = NULL;
        const char *region = !strcmp(update->location, "alpha") ? "oost" : "west";
        WireRefusal refusal;

        update->seq = ++world->seq;
        assert_int_equal(update_encode(&body, &refusal, update), 0);
        assert_int_equal(envelope_sign(&envelope, ENVELOPE_UPDATE, &world->fixture.network,
                                       world->fixture.keys[0], body->bytes, body->n_bytes),
                         0);
        memset(update->content_digest, (int)world->seq, sizeof(update->content_digest));
        change_reset(&world->change);
        assert_int_equal(picture_report(world->picture, update, envelope, ++world->fixture.revision,
                                        NOW, region, &world->change),
                         0);
}

static inline void say_free(PlacesWorld *world, const char *party, const char *location,
                            const char *unit, int32_t available)
{
        Update update = update_of(UPDATE_COUNTS, party, location);

        update.unit = unit;
        update.counts.care = PLEK_CARE_ED;
        update.counts.present[COUNT_AVAILABLE] = true;
        update.counts.value[COUNT_AVAILABLE] = available;
        say(world, &update);
}

static inline void say_door(PlacesWorld *world, const char *party, const char *location,
                            const char *unit, uint32_t state)
{
        Update update = update_of(UPDATE_DOOR, party, location);

        update.unit = unit;
        update.door = (Door){
                .state = state,
                .care = PLEK_CARE_ED,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = TIME_ABSENT,
                .review_at_ms = TIME_ABSENT,
                .on_expiry = PLEK_ON_EXPIRY_KEEP,
        };
        say(world, &update);
}

/* A memory of one record of @kind that @party withdrew at NOW - HOUR. */
typedef struct GoneOne {
        RecordKey key;
        const char *region;
} GoneOne;

static inline bool gone_one_next(void *arg, const void **cursor, PlacesGone *ret_gone)
{
        const GoneOne *one = arg;

        if (*cursor)
                return false;
        *cursor = one;
        *ret_gone = (PlacesGone){ &one->key, one->region, NOW - HOUR };
        return true;
}

static inline PlacesMemory gone_one(GoneOne *ret_one, UpdateKind kind, const char *party,
                                    const char *location)
{
        const RecordRef ref = {
                .report = kind,
                .care = PLEK_CARE_ED,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
        };

        record_key_make(&ret_one->key, STATUS_ACTUAL, party, location, &ref);
        ret_one->region = "west";
        return (PlacesMemory){ gone_one_next, ret_one };
}

static inline void say_card(PlacesWorld *world, const char *party, const char *location,
                            int32_t latitude_e7)
{
        Update update = update_of(UPDATE_CARD, party, location);

        update.card = (LocationCard){
                .name = party,
                .kind = "V6",
                .has_position = true,
                .latitude_e7 = latitude_e7,
                .longitude_e7 = 50000000,
                .contacts = { { "receptie", "1" },
                              { "IC", "2", PLEK_CARE_ICU_ADULT },
                              { "SEH", "3", PLEK_CARE_ED } },
                .n_contacts = 3,
        };
        say(world, &update);
}

static inline void say_offer(PlacesWorld *world, const char *party, const char *location,
                             uint32_t plan, bool not_offered, int64_t from_ms)
{
        Update update = update_of(UPDATE_OFFERING, party, location);

        update.offering = (Offering){
                .care = PLEK_CARE_ED,
                .plan = plan,
                .not_offered = not_offered,
                .holds_from_ms = from_ms,
                .holds_until_ms = TIME_ABSENT,
        };
        say(world, &update);
}
