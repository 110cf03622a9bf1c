#include <math.h>
#include <string.h>

#include "derived/impact.h"
#include "lib/place.h"
#include "lib/subscriber-internal.h"

typedef struct ImpactShown {
        PlekImpact shown;
        ImpactAnswer answer;
} ImpactShown;

static ImpactShown *impact_shown_free(ImpactShown *impact)
{
        if (impact)
                impact_answer_deinit(&impact->answer);
        free(impact);
        return NULL;
}
DEFINE_FREEP(ImpactShown, impact_shown_free);

static void show_door(const ImpactPlace *from, PlekImpactPlace *to)
{
        const DoorLead *lead = &from->lead;

        to->door_state = lead->state;
        to->door_why = (PlekDoorWhy)lead->why;
        to->door_since_ms = lead->since_ms;
        to->door_standing = (PlekStanding)lead->standing;
        to->n_door_exceptions = lead->n_exceptions;
        memcpy(to->door_exceptions, lead->exceptions,
               lead->n_exceptions * sizeof(lead->exceptions[0]));
        to->n_door_narrower = narrower_spell(from->narrower, from->n_narrower, to->door_narrower);
        to->door_ends_at_ms = lead->ends_at_ms;
        to->plan_starts_at_ms = to->plan_ends_at_ms = PLEK_NO_TIME;
        if (!from->plan)
                return;
        to->plan_state = from->plan->door->state;
        to->plan_starts_at_ms = from->plan->door->starts_at_ms;
        to->plan_ends_at_ms = from->plan->door->ends_at_ms;
}

static PlekImpactPlace *show_places(const ImpactAnswer *answer, Keep *keep, uint32_t care)
{
        PlekPlace *places = keep_alloc(keep, answer->n_shown, sizeof(*places));
        PlekImpactPlace *shown = keep_alloc(keep, answer->n_shown, sizeof(*shown));

        for (size_t i = 0; places && shown && i < answer->n_shown; i++) {
                const ImpactPlace *from = &answer->shown[i];

                place_show(from->place, keep, &places[i]);
                shown[i] = (PlekImpactPlace){
                        .place = &places[i],
                        .contact = place_show_contact(from->place, &places[i], care),
                        .why = from->taken.why,
                        .n_areas = from->taken.n_areas,
                        .weight = from->taken.weight,
                        .share = from->taken.share,
                        .load_per_hour = from->taken.load_per_hour,
                        .load_in_all = from->taken.load_in_all,
                        .nearest = from->taken.nearest,
                        .free = from->free,
                        .n_units = from->n_units,
                        .n_units_unknown = from->n_units_unknown,
                        .oldest_ms = from->oldest_ms,
                        .has_stale = from->has_stale,
                        .counts_withdrawn_ms = from->place->counts_gone_ms,
                };
                show_door(from, &shown[i]);
        }
        return shown;
}

/* Once, for all parts. */
static PlekArea *show_areas(const ImpactAnswer *answer, Keep *keep)
{
        PlekArea *areas = keep_alloc(keep, answer->n_areas, sizeof(*areas));

        for (size_t i = 0; areas && i < answer->n_areas; i++) {
                areas[i] = answer->areas[i];
                areas[i].id = keep_text(keep, answer->areas[i].id);
                areas[i].name = keep_text(keep, answer->areas[i].name);
        }
        return areas;
}

static PlekImpactMove *show_moves(const ImpactAnswer *answer, const ImpactPart *part, Keep *keep,
                                  const PlekImpactPlace *places, const PlekArea *areas)
{
        PlekImpactMove *moves = keep_alloc(keep, part->n_moves, sizeof(*moves));

        for (size_t i = 0; moves && areas && places && i < part->n_moves; i++) {
                const ImpactMove *from = &part->moves[i];

                moves[i] = (PlekImpactMove){
                        .area = &areas[from->area - answer->areas],
                        .to = from->to ? &places[from->to - answer->shown] : NULL,
                        .before = from->before,
                        .after = from->after,
                        .was_beyond = from->was_beyond,
                        .is_beyond = from->is_beyond,
                };
        }
        return moves;
}

static PlekImpactShare *show_shares(const ImpactAnswer *answer, size_t part, Keep *keep)
{
        PlekImpactShare *shares = keep_alloc(keep, answer->n_shown, sizeof(*shares));

        for (size_t i = 0; shares && i < answer->n_shown; i++) {
                const ImpactTaken *from = &answer->shown[i].parts[part];

                shares[i] = (PlekImpactShare){
                        .why = from->why,
                        .n_areas = from->n_areas,
                        .weight = from->weight,
                        .share = from->share,
                        .load_per_hour = from->load_per_hour,
                        .load_in_all = from->load_in_all,
                        .nearest = from->nearest,
                };
        }
        return shares;
}

