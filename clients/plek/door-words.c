#include "door-words.h"

#include "when.h"
#include "words.h"

const char *door_state_words(uint32_t state, Language language)
{
        return state == PLEK_DOOR_UNKNOWN ? word(language, "unknown")
                                          : label(PLEK_CODES_DOOR_STATE, state, language);
}

void scope_words(const PlekDoorScope *scope, Language language, Text *text)
{
        text_add(text, "%s",
                 scope->care != PLEK_ANY ? label(PLEK_CODES_CARE, scope->care, language)
                                         : word(language, "whole location"));
        if (scope->unit)
                text_add(text, " %s", scope->unit);
        if (scope->patient_group != PLEK_ANY)
                text_add(text, ", %s",
                         label(PLEK_CODES_PATIENT_GROUP, scope->patient_group, language));
        if (scope->urgency != PLEK_ANY)
                text_add(text, ", U%u", scope->urgency);
}

void exceptions_words(const uint32_t *exceptions, size_t n_exceptions, Language language,
                      Text *text)
{
        for (size_t i = 0; i < n_exceptions; i++)
                text_add(text, "%s%s %s", i ? "," : " ", i ? "" : word(language, "except"),
                         label(PLEK_CODES_EXCEPTION, exceptions[i], language));
}

void narrower_words(const PlekNarrowerDoor *narrower, size_t n_narrower, Language language,
                    Text *text)
{
        for (size_t i = 0; i < n_narrower; i++) {
                const PlekNarrowerDoor *one = &narrower[i];
                bool has_group = one->patient_group != PLEK_ANY;

                text_add(text, " · %s %s", word(language, "but"),
                         door_state_words(one->state, language));
                if (one->standing == PLEK_EXPIRED)
                        text_add(text, " (%s)", word(language, "expired"));
                text_add(text, " %s: %s", word(language, "for"),
                         has_group ? label(PLEK_CODES_PATIENT_GROUP, one->patient_group, language)
                                   : "");
                if (one->urgency != PLEK_ANY)
                        text_add(text, "%sU%u", has_group ? ", " : "", one->urgency);
        }
}

static void add_time(Text *text, const char *before, int64_t ms, Language language)
{
        char when[WHEN_TEXT_BYTES];

        if (ms == PLEK_NO_TIME)
                return;
        when_format_soon(ms, language, when);
        text_add(text, "%s %s", word(language, before), when);
}

const char *door_why_words(PlekDoorWhy why, Language language)
{
        static const char *const whys[] = {
                [PLEK_DOOR_NEVER_REPORTED] = "nothing is held",
                [PLEK_DOOR_HAS_EXPIRED] = "expired",
                [PLEK_DOOR_WAS_WITHDRAWN] = "withdrawn",
                [PLEK_DOOR_IS_DISTRUSTED] = "distrusted",
                [PLEK_DOOR_IS_NOT_SHARED] = "no longer shared with you",
        };

        return whys[why] ? word(language, whys[why]) : NULL;
}

const char *door_standing_words(uint32_t state, PlekDoorWhy why, PlekStanding standing,
                                Language language)
{
        if (state == PLEK_DOOR_UNKNOWN)
                return door_why_words(why, language);
        return standing == PLEK_REOPENED  ? word(language, "reopened, unconfirmed")
               : standing == PLEK_EXPIRED ? word(language, "expired")
                                          : NULL;
}

void unknown_door_words(PlekDoorWhy why, int64_t since_ms, Language language, Text *text)
{
        if (why == PLEK_DOOR_NEVER_REPORTED) {
                text_add(text, "%s", word(language, "door: not said"));
                return;
        }
        text_add(text, "%s: %s", word(language, "door"), door_why_words(why, language));
        if (since_ms == PLEK_NO_TIME)
                return;
        text_add(text, " ");
        add_time(text, "since", since_ms, language);
}

void withdrawn_places_words(int64_t at_ms, Language language, Text *text)
{
        if (at_ms == PLEK_NO_TIME)
                return;
        text_add(text, "%s: %s ", word(language, "places"), word(language, "withdrawn"));
        add_time(text, "since", at_ms, language);
}

