#pragma once

/*
 * Seen: who has acknowledged a record, in words and for scripts
 */

#include <jansson.h>

#include "peer.h"
#include "text.h"

/* " · seen by RAV Oost 14:02 (regievoerder), ..."; nothing if nobody has. Returns 0 or -ENOMEM.
 * What
 * @record points to is not good any more. */
MUST_CHECK int seen_words(PlekSubscriber *subscriber, const PlekRecord *record, Language language,
                          Text *text);
/* "acks": who, since when. Nothing if nobody has. As above. */
MUST_CHECK int seen_json(json_t *object, PlekSubscriber *subscriber, const PlekRecord *record);
json_t *ack_to_json(const PlekAck *ack);
