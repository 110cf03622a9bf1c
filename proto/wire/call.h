#pragma once

/*
 * Call: a coordinator asks a region's agents to report now
 *
 * Signed by the coordinator and handed on as it was signed, so that an agent can check by itself
 * who asks: a broker alone cannot make anybody report.
 */

#include "wire/document.h"

enum {
        CALL_ID_BYTES = 16,
        CALL_CARES_MAX = 16,
        CALL_LOCATIONS_MAX = 32,
        CALL_LINES_MAX = 512, /* of one message */
        CALL_LONGEST_MS = 3600 * 1000,
};

typedef struct CallId {
        uint8_t bytes[CALL_ID_BYTES];
} CallId;

typedef struct Call {
        const char *party;
        CallId id;
        int64_t asked_at_ms, until_ms;
        Status status;      /* ACTUAL or EXERCISE */
        const char *region; /* empty: locations are named */
        const char *locations[CALL_LOCATIONS_MAX];
        size_t n_locations;
        uint32_t cares[CALL_CARES_MAX];
        size_t n_cares;   /* 0: all */
        const char *text; /* NULL: none */
        bool wants_triage;
} Call;

typedef enum CallState {
        CALL_ASKED = 1,
        CALL_ANSWERED,
        CALL_UNREACHABLE,
        CALL_BARRED, /* suspended, or its enrolment is over */
} CallState;

typedef struct CallLine {
        const char *party;
        const char *location;
        CallState state;
        uint32_t n_records, n_answered;
        int64_t since_ms;  /* or TIME_ABSENT */
        const char *name;  /* of the location; NULL: it has no card */
        const char *phone; /* NULL: none is known */
} CallLine;

enum { N_TRIAGE_COLOURS = 4 }; /* red, yellow, green, black; as COUNT_TRIAGE_RED and on */

typedef struct CallTriage {
        bool is_there;
        bool present[N_TRIAGE_COLOURS];
        int64_t value[N_TRIAGE_COLOURS];
        int64_t shut[N_TRIAGE_COLOURS]; /* of these, behind a door that is a stop or closed */
        uint32_t n_places;
} CallTriage;

enum {
        CALL_OK,
        CALL_E_REFUSED, /* *ret_refusal says which field and why */
};

/* Strings live in @arena; the refusal's there or are static. Returns 0 or CALL_E_REFUSED. */
MUST_CHECK int call_decode(Call *ret_call, WireRefusal *ret_refusal, Arena *arena,
                           const uint8_t *body, size_t n_body);
/* The body's bytes, for signing; not checked before, since call_decode() checks what is signed.
 * Returns 0 or -ENOMEM. */
MUST_CHECK int call_encode(Blob **ret_body, const Call *call);

bool call_asks_for(const Call *call, uint32_t care);
/* Whether it is about @location, whose home region is @region. */
bool call_is_at(const Call *call, const char *region, const char *location);