void leading_words(const PlekLeadingDoor *door, Language language, Text *text)
{
        const char *standing =
                door_standing_words(door->state, door->why, door->standing, language);

        text_add(text, "%s", door_state_words(door->state, language));
        if (standing)
                text_add(text, " (%s)", standing);
        exceptions_words(door->exceptions, door->n_exceptions, language, text);
        narrower_words(door->narrower, door->n_narrower, language, text);
        if (door->since_ms != PLEK_NO_TIME) {
                text_add(text, " · ");
                add_time(text, "since", door->since_ms, language);
        }
        if (door->ends_at_ms != PLEK_NO_TIME) {
                text_add(text, " · ");
                add_time(text, "until", door->ends_at_ms, language);
        }
}

void plan_at_words(uint32_t state, int64_t starts_at_ms, int64_t ends_at_ms, Language language,
                   Text *text)
{
        static const char *const verbs[] = {
                [PLEK_DOOR_OPEN] = "opens",
                [PLEK_DOOR_RESTRICTED] = "restricted from",
                [PLEK_DOOR_STOP] = "stop from",
                [PLEK_DOOR_CLOSED] = "closes",
                [PLEK_DOOR_NOT_APPLICABLE] = "is not there from",
        };

        if (state == PLEK_DOOR_UNKNOWN || state >= N_ELEMENTS(verbs))
                return;
        add_time(text, verbs[state], starts_at_ms, language);
        if (ends_at_ms != PLEK_NO_TIME) {
                text_add(text, ", ");
                add_time(text, "until", ends_at_ms, language);
        }
}

void plan_words(const PlekLeadingDoor *door, Language language, Text *text)
{
        plan_at_words(door->plan_state, door->plan_starts_at_ms, door->plan_ends_at_ms, language,
                      text);
}

/* "(silent, 3 h)": what is fresh needs no more words. */
static void add_age(const PlekNeighbour *neighbour, Language language, Text *text)
{
        char age[DURATION_TEXT_BYTES];

        if (neighbour->freshness != PLEK_STALE && neighbour->freshness != PLEK_SILENT)
                return;
        duration_format(neighbour->age_ms, age);
        text_add(text, " (%s, %s)",
                 word(language, neighbour->freshness == PLEK_STALE ? "stale" : "silent"), age);
}

void neighbour_words(const PlekNeighbour *neighbour, Language language, Text *text)
{
        const char *standing = door_standing_words(neighbour->state, neighbour->why,
                                                   neighbour->standing, language);

        text_add(text, "%s, %.*f km, %s", neighbour->name,
                 neighbour->distance_m < 100 * 1000 ? 1 : 0, neighbour->distance_m / 1000,
                 door_state_words(neighbour->state, language));
        if (standing)
                text_add(text, " (%s)", standing);
        add_age(neighbour, language, text);
        if (neighbour->enrolled != PLEK_ENROLLED)
                text_add(text, " (%s)", word(language, "no longer enrolled"));
        if (neighbour->opening == PLEK_OPENING_SHUT)
                text_add(text, " (%s)", word(language, "outside its hours"));
        exceptions_words(neighbour->exceptions, neighbour->n_exceptions, language, text);
        narrower_words(neighbour->narrower, neighbour->n_narrower, language, text);
        if (neighbour->phone)
                text_add(text, ", %s %s", neighbour->phone_function, neighbour->phone);
}

static void all_stopped_words(const PlekNeighbours *neighbours, Language language, Text *text)
{
        text_add(text, "%s (%zu", word(language, "all neighbours have stopped too"),
                 neighbours->n_stopped);
        if (neighbours->n_expired)
                text_add(text, ", %s %zu", word(language, "past their end"), neighbours->n_expired);
        if (neighbours->n_shut)
                text_add(text, ", %s %zu", word(language, "outside their hours"),
                         neighbours->n_shut);
        text_add(text, ") · ");
}

void neighbours_words(const PlekNeighbours *neighbours, Language language, Text *text)
{
        if (neighbours->all_stopped)
                all_stopped_words(neighbours, language, text);
        if (neighbours->is_partial && !neighbours->has_next) {
                text_add(text, "%s", word(language, "other regions are not followed"));
                return;
        }
        if (!neighbours->n_nearest && !neighbours->has_next) {
                text_add(text, "%s", word(language, "no neighbours are known"));
                return;
        }
        if (!neighbours->has_next && neighbours->n_not_compared) {
                text_add(text, "%zu %s", neighbours->n_not_compared,
                         word(language, "others say so of their kinds of care only"));
                return;
        }
        if (!neighbours->has_next) {
                text_add(text, "%s", word(language, "nobody else is known to take patients"));
                return;
        }
        text_add(text, "%s: ", word(language, "next"));
        neighbour_words(&neighbours->next, language, text);
}
