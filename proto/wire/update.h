#pragma once

/*
 * Update: one signed statement of a party about one record, decoded and checked
 *
 * Decoding checks what can be known from the bytes alone: bounds, character sets, closed code
 * lists, times that contradict each other. Whether the party may say it is admission's question.
 * All strings are NUL-terminated, without a NUL inside, valid UTF-8, and live in the arena.
 * "Absent" is NULL for strings and the value named below for numbers.
 */

#include <stdbool.h>
#include <stdint.h>

#include "plek/codes.h"
#include "wire/arena.h"
#include "wire/envelope.h"

enum {
        PARTY_MAX = 64,
        LOCATION_MAX = 64,
        UNIT_MAX = 64,
        LABEL_MAX = 128,
        LOCATION_KIND_MAX = 8,
        DEFINITION_MAX = 32,
        METHOD_MAX = 32,
        COUNT_MAX = 100000,
        EXCEPTIONS_MAX = 16,
        CONTACTS_MAX = 16,
        IDENTIFIERS_MAX = 8,
        PRESSURE_INPUTS_MAX = 16,
        APART_FROM_MAX = 256,
        NOT_AFTER_MAX_MS = 24 * 3600 * 1000,
        VALID_FOR_MAX_S = 7 * 24 * 3600,
        ACK_FUNCTION_MAX = 64,
        CONTENT_DIGEST_BYTES = 16,
        EVENT_ID_BYTES = 16,
        SMALL_COUNT_MAX = 4, /* of 1 and up: for coordination centres only */
        FLOW_STEP_MS = 60 * 1000,
        FLOW_WIDE_MIN_MS = 3600 * 1000, /* the shortest period for others than these */
        EVENTS_LATE_MAX_S = 35 * 24 * 3600,
};

#define FLOW_MAX_MS ((int64_t)(31 * 24 + 1) * 3600 * 1000) /* a month in which clocks go back */
/* Flows and refusals older than this are not taken any more. */
#define EVENTS_LATE_MAX_MS ((int64_t)EVENTS_LATE_MAX_S * 1000)

#define CODE_ABSENT UINT32_MAX /* care, patient group, urgency of a scope: not narrowed */
#define TIME_ABSENT INT64_MIN

typedef enum Status { STATUS_ACTUAL = 1, STATUS_EXERCISE, STATUS_TEST } Status;
typedef enum Audience { AUDIENCE_OPEN = 1, AUDIENCE_CARE, AUDIENCE_COORD } Audience;
typedef enum Lane { LANE_STATUS = 1, LANE_COUNTS, N_LANES = LANE_COUNTS } Lane;

/* plek.proto's field numbers, so that they name themselves on the wire. */
typedef enum UpdateKind {
        UPDATE_COUNTS = 20,
        UPDATE_DOOR = 21,
        UPDATE_PRESSURE = 22,
        UPDATE_CARD = 23,
        UPDATE_AFFIRM = 24,
        UPDATE_WITHDRAW = 25,
        UPDATE_OFFERING = 26,
        UPDATE_FLOW = 28,
        UPDATE_REFUSAL = 29,
        UPDATE_ACK = 27,
} UpdateKind;

typedef enum CountField {
        COUNT_PHYSICAL = 2,
        COUNT_STAFFED,
        COUNT_OCCUPIED,
        COUNT_RESERVED,
        COUNT_BLOCKED,
        COUNT_AVAILABLE,
        COUNT_EXPECTED_IN,
        COUNT_EXPECTED_OUT,
        COUNT_SURGE_24H,
        COUNT_SURGE_72H,
        COUNT_SURGE_7D,
        COUNT_TRIAGE_RED,
        COUNT_TRIAGE_YELLOW,
        COUNT_TRIAGE_GREEN,
        COUNT_TRIAGE_BLACK,
        N_COUNT_FIELDS, /* one past the last */
} CountField;

/* A record within (status, party, location). What does not apply to its report is absent. */
typedef struct RecordRef {
        UpdateKind report; /* one of the reports */
        const char *unit;  /* NULL: the location as a whole */
        uint32_t care; /* doors: CODE_ABSENT if not narrowed; required where else there is one */
        uint32_t patient_group;
        uint32_t urgency;
        uint32_t plan; /* doors, offerings; 0: now */
        const char *method;
        uint32_t link_from, link_to; /* flows */
        const char *other;           /* flows; NULL: not said */
        int64_t from_ms, until_ms;   /* flows */
        uint8_t id[EVENT_ID_BYTES];  /* refusals */
        /* Of an ACK, whose other parts are those of the record that it names. */
        const char *of_party;
        UpdateKind of_report; /* DOOR, CARD or OFFERING; 0: not an ACK */
} RecordRef;

typedef struct Counts {
        uint32_t care;
        bool present[N_COUNT_FIELDS];
        int32_t value[N_COUNT_FIELDS];
        uint8_t missing[N_COUNT_FIELDS]; /* MissingWhy, 0: not said */
} Counts;

typedef struct Door {
        uint32_t state;
        uint32_t care, patient_group, urgency; /* or CODE_ABSENT */
        uint32_t plan;
        uint32_t exceptions[EXCEPTIONS_MAX];
        size_t n_exceptions;
        uint32_t reason; /* 0: not said */
        const char *text;
        const char *authorised_by;
        int64_t starts_at_ms, ends_at_ms, review_at_ms; /* or TIME_ABSENT */
        uint32_t on_expiry;                             /* default KEEP */
} Door;

typedef struct PressureInput {
        const char *name;
        double value;
} PressureInput;

