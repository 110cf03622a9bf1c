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

/* Of a place that reports no counts: whether anybody who is to be believed says that it gives this
 * care. */
static bool has_claim(const Place *place, uint32_t care, bool is_offered)
{
        for (size_t i = 0; i < place->n_words && !is_offered; i++)
                if (place->words[i].door->care == care && !place->words[i].is_distrusted)
                        return true;
        return is_offered;
}

static bool has_trusted_offer(const Place *place)
{
        for (size_t i = 0; i < place->n_offers; i++)
                if (place->offers[i].trust != PARTY_DISTRUSTED)
                        return true;
        return false;
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
        if (!found->counts && !has_claim(found->place, question->care, is_offered))
                return has_trusted_offer(found->place) ? PLEK_LEFT_OUT_NOT_OFFERED /* not yet */
                                                       : PLEK_LEFT_OUT_DISTRUSTED;
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
        if (found->doubts & (PLEK_DOUBT_COUNTS_UNKNOWN | PLEK_DOUBT_COUNTS_SILENT))
                return PLEK_FIND_UNKNOWN;
        if (found->counts->free < question->need)
                return PLEK_FIND_FULL;
        return found->doubts ? PLEK_FIND_UNCONFIRMED : PLEK_FIND_FREE;
}

static Found judge(const Place *place, const PlaceCounts *counts, double distance_m,
                   const FindQuestion *question)
{
        Found found = { .place = place, .counts = counts, .distance_m = distance_m };

        look_at_door(&found, question);
        found.doubts = doubts_about_door(&found) | doubts_about_counts(counts);
        found.why = left_out(&found, question);
        found.rank = rank_of(&found, question);
        return found;
}

/* ------------------------------------------------------------------ order */

static int compare_numbers(double a, double b)
{
        return (a > b) - (a < b);
}

static int compare_texts(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) : !!a - !!b; /* none before any */
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
