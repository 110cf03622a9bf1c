/*
 * The walk before decoding
 *
 * protobuf-c believes much: it merges a submessage that comes twice in quadratic time, lets the
 * last of several values win, cuts numbers to the width of their field, and gives strings back as
 * C strings, so that "a\0b" reads as "a". All of it would let one body mean one thing to the broker
 * and another to a reader that uses another library. So a body is first walked along its
 * descriptor, and what has more than one reading is refused:
 *
 *   - a field that may occur once and occurs twice, two members of a oneof;
 *   - a known field of another wire type, a number wider than its field, groups;
 *   - a string that is not UTF-8 or has control characters in it, NUL included (what terminals
 *     would obey has no place in a ward's name);
 *   - a required field that is missing;
 *   - more repeats than the caller allows, more unknown fields than a newer sender will have.
 *
 * Unknown fields are stepped over and stay. The schema has no recursion, so its depth bounds ours.
 */

#include "wire/pb.h"

#include <string.h>

enum {
        DEPTH_MAX = 8,
        UNKNOWN_MAX = 64, /* in a whole body */
        VARINT_MAX_BYTES = 10,
        LENGTH_MAX_BYTES = 5, /* of tags and lengths */

        WIRE_VARINT = 0,
        WIRE_FIXED64 = 1,
        WIRE_BYTES = 2,
        WIRE_FIXED32 = 5,
};

typedef ProtobufCMessageDescriptor Type;
typedef ProtobufCFieldDescriptor Field;

typedef struct Scan {
        PbFault *fault;
        size_t n_repeated_max;
        size_t n_unknown;
        const char *path[DEPTH_MAX];
        size_t depth;
} Scan;

static int scan_message(Scan *scan, const Type *type, const uint8_t *at, const uint8_t *end);

/* Notes @text about @name, a field of the message that is being walked; NULL: the message. */
static int fault_set(Scan *scan, bool is_field, const char *name, const char *text)
{
        char *at = scan->fault->field, *end = at + PB_FIELD_MAX;

        *at = '\0';
        for (size_t i = 0; i <= scan->depth; i++) {
                const char *part = i < scan->depth ? scan->path[i] : name;

                if (part && (size_t)(end - at) > strlen(part) + 1) {
                        if (at != scan->fault->field)
                                *at++ = '.';
                        at = stpcpy(at, part);
                }
        }
        scan->fault->is_field = is_field;
        scan->fault->text = text;
        return PB_E_FAULT;
}

static int read_varint(uint64_t *ret_value, const uint8_t **at, const uint8_t *end, size_t n_max)
{
        const uint8_t *from = *at;
        uint64_t value = 0;

        /* Nearly all are of one byte. */
        if (from < end && !(*from & 0x80)) {
                *ret_value = *from;
                *at = from + 1;
                return 0;
        }
        for (size_t i = 0; i < n_max && from + i < end; i++) {
                uint64_t bits = from[i] & 0x7f;

                if (i == VARINT_MAX_BYTES - 1 && from[i] > 1)
                        return PB_E_FAULT;
                value |= bits << 7 * i;
                if (!(from[i] & 0x80)) {
                        *ret_value = value;
                        *at = from + i + 1;
                        return 0;
                }
        }
        return PB_E_FAULT;
}

static int read_fixed(PbRaw *raw, const uint8_t **at, const uint8_t *end, size_t n_bytes)
{
        if ((size_t)(end - *at) < n_bytes)
                return PB_E_FAULT;

        raw->value = 0;
        for (size_t i = n_bytes; i--;)
                raw->value = raw->value << 8 | (*at)[i];
        *at += n_bytes;
        return 0;
}

