#include "broker/bucket.h"
#include "cmocka-all.h"

#define SECOND_NS INT64_C(1000000000)

static const BucketRate rate = { .per_second = 10, .at_once = 20 };

static size_t draw_all(Bucket *bucket, int64_t now_ns)
{
        size_t n = 0;

        while (n < 1000 && bucket_draw(bucket, &rate, 1, now_ns))
                n++;
        return n;
}

static void test_it_starts_full(void **state)
{
        Bucket bucket = {};

        assert_int_equal(draw_all(&bucket, SECOND_NS), 20);
}

static void test_it_fills_at_its_rate(void **state)
{
        Bucket bucket = {};

        draw_all(&bucket, SECOND_NS);
        assert_int_equal(draw_all(&bucket, SECOND_NS + SECOND_NS / 2), 5);
        assert_int_equal(draw_all(&bucket, 2 * SECOND_NS), 5);
}

static void test_it_never_holds_more_than_fits(void **state)
{
        Bucket bucket = {};

        draw_all(&bucket, SECOND_NS);
        assert_int_equal(draw_all(&bucket, 1000000 * SECOND_NS), 20);
}

static void test_nothing_is_drawn_where_there_is_too_little(void **state)
{
        Bucket bucket = {};

        assert_false(bucket_draw(&bucket, &rate, 21, SECOND_NS));
        assert_true(bucket_draw(&bucket, &rate, 20, SECOND_NS));
}

static void test_a_slow_rate_loses_nothing_to_rounding(void **state)
{
        const BucketRate slow = { .per_second = 1, .at_once = 1 };
        Bucket bucket = {};
        size_t n = 0;

        assert_true(bucket_draw(&bucket, &slow, 1, SECOND_NS));
        for (int64_t now_ns = SECOND_NS; now_ns <= 11 * SECOND_NS; now_ns += 300 * 1000)
                n += bucket_draw(&bucket, &slow, 1, now_ns);
        assert_in_range(n, 9, 10);
}

static void test_a_clock_that_stands_fills_nothing(void **state)
{
        Bucket bucket = {};

        draw_all(&bucket, SECOND_NS);
        assert_int_equal(draw_all(&bucket, SECOND_NS), 0);
        assert_int_equal(draw_all(&bucket, SECOND_NS - 5), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_it_starts_full),
                cmocka_unit_test(test_it_fills_at_its_rate),
                cmocka_unit_test(test_it_never_holds_more_than_fits),
                cmocka_unit_test(test_nothing_is_drawn_where_there_is_too_little),
                cmocka_unit_test(test_a_slow_rate_loses_nothing_to_rounding),
                cmocka_unit_test(test_a_clock_that_stands_fills_nothing),
        };

        return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
