#pragma once

/*
 * Between call.c, which says who has answered, and call-triage.c, which adds up what they said
 */

#include "derived/call.h"

/* Whether who called may read it, and of the call's status. */
bool call_sees(const CallScope *scope, const Record *record);
/* Whether it is a @report that holds now of a care that the call is about. */
bool call_wants(const CallScope *scope, const Record *record, UpdateKind report);
/* Whether it answers the call: received since, and not old when it came. */
bool call_answers(const CallScope *scope, const Record *record);
