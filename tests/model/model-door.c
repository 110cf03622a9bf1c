#include <inttypes.h>
#include <string.h>

#include "chance.h"
#include "derived/door.h"
#include "internal/cleanup.h"

/*
 * Which door leads, against the rule as it is told: each word is held against each other word
 *
 * A location lives for a year, minute by minute. Parties state, plan, withdraw, expire and reopen;
 * at every minute some questions are asked of both. What was foretold to change by time alone must
 * change then, as it was foretold, and not before.
 */

enum {
        MINUTE_MS = 60000,
        YEAR_MINUTES = 366 * 24 * 60,
        N_WORDS = 24,
        N_QUESTIONS = 3, /* a minute */
        N_DIMENSIONS = 4,
        ANY = -1,
};

#define BEGIN_MS INT64_C(1767225600000)

/* As the model sees a word: units, cares, groups and urgencies are small numbers. */
typedef struct Spoken {
        bool is_held, is_withdrawn;
        int scope[N_DIMENSIONS];
        int64_t said_ms, withdrawn_ms;
} Spoken;

typedef struct World {
        Chance chance;
        int64_t now_ms;
        Spoken spoken[N_WORDS];
        Door doors[N_WORDS];
        DoorWord words[N_WORDS];
        size_t n_leads[7]; /* how often each state led: a model that agrees on nothing is no model
                            */
        size_t n_foretold, n_narrower;
} World;

static const char *const parties[] = { "duin", "vliet", "zcc" };
static const char *const units[] = { "seh", "ic" };

/* ------------------------------------------------------------------ the rule, as it is told */

typedef struct Counted {
        bool counts, is_stated;
        uint32_t state;
        int64_t stated_ms, since_ms;
        int64_t spoken_ms; /* aloud: a plan, when it was announced */
} Counted;

static Counted counted(const World *world, size_t i)
{
        const Spoken *spoken = &world->spoken[i];
        const Door *door = &world->doors[i];
        bool has_ended = door->ends_at_ms != TIME_ABSENT && world->now_ms >= door->ends_at_ms;
        Counted c = { .counts = true, .is_stated = true, .state = door->state };

        c.stated_ms = c.since_ms = c.spoken_ms = spoken->said_ms;
        if (!spoken->is_held || spoken->is_withdrawn || world->words[i].is_distrusted) {
                c.counts = false;
        } else if (door->plan) {
                c.counts = world->now_ms >= door->starts_at_ms && !has_ended;
                if (door->starts_at_ms > c.stated_ms)
                        c.stated_ms = c.since_ms = door->starts_at_ms;
        } else if (has_ended) {
                c.is_stated = false;
                if (door->on_expiry == PLEK_ON_EXPIRY_REOPEN)
                        c.state = PLEK_DOOR_OPEN;
                else if (door->on_expiry == PLEK_ON_EXPIRY_TO_UNKNOWN ||
                         door->state == PLEK_DOOR_OPEN)
                        c.state = DOOR_UNKNOWN;
                if (door->on_expiry != PLEK_ON_EXPIRY_KEEP || door->state == PLEK_DOOR_OPEN)
                        c.since_ms = door->ends_at_ms > spoken->said_ms ? door->ends_at_ms
                                                                        : spoken->said_ms;
        }
        return c;
}

static bool contains(const int *outer, const int *inner)
{
        for (int d = 0; d < N_DIMENSIONS; d++)
                if (outer[d] != ANY && outer[d] != inner[d])
                        return false;
        return true;
}

static bool is_narrower(const int *a, const int *b)
{
        return contains(b, a) && !contains(a, b);
}

static int rank_of(uint32_t state)
{
        static const uint32_t order[] = { PLEK_DOOR_OPEN,   PLEK_DOOR_RESTRICTED,
                                          DOOR_UNKNOWN,     PLEK_DOOR_STOP,
                                          PLEK_DOOR_CLOSED, PLEK_DOOR_NOT_APPLICABLE };

        for (int i = 0; i < (int)N_ELEMENTS(order); i++)
                if (order[i] == state)
                        return i;
        abort();
}

