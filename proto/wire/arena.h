#pragma once

/*
 * Arena: the memory that one foreign message may take, and no more
 *
 * A 64 KiB body of tiny unknown fields makes protobuf-c ask for sixty times its size in tens of
 * thousands of pieces. Decoding therefore never touches malloc: it takes from an arena with a hard
 * limit, and a message that wants more is MALFORMED. Reset by offset; a worker keeps one for all
 * the messages of a round.
 */

#include <stddef.h>
#include <stdint.h>

#include "internal/err.h"

typedef struct Arena Arena;

enum {
        /* What one message may take of it when decoded, whatever its size on the wire. */
        ARENA_MESSAGE_BYTES = 1024 * 1024,
        /* What an arena has touched of itself and still holds when it is reset. */
        ARENA_KEEP_BYTES = 2 * 1024 * 1024,
};

/* @n_bytes is all that it will ever hold. Not thread-safe. Returns 0 or -ENOMEM. */
MUST_CHECK int arena_new(Arena **ret_arena, size_t n_bytes);
Arena *arena_free(Arena *arena);
DEFINE_FREEP(Arena, arena_free);

/* Aligned for any type; NULL when the arena or the current message's limit is used up. */
void *arena_alloc(Arena *arena, size_t n_bytes);
char *arena_strdup(Arena *arena, const char *string);

/* From here on at most @n_bytes more; what was allocated before stays. */
void arena_limit(Arena *arena, size_t n_bytes);

/* Forgets everything that was allocated. Keeps ARENA_KEEP_BYTES of the memory. */
void arena_reset(Arena *arena);
