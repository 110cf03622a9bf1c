#pragma once

/*
 * Record: the last thing that a party said about one thing, and how old it is
 *
 * Counts are keyed by (status, party, location, unit, care); doors also by patient group, urgency
 * and plan; pressure by method; an offering by care and plan; a card by its location alone; a flow
 * by its period and whence it came; a refusal by its id. A report replaces its record whole.
 */

#include "internal/hash.h"
#include "internal/list.h"
#include "wire/block.h"

enum {
        RECORD_KEY_MAX = 320, /* bytes; also the key of a row in the store */
};

/*
 * Canonical bytes: equal records have equal keys, and a party's sort together.
 *
 *         status   1 byte
 *         party    and a zero byte
 *         location and a zero byte
 *         report   1 byte
 *         unit     and a zero byte: empty if none; not of a card, an offering or a refusal
 *         ack: report 1 byte and party and a zero byte of the record that it names, then this
 *         counts: care; door: care, patient group, urgency, plan; each 4 bytes, big-endian
 *         pressure: method and a zero byte; offering: care, plan
 *         flow: other and a zero byte: empty if none; care, from, to; from_ms, until_ms, each 8
 *         refusal: care, the 16 bytes of its id
 */
typedef struct RecordKey {
        uint16_t n_bytes;
        uint8_t bytes[RECORD_KEY_MAX];
} RecordKey;

/* status, party, location, then the reference. */
void record_key_make(RecordKey *ret_key, Status status, const char *party, const char *location,
                     const RecordRef *ref);
/* Back again; strings are borrowed from @key. Returns 0 or -EBADMSG. */
MUST_CHECK int record_key_parse(const RecordKey *key, Status *ret_status, const char **ret_party,
                                const char **ret_location, RecordRef *ret_ref);

/* Whether it is an acknowledgement's, and the key of the record that it names. */
bool record_key_is_ack(const uint8_t *key, size_t n_key);
void record_ack_named(const uint8_t *ack, size_t n_ack, RecordKey *ret_named);

/* The envelope that renewed a record's age last; shared by all that it renewed. */
typedef struct Affirmation {
        uint32_t n_references;
        uint64_t revision;
        int64_t received_at_ms;
        int64_t sent_at_ms;
        Blob *envelope;
} Affirmation;

/* Takes a reference of @envelope. Returns 0 or -ENOMEM. */
MUST_CHECK int affirmation_new(Affirmation **ret, uint64_t revision, int64_t received_at_ms,
                               int64_t sent_at_ms, Blob *envelope);
Affirmation *affirmation_ref(Affirmation *affirmation);
Affirmation *affirmation_unref(Affirmation *affirmation);

typedef struct PictureTopic PictureTopic;
typedef struct RecordEvent RecordEvent; /* picture/events.h */
typedef struct RecordGroup RecordGroup; /* all of one (party, location) */

typedef struct Record {
        ListLink in_topic; /* by changed_revision */
        ListLink in_group;
        PictureTopic *topic;
        RecordGroup *group;
        UT_hash_handle hh;

        Blob *envelope;
        Affirmation *affirmation;  /* NULL: none since the report */
        uint64_t revision;         /* at which the envelope was accepted */
        uint64_t changed_revision; /* the newest of that, its affirmation and its moves */
        int64_t received_at_ms;
        int64_t since_ms; /* received_at of the first report with this content: when it was *stated*
                           */
        uint64_t instance;
        uint64_t seq;
        int64_t sent_at_ms;
        int64_t observed_at_ms;
        uint32_t valid_for_s; /* 0: not said */
        uint32_t flags;       /* ENTRY_* */
        Status status;
        Audience audience;
        UpdateKind report;
        uint8_t content_digest[CONTENT_DIGEST_BYTES];
        uint32_t whole;     /* the topic's whole answer in which it was listed last */
        bool apart;         /* scratch of picture_affirm() */
        RecordEvent *event; /* flows and refusals; else NULL */

        void *user; /* a subscriber's own; in the daemon, the checkpoint's mark */

        uint16_t n_key;
        uint8_t key[]; /* RecordKey's bytes */
} Record;

/* The plan that a door or an offering is about; 0 for all other reports. */
uint32_t record_plan(const Record *record);
/* The care that a report is about; CODE_ABSENT where it is about none, or about all. */
uint32_t record_care(const Record *record);
/* What its report says; strings live in @arena, which is reset first. Returns 0 or -ENOMEM. */
MUST_CHECK int record_decode(const Record *record, Arena *arena, Update *ret_update);
/* Says what the record is about; strings are borrowed from the record's key. */
void record_describe(const Record *record, const char **ret_party, const char **ret_location,
                     RecordRef *ret_ref);
