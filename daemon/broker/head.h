#pragma once

/*
 * The signed head of the last commit
 *
 * It can be known before the commit is durable, so for small batches it is signed while the disk
 * syncs, and used if what the ledger hands back is what was expected.
 */

#include "core/plan.h"

typedef struct Broker Broker;

typedef struct SignedHead {
        Blob *current; /* HEAD envelope; NULL before the first */
        Blob *ahead;   /* of @expected; NULL: none */
        Head expected;
} SignedHead;

void signed_head_deinit(SignedHead *head);

/* Of where the state stands now. */
MUST_CHECK int head_sign(Broker *broker);
/* Of where it will stand when @plan is durable, at @time_ms. What cannot be signed now is later. */
void head_sign_ahead(Broker *broker, const Plan *plan, int64_t time_ms);
