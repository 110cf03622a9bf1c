#pragma once

/*
 * A location that may close, and two to the north of it
 */

#include "derived/impact.h"
#include "places-fixture.h"

enum { LATITUDE = 520000000, STEP = 1000000 }; /* a tenth of a degree: 11.1 km */

typedef struct World {
        PlacesWorld places;
        ImpactQuestion question;
        ImpactAnswer answer;
} World;

/* zeta closes; alpha is a step to the north of it, midi two. All have an open door. */
static inline void world_begin(World *world)
{
        memset(world, 0, sizeof(*world));
        world->question = (ImpactQuestion){
                .status = STATUS_ACTUAL,
                .location = "zeta",
                .care = PLEK_CARE_ED,
                .now_ms = NOW,
                .from_ms = NOW,
                .to_ms = TIME_ABSENT,
                .load_per_hour = -1,
        };
        places_begin(&world->places);
        say_card(&world->places, "a", "zeta", LATITUDE);
        say_card(&world->places, "a", "alpha", LATITUDE + STEP);
        say_card(&world->places, "a", "midi", LATITUDE + 2 * STEP);
        say_door(&world->places, "a", "zeta", NULL, PLEK_DOOR_OPEN);
        say_door(&world->places, "a", "alpha", NULL, PLEK_DOOR_OPEN);
        say_door(&world->places, "a", "midi", NULL, PLEK_DOOR_OPEN);
}

static inline void world_end(World *world)
{
        impact_answer_deinit(&world->answer);
        places_end(&world->places);
}

static inline const ImpactAnswer *impact(World *world)
{
        impact_answer_deinit(&world->answer);
        assert_int_equal(impact_make(&world->answer, world->places.picture,
                                     world->places.fixture.registry, &world->question),
                         0);
        return &world->answer;
}

static inline const ImpactPlace *shown(const World *world, const char *location)
{
        for (size_t i = 0; i < world->answer.n_shown; i++)
                if (!strcmp(world->answer.shown[i].place->location, location))
                        return &world->answer.shown[i];
        fail_msg("%s is not shown", location);
        return NULL;
}

static inline PlekArea area(const char *id, int steps, double weight)
{
        return (PlekArea){ .id = id,
                           .latitude_e7 = LATITUDE + steps * STEP,
                           .longitude_e7 = 50000000,
                           .weight = weight };
}

static inline void say_plan(World *world, const char *location, uint32_t state, int64_t from_ms,
                            int64_t to_ms)
{
        Update update = update_of(UPDATE_DOOR, "a", location);

        update.door = (Door){
                .state = state,
                .care = PLEK_CARE_ED,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .plan = 1,
                .starts_at_ms = from_ms,
                .ends_at_ms = to_ms,
                .review_at_ms = TIME_ABSENT,
        };
        say(&world->places, &update);
}