static bool overruled(const World *world, const int *scope, size_t x)
{
        Counted of_x = counted(world, x);

        for (size_t y = 0; y < N_WORDS; y++) {
                Counted of_y = counted(world, y);

                if (of_y.counts && of_y.is_stated && contains(world->spoken[y].scope, scope) &&
                    is_narrower(world->spoken[y].scope, world->spoken[x].scope) &&
                    of_y.spoken_ms > of_x.stated_ms)
                        return true;
        }
        return false;
}

static int narrowings(const int *scope)
{
        int n = 0;

        for (int d = 0; d < N_DIMENSIONS; d++)
                n += scope[d] != ANY;
        return n;
}

/* Whether @x is to lead rather than @y. */
static bool leads_over(const World *world, size_t x, size_t y)
{
        Counted a = counted(world, x), b = counted(world, y);
        const Spoken *of_x = &world->spoken[x], *of_y = &world->spoken[y];

        if (rank_of(a.state) != rank_of(b.state))
                return rank_of(a.state) > rank_of(b.state);
        if (a.is_stated != b.is_stated)
                return a.is_stated;
        if (narrowings(of_x->scope) != narrowings(of_y->scope))
                return narrowings(of_x->scope) > narrowings(of_y->scope);
        if (a.is_stated && a.stated_ms != b.stated_ms)
                return a.stated_ms > b.stated_ms;
        if (a.since_ms != b.since_ms)
                return a.since_ms > b.since_ms;
        for (int d = N_DIMENSIONS - 1; d >= 0; d--)
                if ((of_x->scope[d] != ANY) != (of_y->scope[d] != ANY))
                        return of_x->scope[d] != ANY;
        if (world->words[x].party != world->words[y].party)
                return strcmp(world->words[x].party, world->words[y].party) < 0;
        return world->doors[x].plan < world->doors[y].plan;
}

/* N_WORDS: nobody does. */
static size_t leader(const World *world, const int *scope)
{
        size_t best = N_WORDS;

        for (size_t x = 0; x < N_WORDS; x++)
                if (counted(world, x).counts && contains(world->spoken[x].scope, scope) &&
                    !overruled(world, scope, x) && (best == N_WORDS || leads_over(world, x, best)))
                        best = x;
        return best;
}

/* ------------------------------------------------------------------ both asked */

static DoorQuestion question_of(const int *scope)
{
        return (DoorQuestion){
                .scope = {
                        .unit = scope[0] == ANY ? NULL : units[scope[0]],
                        .care = scope[1] == ANY ? CODE_ABSENT : PLEK_CARE_ED + (uint32_t)scope[1],
                        .patient_group =
                                scope[2] == ANY ? CODE_ABSENT : PLEK_GROUP_WALK_IN + (uint32_t)scope[2],
                        .urgency = scope[3] == ANY ? CODE_ABSENT : (uint32_t)scope[3],
                },
        };
}

static void draw_scope(World *world, int *ret_scope, unsigned percent)
{
        for (int d = 0; d < N_DIMENSIONS; d++)
                ret_scope[d] = chance_percent(&world->chance, percent)
                                       ? (int)chance_below(&world->chance, 2)
                                       : ANY;
}

static void check_part(World *world, const int *scope, const DoorQuestion *question,
                       const DoorLead *lead)
{
        size_t i = chance_below(&world->chance, N_WORDS);
        DoorPart part = door_part(world->words, N_WORDS, i, question, world->now_ms, lead);

        if (!contains(world->spoken[i].scope, scope))
                assert(part == DOOR_ELSEWHERE);
        else if (lead->word == &world->words[i])
                assert(part == DOOR_LEADS);
        else if (counted(world, i).counts)
                assert(part == (overruled(world, scope, i) ? DOOR_OVERRULED : DOOR_HOLDS));
        else
                assert(part == DOOR_AHEAD || part == DOOR_PAST || part == DOOR_DISCARDED);
}

/* What leads for a scope, by the rule as it is told. */
static uint32_t state_of(const World *world, const int *scope)
{
        size_t x = leader(world, scope);

        return x == N_WORDS ? DOOR_UNKNOWN : counted(world, x).state;
}

