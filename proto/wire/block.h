#pragma once

/*
 * Blocks, beats and chunks: how the picture travels, decoded and checked
 *
 * The frame of a block is its topic, a zero byte and a BLOCK envelope. Encoding goes through a
 * BlockBuilder that knows its size as it grows, since the publisher cuts before 256 KiB.
 */

#include "wire/document.h"
#include "wire/topic.h"

enum {
        BLOCK_FRAME_MAX = 256 * 1024,
        CHUNK_BODY_MAX = 128 * 1024,
        BLOCK_ENTRIES_MAX = 8192,
};

enum {
        BLOCK_OK,
        BLOCK_E_MALFORMED,
        BLOCK_E_SIGNATURE,
        BLOCK_E_FULL, /* the entry does not fit any more: seal, and start the next */
};

enum {
        ENTRY_OVERCROWDED = 1,
        ENTRY_INCONSISTENT = 2,
        ENTRY_MOVED = 4,
        ENTRY_SAID_WIDER = 8, /* a flow for coordination centres that was for others before */
};

typedef enum WithdrawnCause {
        WITHDRAWN_BY_PARTY = 1,
        WITHDRAWN_AUDIENCE,
        WITHDRAWN_REGION,
        WITHDRAWN_ENROLMENT,
        WITHDRAWN_ENDED,
} WithdrawnCause;

typedef struct WithdrawnRecord {
        Status status;
        const char *party;
        const char *location;
        RecordRef ref;
        WithdrawnCause cause;
} WithdrawnRecord;

/* One of @envelope, @withdrawn and @suspension. */
typedef struct Entry {
        uint64_t revision;         /* at which the envelope was accepted */
        uint64_t changed_revision; /* at which it last changed on this topic; >= revision */
        int64_t received_at_ms;
        int64_t since_ms;
        uint32_t flags;
        uint64_t rests_on; /* revision of an affirm; 0: none */
        const uint8_t *envelope;
        size_t n_envelope;
        const WithdrawnRecord *withdrawn;
        const uint8_t *suspension;
        size_t n_suspension;
} Entry;

typedef struct TopicPosition {
        const char *topic;
        uint64_t revision;
} TopicPosition;

typedef struct Presence {
        const char *party;
        bool connected;
        int64_t since_ms;
} Presence;

typedef struct Beat {
        int64_t time_ms;
        const uint8_t *epoch; /* the EPOCH envelope */
        size_t n_epoch;
        const TopicPosition *topics;
        size_t n_topics;
        const Presence *presence;
        size_t n_presence;
        bool accepting;
        const char *why_not; /* NULL while accepting */
        int64_t since_ms;
        uint64_t beat;
} Beat;

typedef struct Block {
        const uint8_t *head; /* the HEAD envelope; not verified by decoding: the block's signature
                                covers it, but a reader keeps it as evidence */
        size_t n_head;
        uint64_t first, last, previous, reg_revision;
        const Entry *entries;
        size_t n_entries;
        const Entry *affirms;
        size_t n_affirms;
        const Beat *beat; /* NULL: none */
} Block;

typedef struct ChunkBody {
        const Entry *entries;
        size_t n_entries;
        const Entry *affirms;
        size_t n_affirms;
} ChunkBody;

/* The topic of an answer to "own". */
#define MANIFEST_OWN "own/"
/* And to "history". */
#define MANIFEST_HISTORY "history/"

typedef struct Manifest {
        const uint8_t *head;
        size_t n_head;
        const char *topic;
        Audience audience;
        uint64_t from, to;
        bool whole;
        const uint8_t (*digests)[DIGEST_BYTES];
        size_t n_digests;
        uint64_t n_entries;
        uint64_t reg_revision;
        int64_t at_ms; /* 0: it is of now */
        bool is_thinned;
        int64_t kept_from_ms; /* of a history; 0: it is not said */
} Manifest;

/* ------------------------------------------------------------------ encoding */

typedef struct BlockBuilder BlockBuilder;

/*
 * For frames of at most @max_bytes. Reused from block to block. An entry that comes first may pass
 * that, up to BLOCK_FRAME_MAX: cutting goes between entries, and an enrolment can be large.
 */
MUST_CHECK int block_builder_new(BlockBuilder **ret_builder, size_t max_bytes);
BlockBuilder *block_builder_free(BlockBuilder *builder);
DEFINE_FREEP(BlockBuilder, block_builder_free);

/* Adds an entry (copied), or an affirm that entries rest on (added once per revision; before what
 * rests on it, so that no entry is left without). Returns 0, BLOCK_E_FULL (nothing added) or
 * -ENOMEM. */
MUST_CHECK int block_builder_add(BlockBuilder *builder, const Entry *entry);
MUST_CHECK int block_builder_add_affirm(BlockBuilder *builder, const Entry *affirm);
size_t block_builder_n_entries(const BlockBuilder *builder);

/* The frame: topic, zero byte, signed envelope. Of @block only head, first, last, previous,
 * reg_revision and beat are used. Resets the builder. Returns 0, -ENOMEM, or -E2BIG: a beat that
 * is too large. */
MUST_CHECK int block_builder_seal(BlockBuilder *builder, Blob **ret_frame, const Topic *topic,
                                  const Block *block, const NetworkId *network,
                                  const SecretKey *key);
/* The same; if it comes to what @ahead says, a frame sealed before with this network and key, it
 * is a reference to that, and nothing is signed. @ahead: NULL for none. */
MUST_CHECK int block_builder_seal_as(BlockBuilder *builder, Blob **ret_frame, const Topic *topic,
                                     const Block *block, const NetworkId *network,
                                     const SecretKey *key, Blob *ahead);
/* The same entries as a ChunkBody, unsigned. Resets the builder. */
MUST_CHECK int block_builder_chunk(BlockBuilder *builder, Blob **ret_body);

MUST_CHECK int manifest_encode(Blob **ret_body, const Manifest *manifest);

/* ------------------------------------------------------------------ decoding */

/* Splits a frame; *ret_envelope is borrowed from it. Returns 0 or BLOCK_E_MALFORMED. */
MUST_CHECK int block_frame_parse(Topic *ret_topic, Envelope *ret_envelope, const uint8_t *frame,
                                 size_t n_frame);
/* Returns 0 or BLOCK_E_MALFORMED. Verify the envelope first. */
MUST_CHECK int block_decode(Block *ret_block, Arena *arena, const uint8_t *body, size_t n_body);
MUST_CHECK int chunk_body_decode(ChunkBody *ret_chunk, Arena *arena, const uint8_t *body,
                                 size_t n_body);
MUST_CHECK int manifest_decode(Manifest *ret_manifest, Arena *arena, const uint8_t *body,
                               size_t n_body);
