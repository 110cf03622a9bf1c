/*
 * Find against a slow, obvious ranking: after each random report or withdrawal, and at a random
 * later time, every candidate is judged from everything that was said, and the best that is left is
 * taken again and again
 *
 * Which door leads and how far apart two points are is not judged again here: doors have a model of
 * their own.
 */

#include "derived/find.h"
#include "derived/geo.h"
#include "find-said.h"
#include "wire/hours.h"

/* A candidate as the model sees it. */
typedef struct Judged {
        unsigned location;
        const Said *counts;
        int32_t free;               /* -1: nobody says */
        const Said *parts[N_UNITS]; /* the units that it is together */
        size_t n_parts;
        DoorLead lead;
        bool by_door;
        PlekFindRank rank;
        PlekFindLeftOut why;
        uint32_t doubts;
        double distance_m;
        bool taken;
} Judged;

/* That all of them came up. */
static size_t n_ranked[PLEK_FIND_LEFT_OUT + 1], n_joined[PLEK_FIND_LEFT_OUT + 1], n_by_door;

/* ------------------------------------------------------------------ the slow, obvious judgement */

static void judge_door(const World *world, const FindQuestion *question, Judged *judged,
                       bool *ret_kept_out)
{
        static DoorWord words[N_SAID];
        static const Said *said[N_SAID];
        size_t n = words_of(world, judged->location, words, said);
        const DoorQuestion asked = { .scope = { judged->counts ? units[judged->counts->unit] : NULL,
                                                question->care, CODE_ABSENT, CODE_ABSENT } };
        DoorLead lead;
        bool is_silent;

        door_lead(words, n, &asked, world->now_ms, &lead);
        if (lead.state == DOOR_UNKNOWN)
                judged->doubts |= PLEK_DOUBT_DOOR_UNKNOWN;
        else if (lead.standing == DOOR_EXPIRED)
                judged->doubts |= PLEK_DOUBT_DOOR_EXPIRED;
        if (lead.standing == DOOR_REOPENED)
                judged->doubts |= PLEK_DOUBT_DOOR_REOPENED;
        if (lead.word && staleness(world, said[lead.word - words]))
                judged->doubts |= PLEK_DOUBT_DOOR_OLD;
        if (lead.word && trust(world, said[lead.word - words]) != PARTY_ENROLLED)
                judged->doubts |= PLEK_DOUBT_NOT_ENROLLED;

        *ret_kept_out = (lead.state == PLEK_DOOR_STOP || lead.state == PLEK_DOOR_CLOSED ||
                         lead.state == PLEK_DOOR_NOT_APPLICABLE) &&
                        lead.standing != DOOR_EXPIRED;
        for (size_t i = 0; i < question->n_exceptions; i++)
                for (size_t e = 0; e < lead.n_exceptions; e++)
                        if (question->exceptions[i] == lead.exceptions[e])
                                *ret_kept_out = false;

        judged->lead = lead;
        is_silent = lead.word && staleness(world, said[lead.word - words]) == 2;
        judged->by_door = world->care == PLEK_CARE_ED && lead.word && !is_silent &&
                          lead.state != DOOR_UNKNOWN && lead.standing != DOOR_EXPIRED &&
                          !*ret_kept_out;
}

static void judge(const World *world, const FindQuestion *question, Judged *judged)
{
        const Said *counts = judged->counts, *card = card_of(world, judged->location);
        Gives given = gives(world, judged->location);
        bool kept_out;

        judged->distance_m = card && card->card.has_position
                                     ? geo_distance_m(question->latitude, question->longitude,
                                                      card->card.latitude_e7 / 1e7,
                                                      card->card.longitude_e7 / 1e7)
                                     : -1;
        judge_door(world, question, judged, &kept_out);
        judged->free = counts ? counts->available : -1;
        if (counts && counts->available >= 0 && staleness(world, counts) < 2)
                judged->by_door = false;
        if ((!counts || counts->available < 0) && !(judged->by_door && question->need == 1))
                judged->doubts |= PLEK_DOUBT_COUNTS_UNKNOWN;
        if (counts && staleness(world, counts))
                judged->doubts |= staleness(world, counts) == 1 ? PLEK_DOUBT_COUNTS_STALE
                                                                : PLEK_DOUBT_COUNTS_SILENT;
        if (counts && counts->is_inconsistent)
                judged->doubts |= PLEK_DOUBT_INCONSISTENT;
        if (counts && trust(world, counts) != PARTY_ENROLLED)
                judged->doubts |= PLEK_DOUBT_NOT_ENROLLED;

        if (counts && trust(world, counts) == PARTY_DISTRUSTED)
                judged->why = PLEK_LEFT_OUT_DISTRUSTED;
        else if (counts && is_doubled(world, counts))
                judged->why = PLEK_LEFT_OUT_DOUBLED;
        else if (given.says ? !given.says_yes : !counts && !given.by_door && given.offers_at_all)
                judged->why = PLEK_LEFT_OUT_NOT_OFFERED;
        else if (!counts && !given.by_door && !given.says_yes)
                judged->why =
                        given.is_distrusted ? PLEK_LEFT_OUT_DISTRUSTED : PLEK_LEFT_OUT_WITHDRAWN;
        else if (given.is_shut)
                judged->why = PLEK_LEFT_OUT_SHUT;
        else if (kept_out)
                judged->why = PLEK_LEFT_OUT_DOOR;
        else if (question->within_m > 0 &&
                 (judged->distance_m < 0 || judged->distance_m > question->within_m))
                judged->why = PLEK_LEFT_OUT_TOO_FAR;

        if (judged->why)
                judged->rank = PLEK_FIND_LEFT_OUT;
        else if (judged->by_door)
                judged->rank = judged->doubts ? PLEK_FIND_UNCONFIRMED : PLEK_FIND_FREE;
        else if (judged->doubts & (PLEK_DOUBT_COUNTS_UNKNOWN | PLEK_DOUBT_COUNTS_SILENT))
                judged->rank = PLEK_FIND_UNKNOWN;
        else if (counts->available < question->need)
                judged->rank = PLEK_FIND_FULL;
        else
                judged->rank = judged->doubts ? PLEK_FIND_UNCONFIRMED : PLEK_FIND_FREE;
}