int pb_next_raw(PbRaw *ret_raw, const uint8_t **at, const uint8_t *end)
{
        uint64_t key, n_bytes;

        if (read_varint(&key, at, end, LENGTH_MAX_BYTES) || key > UINT32_MAX || !(key >> 3))
                return PB_E_FAULT;

        ret_raw->tag = (uint32_t)(key >> 3);
        ret_raw->wire_type = key & 7;
        switch (ret_raw->wire_type) {
        case WIRE_VARINT:
                return read_varint(&ret_raw->value, at, end, VARINT_MAX_BYTES);
        case WIRE_FIXED64:
                return read_fixed(ret_raw, at, end, 8);
        case WIRE_FIXED32:
                return read_fixed(ret_raw, at, end, 4);
        case WIRE_BYTES:
                if (read_varint(&n_bytes, at, end, LENGTH_MAX_BYTES) ||
                    n_bytes > (size_t)(end - *at))
                        return PB_E_FAULT;
                ret_raw->bytes = *at;
                ret_raw->n_bytes = n_bytes;
                *at += n_bytes;
                return 0;
        default:
                return PB_E_FAULT;
        }
}

/* ------------------------------------------------------------------ strings */

/* The length of the UTF-8 sequence at @at, 0 if it is none or a control character. */
static size_t utf8_sequence(const uint8_t *at, const uint8_t *end)
{
        static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
        size_t n_bytes = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
        uint32_t value;

        if (*at < 0xc2 || *at > 0xf4 || (size_t)(end - at) < n_bytes)
                return 0;

        value = *at & (0x7fu >> n_bytes);
        for (size_t i = 1; i < n_bytes; i++) {
                if ((at[i] & 0xc0) != 0x80)
                        return 0;
                value = value << 6 | (at[i] & 0x3f);
        }
        if (value < smallest[n_bytes] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ||
            value < 0xa0)
                return 0;
        return n_bytes;
}

static bool is_text(const uint8_t *at, size_t n_bytes)
{
        const uint8_t *end = at + n_bytes;

        while (at < end) {
                size_t n = 1;

                if (*at >= 0x80)
                        n = utf8_sequence(at, end);
                else if (*at < 0x20 || *at == 0x7f)
                        return false;
                if (!n)
                        return false;
                at += n;
        }
        return true;
}

/* ------------------------------------------------------------------ fields */

static int scan_number(Scan *scan, const Field *field, uint64_t value)
{
        switch (field->type) {
        case PROTOBUF_C_TYPE_UINT32:
        case PROTOBUF_C_TYPE_SINT32:
                if (value > UINT32_MAX)
                        return fault_set(scan, true, field->name, "number wider than 32 bits");
                break;
        case PROTOBUF_C_TYPE_BOOL:
                if (value > 1)
                        return fault_set(scan, true, field->name, "neither 0 nor 1");
                break;
        default:
                break;
        }
        return 0;
}

static unsigned wire_type_of(const Field *field)
{
        switch (field->type) {
        case PROTOBUF_C_TYPE_UINT32:
        case PROTOBUF_C_TYPE_SINT32:
        case PROTOBUF_C_TYPE_UINT64:
        case PROTOBUF_C_TYPE_INT64:
        case PROTOBUF_C_TYPE_SINT64:
        case PROTOBUF_C_TYPE_BOOL:
                return WIRE_VARINT;
        case PROTOBUF_C_TYPE_FIXED64:
        case PROTOBUF_C_TYPE_DOUBLE:
                return WIRE_FIXED64;
        case PROTOBUF_C_TYPE_STRING:
        case PROTOBUF_C_TYPE_BYTES:
        case PROTOBUF_C_TYPE_MESSAGE:
                return WIRE_BYTES;
        default:
                assert(!"a type that plek.proto did not have when this was written");
                return WIRE_FIXED32;
        }
}

static int scan_packed(Scan *scan, const Field *field, const PbRaw *raw, size_t *n_repeated)
{
        const uint8_t *at = raw->bytes, *end = at + raw->n_bytes;

        while (at < end) {
                uint64_t value;

                if (read_varint(&value, &at, end, VARINT_MAX_BYTES))
                        return fault_set(scan, false, field->name, "broken list of numbers");
                if (++*n_repeated > scan->n_repeated_max)
                        return fault_set(scan, false, field->name, "too many");
                if (scan_number(scan, field, value))
                        return PB_E_FAULT;
        }
        return 0;
}

