#pragma once

/*
 * Call line: how one party at one location answers a call, and whom to telephone there
 */

#include "broker/calls.h"

/* Strings of the location's card are in the arena of @calls, until that is reset. */
CallLine call_line(const Calls *calls, const LiveCall *live, const CallAsk *ask);
