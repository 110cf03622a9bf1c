#pragma once

/*
 * Apply: what the ledger hands back, into the state and to the readers
 */

#include "internal/err.h"

typedef struct Broker Broker;

/* All that is committed and not yet applied. An error is the end: an entry that cannot be applied
 * is a broken ledger. */
MUST_CHECK int apply_committed(Broker *broker);
/* At start: the same without telling anybody. */
MUST_CHECK int apply_replay(Broker *broker);