/* Whether a word names just these patients of those that were asked about, here. */
static bool is_named(const World *world, const int *asked, const int *narrow)
{
        for (size_t i = 0; i < N_WORDS; i++) {
                const int *said = world->spoken[i].scope;
                bool names = world->spoken[i].is_held && !world->spoken[i].is_withdrawn &&
                             !world->words[i].is_distrusted && contains(said, narrow);

                for (int d = 2; d < N_DIMENSIONS; d++)
                        names &= narrow[d] == (asked[d] == ANY ? said[d] : asked[d]);
                if (names)
                        return true;
        }
        return false;
}

static void check_narrower(World *world, const int *scope, const DoorQuestion *question,
                           const DoorLead *lead)
{
        DoorNarrower narrower[DOOR_NARROWER_MAX];
        size_t n = door_narrower(world->words, N_WORDS, question, world->now_ms, lead, narrower);
        size_t n_wanted = 0;

        for (int group = ANY; group < 2; group++) {
                for (int urgency = ANY; urgency < 2; urgency++) {
                        int narrow[N_DIMENSIONS] = { scope[0], scope[1], group, urgency };
                        DoorScope of = question_of(narrow).scope;
                        bool is_wanted, is_there = false;

                        is_wanted = is_narrower(narrow, scope) && is_named(world, scope, narrow) &&
                                    rank_of(state_of(world, narrow)) > rank_of(lead->state);
                        for (size_t i = 0; i < n; i++)
                                is_there |= narrower[i].patient_group == of.patient_group &&
                                            narrower[i].urgency == of.urgency &&
                                            narrower[i].state == state_of(world, narrow);
                        assert(is_there == is_wanted);
                        n_wanted += is_wanted;
                }
        }
        assert(n == n_wanted);
        for (size_t i = 1; i < n; i++)
                assert(rank_of(narrower[i - 1].state) >= rank_of(narrower[i].state));
        world->n_narrower += n;
}

static void check(World *world)
{
        DoorQuestion question;
        int scope[N_DIMENSIONS];
        DoorLead lead;
        size_t x;

        draw_scope(world, scope, 60);
        question = question_of(scope);
        door_lead(world->words, N_WORDS, &question, world->now_ms, &lead);
        x = leader(world, scope);

        world->n_leads[lead.state]++;
        if (x == N_WORDS) {
                assert(!lead.word && lead.state == DOOR_UNKNOWN && lead.why != DOOR_WHY_KNOWN);
        } else {
                Counted c = counted(world, x);

                assert(lead.word == &world->words[x]);
                assert(lead.state == c.state && lead.since_ms == c.since_ms);
                assert((lead.why == DOOR_WHY_EXPIRED) == (c.state == DOOR_UNKNOWN));
                assert(lead.standing == door_standing(&world->doors[x], world->now_ms));
        }
        check_part(world, scope, &question, &lead);
        if (chance_percent(&world->chance, 20))
                check_narrower(world, scope, &question, &lead);
}

/* ------------------------------------------------------------------ a location's life */

