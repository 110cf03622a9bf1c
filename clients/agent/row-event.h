#pragma once

/*
 * Row event: what one row says of what happened, or that it is one of those that are counted
 *
 * Without a template for the count a row stands for one. Nothing of a row is taken but codes, ids
 * of places, numbers and times; columns that no template names are not looked at.
 */

#include "row-field.h"

/* Each fills in its part of @report; returns as row_fill(). */
MUST_CHECK int row_flow(RowContext *c, PlekReport *report);
MUST_CHECK int row_refusal(RowContext *c, PlekReport *report);
