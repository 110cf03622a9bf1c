#include "cmocka-all.h"

#include "lib/clock.h"
#include "lib/heap.h"

#define S INT64_C(1000000)

/* ------------------------------------------------------------------ the broker's time */

static void test_time_is_not_known_before_a_round_trip(void **state)
{
        Clock clock = { 0 };

        assert_int_equal(clock_us(&clock, 5), -1);
        assert_int_equal(clock_ms(&clock, 5), -1);
}

static void test_the_answer_was_made_in_the_middle(void **state)
{
        Clock clock = { 0 };

        assert_true(clock_learn(&clock, 100, 300, 5000));
        assert_int_equal(clock_us(&clock, 200), 5000);
        assert_int_equal(clock_us(&clock, 1200), 6000);
        assert_int_equal(clock.uncertainty_us, 100);
}

static void test_a_slower_round_trip_teaches_nothing(void **state)
{
        Clock clock = { 0 };

        assert_true(clock_learn(&clock, 0, 200, 5000));
        assert_false(clock_learn(&clock, 1000, 1000 + 20000, 5900 + 19000));
        assert_int_equal(clock_us(&clock, 100), 5000);
        assert_true(clock_learn(&clock, 30000, 30100, 34952));
        assert_int_equal(clock.uncertainty_us, 50);
}

static void test_what_is_known_becomes_less_certain_with_age(void **state)
{
        Clock clock = { 0 };

        assert_true(clock_learn(&clock, 0, 200, 0));
        assert_false(clock_learn(&clock, 10 * S, 10 * S + 4000, 10 * S + 2000));
        assert_true(clock_learn(&clock, 60 * S, 60 * S + 4000, 60 * S + 2000));
}

static void test_a_clock_that_was_set_is_followed_at_once(void **state)
{
        Clock clock = { 0 };

        assert_true(clock_learn(&clock, 0, 200, 0));
        assert_true(clock_learn(&clock, S, S + 20000, S + 600 * S));
        assert_int_equal(clock_us(&clock, S + 10000), 601 * S);
}

static void test_an_answer_before_its_question_teaches_nothing(void **state)
{
        Clock clock = { 0 };

        assert_false(clock_learn(&clock, 300, 200, 0));
        assert_false(clock.is_known);
}

static void test_our_own_clock_never_goes_back(void **state)
{
        int64_t last = monotonic_us(), now;

        for (int i = 0; i < 1000; i++, last = now) {
                now = monotonic_us();
                assert_true(now >= last);
        }
}

/* ------------------------------------------------------------------ what is due next */

static void test_the_heap_hands_out_in_order_whatever_moves(void **state)
{
        HeapNode nodes[200] = { 0 };
        Heap heap = HEAP_NULL;
        uint32_t random = 7;
        int64_t last;
        size_t n;

        assert_int_equal(heap_due(&heap), INT64_MAX);
        assert_int_equal(heap_reserve(&heap, 200), 0);
        for (int round = 0; round < 50; round++) {
                for (size_t i = 0; i < 200; i++) {
                        random = random * 1664525 + 1013904223;
                        if (random >> 28 == 0)
                                heap_remove(&heap, &nodes[i]);
                        else
                                heap_set(&heap, &nodes[i], (int64_t)(random >> 8) % 1000);
                }
                if (round % 10)
                        continue;
                for (last = -1, n = heap.n_nodes; n; n--) {
                        HeapNode *node = heap_first(&heap);

                        assert_true(node->due >= last);
                        last = node->due;
                        heap_remove(&heap, node);
                        heap_remove(&heap, node);
                }
                assert_null(heap_first(&heap));
        }
        heap_deinit(&heap);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_time_is_not_known_before_a_round_trip),
                cmocka_unit_test(test_the_answer_was_made_in_the_middle),
                cmocka_unit_test(test_a_slower_round_trip_teaches_nothing),
                cmocka_unit_test(test_what_is_known_becomes_less_certain_with_age),
                cmocka_unit_test(test_a_clock_that_was_set_is_followed_at_once),
                cmocka_unit_test(test_an_answer_before_its_question_teaches_nothing),
                cmocka_unit_test(test_our_own_clock_never_goes_back),
                cmocka_unit_test(test_the_heap_hands_out_in_order_whatever_moves),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
