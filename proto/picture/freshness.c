#include "picture/freshness.h"

/*
 * All of it is arithmetic on times that peers chose, some of them absurd; sums and differences
 * therefore stop at the ends of their range instead of wrapping round.
 */

#define NEVER INT64_MAX

static int64_t add(int64_t a, int64_t b)
{
        int64_t sum;

        if (__builtin_add_overflow(a, b, &sum))
                return b < 0 ? INT64_MIN : INT64_MAX;
        return sum;
}

static int64_t subtract(int64_t a, int64_t b)
{
        int64_t difference;

        if (__builtin_sub_overflow(a, b, &difference))
                return b < 0 ? INT64_MAX : INT64_MIN;
        return difference;
}

uint32_t freshness_default_valid_for_s(UpdateKind report)
{
        switch (report) {
        case UPDATE_COUNTS:
                return 3600;
        case UPDATE_DOOR:
                return 24 * 3600;
        case UPDATE_PRESSURE:
                return 600;
        default:
                return 0;
        }
}

/* When what the record says was true last, by the broker's clock. */
static int64_t record_true_at_ms(const Record *record)
{
        if (record->affirmation)
                return record->affirmation->received_at_ms;
        return subtract(record->received_at_ms,
                        subtract(record->sent_at_ms, record->observed_at_ms));
}

int64_t record_age_ms(const Record *record, int64_t now_ms)
{
        return MAX(subtract(now_ms, record_true_at_ms(record)), 0);
}

/* 0: it does not age. */
static int64_t record_valid_for_ms(const Record *record)
{
        uint32_t valid_for_s = record->valid_for_s;

        if (record_plan(record))
                return 0;
        if (!valid_for_s)
                valid_for_s = freshness_default_valid_for_s(record->report);
        return (int64_t)valid_for_s * 1000;
}

Freshness record_freshness(const Record *record, int64_t now_ms)
{
        int64_t valid_for_ms = record_valid_for_ms(record);
        int64_t age_ms = record_age_ms(record, now_ms);

        if (!valid_for_ms || age_ms <= valid_for_ms)
                return FRESHNESS_FRESH;
        return age_ms <= 3 * valid_for_ms ? FRESHNESS_STALE : FRESHNESS_SILENT;
}

int64_t record_next_change_ms(const Record *record, int64_t now_ms)
{
        int64_t valid_for_ms = record_valid_for_ms(record);
        int64_t true_at_ms = record_true_at_ms(record);

        if (!valid_for_ms)
                return NEVER;

        switch (record_freshness(record, now_ms)) {
        case FRESHNESS_FRESH:
                return add(true_at_ms, valid_for_ms + 1);
        case FRESHNESS_STALE:
                return add(true_at_ms, 3 * valid_for_ms + 1);
        default:
                return NEVER;
        }
}

/* ------------------------------------------------------------------ doors */

static DoorStanding period_standing(int64_t starts_at_ms, int64_t ends_at_ms, int64_t now_ms)
{
        if (ends_at_ms != TIME_ABSENT && now_ms >= ends_at_ms)
                return DOOR_OVER;
        if (starts_at_ms != TIME_ABSENT && now_ms < starts_at_ms)
                return DOOR_ANNOUNCED;
        return DOOR_STANDS;
}

static int64_t standing_next_change_ms(DoorStanding standing, int64_t starts_at_ms,
                                       int64_t ends_at_ms)
{
        switch (standing) {
        case DOOR_ANNOUNCED:
                return starts_at_ms;
        case DOOR_STANDS:
                return ends_at_ms == TIME_ABSENT ? NEVER : ends_at_ms;
        default:
                return NEVER;
        }
}

DoorStanding door_standing(const Door *door, int64_t now_ms)
{
        if (door->plan)
                return period_standing(door->starts_at_ms, door->ends_at_ms, now_ms);
        if (door->ends_at_ms == TIME_ABSENT || now_ms < door->ends_at_ms)
                return DOOR_STANDS;

        switch (door->on_expiry) {
        case PLEK_ON_EXPIRY_TO_UNKNOWN:
                return DOOR_LAPSED;
        case PLEK_ON_EXPIRY_REOPEN:
                return DOOR_REOPENED;
        default:
                return DOOR_EXPIRED; /* a policy that we do not know never opens a door */
        }
}

int64_t door_next_change_ms(const Door *door, int64_t now_ms)
{
        return standing_next_change_ms(door_standing(door, now_ms), door->starts_at_ms,
                                       door->ends_at_ms);
}

/* ------------------------------------------------------------------ offerings */

DoorStanding offering_standing(const Offering *offering, int64_t now_ms)
{
        return period_standing(offering->holds_from_ms, offering->holds_until_ms, now_ms);
}

int64_t offering_next_change_ms(const Offering *offering, int64_t now_ms)
{
        return standing_next_change_ms(offering_standing(offering, now_ms), offering->holds_from_ms,
                                       offering->holds_until_ms);
}
