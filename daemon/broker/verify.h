#pragma once

/*
 * Item: one update on its way from the socket to admission
 *
 * Main fills in who brought it and which key it is to be tried with; a verifier, on whatever
 * thread, answers which key signed and what it says. Nothing here decides whether that is allowed.
 */

#include "broker/activity.h"
#include "broker/counters.h"
#include "core/admission.h"
#include "net/endpoint.h"

typedef struct Item {
        Blob *envelope; /* its own */
        Envelope parsed;
        Sender *sender;
        Candidate candidate;
        Drop drop; /* not NONE: admission does not see it */
} Item;

/* Digest, signature, then decoding into @arena: any thread with an arena of its own. */
void item_verify(Item *item, Arena *arena);
void item_deinit(Item *item);
