#pragma once

/*
 * Rows: what the checkpoint's tables hold, byte by byte
 *
 * Every value begins with a version, so that a newer daemon's rows are known for what they are.
 * Numbers are big-endian; text is 2 bytes of length and the bytes; an envelope is what is left.
 * Nothing is written as it lies in memory. Decoding borrows from the row and takes nothing on
 * trust: not a bit more or less than the row's own form.
 */

#include "core/state.h"

enum {
        ROW_VERSION = 1,
};

enum {
        ROW_OK,
        ROW_E_DAMAGED, /* not a row of this form */
        ROW_E_NEWER,   /* its version is one that this daemon does not know */
};

/* Key: the record's key. */
typedef struct RecordRow {
        const char *topic; /* n_topic bytes, no NUL */
        size_t n_topic;
        uint64_t revision, changed_revision;
        int64_t received_at_ms, since_ms;
        uint32_t flags;
        uint64_t rests_on; /* 0: no affirmation */
        const uint8_t *envelope;
        size_t n_envelope;
} RecordRow;

/* Key: revision, 8 bytes. */
typedef struct AffirmRow {
        int64_t received_at_ms, sent_at_ms;
        const uint8_t *envelope;
        size_t n_envelope;
} AffirmRow;

/* Key: revision, 8 bytes, and a number within it, 4 bytes. */
typedef struct TombstoneRow {
        const char *topic;
        size_t n_topic;
        int64_t at_ms;
        uint8_t from, to, cause;
        RecordKey key;
} TombstoneRow;

/* Key: the party. */
typedef struct PartyRow {
        uint64_t floor, revision;
        uint8_t digest[DIGEST_BYTES];
} PartyRow;

/* Key: revision, 8 bytes. */
typedef struct RegistryRow {
        uint8_t kind; /* ENTRY_ENROLMENT, _CARD or _SUSPENSION */
        int64_t received_at_ms;
        const uint8_t *bytes;
        size_t n_bytes;
} RegistryRow;

/* Key: the topic. */
typedef struct TopicRow {
        uint64_t last[AUDIENCE_COORD + 1]; /* [0] is not used */
        uint64_t forgotten;
} TopicRow;

/* Key: META_POSITION. */
typedef struct PositionRow {
        uint64_t revision;
        int64_t time_ms;
        uint8_t head[DIGEST_BYTES];
        uint64_t epoch_floor;
        uint8_t epoch_unconfirmed;
} PositionRow;

/* Key: META_SPAN and the first revision, 8 bytes. */
typedef struct SpanRow {
        uint64_t epoch;
        int64_t opened_at_ms;
        uint8_t continues;
} SpanRow;

/* The first byte of a key among META; GENESIS and EPOCH are followed by nothing, and their value by
 * the bytes as they stand in the ledger. */
enum {
        META_POSITION = 'p',
        META_GENESIS = 'g',
        META_EPOCH = 'e',
        META_SPAN = 's',
};

enum {
        ROW_TOMBSTONE_KEY_BYTES = 12,
};

/* Each gives a value, or a key. Returns 0 or -ENOMEM. */
MUST_CHECK int row_of_record(Blob **ret_value, const RecordRow *row);
MUST_CHECK int row_of_affirm(Blob **ret_value, const AffirmRow *row);
MUST_CHECK int row_of_tombstone(Blob **ret_value, const TombstoneRow *row);
MUST_CHECK int row_of_party(Blob **ret_value, const PartyRow *row);
MUST_CHECK int row_of_registry(Blob **ret_value, const RegistryRow *row);
MUST_CHECK int row_of_topic(Blob **ret_value, const TopicRow *row);
MUST_CHECK int row_of_position(Blob **ret_value, const PositionRow *row);
MUST_CHECK int row_of_span(Blob **ret_value, const SpanRow *row);
MUST_CHECK int row_of_narrow(Blob **ret_value); /* all is in the key, a record's */
MUST_CHECK int row_of_bytes(Blob **ret_value, const Blob *bytes);
MUST_CHECK int row_key_of_revision(Blob **ret_key, uint64_t revision);
MUST_CHECK int row_key_of_tombstone(Blob **ret_key, uint64_t revision, uint32_t number);
MUST_CHECK int row_key_of_span(Blob **ret_key, uint64_t first_revision);

/* Each returns 0, ROW_E_DAMAGED or ROW_E_NEWER; what is borrowed is @value's. */
MUST_CHECK int row_to_record(RecordRow *ret_row, const uint8_t *value, size_t n_value);
MUST_CHECK int row_to_affirm(AffirmRow *ret_row, const uint8_t *value, size_t n_value);
MUST_CHECK int row_to_tombstone(TombstoneRow *ret_row, const uint8_t *value, size_t n_value);
MUST_CHECK int row_to_party(PartyRow *ret_row, const uint8_t *value, size_t n_value);
MUST_CHECK int row_to_registry(RegistryRow *ret_row, const uint8_t *value, size_t n_value);
MUST_CHECK int row_to_topic(TopicRow *ret_row, const uint8_t *value, size_t n_value);
MUST_CHECK int row_to_position(PositionRow *ret_row, const uint8_t *value, size_t n_value);
MUST_CHECK int row_to_span(SpanRow *ret_row, const uint8_t *value, size_t n_value);
MUST_CHECK int row_to_narrow(const uint8_t *value, size_t n_value);
MUST_CHECK int row_to_bytes(const uint8_t **ret_bytes, size_t *ret_n, const uint8_t *value,
                            size_t n_value);
