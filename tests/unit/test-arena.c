#include <stdalign.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void test_reset_does_not_hold_what_a_flood_has_touched(void **state)
{
        CLEANUP(arena_freep) Arena *arena = NULL;
        const size_t n_bytes = 8 * 1024 * 1024;
        size_t page = (size_t)sysconf(_SC_PAGESIZE), n_held = 0;
        unsigned char held[2048];
        uint8_t *first;

        assert_int_equal(arena_new(&arena, 2 * n_bytes), 0);
        first = arena_alloc(arena, n_bytes);
        assert_non_null(first);
        memset(first, 1, n_bytes);
        arena_reset(arena);

        assert_true(n_bytes / page <= sizeof(held));
        assert_int_equal(mincore(first - (uintptr_t)first % page, n_bytes, held), 0);
        for (size_t i = 0; i < n_bytes / page; i++)
                n_held += held[i] & 1;
        assert_in_range(n_held, 1, ARENA_KEEP_BYTES / page + 2);

        assert_ptr_equal(arena_alloc(arena, n_bytes), first);
        memset(first, 2, n_bytes);
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
                cmocka_unit_test(test_reset_does_not_hold_what_a_flood_has_touched),
                cmocka_unit_test(test_string_is_copied_with_its_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
