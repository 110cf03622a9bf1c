#pragma once

/*
 * Calls: coordinators who ask a region's agents to report now
 *
 * A call is handed to each agent's session once, also to agents that connect while it lasts, and
 * whoever called is told each second what has changed. Nothing of it is kept: who has answered is
 * in the picture, so after a restart the caller's session hands in the same call again and goes on.
 *
 * Who has answered is looked at each second, and counts only by what the caller may read.
 *
 * Bounded: CALLS_MAX calls, of CALL_ASKS_MAX locations each. A call holds its place for a minute at
 * least, so that a script that has gone wrong cannot make a region's agents storm.
 */

#include "broker/request.h"
#include "wire/call.h"

enum {
        CALLS_MAX = 16,
        CALLS_OF_PARTY_MAX = 4,
        CALL_ASKS_MAX = 16 * 1024,
        CALL_STAYS_MS = 60 * 1000,
};

/* One party at one location. */
typedef struct CallAsk {
        const Party *party;
        char location[LOCATION_MAX + 1];
        CallState state;
        uint32_t n_records, n_answered;
        int64_t since_ms;
        bool is_told; /* whoever called knows it like this */
} CallAsk;

typedef struct LiveCall {
        ListLink in_calls;
        Blob *envelope;
        Arena *arena; /* of the call's strings */
        Call call;
        const Party *party;
        Audience audience; /* what its party may read */
        int64_t begun_at_ms;
        int64_t counts_from_ms; /* reports received since answer it */
        uint64_t after; /* ... of a later revision, where times of receipt stand still; else 0 */
        AskedBy by;
        CallAsk *asks; /* by party */
        size_t n_asks;
        bool is_final; /* and told so */
} LiveCall;

typedef struct Calls {
        Broker *broker;
        Arena *arena; /* of what is looked at for one message */
        ListLink all;
        size_t n_calls;
        uint64_t n_made;
} Calls;

MUST_CHECK int calls_init(Calls *calls, Broker *broker);
void calls_deinit(Calls *calls);

LiveCall *calls_find(const Calls *calls, const Party *party, const CallId *id);
size_t calls_of_party(const Calls *calls, const Party *party);

enum {
        CALLS_OK,
        CALLS_E_NOBODY, /* no party speaks for a location there that reports such care; or, where
                         * locations are named, for one of them */
        CALLS_E_FULL,   /* more locations than a call may have */
};

/* Asks everybody, and tells @by how it stands. @bytes is the CALL envelope, admitted for @party.
 * Returns 0, CALLS_E_* or -errno. */
MUST_CHECK int calls_begin(Calls *calls, const Party *party, Audience audience,
                           const uint8_t *bytes, size_t n_bytes, const AskedBy *by);
/* Whoever made it has a new session: all is told again. */
MUST_CHECK int calls_resume(Calls *calls, LiveCall *live, const AskedBy *by);

/* Each second: who has answered meanwhile, and who has come or gone. */
MUST_CHECK int calls_look(Calls *calls);
/* A session has said hello: it may be an agent that is called on. */
MUST_CHECK int calls_greet(Calls *calls, Session *session);