static void speak(World *world, size_t i)
{
        static const uint32_t policies[] = { PLEK_ON_EXPIRY_KEEP, PLEK_ON_EXPIRY_TO_UNKNOWN,
                                             PLEK_ON_EXPIRY_REOPEN };
        Chance *chance = &world->chance;
        Spoken *spoken = &world->spoken[i];
        Door *door = &world->doors[i];
        DoorQuestion where;

        /* Some say it in the same moment. */
        *spoken = (Spoken){ .is_held = true,
                            .said_ms = world->now_ms - MINUTE_MS * (int)chance_below(chance, 3) };
        draw_scope(world, spoken->scope, 35);
        where = question_of(spoken->scope);

        *door = (Door){
                .state = PLEK_DOOR_OPEN + chance_below(chance, 5),
                .care = where.scope.care,
                .patient_group = where.scope.patient_group,
                .urgency = where.scope.urgency,
                .starts_at_ms = TIME_ABSENT,
                .ends_at_ms = TIME_ABSENT,
                .on_expiry = policies[chance_below(chance, 3)],
        };
        if (chance_percent(chance, 30)) {
                door->plan = (uint32_t)i + 1;
                door->on_expiry = PLEK_ON_EXPIRY_KEEP;
                door->starts_at_ms =
                        world->now_ms + MINUTE_MS * ((int)chance_below(chance, 4000) - 200);
                door->ends_at_ms =
                        door->starts_at_ms + MINUTE_MS * (1 + (int)chance_below(chance, 3000));
        } else if (chance_percent(chance, 60)) {
                door->ends_at_ms = world->now_ms + MINUTE_MS * ((int)chance_below(chance, 600) - 5);
        }
        world->words[i] = (DoorWord){
                .door = door,
                .unit = where.scope.unit,
                .party = parties[chance_below(chance, N_ELEMENTS(parties))],
                .since_ms = spoken->said_ms,
                .withdrawn_ms = TIME_ABSENT,
                .is_distrusted = chance_percent(chance, 3),
        };
}

static void live(World *world)
{
        size_t i = chance_below(&world->chance, N_WORDS);

        if (chance_percent(&world->chance, 25)) {
                world->spoken[i].is_withdrawn = true;
                world->words[i].withdrawn_ms = world->now_ms;
        } else {
                speak(world, i);
        }
}

/* ------------------------------------------------------------------ what is foretold */

typedef struct Foretold {
        bool is_known;
        DoorQuestion question;
        DoorLead now, next;
        int64_t next_ms;
} Foretold;

static bool is_same(const DoorLead *a, const DoorLead *b)
{
        return a->state == b->state && a->why == b->why && a->standing == b->standing &&
               a->word == b->word && a->since_ms == b->since_ms && a->ends_at_ms == b->ends_at_ms;
}

static void foretell(World *world, Foretold *foretold)
{
        int scope[N_DIMENSIONS];

        draw_scope(world, scope, 60);
        foretold->question = question_of(scope);
        door_lead(world->words, N_WORDS, &foretold->question, world->now_ms, &foretold->now);
        foretold->next_ms = door_next_lead(world->words, N_WORDS, &foretold->question,
                                           world->now_ms, &foretold->next);
        assert(foretold->next_ms > world->now_ms);
        foretold->is_known = true;
}

static void check_foretold(World *world, Foretold *foretold)
{
        DoorLead lead;

        if (!foretold->is_known) {
                foretell(world, foretold);
                return;
        }
        door_lead(world->words, N_WORDS, &foretold->question, world->now_ms, &lead);
        if (world->now_ms < foretold->next_ms) {
                assert(is_same(&lead, &foretold->now));
                return;
        }
        assert(world->now_ms == foretold->next_ms && is_same(&lead, &foretold->next));
        assert(!is_same(&lead, &foretold->now));
        world->n_foretold++;
        foretell(world, foretold);
}

int main(int argc, char **argv)
{
        Foretold foretold = { 0 };
        World world = { .chance = chance_new(argc, argv) };

        world.now_ms = BEGIN_MS;
        for (size_t i = 0; i < N_WORDS; i++) {
                speak(&world, i);
                world.spoken[i].is_withdrawn = true;
                world.words[i].withdrawn_ms = BEGIN_MS;
        }
        for (int minute = 0; minute < YEAR_MINUTES; minute++) {
                world.now_ms += MINUTE_MS;
                if (chance_below(&world.chance, 150) == 0) {
                        live(&world);
                        foretold.is_known = false;
                }
                check_foretold(&world, &foretold);
                for (int n = 0; n < N_QUESTIONS; n++)
                        check(&world);
        }

        for (uint32_t state = DOOR_UNKNOWN; state <= PLEK_DOOR_NOT_APPLICABLE; state++)
                assert(world.n_leads[state] > 1000);
        assert(world.n_foretold > 100 && world.n_narrower > 1000);
        printf("%zu changes by time alone came as they were foretold\n", world.n_foretold);
        return 0;
}
