/*
 * Impact against a slow, obvious count: at random places, who serves which area before and after,
 * and what moves to whom, is worked out anew for each from all distances
 *
 * Who takes nobody, and why, is taken from the answer: tests/unit/test-impact.c has that.
 */

#include <math.h>

#include "derived/geo.h"
#include "derived/impact.h"
#include "find-world.h"

enum {
        N_AREAS = 12,
        N_ASKED = 400,
};

typedef struct Asked {
        ImpactQuestion question;
        PlekArea areas[N_AREAS];
        char ids[N_AREAS][8];
        PlekTravel travel[N_AREAS * N_LOCATIONS];
} Asked;

static double far(const Asked *asked, const PlekArea *area, const ImpactPlace *shown)
{
        const LocationCard *card = &shown->place->card;

        for (size_t i = 0; i < asked->question.n_travel; i++)
                if (!strcmp(asked->travel[i].from, area->id) &&
                    !strcmp(asked->travel[i].to, shown->place->location))
                        return asked->travel[i].minutes;
        if (asked->question.n_travel || !card->has_position)
                return INFINITY;
        return geo_distance_m(area->latitude_e7 / 1e7, area->longitude_e7 / 1e7,
                              card->latitude_e7 / 1e7, card->longitude_e7 / 1e7);
}

/* The least distance, then the first by name; INFINITY: none. */
static const ImpactPlace *serves(const Asked *asked, const ImpactAnswer *answer,
                                 const PlekArea *area, bool before, double *ret_far)
{
        const ImpactPlace *best = NULL;

        *ret_far = INFINITY;
        for (size_t i = 0; i < answer->n_shown; i++) {
                const ImpactPlace *shown = &answer->shown[i];
                bool closes = !strcmp(shown->place->location, asked->question.location);
                double distance = far(asked, area, shown);

                if (closes ? !before : shown->why != PLEK_IMPACT_TAKES)
                        continue;
                if (distance < *ret_far ||
                    (best && distance == *ret_far &&
                     strcmp(shown->place->location, best->place->location) < 0)) {
                        best = shown;
                        *ret_far = distance;
                }
        }
        return best;
}

static bool is_about(double a, double b)
{
        return fabs(a - b) < 1e-6;
}

static void compare_moves(const Asked *asked, const ImpactAnswer *answer, double *ret_weight,
                          size_t *ret_n_newly)
{
        size_t n = 0, n_unreached = 0;

        *ret_weight = 0;
        *ret_n_newly = 0;
        for (size_t i = 0; i < N_AREAS; i++) {
                const PlekArea *area = &asked->areas[i];
                const ImpactMove *move = &answer->moves[n];
                double before, after;
                const ImpactPlace *from = serves(asked, answer, area, true, &before);
                const ImpactPlace *to = serves(asked, answer, area, false, &after);
                double beyond = asked->question.beyond;

                n_unreached += !from;
                if (!from || strcmp(from->place->location, asked->question.location) != 0)
                        continue;
                assert(n < answer->n_moves && move->area == area);
                assert(move->to == to && is_about(move->before, before));
                assert(to ? is_about(move->after, after) : move->after < 0);
                *ret_weight += area->weight;
                *ret_n_newly += before <= beyond && after > beyond;
                n++;
        }
        assert(n == answer->n_moves);
        assert(n_unreached == answer->n_out_of_reach);
}

static void compare(const Asked *asked, const ImpactAnswer *answer)
{
        double weight, all = 0;
        size_t n_newly;

        compare_moves(asked, answer, &weight, &n_newly);
        assert(is_about(weight, answer->weight));
        assert(n_newly == answer->n_newly_beyond);
        for (size_t i = 0; i < answer->n_shown; i++) {
                const ImpactPlace *shown = &answer->shown[i];
                double moved = 0;

                for (size_t m = 0; m < answer->n_moves; m++)
                        if (answer->moves[m].to == shown)
                                moved += answer->moves[m].area->weight;
                assert(is_about(moved, shown->weight));
                assert(!moved || is_about(shown->share, moved / weight));
                assert(is_about(shown->load_per_hour, shown->share * 10));
                assert(!i || answer->shown[i - 1].share >= shown->share);
                all += shown->share;
        }
        assert(all <= 1 + 1e-6);
}

static void draw_question(World *world, Asked *asked)
{
        bool by_travel = chance_below(&world->chance, 2);

        asked->question = (ImpactQuestion){
                .status = STATUS_ACTUAL,
                .location = locations[chance_below(&world->chance, N_LOCATIONS)],
                .care = world->care,
                .memory = { next_gone, world },
                .now_ms = world->now_ms,
                .from_ms = world->now_ms + chance_below(&world->chance, (unsigned)DAY),
                .to_ms = TIME_ABSENT,
                .areas = asked->areas,
                .n_areas = N_AREAS,
                .travel = asked->travel,
                .load_per_hour = 10,
                .beyond = by_travel ? 5 : 12000,
        };
        for (unsigned i = 0; i < N_AREAS; i++) {
                snprintf(asked->ids[i], sizeof(asked->ids[i]), "a%u", i);
                asked->areas[i] = (PlekArea){
                        .id = asked->ids[i],
                        .latitude_e7 =
                                520000000 + (int32_t)chance_below(&world->chance, 6) * 400000,
                        .longitude_e7 = 50000000,
                        .weight = chance_below(&world->chance, 4),
                };
                for (unsigned l = 0; by_travel && l < N_LOCATIONS; l++)
                        if (chance_percent(&world->chance, 80))
                                asked->travel[asked->question.n_travel++] =
                                        (PlekTravel){ asked->ids[i], locations[l],
                                                      chance_below(&world->chance, 10) };
        }
}

static bool ask(World *world)
{
        CLEANUP(impact_answer_deinit) ImpactAnswer answer = IMPACT_ANSWER_NULL;
        static Asked asked;
        int r;

        draw_question(world, &asked);
        r = impact_make(&answer, world->picture, world->registry, &asked.question);
        assert(r == 0 || r == IMPACT_E_NOT_GIVEN);
        if (!r)
                compare(&asked, &answer);
        return !r && answer.n_moves;
}

int main(int argc, char **argv)
{
        World world = { .care = PLEK_CARE_ICU_ADULT,
                        .chance = chance_new(argc, argv),
                        .now_ms = NOW,
                        .change = CHANGE_NULL };
        unsigned n_moved = 0;

        assert(sodium_init() >= 0);
        world_init(&world);
        for (unsigned i = 0; i < 4 * N_ASKED; i++) {
                Said *said = draw_place(&world);

                world.revision++;
                world.now_ms += chance_below(&world.chance, 8000);
                if (said->is_there && chance_percent(&world.chance, 50))
                        withdraw(&world, said);
                else
                        say(&world, said);
                if (i % 4 == 3)
                        n_moved += ask(&world);
        }
        assert(n_moved);
        printf("%u closures, %u of which moved somebody\n", N_ASKED, n_moved);
        world_deinit(&world);
        return 0;
}
