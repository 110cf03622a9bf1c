#pragma once

/*
 * Protobuf, for proto/wire/ alone
 *
 * protobuf-c is asked only about bodies that have been walked once and found sound (pb-scan.c), and
 * it takes memory from an arena, so that no body can make it work or grow out of proportion.
 */

#include "plek.pb-c.h"

#include "internal/blob.h"
#include "wire/arena.h"
#include "wire/names.h"

enum {
        PB_OK,
        PB_E_FAULT, /* *ret_fault says what */
};

enum {
        PB_FIELD_MAX = 96, /* "parties.locations.regions.scheme" fits well */
};

typedef struct PbFault {
        bool is_field;            /* one field's value is at fault, not the message's shape */
        char field[PB_FIELD_MAX]; /* "" where there is none */
        const char *text;         /* static */
} PbFault;

/*
 * Walks @bytes as a message of @type. At most @n_repeated_max repeats in any one message. Returns 0
 * or PB_E_FAULT.
 */
MUST_CHECK int pb_scan(PbFault *ret_fault, const ProtobufCMessageDescriptor *type,
                       const uint8_t *bytes, size_t n_bytes, size_t n_repeated_max);

/* The same, then unpacks it into @arena, which holds all of it: there is nothing to free. */
MUST_CHECK int pb_unpack(ProtobufCMessage **ret_message, PbFault *ret_fault,
                         const ProtobufCMessageDescriptor *type, Arena *arena, const uint8_t *bytes,
                         size_t n_bytes, size_t n_repeated_max);

/* One field of a message, whatever its type; for those who look for something in a broken one. */
typedef struct PbRaw {
        uint32_t tag;
        unsigned wire_type;
        uint64_t value;       /* varint, fixed 64 and 32 bits */
        const uint8_t *bytes; /* length-delimited */
        size_t n_bytes;
} PbRaw;

/* Takes the next field off *@at. Returns 0, or PB_E_FAULT if there is none that is sound. */
MUST_CHECK int pb_next_raw(PbRaw *ret_raw, const uint8_t **at, const uint8_t *end);

/* ------------------------------------------------------------------ encoding */

MUST_CHECK int pb_pack(Blob **ret_blob, const ProtobufCMessage *message);

/* What a message that is being put together borrows until it is packed. */
typedef struct PbScratch {
        struct PbPiece *pieces;
} PbScratch;

#define PB_SCRATCH_NULL ((PbScratch){ 0 })

void pb_scratch_deinit(PbScratch *scratch);
/* Zeroed; NULL: out of memory. */
void *pb_scratch_alloc(PbScratch *scratch, size_t n_elements, size_t n_bytes);
/* @n initialised messages of @type and the array of pointers that a repeated field wants. */
void *pb_scratch_messages(PbScratch *scratch, const ProtobufCMessageDescriptor *type, size_t n);

/* protobuf-c has no const: what is packed is only read. */
static inline char *pb_text(const char *text)
{
        return (char *)(uintptr_t)text;
}

static inline ProtobufCBinaryData pb_bytes(const void *bytes, size_t n_bytes)
{
        return (ProtobufCBinaryData){ .len = n_bytes, .data = (uint8_t *)(uintptr_t)bytes };
}

/* Whether @text (NULL passes) has at most @n_max bytes. */
bool pb_text_fits(const char *text, size_t n_max);
