#include "broker/clock.h"

#include <stddef.h>
#include <stdlib.h>

void broker_clock_init(BrokerClock *clock, int64_t skew_ms, int64_t jump_max_ms)
{
        *clock = (BrokerClock){
                .skew_ms = skew_ms,
                .jump_max_ms = jump_max_ms,
                .behind_accepted_ms = INT64_MIN,
        };
}

static ClockFault judge(const BrokerClock *clock, int64_t realtime_us, int64_t boottime_us,
                        int64_t last_entry_ms)
{
        int64_t moved_us;

        if (clock->was_sane) {
                moved_us = realtime_us - boottime_us - clock->offset_us;
                if (llabs(moved_us) > clock->jump_max_ms * 1000)
                        return CLOCK_JUMPED;
        }

        if (last_entry_ms > clock->behind_accepted_ms &&
            realtime_us / 1000 + clock->skew_ms < last_entry_ms)
                return CLOCK_BEHIND;

        return CLOCK_SANE;
}

void broker_clock_update(BrokerClock *clock, int64_t realtime_us, int64_t boottime_us,
                         int64_t last_entry_ms)
{
        ClockFault fault = judge(clock, realtime_us, boottime_us, last_entry_ms);

        if (fault == CLOCK_SANE) {
                /* Follows the host's clock as it is slewed; only a leap is a jump. */
                clock->offset_us = realtime_us - boottime_us;
                clock->has_offset = clock->was_sane = true;
        } else if (!clock->has_offset) {
                /* Behind from the start: the last entry was true, so time goes on from there. */
                clock->offset_us = last_entry_ms * 1000 - boottime_us;
                clock->has_offset = true;
        }

        clock->now_us = boottime_us + clock->offset_us;
        if (fault != CLOCK_SANE && clock->fault == CLOCK_SANE)
                clock->fault_since_ms = clock->now_us / 1000;
        clock->fault = fault;
        clock->is_behind =
                fault == CLOCK_SANE && realtime_us / 1000 + clock->skew_ms < last_entry_ms;
}

void broker_clock_confirm(BrokerClock *clock, int64_t realtime_us, int64_t boottime_us,
                          int64_t last_entry_ms)
{
        clock->has_offset = clock->was_sane = false;
        clock->behind_accepted_ms = last_entry_ms;
        broker_clock_update(clock, realtime_us, boottime_us, last_entry_ms);
}

bool broker_clock_is_sane(const BrokerClock *clock)
{
        return clock->fault == CLOCK_SANE;
}

int64_t broker_clock_now_ms(const BrokerClock *clock)
{
        return clock->now_us / 1000;
}

const char *broker_clock_sentence(const BrokerClock *clock)
{
        switch (clock->fault) {
        case CLOCK_JUMPED:
                return "the host's clock has jumped; updates are refused until it is back or "
                       "`plek confirm clock` accepts it";
        case CLOCK_BEHIND:
                return "the host's clock is behind the journal's last entry; updates are refused "
                       "until it is right or `plek confirm clock` accepts it";
        case CLOCK_SANE:
                return NULL;
        }
        return NULL;
}

const char *broker_clock_warning(const BrokerClock *clock)
{
        return clock->is_behind
                       ? "the clock was accepted behind the journal's last entry: until it "
                         "has passed that, what is received is stamped with that entry's "
                         "time"
                       : NULL;
}
