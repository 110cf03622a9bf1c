#include <string.h>

#include "derived/find.h"
#include "lib/place.h"
#include "lib/report.h"
#include "lib/subscriber-internal.h"

typedef struct FindShown {
        PlekFindAnswer shown;
        FindAnswer answer;
} FindShown;

static FindShown *find_shown_free(FindShown *find)
{
        if (find)
                find_answer_deinit(&find->answer);
        free(find);
        return NULL;
}
DEFINE_FREEP(FindShown, find_shown_free);

static void show_counts(const PlaceCounts *counts, PlekFound *to)
{
        to->has_counts = true;
        to->party = counts->party;
        to->unit = counts->unit;
        to->label = counts->label;
        to->definition = counts->definition;
        to->free_known = counts->free_known;
        to->free_computed = counts->free_computed;
        to->free = counts->free;
        to->freshness = (PlekFreshness)counts->freshness;
        to->age_ms = counts->age_ms;
        to->since_ms = counts->since_ms;
        to->source = counts->source;
        to->flags = counts->flags & (PLEK_FLAG_OVERCROWDED | PLEK_FLAG_INCONSISTENT);
}

static void show_units(const Found *found, Keep *keep, PlekFound *to)
{
        PlekFoundUnit *units = keep_alloc(keep, found->n_units, sizeof(*units));

        for (size_t i = 0; units && i < found->n_units; i++)
                units[i] = (PlekFoundUnit){
                        .party = found->units[i]->party,
                        .unit = found->units[i]->unit,
                        .label = found->units[i]->label,
                        .free = found->units[i]->free,
                        .freshness = (PlekFreshness)found->units[i]->freshness,
                        .age_ms = found->units[i]->age_ms,
                };
        to->units = units;
        to->n_units = found->n_units;
}

static void show_door(const Found *found, PlekFound *to)
{
        const DoorLead *lead = &found->lead;

        to->door_state = lead->state;
        to->door_why = (PlekDoorWhy)lead->why;
        to->door_standing = (PlekStanding)lead->standing;
        to->n_door_exceptions = lead->n_exceptions;
        memcpy(to->door_exceptions, lead->exceptions,
               lead->n_exceptions * sizeof(lead->exceptions[0]));
        to->n_door_narrower = narrower_spell(found->narrower, found->n_narrower, to->door_narrower);
        to->exception = found->exception;
        to->door_since_ms = lead->since_ms;
        to->door_ends_at_ms = lead->ends_at_ms;
        to->door_age_ms = -1;
        if (!found->door)
                return;
        to->door_party = lead->word->party;
        to->door_reason = lead->word->door->reason;
        to->door_text = found->door->text;
        to->door_source = found->door->source;
        to->door_freshness = (PlekFreshness)found->door->freshness;
        to->door_age_ms = found->door->age_ms;
}

static void show_plan(const DoorWord *plan, PlekFound *to)
{
        to->plan_starts_at_ms = to->plan_ends_at_ms = PLEK_NO_TIME;
        if (!plan)
                return;
        to->plan_state = plan->door->state;
        to->plan_starts_at_ms = plan->door->starts_at_ms;
        to->plan_ends_at_ms = plan->door->ends_at_ms;
        to->n_plan_exceptions = plan->door->n_exceptions;
        memcpy(to->plan_exceptions, plan->door->exceptions,
               plan->door->n_exceptions * sizeof(plan->door->exceptions[0]));
}

static int show(FindShown *find, uint32_t care, int64_t now_ms)
{
        const FindAnswer *answer = &find->answer;
        Keep *keep = &find->answer.places.keep;
        PlekPlace *places = keep_alloc(keep, answer->n_found, sizeof(*places));
        PlekFound *found = keep_alloc(keep, answer->n_found, sizeof(*found));

        for (size_t i = 0; places && found && i < answer->n_found; i++) {
                const Found *from = &answer->found[i];

                place_show(from->place, keep, &places[i]);
                found[i] = (PlekFound){
                        .rank = from->rank,
                        .by_door = from->by_door,
                        .why = from->why,
                        .doubts = from->doubts,
                        .distance_m = from->distance_m,
                        .counts_withdrawn_ms = from->place->counts_gone_ms,
                        .place = &places[i],
                        .contact = place_show_contact(from->place, &places[i], care),
                };
                if (from->counts)
                        show_counts(from->counts, &found[i]);
                if (from->n_units)
                        show_units(from, keep, &found[i]);
                show_door(from, &found[i]);
                show_plan(from->lead.plan, &found[i]);
        }
        if (keep->failed)
                return err_raise(-ENOMEM);
        find->shown = (PlekFindAnswer){
                .found = found,
                .n_found = answer->n_found,
                .n_left_out = answer->n_left_out,
                .now_ms = now_ms,
        };
        return 0;
}

static bool is_sound(const PlekFindOptions *options)
{
        return options->care && options->care != PLEK_ANY && options->need >= 1 &&
               options->n_exceptions <= PLEK_EXCEPTIONS_MAX && options->latitude_e7 >= -900000000 &&
               options->latitude_e7 <= 900000000 && options->longitude_e7 >= -1800000000 &&
               options->longitude_e7 <= 1800000000;
}

int plek_subscriber_find(const PlekSubscriber *subscriber, const PlekFindOptions *options,
                         PlekFindAnswer **ret_answer)
{
        CLEANUP(find_shown_freep) FindShown *find = NULL;
        FindQuestion question;
        int r;

        if (!is_sound(options))
                return err_raise(-EINVAL);
        question = (FindQuestion){
                .status = options->status ? (Status)options->status : STATUS_ACTUAL,
                .care = options->care,
                .latitude = options->latitude_e7 / 1e7,
                .longitude = options->longitude_e7 / 1e7,
                .need = options->need,
                .patient_group = options->patient_group,
                .urgency = options->urgency,
                .n_exceptions = options->n_exceptions,
                .within_m = options->within_m,
                .scheme = options->scheme,
                .region = options->region,
                .now_ms = subscriber_now_ms(subscriber, monotonic_us()),
                .clock = options->clock,
                .clock_arg = options->clock_arg,
                .memory = place_memory(subscriber->replica),
        };
        memcpy(question.exceptions, options->exceptions,
               options->n_exceptions * sizeof(options->exceptions[0]));

        find = calloc(1, sizeof(*find));
        if (!find)
                return err_raise(-ENOMEM);
        r = find_places(&find->answer, replica_picture(subscriber->replica),
                        replica_registry(subscriber->replica), &question);
        if (!r)
                r = show(find, options->care, question.now_ms);
        if (r)
                return err_fold(r);
        *ret_answer = &STEAL(find)->shown;
        return 0;
}

PlekFindAnswer *plek_find_answer_free(PlekFindAnswer *answer)
{
        find_shown_free((FindShown *)answer);
        return NULL;
}
