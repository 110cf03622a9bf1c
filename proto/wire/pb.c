#include "wire/pb.h"

#include <string.h>

/* ------------------------------------------------------------------ decoding */

static void *alloc_from_arena(void *userdata, size_t n_bytes)
{
        return arena_alloc(userdata, n_bytes);
}

static void keep(void *userdata, void *pointer)
{
}

int pb_unpack(ProtobufCMessage **ret_message, PbFault *ret_fault,
              const ProtobufCMessageDescriptor *type, Arena *arena, const uint8_t *bytes,
              size_t n_bytes, size_t n_repeated_max)
{
        ProtobufCAllocator allocator = {
                .alloc = alloc_from_arena,
                .free = keep,
                .allocator_data = arena,
        };
        ProtobufCMessage *message;
        int r;

        r = pb_scan(ret_fault, type, bytes, n_bytes, n_repeated_max);
        if (r)
                return r;

        message = protobuf_c_message_unpack(type, &allocator, n_bytes, bytes);
        if (!message) {
                *ret_fault = (PbFault){ .text = "takes too much memory when decoded" };
                return PB_E_FAULT;
        }

        *ret_message = message;
        return 0;
}

bool pb_text_fits(const char *text, size_t n_max)
{
        return !text || strnlen(text, n_max + 1) <= n_max;
}

/* ------------------------------------------------------------------ encoding */

typedef struct PbPiece {
        struct PbPiece *next;
        max_align_t bytes[];
} PbPiece;

int pb_pack(Blob **ret_blob, const ProtobufCMessage *message)
{
        Blob *blob;
        int r;

        r = blob_new(&blob, protobuf_c_message_get_packed_size(message));
        if (r)
                return r;

        protobuf_c_message_pack(message, blob->bytes);
        *ret_blob = blob;
        return 0;
}

void pb_scratch_deinit(PbScratch *scratch)
{
        for (PbPiece *piece = scratch->pieces, *next; piece; piece = next) {
                next = piece->next;
                free(piece);
        }
        *scratch = PB_SCRATCH_NULL;
}

void *pb_scratch_alloc(PbScratch *scratch, size_t n_elements, size_t n_bytes)
{
        PbPiece *piece;
        size_t n_total;

        if (__builtin_mul_overflow(n_elements, n_bytes, &n_total) ||
            __builtin_add_overflow(n_total, sizeof(*piece), &n_total))
                return NULL;

        piece = calloc(1, n_total);
        if (!piece)
                return NULL;

        piece->next = scratch->pieces;
        scratch->pieces = piece;
        return piece->bytes;
}

void *pb_scratch_messages(PbScratch *scratch, const ProtobufCMessageDescriptor *type, size_t n)
{
        uint8_t *messages = pb_scratch_alloc(scratch, n, type->sizeof_message);
        void **pointers = pb_scratch_alloc(scratch, n, sizeof(*pointers));

        if (!messages || !pointers)
                return NULL;

        for (size_t i = 0; i < n; i++) {
                pointers[i] = messages + i * type->sizeof_message;
                type->message_init(pointers[i]);
        }
        return pointers;
}
