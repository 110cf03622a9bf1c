#pragma once

/*
 * The query session: requests and replies, decoded and checked
 *
 * Field for field the messages of plek.proto; that file says what each means. Strings and arrays
 * of what was decoded live in the arena.
 */

#include "wire/agreed.h"
#include "wire/block.h"
#include "wire/call.h"

enum {
        QUERY_OK,
        QUERY_E_MALFORMED,
};

enum {
        REQUEST_MAX_BYTES = 1024 * 1024, /* an enrolment of 4,096 locations fits */
        CREDIT_MAX = 64,
};

typedef enum PeerKind { PEER_FEED = 1, PEER_HAND, PEER_READER } PeerKind;

/* A set of reports, by UpdateKind; there is room for some that are still to come. */
#define REPORT_BIT(_kind) (1u << ((_kind)-UPDATE_COUNTS))
#define REPORT_BITS_ALL   UINT32_MAX
#define REPORT_LAST       31

typedef enum RequestKind {
        REQUEST_HELLO = 2,
        REQUEST_CLOCK,
        REQUEST_SINCE,
        REQUEST_CREDIT,
        REQUEST_WHOAMI,
        REQUEST_SUBMIT,
        REQUEST_SUSPEND,
        REQUEST_PARTIES,
        REQUEST_STATUS,
        REQUEST_OWN,
        REQUEST_CONFIRM,
        REQUEST_PRESENCE,
        REQUEST_CARD,
        REQUEST_HISTORY,
        REQUEST_CALL = 18,
} RequestKind;

typedef enum ConfirmWhat { CONFIRM_EPOCH = 1, CONFIRM_CLOCK } ConfirmWhat;

typedef struct Bytes {
        const uint8_t *bytes; /* NULL: absent */
        size_t n_bytes;
} Bytes;

typedef struct Request {
        uint64_t id;
        RequestKind kind;
        union {
                struct {
                        uint64_t instance;
                        uint32_t kind;
                        Bytes head;
                        uint64_t card_serial;
                        const char *program;
                } hello;
                struct {
                        uint64_t nonce;
                } clock;
                struct {
                        const char *topic;
                        uint64_t epoch;
                        Audience audience;
                        uint64_t revision;
                        uint32_t credit;
                        int64_t at_ms; /* 0: now */
                } since;
                struct {
                        uint64_t transfer;
                        uint32_t credit;
                } credit;
                struct {
                        Bytes envelope;
                        bool check;
                } submit;
                Suspension suspend; /* without by */
                struct {
                        const char *party; /* NULL: all */
                } parties;
                struct {
                        const char *location; /* NULL: all */
                        uint32_t credit;
                } own;
                struct {
                        uint32_t what;
                } confirm;
                struct {
                        const char *location; /* NULL: all, of doors and cards */
                        const char *unit;     /* NULL: all */
                        uint32_t care;        /* CODE_ABSENT: all */
                        uint32_t reports;     /* REPORT_BIT()s */
                        int64_t from_ms, to_ms;
                        bool restated;
                        uint32_t credit;
                } history;
                struct {
                        Bytes envelope;
                } call;
        };
} Request;

typedef struct Refusal {
        uint32_t code; /* 0: none */
        const char *field;
        const char *text;
} Refusal;

typedef struct Outcome {
        uint64_t seq;
        uint64_t revision; /* 0: refused */
        Refusal refusal;
} Outcome;

typedef struct PartyInfo {
        const char *party;
        const char *name;
        uint32_t roles;
        Audience audience;
        uint64_t serial;
        int64_t valid_from_ms, valid_until_ms;
        bool suspended, revoked;
        const PublicKey *keys;
        size_t n_keys;
        const LocationGrant *locations;
        size_t n_locations;
        uint64_t floor;
        uint64_t n_records;
        bool connected;
        int64_t since_ms; /* or TIME_ABSENT: never seen since the broker's start */
        uint64_t n_accepted, n_refused;
        bool twins;
} PartyInfo;

