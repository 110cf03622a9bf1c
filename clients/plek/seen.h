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

/* A stop, a closure or a restriction: what somebody must have seen. */
bool seen_is_watched(uint32_t state);
/* What leads for several scopes is one record: said of one of them. */
bool seen_is_said_of(const PlekDoorScope *scope, const PlekReport *report);
/* Whether such a one leads, and was said of this scope. */
bool seen_is_due(const PlekLeadingDoor *door);
/* Whether our party has seen what leads, since it is so. Returns as above. */
MUST_CHECK int seen_by_us(PlekSubscriber *subscriber, const PlekLeadingDoor *door, bool *ret_is);
