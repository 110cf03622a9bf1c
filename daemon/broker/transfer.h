#pragma once

/*
 * Transfers: chunks to those who have credit for them
 *
 * All transfers take turns, a chunk each, and only while what is queued for the query socket's
 * peers is well under its bound: who asks for much does not push out who asks for little.
 *
 * Bound: TRANSFERS_MAX a session; what is queued, TRANSFER_QUEUE_SHARE of the socket's.
 */

#include "broker/answers.h"
#include "broker/sessions.h"
#include "net/loop.h"

enum {
        TRANSFERS_MAX = 256, /* of one session */
        TRANSFER_QUEUE_SHARE = 2,
};

typedef struct Transfer {
        ListLink of_session;
        ListLink turn; /* while it may send */
        Session *session;
        Answer *answer;
        size_t n_sent;
        uint32_t credit;
} Transfer;

typedef struct Transfers {
        Broker *broker;
        ListLink turns;
        LoopTimer timer; /* to go on when the queue has drained */
} Transfers;

enum {
        TRANSFER_OK,
        TRANSFER_E_UNKNOWN,
        TRANSFER_E_TOO_MANY,
};

MUST_CHECK int transfers_init(Transfers *transfers, Broker *broker);
void transfers_deinit(Transfers *transfers);

/* Takes over the reference of @answer. One with the same chunks ends. Returns 0,
 * TRANSFER_E_TOO_MANY (still the caller's) or -errno. */
MUST_CHECK int transfer_start(Transfers *transfers, Session *session, Answer *answer,
                              uint32_t credit);
/* Returns 0 or TRANSFER_E_UNKNOWN. */
MUST_CHECK int transfer_credit(Transfers *transfers, Session *session, uint64_t number,
                               uint32_t credit);
void transfers_end(Transfers *transfers, Session *session);
/* Sends what may be sent. */
MUST_CHECK int transfers_pump(Transfers *transfers);
