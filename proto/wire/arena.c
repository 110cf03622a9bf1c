#include "wire/arena.h"

#include <stdalign.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Under the address sanitizer what is not handed out cannot be touched, as with malloc. */
#if defined(__has_feature)
#        if __has_feature(address_sanitizer)
#                define HAVE_ASAN 1
#        endif
#elif defined(__SANITIZE_ADDRESS__)
#        define HAVE_ASAN 1
#endif

#ifdef HAVE_ASAN
#        include <sanitizer/asan_interface.h>
enum { GAP_BYTES = 16 }; /* between two allocations */
#else
#        define ASAN_POISON_MEMORY_REGION(_at, _n_bytes)   ((void)0)
#        define ASAN_UNPOISON_MEMORY_REGION(_at, _n_bytes) ((void)0)
enum { GAP_BYTES = 0 };
#endif

/*
 * One block, taken from malloc at once: what the kernel has not been asked for by touching it costs
 * nothing, and a decode can then not fail for want of memory, only for wanting too much.
 */
struct Arena {
        size_t n_bytes;
        size_t limit; /* <= n_bytes */
        size_t used;  /* <= limit */
        alignas(max_align_t) uint8_t bytes[];
};

int arena_new(Arena **ret_arena, size_t n_bytes)
{
        Arena *arena;

        if (n_bytes > SIZE_MAX - sizeof(*arena))
                return err_raise(-ENOMEM);

        arena = malloc(sizeof(*arena) + n_bytes);
        if (!arena)
                return err_raise(-ENOMEM);

        arena->n_bytes = arena->limit = n_bytes;
        arena->used = 0;
        ASAN_POISON_MEMORY_REGION(arena->bytes, n_bytes);
        *ret_arena = arena;
        return 0;
}

Arena *arena_free(Arena *arena)
{
        if (arena)
                ASAN_UNPOISON_MEMORY_REGION(arena->bytes, arena->n_bytes);
        free(arena);
        return NULL;
}

void *arena_alloc(Arena *arena, size_t n_bytes)
{
        size_t start = (arena->used + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

        if (start > arena->limit || n_bytes > arena->limit - start)
                return NULL;

        arena->used = MIN(start + n_bytes + GAP_BYTES, arena->limit);
        ASAN_UNPOISON_MEMORY_REGION(arena->bytes + start, n_bytes);
        return arena->bytes + start;
}

char *arena_strdup(Arena *arena, const char *string)
{
        size_t n_bytes = strlen(string) + 1;
        char *copy = arena_alloc(arena, n_bytes);

        if (copy)
                memcpy(copy, string, n_bytes);
        return copy;
}

void arena_limit(Arena *arena, size_t n_bytes)
{
        arena->limit = arena->used + MIN(n_bytes, arena->n_bytes - arena->used);
}

/* What a flood of costly messages made it touch goes back, so that it is not held for good. */
static void give_back(Arena *arena)
{
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
        uintptr_t from = (uintptr_t)arena->bytes + ARENA_KEEP_BYTES + page - 1;
        uintptr_t to = (uintptr_t)arena->bytes + arena->used;

        from -= from % page;
        to -= to % page;
        if (from < to)
                (void)madvise((void *)from, to - from, MADV_DONTNEED);
}

void arena_reset(Arena *arena)
{
        if (arena->used > ARENA_KEEP_BYTES)
                give_back(arena);
        arena->used = 0;
        arena->limit = arena->n_bytes;
        ASAN_POISON_MEMORY_REGION(arena->bytes, arena->n_bytes);
}
