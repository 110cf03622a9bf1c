/*
 * Finding, and what a closure means, with the nth allocation failing, for every n until it
 * succeeds: it must say -ENOMEM, keep nothing, and leave what it looked at as it was. The linker
 * puts our allocator before the program's own calls.
 */

#include "derived/find.h"
#include "derived/impact.h"
#include "places-fixture.h"

static size_t n_allocations_left = SIZE_MAX;

void *__real_malloc(size_t n_bytes);
void *__real_calloc(size_t n, size_t n_bytes);
void *__wrap_malloc(size_t n_bytes);
void *__wrap_calloc(size_t n, size_t n_bytes);

static bool may_allocate(void)
{
        if (n_allocations_left == SIZE_MAX)
                return true;
        if (!n_allocations_left)
                return false;
        n_allocations_left--;
        return true;
}

void *__wrap_malloc(size_t n_bytes)
{
        return may_allocate() ? __real_malloc(n_bytes) : NULL;
}

void *__wrap_calloc(size_t n, size_t n_bytes)
{
        return may_allocate() ? __real_calloc(n, n_bytes) : NULL;
}

static void fill(PlacesWorld *world)
{
        static const char *const locations[] = { "alpha", "midi", "zeta" };
        char unit[16];

        places_begin(world);
        for (size_t i = 0; i < N_ELEMENTS(locations); i++) {
                say_card(world, "a", locations[i], 520000000 + (int32_t)i * 1000000);
                say_door(world, "a", locations[i], NULL, PLEK_DOOR_OPEN);
                say_offer(world, "a", locations[i], 0, false, TIME_ABSENT);
                for (unsigned u = 0; u < 100; u++) {
                        snprintf(unit, sizeof(unit), "afdeling-%u", u);
                        say_free(world, "b", locations[i], unit, (int32_t)u);
                }
        }
}

static int find(const PlacesWorld *world)
{
        const FindQuestion question = {
                .status = STATUS_ACTUAL,
                .care = PLEK_CARE_ED,
                .latitude = 52,
                .longitude = 5,
                .need = 150, /* two units have it together */
                .patient_group = CODE_ABSENT,
                .urgency = CODE_ABSENT,
                .now_ms = NOW,
        };
        FindAnswer answer = FIND_ANSWER_NULL;
        int r;

        r = find_places(&answer, world->picture, world->fixture.registry, &question);
        if (r)
                assert_null(answer.found);
        else
                assert_int_equal(answer.n_found, 297);
        find_answer_deinit(&answer);
        return r;
}

static int map(const PlacesWorld *world)
{
        const PlacesScope scope = { .status = STATUS_ACTUAL, .now_ms = NOW };
        Places places = PLACES_NULL;
        int r;

        r = places_make(&places, world->picture, world->fixture.registry, &scope);
        assert_int_equal(places.n_places, r ? 0 : 3);
        places_deinit(&places);
        return r;
}

static int impact(const PlacesWorld *world)
{
        static const PlekTravel travel[] = { { "x", "zeta", 1 }, { "x", "midi", 2 } };
        static const PlekArea area = { .id = "x", .weight = 1 };
        const ImpactQuestion question = {
                .status = STATUS_ACTUAL,
                .location = "zeta",
                .care = PLEK_CARE_ED,
                .now_ms = NOW,
                .from_ms = NOW,
                .to_ms = TIME_ABSENT,
                .areas = &area,
                .n_areas = 1,
                .travel = travel,
                .n_travel = N_ELEMENTS(travel),
                .load_per_hour = 1,
        };
        ImpactAnswer answer = IMPACT_ANSWER_NULL;
        int r;

        r = impact_make(&answer, world->picture, world->fixture.registry, &question);
        assert_int_equal(answer.parts[0].n_moves, r ? 0 : 1);
        impact_answer_deinit(&answer);
        return r;
}

static void fail_until_done(int (*operation)(const PlacesWorld *world))
{
        PlacesWorld world;
        size_t n = 0;
        int r;

        fill(&world);
        do {
                n_allocations_left = n++;
                r = operation(&world);
                n_allocations_left = SIZE_MAX;
                assert_true(r == 0 || r == -ENOMEM);
        } while (r);
        assert_true(n > 4);
        places_end(&world);
}

static void test_finding_without_memory_says_so_and_keeps_nothing(void **state)
{
        fail_until_done(find);
}

static void test_a_map_without_memory_says_so_and_keeps_nothing(void **state)
{
        fail_until_done(map);
}

static void test_an_impact_without_memory_says_so_and_keeps_nothing(void **state)
{
        fail_until_done(impact);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_finding_without_memory_says_so_and_keeps_nothing),
                cmocka_unit_test(test_a_map_without_memory_says_so_and_keeps_nothing),
                cmocka_unit_test(test_an_impact_without_memory_says_so_and_keeps_nothing),
        };

        if (sodium_init() < 0)
                return 1;
        return cmocka_run_group_tests_name("find-no-memory", tests, NULL, NULL);
}