typedef struct Pressure {
        const char *method;
        bool has_score;
        double score;
        PressureInput inputs[PRESSURE_INPUTS_MAX];
        size_t n_inputs;
} Pressure;

typedef struct Contact {
        const char *function;
        const char *phone;
        uint32_t care; /* 0: whatever it is about */
} Contact;

typedef struct Identifier {
        const char *scheme;
        const char *id;
} Identifier;

typedef struct LocationCard {
        const char *name;
        const char *kind;
        bool has_position;
        int32_t latitude_e7, longitude_e7;
        Contact contacts[CONTACTS_MAX];
        size_t n_contacts;
        const char *hours; /* as hours_parse() takes them */
        const char *time_zone;
        Identifier identifiers[IDENTIFIERS_MAX];
        size_t n_identifiers;
} LocationCard;

/* Plan 0 is what holds now; of several that hold at one time the one that began last does. */
typedef struct Offering {
        uint32_t care;
        uint32_t plan;
        bool not_offered; /* it is said that this care is not given */
        const char *level;
        const char *hours;
        int64_t holds_from_ms, holds_until_ms; /* or TIME_ABSENT */
} Offering;

#define OFFERING_BEGINS_LATER "plan 0 is what holds now; what begins later needs another plan"
/* Whether plan 0 begins after @now_ms, by more than clocks may differ. */
bool offering_begins_later(const Offering *offering, int64_t now_ms);

/* How many went along in a period. The location is where they arrived, unless flow_leaves(). */
typedef struct Flow {
        uint32_t from, to;
        const char *other; /* where they came from; NULL: not said */
        uint32_t care;
        bool has_count; /* or it is withheld */
        int32_t count;
        int64_t from_ms, until_ms;
} Flow;

/* Requests that a unit could not take. */
typedef struct CareRefusal {
        uint8_t id[EVENT_ID_BYTES];
        uint32_t care;
        uint32_t reason; /* 0: not said */
        uint32_t from;   /* a link; 0: not said */
        int64_t at_ms;
        int32_t count;
} CareRefusal;
/* That somebody has seen what a record of another party says. */
typedef struct Ack {
        const char *party; /* whose record it is */
        RecordRef record;
        uint64_t epoch, revision; /* at which what was seen was accepted */
        const char *function;     /* NULL: not said */
} Ack;

typedef struct Affirm {
        Lane lane;
        uint64_t up_to_seq;
        const RecordRef *apart_from;
        size_t n_apart_from;
} Affirm;

typedef struct Update {
        const char *party;
        uint64_t instance;
        uint64_t seq;
        int64_t sent_at_ms;
        int64_t not_after_ms;
        Status status;
        Audience audience;
        const char *location;

        const char *unit;
        const char *label;
        uint32_t source; /* 0: not said */
        const char *definition;
        int64_t observed_at_ms; /* sent_at_ms where not said; never after it */
        uint32_t valid_for_s;   /* 0: not said */

        UpdateKind kind;
        union {
                Counts counts;
                Door door;
                Pressure pressure;
                LocationCard card;
                Offering offering;
                Flow flow;
                CareRefusal care_refusal;
                Ack ack;
                Affirm affirm;
                RecordRef withdraw;
        };

        /* Of what is said, whoever says it when: the body and label, source, definition, unknown
         * fields of the report included. Equal digests: a restatement. Zero for affirm and
         * withdraw. */
        uint8_t content_digest[CONTENT_DIGEST_BYTES];
} Update;

/* Why bytes are not an update, in the words of a receipt. Strings are static or in the arena. */
typedef struct WireRefusal {
        uint32_t code; /* PlekRefusal */
        const char *field;
        const char *text;
} WireRefusal;

enum {
        UPDATE_OK,
        UPDATE_E_REFUSED, /* *ret_refusal says why; what is known of *ret_update is filled in
                             (party, instance and seq, if they could be read at all, else NULL
                             and 0) */
};

/* Returns 0 or UPDATE_E_REFUSED. Thread-safe with an arena per thread. */
MUST_CHECK int update_decode(Update *ret_update, WireRefusal *ret_refusal, Arena *arena,
                             const uint8_t *body, size_t n_body);

/* The body's bytes, for signing. Checks as decoding does. Returns 0, UPDATE_E_REFUSED or
 * -ENOMEM. */
MUST_CHECK int update_encode(Blob **ret_body, WireRefusal *ret_refusal, const Update *update);

/* Which record a report is about; for affirm: not to be called. Borrowed from @update. */
RecordRef update_record_ref(const Update *update);
Lane report_lane(UpdateKind report);
/* Whether it says what happened, not what is: it does not age, and leaves after a while by itself.
 */
bool report_is_event(UpdateKind report);
/* Whether a flow to @link has left the chain: its location is then what was left. */
bool flow_leaves(uint32_t link);
/* 1 to SMALL_COUNT_MAX. */
bool count_is_small(int64_t count);
/* Whether it is about an acknowledgement: given, or taken back. */
bool update_is_about_ack(const Update *update);
/* The record that the acknowledgement @ack names, of the party @ack->of_party. Borrowed. */
RecordRef ack_named(const RecordRef *ack);

/* Free now: as given, or computed; *ret_computed says which. False: cannot be known. */
bool counts_available(const Counts *counts, int32_t *ret_available, bool *ret_computed);
/* ENTRY_OVERCROWDED, ENTRY_INCONSISTENT */
uint32_t counts_flags(const Counts *counts);

/* Character sets and lengths, for whoever takes a name from a person. */
bool party_is_valid(const char *party);
bool location_is_valid(const char *location);
bool unit_is_valid(const char *unit);
bool region_is_valid(const char *region);
