/*
 * What each place is to a closure: whether it takes patients then, and why not
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

static PlekImpactWhy why_not(const ImpactPlace *shown, const ImpactQuestion *question,
                             const Metric *metric)
{
        const Place *place = shown->place;

        if (!strcmp(place->location, question->location))
                return PLEK_IMPACT_CLOSES;
        if (!impact_gives(place, question->care))
                return why_not_given(place, question->care);
        if (place_opening(place, question->care) == PLACE_IS_SHUT)
                return PLEK_IMPACT_SHUT;
        if (door_is_stopped(shown->lead.state) && shown->lead.standing != DOOR_EXPIRED)
                return PLEK_IMPACT_DOOR;
        if (!metric_knows(metric, place))
                return PLEK_IMPACT_NOWHERE;
        return PLEK_IMPACT_TAKES;
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
        const DoorQuestion asked = {
                .scope = { NULL, question->care, CODE_ABSENT, CODE_ABSENT },
        };
        const DoorWord *plan;

        door_lead(shown->place->words, shown->place->n_words, &asked, question->from_ms,
                  &shown->lead);
        shown->n_narrower = door_narrower(shown->place->words, shown->place->n_words, &asked,
                                          question->from_ms, &shown->lead, shown->narrower);
        plan = shown->lead.plan;
        if (plan && (question->to_ms == TIME_ABSENT || plan->door->starts_at_ms < question->to_ms))
                shown->plan = plan;
}

int impact_show_places(ImpactAnswer *answer, const ImpactQuestion *question, const Metric *metric)
{
        answer->shown = calloc(MAX(answer->places.n_places, (size_t)1), sizeof(*answer->shown));
        if (!answer->shown)
                return err_raise(-ENOMEM);

        for (size_t i = 0; i < answer->places.n_places; i++) {
                ImpactPlace *shown = &answer->shown[answer->n_shown++];

                *shown = (ImpactPlace){ .place = answer->places.places[i], .nearest = -1 };
                look_at_door(shown, question);
                add_free(shown);
                shown->why = why_not(shown, question, metric);
        }
        return 0;
}
