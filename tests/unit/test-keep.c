#include <string.h>

#include "cmocka-all.h"
#include "derived/keep.h"

static void test_what_is_kept_stays_where_it_is(void **state)
{
        CLEANUP(keep_deinit) Keep keep = KEEP_NULL;
        const char *first = keep_text(&keep, "first");
        uint64_t *large = keep_alloc(&keep, 100000, sizeof(*large));

        for (size_t i = 0; i < 10000; i++)
                assert_string_equal(keep_text(&keep, "another"), "another");
        assert_string_equal(first, "first");
        assert_true((uintptr_t)large % _Alignof(max_align_t) == 0);
        for (size_t i = 0; i < 100000; i++)
                assert_true(large[i] == 0);
        assert_null(keep_text(&keep, NULL));
        assert_false(keep.failed);
        assert_null(keep_alloc(&keep, SIZE_MAX, 2));
        assert_true(keep.failed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_kept_stays_where_it_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
