/*
 * Impact against a slow, obvious count: at random places, who serves which area before and after,
 * and what moves to whom, is worked out anew for each from all distances; and whatever time of a
 * closure is looked at, its part has what a closure that begins then begins with
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

                if (closes ? !before : shown->parts[0].why != PLEK_IMPACT_TAKES)
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
                const ImpactMove *move = &answer->parts[0].moves[n];
                double before, after;
                const ImpactPlace *from = serves(asked, answer, area, true, &before);
                const ImpactPlace *to = serves(asked, answer, area, false, &after);
                double beyond = asked->question.beyond;

                n_unreached += !from;
                if (!from || strcmp(from->place->location, asked->question.location) != 0)
                        continue;
                assert(n < answer->parts[0].n_moves && move->area == area);
                assert(move->to == to && is_about(move->before, before));
                assert(to ? is_about(move->after, after) : move->after < 0);
                *ret_weight += area->weight;
                *ret_n_newly += before <= beyond && after > beyond;
                n++;
        }
        assert(n == answer->parts[0].n_moves);
        assert(n_unreached == answer->parts[0].n_out_of_reach);
}

/* The first part, area by area. */
static void compare_first(const Asked *asked, const ImpactAnswer *answer)
{
        const ImpactPart *part = &answer->parts[0];
        double weight, all = 0;
        size_t n_newly;

        compare_moves(asked, answer, &weight, &n_newly);
        assert(is_about(weight, part->weight));
        assert(n_newly == part->n_newly_beyond);
        for (size_t i = 0; i < answer->n_shown; i++) {
                const ImpactPlace *shown = &answer->shown[i];
                double moved = 0;

                for (size_t m = 0; m < part->n_moves; m++)
                        if (part->moves[m].to == shown)
                                moved += part->moves[m].area->weight;
                assert(is_about(moved, shown->parts[0].weight));
                assert(!moved || is_about(shown->parts[0].share, moved / weight));
                assert(is_about(shown->parts[0].load_per_hour, shown->parts[0].share * 10));
                all += shown->parts[0].share;
        }
        assert(all <= 1 + 1e-6);
}

static size_t part_at(const ImpactAnswer *answer, int64_t at_ms)
{
        size_t i = answer->n_parts - 1;

        while (answer->parts[i].from_ms > at_ms)
                i--;
        return i;
}

/* A closure that begins at @at_ms begins with the moves that the part of that time has. */
static void compare_at(World *world, const Asked *asked, const ImpactAnswer *answer, int64_t at_ms)
{
        CLEANUP(impact_answer_deinit) ImpactAnswer then = IMPACT_ANSWER_NULL;
        const ImpactPart *part = &answer->parts[part_at(answer, at_ms)];
        ImpactQuestion question = asked->question;

        question.from_ms = at_ms;
        question.to_ms = TIME_ABSENT;
        /* What closes may have said by then that it does not give the care at all. */
        if (impact_make(&then, world->picture, world->registry, &question) == IMPACT_E_NOT_GIVEN)
                return;
        assert(then.parts[0].n_moves == part->n_moves);
        assert(then.parts[0].n_newly_beyond == part->n_newly_beyond);
        assert(then.parts[0].n_out_of_reach == part->n_out_of_reach);
        for (size_t i = 0; i < part->n_moves; i++) {
                const ImpactMove *a = &part->moves[i], *b = &then.parts[0].moves[i];

                assert(a->area == b->area && !a->to == !b->to);
                assert(!a->to || !strcmp(a->to->place->location, b->to->place->location));
        }
}

static void compare_parts(World *world, const Asked *asked, const ImpactAnswer *answer)
{
        const ImpactQuestion *question = &asked->question;

        assert(!answer->has_more_parts);
        assert(answer->parts[0].from_ms == question->from_ms);
        assert(answer->parts[answer->n_parts - 1].to_ms == question->to_ms);
        for (size_t i = 0; i < answer->n_parts; i++) {
                int64_t from_ms = answer->parts[i].from_ms;
                int64_t to_ms = answer->parts[i].to_ms == TIME_ABSENT ? from_ms + DAY
                                                                      : answer->parts[i].to_ms;

                assert(from_ms < to_ms);
                assert(!i || answer->parts[i - 1].to_ms == from_ms);
                compare_at(world, asked, answer, from_ms);
                compare_at(world, asked, answer, to_ms - 1);
                compare_at(world, asked, answer,
                           from_ms + chance_below(&world->chance, (unsigned)(to_ms - from_ms)));
        }
}

/* Minute by minute would be slow; the parts have been looked at. */
static void compare_whole(const Asked *asked, const ImpactAnswer *answer)
{
        const ImpactQuestion *question = &asked->question;
        bool has_end = question->to_ms != TIME_ABSENT;

        for (size_t i = 0; i < answer->n_shown; i++) {
                const ImpactPlace *shown = &answer->shown[i];
                double in_all = 0;

                for (size_t p = 0; has_end && p < answer->n_parts; p++)
                        in_all += shown->parts[p].load_in_all;
                if (has_end)
                        assert(is_about(in_all, shown->taken.load_in_all));
                else
                        assert(is_about(shown->taken.share, shown->parts[0].share) &&
                               shown->taken.load_in_all == -1);
                assert(is_about(shown->taken.load_per_hour, shown->taken.share * 10));
                assert(!i || answer->shown[i - 1].taken.share >= shown->taken.share);
        }
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
        if (chance_below(&world->chance, 2))
                asked->question.to_ms =
                        asked->question.from_ms + 1 + chance_below(&world->chance, (unsigned)DAY);
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

static size_t ask(World *world)
{
        CLEANUP(impact_answer_deinit) ImpactAnswer answer = IMPACT_ANSWER_NULL;
        static Asked asked;
        int r;

        draw_question(world, &asked);
        r = impact_make(&answer, world->picture, world->registry, &asked.question);
        assert(r == 0 || r == IMPACT_E_NOT_GIVEN);
        if (r)
                return 0;
        compare_first(&asked, &answer);
        compare_parts(world, &asked, &answer);
        compare_whole(&asked, &answer);
        return answer.n_parts;
}

int main(int argc, char **argv)
{
        World world = { .care = PLEK_CARE_ICU_ADULT,
                        .chance = chance_new(argc, argv),
                        .now_ms = NOW,
                        .change = CHANGE_NULL };
        unsigned n_asked = 0, n_split = 0;

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
                if (i % 4 == 3) {
                        size_t n_parts = ask(&world);

                        n_asked += n_parts > 0;
                        n_split += n_parts > 1;
                }
        }
        assert(n_split);
        printf("%u closures, %u of which in parts\n", n_asked, n_split);
        world_deinit(&world);
        return 0;
}
