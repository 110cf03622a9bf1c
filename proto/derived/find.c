#include "derived/find.h"

#include <string.h>

#include "derived/geo.h"

/* ------------------------------------------------------------------ one candidate */

/* The first of what the patient is that the door excepts; 0: none. */
static uint32_t exception_of(const FindQuestion *question, const DoorLead *lead)
{
        for (size_t i = 0; i < question->n_exceptions; i++)
                for (size_t e = 0; e < lead->n_exceptions; e++)
                        if (question->exceptions[i] == lead->exceptions[e])
                                return lead->exceptions[e];
        return 0;
}

/* Past its end a stop is not one any more, nor is it open. */
static bool keeps_out(const Found *found)
{
        return door_is_stopped(found->lead.state) && found->lead.standing != DOOR_EXPIRED;
}

/* Of these people say whether they take patients; that nobody counts free places is no gap. */
static bool is_told_by_door(uint32_t care)
{
        switch (care) {
        case PLEK_CARE_ED:
        case PLEK_CARE_ED_CHILD:
        case PLEK_CARE_GP_POST:
        case PLEK_CARE_PSYCHIATRIC_CRISIS:
        case PLEK_CARE_DIAGNOSTICS_CT:
        case PLEK_CARE_DIAGNOSTICS_MRI:
        case PLEK_CARE_DIAGNOSTICS_LAB:
        case PLEK_CARE_CATH_LAB:
                return true;
        default:
                return false;
        }
}

static bool has_free_said(const PlaceCounts *counts)
{
        return counts && counts->free_known && counts->freshness != FRESHNESS_SILENT;
}

/* Whether the door is all that there is to go by, and enough. */
static bool goes_by_door(const Found *found, const FindQuestion *question)
{
        return is_told_by_door(question->care) && !has_free_said(found->counts) && found->door &&
               found->door->freshness != FRESHNESS_SILENT && found->lead.state != DOOR_UNKNOWN &&
               found->lead.standing != DOOR_EXPIRED && (!keeps_out(found) || found->exception);
}

static void look_at_door(Found *found, const FindQuestion *question)
{
        const Place *place = found->place;
        const DoorQuestion asked = {
                .scope = {
                        .unit = found->counts ? found->counts->unit : NULL,
                        .care = question->care,
                        .patient_group = question->patient_group,
                        .urgency = question->urgency,
                },
        };

        door_lead(place->words, place->n_words, &asked, question->now_ms, &found->lead);
        found->n_narrower = door_narrower(place->words, place->n_words, &asked, question->now_ms,
                                          &found->lead, found->narrower);
        if (found->lead.word)
                found->door = &place->doors[found->lead.word - place->words];
        if (keeps_out(found))
                found->exception = exception_of(question, &found->lead);
}

static uint32_t doubts_about_door(const Found *found)
{
        const DoorLead *lead = &found->lead;
        uint32_t doubts = 0;

        if (lead->state == DOOR_UNKNOWN)
                doubts |= PLEK_DOUBT_DOOR_UNKNOWN;
        if (lead->standing == DOOR_EXPIRED && lead->state != DOOR_UNKNOWN)
                doubts |= PLEK_DOUBT_DOOR_EXPIRED;
        if (lead->standing == DOOR_REOPENED)
                doubts |= PLEK_DOUBT_DOOR_REOPENED;
        if (found->door && found->door->freshness != FRESHNESS_FRESH)
                doubts |= PLEK_DOUBT_DOOR_OLD;
        if (found->n_narrower)
                doubts |= PLEK_DOUBT_DOOR_NARROWER;
        if (found->door && found->door->trust != PARTY_ENROLLED)
                doubts |= PLEK_DOUBT_NOT_ENROLLED;
        return doubts;
}

