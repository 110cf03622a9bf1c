#include "derived/keep.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

enum { PIECE_BYTES = 16 * 1024 };

typedef struct KeepPiece {
        struct KeepPiece *next;
        size_t n_bytes, used;
        alignas(max_align_t) uint8_t bytes[];
} KeepPiece;

static KeepPiece *add_piece(Keep *keep, size_t n_bytes)
{
        size_t n_room = MAX(n_bytes, (size_t)PIECE_BYTES);
        KeepPiece *piece = n_room <= SIZE_MAX / 2 ? calloc(1, sizeof(*piece) + n_room) : NULL;

        if (!piece) {
                keep->failed = true;
                return NULL;
        }
        piece->n_bytes = n_room;
        piece->next = keep->pieces;
        keep->pieces = piece;
        return piece;
}

static void *take(Keep *keep, size_t n_bytes, size_t alignment)
{
        KeepPiece *piece = keep->pieces;
        size_t start = piece ? (piece->used + alignment - 1) & ~(alignment - 1) : 0;

        if (!piece || start > piece->n_bytes || n_bytes > piece->n_bytes - start) {
                piece = add_piece(keep, n_bytes);
                start = 0;
        }
        if (!piece)
                return NULL;
        piece->used = start + n_bytes;
        return piece->bytes + start;
}

void *keep_alloc(Keep *keep, size_t n_elements, size_t n_bytes)
{
        size_t n_all;

        if (__builtin_mul_overflow(n_elements, n_bytes, &n_all)) {
                keep->failed = true;
                return NULL;
        }
        return take(keep, n_all, alignof(max_align_t));
}

const char *keep_text(Keep *keep, const char *text)
{
        size_t n_bytes = text ? strlen(text) + 1 : 0;
        char *copy = text ? take(keep, n_bytes, 1) : NULL;

        return copy ? memcpy(copy, text, n_bytes) : NULL;
}

void keep_deinit(Keep *keep)
{
        while (keep->pieces) {
                KeepPiece *piece = keep->pieces;

                keep->pieces = piece->next;
                free(piece);
        }
        *keep = KEEP_NULL;
}