/* ------------------------------------------------------------------ units together */

/* Of the units at @location that have a few places, and are no part of it yet, the best. */
static Judged *best_part(Judged *judged, size_t n, unsigned location)
{
        Judged *best = NULL;

        for (size_t i = 0; i < n; i++) {
                Judged *one = &judged[i];

                if (one->location != location || one->rank != PLEK_FIND_FULL || one->taken ||
                    !one->counts->unit || one->free <= 0)
                        continue;
                if (!best || !one->doubts > !best->doubts ||
                    (!one->doubts == !best->doubts &&
                     (one->free > best->free ||
                      (one->free == best->free && one->counts->unit < best->counts->unit))))
                        best = one;
        }
        return best;
}

/* Whether the location as a whole says how many it has, or a unit is as good as @rank by itself. */
static bool needs_no_joining(const World *world, const Judged *judged, size_t n, unsigned location,
                             PlekFindRank rank)
{
        for (size_t i = 0; i < n; i++) {
                const Judged *one = &judged[i];

                if (one->location != location || one->why)
                        continue;
                if (one->rank <= rank || (one->counts && !one->counts->unit && one->free >= 0 &&
                                          staleness(world, one->counts) < 2))
                        return true;
        }
        return false;
}

/* What takes part stays marked as taken; returns how many candidates there are then. */
static size_t join(const World *world, const FindQuestion *question, Judged *judged, size_t n,
                   unsigned location)
{
        Judged whole = { .location = location }, *part;

        while (whole.free < question->need && (part = best_part(judged, n, location))) {
                part->taken = true;
                whole.distance_m = part->distance_m;
                whole.free += part->free;
                whole.doubts |= part->doubts;
                whole.parts[whole.n_parts++] = part->counts;
                if (whole.n_parts == 1 ||
                    door_strictness(part->lead.state) > door_strictness(whole.lead.state))
                        whole.lead = part->lead;
        }
        whole.rank = whole.doubts ? PLEK_FIND_UNCONFIRMED : PLEK_FIND_FREE;
        if (whole.free >= question->need && whole.n_parts > 1 &&
            !needs_no_joining(world, judged, n, location, whole.rank)) {
                judged[n++] = whole;
                n_joined[whole.rank]++;
                return n;
        }
        for (size_t i = 0; i < n; i++)
                if (judged[i].location == location)
                        judged[i].taken = false;
        return n;
}

/* ------------------------------------------------------------------ the slow, obvious order */

static bool comes_before(const Judged *a, const Judged *b)
{
        unsigned a_unit = a->counts ? a->counts->unit : 0, b_unit = b->counts ? b->counts->unit : 0;

        if (a->rank != b->rank)
                return a->rank < b->rank;
        if ((a->distance_m < 0) != (b->distance_m < 0))
                return b->distance_m < 0;
        if (a->distance_m != b->distance_m)
                return a->distance_m < b->distance_m;
        if (a->free != b->free)
                return a->free > b->free;
        if (a->location != b->location)
                return a->location < b->location;
        if (a_unit != b_unit)
                return a_unit < b_unit;
        return a->counts && b->counts && a->counts->party < b->counts->party;
}

static size_t judge_all(const World *world, const FindQuestion *question, Judged *judged)
{
        size_t n = 0;

        for (unsigned location = 0; location < N_LOCATIONS; location++) {
                bool has_counts = false, says = false;

                for (size_t i = 0; i < N_SAID; i++) {
                        const Said *said = &world->said[i];

                        if (said->location != location || (!said->is_there && !said->withdrawn_ms))
                                continue;
                        says |= said->kind == SAID_DOOR_OF_CARE ||
                                (said->kind == SAID_OFFER && said->is_there) ||
                                said->kind == SAID_COUNTS;
                        if (said->kind != SAID_COUNTS || !said->is_there)
                                continue;
                        has_counts = true;
                        judged[n++] = (Judged){ .location = location, .counts = said };
                }
                if (!has_counts && says)
                        judged[n++] = (Judged){ .location = location };
        }
        for (size_t i = 0; i < n; i++)
                judge(world, question, &judged[i]);
        for (unsigned location = 0; location < N_LOCATIONS; location++)
                n = join(world, question, judged, n, location);
        return n;
}