static uint32_t doubts_about_counts(const PlaceCounts *counts)
{
        uint32_t doubts = 0;

        if (!counts || !counts->free_known)
                doubts |= PLEK_DOUBT_COUNTS_UNKNOWN;
        if (!counts)
                return doubts;
        if (counts->freshness == FRESHNESS_STALE)
                doubts |= PLEK_DOUBT_COUNTS_STALE;
        if (counts->freshness == FRESHNESS_SILENT)
                doubts |= PLEK_DOUBT_COUNTS_SILENT;
        if (counts->flags & ENTRY_INCONSISTENT)
                doubts |= PLEK_DOUBT_INCONSISTENT;
        if (counts->trust != PARTY_ENROLLED)
                doubts |= PLEK_DOUBT_NOT_ENROLLED;
        return doubts;
}

static bool has_trusted_offer(const Place *place)
{
        for (size_t i = 0; i < place->n_offers; i++)
                if (place->offers[i].trust != PARTY_DISTRUSTED)
                        return true;
        return false;
}

/* Of a place that reports no counts, and of which nobody who is to be believed says that it gives
 * this care. 0: somebody does. */
static PlekFindLeftOut without_claim(const Place *place, uint32_t care, bool is_offered)
{
        bool has_door;

        if (is_offered || place_has_door(place, care, &has_door))
                return 0;
        if (has_trusted_offer(place))
                return PLEK_LEFT_OUT_NOT_OFFERED; /* not yet */
        return place->n_offers || has_door ? PLEK_LEFT_OUT_DISTRUSTED : PLEK_LEFT_OUT_WITHDRAWN;
}

/* 0: it is not left out. */
static PlekFindLeftOut left_out(const Found *found, const FindQuestion *question)
{
        bool is_said, is_offered = place_offers(found->place, question->care, &is_said);

        if (found->counts && found->counts->trust == PARTY_DISTRUSTED)
                return PLEK_LEFT_OUT_DISTRUSTED;
        if (found->counts && found->counts->is_doubled)
                return PLEK_LEFT_OUT_DOUBLED;
        if (is_said && !is_offered)
                return PLEK_LEFT_OUT_NOT_OFFERED;
        if (!found->counts && without_claim(found->place, question->care, is_offered))
                return without_claim(found->place, question->care, is_offered);
        if (place_opening(found->place, question->care) == PLACE_IS_SHUT)
                return PLEK_LEFT_OUT_SHUT;
        if (keeps_out(found) && !found->exception)
                return PLEK_LEFT_OUT_DOOR;
        if (question->within_m > 0 &&
            (found->distance_m < 0 || found->distance_m > question->within_m))
                return PLEK_LEFT_OUT_TOO_FAR;
        return 0;
}

static PlekFindRank rank_of(const Found *found, const FindQuestion *question)
{
        if (found->why)
                return PLEK_FIND_LEFT_OUT;
        if (!found->by_door && !has_free_said(found->counts))
                return PLEK_FIND_UNKNOWN;
        if (!found->by_door && found->counts->free < question->need)
                return PLEK_FIND_FULL;
        return found->doubts ? PLEK_FIND_UNCONFIRMED : PLEK_FIND_FREE;
}

static Found judge(const Place *place, const PlaceCounts *counts, double distance_m,
                   const FindQuestion *question)
{
        Found found = { .place = place, .counts = counts, .distance_m = distance_m };

        look_at_door(&found, question);
        found.by_door = goes_by_door(&found, question);
        found.doubts = doubts_about_door(&found) | doubts_about_counts(counts);
        if (found.by_door && question->need == 1)
                found.doubts &= ~(uint32_t)PLEK_DOUBT_COUNTS_UNKNOWN; /* one is let in */
        found.why = left_out(&found, question);
        found.rank = rank_of(&found, question);
        return found;
}

/* ------------------------------------------------------------------ units together */

static int compare_texts(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) : !!a - !!b; /* none before any */
}

static bool has_some(const Found *found)
{
        return found->rank == PLEK_FIND_FULL && found->counts->unit && found->counts->free > 0;
}

