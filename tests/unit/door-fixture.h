#pragma once

/*
 * What is said about the doors of one location, and what leads
 */

#include <string.h>

#include "cmocka-all.h"
#include "derived/door.h"

#define NOW  1700000000000
#define HOUR 3600000

/* All that is said about a location. */
typedef struct Said {
        Door doors[16];
        DoorWord words[16];
        size_t n_words;
        DoorLead lead;
} Said;

static inline Door *say(Said *said, const char *party, const char *unit, uint32_t care,
                        uint32_t state, int64_t since_ms)
{
        Door *door = &said->doors[said->n_words];

        *door = (Door){
                .state = state,
                .care = care,
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = TIME_ABSENT,
                .review_at_ms = TIME_ABSENT,
                .on_expiry = PLEK_ON_EXPIRY_KEEP,
        };
        said->words[said->n_words++] = (DoorWord){
                .door = door,
                .unit = unit,
                .party = party,
                .since_ms = since_ms,
                .withdrawn_ms = TIME_ABSENT,
        };
        return door;
}

static inline Door *plan(Said *said, uint32_t care, uint32_t state, int64_t since_ms,
                         int64_t from_ms, int64_t to_ms)
{
        Door *door = say(said, "duin", NULL, care, state, since_ms);

        door->plan = (uint32_t)said->n_words;
        door->starts_at_ms = from_ms;
        door->ends_at_ms = to_ms;
        return door;
}

static inline DoorQuestion about(uint32_t care)
{
        DoorQuestion question = { .scope = DOOR_SCOPE_ALL };

        question.scope.care = care;
        return question;
}

static inline const DoorLead *lead_at(Said *said, uint32_t care, int64_t now_ms)
{
        DoorQuestion question = about(care);

        door_lead(said->words, said->n_words, &question, now_ms, &said->lead);
        return &said->lead;
}

static inline uint32_t state_at(Said *said, uint32_t care, int64_t now_ms)
{
        return lead_at(said, care, now_ms)->state;
}

static inline uint32_t state_for(Said *said, uint32_t care, uint32_t exception)
{
        DoorQuestion question = about(care);
        DoorLead lead;

        question.exception = exception;
        door_lead(said->words, said->n_words, &question, NOW, &lead);
        return lead.state;
}

static inline DoorPart part(Said *said, size_t i, uint32_t care)
{
        DoorQuestion question = about(care);

        return door_part(said->words, said->n_words, i, &question, NOW, lead_at(said, care, NOW));
}

static inline void except(Door *door, uint32_t exception)
{
        door->exceptions[door->n_exceptions++] = exception;
}