static bool clock_of(void *arg, const char *time_zone, int64_t at_ms, int *ret_minute)
{
        *ret_minute = (int)(at_ms / 60000 % MINUTES_A_WEEK);
        return true;
}

static void compare_one(const Found *found, const Judged *judged)
{
        n_ranked[judged->rank]++;
        n_by_door += judged->by_door;
        assert(!strcmp(found->place->location, locations[judged->location]));
        assert(found->rank == judged->rank && found->why == judged->why);
        assert(found->doubts == judged->doubts && found->distance_m == judged->distance_m);
        assert(found->by_door == judged->by_door);
        assert(found->lead.state == judged->lead.state && found->lead.why == judged->lead.why);
        assert(found->lead.since_ms == judged->lead.since_ms);
        assert(found->n_units == judged->n_parts);
        for (size_t i = 0; i < judged->n_parts; i++)
                assert(!strcmp(found->units[i]->unit, units[judged->parts[i]->unit]) &&
                       !strcmp(found->units[i]->party, parties[judged->parts[i]->party]));
        assert(!found->counts == (!judged->counts && !judged->n_parts));
        assert(!judged->counts || !strcmp(found->counts->party, parties[judged->counts->party]));
        assert(!judged->n_parts || (found->counts->free == judged->free && !found->counts->unit));
}

static void compare(World *world)
{
        CLEANUP(find_answer_deinit) FindAnswer answer = FIND_ANSWER_NULL;
        Judged judged[N_CANDIDATES + N_LOCATIONS];
        FindQuestion question = {
                .status = STATUS_ACTUAL,
                .care = world->care,
                .latitude = 52,
                .longitude = 5,
                .need = 1 + (int32_t)chance_below(&world->chance, 5),
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .within_m = chance_below(&world->chance, 4) ? 0 : 15000,
                .now_ms = world->now_ms,
                .clock = clock_of,
                .memory = { next_gone, world },
        };
        size_t n, n_left = 0;

        if (chance_below(&world->chance, 2))
                question.exceptions[question.n_exceptions++] =
                        exceptions[chance_below(&world->chance, 2)];
        n = judge_all(world, &question, judged);
        must(find_places(&answer, world->picture, world->registry, &question));
        for (size_t i = 0; i < n; i++)
                n_left += !judged[i].taken;
        assert(answer.n_found == n_left);
        for (size_t i = 0; i < answer.n_found; i++) {
                Judged *best = NULL;

                for (size_t k = 0; k < n; k++)
                        if (!judged[k].taken && (!best || comes_before(&judged[k], best)))
                                best = &judged[k];
                best->taken = true;
                compare_one(&answer.found[i], best);
        }
}

static void run(Chance chance, uint32_t care)
{
        World world = { .chance = chance, .care = care, .now_ms = NOW, .change = CHANGE_NULL };

        world_init(&world);
        for (unsigned i = 0; i < N_STEPS; i++) {
                Said *said = draw_place(&world);

                world.revision++;
                world.now_ms +=
                        chance_below(&world.chance, 2) ? 0 : chance_below(&world.chance, 8000);
                if (chance_percent(&world.chance, 2))
                        world.now_ms += chance_below(&world.chance, (unsigned)DAY);
                if (i == REVOKED_AT_STEP) {
                        world.is_revoked = true;
                        world.distrusted_since_ms = world.now_ms - 2 * DAY;
                        enrol(&world, N_PARTIES - 1, 2, world.distrusted_since_ms);
                } else if (said->is_there && chance_percent(&world.chance, 50)) {
                        withdraw(&world, said);
                } else {
                        say(&world, said);
                }
                compare(&world);
        }
        world_deinit(&world);
}

int main(int argc, char **argv)
{
        Chance chance = chance_new(argc, argv);

        assert(sodium_init() >= 0);
        run(chance, PLEK_CARE_ICU_ADULT);
        assert(!n_by_door);
        run(chance, PLEK_CARE_ED);
        assert(n_by_door);
        for (PlekFindRank rank = PLEK_FIND_FREE; rank <= PLEK_FIND_LEFT_OUT; rank++)
                assert(n_ranked[rank]);
        assert(n_joined[PLEK_FIND_FREE] + n_joined[PLEK_FIND_UNCONFIRMED]);
        printf("%d operations, %zu joined\n", 2 * N_STEPS,
               n_joined[PLEK_FIND_FREE] + n_joined[PLEK_FIND_UNCONFIRMED]);
        return 0;
}
