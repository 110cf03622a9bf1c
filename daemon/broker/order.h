#pragma once

/*
 * Orders that answer somebody
 */

#include "broker/pipeline.h"
#include "broker/request.h"

/* Puts @order into the pipeline; refuses it where that is full. Takes it over. */
MUST_CHECK int order_submit(Broker *broker, Order *order, const AskedBy *by);
/* What @by handed in is at @revision: tells so, if it is still there. */
MUST_CHECK int order_accepted(Broker *broker, const AskedBy *by, uint64_t revision);
/* Nothing was written: tells @by why. */
MUST_CHECK int order_refused(Broker *broker, const AskedBy *by, uint32_t refused);

/* One entry of the broker's own, on the word of an operator; answered `done`. */
MUST_CHECK int order_entry(Broker *broker, const Caller *caller, uint64_t id, EntryKind kind,
                           Blob *bytes);
