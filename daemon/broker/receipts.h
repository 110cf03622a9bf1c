#pragma once

/*
 * Receipts: what became of updates, told to the instance that sent them
 *
 * One message costs as much as a quarter of a verification, so a party's outcomes are held while
 * more of its updates are in the pipeline, RECEIPT_HOLD_MS at most, and then told in one. Readers
 * come first: a receipt that nothing else waits for lets their frames get away before it takes the
 * processors.
 *
 * Bound: RECEIPT_OUTCOMES_MAX a session, then they are sent at once.
 */

#include "broker/sessions.h"
#include "net/loop.h"

typedef struct Broker Broker;

enum {
        RECEIPT_HOLD_MS = 20,
        RECEIPT_AFTER_US = 250, /* of what was just published */
        RECEIPT_OUTCOMES_MAX = 2048,
};

typedef struct Receipts {
        Broker *broker;
        ListLink held; /* PendingReceipt, the longest held first */
        LoopTimer timer;
} Receipts;

MUST_CHECK int receipts_init(Receipts *receipts, Broker *broker);
void receipts_deinit(Receipts *receipts);

/*
 * An outcome for what @sender brought of @party. Told to the session of @instance; where that is
 * not known (0), or @sender is a relay, to a session of the sender's key. Nobody there: it is lost,
 * and the agent states it again.
 */
void receipts_add(Receipts *receipts, Sender *sender, const char *party, uint64_t instance,
                  const Outcome *outcome, uint64_t floor);
/* Sends what is not to be held any longer. */
MUST_CHECK int receipts_flush(Receipts *receipts);
/* The same, when what was published has had RECEIPT_AFTER_US. */
void receipts_flush_soon(Receipts *receipts);

/* Whether to send now, or wait for more. Pure. */
bool receipt_is_due(const PendingReceipt *receipt, size_t n_in_pipeline, int64_t now_ns);