/* Those that have some free places; of these the ones without a doubt; of these the most. */
static int compare_parts(const void *a, const void *b)
{
        const Found *x = a, *y = b;

        if (has_some(x) != has_some(y))
                return has_some(x) ? -1 : 1;
        if (!has_some(x))
                return 0;
        if (!x->doubts != !y->doubts)
                return x->doubts ? 1 : -1;
        if (x->counts->free != y->counts->free)
                return x->counts->free > y->counts->free ? -1 : 1;
        return compare_texts(x->counts->unit, y->counts->unit);
}

/* How many of @found, in their order, have enough together; 0: not all of them. */
static size_t n_enough(const Found *found, size_t n_found, int32_t need)
{
        int32_t free = 0;

        for (size_t i = 0; i < n_found && has_some(&found[i]); i++) {
                free += found[i].counts->free; /* each has less than @need */
                if (free >= need)
                        return i + 1;
        }
        return 0;
}

/* The best that any of them is by itself. A report of the location as a whole stands for its
 * units. */
static PlekFindRank best_alone(const Found *found, size_t n_found)
{
        PlekFindRank best = PLEK_FIND_FULL;

        for (size_t i = 0; i < n_found; i++) {
                if (found[i].counts && !found[i].counts->unit && !found[i].why &&
                    has_free_said(found[i].counts))
                        return PLEK_FIND_FREE;
                best = MIN(best, found[i].rank);
        }
        return best;
}

static void add_counts(PlaceCounts *sum, const PlaceCounts *counts)
{
        sum->free += counts->free;
        sum->free_computed |= counts->free_computed;
        sum->flags |= counts->flags;
        sum->freshness = MAX(sum->freshness, counts->freshness);
        sum->age_ms = MAX(sum->age_ms, counts->age_ms);
        sum->since_ms = MAX(sum->since_ms, counts->since_ms);
        if (compare_texts(sum->party, counts->party))
                sum->party = NULL;
        if (compare_texts(sum->definition, counts->definition))
                sum->definition = NULL;
        if (sum->source != counts->source)
                sum->source = 0;
}

/* What the first @n_parts are together; its door is the strictest of theirs. */
static int join(Found *ret_whole, const Found *parts, size_t n_parts, Keep *keep)
{
        PlaceCounts *sum = keep_alloc(keep, 1, sizeof(*sum));
        const PlaceCounts **units = keep_alloc(keep, n_parts, sizeof(const PlaceCounts *));
        const Found *strictest = parts;
        Found whole;

        if (!sum || !units)
                return err_raise(-ENOMEM);
        whole = *parts;
        *sum = *parts->counts;
        sum->unit = sum->label = NULL;
        units[0] = parts->counts;
        for (size_t i = 1; i < n_parts; i++) {
                add_counts(sum, parts[i].counts);
                units[i] = parts[i].counts;
                whole.doubts |= parts[i].doubts;
                if (door_strictness(parts[i].lead.state) > door_strictness(strictest->lead.state))
                        strictest = &parts[i];
        }
        whole.lead = strictest->lead;
        whole.door = strictest->door;
        memcpy(whole.narrower, strictest->narrower, sizeof(whole.narrower));
        whole.n_narrower = strictest->n_narrower;
        whole.exception = strictest->exception;
        whole.counts = sum;
        whole.units = units;
        whole.n_units = n_parts;
        whole.rank = whole.doubts ? PLEK_FIND_UNCONFIRMED : PLEK_FIND_FREE;
        *ret_whole = whole;
        return 0;
}

/* @found are all of one location, and the last of the answer. */
static int join_units(FindAnswer *answer, Found *found, const FindQuestion *question)
{
        size_t n = answer->n_found - (size_t)(found - answer->found), n_parts;
        Found whole;
        int r;

        if (question->need == 1 || n < 2)
                return 0;
        qsort(found, n, sizeof(*found), compare_parts);
        n_parts = n_enough(found, n, question->need);
        if (!n_parts)
                return 0;
        r = join(&whole, found, n_parts, &answer->places.keep);
        if (r)
                return r;
        if (whole.rank >= best_alone(found, n))
                return 0;
        found[0] = whole;
        memmove(&found[1], &found[n_parts], (n - n_parts) * sizeof(*found));
        answer->n_found -= n_parts - 1;
        return 0;
}

