#pragma once

/*
 * What all that was said of a location amounts to, slowly: whose word counts, what is given, which
 * doors there are
 */

#include "find-world.h"
#include "wire/hours.h"

static inline PartyTrust trust(const World *world, const Said *said)
{
        if (said->party != N_PARTIES - 1 || !world->is_revoked)
                return PARTY_ENROLLED;
        return said->at_ms >= world->distrusted_since_ms ? PARTY_DISTRUSTED
                                                         : PARTY_NO_LONGER_ENROLLED;
}

static inline int staleness(const World *world, const Said *said)
{
        int64_t age_ms = world->now_ms - said->at_ms;

        if (said->plan)
                return 0;
        return (age_ms > said->valid_for_ms) + (age_ms > 3 * said->valid_for_ms);
}

/* All speak for as many locations, but for the one that is revoked: it speaks for none. */
static inline bool is_better_card(const World *world, const Said *said, const Said *other)
{
        PartyTrust mine = trust(world, said), theirs = trust(world, other);

        if (mine != theirs)
                return mine < theirs;
        return said->at_ms != other->at_ms ? said->at_ms > other->at_ms
                                           : said->party < other->party;
}

static inline const Said *card_of(const World *world, unsigned location)
{
        const Said *best = NULL;

        for (size_t i = 0; i < N_SAID; i++) {
                const Said *said = &world->said[i];

                if (said->is_there && said->kind == SAID_CARD && said->location == location &&
                    (!best || is_better_card(world, said, best)))
                        best = said;
        }
        return best && trust(world, best) != PARTY_DISTRUSTED ? best : NULL;
}

static inline bool is_doubled(const World *world, const Said *counts)
{
        for (size_t i = 0; i < N_SAID; i++) {
                const Said *other = &world->said[i];
                int mine, theirs;

                if (!other->is_there || other == counts || other->kind != SAID_COUNTS ||
                    other->location != counts->location || other->unit != counts->unit)
                        continue;
                mine = trust(world, counts) == PARTY_DISTRUSTED;
                theirs = trust(world, other) == PARTY_DISTRUSTED;
                if (mine != theirs ? theirs < mine
                    : staleness(world, other) != staleness(world, counts)
                            ? staleness(world, other) < staleness(world, counts)
                    : other->at_ms != counts->at_ms ? other->at_ms > counts->at_ms
                                                    : other->party < counts->party)
                        return true;
        }
        return false;
}

static inline bool stands(const World *world, const Offering *offering)
{
        return (offering->holds_from_ms == TIME_ABSENT ||
                offering->holds_from_ms <= world->now_ms) &&
               (offering->holds_until_ms == TIME_ABSENT ||
                offering->holds_until_ms > world->now_ms);
}

static inline bool holds(const World *world, const Said *offer)
{
        for (size_t i = 0; i < N_SAID; i++) {
                const Said *other = &world->said[i];

                if (!other->is_there || other->kind != SAID_OFFER || other == offer ||
                    other->party != offer->party || other->location != offer->location ||
                    !stands(world, &other->offering))
                        continue;
                if (other->offering.holds_from_ms > offer->offering.holds_from_ms ||
                    (other->offering.holds_from_ms == offer->offering.holds_from_ms &&
                     other->plan > offer->plan))
                        return false;
        }
        return stands(world, &offer->offering);
}

/* -1: nobody knows. */
static inline int open_by(const World *world, const char *hours)
{
        int minute = (int)(world->now_ms / 60000 % MINUTES_A_WEEK);
        const char *at, *why;
        Hours parsed;

        if (!hours)
                return -1;
        must(hours_parse(&parsed, hours, &at, &why));
        return hours_are_open(&parsed, minute);
}

typedef struct Gives {
        bool says, says_yes, offers_at_all, is_shut, by_door, is_distrusted;
} Gives;

static inline Gives gives(const World *world, unsigned location)
{
        const Said *card = card_of(world, location);
        bool has_open = false, has_shut = false;
        Gives result = { 0 };

        for (size_t i = 0; i < N_SAID; i++) {
                const Said *said = &world->said[i];
                const char *hours = card ? card->card.hours : NULL;
                int open;

                if (!said->is_there || said->location != location)
                        continue;
                if (trust(world, said) == PARTY_DISTRUSTED) {
                        result.is_distrusted |=
                                said->kind == SAID_DOOR_OF_CARE || said->kind == SAID_OFFER;
                        continue;
                }
                result.by_door |= said->kind == SAID_DOOR_OF_CARE;
                if (said->kind != SAID_OFFER)
                        continue;
                result.offers_at_all = true;
                if (!holds(world, said))
                        continue;
                result.says = true;
                if (said->offering.not_offered)
                        continue;
                result.says_yes = true;
                open = card ? open_by(world, said->offering.hours ? said->offering.hours : hours)
                            : -1;
                has_open |= open == 1;
                has_shut |= open == 0;
        }
        /* By those offers that know; without an offer by the card. */
        if (result.says_yes)
                result.is_shut = has_shut && !has_open;
        else
                result.is_shut = card && open_by(world, card->card.hours) == 0;
        return result;
}

static inline size_t words_of(const World *world, unsigned location, DoorWord *words,
                              const Said **ret_said)
{
        size_t n = 0;

        for (size_t i = 0; i < N_SAID; i++) {
                const Said *said = &world->said[i];

                if ((!said->is_there && !said->withdrawn_ms) || said->location != location ||
                    (said->kind != SAID_DOOR && said->kind != SAID_DOOR_OF_CARE))
                        continue;
                ret_said[n] = said;
                words[n++] = (DoorWord){
                        .door = &said->door,
                        .unit = units[said->unit],
                        .party = parties[said->party],
                        .since_ms = said->at_ms,
                        .withdrawn_ms = said->is_there ? TIME_ABSENT : said->withdrawn_ms,
                        .is_distrusted = trust(world, said) == PARTY_DISTRUSTED,
                };
        }
        return n;
}