static int scan_submessage(Scan *scan, const Field *field, const PbRaw *raw)
{
        int r;

        assert(scan->depth < DEPTH_MAX);
        scan->path[scan->depth++] = field->name;
        r = scan_message(scan, field->descriptor, raw->bytes, raw->bytes + raw->n_bytes);
        scan->depth--;
        return r;
}

static int scan_field(Scan *scan, const Field *field, const PbRaw *raw, size_t *n_repeated)
{
        unsigned wire_type = wire_type_of(field);

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
                if (wire_type == WIRE_VARINT && raw->wire_type == WIRE_BYTES)
                        return scan_packed(scan, field, raw, n_repeated);
                if (++*n_repeated > scan->n_repeated_max)
                        return fault_set(scan, false, field->name, "too many");
        }
        if (raw->wire_type != wire_type)
                return fault_set(scan, false, field->name, "another type than the schema's");

        switch (field->type) {
        case PROTOBUF_C_TYPE_MESSAGE:
                return scan_submessage(scan, field, raw);
        case PROTOBUF_C_TYPE_STRING:
                if (!is_text(raw->bytes, raw->n_bytes))
                        return fault_set(scan, true, field->name,
                                         "not UTF-8, or with control characters in it");
                return 0;
        default:
                return wire_type == WIRE_VARINT ? scan_number(scan, field, raw->value) : 0;
        }
}

/* Fields mostly come in the schema's order: look at @*next first. */
static const Field *find_field(const Type *type, uint32_t tag, unsigned *next)
{
        const Field *field;

        for (unsigned i = *next; i < type->n_fields && i < *next + 4; i++) {
                if (type->fields[i].id == tag) {
                        *next = i;
                        return &type->fields[i];
                }
        }

        field = protobuf_c_message_descriptor_get_field(type, tag);
        if (field)
                *next = (unsigned)(field - type->fields);
        return field;
}

static int check_required(Scan *scan, const Type *type, uint64_t seen)
{
        for (unsigned i = 0; i < type->n_fields; i++)
                if (type->fields[i].label == PROTOBUF_C_LABEL_REQUIRED && !(seen >> i & 1))
                        return fault_set(scan, true, type->fields[i].name, "missing");
        return 0;
}

static int scan_message(Scan *scan, const Type *type, const uint8_t *at, const uint8_t *end)
{
        size_t n_repeated = 0;
        bool seen_oneof = false;
        unsigned next = 0;
        uint64_t seen = 0;

        assert(type->n_fields <= 64);
        while (at < end) {
                const Field *field;
                PbRaw raw;

                if (pb_next_raw(&raw, &at, end))
                        return fault_set(scan, false, NULL, "not a protobuf message");

                field = find_field(type, raw.tag, &next);
                if (!field) {
                        if (++scan->n_unknown > UNKNOWN_MAX)
                                return fault_set(scan, false, NULL, "too many unknown fields");
                        continue;
                }
                if (field->label != PROTOBUF_C_LABEL_REPEATED && seen >> next & 1)
                        return fault_set(scan, false, field->name, "given twice");
                if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
                        if (seen_oneof)
                                return fault_set(scan, false, field->name,
                                                 "beside another that excludes it");
                        seen_oneof = true;
                }
                seen |= UINT64_C(1) << next;
                if (scan_field(scan, field, &raw, &n_repeated))
                        return PB_E_FAULT;
        }
        return check_required(scan, type, seen);
}

int pb_scan(PbFault *ret_fault, const ProtobufCMessageDescriptor *type, const uint8_t *bytes,
            size_t n_bytes, size_t n_repeated_max)
{
        Scan scan = { .fault = ret_fault, .n_repeated_max = n_repeated_max };

        return scan_message(&scan, type, bytes, bytes + n_bytes);
}
