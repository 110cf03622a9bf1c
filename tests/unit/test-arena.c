#include <stdalign.h>
#include <string.h>

#include "cmocka-all.h"
#include "wire/arena.h"

static void test_what_is_allocated_is_aligned_and_apart(void **state)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        uint8_t *a, *b;

        assert_int_equal(arena_new(&arena, 256), 0);
        a = arena_alloc(arena, 1);
        b = arena_alloc(arena, 17);
        assert_non_null(a);
        assert_non_null(b);
        assert_int_equal((uintptr_t)a % alignof(max_align_t), 0);
        assert_int_equal((uintptr_t)b % alignof(max_align_t), 0);
        assert_true(b > a);
        memset(a, 1, 1);
        memset(b, 2, 17);
        assert_int_equal(a[0], 1);
}

static void test_more_than_it_holds_is_refused_and_changes_nothing(void **state)
{
        CLEANUP(arena_freep) Arena *arena = NULL;

        assert_int_equal(arena_new(&arena, 64), 0);
        assert_null(arena_alloc(arena, 65));
        assert_null(arena_alloc(arena, SIZE_MAX));
        assert_non_null(arena_alloc(arena, 60));
        assert_null(arena_alloc(arena, 1));
}

static void test_limit_counts_from_what_is_used(void **state)
{
        CLEANUP(arena_freep) Arena *arena = NULL;

        assert_int_equal(arena_new(&arena, 1024), 0);
        assert_non_null(arena_alloc(arena, 512));
        arena_limit(arena, 64);
        assert_null(arena_alloc(arena, 65));
        assert_non_null(arena_alloc(arena, 64));
        assert_null(arena_alloc(arena, 1));
        arena_limit(arena, SIZE_MAX);
        assert_non_null(arena_alloc(arena, 400));
        assert_null(arena_alloc(arena, 64));
}

static void test_reset_gives_everything_back(void **state)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        void *first;

        assert_int_equal(arena_new(&arena, 64), 0);
        first = arena_alloc(arena, 64);
        arena_limit(arena, 0);
        arena_reset(arena);
        assert_ptr_equal(arena_alloc(arena, 64), first);
}

static void test_string_is_copied_with_its_end(void **state)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        char text[] = "seh";
        char *copy;

        assert_int_equal(arena_new(&arena, 4), 0);
        copy = arena_strdup(arena, text);
        text[0] = 'x';
        assert_string_equal(copy, "seh");
        assert_null(arena_strdup(arena, ""));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_allocated_is_aligned_and_apart),
                cmocka_unit_test(test_more_than_it_holds_is_refused_and_changes_nothing),
                cmocka_unit_test(test_limit_counts_from_what_is_used),
                cmocka_unit_test(test_reset_gives_everything_back),
                cmocka_unit_test(test_string_is_copied_with_its_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