/* ------------------------------------------------------------------ order */

static int compare_numbers(double a, double b)
{
        return (a > b) - (a < b);
}

static int64_t free_of(const Found *found)
{
        return found->counts && found->counts->free_known ? found->counts->free : -1;
}

static int compare(const void *a, const void *b)
{
        const Found *x = a, *y = b;
        int order = (int)x->rank - (int)y->rank;

        if (!order)
                order = (x->distance_m < 0) - (y->distance_m < 0);
        if (!order)
                order = compare_numbers(x->distance_m, y->distance_m);
        if (!order)
                order = (free_of(x) < free_of(y)) - (free_of(x) > free_of(y));
        if (!order)
                order = strcmp(x->place->location, y->place->location);
        if (!order)
                order = compare_texts(x->counts ? x->counts->unit : NULL,
                                      y->counts ? y->counts->unit : NULL);
        return order ? order
                     : compare_texts(x->counts ? x->counts->party : NULL,
                                     y->counts ? y->counts->party : NULL);
}

/* ------------------------------------------------------------------ the whole */

static double distance_of(const Place *place, const FindQuestion *question)
{
        if (!place->card.has_position)
                return -1;
        return geo_distance_m(question->latitude, question->longitude,
                              place->card.latitude_e7 / 1e7, place->card.longitude_e7 / 1e7);
}

static int rank_all(FindAnswer *answer, const FindQuestion *question)
{
        const Places *places = &answer->places;
        size_t n = 0;
        int r;

        for (size_t i = 0; i < places->n_places; i++)
                n += MAX(places->places[i]->n_counts, (size_t)1);
        answer->found = calloc(MAX(n, (size_t)1), sizeof(*answer->found));
        if (!answer->found)
                return err_raise(-ENOMEM);

        for (size_t i = 0; i < places->n_places; i++) {
                const Place *place = places->places[i];
                double distance_m = distance_of(place, question);
                size_t first = answer->n_found;

                for (size_t c = 0; c < place->n_counts; c++)
                        answer->found[answer->n_found++] =
                                judge(place, &place->counts[c], distance_m, question);
                if (!place->n_counts)
                        answer->found[answer->n_found++] = judge(place, NULL, distance_m, question);
                r = join_units(answer, &answer->found[first], question);
                if (r)
                        return r;
                for (size_t f = first; f < answer->n_found; f++)
                        answer->n_left_out += answer->found[f].rank == PLEK_FIND_LEFT_OUT;
        }
        if (answer->n_found)
                qsort(answer->found, answer->n_found, sizeof(*answer->found), compare);
        return 0;
}

int find_places(FindAnswer *ret_answer, const Picture *picture, const Registry *registry,
                const FindQuestion *question)
{
        CLEANUP(find_answer_deinit) FindAnswer answer = FIND_ANSWER_NULL;
        const PlacesScope scope = {
                .status = question->status,
                .care = question->care,
                .scheme = question->scheme,
                .region = question->region,
                .now_ms = question->now_ms,
                .clock = question->clock,
                .clock_arg = question->clock_arg,
                .memory = question->memory,
        };
        int r;

        r = places_make(&answer.places, picture, registry, &scope);
        if (!r)
                r = rank_all(&answer, question);
        if (r)
                return r;
        *ret_answer = answer;
        answer = FIND_ANSWER_NULL;
        return 0;
}

void find_answer_deinit(FindAnswer *answer)
{
        free(answer->found);
        places_deinit(&answer->places);
        *answer = FIND_ANSWER_NULL;
}
