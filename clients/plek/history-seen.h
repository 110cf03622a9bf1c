#pragma once

/*
 * Who has seen what, in a history
 */

#include <jansson.h>

#include "plek/plek.h"

/* What was seen: of @history, what that party said last of that record at that statement or before
 * it; NULL where that was before the history begins, or is not part of it. */
const PlekMoment *seen_statement(const PlekHistory *history, const PlekMoment *moment);

/* An acknowledgement, under the names of plek.proto; when, and which kind of moment it is, are not
 * in it. A new reference. */
json_t *seen_moment_to_json(const PlekMoment *moment);
