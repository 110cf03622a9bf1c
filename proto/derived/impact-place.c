/*
 * What each place is to a closure: whether it takes patients at a time, and why not
 */

#include <string.h>

#include "derived/impact-internal.h"

static bool has_counts(const Place *place)
{
        for (size_t i = 0; i < place->n_counts; i++)
                if (place->counts[i].trust != PARTY_DISTRUSTED)
                        return true;
        return false;
}

bool impact_gives(const Place *place, uint32_t care)
{
        bool is_said, has_door, is_offered = place_offers(place, care, &is_said);

        return is_said ? is_offered : place_has_door(place, care, &has_door) || has_counts(place);
}

static PlekImpactWhy why_not_given(const Place *place, uint32_t care)
{
        bool has_door;

        (void)place_has_door(place, care, &has_door);
        if (place->n_offers)
                return PLEK_IMPACT_NOT_OFFERED;
        return place->n_counts || has_door ? PLEK_IMPACT_DISTRUSTED : PLEK_IMPACT_WITHDRAWN;
}

static DoorQuestion door_question(const ImpactQuestion *question)
{
        return (DoorQuestion){ .scope = { NULL, question->care, CODE_ABSENT, CODE_ABSENT } };
}

PlekImpactWhy impact_why(const ImpactPlace *shown, const ImpactQuestion *question,
                         const Metric *metric, int64_t at_ms)
{
        const DoorQuestion asked = door_question(question);
        Place *place = shown->place;
        DoorLead lead;

        place_hold_at(place, at_ms);
        if (!strcmp(place->location, question->location))
                return PLEK_IMPACT_CLOSES;
        if (!impact_gives(place, question->care))
                return why_not_given(place, question->care);
        if (place_opening(place, question->care) == PLACE_IS_SHUT)
                return PLEK_IMPACT_SHUT;
        door_lead(place->words, place->n_words, &asked, at_ms, &lead);
        if (door_is_stopped(lead.state) && lead.standing != DOOR_EXPIRED)
                return PLEK_IMPACT_DOOR;
        if (!metric_knows(metric, place))
                return PLEK_IMPACT_NOWHERE;
        return PLEK_IMPACT_TAKES;
}

static int64_t next_of_door(const Place *place, const DoorQuestion *asked, int64_t at_ms)
{
        DoorLead next;

        return place->n_words ? door_next_lead(place->words, place->n_words, asked, at_ms, &next)
                              : INT64_MAX;
}

/* Offerings of another care do not matter, and make for a look too many at the most. */
static int64_t next_of_offers(const Place *place, int64_t at_ms)
{
        int64_t next_ms = INT64_MAX;

        for (size_t i = 0; i < place->n_offers; i++) {
                const Offering *offering = &place->offers[i].offering;

                if (offering->holds_from_ms != TIME_ABSENT && offering->holds_from_ms > at_ms)
                        next_ms = MIN(next_ms, offering->holds_from_ms);
                if (offering->holds_until_ms != TIME_ABSENT && offering->holds_until_ms > at_ms)
                        next_ms = MIN(next_ms, offering->holds_until_ms);
        }
        return next_ms;
}

int64_t impact_next_change_ms(const ImpactAnswer *answer, const ImpactQuestion *question,
                              int64_t at_ms)
{
        const DoorQuestion asked = door_question(question);
        int64_t next_ms = INT64_MAX;

        for (size_t i = 0; i < answer->n_shown; i++) {
                const Place *place = answer->shown[i].place;

                if (!strcmp(place->location, question->location))
                        continue; /* it is closed, whatever it announced */
                next_ms = MIN(next_ms, next_of_door(place, &asked, at_ms));
                next_ms = MIN(next_ms, next_of_offers(place, at_ms));
        }
        return next_ms;
}

/* The location as a whole, where it reports, stands for its units. */
static void add_free(ImpactPlace *shown)
{
        const Place *place = shown->place;

        shown->oldest_ms = -1;
        for (size_t i = 0; i < place->n_counts; i++) {
                const PlaceCounts *counts = &place->counts[i];

                if (counts->is_doubled || counts->trust == PARTY_DISTRUSTED)
                        continue;
                if (!counts->free_known || counts->freshness == FRESHNESS_SILENT) {
                        shown->n_units_unknown++;
                        continue;
                }
                shown->n_units++;
                shown->free += counts->free;
                shown->oldest_ms = MAX(shown->oldest_ms, counts->age_ms);
                shown->has_stale |= counts->freshness != FRESHNESS_FRESH;
                if (!counts->unit)
                        return; /* units come after the whole */
        }
}

static void look_at_door(ImpactPlace *shown, const ImpactQuestion *question)
{
        const DoorQuestion asked = door_question(question);
        const DoorWord *plan;

        door_lead(shown->place->words, shown->place->n_words, &asked, question->from_ms,
                  &shown->lead);
        shown->n_narrower = door_narrower(shown->place->words, shown->place->n_words, &asked,
                                          question->from_ms, &shown->lead, shown->narrower);
        plan = shown->lead.plan;
        if (plan && (question->to_ms == TIME_ABSENT || plan->door->starts_at_ms < question->to_ms))
                shown->plan = plan;
}

int impact_show_places(ImpactAnswer *answer, const ImpactQuestion *question)
{
        size_t n_places = MAX(answer->places.n_places, (size_t)1);

        answer->shown = calloc(n_places, sizeof(*answer->shown));
        answer->taken = calloc(n_places * IMPACT_PARTS_MAX, sizeof(*answer->taken));
        if (!answer->shown || !answer->taken)
                return err_raise(-ENOMEM);

        for (size_t i = 0; i < answer->places.n_places; i++) {
                ImpactPlace *shown = &answer->shown[answer->n_shown++];

                *shown = (ImpactPlace){ .place = answer->places.places[i],
                                        .parts = &answer->taken[i * IMPACT_PARTS_MAX] };
                look_at_door(shown, question);
                add_free(shown);
        }
        return 0;
}
