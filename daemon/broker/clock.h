#pragma once

/*
 * BrokerClock: the time that the broker stamps and judges by, and whether it can be trusted
 *
 * The host's clock is believed unless it jumps against the monotonic one, or stands behind what the
 * ledger says was already. While it is not believed, time goes on from where it was last sane,
 * so that nobody expires by mistake, and updates are refused. Pure: both clocks are given.
 */

#include <stdbool.h>
#include <stdint.h>

typedef enum ClockFault {
        CLOCK_SANE,
        CLOCK_JUMPED, /* by more than jump_max_ms against the monotonic clock */
        CLOCK_BEHIND, /* the ledger's last entry, by more than skew_ms */
} ClockFault;

typedef struct BrokerClock {
        int64_t skew_ms;
        int64_t jump_max_ms;
        int64_t now_us;    /* what the broker takes for the time */
        int64_t offset_us; /* from the monotonic clock to that, when it was last sane */
        bool was_sane;     /* ever; else the offset is a guess and nothing to judge by */
        bool has_offset;
        ClockFault fault;
        int64_t fault_since_ms;
        int64_t behind_accepted_ms; /* an operator has accepted being behind this entry */
        bool is_behind;             /* ... and that is how it is */
} BrokerClock;

void broker_clock_init(BrokerClock *clock, int64_t skew_ms, int64_t jump_max_ms);
/* @boottime_us goes on while the host sleeps. @last_entry_ms: the ledger's. */
void broker_clock_update(BrokerClock *clock, int64_t realtime_us, int64_t boottime_us,
                         int64_t last_entry_ms);
/* An operator says that the host's clock is right. */
void broker_clock_confirm(BrokerClock *clock, int64_t realtime_us, int64_t boottime_us,
                          int64_t last_entry_ms);
bool broker_clock_is_sane(const BrokerClock *clock);
int64_t broker_clock_now_ms(const BrokerClock *clock);
/* For the operator; NULL while sane. */
const char *broker_clock_sentence(const BrokerClock *clock);
/* The same, of what is sane and not as it should be; else NULL. */
const char *broker_clock_warning(const BrokerClock *clock);