typedef struct Metric {
        const char *name;
        const char *label; /* NULL: none */
        double value;
} Metric;

typedef enum ReplyKind {
        REPLY_REFUSED = 1, /* refusal only */
        REPLY_HELLO = 3,
        REPLY_CLOCK,
        REPLY_SINCE,
        REPLY_CHUNK,
        REPLY_WHOAMI,
        REPLY_SUBMIT,
        REPLY_DONE,
        REPLY_PARTIES,
        REPLY_STATUS,
        REPLY_RECEIPT,
        REPLY_EPOCH,
        REPLY_CARD,
        REPLY_PRESENCE,
        REPLY_AGREED,
        REPLY_ASKED = 19,
        REPLY_PROGRESS,
} ReplyKind;

typedef struct Reply {
        uint64_t id; /* 0: told, not asked */
        ReplyKind kind;
        Refusal refusal;
        union {
                struct {
                        int64_t time_us;
                        NetworkId network;
                        const char *party;
                        Bytes epoch, head;
                        Audience audience;
                        uint32_t roles;
                        uint64_t floor;
                        uint64_t enrolment_serial;
                        uint64_t card_serial;
                        const TopicPosition *topics;
                        size_t n_topics;
                        bool accepting;
                        int64_t valid_until_ms, read_until_ms;
                } hello;
                struct {
                        uint64_t nonce;
                        int64_t time_us;
                } clock;
                struct {
                        Bytes manifest;
                        uint64_t transfer;
                } since;
                struct {
                        uint64_t transfer;
                        uint32_t index;
                        Bytes body;
                } chunk;
                struct {
                        const char *text;
                        uint8_t transport_key[KEY_BYTES];
                        bool enrolled;
                        const char *party;
                        uint32_t roles;
                        Audience audience;
                        const LocationGrant *locations;
                        size_t n_locations;
                        int64_t valid_from_ms, valid_until_ms;
                        bool suspended, revoked;
                        uint64_t serial;
                } whoami;
                struct {
                        uint64_t revision;
                } submit;
                struct {
                        const PartyInfo *parties;
                        size_t n_parties;
                } parties;
                struct {
                        const char *version;
                        uint64_t epoch, revision;
                        int64_t time_ms, started_at_ms;
                        bool accepting;
                        const char *why_not;
                        int64_t since_ms;
                        const char **warnings;
                        size_t n_warnings;
                        const Metric *metrics;
                        size_t n_metrics;
                        Bytes head;
                        const char *network_name;
                        Bytes epoch_envelope;
                } status;
                struct {
                        Bytes head;
                        const Outcome *outcomes;
                        size_t n_outcomes;
                        uint64_t floor;
                        bool twins;
                } receipt;
                Bytes envelope; /* EPOCH, CARD */
                struct {
                        const Presence *presence;
                        size_t n_presence;
                } presence;
                struct {
                        const AgreedInterval *intervals;
                        size_t n_intervals;
                } agreed;
                struct {
                        Bytes envelope, enrolment;
                } asked;
                struct {
                        CallId id;
                        const CallLine *lines;
                        size_t n_lines;
                        uint32_t n_lines_of_call;
                        bool is_final;
                        CallTriage triage;
                } progress;
        };
} Reply;

/* A peer that is newer may ask what this broker does not know: *ret_request then has its id, and
 * kind 0. Returns 0 or QUERY_E_MALFORMED. */
MUST_CHECK int request_decode(Request *ret_request, Arena *arena, const uint8_t *bytes,
                              size_t n_bytes);
MUST_CHECK int request_encode(Blob **ret_blob, const Request *request);
/* A broker that is newer may say what this version does not know: kind 0. */
MUST_CHECK int reply_decode(Reply *ret_reply, Arena *arena, const uint8_t *bytes, size_t n_bytes);
MUST_CHECK int reply_encode(Blob **ret_blob, const Reply *reply);
