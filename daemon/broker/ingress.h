#pragma once

/*
 * Ingress: what comes in at the updates socket, until it is worth a signature check
 *
 * A connection is charged before anything of what it sends is looked at: who floods only hurts
 * himself. What is dropped here costs a few look-ups.
 */

#include "broker/activity.h"
#include "broker/counters.h"

typedef struct Broker Broker;

/* The updates endpoint's callback: fills a round with what is there. */
int ingress_on_readable(void *broker);
/* Counts, logs, and tells the sender, where it is known. @sender may be NULL. */
void ingress_drop(Broker *broker, Sender *sender, Drop drop);
