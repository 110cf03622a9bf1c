#pragma once

/*
 * Epoch: (epoch, revision) is never reused, and who knows more than we do is believed
 */

#include <stddef.h>
#include <stdint.h>

#include "internal/err.h"

typedef struct Broker Broker;

enum {
        EPOCH_OK,
        EPOCH_E_UNWRITABLE, /* the disk does not take it; the old epoch goes on */
};

/* For the operator, while an epoch that does not continue is unconfirmed. */
const char *epoch_sentence(void);

/* At start: the ledger's first entry if it has none, then an epoch, which
 * continues unless the ledger is a restored copy. Returns 0,
 * EPOCH_E_UNWRITABLE or -errno. */
MUST_CHECK int epoch_open_at_start(Broker *broker);

/*
 * A peer shows the last head that it verified. If it was signed by us and we do not have it, the
 * ledger was rolled back: an epoch that does not continue is ordered.
 */
MUST_CHECK int epoch_show_head(Broker *broker, const uint8_t *bytes, size_t n_bytes);