static PlekImpactPart *show_parts(const ImpactAnswer *answer, Keep *keep,
                                  const PlekImpactPlace *places)
{
        PlekImpactPart *parts = keep_alloc(keep, answer->n_parts, sizeof(*parts));
        PlekArea *areas = show_areas(answer, keep);

        for (size_t i = 0; parts && i < answer->n_parts; i++) {
                const ImpactPart *from = &answer->parts[i];

                parts[i] = (PlekImpactPart){
                        .from_ms = from->from_ms,
                        .to_ms = from->to_ms,
                        .shares = show_shares(answer, i, keep),
                        .moves = show_moves(answer, from, keep, places, areas),
                        .n_moves = from->n_moves,
                        .n_out_of_reach = from->n_out_of_reach,
                        .n_newly_beyond = from->n_newly_beyond,
                        .weight = from->weight,
                        .weight_newly_beyond = from->weight_newly_beyond,
                };
        }
        return parts;
}

static int show(ImpactShown *impact, const ImpactQuestion *question)
{
        const ImpactAnswer *answer = &impact->answer;
        Keep *keep = &impact->answer.places.keep;
        PlekImpactPlace *places = show_places(answer, keep, question->care);
        PlekImpactPart *parts = show_parts(answer, keep, places);

        impact->shown = (PlekImpact){
                .places = places,
                .n_places = answer->n_shown,
                .parts = parts,
                .n_parts = answer->n_parts,
                .has_more_parts = answer->has_more_parts,
                .moves = parts ? parts[0].moves : NULL,
                .n_moves = answer->parts[0].n_moves,
                .n_areas = answer->n_areas,
                .n_out_of_reach = answer->n_out_of_reach,
                .weight = answer->weight,
                .n_newly_beyond = answer->n_newly_beyond,
                .weight_newly_beyond = answer->weight_newly_beyond,
                .by_travel_time = question->n_travel > 0,
                .own_points = answer->own_points != NULL,
                .has_load = answer->load_per_hour >= 0,
                .load_is_of_flows = answer->load_is_of_flows,
                .load_per_hour = answer->load_per_hour,
                .n_load_withheld = answer->n_load_withheld,
                .from_ms = question->from_ms,
                .to_ms = question->to_ms,
                .now_ms = question->now_ms,
        };
        return keep->failed ? err_raise(-ENOMEM) : 0;
}

static bool is_amount(double value)
{
        return isfinite(value) && value >= 0;
}

static bool is_sound(const PlekImpactOptions *options, int64_t from_ms)
{
        if (!options->location || !options->care || options->care == PLEK_ANY || from_ms <= 0 ||
            (options->to_ms != PLEK_NO_TIME && options->to_ms <= from_ms) ||
            !isfinite(options->load_per_hour) || !is_amount(options->beyond))
                return false;
        for (size_t i = 0; i < options->n_areas; i++)
                if (!options->areas[i].id || !is_amount(options->areas[i].weight))
                        return false;
        for (size_t i = 0; i < options->n_travel; i++)
                if (!options->travel[i].from || !options->travel[i].to ||
                    !is_amount(options->travel[i].minutes))
                        return false;
        return true;
}

int plek_subscriber_impact(const PlekSubscriber *subscriber, const PlekImpactOptions *options,
                           PlekImpact **ret_impact)
{
        CLEANUP(impact_shown_freep) ImpactShown *impact = NULL;
        int64_t now_ms = subscriber_now_ms(subscriber, monotonic_us());
        int64_t from_ms = options->from_ms == PLEK_NO_TIME ? now_ms : options->from_ms;
        ImpactQuestion question;
        int r;

        if (!is_sound(options, from_ms))
                return err_raise(-EINVAL);
        question = (ImpactQuestion){
                .status = options->status ? (Status)options->status : STATUS_ACTUAL,
                .location = options->location,
                .care = options->care,
                .scheme = options->scheme,
                .region = options->region,
                .now_ms = now_ms,
                .from_ms = from_ms,
                .to_ms = options->to_ms,
                .areas = options->areas,
                .n_areas = options->n_areas,
                .travel = options->travel,
                .n_travel = options->n_travel,
                .load_per_hour = options->load_per_hour,
                .beyond = options->beyond,
                .clock = options->clock,
                .clock_arg = options->clock_arg,
                .memory = place_memory(subscriber->replica),
        };

        impact = calloc(1, sizeof(*impact));
        if (!impact)
                return err_raise(-ENOMEM);
        r = impact_make(&impact->answer, replica_picture(subscriber->replica),
                        replica_registry(subscriber->replica), &question);
        if (r == IMPACT_E_NOT_GIVEN)
                return PLEK_E_NOT_FOUND;
        if (!r)
                r = show(impact, &question);
        if (r)
                return err_fold(r);
        *ret_impact = &STEAL(impact)->shown;
        return 0;
}

PlekImpact *plek_impact_free(PlekImpact *impact)
{
        impact_shown_free((ImpactShown *)impact);
        return NULL;
}

size_t plek_subscriber_cares(const PlekSubscriber *subscriber, PlekStatus status,
                             const char *location, uint32_t *ret_cares, size_t n_max)
{
        return impact_cares(replica_picture(subscriber->replica),
                            status ? (Status)status : STATUS_ACTUAL, location, ret_cares, n_max);
}
