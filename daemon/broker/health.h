#pragma once

/*
 * Health: whether updates can be taken, and if not why and since when
 *
 * Serving goes on whatever it says. What is wrong is said once when it begins and once when it
 * ends.
 */

#include <stdbool.h>
#include <stdint.h>

typedef struct Broker Broker;

typedef struct Health {
        Broker *broker;
        bool has_authority;
        bool disk_is_full;
        int64_t disk_full_since_ms;
        bool said_clock;   /* in the log */
        bool said_damaged; /* the journal, that is */
} Health;

void health_init(Health *health, Broker *broker, bool has_authority);
/* PLEK_REFUSED_NO_AUTHORITY, _RETRY, _CLOCK, or 0: updates are taken. */
uint32_t health_closed(const Health *health);
/* As the beat says it; NULL while accepting. */
const char *health_why_not(const Health *health);
int64_t health_since_ms(const Health *health);
/* For the operator: what is wrong and what to do; NULL if nothing. */
const char *health_sentence(const Health *health);

void health_disk_full(Health *health);
void health_disk_wrote(Health *health);
/* Each second: says what has begun or ended. */
void health_tick(Health *health);
